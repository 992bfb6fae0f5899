"""The journal of a run while it is being written: what is on disk, and what that says of each action."""

from collections.abc import Iterable
from typing import Any

from breakglass.model.journal import Entry, Event
from breakglass.model.plan import Plan, Step
from breakglass.running.progress import BY_EVENT, DONE, Mark, Standing
from breakglass.running.tools import Clock, Log


class Ledger:
    """Writes entries, each on disk before anybody hears of it, and answers for what they add up to."""

    def __init__(self, journal: Log, clock: Clock, entries: Iterable[Entry]) -> None:
        self._journal, self._clock = journal, clock
        self._marks: dict[tuple[int, int | None], Mark] = {}
        self._receipts: dict[tuple[int, int], str] = {}
        for entry in entries:
            self._take(entry)

    def log(self, event: Event, step: int | None = None, call: int | None = None, **detail: Any) -> Entry:
        """Write one entry, stamped with the time; details that are None are left out."""
        known = {name: value for name, value in detail.items() if value is not None}
        entry = Entry(self._clock.now(), event, step, call, known)
        self._journal.append(entry)
        self._take(entry)
        return entry

    def standing(self, step: int, call: int | None = None) -> Standing:
        """What is known of an action, or of a step as a whole."""
        return self._marks.get((step, call), Mark()).standing

    def is_done(self, step: int, call: int | None = None) -> bool:
        """Whether nothing of it is left to do."""
        return self.standing(step, call) in DONE

    def touched(self, step: int) -> bool:
        """Whether this run has announced a call of the step: then what has changed may be our own doing."""
        return any(place[0] == step and mark.attempts for place, mark in self._marks.items())

    def had_effect(self, step: int) -> bool:
        """Whether a call of the step came through: then the component is what our own doing made of it."""
        return any(place[0] == step and mark.standing is Standing.RESULT for place, mark in self._marks.items())

    def unclear(self, step: int, call: int) -> bool:
        """Whether a call was announced, and nothing is known of what became of it or AWS refused it."""
        mark = self._marks.get((step, call), Mark())
        return bool(mark.attempts) and mark.standing not in DONE

    def receipt(self, step: int, before: int) -> str | None:
        """What the last change before a position of the step left behind, to ask whether it is in force."""
        return next((self._receipts[step, at] for at in reversed(range(before)) if (step, at) in self._receipts), None)

    def told(self, plan: Plan) -> str:
        """What was changed so far, in a sentence for an error."""
        if not any(mark.attempts for mark in self._marks.values()):
            return "Nothing was changed."
        done = sum(self.is_done(step.id) for step in plan.steps)
        return f"{done} of {len(plan.steps)} steps are done; the journal knows what became of every call."

    def skipped(self, steps: Iterable[Step]) -> list[Step]:
        """Those of the steps that were skipped."""
        return [step for step in steps if self.standing(step.id) is Standing.SKIPPED]

    def _take(self, entry: Entry) -> None:
        if entry.step is None or entry.event not in BY_EVENT:
            return
        at = (entry.step, entry.call)
        self._marks[at] = self._marks.get(at, Mark()).after(entry)
        if entry.call is not None and (receipt := entry.detail.get("receipt")):
            self._receipts[entry.step, entry.call] = str(receipt)
