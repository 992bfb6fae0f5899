"""Whose is it? Only what is proven to be this service's alone is ever removed."""

from collections.abc import Iterator, Mapping

from breakglass.model.component import Found, Owned, Ownership, Shared, Unproven, Unread, Users
from breakglass.model.inventory import Survey
from breakglass.model.kind import Kind
from breakglass.model.lead import Source
from breakglass.planning.endpoints import other_endpoint
from breakglass.planning.links import Links
from breakglass.planning.namesakes import may_name, meanings


def ownership(found: Found, seen: Survey, links: Links, kinds: Mapping[str, Kind]) -> Ownership:
    """Owned where it is named exactly and nobody else was found, with every reverse look-up complete.

    "Somebody else" is whoever uses it and is none of this service's components, and whatever of the same
    sort as one of ours names it too: another state entry, another record, another health check.
    """
    if not kinds[found.key.kind].removable:
        return Unproven("never removed, so nobody asked who else uses it")
    users = seen.users.get(found.key, Users())
    if others := (*_foreign(users, links), *_claimants(found, seen, links, kinds), *_led_elsewhere(found, links)):
        return Shared(tuple(sorted(set(others), key=_services_first)))
    if failed := ownership_unread(found, seen, links, kinds):
        return Unproven("who else uses it could not be read: " + "; ".join(map(str, failed)))
    if not users.by and (base := _stands_on(found, links, kinds)):
        return ownership(base, seen, links, kinds)
    return Owned(_evidence(found)) if found.leads else Unproven("no lead names it")


def ownership_unread(found: Found, seen: Survey, links: Links, kinds: Mapping[str, Kind]) -> tuple[Unread, ...]:
    """The look-ups that the question of ownership needed, and that failed."""
    users = seen.users.get(found.key, Users())
    failed = [*users.unread]
    failed += [unread for name, unread in seen.claims_unread if found.key.kind in may_name(name, kinds)]
    if any(user.kind == "ecs-service" for user in users.by):
        failed += [
            unread for one in links.found.values() if one.key.kind == "ecs-service" for unread in one.handles_unread
        ]
    return tuple(dict.fromkeys(failed))


def _services_first(user: str) -> tuple[bool, str]:
    """Other teams' services and records tell more than a rule that answers by itself."""
    return user.startswith("the "), user


def _stands_on(found: Found, links: Links, kinds: Mapping[str, Kind]) -> Found | None:
    kind = kinds[found.key.kind].stands_on
    return next((target for _, target in links.targets(found) if target.key.kind == kind), None)


def _foreign(users: Users, links: Links) -> Iterator[str]:
    unexplained = any(found.handles_unread for found in links.found.values())
    for user in users.by:
        if links.resolve(user.kind, user.ref, user.within) or (unexplained and user.kind == "ecs-service"):
            continue
        yield user.words


def _claimants(found: Found, seen: Survey, links: Links, kinds: Mapping[str, Kind]) -> Iterator[str]:
    for claim in seen.claims:
        if found.key.kind not in meanings(claim.lead.kind, kinds) or claim.by in links.found:
            continue
        if found.key in links.resolve(claim.lead.kind, claim.lead.ref, claim.lead.within):
            yield str(claim.by)


def _led_elsewhere(found: Found, links: Links) -> Iterator[str]:
    if elsewhere := other_endpoint(found, links):
        yield elsewhere


def _evidence(found: Found) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{lead.source}: {lead.detail}" for lead in found.leads))


def by_convention_only(found: Found) -> bool:
    """Whether nothing better than a naming convention names it."""
    return bool(found.leads) and all(lead.source is Source.CONVENTION for lead in found.leads)
