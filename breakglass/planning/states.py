"""What state is each component in? A kind judges it alone; here it is judged by what it points at."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from breakglass.model.component import Absent, Found, Present, State, Unreadable, Users
from breakglass.model.inventory import Survey
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.planning.endpoints import has_a_sibling_here, other_endpoint
from breakglass.planning.links import Links
from breakglass.planning.namesakes import may_name, only_a_reading, sort_of

INDEPENDENT = frozenset({Source.LIVE, Source.TOMBSTONE})


@dataclass(frozen=True, slots=True)
class Verdict:
    """State and the evidence for it, as one phrase."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two of our components name different things of one sort: what `entry` names, and what is live."""

    entry: Key
    named: tuple[Key, ...]
    live: tuple[Key, ...]
    by: Key


def verdicts(seen: Survey, links: Links, kinds: Mapping[str, Kind]) -> Mapping[Key, Verdict]:
    """The state of every component of a survey."""
    disagreements = tuple(disagree(links, kinds))
    return {found.key: _verdict(found, seen, links, kinds, disagreements) for found in seen.found}


def _verdict(
    found: Found, seen: Survey, links: Links, kinds: Mapping[str, Kind], disagreements: Iterable[Disagreement]
) -> Verdict:
    match found.sighting:
        case Unreadable(failures=failures):
            return Verdict(State.UNREADABLE, "; ".join(map(str, failures)))
        case Absent(reason=reason):
            return Verdict(State.MISSING, reason)
        case Present(unread=unread, condition=condition) if unread:
            parts = (*map(str, unread), condition.reason)
            return Verdict(State.UNREADABLE, "; ".join(dict.fromkeys(filter(None, parts))))
        case Present(condition=condition) if condition.state is not State.OK:
            return Verdict(condition.state, condition.reason)
        case Present(condition=condition):
            reasons = (
                *_stale(found, links),
                *_unanswered(found, links, kinds),
                *_says_otherwise(found.key, disagreements),
                *_elsewhere(found, links),
            )
            if reasons:
                return Verdict(State.STALE, "; ".join(dict.fromkeys(reasons)))
            if kinds[found.key.kind].used and not _in_use(found, seen, links, kinds):
                return Verdict(State.ORPHANED, "; ".join(filter(None, ("nothing live uses it", condition.reason))))
            return Verdict(State.OK, condition.reason)


def _stale(found: Found, links: Links) -> Iterator[str]:
    """What it points at is gone, is going, or has been made again under another ARN."""
    for reference, target in links.targets(found):
        match target.sighting:
            case Absent():
                yield f"names {target.key}, which is gone"
            case Present(condition=condition) if condition.state is State.DRAINING:
                yield f"names {target.key}, which is being deleted"
            case Present() if links.outdated(reference, target):
                yield f"names an earlier {target.key} ({reference.ref})"


def _unanswered(found: Found, links: Links, kinds: Mapping[str, Kind]) -> Iterator[str]:
    for reference in links.unanswered(found):
        yield f"names a {kinds[reference.kind].title} that is gone ({reference.path})"


def _elsewhere(found: Found, links: Links) -> Iterator[str]:
    """A record that leads to something which sends no traffic to this service."""
    if found.key.kind != "dns-record" or not isinstance(found.sighting, Present):
        return
    if other_endpoint(found, links) and has_a_sibling_here(found, links):
        return
    serving = set(links.serving_entrances())
    if not serving or any(_through_another_record(reference, links) for reference in found.sighting.references):
        return
    led_to = [
        (reference, links.resolve(reference.kind, reference.ref, reference.within))
        for reference in found.sighting.references
        if reference.kind in links.entrances
    ]
    names = " or ".join(sorted(key.id for key in serving))
    if not led_to:
        yield f"leads to no load balancer, but {names} serves this service"
    for reference, keys in led_to:
        if not serving & set(keys):
            target = keys[0] if keys else reference.ref
            yield f"leads to {target}, which sends this service nothing; {names} does"


def _through_another_record(reference: Reference, links: Links) -> bool:
    """An alias within its zone, whose target says the rest; a CNAME says so only where that is a record of ours."""
    if reference.kind != "dns-record":
        return False
    return reference.path.startswith("AliasTarget") or bool(
        links.resolve(reference.kind, reference.ref, reference.within)
    )


def _says_otherwise(key: Key, disagreements: Iterable[Disagreement]) -> Iterator[str]:
    for one in disagreements:
        if one.entry == key:
            named, live = (", ".join(each.id for each in keys) for keys in (one.named, one.live))
            yield f"says {named}; {one.by} has {live}"


def disagree(links: Links, kinds: Mapping[str, Kind]) -> Iterator[Disagreement]:
    """State entries whose pointers name something else than what the live components refer to.

    Compared sort by sort (kinds that share their names are one), with what one live component (the service, the
    record) itself refers to. What the entry names and AWS does not know is not a disagreement: it is missing, or an
    outdated name. Where there are several of a kind (records, each with a health check), one that agrees is enough.
    """
    living = [
        found
        for found in links.found.values()
        if isinstance(found.sighting, Present)
        and found.sighting.condition.state is not State.DRAINING
        and kinds[found.key.kind].uses
        and not other_endpoint(found, links)
    ]
    for entry in links.found.values():
        if entry.key.kind != "state-entry":
            continue
        named = _by_sort(entry, links, kinds)
        lives = [(one, _by_sort(one, links, kinds)) for one in living]
        agreeing = {
            (one.key.kind, sort)
            for one, live in lives
            for sort in named.keys() & live.keys()
            if set(named[sort]) & set(live[sort])
        }
        for one, live in lives:
            for sort in named.keys() & live.keys():
                if (one.key.kind, sort) not in agreeing:
                    yield Disagreement(entry.key, tuple(named[sort]), tuple(live[sort]), one.key)


def _by_sort(found: Found, links: Links, kinds: Mapping[str, Kind]) -> Mapping[frozenset[str], list[Key]]:
    together: dict[frozenset[str], list[Key]] = {}
    for _, target in links.targets(found):
        together.setdefault(sort_of(target.key.kind, kinds), []).append(target.key)
    return together


def _in_use(found: Found, seen: Survey, links: Links, kinds: Mapping[str, Kind]) -> bool:
    users = seen.users.get(found.key, Users())
    if users.by or users.unread:
        return True
    if any(kinds[referrer.key.kind].uses for referrer in links.referrers(found.key)):
        return True
    return any(found.key in links.resolve(one.lead.kind, one.lead.ref, one.lead.within) for one in seen.claims)


def dropped(seen: Survey, kinds: Mapping[str, Kind]) -> Mapping[Key, Lead | None]:
    """Absent components that are no news.

    A conventional name that AWS does not know is only a name where a better source names a component of that
    kind, says that there is none, or could not be read. A configured id that AWS does not know, where the state
    entry or a live resource names another, is a mistake in the configuration: then the lead with its place is the
    value. What only a tag names is told of for a while after it is gone. And a name that kinds share is one
    component's, though it was looked for among all of them.
    """
    dropped: dict[Key, Lead | None] = {}
    for found in seen.found:
        if not isinstance(found.sighting, Absent) or found.sighting.remains is not None or not found.leads:
            continue
        if only_a_reading(found, seen, kinds):
            dropped[found.key] = None
            continue
        sources = {lead.source for lead in found.leads}
        if sources == {Source.TAG} or (
            sources == {Source.CONVENTION}
            and (_better(found, seen, kinds) or _sources_unread(found, seen, kinds) or _ruled_out(found, seen, kinds))
        ):
            dropped[found.key] = None
        elif sources <= {Source.CONVENTION, Source.CONFIGURATION} and _better(found, seen, kinds, present=True):
            dropped[found.key] = next(lead for lead in found.leads if lead.source is Source.CONFIGURATION)
    return dropped


def _better(found: Found, seen: Survey, kinds: Mapping[str, Kind], *, present: bool = False) -> bool:
    """Whether something else of its kind, or of a kind that shares its names, is named by a better source."""
    same_sort = sort_of(found.key.kind, kinds)
    weak = {Source.CONVENTION, Source.CONFIGURATION} if present else {Source.CONVENTION}
    return any(
        other.key != found.key
        and other.key.kind in same_sort
        and (not present or isinstance(other.sighting, Present))
        and any(lead.source not in weak and lead.expects for lead in other.leads)
        for other in seen.found
    )


def _ruled_out(found: Found, seen: Survey, kinds: Mapping[str, Kind]) -> bool:
    """Whether a better source says that the service has none of its kind."""
    return any(found.key.kind in kinds[other.key.kind].without(other) for other in seen.found)


def _sources_unread(found: Found, seen: Survey, kinds: Mapping[str, Kind]) -> bool:
    return any(
        found.key.kind in may_name(other.key.kind, kinds)
        and (
            isinstance(other.sighting, Unreadable)
            or (isinstance(other.sighting, Present) and bool(other.sighting.unread))
        )
        for other in seen.found
    )


def dependencies(found: Found, links: Links) -> tuple[Key, ...]:
    """What it depends on, each once, in the order of its fields."""
    return tuple(dict.fromkeys(target.key for _, target in links.targets(found)))


def outdated_references(found: Found, links: Links) -> Iterator[tuple[Reference, Found]]:
    """The references of a living component to something gone or of no more use, or to an earlier one of that name."""
    if not isinstance(found.sighting, Present):
        return
    for reference, target in links.targets(found):
        if isinstance(target.sighting, Absent) or _used_up(target) or links.outdated(reference, target):
            yield reference, target


def _used_up(found: Found) -> bool:
    """Whether its own kind says that it has to be made again: a task definition that is deregistered."""
    return isinstance(found.sighting, Present) and found.sighting.condition.state is State.STALE
