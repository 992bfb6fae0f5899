"""The handlers of the area together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .clusters import Clusters
from .container_instances import ContainerInstances
from .deployments import Deployments
from .scheduler import Scheduler
from .services import Services
from .tags import Tags
from .task_definitions import TaskDefinitions
from .task_sets import TaskSets
from .tasks import Tasks


class Containers:
    """ECS as AWS answers it."""

    service = "ecs"

    def __init__(self, world: World, moto: MotoBridge, scheduler: Scheduler) -> None:
        definitions = TaskDefinitions(world)
        self._parts = (
            definitions,
            Clusters(world, moto, scheduler),
            ContainerInstances(moto),
            Services(world, moto, scheduler, definitions),
            TaskSets(world, moto, scheduler, definitions),
            Deployments(world, scheduler),
            Tasks(world, moto, scheduler, definitions),
            Tags(world, moto),
        )

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {operation: handler for part in self._parts for operation, handler in part.handlers().items()}
