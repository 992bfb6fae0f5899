"""A dry run as it is remembered: what would have failed tonight, what would be lost, what nobody could tell."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakglass.model.inventory import Health
from breakglass.model.lead import Key
from breakglass.model.plan import Loss
from breakglass.running.quotas import Quota

DRY_RUN = "dry run"


class Sort(StrEnum):
    """What sort of thing would have failed."""

    REFUSED = "the account"
    """A run would have been refused before it began."""
    BLOCKED = "blocked"
    INVALID = "invalid call"
    DENIED = "permission"
    QUOTA = "quota"
    PREREQUISITE = "prerequisite"


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that would have failed, and what to do about it before the night."""

    sort: Sort
    message: str
    hint: str
    component: Key | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of a plan: the component, what is done, and the calls as IAM spells them."""

    component: Key
    title: str
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A plan of the dry run in few words: `name` says which of them it is."""

    name: str
    steps: tuple[Planned, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What IAM was asked: the principal, about how many permissions, and of which it could not tell."""

    principal: str
    permissions: int
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """One dry run. Times are UTC; `complete` is false where something could not be read, `unread` names that.

    `notes` are what could not be told, `lost` what would not come back as it was: neither is a failure.
    """

    id: str
    service: str
    account: str
    region: str
    caller: str
    began: datetime
    ended: datetime
    health: Health
    complete: bool
    plans: tuple[Sketch, ...]
    failures: tuple[Failure, ...]
    lost: tuple[Loss, ...]
    quotas: tuple[Quota, ...]
    iam: Asked
    unread: tuple[str, ...]
    notes: tuple[str, ...]
    api_calls: int

    @property
    def ready(self) -> bool:
        """Whether nothing would have failed, as far as could be told."""
        return not self.failures
