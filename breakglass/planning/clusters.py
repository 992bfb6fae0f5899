"""Services of one name in several clusters: which of them is meant, by whoever names one exactly.

ECS knows a service by its cluster and its name. A naming convention can lead to one in each of several clusters, and
a state entry to another than the configuration does: then the wrong one is quickly deleted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from breakglass.model import ecs
from breakglass.model.component import Absent, Found, Present, State, User, Users
from breakglass.model.inventory import Finding, Severity, Survey
from breakglass.model.lead import Key, Lead, Source
from breakglass.model.plan import Blocker
from breakglass.model.settings import Settings

SERVICE = "ecs-service"
CHOSEN = "--cluster"
REGISTERED_IN = frozenset({"target-group", "classic-load-balancer", "discovery-service"})
AMBIGUOUS, NAMESAKE = "ambiguous-service", "namesake-service"


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Services of one name: those that are `meant`, and the `others`; none is meant where nobody can tell."""

    meant: tuple[Found, ...]
    others: tuple[Found, ...]


def namesakes(seen: Survey, settings: Settings) -> Sequence[Namesakes]:
    """For each name that services of several clusters bear, which of them are meant."""
    by_name: dict[str, list[Found]] = defaultdict(list)
    for found in seen.found:
        if found.key.kind == SERVICE:
            by_name[_name(found.key)].append(found)
    judged = (_judged(group, seen, settings) for group in by_name.values() if len(group) > 1)
    return tuple(one for one in judged if one)


def _judged(group: Sequence[Found], seen: Survey, settings: Settings) -> Namesakes | None:
    """None where there is no question: several are meant by one who names them all, or only one is there at all.

    Where another one than is named has the traffic that is known to be this service's, nobody can tell either.
    """
    meant = _named(group, settings)
    if meant is not None and not meant:
        known = [one for one in group if _known(one, Source.CONVENTION)]
        meant = None if len(known) > 1 else known
    if meant is None:
        return Namesakes((), tuple(group))
    others = tuple(one for one in group if one not in meant and not _mistaken(one))
    if _served_by(others, meant, seen):
        return Namesakes((), (*meant, *others))
    return Namesakes(tuple(meant), others) if meant and others else None


def _served_by(others: Sequence[Found], meant: Sequence[Found], seen: Survey) -> set[Key]:
    """What is this service's by other leads as well, and has the tasks of another one in it."""
    ours = _reached(seen, {one.key for one in others})
    theirs = _behind((one for one in others if _lives(one)), seen) & ours
    return theirs - _behind(meant, seen)


def _behind(services: Iterable[Found], seen: Survey) -> set[Key]:
    """Where ECS registers the tasks of some services."""
    givers = {one.key for one in services}
    leads = (lead for lead in seen.resolved if lead.giver in givers and lead.kind in REGISTERED_IN)
    return {key for lead in leads for key in seen.resolved[lead]}


def _named(group: Sequence[Found], settings: Settings) -> Sequence[Found] | None:
    """Those that are named exactly, none where nobody names any; None where nobody can tell who is right.

    A state entry wins over a configured service that AWS does not know, and over no other.
    """
    if settings.cluster:
        chosen = [one for one in group if _cluster(one.key) == ecs.cluster_name(settings.cluster)]
        return chosen if any(_known(one, None) for one in chosen) else None
    configured, remembered = (
        [one for one in group if any(_exact(lead, source) for lead in one.leads)]
        for source in (Source.CONFIGURATION, Source.STATE_ENTRY)
    )
    if not configured or not remembered:
        return configured or remembered
    larger, smaller = sorted((configured, remembered), key=len, reverse=True)
    if all(one in larger for one in smaller):
        return larger
    return remembered if any(map(_lives, remembered)) and not any(map(_lives, configured)) else None


def _exact(lead: Lead, source: Source) -> bool:
    return lead.source is source and not lead.detail.endswith(ecs.IN_A_CONFIGURED_CLUSTER)


def _lives(found: Found) -> bool:
    return isinstance(found.sighting, Present) and found.sighting.condition.state is not State.DRAINING


def _known(found: Found, guess: Source | None) -> bool:
    """Whether anybody but the command line, and a `guess`, has ever heard of it."""
    return not _unheard_of(found) or any(lead.detail != CHOSEN and lead.source is not guess for lead in found.leads)


def _mistaken(found: Found) -> bool:
    """A configured name that AWS does not know: that is told of as a mistake in the configuration."""
    return _unheard_of(found) and any(lead.source is Source.CONFIGURATION for lead in found.leads)


def _unheard_of(found: Found) -> bool:
    return isinstance(found.sighting, Absent) and found.sighting.remains is None


def only_ours(seen: Survey, every: Iterable[Namesakes]) -> Survey:
    """The survey without the services that are not meant, and without what nothing else led to."""
    others = {found.key for one in every if one.meant for found in one.others}
    if not others:
        return seen
    ours = _reached(seen, others)
    found = tuple(replace(one, leads=_leads(one, ours)) for one in seen.found if one.key in ours)
    return replace(
        seen,
        found=found,
        resolved={lead: tuple(key for key in keys if key in ours) for lead, keys in seen.resolved.items()},
        users={
            key: replace(users, by=(*users.by, *_named_by(key, seen, others)))
            for key in ours
            if (users := seen.users.get(key, Users()))
        },
    )


def _named_by(key: Key, seen: Survey, others: set[Key]) -> Iterator[User]:
    """What is not meant and named by something of ours as well: that is not ours alone."""
    for other in seen.found:
        if other.key in others and any(lead.giver == key for lead in other.leads):
            yield User("", "", f"{other.key}, which it names")


def _reached(seen: Survey, others: set[Key]) -> set[Key]:
    """What leads lead to that did not come from one of the others."""
    ours: set[Key] = set()
    while True:
        more = {
            one.key
            for one in seen.found
            if one.key not in ours | others
            and (not one.leads or any(lead.giver in {None, one.key, *ours} for lead in one.leads))
        }
        if not more:
            return ours
        ours |= more


def _leads(found: Found, ours: set[Key]) -> tuple[Lead, ...]:
    return tuple(lead for lead in found.leads if lead.giver is None or lead.giver in ours)


def findings(every: Iterable[Namesakes], settings: Settings) -> Iterator[Finding]:
    """That there are several, and how to say which is meant."""
    for one in every:
        there = [found for found in one.others if isinstance(found.sighting, Present)]
        if not one.meant:
            yield _ambiguous(one.others, settings)
        elif there:
            message = (
                f"{_and(map(str, _keys(there)))} has the same name as {_and(map(str, _keys(one.meant)))}, which "
                f"{_by(one.meant[0])} names; it is left alone."
            )
            hint = f"If it is the one that is meant: {_option(there[0])}"
            yield Finding(Severity.WARNING, NAMESAKE, message, hint, one.meant[0].key)


def _ambiguous(several: Sequence[Found], settings: Settings) -> Finding:
    named = _and(f"{found.key.id} (named by {_by(found)})" for found in several)
    message = f"Nobody can say which ECS service this is about: {named}. Neither is changed until one is named."
    cluster = _cluster(several[0].key)
    hint = (
        f"Name one: {' or '.join(map(_option, several))}; for good [services.{settings.service}] "
        f'ecs = {{ cluster = "{cluster}" }} and the same cluster in its state entry.'
    )
    return Finding(Severity.CRITICAL, AMBIGUOUS, message, hint, several[0].key)


def blockers(told: Iterable[Finding]) -> Iterator[Blocker]:
    """Why nothing can be planned for a service of which nobody can say which it is."""
    for one in told:
        if one.code == AMBIGUOUS and one.component:
            yield Blocker(one.component, one.message.removesuffix("."), one.hint)


def _keys(found: Iterable[Found]) -> Iterator[Key]:
    return (one.key for one in found)


def _by(found: Found) -> str:
    strongest = (Source.CONFIGURATION, Source.STATE_ENTRY)
    leads = sorted(found.leads, key=lambda lead: lead.source not in strongest)
    return leads[0].detail if leads else "nobody"


def _option(found: Found) -> str:
    return f"--cluster {_cluster(found.key)}"


def _and(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _cluster(key: Key) -> str:
    return key.id.partition("/")[0]


def _name(key: Key) -> str:
    return key.id.partition("/")[2]
