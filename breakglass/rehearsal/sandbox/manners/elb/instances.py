"""The instances of classic load balancers: those registered by hand, and those that ECS registers for its tasks.

https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_InstanceState.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from breakglass.rehearsal.sandbox.manners.ecs.state import Ecs
from breakglass.rehearsal.sandbox.manners.ecs.task import Task
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .state import Classic, classic_of

SECONDS_TO_IN_SERVICE = 20.0
"""How long an instance is OutOfService after it has been registered."""

_IN_SERVICE = {"State": "InService", "ReasonCode": "N/A", "Description": "N/A"}
_REGISTERING = {
    "State": "OutOfService",
    "ReasonCode": "ELB",
    "Description": "Instance registration is still in progress.",
}
_DEREGISTERING = {
    "State": "InService",
    "ReasonCode": "N/A",
    "Description": "Instance deregistration currently in progress.",
}


class Instances:
    """RegisterInstancesWithLoadBalancer, DeregisterInstancesFromLoadBalancer and DescribeInstanceHealth."""

    def __init__(self, world: World, settle_tasks: Callable[[str, str], None]) -> None:
        self._world = world
        self._settle_tasks = settle_tasks

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "RegisterInstancesWithLoadBalancer": self._register,
            "DeregisterInstancesFromLoadBalancer": self._deregister,
            "DescribeInstanceHealth": self._describe,
        }

    def registered(self, call: Call, classic: Classic) -> list[str]:
        """The instances that it sends to, each once."""
        return list(self._since(call, classic))

    def _register(self, call: Call) -> AwsShape:
        found = classic_of(self._world, call)
        now = self._world.clock.now()
        for given in call.params["Instances"]:
            found.instances.setdefault(given["InstanceId"], now)
        return self._all(call, found)

    def _deregister(self, call: Call) -> AwsShape:
        found = classic_of(self._world, call)
        for given in call.params["Instances"]:
            found.instances.pop(given["InstanceId"], None)
        return self._all(call, found)

    def _describe(self, call: Call) -> AwsShape:
        """An instance comes into service some time after its registration; one that is wound up says so."""
        found = classic_of(self._world, call)
        now = self._world.clock.now()
        states = {
            known_as: _IN_SERVICE if now >= since + SECONDS_TO_IN_SERVICE else _REGISTERING
            for known_as, since in self._since(call, found).items()
        }
        if found.attributes["ConnectionDraining"]["Enabled"]:
            leaving = (task.address for task in self._tasks(call, found) if task.is_leaving(now))
            states = dict.fromkeys(leaving, _DEREGISTERING) | states
        return {"InstanceStates": [{"InstanceId": known_as, **state} for known_as, state in states.items()]}

    def _all(self, call: Call, found: Classic) -> AwsShape:
        return {"Instances": [{"InstanceId": known_as} for known_as in self.registered(call, found)]}

    def _since(self, call: Call, classic: Classic) -> dict[str, float]:
        """When each instance was registered, by hand or by ECS when a task began to run there.

        ECS looks after it no more until the task stops: a load balancer made again under its name begins empty.
        """
        now, made_at = self._world.clock.now(), classic.shape["CreatedTime"].timestamp()
        tasks = list(self._tasks(call, classic))
        staying = [task for task in tasks if task.running_at <= now and not task.is_leaving(now)]
        for task in tasks:
            if task.is_leaving(now) and task.address not in [other.address for other in staying]:
                classic.instances.pop(task.address, None)
        since = dict(classic.instances)
        for task in staying:
            if task.running_at >= made_at:
                since.setdefault(task.address, task.running_at)
        return since

    def _tasks(self, call: Call, classic: Classic) -> Iterator[Task]:
        """Tasks of the services that name it, on the hosts that they have not stopped on.

        ECS registers the host of a task, at the port that its listener sends to.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
        """
        self._settle_tasks(call.account, call.region)
        name, now = classic.shape["LoadBalancerName"], self._world.clock.now()
        for service in self._world.state(Ecs, call.account, call.region).services.values():
            named = [one.get("loadBalancerName") for one in service.settings.get("loadBalancers", [])]
            if name in named:
                yield from (task for task in service.tasks if task.host_arn and not task.is_stopped(now))
