"""The handlers of the area together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.manners.limits import ELB, AccountLimits
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .instances import Instances
from .load_balancers import LoadBalancers
from .policies import Policies


class ClassicLoadBalancing:
    """Classic Elastic Load Balancing as AWS answers it."""

    service = "elb"

    def __init__(self, world: World, settle_tasks: Callable[[str, str], None]) -> None:
        instances = Instances(world, settle_tasks)
        self._parts = (LoadBalancers(world, instances), instances, Policies(world), AccountLimits(world, ELB))

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {operation: handler for part in self._parts for operation, handler in part.handlers().items()}
