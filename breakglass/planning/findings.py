"""Findings: what the operator has to know beside the states, each with what to do about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from breakglass.model.account import Account
from breakglass.model.arn import parse_arn
from breakglass.model.component import Component, Present, Shared, State, Unread, Unreadable
from breakglass.model.inventory import Finding, Severity, Survey
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Lead
from breakglass.planning.diagnosis import idle
from breakglass.planning.links import Links
from breakglass.planning.namesakes import sort_of
from breakglass.planning.ownership import by_convention_only, ownership_unread

DENIED = ("AccessDenied", "Unauthorized", "NotAuthorized", "AuthorizationError", "Forbidden")


def findings(
    components: Iterable[Component],
    superseded: Mapping[Key, Lead],
    seen: Survey,
    links: Links,
    kinds: Mapping[str, Kind],
    account: Account,
    first: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Everything worth saying, most urgent first; of the equally urgent those that are known `first`."""
    components = tuple(components)
    every = [
        *first,
        *(remark for remark in seen.remarks if remark.component in {component.key for component in components}),
        *(finding for component in components for finding in _of_one(component, kinds)),
        *_not_serving(components, kinds),
        *_ownership_unread(components, seen, links, kinds),
        *(_unread("what bears the service's tags", unread, None) for unread in seen.tags_unread),
        *_superseded(superseded, components, kinds),
        *(finding for component in components for finding in _elsewhere(component, account)),
        *_conventions(components, links),
    ]
    order = list(Severity)
    return tuple(sorted(dict.fromkeys(every), key=lambda finding: order.index(finding.severity)))


def _of_one(component: Component, kinds: Mapping[str, Kind]) -> Iterator[Finding]:
    title = f"{kinds[component.key.kind].title} {component.key.id}"
    yield from _of_its_state(component, kinds[component.key.kind], title)
    if isinstance(component.ownership, Shared) and component.there:
        message = f"{title} is shared with {', '.join(component.ownership.by)}."
        yield Finding(Severity.INFO, "shared", message, "It is never removed.", component.key)
    if component.managed_by:
        message = f"{title} is managed by {component.managed_by}."
        hint = "What is changed here will differ from what that tool believes; tell its owners."
        yield Finding(Severity.INFO, "managed", message, hint, component.key)


def _of_its_state(component: Component, kind: Kind, title: str) -> Iterator[Finding]:
    key, because = component.key, f"{title} is {component.state}: {component.reason}."
    match component.state:
        case State.MISSING:
            named = ", ".join(dict.fromkeys(lead.detail for lead in component.leads if lead.expects))
            message = f"{because} Named by {named}." if named else because
            hint = "A rebuild makes it again." if kind.makeable else f"A {kind.title} is never made by this tool."
            yield Finding(Severity.CRITICAL, "missing", message, hint, key)
        case State.DRAINING:
            message = " ".join((f"{title} is {component.reason}.", *_troubles(component)[:1]))
            hint = "It cannot be made again before its tasks have stopped; a rebuild waits for that."
            yield Finding(Severity.CRITICAL, "draining", message, hint, key)
        case State.STALE:
            yield Finding(Severity.WARNING, "stale", because, "A rebuild repoints what refers to something gone.", key)
        case State.ORPHANED:
            yield Finding(Severity.WARNING, "orphaned", because, "A removal takes it away.", key)
        case State.UNREADABLE:
            yield from (_unread(title, unread, key) for unread in _failures(component))
        case State.OK:
            pass


def _not_serving(components: Sequence[Component], kinds: Mapping[str, Kind]) -> Iterator[Finding]:
    """Why a service that is all there does not serve; where pieces are missing, that is reason enough."""
    if any(component.state in {State.MISSING, State.DRAINING} for component in components):
        return
    hint = "Look at this first: a rebuild only makes again what is gone, as snapshots and entry remember it."
    for component in components:
        for trouble in () if idle(component, components) else _troubles(component):
            message = f"{kinds[component.key.kind].title} {component.key.id}: {trouble}"
            yield Finding(Severity.CRITICAL, "not-serving", message, hint, component.key)


def _troubles(component: Component) -> tuple[str, ...]:
    return component.sighting.condition.troubles if isinstance(component.sighting, Present) else ()


def _failures(component: Component) -> tuple[Unread, ...]:
    match component.sighting:
        case Unreadable(failures=failures):
            return failures
        case Present(unread=unread):
            return unread
        case _:
            return ()


def _unread(what: str, unread: Unread, key: Key | None) -> Finding:
    if unread.code.startswith(DENIED):
        message = f"{unread.operation} is denied ({unread.code}), so {what} could not be read."
        hint = f"Unreadable is not missing: it is left alone. Allow {unread.operation} and look again."
    else:
        message = f"{unread.operation} failed ({unread.code}: {unread.message}), so {what} could not be read."
        hint = "Unreadable is not missing: it is left alone. Look again in a moment."
    return Finding(Severity.CRITICAL, "unreadable", message, hint, key)


def _ownership_unread(
    components: Iterable[Component], seen: Survey, links: Links, kinds: Mapping[str, Kind]
) -> Iterator[Finding]:
    affected: dict[Unread, list[Key]] = {}
    for component in components:
        if component.there and kinds[component.key.kind].removable:
            told = _failures(component)
            for unread in ownership_unread(links.found[component.key], seen, links, kinds):
                if unread not in told:
                    affected.setdefault(unread, []).append(component.key)
    for unread, keys in affected.items():
        names = ", ".join(map(str, keys))
        yield Finding(
            Severity.WARNING,
            "ownership-unread",
            f"{unread.operation} failed ({unread.code}), so nobody can say who else uses {names}.",
            f"What is not proven to be this service's alone is kept. Allow {unread.operation} and look again.",
            keys[0] if len(keys) == 1 else None,
        )


def _superseded(
    superseded: Mapping[Key, Lead], components: Iterable[Component], kinds: Mapping[str, Kind]
) -> Iterator[Finding]:
    for key, lead in superseded.items():
        sort = sort_of(key.kind, kinds)
        live = [component.key for component in components if component.key.kind in sort and component.there]
        names = ", ".join(one.id for one in live)
        place = f"{lead.origin.key} in {lead.origin.file}" if lead.origin else lead.detail
        yield Finding(
            Severity.WARNING,
            "configuration-outdated",
            f"{place} names {key}, which AWS does not know; the live one is {names}.",
            f"Set {place} to {names}.",
            live[0] if len(live) == 1 else None,
        )


def _elsewhere(component: Component, account: Account) -> Iterator[Finding]:
    """Resources and references that name another account than STS does."""
    arns = [component.arn, *(reference.ref for reference in component.references)]
    for arn in filter(None, map(parse_arn, filter(None, arns))):
        if arn.account and arn.account.isdigit() and arn.account != account.id:
            message = f"{component.key} names the account {arn.account} (arn:…:{arn.resource}); this is {account.id}."
            hint = "Nothing here can be changed before this is understood: are these the right credentials?"
            yield Finding(Severity.CRITICAL, "other-account", message, hint, component.key)


def _conventions(components: Iterable[Component], links: Links) -> Iterator[Finding]:
    for component in components:
        if component.there and component.key.kind != "state-entry" and by_convention_only(links.found[component.key]):
            message = f"{component.key} is known by a naming convention alone."
            hint = "Make sure it is this service's before you remove it."
            yield Finding(Severity.INFO, "convention-only", message, hint, component.key)
