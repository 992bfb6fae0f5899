"""Application and network load balancers.

Found by name, which is unique in an account and region and outlives ARN and DNS name when one is made again.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from breakglass.model import elbv2, elbv2_making
from breakglass.model.arn import Arn, load_balancer_of, parse_arn, without_dualstack
from breakglass.model.component import (
    Absent,
    Component,
    Condition,
    Facts,
    Found,
    Present,
    Sighting,
    Unread,
    User,
    Users,
)
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.plan import Action, Blocker, Call, Form, Output, Settle, Until
from breakglass.model.reading import AwsError, NotOffered, Reader
from breakglass.model.world import Making, Recipe, World


class LoadBalancer(Kind):
    """An ALB or NLB."""

    name = "load-balancer"
    turn = 20
    title = "load balancer"
    read_at = 60
    alias_zone = "CanonicalHostedZoneId"
    tag_types = (elbv2.TAG_TYPE,)
    namesakes = frozenset({"classic-load-balancer"})
    names = frozenset({"listener", "security-group"})
    single = True
    used = True
    volatile = frozenset({"State"})

    def identify(self, ref: str, within: str = "") -> str | None:
        """Its name, from a name, an ARN, a DNS name or a CloudWatch dimension."""
        return load_balancer_of(ref) or elbv2.balancer_name(ref)

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """One DescribeLoadBalancers for each name: one bad name would fail a whole batch."""
        wanted = self.by_id(leads)
        sightings = self.sight_each(wanted, partial(self._look_up, look), look.reader)
        return self.tell(self._found(name, wanted[name], sighting) for name, sighting in sightings.items())

    def _look_up(self, look: Look, name: str) -> Sighting:
        balancers = look.reader.call("elbv2", "DescribeLoadBalancers", {"Names": [name]})["LoadBalancers"]
        balancer = next((balancer for balancer in balancers if balancer["LoadBalancerName"] == name), None)
        if balancer is None:
            return Absent(f"AWS knows no load balancer {name}")
        arn = balancer["LoadBalancerArn"]
        asks: dict[str, tuple[str, Mapping[str, Any]]] = {"TagDescriptions": ("DescribeTags", {"ResourceArns": [arn]})}
        if look.detail is Detail.COPY:
            asks["Attributes"] = ("DescribeLoadBalancerAttributes", {"LoadBalancerArn": arn})
        facts, unread = elbv2.parts(look.reader, asks)
        return Present({**balancer, **facts}, tuple(_references(balancer)), _condition(balancer), unread)

    def _found(self, name: str, leads: Sequence[Lead], sighting: Sighting) -> Found:
        facts = sighting.facts if isinstance(sighting, Present) else {}
        arn, dns_name = facts.get("LoadBalancerArn"), facts.get("DNSName", "")
        handles = {name}
        if arn:
            handles |= {arn, dns_name, without_dualstack(dns_name), dimension(arn)}
        return Found(
            key=Key(self.name, name),
            sighting=sighting,
            leads=tuple(leads),
            arn=arn,
            handles=frozenset(handles),
            tags=elbv2.tags_of(facts),
        )

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if elbv2.is_a(arn, "loadbalancer") else None

    def users(self, found: Found, look: Look) -> Users:
        """Whoever is served by any default action or rule on it, and, looking closely, by an endpoint service."""
        if found.arn is None:
            return Users()
        served, offered = self._served(found.key.id, found.arn, look), _offered(found, look)
        return Users((*served.by, *offered.by), (*served.unread, *offered.unread))

    def _served(self, name: str, arn: str, look: Look) -> Users:
        try:
            listeners = elbv2.listeners(look.reader, arn)
        except AwsError as error:
            return Users(unread=(error.unread,))
        by: list[User] = []
        unread: list[Unread] = []
        answers = look.reader.gather([partial(elbv2.rules, look.reader, listener) for listener in listeners])
        for listener, rules in zip(listeners, answers, strict=True):
            place = f"{name}:{listener.get('Port', '')}"
            by += elbv2.users_of(f"the default action of {place}", listener.get("DefaultActions", []))
            if isinstance(rules, AwsError):
                unread.append(rules.unread)
                continue
            for rule in rules:
                by += elbv2.users_of(f"the rule {place}/{rule['Priority']}", rule.get("Actions", []))
        return Users(tuple(dict.fromkeys(by)), tuple(dict.fromkeys(unread)))

    def describe(self, key: Key, sighting: Present) -> str:
        """`app/NAME/SUFFIX`."""
        arn = sighting.facts.get("LoadBalancerArn", "")
        return dimension(arn) or key.id

    def stable(self, facts: Facts) -> Facts:
        """Its fields, but for the protection that is taken off on the way."""
        attributes = [attribute for attribute in facts.get("Attributes", []) if attribute["Key"] != PROTECTION]
        return {**super().stable(facts), "Attributes": attributes}

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """ARN, DNS name and dimension are of this very one; a name outlives it."""
        if parse_arn(ref):
            return "LoadBalancerArn", Form.WHOLE
        if load_balancer_of(ref):
            return "DNSName", Form.WHOLE
        return ("LoadBalancerArn", Form.DIMENSION) if "/" in ref else None

    def protection(self, component: Component) -> str | None:
        """Deletion protection, where its attributes say so."""
        attributes = {attribute["Key"]: attribute["Value"] for attribute in component.facts.get("Attributes", [])}
        return "deletion protection is on" if attributes.get(PROTECTION) == "true" else None

    def unprotect(self, component: Component, world: World) -> Sequence[Action]:
        """ModifyLoadBalancerAttributes."""
        params = {"LoadBalancerArn": component.arn, "Attributes": [{"Key": PROTECTION, "Value": "false"}]}
        return (Call("elbv2", "ModifyLoadBalancerAttributes", params, "it cannot be deleted while it is protected"),)

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteLoadBalancer."""
        call = Call("elbv2", "DeleteLoadBalancer", {"LoadBalancerArn": component.arn}, "no record leads to it any more")
        return call, Settle(component.key, Until.ABSENT, "the load balancer is gone", deadline=300)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateLoadBalancer in its subnets, its attributes once it is active."""
        facts = recipe.facts
        if not facts:
            return Making((), blockers=(Blocker(recipe.key, "no source says what it was", elbv2.NO_SOURCE),))
        params = {name: value for name, value in facts.items() if name not in READ_ONLY}
        params |= {"Name": recipe.key.id, "Tags": elbv2.new_tags(facts, world.run), **elbv2_making.places(facts)}
        actions: list[Action] = [
            Call("elbv2", "CreateLoadBalancer", world.renewed(params), "it is missing", passing=_passing(facts)),
            Settle(recipe.key, Until.ACTIVE, "the load balancer is active", deadline=600),
        ]
        if attributes := elbv2_making.changed(facts.get("Attributes", [])):
            change = {"LoadBalancerArn": Output(recipe.key, "LoadBalancerArn"), "Attributes": attributes}
            actions.append(Call("elbv2", "ModifyLoadBalancerAttributes", change, "attributes are a call of their own"))
        actions += elbv2_making.private_link_rules(recipe.key, facts)
        return Making(tuple(actions), lost=tuple(elbv2_making.lost_with_balancer(recipe.key, facts)))


PROTECTION = "deletion_protection.enabled"
READ_ONLY = frozenset(
    {"LoadBalancerArn", "LoadBalancerName", "DNSName", "CanonicalHostedZoneId", "CreatedTime", "State", "VpcId"}
    | {"AvailabilityZones", "Attributes", "Tags", elbv2_making.ON_PRIVATE_LINK}
)
"""What AWS tells of a load balancer and CreateLoadBalancer does not take."""


BEHIND_ENDPOINTS = frozenset({"network", "gateway"})
"""Sorts of load balancer that a VPC endpoint service can stand in front of."""


def _passing(facts: Facts) -> tuple[tuple[str, str], ...]:
    """An elastic IP address stays in use for a while after the load balancer that had it is gone."""
    return (("ResourceInUse", ""),) if elbv2_making.elastic_addresses(facts) else ()


def _offered(found: Found, look: Look) -> Users:
    """The endpoint services (PrivateLink) that hold it: while there is one, AWS does not delete it.

    Nothing asks for them by load balancer, so this is only looked up where something may be taken away.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServiceConfigurations.html
    """
    facts = found.sighting.facts if isinstance(found.sighting, Present) else {}
    if look.detail is not Detail.COPY or facts.get("Type") not in BEHIND_ENDPOINTS:
        return Users()
    try:
        services = _endpoint_services(look.reader)
    except NotOffered:
        return Users()
    except AwsError as error:
        return Users(unread=(error.unread,))
    holding = [one for one in services if found.arn in one.get("NetworkLoadBalancerArns", [])]
    holding += [one for one in services if found.arn in one.get("GatewayLoadBalancerArns", [])]
    return Users(tuple(User("", "", f"the endpoint service {one['ServiceId']} (PrivateLink)") for one in holding))


def _endpoint_services(reader: Reader) -> Sequence[Mapping[str, Any]]:
    return reader.pages("ec2", "DescribeVpcEndpointServiceConfigurations", "ServiceConfigurations")


def dimension(arn: str) -> str:
    """`app/NAME/SUFFIX`, as CloudWatch's dimensions name it."""
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")


def _references(balancer: Mapping[str, Any]) -> Iterator[Reference]:
    subnets = ",".join(zone["SubnetId"] for zone in balancer.get("AvailabilityZones", []) if "SubnetId" in zone)
    for at, group in enumerate(balancer.get("SecurityGroups", [])):
        yield Reference(f"SecurityGroups[{at}]", "security-group", group, within=subnets)
    yield Reference("", "listener", balancer["LoadBalancerArn"], hint=True, expects=False)


def _condition(balancer: Mapping[str, Any]) -> Condition:
    state = balancer.get("State", {})
    code = state.get("Code", "active")
    if code == "active":
        return Condition(reason=f"{balancer.get('Scheme', '')} {balancer.get('Type', '')}".strip(), serving=True)
    words = ": ".join(filter(None, (f"it is {code}", state.get("Reason"))))
    return Condition(reason=words, serving=code == "active_impaired", troubles=(words,))


KIND = LoadBalancer()
