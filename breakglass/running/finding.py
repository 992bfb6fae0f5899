"""Finding one component again, whatever its ARN or id is by now."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from breakglass.errors import StoppedPartWay
from breakglass.model.component import Absent, Present, Sighting, Unreadable
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Source
from breakglass.model.plan import Output, Plan, Purpose, Until, filled
from breakglass.model.reading import Reader
from breakglass.model.settings import Settings
from breakglass.model.world import token


class Finder:
    """Looks up components of a plan: what was made in this run first, then what goes by the old name."""

    def __init__(self, plan: Plan, kinds: Mapping[str, Kind], reader: Callable[[], Reader]) -> None:
        self._plan, self._kinds, self._reader = plan, kinds, reader
        rebuilding = plan.purpose is Purpose.REBUILD
        self._made = {step.component for step in plan.steps if rebuilding and step.goal is Until.THERE}

    def find(self, key: Key) -> Sighting:
        """The component as it is at this moment."""
        kind = self._kinds[key.kind]
        look = Look(self._reader(), Settings(self._plan.service, ()), Detail.LOOK)
        seen: Sighting = Absent("nothing answers to its name")
        for lead in self._leads(key, kind):
            for found in kind.find([lead], look):
                if found.key != key and lead.giver == key and not isinstance(found.sighting, Unreadable):
                    continue  # a neighbour that the same lead leads to
                if isinstance(found.sighting, Present | Unreadable):
                    return found.sighting
                seen = found.sighting
        return seen

    def _leads(self, key: Key, kind: Kind) -> Sequence[Lead]:
        """What this run made in its place, where that has an id of its own; else what the plan knows it by."""
        own = [lead for lead in self._plan.leads if lead.kind == key.kind and lead.giver == key]
        ref, within = kind.successor(key, token(self._plan.run, key))
        if kind.identify(ref, within) == key.id:
            return own or [Lead(key.kind, ref, Source.SNAPSHOT, "this run", within, giver=key)]
        return [Lead(key.kind, ref, Source.SNAPSHOT, "this run", within), *own] if key in self._made else own

    def filled(self, value: Any) -> Any:
        """Parameters with every output read off its component. Raises `StoppedPartWay` where one is not there."""
        return filled(value, self._output)

    def _output(self, output: Output) -> str:
        sighting = self.find(output.component)
        if isinstance(sighting, Present):
            value = self._kinds[output.component.kind].value(sighting.facts, output.field)
            if value is not None:
                return value
        state = "cannot be read" if isinstance(sighting, Unreadable) else "is not there"
        raise StoppedPartWay(
            f"{output.component} is needed here, and {state}.",
            changed="",
            hint=f"Make sure that it is there, then: breakglass resume {self._plan.run}",
        )
