"""CloudWatch alarms, metric and composite.

Route 53's metrics, and so the alarms on them, live in us-east-1 only.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from breakglass.model.arn import parse_arn
from breakglass.model.component import Absent, Component, Condition, Facts, Found, Present, Sighting, Unreadable
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.making import RUN_TAG, tags_again, without_source
from breakglass.model.plan import Action, Call, Settle, Until
from breakglass.model.reading import AwsError, NotOffered, Reader, batches
from breakglass.model.world import Making, Recipe, World

ROUTE53_REGION = "us-east-1"
ON_HEALTH_CHECK = "health-check"
ALARMS_A_CALL = 100
OTHERS_IN_RULE = re.compile(r"""\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*["']?([^"')]+?)["']?\s*\)""")

Asked = tuple[str, str]
"""Region and name."""


class Alarm(Kind):
    """A CloudWatch alarm.

    A lead names it, by name or ARN, within a region if it has to be a certain one. A lead within
    `health-check` asks which alarms there are on the health check of that id.
    """

    name = "alarm"
    title = "alarm"
    turn = 90
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
        """Its name; the alarms on a health check, only AWS can tell."""
        return None if within == ON_HEALTH_CHECK else _region_and_name(ref, within)[1]

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """DescribeAlarms for 100 names at a time, here and, where it is not here, where Route 53's are."""
        found: dict[Key, Found] = {}
        questions = [lead for lead in leads if lead.within == ON_HEALTH_CHECK]
        named = [lead for lead in leads if lead.within != ON_HEALTH_CHECK]
        for one in (*self._named(named, look), *self._on_health_checks(questions, look)):
            earlier = found.setdefault(one.key, one)
            found[one.key] = replace(earlier, leads=tuple(dict.fromkeys((*earlier.leads, *one.leads))))
        return self.tell(found.values())

    def _named(self, leads: Sequence[Lead], look: Look) -> Iterator[Found]:
        wanted: dict[Asked, list[Lead]] = defaultdict(list)
        for lead in leads:
            wanted[_region_and_name(lead.ref, lead.within)].append(lead)
        home = look.reader.region
        seen = _described([(region or home, name) for region, name in wanted], look.reader)
        not_here = [name for region, name in wanted if not region and seen[home, name] is None]
        if home != ROUTE53_REGION:
            seen |= _described([(ROUTE53_REGION, name) for name in not_here], look.reader)
        for (region, name), some in wanted.items():
            places = [region] if region else list(dict.fromkeys([home, ROUTE53_REGION]))
            place = next((place for place in places if seen.get((place, name)) is not None), None)
            alarm = seen[place, name] if place else None
            if place and isinstance(alarm, Mapping):
                yield self._present(alarm, place, some, look)
            else:
                sighting: Sighting = Absent(f"no alarm of that name in {' or '.join(places)}")
                if isinstance(alarm, AwsError):
                    sighting = Unreadable((alarm.unread,))
                yield Found(Key(self.name, name), sighting, tuple(some), handles=frozenset({name}))

    def _on_health_checks(self, leads: Sequence[Lead], look: Look) -> Iterator[Found]:
        answers = look.reader.gather([partial(_on_health_check, look.reader, lead.ref) for lead in leads])
        for lead, answer in zip(leads, answers, strict=True):
            if isinstance(answer, NotOffered):
                continue
            if isinstance(answer, AwsError):
                key = Key(self.name, f"on health check {lead.ref}")
                yield Found(key, Unreadable((answer.unread,)), (lead,))
            else:
                for alarm in answer:
                    yield self._present(alarm, ROUTE53_REGION, [lead], look)

    def _present(self, alarm: Facts, region: str, leads: Sequence[Lead], look: Look) -> Found:
        sighting = _sighting(alarm, region, look)
        tags = sighting.facts.get("Tags")
        return Found(
            key=Key(self.name, alarm["AlarmName"]),
            sighting=sighting,
            leads=tuple(leads),
            arn=alarm["AlarmArn"],
            handles=frozenset({alarm["AlarmName"], alarm["AlarmArn"]}),
            tags=None if tags is None else {tag["Key"]: tag.get("Value", "") for tag in tags},
            region=region if region != look.reader.region else "",
        )

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
        params = {"AlarmNames": [component.key.id]}
        call = Call("cloudwatch", "DeleteAlarms", params, "what it watches goes away", region=component.region)
        return call, Settle(component.key, Until.ABSENT, "the alarm is gone", deadline=120)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """PutMetricAlarm or PutCompositeAlarm, where it lived."""
        if not recipe.facts:
            return without_source(recipe.key)
        tags = tags_again(recipe.facts.get("Tags", []), {RUN_TAG: world.run})
        call = _put(recipe.facts, world, "it is missing", Tags=tags)
        return Making((call, Settle(recipe.key, Until.THERE, "the alarm is there", deadline=120)))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """The same alarm put over itself, with other dimensions: CloudWatch has no way to send these alone."""
        call = _put(component.facts, world, "it watches something gone")
        return Making((call,) if call.params != _sendable(component.facts) else ())

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether all that was put is to be seen. Tags are only taken where it was made, which this shows too."""
        if call.operation == "DeleteAlarms":
            return isinstance(sighting, Absent)
        if not isinstance(sighting, Present):
            return False
        put = {name: value for name, value in call.params.items() if name != "Tags"}
        return all(_plain(sighting.facts.get(name)) == _plain(value) for name, value in put.items())


TRACKING = "TargetTracking-"
THE_POLICYS = "made and removed by its target-tracking policy"
READ_ONLY = frozenset(
    {"AlarmArn", "AlarmConfigurationUpdatedTimestamp", "Tags", "EvaluationState"}
    | {"StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp"}
    | {"ActionsSuppressedBy", "ActionsSuppressedReason"}
)
"""What AWS tells of an alarm and PutMetricAlarm and PutCompositeAlarm do not take; tags come beside it."""


def _put(facts: Facts, world: World, why: str, **more: Any) -> Call:
    operation = "PutCompositeAlarm" if facts.get("AlarmRule") else "PutMetricAlarm"
    arn = parse_arn(facts.get("AlarmArn", ""))
    region = arn.region if arn and arn.region != world.inventory.region else ""
    return Call("cloudwatch", operation, {**world.renewed(_sendable(facts)), **more}, why, region=region)


def _sendable(facts: Facts) -> Mapping[str, Any]:
    """What of an alarm can be sent. Even an empty list of metrics or dimensions excludes the other sort of alarm."""
    return {name: value for name, value in facts.items() if name not in READ_ONLY and value not in (None, [], "")}


def _plain(value: Any) -> Any:
    """A value as it is compared: AWS keeps no order of dimensions, and leaves out what is empty."""
    match value:
        case list():
            return sorted((_plain(item) for item in value), key=repr) or None
        case Mapping():
            return {name: _plain(item) for name, item in sorted(value.items())}
        case _:
            return value


def _region_and_name(ref: str, within: str) -> Asked:
    arn = parse_arn(ref)
    return (arn.region, arn.resource.removeprefix("alarm:")) if arn else (within, ref)


def _described(wanted: Sequence[Asked], reader: Reader) -> dict[Asked, Facts | AwsError | None]:
    """What AWS says of each alarm; None is its word that there is none of that name."""
    names: dict[str, list[str]] = defaultdict(list)
    for region, name in dict.fromkeys(wanted):
        names[region].append(name)
    asks = [(region, some) for region, all_of_it in names.items() for some in batches(all_of_it, ALARMS_A_CALL)]
    answers = reader.gather([partial(_describe, reader, *ask) for ask in asks])
    return {
        (region, name): answer if isinstance(answer, AwsError) else answer.get(name)
        for (region, some), answer in zip(asks, answers, strict=True)
        for name in some
    }


def _describe(reader: Reader, region: str, names: Sequence[str]) -> Mapping[str, Facts]:
    """The alarms by name; metric and composite ones share the pages of one listing."""
    params: dict[str, Any] = {
        "AlarmNames": list(names),
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
        "MaxRecords": ALARMS_A_CALL,
    }
    found: dict[str, Facts] = {}
    while True:
        answer = reader.call("cloudwatch", "DescribeAlarms", params, region=region)
        alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
        found |= {alarm["AlarmName"]: alarm for alarm in alarms}
        token = answer.get("NextToken")
        if not token or token == params.get("NextToken"):
            return found
        params = {**params, "NextToken": token}


def _on_health_check(reader: Reader, health_check: str) -> Sequence[Facts]:
    metric = {
        "Namespace": "AWS/Route53",
        "MetricName": "HealthCheckStatus",
        "Dimensions": [{"Name": "HealthCheckId", "Value": health_check}],
    }
    answer = reader.call("cloudwatch", "DescribeAlarmsForMetric", metric, region=ROUTE53_REGION)
    return [alarm for alarm in answer.get("MetricAlarms", []) if metric["Dimensions"] == alarm.get("Dimensions")]


def _sighting(alarm: Facts, region: str, look: Look) -> Present:
    seen = Present(alarm, tuple(_references(alarm)), _condition(alarm))
    if look.detail is Detail.LOOK:
        return seen
    ask = {"ResourceARN": alarm["AlarmArn"]}
    try:
        answer = look.reader.call("cloudwatch", "ListTagsForResource", ask, region=region)
    except AwsError as error:
        return replace(seen, unread=(error.unread,))
    return replace(seen, facts={**alarm, "Tags": answer.get("Tags", [])})


def _condition(alarm: Facts) -> Condition:
    """An alarm that rings is in good order; of the target-tracking ones AWS takes care itself."""
    return Condition(reason=THE_POLICYS if alarm["AlarmName"].startswith(TRACKING) else "")


def _references(alarm: Facts) -> Iterator[Reference]:
    yield from _in_dimensions("Dimensions", alarm.get("Dimensions", []))
    for at, query in enumerate(alarm.get("Metrics", [])):
        dimensions = query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
        yield from _in_dimensions(f"Metrics[{at}].MetricStat.Metric.Dimensions", dimensions)
    for other in dict.fromkeys(OTHERS_IN_RULE.findall(alarm.get("AlarmRule", ""))):
        yield Reference("AlarmRule", "alarm", other, follow=False)
    for field in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        for at, action in enumerate(alarm.get(field, [])):
            if ":resource/ecs/service/" in action:
                yield Reference(f"{field}[{at}]", "scalable-target", action, follow=False)


def _in_dimensions(path: str, dimensions: Sequence[Mapping[str, str]]) -> Iterator[Reference]:
    values = {dimension["Name"]: dimension["Value"] for dimension in dimensions}
    for at, dimension in enumerate(dimensions):
        kind, within = _named_by(dimension["Name"], values)
        if kind:
            yield Reference(f"{path}[{at}].Value", kind, dimension["Value"], within=within, follow=False)


def _named_by(dimension: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Kind of component whose name a dimension holds, and the scope of the name. `ServiceName` is ECS's with a cluster.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
    """
    match dimension:
        case "LoadBalancer":
            return "load-balancer", ""
        case "LoadBalancerName":
            return "classic-load-balancer", ""
        case "TargetGroup":
            return "target-group", ""
        case "HealthCheckId":
            return "health-check", ""
        case "ServiceName" if "ClusterName" in values:
            return "ecs-service", values["ClusterName"]
        case _:
            return "", ""


KIND = Alarm()
