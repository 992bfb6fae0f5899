"""What of a CloudWatch alarm is sent to make it again, and what it refers to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from breakglass.model import alarm_rule
from breakglass.model.arn import parse_arn
from breakglass.model.component import Facts
from breakglass.model.lead import Reference
from breakglass.model.plan import Call
from breakglass.model.world import World

READ_ONLY = frozenset(
    {"AlarmArn", "AlarmConfigurationUpdatedTimestamp", "Tags", "EvaluationState"}
    | {"StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp"}
    | {"ActionsSuppressedBy", "ActionsSuppressedReason"}
)
"""What AWS tells of an alarm and PutMetricAlarm and PutCompositeAlarm do not take; tags come beside it."""


def put(facts: Facts, world: World, why: str, **more: Any) -> Call:
    """PutMetricAlarm or PutCompositeAlarm, where the alarm lives."""
    operation = "PutCompositeAlarm" if facts.get("AlarmRule") else "PutMetricAlarm"
    region = region_of(facts)
    params = {**_renewed(sendable(facts), world), **more}
    return Call(
        "cloudwatch", operation, params, why, region=region if region not in ("", world.inventory.region) else ""
    )


def region_of(facts: Facts) -> str:
    """The region in an alarm's ARN, empty where it has none."""
    arn = parse_arn(facts.get("AlarmArn", ""))
    return arn.region if arn else ""


def sendable(facts: Facts) -> Mapping[str, Any]:
    """What of an alarm can be sent. Even an empty list of metrics or dimensions excludes the other sort of alarm."""
    return {name: value for name, value in facts.items() if name not in READ_ONLY and value not in (None, [], "")}


def _renewed(params: Mapping[str, Any], world: World) -> dict[str, Any]:
    """With dimensions and expressions that name what there is now."""
    sent = dict(world.renewed(params))
    if "Metrics" in sent:
        sent["Metrics"] = [
            {**query, "Expression": alarm_rule.renewed(query["Expression"], world)} if "Expression" in query else query
            for query in sent["Metrics"]
        ]
    return sent


def references(alarm: Facts) -> Iterator[Reference]:
    """What it watches, the alarms that it is made of, and the policies that it calls.

    Alarms are known by name in the region of the composite one. Metrics of another account are nobody's here.
    """
    yield from _in_dimensions("Dimensions", alarm.get("Dimensions", []))
    arn = parse_arn(alarm.get("AlarmArn", ""))
    for at, query in enumerate(alarm.get("Metrics", [])):
        if arn and query.get("AccountId", arn.account) != arn.account:
            continue
        dimensions = query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
        yield from _in_dimensions(f"Metrics[{at}].MetricStat.Metric.Dimensions", dimensions)
        for name in alarm_rule.embedded(query.get("Expression", "")):
            yield Reference(f"Metrics[{at}].Expression", _embedded_kind(name), name, follow=False)
    for other in alarm_rule.alarms_in(alarm.get("AlarmRule", "")):
        yield Reference("AlarmRule", "alarm", other, follow=False)
    if suppressor := alarm.get("ActionsSuppressor"):
        yield Reference("ActionsSuppressor", "alarm", alarm_rule.alarm_name(suppressor), follow=False)
    for field in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        for at, action in enumerate(alarm.get(field, [])):
            if ":resource/ecs/service/" in action:
                yield Reference(f"{field}[{at}]", "scalable-target", action, follow=False)


def _embedded_kind(name: str) -> str:
    if name.startswith("targetgroup/"):
        return "target-group"
    return "load-balancer" if "/" in name else "health-check"


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


def plain(value: Any) -> Any:
    """A value as it is compared: AWS keeps no order of dimensions, and leaves out what is empty."""
    match value:
        case list():
            return sorted((plain(item) for item in value), key=repr) or None
        case Mapping():
            return {name: plain(item) for name, item in sorted(value.items())}
        case _:
            return value
