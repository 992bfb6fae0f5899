"""Where a run stands, at every point at which it can have been cut off."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.model.account import Account
from breakglass.model.journal import Entry, Event
from breakglass.model.lead import Key
from breakglass.model.plan import Action, Call, Pause, Plan, Purpose, Settle, Step, Until
from breakglass.running.progress import DONE, Outcome, Standing, progress_of, story

AT = datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC)
THING = Key("ecs-service", "wonderland/deployer-api")
ACTIONS: dict[str, Action] = {
    "call": Call("ecs", "DeleteService", {}),
    "settle": Settle(THING, Until.ABSENT, "until it is gone"),
    "pause": Pause("tell the others"),
}


def plan_of(shape: list[list[str]]) -> Plan:
    steps = tuple(
        Step(number, THING, f"step {number}", "", tuple(ACTIONS[name] for name in names), Until.ABSENT, "")
        for number, names in enumerate(shape, start=1)
    )
    return Plan("r", Purpose.REMOVE, "deployer-api", Account("111122223333", "arn"), "eu-west-1", steps)


@dataclass
class Truth:
    """A run that is acted out: what it writes, and what was really known after each line of it."""

    draw: st.DataObject
    entries: list[Entry] = field(default_factory=list)
    known: list[tuple[dict[tuple[int, int], Standing], set[int]]] = field(default_factory=list)
    standing: dict[tuple[int, int], Standing] = field(default_factory=dict)
    complete: set[int] = field(default_factory=set)

    def write(self, event: Event, step: int | None = None, call: int | None = None, **detail: object) -> None:
        at = AT + timedelta(seconds=len(self.entries))
        self.entries.append(Entry(at, event, step, call, detail))
        self.known.append((dict(self.standing), set(self.complete)))

    def mark(self, event: Event, step: int, call: int, standing: Standing, *, last: bool, **detail: object) -> None:
        self.standing[step, call] = standing
        if last:
            self.complete.add(step)
        self.write(event, step, call, **detail)

    def choose(self, *options: str) -> str:
        return self.draw.draw(st.sampled_from(options))

    def act(self, plan: Plan) -> None:
        self.write(Event.PLANNED)
        self.write(Event.CONFIRMED)
        for step in plan.steps:
            self.step(step)
        self.write(Event.FINISHED, outcome="finished")

    def step(self, step: Step) -> None:
        how = self.choose("run", "run", "run", "already so", "skipped by the operator")
        if how != "run" or not step.actions:
            self.complete.add(step.id)
            self.write(Event.SKIPPED if how == "skipped by the operator" else Event.SETTLED, step.id)
            return
        for at, action in enumerate(step.actions):
            for _ in self.attempts(step, at, action, last=at == len(step.actions) - 1):
                if self.choose("go on", "stop") == "stop":
                    self.write(Event.INTERRUPTED)
                self.write(Event.RESUMED, caller="arn:bob")

    def attempts(self, step: Step, at: int, action: Action, *, last: bool) -> Iterator[None]:
        """Acts out one action, and yields where it was cut off."""
        if isinstance(action, Call):
            yield from self.call(step.id, at, last=last)
            return
        for _ in range(self.draw.draw(st.integers(0, 2))):
            self.mark(Event.WAITING, step.id, at, Standing.WAITING, last=False, words="gone")
            yield
        self.mark(Event.WAITING, step.id, at, Standing.WAITING, last=False, words="gone")
        if self.choose("in time", "too late") == "too late":
            self.mark(Event.FAILED, step.id, at, Standing.FAILED, last=False)
            yield
        done = self.choose("settled", "skipped")
        event, standing = {
            "settled": (Event.SETTLED, Standing.SETTLED),
            "skipped": (Event.SKIPPED, Standing.SKIPPED),
        }[done]
        self.mark(event, step.id, at, standing, last=last)

    def call(self, step: int, at: int, *, last: bool) -> Iterator[None]:
        while True:
            self.mark(Event.INTENT, step, at, Standing.INTENT, last=False)
            match self.choose(
                "answered", "answered", "denied", "tried again", "cut off, carried out", "cut off, not sent"
            ):
                case "answered":
                    self.mark(Event.RESULT, step, at, Standing.RESULT, last=last, request_id=f"id-{step}-{at}")
                    return
                case "denied":
                    self.mark(Event.FAILED, step, at, Standing.FAILED, last=False, code="AccessDenied")
                    yield
                case "tried again":
                    self.mark(Event.WAITING, step, at, Standing.INTENT, last=False, words="no clear answer")
                    yield
                case "cut off, carried out":
                    yield
                    self.mark(Event.SETTLED, step, at, Standing.SETTLED, last=last)
                    return
                case _:
                    yield


shapes = st.lists(st.lists(st.sampled_from(list(ACTIONS)), max_size=3), max_size=4)


@settings(deadline=None)
@given(shapes, st.data())
def test_at_every_line_a_run_stands_where_it_really_stood(shape: list[list[str]], data: st.DataObject):
    plan = plan_of(shape)
    truth = Truth(data)
    truth.act(plan)
    undone: set[tuple[int, int | None]] = set()
    for length, (standing, complete) in enumerate(truth.known, start=1):
        progress = progress_of(truth.entries[:length])
        for step in plan.steps:
            for at in range(len(step.actions)):
                assert progress.of(step.id, at).standing is standing.get((step.id, at), Standing.NOTHING)
        assert {step.id for step in plan.steps if progress.is_done(step)} == complete
        assert progress.left(plan) == plan.steps[len(complete) :], "steps are done in their order"
        assert set(progress.open_intents) == {at for at, known in standing.items() if known is Standing.INTENT}
        assert len(progress.open_intents) <= 1, "one call at a time"
        done = {at for at, mark in progress.marks.items() if mark.standing in DONE}
        assert undone <= done, "what is done stays done"
        undone = done
        assert progress.outcome.resumable == (progress.confirmed and length < len(truth.entries))


def test_of_nothing_nothing_is_known():
    progress = progress_of(())
    assert progress.outcome is Outcome.UNCONFIRMED
    assert progress.of(1, 0).standing is Standing.NOTHING
    assert not progress.is_done(plan_of([[]]).steps[0]), "a step without actions is done when that is said"


def test_a_request_id_and_the_number_of_intents_are_kept():
    events = [
        (Event.INTENT, {}),
        (Event.FAILED, {"code": "AccessDenied", "request_id": "first"}),
        (Event.RESUMED, {}),
        (Event.INTENT, {}),
        (Event.RESULT, {"request_id": "second"}),
    ]
    entries = [Entry(AT + timedelta(seconds=at), event, 1, 0, detail) for at, (event, detail) in enumerate(events)]
    mark = progress_of(entries).of(1, 0)
    assert (mark.attempts, mark.request_id, mark.since) == (2, "second", AT + timedelta(seconds=4))


def test_a_wait_that_goes_on_began_when_it_began():
    entries = [Entry(AT + timedelta(seconds=at), Event.WAITING, 1, 1) for at in (0, 30, 60)]
    assert progress_of(entries).of(1, 1).since == AT


E = Event


@pytest.mark.parametrize(
    ("events", "alive", "outcome"),
    [
        ([E.PLANNED], False, Outcome.UNCONFIRMED),
        ([E.PLANNED, E.INTERRUPTED], False, Outcome.UNCONFIRMED),
        ([E.PLANNED], True, Outcome.RUNNING),
        ([E.PLANNED, E.CONFIRMED], False, Outcome.STOPPED),
        ([E.PLANNED, E.CONFIRMED, E.INTENT], False, Outcome.STOPPED),
        ([E.PLANNED, E.CONFIRMED, E.INTENT], True, Outcome.RUNNING),
        ([E.PLANNED, E.CONFIRMED, E.INTENT, E.FAILED], False, Outcome.STOPPED),
        ([E.PLANNED, E.CONFIRMED, E.INTENT, E.RESULT, E.INTERRUPTED], False, Outcome.INTERRUPTED),
        ([E.PLANNED, E.CONFIRMED, E.INTERRUPTED, E.RESUMED], False, Outcome.STOPPED),
        ([E.PLANNED, E.CONFIRMED, E.INTERRUPTED, E.RESUMED], True, Outcome.RUNNING),
    ],
)
def test_how_it_ended_is_read_off_its_last_lines(events: list[Event], alive: bool, outcome: Outcome):  # noqa: FBT001
    assert progress_of([Entry(AT, event) for event in events], alive=alive).outcome is outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("finished", Outcome.FINISHED),
        ("recovered", Outcome.RECOVERED),
        ("closed: the world changed", Outcome.CHANGED),
        (Outcome.CHANGED, Outcome.CHANGED),
        (None, Outcome.FINISHED),
    ],
)
@pytest.mark.parametrize("alive", [True, False])
def test_a_run_that_says_how_it_ended_is_believed(said: str | None, outcome: Outcome, alive: bool):  # noqa: FBT001
    entries = [Entry(AT, E.PLANNED), Entry(AT, E.CONFIRMED), Entry(AT, E.FINISHED, detail={"outcome": said})]
    assert progress_of(entries, alive=alive).outcome is outcome
    assert not outcome.resumable


def test_the_story_says_what_each_line_is_about():
    plan = plan_of([["call", "settle"]])
    entries = [Entry(AT, E.PLANNED), Entry(AT, E.INTENT, 1, 0), Entry(AT, E.WAITING, 1, 1), Entry(AT, E.SKIPPED, 1)]
    entries += [Entry(AT, E.INTENT, 1, 7), Entry(AT, E.INTENT, 9, 0)]
    step = plan.steps[0]
    assert [(told.step, told.action) for told in story(plan, entries)] == [
        (None, None),
        (step, step.actions[0]),
        (step, step.actions[1]),
        (step, None),
        (step, None),
        (None, None),
    ]
    assert [told.entry for told in story(plan, entries)] == entries
