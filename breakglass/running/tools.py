"""What carrying out needs from outside: time, a log, AWS, the operator. All of it is passed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from breakglass.model.inventory import Inventory
from breakglass.model.journal import Entry
from breakglass.model.kind import Kind
from breakglass.model.plan import Step
from breakglass.model.reading import Reader
from breakglass.model.writing import Writer


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds since some moment, never going back."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass; returns early where the operator wants to stop."""
        ...


class Decision(StrEnum):
    """What the operator says before a step."""

    GO_ON = "go on"
    SKIP = "skip"
    STOP = "stop"


class Log(Protocol):
    """Where entries go; they are on disk when `append` returns."""

    def append(self, entry: Entry) -> None:
        """Raises `StoppedPartWay` where it cannot be written: then nothing more is sent."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who STS says we are: the account id and the ARN of the identity."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class Operator:
    """The one who watches: may stop the run, end a wait that only protects traffic, decide step by step."""

    stops: Callable[[], bool] = lambda: False
    hurries: Callable[[], bool] = lambda: False
    decides: Callable[[Step], Decision] = lambda _: Decision.GO_ON
    does: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Tools:
    """AWS and the world around it. `look_again` surveys the whole service afresh, in full detail."""

    reader: Callable[[], Reader]
    writer: Writer
    look_again: Callable[[], Inventory]
    identify: Callable[[], Caller]
    journal: Log
    clock: Clock
    kinds: Mapping[str, Kind]
    operator: Operator = Operator()
