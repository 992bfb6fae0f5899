"""What every old value is now: the ARN, id or DNS name of something that was made again, or has still to be.

A living component can name what no look at AWS explains any more: the ARN of a rule that is gone tells nobody which
rule it was. Then snapshots know, by the values that each component had when it was there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from breakglass.model.component import Component, State
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Reference, Source
from breakglass.model.plan import Output
from breakglass.planning.links import spelling
from breakglass.planning.namesakes import meanings
from breakglass.planning.recipes import Sources, references

ENTRY = "state-entry"

Outdated = tuple[Reference, Key]
"""A reference to something gone, or to an earlier one of its name, and which component that is."""


@dataclass(frozen=True, slots=True)
class Renewals:
    """Which component a value means, living, missing or only remembered, and what took its place."""

    inventory: Inventory
    kinds: Mapping[str, Kind]
    sources: Sources

    def of(
        self, missing: Collection[Key], successors: Mapping[Key, Key], came_from: Iterable[Sequence[Reference]]
    ) -> dict[str, str | Output]:
        """What every old value is now. Only values that do not outlive the thing are changed.

        `missing` are those that are to be made, `successors` the living ones that took the place of others.
        """
        outdated = [reference for one in self.inventory.components for reference, _ in self.outdated(one)]
        renewals: dict[str, str | Output] = {}
        for reference in (*outdated, *(one for several in came_from for one in several)):
            key = self.meant(reference)
            made_of = self.kinds[key.kind].field_of(reference.ref) if key else None
            if key is None or made_of is None:
                continue
            name, form = made_of
            if key in missing:
                renewals[reference.ref] = Output(key, name, form)
            elif (live := self.inventory.get(successors.get(key, key))) and live.there:
                value = self.kinds[live.key.kind].value(live.facts, name)
                if value and spelling(form.of(value)) != spelling(reference.ref):
                    renewals[reference.ref] = form.of(value)
        return renewals

    def outdated(self, component: Component) -> tuple[Outdated, ...]:
        """The references of a living component to what is not there any more under that value.

        Those that the look itself explains, and those that only snapshots do.
        """
        if not component.there:
            return component.outdated
        told = {reference.ref for reference, _ in component.outdated}
        return (
            *component.outdated,
            *(
                (reference, key)
                for reference in component.references
                if not reference.hint and reference.ref not in told and not self._living(reference)
                if (key := self._remembered(reference)) and key != component.key
                if (now := self.inventory.get(key)) and spelling(reference.ref) not in _spelt(now.handles)
            ),
        )

    def meant(self, reference: Reference) -> Key | None:
        """The component that a reference means, living, missing or only remembered."""
        if reference.kind not in self.kinds:
            return None
        if living := self._living(reference):
            return living
        kinds = meanings(reference.kind, self.kinds)
        spelt = [key for kind in kinds if (key := self._by_spelling(kind, reference))]
        known = next((key for key in spelt if self.inventory.get(key)), None)
        if known or len(spelt) == 1:
            return known or spelt[0]
        return self._remembered(reference) or next(iter(spelt), None)

    def successors(self) -> Mapping[Key, Key]:
        """For components that are gone the ones that stand for them now.

        A value that only snapshots explain is another name for what had it then. And where AWS gives an id of its own
        to what is made, a state entry can be the last to name the old one: the record says which health check it is
        now. Nobody can tell where several are gone, or where several could be the one; and what a missing component
        named has still to be made for that one.
        """
        gone_now = [one for one in self.inventory.components if one.state is State.MISSING]
        found = {one.key: key for one in gone_now if (key := self._other_name(one))}
        for kind in self.kinds:
            gone = [one.key for one in self.inventory.of_kind(kind) if self._only_remembered(one)]
            heirs = [one.key for one in self.inventory.of_kind(kind) if self._in_use_unremembered(one)]
            if len(gone) == len(heirs) == 1:
                found[gone[0]] = heirs[0]
        return found

    def replaced(self, component: Component) -> bool:
        """Whether it is remembered only, and whatever is there of what referred to it then does not do so any more.

        An earlier rebuild has replaced it.
        """
        if not self.gets_an_id(component.key) or any(one.source is not Source.SNAPSHOT for one in component.leads):
            return False
        for snapshot in self.sources.snapshots:
            if (before := snapshot.by_key.get(component.key)) and before.there:
                then = [
                    saved.key
                    for saved in snapshot.components
                    if any(self.meant(one) == component.key for one in saved.references if not one.hint)
                ]
                now = [one for key in then if (one := self.inventory.get(key)) and one.there]
                return bool(now) and all(component.key not in one.depends_on for one in now)
        return False

    def gets_an_id(self, key: Key) -> bool:
        """Whether AWS gives what is made in its place another id."""
        kind = self.kinds[key.kind]
        return kind.identify(*kind.successor(key, "")) != key.id

    def _living(self, reference: Reference) -> Key | None:
        sort = meanings(reference.kind, self.kinds)
        wanted = spelling(reference.ref)
        known = (one.key for one in self.inventory.components if one.key.kind in sort and wanted in _spelt(one.handles))
        return next(known, None)

    def _remembered(self, reference: Reference) -> Key | None:
        sort = meanings(reference.kind, self.kinds)
        for snapshot in self.sources.snapshots:
            for saved in snapshot.components:
                if saved.key.kind in sort and reference.ref in saved.handles:
                    return saved.key
        return None

    def _by_spelling(self, kind: str, reference: Reference) -> Key | None:
        known_as = self.kinds[kind].identify(reference.ref, reference.within)
        return Key(kind, known_as) if known_as is not None else None

    def _other_name(self, component: Component) -> Key | None:
        """What had the value by which alone a component is known that nobody remembers."""
        if self.sources.saved(component.key) or component.facts:
            return None
        had = (self._remembered(Reference("", lead.kind, lead.ref, lead.within)) for lead in component.leads)
        return next((key for key in had if key and key != component.key and self.inventory.get(key)), None)

    def _only_remembered(self, component: Component) -> bool:
        """Whether it is gone, an entry names it, and nothing that serves does or will."""
        if component.state is not State.MISSING or not self.gets_an_id(component.key):
            return False
        by = self._named_by(component.key)
        return ENTRY in by and not self._decided(by)

    def _in_use_unremembered(self, component: Component) -> bool:
        """Whether it is there, something that serves names it, and no entry does."""
        if not component.there or component.state in {State.DRAINING, State.UNREADABLE}:
            return False
        by = self._named_by(component.key)
        return ENTRY not in by and self._decided(by)

    def _decided(self, by: set[str]) -> bool:
        """Whether one of these kinds says which of two is in use."""
        return any(self.kinds[kind].decides for kind in by)

    def _named_by(self, key: Key) -> set[str]:
        """The kinds of the components that name one, or that named it when they were there."""
        return {other.key.kind for other in self._naming(key)}

    def _naming(self, key: Key) -> Iterator[Component]:
        for other in self.inventory.components:
            named = (self.meant(one) for one in references(other, self.sources) if not one.hint)
            if other.key != key and (key in other.depends_on or (not other.there and key in named)):
                yield other


def _spelt(handles: Iterable[str]) -> set[str]:
    return {spelling(handle) for handle in handles}
