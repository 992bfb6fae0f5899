"""Registration of targets, and their health."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .state import Balancing, TargetGroup
from .targets import Target


class TargetHealth:
    """RegisterTargets, DeregisterTargets and DescribeTargetHealth.

    ECS registers and deregisters its tasks on its own, so what its scheduler has done by now is worked out first.
    """

    def __init__(self, world: World, settle_tasks: Callable[[str, str], None]) -> None:
        self._world = world
        self._settle_tasks = settle_tasks

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "RegisterTargets": self._register,
            "DeregisterTargets": self._deregister,
            "DescribeTargetHealth": self._describe,
        }

    def _register(self, call: Call) -> AwsShape:
        group = self._group(call)
        if group.shape["TargetType"] == "alb":
            self._must_be_balancers(call, group)
        for given in call.params["Targets"]:
            register(group, given["Id"], int(given.get("Port") or group.shape["Port"]), None, self._world.clock.now())
        return {}

    def _must_be_balancers(self, call: Call, group: TargetGroup) -> None:
        """One ALB that listens on the target group's port, and it has to be there.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/network/application-load-balancer-target.html
        """
        state = self._world.state(Balancing, call.account, call.region)
        there = [item.id for item in group.targets if item.deregistered_at is None]
        for given in call.params["Targets"]:
            if given["Id"] not in there and there:
                raise Refused("TooManyTargets", "A target group of type alb takes one target")
            ports = [listener.shape["Port"] for listener in state.listeners_of(given["Id"])]
            if given["Id"] not in state.load_balancers or group.shape["Port"] not in ports:
                message = f"The load balancer '{given['Id']}' has no listener on port {group.shape['Port']}"
                raise Refused("InvalidTarget", message)

    def _deregister(self, call: Call) -> AwsShape:
        """Deregistered targets drain for the group's deregistration delay; an unknown one is no error.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html
        """
        group = self._group(call)
        for given in call.params["Targets"]:
            deregister(group, given["Id"], given.get("Port"), self._world.clock.now())
        return {}

    def _describe(self, call: Call) -> AwsShape:
        """Targets that are registered or still draining; a target asked for by name may also be `unused`.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
        """
        state = self._world.state(Balancing, call.account, call.region)
        group = self._group(call)
        arn = call.params["TargetGroupArn"]
        now = self._world.clock.now()
        group.targets[:] = [item for item in group.targets if not item.is_gone(now, group.deregistration_delay)]
        served = bool(state.load_balancers_of(arn))
        shown = [
            {
                "Target": {"Id": item.id, "Port": item.port, "AvailabilityZone": item.zone},
                "HealthCheckPort": str(item.port),
                "TargetHealth": item.health(now, state.ailments.get(arn), served=served),
            }
            for item in group.targets
        ]
        if wanted := call.params.get("Targets"):
            return {"TargetHealthDescriptions": [_chosen(shown, target, group) for target in wanted]}
        return {"TargetHealthDescriptions": shown}

    def _group(self, call: Call) -> TargetGroup:
        self._settle_tasks(call.account, call.region)
        return self._world.state(Balancing, call.account, call.region).target_group(call.params["TargetGroupArn"])


def register(group: TargetGroup, target_id: str, port: int, zone: str | None, at: float) -> Target:
    """Register an address with a group; one that is registered already stays as it is."""
    for existing in group.targets:
        if (existing.id, existing.port) == (target_id, port) and existing.deregistered_at is None:
            return existing
    target = Target(target_id, port, zone, at)
    group.targets.append(target)
    return target


def deregister(group: TargetGroup, target_id: str, port: int | None, at: float) -> None:
    """Let an address of a group begin to drain."""
    for target in group.targets:
        if target.id == target_id and port in (None, target.port) and target.deregistered_at is None:
            target.deregistered_at = at


def _chosen(shown: list[AwsShape], wanted: AwsShape, group: TargetGroup) -> AwsShape:
    port = wanted.get("Port") or group.shape.get("Port")
    for description in shown:
        if description["Target"]["Id"] == wanted["Id"] and description["Target"]["Port"] == port:
            return description
    unused = {
        "State": "unused",
        "Reason": "Target.NotRegistered",
        "Description": "Target is not registered to the target group",
    }
    return {"Target": {"Id": wanted["Id"], "Port": port}, "TargetHealth": unused}
