"""The plan that takes a service away.

Removed is only what is owned. What a kept component refers to is kept too, so that nothing that stays is left
dangling. The state entry comes last: it is the last pointer to everything else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from breakglass.model.component import Component, Owned, Present, Shared, State, Unproven
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Source
from breakglass.model.plan import Kept, Plan, Purpose, Step, Until
from breakglass.model.settings import After
from breakglass.model.world import World
from breakglass.planning.clusters import blockers
from breakglass.planning.fingerprint import fingerprint
from breakglass.planning.managed import kept_for_its_stack
from breakglass.planning.order import edges, order
from breakglass.planning.retrace import leads_to

LAST = "state-entry"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the operator chose: kinds named by --only and --keep, components by --pick (None: no picking).

    `unprotect` takes deletion protection off, `managed` removes also what a CloudFormation stack manages.
    """

    only: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    picked: frozenset[Key] | None = None
    unprotect: bool = False
    managed: bool = False

    def excludes(self, key: Key) -> str | None:
        """Why a component is left out, None where it is not."""
        if key.kind in self.keep:
            return f"--keep {key.kind}"
        if self.only and key.kind not in self.only:
            return "not among --only " + ", ".join(sorted(self.only))
        if self.picked is not None and key not in self.picked:
            return "not picked"
        return None


@dataclass(frozen=True, slots=True)
class Request:
    """What every plan is made with: the run's id, and the digest of the snapshot that belongs to it.

    `after` is what the state entry has to say after a rebuild.
    """

    run: str
    snapshot: str = ""
    choice: Choice = field(default_factory=Choice)
    after: tuple[After, ...] = ()


def removal(inventory: Inventory, kinds: Mapping[str, Kind], request: Request) -> Plan:
    """The ordered steps that remove what is this service's alone, and everything kept with its reason."""
    components = tuple(component for component in inventory.components if component.there)
    kept = _kept(inventory, kinds, request.choice)
    world = World(run=request.run, inventory=inventory, serving=serving(inventory), traits=kinds)
    going = {component.key: component for component in components if component.key not in kept}
    sequence = order(going, edges(inventory.components, kinds), kinds)[::-1]
    steps = [
        step
        for key in sorted(sequence, key=lambda key: key.kind == LAST)
        for step in _steps(going[key], kinds[key.kind], world)
    ]
    return Plan(
        run=request.run,
        purpose=Purpose.REMOVE,
        service=inventory.service,
        account=inventory.account,
        region=inventory.region,
        steps=numbered(steps),
        kept=tuple(Kept(key, why) for key, why in kept.items()),
        blockers=tuple(blockers(inventory.findings)),
        leads=leads_to(inventory.components, kinds),
        snapshot=request.snapshot,
        serving=world.serving,
    )


def serving(inventory: Inventory) -> bool:
    """Whether targets are registered: whether clients may notice."""
    return any(
        user.kind == "ecs-service"
        for component in inventory.components
        if component.there
        for user in component.users.by
    )


def _kept(inventory: Inventory, kinds: Mapping[str, Kind], choice: Choice) -> dict[Key, str]:
    there = (component for component in inventory.components if component.there)
    kept = {component.key: why for component in there if (why := _why_kept(component, kinds, choice))}
    kept |= {
        component.key: f"unreadable: {component.reason}"
        for component in inventory.components
        if component.state is State.UNREADABLE
    }
    by_key = {component.key: component for component in inventory.components}
    waiting = [key for key in kept if key.kind != LAST]
    while waiting:
        holder = by_key[waiting.pop()]
        for key in holder.depends_on:
            if key in by_key and by_key[key].there and key not in kept:
                kept[key] = f"{holder.key} refers to it and is kept"
                waiting.append(key)
    return kept


def _why_kept(component: Component, kinds: Mapping[str, Kind], choice: Choice) -> str | None:
    kind = kinds[component.key.kind]
    if not kind.removable:
        return f"a {kind.title} is never removed"
    if theirs := kind.untouchable(component.key, component.facts):
        return theirs
    match component.ownership:
        case Shared(by=by):
            return "also used by " + ", ".join(by)
        case Unproven(reason=reason):
            return reason
        case Owned():
            pass
    if excluded := choice.excludes(component.key):
        return excluded
    if not choice.managed and (theirs := kept_for_its_stack(component)):
        return theirs
    protection = kind.protection(component)
    return f"{protection}; --unprotect takes that off" if protection and not choice.unprotect else None


def _steps(component: Component, kind: Kind, world: World) -> tuple[Step, ...]:
    seen = fingerprint(component, kind)
    why = _why(component)
    steps = []
    if kind.protection(component):
        title = f"unprotect {kind.title} {component.key.id}"
        actions = tuple(kind.unprotect(component, world))
        steps.append(Step(0, component.key, title, "--unprotect was given", actions, Until.THERE, seen))
    title = f"remove {kind.title} {component.key.id}"
    actions = tuple(kind.remove(component, world))
    steps.append(Step(0, component.key, title, why, actions, Until.ABSENT, seen, leans_on=component.depends_on))
    return tuple(steps)


def _why(component: Component) -> str:
    sources = list(dict.fromkeys(lead.source for lead in component.leads))
    if sources == [Source.CONVENTION]:
        return "only a naming convention names it; nobody else was found to use it"
    if isinstance(component.sighting, Present) and component.state is not State.OK and component.reason:
        return f"{component.state}: {component.reason}"
    return "this service's alone: named by " + ", ".join(sources)


def numbered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps with their ids, from 1."""
    return tuple(replace(step, id=at) for at, step in enumerate(steps, 1))
