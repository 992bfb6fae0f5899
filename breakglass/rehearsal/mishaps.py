"""How a service is broken: by the calls that somebody would send, and by what AWS does without any call.

Everything takes its names and ARNs from the service as it was found, so that it breaks anybody's.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from breakglass.errors import BreakglassError, UsageError
from breakglass.kinds import all_kinds
from breakglass.model.component import Component
from breakglass.model.plan import Call, filled
from breakglass.model.world import World
from breakglass.rehearsal.stage import Scene

UNTIL_IT_IS_GONE = 900.0
"""Seconds, by the sandbox's clock, after which nothing of a deleted service drains any more."""
UNTIL_IT_SHOWS = 120.0
"""Seconds after which everybody has noticed."""
PROTECTION = "deletion_protection.enabled"


def delete_service(scene: Scene) -> None:
    """The ECS service is deleted with force, and its tasks stop."""
    cluster, name = scene.ecs
    scene.aws("ecs").delete_service(cluster=cluster, service=name, force=True)
    scene.after(UNTIL_IT_IS_GONE)


def _delete_entry(scene: Scene, one: Component) -> None:
    scene.aws("dynamodb").delete_item(TableName=one.facts["TableName"], Key=one.facts["Key"])


def _delete_rule(scene: Scene, one: Component) -> None:
    scene.aws("elbv2").delete_rule(RuleArn=one.arn)


def _delete_listener(scene: Scene, one: Component) -> None:
    scene.aws("elbv2").delete_listener(ListenerArn=one.arn)


def _delete_balancer(scene: Scene, one: Component) -> None:
    elbv2 = scene.aws("elbv2")
    off = [{"Key": PROTECTION, "Value": "false"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=one.arn, Attributes=off)
    elbv2.delete_load_balancer(LoadBalancerArn=one.arn)


def _delete_group(scene: Scene, one: Component) -> None:
    scene.aws("elbv2").delete_target_group(TargetGroupArn=one.arn)


def _delete_record(scene: Scene, one: Component) -> None:
    change_record(scene, one, ("DELETE", record_of(one)))


def _delete_check(scene: Scene, one: Component) -> None:
    scene.aws("route53").delete_health_check(HealthCheckId=one.key.id)


def _delete_scaling(scene: Scene, one: Component) -> None:
    names = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    scene.aws("application-autoscaling").deregister_scalable_target(**{name: one.facts[name] for name in names})


def _delete_alarm(scene: Scene, one: Component) -> None:
    scene.aws("cloudwatch", one.region).delete_alarms(AlarmNames=[one.key.id])


def _delete_service(scene: Scene, one: Component) -> None:
    cluster, _, name = one.key.id.rpartition("/")
    scene.aws("ecs").delete_service(cluster=cluster, service=name, force=True)
    scene.after(UNTIL_IT_IS_GONE)


DELETIONS: Mapping[str, Callable[[Scene, Component], None]] = {
    "dns-record": _delete_record,
    "alarm": _delete_alarm,
    "scalable-target": _delete_scaling,
    "ecs-service": _delete_service,
    "listener-rule": _delete_rule,
    "listener": _delete_listener,
    "load-balancer": _delete_balancer,
    "target-group": _delete_group,
    "health-check": _delete_check,
    "state-entry": _delete_entry,
}
"""How kinds are deleted by hand, in the order in which AWS lets it be; any other goes as its kind says."""
TAKEN_ALONG = {"load-balancer": ("listener", "listener-rule"), "listener": ("listener-rule",)}
"""What AWS deletes by itself together with a kind."""
IN_THE_WAY = {"target-group": ("listener-rule", "listener")}
"""What has to go first, where it refers to it: AWS refuses otherwise (ResourceInUse)."""


def deletable() -> tuple[str, ...]:
    """Every kind that can be taken away, in the order in which AWS lets it be."""
    return (*DELETIONS, *(name for name, kind in all_kinds().items() if kind.removable and name not in DELETIONS))


def _delete(scene: Scene, one: Component) -> None:
    DELETIONS.get(one.key.kind, _as_its_kind_says)(scene, one)


def _as_its_kind_says(scene: Scene, one: Component) -> None:
    """The calls of a removal, one after the other. Raises `BreakglassError` where AWS refuses one."""
    kinds = all_kinds()
    for action in kinds[one.key.kind].remove(one, World("mishap", scene.before, traits=kinds)):
        if isinstance(action, Call):
            send = getattr(scene.aws(action.service, action.region), xform_name(action.operation))
            try:
                send(**filled(action.params, str))
            except ClientError as refused:
                raise BreakglassError(
                    f"AWS does not let {one.key} be deleted: {refused}.", hint="Name what uses it with --missing too."
                ) from None
        else:
            scene.after(UNTIL_IT_SHOWS)


def delete_kinds(wanted: frozenset[str], scene: Scene) -> None:
    """Any combination of missing pieces: all of each kind, and what cannot stay without it."""
    for kind in wanted:
        scene.one(kind)
    every = [one for kind in deletable() for one in scene.every(kind)]
    going = [one for one in every if one.key.kind in wanted or _in_the_way(one, wanted)]
    along = {name for one in going for name in TAKEN_ALONG.get(one.key.kind, ())}
    for one in going:
        if one.key.kind in along and any(_holds(other, one) for other in going):
            continue
        _delete(scene, one)
    scene.after(UNTIL_IT_SHOWS)


def _in_the_way(one: Component, wanted: frozenset[str]) -> bool:
    return any(
        one.key.kind in IN_THE_WAY.get(kind, ()) and any(key.kind == kind for key in one.depends_on) for kind in wanted
    )


def _holds(holder: Component, one: Component) -> bool:
    """Whether AWS deletes `one` together with `holder`."""
    return one.key.kind in TAKEN_ALONG.get(holder.key.kind, ()) and one.key.id.startswith(holder.key.id)


def missing(kinds: str) -> Callable[[Scene], None]:
    """The mishap for `--missing KIND[,KIND]`. Raises `UsageError` for a kind that cannot be taken away."""
    wanted = frozenset(name.strip() for name in kinds.split(",") if name.strip())
    unknown = sorted(wanted - set(deletable()))
    if unknown or not wanted:
        raise UsageError(
            f"--missing cannot take away: {', '.join(unknown) or 'nothing'}.", hint=f"Kinds: {', '.join(deletable())}"
        )
    return partial(delete_kinds, wanted)


def record_of(one: Component) -> dict[str, Any]:
    """A record as Route 53 takes it back: exactly what was read of it."""
    added = {"HostedZoneId", "HostedZoneName"}
    return {name: value for name, value in one.facts.items() if name not in added}


def change_record(scene: Scene, one: Component, *changes: tuple[str, Mapping[str, Any]]) -> None:
    """One batch of changes in the zone of a record."""
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
    scene.aws("route53").change_resource_record_sets(HostedZoneId=one.facts["HostedZoneId"], ChangeBatch=batch)
