"""From a survey to an inventory: links, ownership, states, findings, diagnosis, in this order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from breakglass.model.account import Account
from breakglass.model.component import Component, Found, Owned, Present, State, Users
from breakglass.model.inventory import Inventory, Survey
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Lead
from breakglass.model.settings import Settings
from breakglass.planning.clusters import findings as told_of
from breakglass.planning.clusters import namesakes, only_ours
from breakglass.planning.diagnosis import diagnose
from breakglass.planning.findings import findings
from breakglass.planning.links import Links
from breakglass.planning.managed import managed_by
from breakglass.planning.ownership import ownership, ownership_unread
from breakglass.planning.states import Verdict, dependencies, dropped, outdated_references, verdicts


@dataclass(frozen=True, slots=True)
class Moment:
    """When the looking began (UTC), where, and how to learn what it took (requests sent)."""

    region: str
    read_at: datetime
    api_calls: Callable[[], int]


def judge(seen: Survey, settings: Settings, account: Account, kinds: Mapping[str, Kind], moment: Moment) -> Inventory:
    """Everything that can be concluded from one survey, purely."""
    several = namesakes(seen, settings)
    seen = only_ours(seen, several)
    gone = dropped(seen, kinds)
    kept = _without(seen, gone)
    links = Links(kept, kinds)
    states = verdicts(kept, links, kinds)
    in_order = sorted(kept.found, key=lambda found: (-kinds[found.key.kind].turn, found.key))
    every = tuple(_component(found, kept, links, kinds, states) for found in in_order)
    every = tuple(_with_needs(component, every, kinds) for component in every)
    components = tuple(component for component in every if not _another_teams_listener(component, every, kinds))
    superseded: dict[Key, Lead] = {key: lead for key, lead in gone.items() if lead}
    complete = _complete(components, kept, links, kinds)
    return Inventory(
        service=settings.service,
        account=account,
        region=moment.region,
        read_at=moment.read_at,
        diagnosis=diagnose(settings.service, components, kinds, complete=complete),
        components=components,
        findings=findings(components, superseded, kept, links, kinds, account, told_of(several, settings)),
        complete=complete,
        api_calls=moment.api_calls(),
    )


def _without(seen: Survey, gone: Mapping[Key, Lead | None]) -> Survey:
    resolved = {lead: tuple(key for key in keys if key not in gone) for lead, keys in seen.resolved.items()}
    found = tuple(one for one in seen.found if one.key not in gone)
    return replace(seen, found=found, resolved=resolved)


def _component(
    found: Found, seen: Survey, links: Links, kinds: Mapping[str, Kind], states: Mapping[Key, Verdict]
) -> Component:
    verdict = states[found.key]
    return Component(
        key=found.key,
        sighting=found.sighting,
        leads=found.leads,
        state=verdict.state,
        reason=verdict.reason,
        ownership=ownership(found, seen, links, kinds),
        depends_on=dependencies(found, links),
        users=seen.users.get(found.key, Users()),
        arn=found.arn,
        handles=found.handles,
        managed_by=managed_by(found.tags or {}),
        region=found.region,
        outdated=tuple((reference, target.key) for reference, target in outdated_references(found, links)),
    )


def _with_needs(component: Component, every: tuple[Component, ...], kinds: Mapping[str, Kind]) -> Component:
    """The component with what it cannot do without although no field of it says so."""
    needs = kinds[component.key.kind].needs(component, every)
    return replace(component, depends_on=tuple(dict.fromkeys((*component.depends_on, *needs))))


def _another_teams_listener(component: Component, every: tuple[Component, ...], kinds: Mapping[str, Kind]) -> bool:
    """Listeners of a shared load balancer that nothing of this service stands on are nobody's news."""
    return (
        kinds[component.key.kind].stands_on is not None
        and component.there
        and not isinstance(component.ownership, Owned)
        and not any(component.key in other.depends_on for other in every)
    )


def _complete(components: tuple[Component, ...], seen: Survey, links: Links, kinds: Mapping[str, Kind]) -> bool:
    return not seen.tags_unread and not any(
        component.state is State.UNREADABLE
        or (
            isinstance(component.sighting, Present)
            and kinds[component.key.kind].removable
            and ownership_unread(links.found[component.key], seen, links, kinds)
        )
        for component in components
    )
