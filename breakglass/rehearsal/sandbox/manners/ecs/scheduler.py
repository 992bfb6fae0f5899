"""The ECS service scheduler: starts, registers, drains, replaces and stops tasks as time goes by.

Nothing runs in the background. `settle` works out everything that has happened since it was last asked, one moment
after the other, so that ten minutes put forward at once end as ten minutes waited for.
"""

from __future__ import annotations

from breakglass.rehearsal.sandbox.manners.elbv2.state import Balancing
from breakglass.rehearsal.sandbox.state import World

from .review import Review
from .state import Ecs
from .task import SECONDS_REMEMBERED, Task

SECONDS_A_TOMBSTONE_STAYS = 86_400.0
"""AWS names no time for which an INACTIVE service can still be described; here it is a day."""


class Scheduler:
    """What ECS does with the services of an account and region."""

    def __init__(self, world: World) -> None:
        self._world = world

    def settle(self, account: str, region: str) -> None:
        """Bring every service up to the present."""
        now = self._world.clock.now()
        ecs = self._world.state(Ecs, account, region)
        balancing = self._world.state(Balancing, account, region)
        for key, service in list(ecs.services.items()):
            Review(ecs, balancing, account, region, service).run_until(now)
            service.tasks[:] = [task for task in service.tasks if not _is_forgotten(task, now)]
            if service.inactive_at is not None and now >= service.inactive_at + SECONDS_A_TOMBSTONE_STAYS:
                del ecs.services[key]
        ecs.lone_tasks[:] = [task for task in ecs.lone_tasks if not _is_forgotten(task, now)]


def _is_forgotten(task: Task, now: float) -> bool:
    return task.stopped_at is not None and now >= task.stopped_at + SECONDS_REMEMBERED
