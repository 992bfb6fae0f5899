"""Snapshots: a service as it was, complete enough to make it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from breakglass.model.component import Facts, State
from breakglass.model.inventory import Health
from breakglass.model.lead import Key, Lead, Reference


@dataclass(frozen=True, slots=True)
class Saved:
    """One component as it was: AWS's own facts, what it referred to, and how others could refer to it."""

    key: Key
    state: State
    reason: str
    ownership: str
    facts: Facts
    references: tuple[Reference, ...] = ()
    handles: frozenset[str] = frozenset()
    arn: str | None = None
    region: str = ""
    leads: tuple[Lead, ...] = ()

    @property
    def there(self) -> bool:
        """Whether it was there, so that its facts are those of a living component."""
        return self.state not in {State.MISSING, State.UNREADABLE, State.DRAINING}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All components of one service at one moment, shared ones too.

    `id` sorts by time; `name` is how it is spoken of ("snapshot 20261123T031209Z-7f3a", "run ..."); `digest` is
    the SHA-256 of everything but itself, hexadecimal.
    """

    id: str
    service: str
    account: str
    region: str
    taken_at: datetime
    health: Health
    complete: bool
    components: tuple[Saved, ...]
    digest: str = ""
    name: str = ""

    @property
    def by_key(self) -> Mapping[Key, Saved]:
        """The components by their names."""
        return {saved.key: saved for saved in self.components}
