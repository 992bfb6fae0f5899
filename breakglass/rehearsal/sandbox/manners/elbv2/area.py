"""The handlers of the area together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.manners.limits import ELBV2, AccountLimits
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .listeners import Listeners
from .load_balancers import LoadBalancers
from .rules import Rules
from .tags import Tags
from .target_groups import TargetGroups
from .target_health import TargetHealth


class LoadBalancing:
    """Elastic Load Balancing v2 as AWS answers it."""

    service = "elbv2"

    def __init__(self, world: World, settle_tasks: Callable[[str, str], None]) -> None:
        self._parts = (
            LoadBalancers(world),
            Listeners(world),
            Rules(world),
            TargetGroups(world),
            TargetHealth(world, settle_tasks),
            Tags(world),
            AccountLimits(world, ELBV2),
        )

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {operation: handler for part in self._parts for operation, handler in part.handlers().items()}
