"""Task sets: what an external deployment controller moves a service's tasks and traffic with.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .checks import check
from .clusters import cluster_named
from .creation import OF_A_SET, SENT_FOR_A_SET, new_set
from .scheduler import Scheduler
from .state import Deployment, Ecs, Service, short_name
from .task_definitions import TaskDefinitions
from .views import task_set_shape

_AT_MOST = 5


class TaskSets:
    """CreateTaskSet, DescribeTaskSets, UpdateTaskSet, UpdateServicePrimaryTaskSet and DeleteTaskSet."""

    def __init__(self, world: World, moto: MotoBridge, scheduler: Scheduler, definitions: TaskDefinitions) -> None:
        self._world = world
        self._moto = moto
        self._scheduler = scheduler
        self._definitions = definitions

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateTaskSet": self._create,
            "DescribeTaskSets": self._describe,
            "UpdateTaskSet": self._update,
            "UpdateServicePrimaryTaskSet": self._make_primary,
            "DeleteTaskSet": self._delete,
        }

    def _create(self, call: Call) -> AwsShape:
        """ACTIVE until it is made PRIMARY; the same request with the same clientToken returns what it made.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateTaskSet.html
        """
        service = self._service(call)
        request = copy.deepcopy(call.params)
        for one in service.sets:
            if "clientToken" in request and one.request == request:
                return self._shown(service, one)
        if len(service.sets) >= _AT_MOST:
            raise Refused(
                "InvalidParameterException",
                f"{_AT_MOST} deployments exist on the service. Unable to create new TaskSet since this exceeds the "
                "maximum limit.",
            )
        try:
            definition = self._definitions.find(call, call.params["taskDefinition"])
        except Refused:
            raise Refused("ClientException", "TaskDefinition not found.") from None
        chosen = {name: request[name] for name in SENT_FOR_A_SET if name in request}
        now = self._world.clock.now()
        one = new_set(service, definition, chosen, now)
        check(self._world, call, one.settings, definition)
        one.scale = float(request.get("scale", {}).get("value", 0.0))
        one.external_id = request.get("externalId", "")
        one.tags = {tag["key"]: tag.get("value", "") for tag in request.get("tags", [])}
        one.request = request
        service.sets.append(one)
        self._scheduler.settle(call.account, call.region)
        return self._shown(service, one)

    def _describe(self, call: Call) -> AwsShape:
        service = self._service(call)
        wanted = call.params.get("taskSets") or []
        found = {one.id: one for one in service.sets}
        now = self._world.clock.now()
        return {
            "taskSets": [task_set_shape(service, found[each], now) for each in map(_id, wanted) if each in found],
            "failures": [{"arn": each, "reason": "MISSING"} for each in map(_id, wanted) if each not in found],
        }

    def _update(self, call: Call) -> AwsShape:
        """Nothing but its scale can be changed.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskSet.html
        """
        service = self._service(call)
        one = _set(service, call.params["taskSet"])
        one.scale = float(call.params["scale"]["value"])
        self._scheduler.settle(call.account, call.region)
        return self._shown(service, one)

    def _make_primary(self, call: Call) -> AwsShape:
        """The service takes over what the task set decides, and the one that was primary is ACTIVE from then on.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateServicePrimaryTaskSet.html
        """
        service = self._service(call)
        one = _set(service, call.params["primaryTaskSet"])
        if former := service.primary_set:
            former.status = "ACTIVE"
        one.status = "PRIMARY"
        service.settings = {name: value for name, value in service.settings.items() if name not in OF_A_SET}
        service.settings |= {name: copy.deepcopy(one.settings[name]) for name in OF_A_SET if name in one.settings}
        self._scheduler.settle(call.account, call.region)
        return self._shown(service, one)

    def _delete(self, call: Call) -> AwsShape:
        """The primary one cannot be deleted, and one that still has tasks only with force.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskSet.html
        """
        service = self._service(call)
        one = _set(service, call.params["taskSet"])
        if one.status == "PRIMARY":
            raise Refused("InvalidParameterException", "Primary TaskSet cannot be deleted")
        if one.scale > 0 and not call.params.get("force"):
            raise Refused("InvalidParameterException", "The TaskSet cannot be deleted while it is scaled above 0.")
        one.status = "DRAINING"
        self._scheduler.settle(call.account, call.region)
        return self._shown(service, one)

    def _service(self, call: Call) -> Service:
        self._scheduler.settle(call.account, call.region)
        cluster = cluster_named(self._moto, call)
        service = self._world.state(Ecs, call.account, call.region).service(cluster, short_name(call.params["service"]))
        if service.status != "ACTIVE":
            raise Refused("ServiceNotActiveException", "Service was not ACTIVE.")
        if service.controller != "EXTERNAL":
            raise Refused(
                "InvalidParameterException",
                "Amazon ECS only supports task set management on services configured to use external deployment "
                "controllers.",
            )
        return service

    def _shown(self, service: Service, one: Deployment) -> AwsShape:
        return {"taskSet": task_set_shape(service, one, self._world.clock.now())}


def _set(service: Service, name: str) -> Deployment:
    for one in service.sets:
        if one.id == _id(name):
            return one
    raise Refused("TaskSetNotFoundException", "TaskSet not found.")


def _id(name_or_arn: str) -> str:
    """`ecs-svc/NUMBER`, also out of an ARN."""
    return f"ecs-svc/{short_name(name_or_arn)}"
