"""How a scalable target is registered again, with the policies and schedules that went with it.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from breakglass.model.component import Facts
from breakglass.model.lead import Key, Reference
from breakglass.model.making import RUN_TAG
from breakglass.model.plan import Call, Joined, Loss, Output
from breakglass.model.world import World

SERVICE = "application-autoscaling"
LABEL = "ResourceLabel"
"""`app/NAME/SUFFIX/targetgroup/NAME/SUFFIX`: the load balancer and the target group whose requests are counted.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html
"""
GROUP_IN_LABEL = "/targetgroup/"
DIMENSIONS = {"LoadBalancer": "load-balancer", "TargetGroup": "target-group"}
POLICY_ARN = "PolicyARN of "
"""How an output names a policy's ARN: by the policy's name."""
AWS_ROLE = "/aws-service-role/"

READ_ONLY = frozenset({"ScalableTargetARN", "CreationTime", "PredictedCapacity"})
PARTS = frozenset({"ScalingPolicies", "ScheduledActions", "Tags"})
READ_ONLY_OF_POLICY = frozenset({"PolicyARN", "Alarms", "CreationTime"})
READ_ONLY_OF_ACTION = frozenset({"ScheduledActionARN", "CreationTime"})
"""What AWS tells of a target, a policy and a scheduled action, and does not take."""


def registration(facts: Facts, world: World) -> Call:
    """RegisterScalableTarget; its service-linked role is AWS's to name."""
    params = {name: value for name, value in facts.items() if name not in READ_ONLY | PARTS and value is not None}
    if AWS_ROLE in params.get("RoleARN", ""):
        del params["RoleARN"]
    if tags := {name: value for name, value in facts.get("Tags", {}).items() if not name.startswith("aws:")}:
        params["Tags"] = {**tags, RUN_TAG: world.run}
    return Call(SERVICE, "RegisterScalableTarget", params, "it is missing")


def policy(facts: Facts, world: World, why: str = "policies went with the target") -> Call:
    """PutScalingPolicy with the load balancer and target group that there are now."""
    params = {name: value for name, value in facts.items() if name not in READ_ONLY_OF_POLICY}
    return Call(SERVICE, "PutScalingPolicy", renewed(params, world), why)


def schedule(facts: Facts, now: datetime) -> Call:
    """PutScheduledAction. A start that is over is left out: it says no more, and might be refused."""
    params = {name: value for name, value in facts.items() if name not in READ_ONLY_OF_ACTION}
    if isinstance(start := params.get("StartTime"), datetime) and start <= now:
        del params["StartTime"]
    return Call(SERVICE, "PutScheduledAction", params, "scheduled actions went with the target")


def over(action: Facts, now: datetime) -> bool:
    """Whether a scheduled action will never act again: `at(2026-11-23T03:12:09)` in the past, or past its end.

    A time of a zone that this machine does not know counts as UTC.
    """
    if isinstance(end := action.get("EndTime"), datetime) and end <= now:
        return True
    expression = action.get("Schedule", "")
    if not expression.startswith("at("):
        return False
    try:
        once = datetime.fromisoformat(expression.removeprefix("at(").removesuffix(")"))
    except ValueError:
        return False
    return once.replace(tzinfo=_zone(action.get("Timezone", "UTC"))) <= now


def _zone(name: str) -> Any:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def policy_name(ref: str) -> str:
    """The policy in `…:scalingPolicy:ID:resource/ecs/service/CLUSTER/NAME:policyName/POLICY`, empty in any other."""
    before, _, name = ref.partition(":policyName/")
    return name.partition(":createdBy/")[0] if ":scalingPolicy:" in before else ""


def lost(key: Key, facts: Facts, now: datetime) -> Iterator[Loss]:
    """Policies that alarms call by an ARN, which changes, and schedules whose time is over."""
    for one in facts.get("ScalingPolicies", []):
        if one.get("PolicyType") == "StepScaling":
            what = "whatever outside this service calls the old one has to be changed by hand"
            yield Loss(key, f"the policy {one['PolicyName']} gets a new ARN; {what}")
    for action in facts.get("ScheduledActions", []):
        if over(action, now):
            yield Loss(key, f"the scheduled action {action['ScheduledActionName']}: its time is over")


def renewed(value: Any, world: World) -> Any:
    """A policy with every metric that it reads taken from what is there now."""
    match value:
        case str():
            return world.refer(value)
        case Mapping():
            return {
                name: _label(item, world) if name == LABEL and isinstance(item, str) else renewed(item, world)
                for name, item in value.items()
            }
        case list() | tuple():
            return [renewed(item, world) for item in value]
        case _:
            return value


def _label(label: str, world: World) -> str | Joined:
    parts = _parts(label)
    if parts is None:
        return label
    balancer, group = (world.refer(part) for part in parts)
    if isinstance(balancer, Output) or isinstance(group, Output):
        return Joined((balancer, "/", group))
    return f"{balancer}/{group}"


def _parts(label: str) -> tuple[str, str] | None:
    balancer, between, group = label.partition(GROUP_IN_LABEL)
    return (balancer, f"{between.removeprefix('/')}{group}") if between else None


def references(facts: Facts) -> Iterator[Reference]:
    """The load balancers and target groups whose metrics the policies read."""
    for at, one in enumerate(facts.get("ScalingPolicies", [])):
        yield from _read(one, f"ScalingPolicies[{at}]")


def _read(value: Any, path: str) -> Iterator[Reference]:
    match value:
        case {"Name": "LoadBalancer" | "TargetGroup" as dimension, "Value": str(name)}:
            yield Reference(f"{path}.Value", DIMENSIONS[dimension], name, follow=False)
        case Mapping():
            for name, item in value.items():
                if name == LABEL and isinstance(item, str):
                    for kind, part in zip(DIMENSIONS.values(), _parts(item) or (), strict=False):
                        yield Reference(f"{path}.{LABEL}", kind, part, follow=False)
                else:
                    yield from _read(item, f"{path}.{name}")
        case list() | tuple():
            for at, item in enumerate(value):
                yield from _read(item, f"{path}[{at}]")
        case _:
            return
