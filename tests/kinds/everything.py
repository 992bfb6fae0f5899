"""The sandbox's service that has everything, as the program sees it: what the tests over every kind take facts from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from breakglass.kinds import all_kinds
from breakglass.model.component import Absent, Component, Found, Present, State
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key
from breakglass.model.plan import Output
from breakglass.model.reading import AwsError
from breakglass.model.settings import Settings
from breakglass.model.snapshot import Snapshot
from breakglass.model.world import Recipe, World
from breakglass.planning.inventory import Moment, judge
from breakglass.planning.recipes import Sources
from breakglass.rehearsal.sandbox.seed.everything import NAME
from breakglass.rehearsal.stage import Stage, within
from breakglass.running.survey import survey
from breakglass.running.vault import snapshot_of

RUN = "20261123T031209Z-7f3a"


@dataclass
class Recorder:
    """A Reader that asks each thing once, and answers it again by itself; `failing` operations end in an error."""

    reader: Any
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failing: Mapping[str, type[AwsError]] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return str(self.reader.account)

    @property
    def region(self) -> str:
        return str(self.reader.region)

    def call(self, service: str, operation: str, params: Any = None, *, region: str | None = None) -> Any:
        ask = lambda: self.reader.call(service, operation, params, region=region)  # noqa: E731 - one of two
        return self._answer((service, operation, params, region), ask)

    def pages(self, service: str, operation: str, items: str, params: Any = None, *, region: str | None = None) -> Any:
        ask = lambda: self.reader.pages(service, operation, items, params, region=region)  # noqa: E731 - one of two
        return self._answer((service, operation, items, params, region), ask)

    def gather(self, asks: Sequence[Callable[[], Any]]) -> Sequence[Any]:
        return [_or_error(ask) for ask in asks]

    def without(self, operation: str, failure: type[AwsError]) -> "Recorder":
        """The same answers, but for one operation."""
        return Recorder(self.reader, self.answers, failing={operation: failure})

    def _answer(self, question: tuple[Any, ...], ask: Callable[[], Any]) -> Any:
        operation = f"{question[0]}:{question[1]}"
        self.asked.append(operation)
        if failure := self.failing.get(operation):
            raise failure(operation, failure.__name__, "not now")
        if repr(question) not in self.answers:
            self.answers[repr(question)] = _or_error(ask)
        answer = self.answers[repr(question)]
        if isinstance(answer, AwsError):
            raise answer
        return answer


def _or_error(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except AwsError as error:
        return error


@dataclass(frozen=True)
class Everything:
    """One close look at it: what each kind found, and what that adds up to."""

    settings: Settings
    reader: Recorder
    found: Sequence[Found]
    inventory: Inventory

    def components(self, kind: Kind) -> Sequence[Component]:
        return self.inventory.of_kind(kind.name)

    def look(self, reader: Recorder | None = None) -> Look:
        return Look(reader or self.reader, self.settings, Detail.COPY)

    @property
    def snapshot(self) -> Snapshot:
        return snapshot_of(self.inventory, RUN, self.inventory.read_at)

    @property
    def sources(self) -> Sources:
        return Sources(self.inventory.read_at, (self.snapshot,))

    def world(self, renewals: Mapping[str, str | Output] | None = None) -> World:
        return World(RUN, self.inventory, renewals or {}, serving=True, traits=all_kinds())

    def recipe(self, component: Component) -> Recipe:
        kind = all_kinds()[component.key.kind]
        remembered = {one.key: one.facts for one in self.inventory.components}
        return kind.completed(Recipe(component.key, component.facts), self.inventory, remembered)

    def without(self, gone: Callable[[Key], bool]) -> Inventory:
        """The inventory in which some of it is missing, and said to be."""
        why = "it is gone"
        components = tuple(
            replace(one, sighting=Absent(why, references=one.references), state=State.MISSING, reason=why)
            if gone(one.key)
            else one
            for one in self.inventory.components
        )
        return replace(self.inventory, components=components)

    @property
    def renewals(self) -> dict[str, Output]:
        """Every value by which any of it can be referred to, as something that is still to be made."""
        made = {}
        for one in self.found:
            for handle in one.handles if isinstance(one.sighting, Present) else ():
                if field_and_form := all_kinds()[one.key.kind].field_of(handle):
                    made[handle] = Output(one.key, *field_and_form)
        return made


def look_at_everything(running: Any, *, afresh: bool = True) -> Everything:
    """Look closely at it, in a sandbox that is as it was seeded unless not `afresh`."""
    if afresh:
        running.control.reset()
    running.control.set_rate(0)
    with within(running), Stage.of(running, NAME) as stage:
        bench = stage.bench()
        recorder = Recorder(bench.reader())
        look = Look(recorder, bench.settings, Detail.COPY)
        seen = survey(look, all_kinds())
        moment = Moment(bench.region, datetime.now(UTC), lambda: 0)
        inventory = judge(seen, bench.settings, bench.account, all_kinds(), moment)
        return Everything(bench.settings, recorder, seen.found, inventory)
