"""The plan that makes what is missing, and repoints what refers to something that was made again.

Live wins: whatever is there stays as it is. Only a dangling reference is changed, that field alone and in a
step of its own. ARNs, DNS names and ids that only exist later are outputs, and find their way by value into
everything that referred to the old ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial

from breakglass.model.component import Absent, Component, Facts, Present, State, Unproven
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.model.plan import Blocker, Kept, Loss, Plan, Purpose, Step, Until
from breakglass.model.world import Making, Recipe, World, token
from breakglass.planning.clusters import blockers
from breakglass.planning.fingerprint import ABSENT, fingerprint
from breakglass.planning.managed import lost_to_its_stack
from breakglass.planning.order import edges, order
from breakglass.planning.recipes import Sources, recipe, references, told
from breakglass.planning.removal import LAST, Request, numbered, serving
from breakglass.planning.renewals import Renewals
from breakglass.planning.retrace import leads_to


def rebuild(inventory: Inventory, kinds: Mapping[str, Kind], request: Request, sources: Sources) -> Plan:
    """The ordered steps, and what stays, blocks or is lost."""
    return _Rebuild(inventory, kinds, request, sources).plan()


@dataclass(slots=True)
class _Rebuild:
    inventory: Inventory
    kinds: Mapping[str, Kind]
    request: Request
    sources: Sources

    @property
    def renewals(self) -> Renewals:
        """What the values of then are now."""
        return Renewals(self.inventory, self.kinds, self.sources)

    def plan(self) -> Plan:
        """Everything, in the order in which it is worked out."""
        successors = self.renewals.successors()
        outlived = {one.key for one in self.inventory.components if self.renewals.replaced(one)} | successors.keys()
        wanting = {
            component.key: component
            for component in self.inventory.components
            if _wanting(component, self.inventory) and component.key not in outlived
        }
        left_out = {key: why for key in wanting if (why := self.request.choice.excludes(key))}
        left_out |= {key: why for key, component in wanting.items() if (why := self._not_ours(component))}
        missing = {key: component for key, component in wanting.items() if key not in left_out}
        recipes = {key: self._recipe(component) for key, component in missing.items()}
        came_from = {key: references(component, self.sources) for key, component in missing.items()}
        world = World(
            run=self.request.run,
            inventory=self.inventory,
            renewals=self.renewals.of(missing, successors, came_from.values()),
            serving=serving(self.inventory),
            traits=self.kinds,
            after=self.request.after,
        )
        dangling = {
            component.key: component
            for component in self.inventory.components
            if component.key not in wanting and self._repointable(component, world)
        }
        makings = {key: self.kinds[key.kind].rebuild(made_of, world) for key, made_of in recipes.items()}
        repoints = {key: self._repoint(component, world) for key, component in dangling.items()}
        sequence = self._sequence(missing, dangling, came_from)
        steps = [
            self._make(missing[key], recipes[key], makings[key])
            if key in missing
            else self._mend(dangling[key], repoints[key], [*missing, *dangling], world)
            for key in sequence
        ]
        every = [*makings.values(), *repoints.values()]
        obstacles = self._obstacles(world, {*missing, *dangling}) if any(step.actions for step in steps) else ()
        return Plan(
            run=self.request.run,
            purpose=Purpose.REBUILD,
            service=self.inventory.service,
            account=self.inventory.account,
            region=self.inventory.region,
            steps=numbered(step for step in steps if step.actions),
            kept=tuple(self._kept(missing, dangling, left_out, successors)),
            blockers=tuple(self._blockers(missing, every, came_from, left_out, obstacles)),
            lost=tuple(dict.fromkeys((*(loss for one in every for loss in one.lost), *_lost_to_stacks(recipes)))),
            leads=self._leads(missing, outlived),
            snapshot=self.request.snapshot,
            serving=world.serving,
        )

    def _leads(self, missing: Mapping[Key, Component], outlived: AbstractSet[Key]) -> tuple[Lead, ...]:
        """Leads to all of it as it will be: to what gets a new id by the token that it is made with."""
        staying = (one for one in self.inventory.components if one.key not in outlived)
        return tuple(map(partial(self._lead, missing), leads_to(staying, self.kinds)))

    def _lead(self, missing: Mapping[Key, Component], lead: Lead) -> Lead:
        if lead.giver is None or lead.giver not in missing or not self.renewals.gets_an_id(lead.giver):
            return lead
        ref, within = self.kinds[lead.kind].successor(lead.giver, token(self.request.run, lead.giver))
        return replace(lead, ref=ref, within=within, expects=False)

    def _not_ours(self, component: Component) -> str | None:
        kind = self.kinds[component.key.kind]
        if not kind.makeable:
            return f"a missing {kind.title} is not made by this tool"
        known = recipe(component, kind, self.sources).facts
        if kind.watches and not known and _only_guessed(component):
            return "only a naming convention names it, and no source says what it was: it may never have been there"
        return kind.untouchable(component.key, known)

    def _recipe(self, component: Component) -> Recipe:
        kind = self.kinds[component.key.kind]
        return kind.completed(recipe(component, kind, self.sources), self.inventory, self._remembered())

    def _remembered(self) -> Mapping[Key, Facts]:
        """The newest known facts of every component that a snapshot has, living or not."""
        known: dict[Key, Facts] = {}
        for snapshot in self.sources.snapshots:
            for saved in snapshot.components:
                if saved.there:
                    known.setdefault(saved.key, saved.facts)
        return known

    def _repointable(self, component: Component, world: World) -> bool:
        """Whether it is dangling, ours to change, and there is something to point it at."""
        return (
            component.there
            and component.state is not State.UNREADABLE
            and not self.kinds[component.key.kind].untouchable(component.key, component.facts)
            and not self.request.choice.excludes(component.key)
            and not isinstance(component.ownership, Unproven)
            and bool(self._changed(component, world) or self.kinds[component.key.kind].unsaid(component, world))
        )

    def _repoint(self, component: Component, world: World) -> Making:
        return self.kinds[component.key.kind].repoint(component, self._changed(component, world), world)

    def _changed(self, component: Component, world: World) -> Sequence[Reference]:
        """The references that there is something to point at for."""
        return [one for one, _ in self.renewals.outdated(component) if world.refer(one.ref) != one.ref]

    def _sequence(
        self,
        missing: Mapping[Key, Component],
        dangling: Mapping[Key, Component],
        came_from: Mapping[Key, Sequence[Reference]],
    ) -> list[Key]:
        before = dict(edges(self._as_it_will_be(came_from), self.kinds))
        sequence = order([*missing, *dangling], before, self.kinds)
        return sorted(sequence, key=lambda key: key.kind == LAST)

    def _as_it_will_be(self, came_from: Mapping[Key, Sequence[Reference]]) -> tuple[Component, ...]:
        """The components with what they will refer to once they are made."""

        def completed(component: Component) -> Component:
            named = (self.renewals.meant(one) for one in came_from.get(component.key, ()) if not one.hint)
            renamed = (key for _, key in self.renewals.outdated(component))
            every = (*component.depends_on, *(key for key in named if key is not None), *renamed)
            return replace(component, depends_on=tuple(dict.fromkeys(every)))

        return tuple(completed(component) for component in self.inventory.components)

    def _make(self, component: Component, made_of: Recipe, making: Making) -> Step:
        kind = self.kinds[component.key.kind]
        title = f"make {kind.title} {component.key.id}"
        seen = ABSENT if isinstance(component.sighting, Absent) else fingerprint(component, kind)
        sources = (*told(made_of), *making.notes)
        why = component.reason or "it is missing"
        return Step(
            0, component.key, title, why, making.actions, Until.THERE, seen, sources, leans_on=component.depends_on
        )

    def _mend(self, component: Component, making: Making, changed: Sequence[Key], world: World) -> Step:
        """What it has to say after a rebuild it says only where nothing of the rebuild was skipped."""
        kind = self.kinds[component.key.kind]
        unsaid = kind.unsaid(component, world)
        verb = "repoint" if self._changed(component, world) else "complete"
        why = component.reason if verb == "repoint" else "what it has to say after a rebuild is configured"
        return Step(
            0,
            component.key,
            f"{verb} {kind.title} {component.key.id}",
            why,
            making.actions,
            Until.IN_SYNC,
            fingerprint(component, kind),
            tuple(making.notes),
            leans_on=tuple(key for key in changed if key != component.key) if unsaid else (),
        )

    def _kept(
        self,
        missing: Mapping[Key, Component],
        dangling: Mapping[Key, Component],
        left_out: Mapping[Key, str],
        successors: Mapping[Key, Key],
    ) -> Iterable[Kept]:
        for component in self.inventory.components:
            if component.key in missing or component.key in dangling:
                continue
            if heir := successors.get(component.key):
                yield Kept(component.key, f"it is gone, and {heir} is there in its place")
            elif why := left_out.get(component.key):
                yield Kept(component.key, why)
            elif component.state is State.UNREADABLE:
                yield Kept(component.key, f"unreadable: {component.reason}")
            elif not component.there:
                yield Kept(component.key, "it is gone, and nothing that is there names it any more")
            else:
                state = "" if component.state is State.OK else f"{component.state}: {component.reason}; "
                yield Kept(component.key, f"{state}it is there, and live wins")

    def _obstacles(self, world: World, changed: AbstractSet[Key]) -> Iterable[Blocker]:
        """What stays as it is, and keeps what is made from serving."""
        for component in self.inventory.components:
            if component.there and component.key not in changed and not self.request.choice.excludes(component.key):
                was = self.sources.saved(component.key)
                facts = was[1].facts if was else {}
                if obstacle := self.kinds[component.key.kind].obstacle(component, facts, world):
                    yield obstacle

    def _blockers(
        self,
        missing: Mapping[Key, Component],
        makings: Iterable[Making],
        came_from: Mapping[Key, Sequence[Reference]],
        left_out: Mapping[Key, str],
        obstacles: Iterable[Blocker],
    ) -> Iterable[Blocker]:
        yield from blockers(self.inventory.findings)
        yield from dict.fromkeys(blocker for making in makings for blocker in making.blockers)
        yield from obstacles
        for key, component in missing.items():
            if isinstance(component.sighting, Absent) and component.sighting.taken_by:
                hint = f"Free its place, or leave it out with --keep {key.kind}."
                yield Blocker(key, component.reason, hint)
            for reference in came_from[key]:
                meant = None if reference.hint else self.renewals.meant(reference)
                target = self.inventory.get(meant) if meant else None
                if target and target.key not in missing and self._hinders(target):
                    why = left_out.get(target.key, target.reason)
                    message = f"{key} refers to {target.key}, which is {target.state} and is not made ({why})"
                    yield Blocker(key, message, self._way_out(key, target))

    def _hinders(self, target: Component) -> bool:
        """Whether what refers to it cannot be made. What is never made keeps its id, so unreadable proves nothing."""
        readable = target.state is not State.UNREADABLE
        return not target.there and (readable or self.kinds[target.key.kind].makeable)

    def _way_out(self, key: Key, target: Component) -> str:
        kind = self.kinds[target.key.kind]
        if kind.makeable:
            return f"Make {target.key} first, or leave out --keep and --only."
        saved = self.sources.saved(target.key)
        was = kind.remembered_as(saved[1].facts if saved else {}) or "not in any snapshot"
        way = f"Made by hand it gets another id: then leave this out with --keep {key.kind}, and make it by hand too."
        return f"The {kind.title} was {was}. {way}"


def _lost_to_stacks(recipes: Mapping[Key, Recipe]) -> Iterable[Loss]:
    return filter(None, (lost_to_its_stack(key, made_of.facts) for key, made_of in recipes.items()))


def _used_up(component: Component) -> bool:
    """Whether its own kind says that what is there cannot be used any more, whatever it names."""
    return isinstance(component.sighting, Present) and component.sighting.condition.state is State.STALE


def _only_guessed(component: Component) -> bool:
    return all(lead.source is Source.CONVENTION for lead in component.leads)


def _wanting(component: Component, inventory: Inventory) -> bool:
    """Missing, on its way out, or there but of no use: a deregistered task definition cannot start a new service.

    One that a living service runs on is left alone: its tasks run, and live wins.
    """
    if component.state in {State.MISSING, State.DRAINING}:
        return True
    return _used_up(component) and any(
        service.state in {State.MISSING, State.DRAINING} for service in inventory.of_kind("ecs-service")
    )
