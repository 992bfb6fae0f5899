"""Security groups: looked at and copied; never removed, never made.

One that is made again has another id, and the rules of other groups (a database's) name the old one; nothing is
blocked by one that stays. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from breakglass.model import security_groups
from breakglass.model.arn import Arn, parse_arn
from breakglass.model.component import Absent, Facts, Found, Present, Sighting, Unreadable, User, Users
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.reading import AwsError, NotFound, NotOffered, Reader, Refused

REFERRING = "ReferringSecurityGroups"
"""The part of a copy that holds the groups whose rules let this one in."""


class SecurityGroup(Kind):
    """A security group, known by its id. A lead may name it by its name, which several VPCs may have.

    A lead's `within` are the subnets that it is named beside, comma-separated.
    """

    name = "security-group"
    title = "security group"
    read_at = 130
    deployed_whole = True
    tag_types = ("ec2:security-group",)
    removable = False
    makeable = False
    patient = True
    turn = 15
    volatile = frozenset({REFERRING})

    def identify(self, ref: str, within: str = "") -> str | None:
        """`sg-…`; what a name means, only AWS can tell."""
        arn = parse_arn(ref)
        known_as = arn.resource.removeprefix("security-group/") if arn else ref
        return known_as if known_as.startswith("sg-") else None

    def tagged_as(self, arn: Arn) -> str | None:
        """By its id."""
        return self.identify(str(arn)) if arn.service == "ec2" and arn.resource.startswith("security-group/") else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """One DescribeSecurityGroups for all ids. Nothing is found through an endpoint that has no such operation."""
        wanted = self.by_id(leads)
        sightings = self._by_ids(list(wanted), look.reader)
        elsewhere = {
            one for one, seen in sightings.items() if isinstance(seen, Absent) and _elsewhere(wanted[one], look)
        }
        sightings = {one: seen for one, seen in sightings.items() if one not in elsewhere}
        found = [_found(known_as, sighting, wanted[known_as]) for known_as, sighting in sightings.items()]
        found += [one for lead in leads if self.identify(lead.ref) is None for one in self._by_name(lead, look.reader)]
        return self.merged(_copied(found, look.reader) if look.detail is Detail.COPY else found)

    def _by_ids(self, ids: Sequence[str], reader: Reader) -> Mapping[str, Sighting]:
        """All at once; one id that AWS does not know, or cannot be one, fails the batch: then each by itself."""
        try:
            there = _groups(reader, ids) if ids else {}
        except NotOffered:
            return {}
        except (NotFound, Refused):
            return self.sight_each(ids, partial(self._look_up, reader), reader)
        except AwsError as error:
            return dict.fromkeys(ids, Unreadable((error.unread,)))
        return {known_as: there.get(known_as) or self._gone(known_as) for known_as in ids}

    def _look_up(self, reader: Reader, known_as: str) -> Sighting:
        return _groups(reader, [known_as]).get(known_as) or self._gone(known_as)

    def _gone(self, known_as: str) -> Absent:
        return Absent(f"AWS knows no {self.title} {known_as}")

    def _by_name(self, lead: Lead, reader: Reader) -> Sequence[Found]:
        try:
            groups = [group for group in _filtered(reader, "group-name", lead.ref) if group["GroupName"] == lead.ref]
        except NotOffered:
            return ()
        except AwsError as error:
            return (_found(lead.ref, Unreadable((error.unread,)), [lead]),)
        there = [_found(group["GroupId"], _present(group), [lead]) for group in groups]
        return there or (_found(lead.ref, self._gone(lead.ref), [lead]),)

    def users(self, found: Found, look: Look) -> Users:
        """For a copy: the groups whose rules let it in, and the network interfaces that are in it."""
        if look.detail is not Detail.COPY or not isinstance(found.sighting, Present):
            return Users()
        asks = [
            partial(_letting_in, look.reader, found),
            partial(_interfaces, look.reader, found.key.id),
        ]
        answers = look.reader.gather(asks)
        unread = [one.unread for one in answers if isinstance(one, AwsError) and not isinstance(one, NotOffered)]
        return Users(tuple(user for one in answers if not isinstance(one, AwsError) for user in one), tuple(unread))

    def describe(self, key: Key, sighting: Present) -> str:
        """Name and VPC."""
        return f"{sighting.facts.get('GroupName', key.id)} in {sighting.facts.get('VpcId', 'no VPC')}"

    def remembered_as(self, facts: Facts) -> str:
        """Name, VPC and rules."""
        return security_groups.in_words(facts) if facts else ""


def _elsewhere(leads: Sequence[Lead], look: Look) -> bool:
    """Whether the subnets that it is named beside are unknown here too.

    AWS deletes neither while anything uses it. An endpoint that knows neither is not the EC2 that this service
    stands on, and proves nothing about the group.
    """
    for subnet in dict.fromkeys(lead.within.partition(",")[0] for lead in leads if lead.within.startswith("subnet-")):
        try:
            look.reader.call("ec2", "DescribeSubnets", {"SubnetIds": [subnet]})
        except NotFound:
            return True
        except AwsError:
            continue
    return False


def _groups(reader: Reader, ids: Sequence[str]) -> Mapping[str, Sighting]:
    answer = reader.call("ec2", "DescribeSecurityGroups", {"GroupIds": sorted(ids)})
    return {group["GroupId"]: _present(group) for group in answer["SecurityGroups"]}


def _present(group: Mapping[str, Any]) -> Present:
    references = [
        Reference(path, SecurityGroup.name, other, follow=False, hint=True)
        for path, other in security_groups.named_in(group)
        if other != group["GroupId"]
    ]
    return Present(group, tuple(references))


def _found(known_as: str, sighting: Sighting, leads: Sequence[Lead]) -> Found:
    facts = sighting.facts if isinstance(sighting, Present) else {}
    arn = facts.get("SecurityGroupArn")
    names = filter(None, (known_as, arn, facts.get("GroupName")))
    tags = {tag["Key"]: tag.get("Value", "") for tag in facts.get("Tags", [])}
    return Found(
        Key(SecurityGroup.name, known_as), sighting, tuple(leads), arn=arn, handles=frozenset(names), tags=tags
    )


def _copied(found: Sequence[Found], reader: Reader) -> Iterator[Found]:
    """With the groups whose rules let each in; where these cannot be read, `users` says so."""
    ids = [one.key.id for one in found if isinstance(one.sighting, Present)]
    try:
        referring = _filtered(reader, "ip-permission.group-id", *ids) if ids else ()
    except AwsError:
        yield from found
        return
    for one in found:
        if isinstance(one.sighting, Present):
            letting_in = [group for group in referring if _lets_in(group, one.key.id)]
            facts = {**one.sighting.facts, REFERRING: letting_in}
            yield replace(one, sighting=replace(one.sighting, facts=facts))
        else:
            yield one


def _letting_in(reader: Reader, found: Found) -> Sequence[User]:
    facts = found.sighting.facts if isinstance(found.sighting, Present) else {}
    groups = facts.get(REFERRING)
    if groups is None:
        groups = _filtered(reader, "ip-permission.group-id", found.key.id)
    return [
        User(SecurityGroup.name, group["GroupId"], f"rules of {group['GroupId']} ({group['GroupName']}) let it in")
        for group in groups
        if _lets_in(group, found.key.id)
    ]


def _lets_in(group: Mapping[str, Any], known_as: str) -> bool:
    inward = {"IpPermissions": group.get("IpPermissions", [])}
    return group["GroupId"] != known_as and known_as in {other for _, other in security_groups.named_in(inward)}


def _interfaces(reader: Reader, known_as: str) -> Sequence[User]:
    ask = {"Filters": [{"Name": "group-id", "Values": [known_as]}]}
    interfaces = reader.pages("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", ask)
    return [User("", "", _interface(one)) for one in interfaces]


def _interface(one: Mapping[str, Any]) -> str:
    what = one.get("Description") or one.get("InterfaceType", "")
    return f"network interface {one['NetworkInterfaceId']}" + (f" ({what})" if what else "")


def _filtered(reader: Reader, name: str, *values: str) -> Sequence[Mapping[str, Any]]:
    ask = {"Filters": [{"Name": name, "Values": sorted(values)}]}
    return reader.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", ask)


KIND = SecurityGroup()
