"""Kinds that share their names: a reference that names a load balancer need not say of which sort it is.

Where AWS knows none of one kind by a name, a namesake of that kind may be what is meant (`Kind.namesakes`). Here is
told which absent components are no more than the other reading of such a name.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from breakglass.model.component import Absent, Found, Present
from breakglass.model.inventory import Survey
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Lead, Source

Kinds = Mapping[str, Kind]


def meanings(kind: str, kinds: Kinds) -> tuple[str, ...]:
    """The kinds that a reference to one of `kind` may mean, itself first."""
    return (kind, *sorted(kinds[kind].namesakes & kinds.keys())) if kind in kinds else (kind,)


def sort_of(kind: str, kinds: Kinds) -> frozenset[str]:
    """The kind with all that share names with it, in either direction."""
    others = (name for name, other in kinds.items() if kind in other.namesakes)
    return frozenset((*meanings(kind, kinds), *others))


def may_name(kind: str, kinds: Kinds) -> frozenset[str]:
    """The kinds that a component of this kind may name in its fields."""
    drawn = (name for name, other in kinds.items() if kind in other.drawn_from)
    return frozenset(chain.from_iterable(meanings(name, kinds) for name in (*kinds[kind].names, *drawn)))


def only_a_reading(found: Found, seen: Survey, kinds: Kinds) -> bool:
    """Whether an absent component is only another reading of names that mean a component of a namesake kind.

    One that is there, or that could not be looked up, is what such a name means. Where both are absent the name
    means what somebody names exactly; where nobody does, it is the kind that the leads speak of.
    """
    if not isinstance(found.sighting, Absent) or found.sighting.remains is not None or not found.leads:
        return False
    if all(lead.kind != found.key.kind for lead in found.leads):
        return True  # it was only asked whether there is one
    namesakes = sort_of(found.key.kind, kinds) - {found.key.kind}
    others = (one for one in seen.found if one.key.kind in namesakes)
    return any(
        all(_may_mean(lead, other, kinds) for lead in found.leads)
        and (not isinstance(other.sighting, Absent) or _named_exactly(other))
        for other in others
    )


def _may_mean(lead: Lead, other: Found, kinds: Kinds) -> bool:
    """Whether a lead may mean `other`: by a name that says no sort, or by what only that one answers to.

    What is remembered of an earlier time counts for nothing against what is there under that name.
    """
    kind = other.key.kind
    if lead.source is Source.SNAPSHOT:
        return isinstance(other.sighting, Present) and lead.ref in other.handles
    if kind not in meanings(lead.kind, kinds):
        return False
    spelt = lead.ref.rstrip(".").casefold()
    answers = spelt in {handle.rstrip(".").casefold() for handle in other.handles}
    return answers or kinds[kind].identify(lead.ref, lead.within) == other.key.id


def _named_exactly(found: Found) -> bool:
    return any(lead.kind == found.key.kind and lead.expects for lead in found.leads)


def named_better(kind: str, found: Iterable[Found], kinds: Kinds) -> bool:
    """Whether a better source than a naming convention names something of that sort."""
    sort = sort_of(kind, kinds)
    return any(
        one.key.kind in sort and any(lead.source is not Source.CONVENTION and lead.expects for lead in one.leads)
        for one in found
    )


def handed_on(lead: Lead, found: Found, kinds: Kinds) -> Iterator[Key]:
    """The components of namesake kinds that a lead may mean, now that it came back with nothing of its own kind."""
    asked_about = isinstance(found.sighting, Absent) and lead.kind == found.key.kind
    if not asked_about or not lead.expects or lead.source is Source.SNAPSHOT:
        return
    for name in meanings(lead.kind, kinds)[1:]:
        known_as = kinds[name].identify(lead.ref, lead.within)
        if known_as is not None:
            yield Key(name, known_as)
