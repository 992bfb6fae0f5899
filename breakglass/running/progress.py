"""Where a run stands: what its journal says of every action of its plan. Pure.

Silence and intent are different things. An action that nothing is said of was never begun; one with an intent
and no result may have been carried out, and only looking at AWS can tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from breakglass.model.journal import Entry, Event
from breakglass.model.plan import Action, Plan, Step


class Standing(StrEnum):
    """What is known of one action, or of one step as a whole."""

    NOTHING = "nothing"
    INTENT = "intent"
    """Announced; nobody knows whether it was carried out."""
    RESULT = "result"
    WAITING = "waiting"
    SETTLED = "settled"
    SKIPPED = "skipped"
    FAILED = "failed"
    """AWS said no, or a wait went past its deadline."""


DONE = frozenset({Standing.RESULT, Standing.SETTLED, Standing.SKIPPED})
BY_EVENT = {
    Event.INTENT: Standing.INTENT,
    Event.RESULT: Standing.RESULT,
    Event.WAITING: Standing.WAITING,
    Event.SETTLED: Standing.SETTLED,
    Event.SKIPPED: Standing.SKIPPED,
    Event.FAILED: Standing.FAILED,
}


class Outcome(StrEnum):
    """How a run ended, in the words of `breakglass runs`."""

    UNCONFIRMED = "never confirmed"
    RUNNING = "still running"
    FINISHED = "finished"
    RECOVERED = "recovered"
    STOPPED = "stopped part-way"
    INTERRUPTED = "interrupted"
    CHANGED = "closed: the world changed"
    DAMAGED = "unreadable"

    @property
    def resumable(self) -> bool:
        """Whether something of it is left to do."""
        return self in {Outcome.RUNNING, Outcome.STOPPED, Outcome.INTERRUPTED}


FINAL = frozenset({Outcome.FINISHED, Outcome.RECOVERED, Outcome.CHANGED})
"""What a `finished` entry's `outcome` can be."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the journal last said of an action: since when, after how many intents, and AWS's request id."""

    standing: Standing = Standing.NOTHING
    since: datetime | None = None
    attempts: int = 0
    request_id: str | None = None

    def after(self, entry: Entry) -> "Mark":
        """The mark once this entry is counted; `since` stays while the same thing goes on."""
        standing = BY_EVENT[entry.event]
        if standing is Standing.WAITING and self.standing is Standing.INTENT:
            standing = Standing.INTENT  # a call that is about to be tried again is still one that nobody knows about
        return replace(
            self,
            standing=standing,
            since=self.since if standing is self.standing else entry.at,
            attempts=self.attempts + (entry.event is Event.INTENT),
            request_id=entry.detail.get("request_id") or self.request_id,
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """What a journal adds up to: a mark for each action (step id, position) and each whole step (step id, None)."""

    marks: Mapping[tuple[int, int | None], Mark]
    confirmed: bool
    outcome: Outcome

    def of(self, step: int, call: int | None = None) -> Mark:
        """What is known of an action, or, without `call`, of the step as a whole."""
        return self.marks.get((step, call), Mark())

    def is_done(self, step: Step) -> bool:
        """Whether nothing of a step is left: settled or skipped as a whole, or every action of it done."""
        if self.of(step.id).standing in DONE:
            return True
        return bool(step.actions) and all(self.of(step.id, at).standing in DONE for at in range(len(step.actions)))

    def left(self, plan: Plan) -> tuple[Step, ...]:
        """The steps of a plan that are not done, in order."""
        return tuple(step for step in plan.steps if not self.is_done(step))

    @property
    def open_intents(self) -> tuple[tuple[int, int], ...]:
        """The calls, (step id, position), of which nobody knows whether they were carried out."""
        return tuple(
            (step, call)
            for (step, call), mark in self.marks.items()
            if call is not None and mark.standing is Standing.INTENT
        )


def progress_of(entries: Sequence[Entry], *, alive: bool = False) -> Progress:
    """What these entries, the first ones of a journal, add up to.

    `alive`: a process is at work on the run right now.
    """
    marks: dict[tuple[int, int | None], Mark] = {}
    for entry in entries:
        if entry.step is not None and entry.event in BY_EVENT:
            at = (entry.step, entry.call)
            marks[at] = marks.get(at, Mark()).after(entry)
    confirmed = any(entry.event is Event.CONFIRMED for entry in entries)
    return Progress(marks, confirmed, _outcome(entries, confirmed=confirmed, alive=alive))


def _outcome(entries: Sequence[Entry], *, confirmed: bool, alive: bool) -> Outcome:
    """A process that died without a word stopped part-way: its journal just ends."""
    last = entries[-1] if entries else None
    if last is not None and last.event is Event.FINISHED:
        said = last.detail.get("outcome")
        return next((outcome for outcome in FINAL if outcome == said), Outcome.FINISHED)
    if alive:
        return Outcome.RUNNING
    if not confirmed:
        return Outcome.UNCONFIRMED
    return Outcome.INTERRUPTED if last is not None and last.event is Event.INTERRUPTED else Outcome.STOPPED


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a run's story: the entry, and the step and action of the plan that it is about."""

    entry: Entry
    step: Step | None = None
    action: Action | None = None


def story(plan: Plan, entries: Iterable[Entry]) -> tuple[Told, ...]:
    """The journal in order, each entry with what the plan says about it."""
    steps = {step.id: step for step in plan.steps}
    return tuple(_told(entry, steps.get(entry.step) if entry.step is not None else None) for entry in entries)


def _told(entry: Entry, step: Step | None) -> Told:
    if step is None or entry.call is None or not 0 <= entry.call < len(step.actions):
        return Told(entry, step)
    return Told(entry, step, step.actions[entry.call])
