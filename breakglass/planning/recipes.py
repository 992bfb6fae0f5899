"""What is a missing component made of? Every field comes from the best source that has it, and says which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from breakglass.model.component import Absent, Component, Facts, Present
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Reference
from breakglass.model.snapshot import Saved, Snapshot
from breakglass.model.world import Recipe

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Sources:
    """Snapshots, best first, and what the operator named: fields of a kind that win over every source."""

    now: datetime
    snapshots: Sequence[Snapshot] = ()
    wished: Mapping[str, Facts] = field(default_factory=dict)

    def saved(self, key: Key) -> tuple[Snapshot, Saved] | None:
        """The first snapshot in which the component was there, with what it was."""
        for snapshot in self.snapshots:
            saved = snapshot.by_key.get(key)
            if saved and saved.there:
                return snapshot, saved
        return None


def recipe(component: Component, kind: Kind, sources: Sources) -> Recipe:
    """Tombstone over snapshot, field by field; what the operator wishes over both.

    A draining or deleted component does not speak for the fields that deletion sets (`Kind.unreliable`).
    """
    facts: dict[str, object] = {}
    origin: dict[str, str] = {}
    if saved := sources.saved(component.key):
        snapshot, one = saved
        facts |= one.facts
        origin |= dict.fromkeys(one.facts, f"{snapshot.name or snapshot.id}, {age(snapshot.taken_at, sources.now)} old")
    for name, value in tombstone(component).items():
        if name not in kind.unreliable and value not in (None, [], {}, ""):
            facts[name] = value
            origin[name] = "tombstone"
    for name, value in sources.wished.get(component.key.kind, {}).items():
        facts[name] = value
        origin[name] = "the command line"
    return Recipe(component.key, facts, origin)


def tombstone(component: Component) -> Facts:
    """What AWS still tells of something deleted or being deleted."""
    match component.sighting:
        case Absent(remains=remains):
            return remains or {}
        case Present(facts=facts):
            return facts
        case _:
            return {}


def references(component: Component, sources: Sources) -> tuple[Reference, ...]:
    """What it referred to, by its tombstone and by the snapshot that its recipe takes."""
    saved = sources.saved(component.key)
    return tuple(dict.fromkeys((*component.references, *(saved[1].references if saved else ()))))


def told(made_of: Recipe) -> tuple[str, ...]:
    """The sources of a recipe for the plan: each with the fields that it gave."""
    by_source: dict[str, list[str]] = {}
    for name, source in made_of.sources.items():
        by_source.setdefault(source, []).append(name)
    return tuple(f"{source}: {', '.join(sorted(names))}" for source, names in by_source.items())


def age(then: datetime, now: datetime) -> str:
    """How long ago, in one unit: `4 min`, `18 h`, `3 days`."""
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < HOUR:
        return f"{seconds // 60} min"
    return f"{seconds // HOUR} h" if seconds < 2 * DAY else f"{seconds // DAY} days"
