"""CloudWatch alarms, metric and composite.

They are found by name, by the health check that they watch, by the scaling policy that they call, and, looking
closely, by composite alarms above them that are made of nothing but this service's. AWS answers no question by
load balancer or target group without the very metric, and nobody lists all alarms of an account here.

Route 53's metrics, and so the alarms on them, live in us-east-1 only: an alarm there that goes by the name of one at
home is called `NAME (us-east-1)`.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from breakglass.model import alarm_making, alarms
from breakglass.model.alarm_rule import alarm_name, alarms_in
from breakglass.model.alarms import ROUTE53_REGION, Asked
from breakglass.model.arn import Arn, parse_arn
from breakglass.model.component import (
    Absent,
    Component,
    Condition,
    Facts,
    Found,
    Present,
    Sighting,
    Unreadable,
    User,
    Users,
)
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.making import RUN_TAG, tags_again, without_source
from breakglass.model.plan import Action, Call, Settle, Until
from breakglass.model.reading import AwsError, NotOffered
from breakglass.model.world import Making, Recipe, World

ON_HEALTH_CHECK = "health-check"
PARENTS = "parents"
QUESTIONS = frozenset({ON_HEALTH_CHECK, PARENTS})
ELSEWHERE = f" ({ROUTE53_REGION})"


class Alarm(Kind):
    """A CloudWatch alarm.

    A lead names it, by name or ARN, within a region if it has to be a certain one. A lead within
    `health-check` asks which alarms there are on the health check of that id, one within `parents` which
    composite alarms are made of the alarm with that ARN.
    """

    name = "alarm"
    title = "alarm"
    read_at = 110
    tag_types = global_tag_types = ("cloudwatch:alarm",)
    turn = 90
    watches = True
    volatile = frozenset(
        {
            "StateValue",
            "StateReason",
            "StateReasonData",
            "StateUpdatedTimestamp",
            "StateTransitionedTimestamp",
            "AlarmConfigurationUpdatedTimestamp",
            "EvaluationState",
            "ActionsSuppressedBy",
            "ActionsSuppressedReason",
        }
    )

    def identify(self, ref: str, within: str = "") -> str | None:
        """Its name; what is asked, and which of two of a name lives in us-east-1, only AWS can tell."""
        if within in QUESTIONS:
            return None
        region, name = _region_and_name(ref, within)
        return None if region == ROUTE53_REGION and not name.endswith(ELSEWHERE) else name

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if arn.service == "cloudwatch" and arn.resource.startswith("alarm:") else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """DescribeAlarms for 100 names at a time, here and, where it is not here, where Route 53's are."""
        found: dict[Key, Found] = {}
        asked: dict[str, list[Lead]] = defaultdict(list)
        for lead in leads:
            asked[lead.within if lead.within in QUESTIONS else ""].append(lead)
        for one in (
            *self._named(asked[""], look),
            *self._on_health_checks(asked[ON_HEALTH_CHECK], look),
            *self._above(asked[PARENTS], look),
        ):
            earlier = found.setdefault(one.key, one)
            found[one.key] = replace(earlier, leads=tuple(dict.fromkeys((*earlier.leads, *one.leads))))
        return self.tell(found.values())

    def _named(self, leads: Sequence[Lead], look: Look) -> Iterator[Found]:
        wanted: dict[Asked, list[Lead]] = defaultdict(list)
        for lead in leads:
            wanted[_region_and_name(lead.ref, lead.within)].append(lead)
        candidates = {asked: _candidates(asked, look) for asked in wanted}
        seen = alarms.described([first for first, *_ in candidates.values()], look.reader)
        others = [other for first, *rest in candidates.values() if seen[first] is None for other in rest]
        seen |= alarms.described([other for other in others if other not in seen], look.reader)
        for asked, some in wanted.items():
            place = next((place for place in candidates[asked] if seen.get(place) is not None), None)
            alarm = seen[place] if place else None
            if place and isinstance(alarm, Mapping):
                known_as = asked[1] if asked[1].endswith(ELSEWHERE) else self._known_as(alarm, place[0], look)
                yield self._present(known_as, alarm, place[0], some, look)
            else:
                regions = dict.fromkeys(region for region, _ in candidates[asked])
                sighting: Sighting = Absent(f"no alarm of that name in {' or '.join(regions)}")
                if isinstance(alarm, AwsError):
                    sighting = Unreadable((alarm.unread,))
                yield Found(Key(self.name, asked[1]), sighting, tuple(some), handles=frozenset({asked[1]}))

    def _on_health_checks(self, leads: Sequence[Lead], look: Look) -> Iterator[Found]:
        answers = look.reader.gather([partial(alarms.on_health_check, look.reader, lead.ref) for lead in leads])
        for lead, answer in zip(leads, answers, strict=True):
            if isinstance(answer, NotOffered):
                continue
            if isinstance(answer, AwsError):
                key = Key(self.name, f"on health check {lead.ref}")
                yield Found(key, Unreadable((answer.unread,)), (lead,))
            else:
                for alarm in answer:
                    known_as = self._known_as(alarm, ROUTE53_REGION, look)
                    yield self._present(known_as, alarm, ROUTE53_REGION, [lead], look)

    def _above(self, leads: Sequence[Lead], look: Look) -> Iterator[Found]:
        """The composite alarms above each that are made of it and of configured ones only: others are not ours.

        What cannot be asked is told by `users`, which asks the same.
        """
        for lead in leads:
            region, name = _region_and_name(lead.ref, "")
            ours = {name} | {alarm_name(one.ref) for one in look.settings.leads if one.kind == self.name}
            try:
                above = alarms.parents(look.reader, region, name)
            except AwsError:
                continue
            seen = alarms.described([(region, parent) for parent in above], look.reader)
            for alarm in seen.values():
                if isinstance(alarm, Mapping) and ours.issuperset(alarms_in(alarm.get("AlarmRule", ""))):
                    yield self._present(self._known_as(alarm, region, look), alarm, region, [lead], look)

    def _known_as(self, alarm: Facts, region: str, look: Look) -> str:
        """Its name, with the region where one at home that the service knows goes by that name too."""
        name, home = str(alarm["AlarmName"]), look.reader.region
        if region != ROUTE53_REGION or region == home:
            return name
        leads = [lead for lead in look.settings.leads if lead.kind == self.name and lead.within not in QUESTIONS]
        first = [_candidates(_region_and_name(lead.ref, lead.within), look)[0] for lead in leads]
        if name + ELSEWHERE in {lead.ref for lead in leads}:
            return name + ELSEWHERE
        # The question that the survey began with: asked again it is not sent again.
        twice = (home, name) in first and alarms.described(first, look.reader)[home, name] is not None
        return name + ELSEWHERE if twice else name

    def _present(self, known_as: str, alarm: Facts, region: str, leads: Sequence[Lead], look: Look) -> Found:
        sighting = _sighting(alarm, region, look)
        tags = sighting.facts.get("Tags")
        return Found(
            key=Key(self.name, known_as),
            sighting=sighting,
            leads=tuple(leads),
            arn=alarm["AlarmArn"],
            handles=frozenset({known_as, alarm["AlarmArn"]}),
            tags=None if tags is None else {tag["Key"]: tag.get("Value", "") for tag in tags},
            region=region if region != look.reader.region else "",
        )

    def users(self, found: Found, look: Look) -> Users:
        """The composite alarms that are made of it, which one call for each tells, looking closely only."""
        if look.detail is not Detail.COPY or found.arn is None or found.key.id.startswith(TRACKING):
            return Users()
        region, name = _region_and_name(found.arn, "")
        try:
            above = alarms.parents(look.reader, region, name)
        except AwsError as error:
            return Users(unread=(error.unread,))
        return Users(tuple(User(self.name, arn, f"composite alarm {parent}") for parent, arn in above.items()))

    def scope(self, key: Key, facts: Facts, region: str) -> str:
        """Where it lives, also at home: one of its name may live in us-east-1."""
        return alarm_making.region_of(facts) or region

    def describe(self, key: Key, sighting: Present) -> str:
        """Name, metric, and what it says at the moment."""
        facts = sighting.facts
        what = facts.get("MetricName") or ("composite" if "AlarmRule" in facts else "")
        return "  ".join(filter(None, (key.id, what, facts.get("StateValue"))))

    def untouchable(self, key: Key, facts: Facts) -> str | None:
        """A target-tracking policy's."""
        return THE_POLICYS if key.id.startswith(TRACKING) else None

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteAlarms, where it lives."""
        params = {"AlarmNames": [component.facts.get("AlarmName", component.key.id)]}
        call = Call("cloudwatch", "DeleteAlarms", params, "what it watches goes away", region=component.region)
        return call, Settle(component.key, Until.ABSENT, "the alarm is gone", deadline=120)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """PutMetricAlarm or PutCompositeAlarm, where it lived."""
        if not recipe.facts:
            return without_source(recipe.key)
        tags = tags_again(recipe.facts.get("Tags", []), {RUN_TAG: world.run})
        call = alarm_making.put(recipe.facts, world, "it is missing", Tags=tags)
        return Making((call, Settle(recipe.key, Until.THERE, "the alarm is there", deadline=120)))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """The same alarm put over itself, with other dimensions: CloudWatch has no way to send these alone."""
        call = alarm_making.put(component.facts, world, "it watches something gone")
        return Making((call,) if call.params != alarm_making.sendable(component.facts) else ())

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether all that was put is to be seen. Tags are only taken where it was made, which this shows too."""
        if call.operation == "DeleteAlarms":
            return isinstance(sighting, Absent)
        if not isinstance(sighting, Present):
            return False
        put = {name: value for name, value in call.params.items() if name != "Tags"}
        return all(alarm_making.plain(sighting.facts.get(name)) == alarm_making.plain(put[name]) for name in put)


TRACKING = "TargetTracking-"
THE_POLICYS = "made and removed by its target-tracking policy"


def _region_and_name(ref: str, within: str) -> Asked:
    arn = parse_arn(ref)
    return (arn.region, alarm_name(ref)) if arn else (within, ref)


def _candidates(asked: Asked, look: Look) -> Sequence[Asked]:
    """Where an alarm may be, first choice first. Whoever knows two of a name means the one at home by the bare name."""
    region, name = asked
    if name.endswith(ELSEWHERE):
        return (ROUTE53_REGION, name.removesuffix(ELSEWHERE)), (region or look.reader.region, name)
    if region:
        return (asked,)
    known_twice = any(lead.ref == name + ELSEWHERE for lead in look.settings.leads)
    places = [look.reader.region] if known_twice else [look.reader.region, ROUTE53_REGION]
    return [(place, name) for place in dict.fromkeys(places)]


def _sighting(alarm: Facts, region: str, look: Look) -> Present:
    seen = Present(alarm, tuple(alarm_making.references(alarm)), _condition(alarm))
    if look.detail is Detail.LOOK:
        return seen
    above = Reference("AlarmArn", "alarm", alarm["AlarmArn"], within=PARENTS, hint=True, expects=False)
    if not alarm["AlarmName"].startswith(TRACKING):
        seen = replace(seen, references=(*seen.references, above))
    ask = {"ResourceARN": alarm["AlarmArn"]}
    try:
        answer = look.reader.call("cloudwatch", "ListTagsForResource", ask, region=region)
    except NotOffered:
        return seen
    except AwsError as error:
        return replace(seen, unread=(error.unread,))
    return replace(seen, facts={**alarm, "Tags": answer.get("Tags", [])})


def _condition(alarm: Facts) -> Condition:
    """An alarm that rings is in good order; of the target-tracking ones AWS takes care itself."""
    return Condition(reason=THE_POLICYS if alarm["AlarmName"].startswith(TRACKING) else "")


KIND = Alarm()
