"""AWS's manners: what the sandbox answers itself, because moto would answer it wrongly.

Each area of AWS is one package or module. An area gives a handler for each operation that it answers; a handler takes
the call in AWS's own names and returns the answer in AWS's own names. Every operation without a handler is moto's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from breakglass.rehearsal.sandbox.annexes import all_annexes
from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .autoscaling import Autoscaling
from .cloudwatch import Alarms
from .discovery import Discovery
from .ec2 import Network
from .ecs import Containers
from .ecs.scheduler import Scheduler
from .elb import ClassicLoadBalancing
from .elbv2 import EndpointServices, LoadBalancing
from .iam import AccessManagement
from .limits import ServiceQuotas
from .route53 import NameService
from .sts import TokenService
from .tagging import Tagging

Handler = Callable[[Call], AwsShape]


class Area(Protocol):
    """One AWS service, as far as the sandbox answers it itself."""

    service: str
    """boto3's name of the service."""

    def handlers(self) -> Mapping[str, Handler]:
        """Operation to handler."""
        ...


class Manners:
    """All areas together."""

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._moto = moto
        self.scheduler = Scheduler(world)
        areas: tuple[Area, ...] = (
            Alarms(world, moto),
            Autoscaling(world, moto),
            Containers(world, moto, self.scheduler),
            ClassicLoadBalancing(world, self.scheduler.settle),
            Discovery(moto, self.scheduler.settle),
            EndpointServices(world),
            LoadBalancing(world, self.scheduler.settle),
            AccessManagement(world, moto),
            NameService(world, moto),
            Network(world, moto, self.scheduler),
            ServiceQuotas(world),
            Tagging(world, moto),
            TokenService(world),
        )
        self._handlers: dict[tuple[str, str], Handler] = {
            (area.service, operation): handler for area in areas for operation, handler in area.handlers().items()
        }
        for annex in all_annexes():
            self._handlers |= annex.handlers(moto)

    def know(self, service: str, operation: str) -> bool:
        """Whether an operation has a handler here."""
        return (service, operation) in self._handlers

    def answer(self, call: Call) -> AwsShape:
        """The answer to a call, moto's where no area answers it; raises Refused."""
        handler = self._handlers.get((call.service, call.operation), self._moto.call)
        return handler(call)
