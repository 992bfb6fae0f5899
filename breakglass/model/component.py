"""Components: what was seen of each, what state that means, and whose it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from breakglass.model.lead import Key, Lead, Reference

Facts = Mapping[str, Any]
"""AWS's own fields of one component, exactly as AWS gave them."""


class State(StrEnum):
    """What the operator is told about a component."""

    OK = "ok"
    MISSING = "missing"
    STALE = "stale"
    ORPHANED = "orphaned"
    DRAINING = "draining"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Unread:
    """A look-up that failed: `operation` as in an IAM policy (`route53:GetHealthCheck`), AWS's error code."""

    operation: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code} on {self.operation}"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a kind can tell of a component's state by looking at that component alone.

    `reason` states evidence. `serving` is None where the question makes no sense, else whether the component
    does its share of serving traffic; `troubles` says why not, most telling first.
    """

    state: State = State.OK
    reason: str = ""
    serving: bool | None = None
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Present:
    """It is there. `unread` lists what its state or its rebuilding needs and could not be read."""

    facts: Facts
    references: tuple[Reference, ...] = ()
    condition: Condition = Condition()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """AWS says it is not there.

    A tombstone is what `remains` of it, with the references it still holds. `taken_by` is whatever stands in
    its place, so that it cannot be made there again: another rule with its priority.
    """

    reason: str
    remains: Facts | None = None
    references: tuple[Reference, ...] = ()
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """It could not be looked up, which says nothing about whether it is there."""

    failures: tuple[Unread, ...]


Sighting = Present | Absent | Unreadable


@dataclass(frozen=True, slots=True)
class User:
    """Something that uses a component: `kind` and `ref` as in a lead, and in words for the operator.

    `within` as in a lead. A user with an empty `ref` is nobody's component, such as a rule that answers
    by itself: it always counts as somebody else's.
    """

    kind: str
    ref: str
    words: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class Users:
    """The answer to "who else uses it?": everyone found, and each look-up that failed on the way."""

    by: tuple[User, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What one kind's `find` says of one component.

    `handles` are all the values by which others may refer to it as it is now (ARN, name, DNS name): a
    reference to it that is none of these points at an earlier one of the same name. `region` is where it
    lives, empty for the region at hand. `leads` are those of the given leads that led here. Where some
    handles could not be read (the addresses of a service's tasks), `handles_unread` says so: then a user
    that none of the handles explains proves nothing.
    """

    key: Key
    sighting: Sighting
    leads: tuple[Lead, ...]
    arn: str | None = None
    handles: frozenset[str] = frozenset()
    tags: Mapping[str, str] | None = None
    region: str = ""
    handles_unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Owned:
    """Ours alone: named exactly by the leads in `evidence`, and every reverse look-up came back empty."""

    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Others use it too."""

    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unproven:
    """Nobody else was found, but that is not proof."""

    reason: str


Ownership = Owned | Shared | Unproven


@dataclass(frozen=True, slots=True)
class Component:
    """One component as the survey and its judgement leave it: the whole truth that is known about it.

    `outdated` are its references to something that is gone, or that was made again since under another ARN or
    id, each with the component meant.
    """

    key: Key
    sighting: Sighting
    leads: tuple[Lead, ...]
    state: State
    reason: str
    ownership: Ownership
    depends_on: tuple[Key, ...] = ()
    users: Users = Users()
    arn: str | None = None
    handles: frozenset[str] = frozenset()
    managed_by: str | None = None
    region: str = ""
    outdated: tuple[tuple[Reference, Key], ...] = ()

    @property
    def facts(self) -> Facts:
        """AWS's fields: of the living, or what remains of the dead; empty where neither is known."""
        match self.sighting:
            case Present(facts=facts):
                return facts
            case Absent(remains=remains):
                return remains or {}
            case Unreadable():
                return {}

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it refers to, as far as that can be read."""
        return () if isinstance(self.sighting, Unreadable) else self.sighting.references

    @property
    def there(self) -> bool:
        """Whether AWS showed it to us."""
        return isinstance(self.sighting, Present)
