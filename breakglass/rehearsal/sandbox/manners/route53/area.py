"""The handlers of the area together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .health_checks import HealthChecks
from .limits import DnsLimits
from .protections import Protections
from .record_sets import RecordSets
from .tags import Tags
from .zones import Zones


class NameService:
    """Route 53 as AWS answers it."""

    service = "route53"

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._parts = (
            Zones(world, moto),
            RecordSets(world, moto),
            Protections(world, moto),
            HealthChecks(world),
            Tags(world, moto),
            DnsLimits(world, moto),
        )

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {operation: handler for part in self._parts for operation, handler in part.handlers().items()}
