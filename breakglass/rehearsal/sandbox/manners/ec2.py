"""EC2: a security group that an interface uses cannot be deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .ecs.scheduler import Scheduler
from .ecs.state import Ecs
from .elb.state import ClassicBalancing
from .elbv2.state import Balancing


class Network:
    """DeleteSecurityGroup; the rest of EC2 is moto's."""

    service = "ec2"

    def __init__(self, world: World, moto: MotoBridge, scheduler: Scheduler) -> None:
        self._world = world
        self._moto = moto
        self._scheduler = scheduler

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"DeleteSecurityGroup": self._delete_security_group}

    def _delete_security_group(self, call: Call) -> AwsShape:
        """DependencyViolation while a load balancer's or a task's interface is in the group.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
        """
        group = call.params.get("GroupId")
        self._scheduler.settle(call.account, call.region)
        if group is not None and group in set(self._groups_in_use(call)):
            raise Refused("DependencyViolation", f"resource {group} has a dependent object")
        return self._moto.call(call)

    def _groups_in_use(self, call: Call) -> Iterator[str]:
        for balancer in self._world.state(Balancing, call.account, call.region).load_balancers.values():
            yield from balancer.shape.get("SecurityGroups", [])
        for classic in self._world.state(ClassicBalancing, call.account, call.region).load_balancers.values():
            yield from classic.shape["SecurityGroups"]
        now = self._world.clock.now()
        for task in self._world.state(Ecs, call.account, call.region).tasks():
            if not task.is_stopped(now):
                placed = task.settings.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
                yield from placed.get("securityGroups", [])
