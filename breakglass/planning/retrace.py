"""Leads that find components again when what named them may be gone: a run's own, a snapshot's."""

from collections.abc import Iterable, Mapping

from breakglass.model.component import Component
from breakglass.model.kind import Kind
from breakglass.model.lead import Lead, Source
from breakglass.model.snapshot import Saved, Snapshot


def leads_to(components: Iterable[Component], kinds: Mapping[str, Kind]) -> tuple[Lead, ...]:
    """One lead for each component, by its natural key."""
    return tuple(_lead(component, kinds, "this run") for component in components)


def leads_in(snapshot: Snapshot, kinds: Mapping[str, Kind]) -> tuple[Lead, ...]:
    """One lead for each component that was there when the snapshot was taken."""
    return tuple(
        _lead(saved, kinds, snapshot.name or f"snapshot {snapshot.id}")
        for saved in snapshot.components
        if saved.there and saved.key.kind in kinds
    )


def _lead(one: Component | Saved, kinds: Mapping[str, Kind], detail: str) -> Lead:
    kind = kinds[one.key.kind]
    ref, within = kind.retrace(one.key, one.references)
    known = (lead.within for lead in one.leads if lead.ref == ref and lead.within)
    within = kind.scope(one.key, one.facts, one.region) or within or next(known, "")
    return Lead(one.key.kind, ref, Source.SNAPSHOT, detail, within=within, giver=one.key)
