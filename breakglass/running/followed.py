"""From what was found to what is looked up next: the references of a component, as leads."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from breakglass.model.component import Found, Present, Unreadable
from breakglass.model.kind import Kind
from breakglass.model.lead import Lead, Reference, Source


def with_drawn(found: Found, kinds: Mapping[str, Kind]) -> Found:
    """The component with what other kinds read in it of their own, as if its own kind had said so."""
    if isinstance(found.sighting, Unreadable):
        return found
    drawing = (kind for kind in kinds.values() if found.key.kind in kind.drawn_from)
    drawn = [reference for kind in drawing for reference in kind.draws(found)]
    if not drawn:
        return found
    return replace(found, sighting=replace(found.sighting, references=(*found.sighting.references, *drawn)))


def leads_of(found: Found) -> Iterable[Lead]:
    """The leads that a component's own references give."""
    if isinstance(found.sighting, Unreadable):
        return
    for reference in found.sighting.references:
        if reference.follow:
            yield _lead(found, reference)


def _lead(found: Found, reference: Reference) -> Lead:
    source = Source.LIVE if isinstance(found.sighting, Present) else Source.TOMBSTONE
    if found.key.kind == Source.STATE_ENTRY:
        source = Source.STATE_ENTRY
    return Lead(
        kind=reference.kind,
        ref=reference.ref,
        source=source,
        detail=" ".join(filter(None, (str(found.key), reference.path))),
        within=reference.within,
        expects=reference.expects,
        giver=found.key,
    )
