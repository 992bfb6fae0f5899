"""An inventory: all components of one service at one moment, and what they add up to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakglass.model.account import Account
from breakglass.model.component import Component, Found, Unread, Users
from breakglass.model.lead import Key, Lead


class Severity(StrEnum):
    """How soon a finding matters."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong or worth knowing: one sentence, and what to do about it."""

    severity: Severity
    code: str
    message: str
    hint: str
    component: Key | None = None


class Health(StrEnum):
    """Diagnosis of a whole service."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DRIFTED = "drifted"
    HALF_DELETED = "half-deleted"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the components add up to, in a sentence, and the commands that come next.

    `guide` is the command that shows the runbook for this, "" where there is none.
    """

    state: Health
    summary: str
    next: tuple[str, ...] = ()
    guide: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something of the same kind as one of our components (another state entry, another record) names `lead`.

    `by` identifies the claimant: a claim by one of our own components is no news.
    """

    by: Key
    lead: Lead


@dataclass(frozen=True, slots=True)
class Survey:
    """What the looking brought in, before anything is concluded from it.

    `found` in the order of discovery; `resolved` says which components each lead led to, none where it led
    nowhere; `users` answers "who else uses it?" for everything that is there; `claims` are what the siblings
    of our components name, and `claims_unread` the kinds whose siblings could not all be read. `tags_unread` are
    the failed questions who bears the service's tags, `remarks` what the kinds had to say of single components.
    """

    found: tuple[Found, ...]
    resolved: Mapping[Lead, tuple[Key, ...]]
    users: Mapping[Key, Users]
    claims: tuple[Claim, ...] = ()
    claims_unread: tuple[tuple[str, Unread], ...] = ()
    tags_unread: tuple[Unread, ...] = ()
    remarks: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """When and how a service was last rehearsed.

    `recover` is in seconds from the alert. `changes` say in words how its shape has changed since; None where it
    was not this very service but the sandbox's of the same name.
    """

    at: datetime
    drill: str
    scenario: str
    recover: float | None
    changes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class DryRehearsed:
    """When a removal and a rebuild of this very service were last played through without changing anything.

    `failures` counts what would have failed then.
    """

    at: datetime
    id: str
    failures: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """The whole answer to "what is there of this service?"; `api_calls` counts every request sent."""

    service: str
    account: Account
    region: str
    read_at: datetime
    diagnosis: Diagnosis
    components: tuple[Component, ...]
    findings: tuple[Finding, ...]
    complete: bool
    api_calls: int
    rehearsed: Rehearsed | None = None
    dry_run: DryRehearsed | None = None

    def of_kind(self, kind: str) -> tuple[Component, ...]:
        """The components of one kind."""
        return tuple(component for component in self.components if component.key.kind == kind)

    def get(self, key: Key) -> Component | None:
        """The component by that name, None where the inventory has none."""
        return next((component for component in self.components if component.key == key), None)
