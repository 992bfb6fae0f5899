"""Plans: everything that will change AWS, as data that can be printed, checked, carried out and resumed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from breakglass.model.account import Account
from breakglass.model.lead import Key, Lead


class Form(StrEnum):
    """How a field of a component is spelt where it is used."""

    WHOLE = "whole"
    DIMENSION = "dimension"
    """`app/NAME/SUFFIX`, `targetgroup/NAME/SUFFIX`: the part of an ELB ARN that CloudWatch's dimensions use."""
    DUALSTACK = "dualstack"
    """`dualstack.` before a load balancer's DNS name, as alias records have it."""
    REVISION = "revision"
    """`FAMILY:REVISION`: the part of a task definition's ARN that people use for the whole."""

    def of(self, value: str) -> str:
        """A field's value in this form."""
        match self:
            case Form.WHOLE:
                return value
            case Form.DIMENSION:
                return value.rpartition(":")[2].removeprefix("loadbalancer/")
            case Form.DUALSTACK:
                return f"dualstack.{value}"
            case Form.REVISION:
                return value.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Output:
    """A value that only exists later: a field of a component as it is last found, never of a call's answer.

    `field` is a top-level field of the component's facts (`LoadBalancerArn`).
    """

    component: Key
    field: str
    form: Form = Form.WHOLE


@dataclass(frozen=True, slots=True)
class Joined:
    """A parameter that is put together from literals and outputs."""

    parts: tuple[str | Output, ...]


class Hopeless(Exception):  # noqa: N818 - it tells of a wait, and is nobody's mistake
    """What a `Settle` waits for will not come by waiting: a deployment that has failed."""


class Until(StrEnum):
    """What a `Settle` waits for."""

    ABSENT = "absent"
    THERE = "there"
    ACTIVE = "active"
    IN_SYNC = "in sync"
    SERVING = "serving"
    DRAINED = "drained"
    """No connection of it is being wound up any more."""
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Call:
    """One API call that changes something.

    `service` is boto3's client name, `params` as boto3 takes them, with `Output` and `Joined` where a value
    only exists later. `region` is empty for the region at hand. `passing` are error codes that are documented
    as passing by themselves for this call (eventual consistency, something still on its way out), each with
    words that the message has to contain.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    why: str = ""
    region: str = ""
    passing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Settle:
    """Look again until it is so, and has been for `hold` seconds; at most `deadline` seconds.

    `words` say what is awaited. A wait that `protects_traffic` (a TTL, a deregistration delay) can be ended
    by the operator.
    """

    component: Key
    until: Until
    words: str
    deadline: float = 600.0
    hold: float = 0.0
    protects_traffic: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Something that a person has to do before it can go on."""

    text: str


Action = Call | Settle | Pause


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to one component.

    `goal` says what the component is afterwards, by which a step that has been done already is recognised.
    `fingerprint` is of the component as it has to be right before the step, counting what earlier steps do.
    `sources` tell for each field of what is made where it comes from; `leans_on` are the components that it
    refers to or needs.
    """

    id: int
    component: Key
    title: str
    why: str
    actions: tuple[Action, ...]
    goal: Until
    fingerprint: str
    sources: tuple[str, ...] = ()
    leans_on: tuple[Key, ...] = ()

    @property
    def calls(self) -> tuple[tuple[int, Call], ...]:
        """The calls with their positions in the step."""
        return tuple((at, action) for at, action in enumerate(self.actions) if isinstance(action, Call))

    @property
    def waits_for(self) -> str:
        """What is waited for, in words; empty where nothing is."""
        return "; ".join(action.words for action in self.actions if isinstance(action, Settle))


@dataclass(frozen=True, slots=True)
class Kept:
    """A component that stays, and why."""

    component: Key
    why: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """What would make a step fail, or its result not serve."""

    component: Key
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that cannot be made again as it was."""

    component: Key
    what: str


class Purpose(StrEnum):
    """What a plan is for."""

    REMOVE = "remove"
    REBUILD = "rebuild"


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered steps for one service in one account and region, and what is kept, blocked or lost.

    `leads` find the plan's components again although what named them may be gone by then. `snapshot` is the
    digest of the snapshot that was on disk when the plan was made, `serving` whether the service has targets
    registered.
    """

    run: str
    purpose: Purpose
    service: str
    account: Account
    region: str
    steps: tuple[Step, ...]
    kept: tuple[Kept, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    lost: tuple[Loss, ...] = ()
    leads: tuple[Lead, ...] = ()
    snapshot: str = ""
    serving: bool = False

    @property
    def may_run(self) -> bool:
        """Whether nothing stands in its way."""
        return not self.blockers

    @property
    def calls(self) -> Iterator[Call]:
        """Every call, in order."""
        return (call for step in self.steps for _, call in step.calls)


def outputs_in(value: Any) -> Iterator[Output]:
    """The outputs anywhere inside a parameter."""
    match value:
        case Output():
            yield value
        case Joined(parts=parts):
            yield from (part for part in parts if isinstance(part, Output))
        case Mapping():
            for item in value.values():
                yield from outputs_in(item)
        case str() | bytes():
            return
        case Sequence() | set() | frozenset():
            for item in value:
                yield from outputs_in(item)
        case _:
            return


def filled(value: Any, fill: Callable[[Output], str]) -> Any:
    """A parameter that holds nothing but values, in plain dicts and lists as boto3 takes them.

    `fill` gives an output's field as it is; its form is applied here.
    """
    match value:
        case Output(form=form):
            return form.of(fill(value))
        case Joined(parts=parts):
            return "".join(filled(part, fill) for part in parts)
        case Mapping():
            return {name: filled(item, fill) for name, item in value.items()}
        case str() | bytes() | bytearray():
            return value
        case Sequence() | set() | frozenset():
            return [filled(item, fill) for item in value]
        case _:
            return value
