"""Watching a run: one line for each event, with its time, and what the operator can do meanwhile."""

import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from breakglass.model.account import hyphenated
from breakglass.model.inventory import Inventory
from breakglass.model.journal import Entry, Event
from breakglass.model.plan import Plan, Settle, Step
from breakglass.running.tools import Decision
from breakglass.ui.asking import Terminal
from breakglass.ui.plan_report import duration, mark_of, name
from breakglass.ui.reports.words import shown
from breakglass.ui.terminal import BOLD, CYAN, DIM, GREEN, RED, YELLOW, Style, harmless, say, wrapped
from breakglass.ui.watch_signals import Hand, ended_by_signals

_COLOURS = {
    Event.SETTLED: (GREEN,),
    Event.WAITING: (CYAN,),
    Event.SKIPPED: (YELLOW,),
    Event.FAILED: (RED, BOLD),
    Event.INTERRUPTED: (YELLOW, BOLD),
}


@dataclass(slots=True)
class Watch:
    """The operator's side of one run."""

    plan: Plan
    hand: Hand
    screen: TextIO
    style: Style
    _begun: set[int] = field(default_factory=set)

    def follow(self, stream: Generator[Entry, None, Inventory]) -> tuple[list[Entry], Inventory]:
        """Show every entry as it comes; the entries, and the inventory that the run ends with."""
        entries: list[Entry] = []
        with self.hand.on(self.shout):
            while True:
                try:
                    entry = next(stream)
                except StopIteration as end:
                    return entries, end.value
                entries.append(entry)
                self.show(entry)

    def show(self, entry: Entry) -> None:
        """One event, with the step that it belongs to before the first of its events."""
        step = next((step for step in self.plan.steps if step.id == entry.step), None)
        if step is not None and step.id not in self._begun:
            self._begun.add(step.id)
            self._line(entry, self.style.paint(self._title(step), BOLD))
        wait = self._wait(entry, step)
        self.hand.listen(to_enter=wait is not None and wait.protects_traffic)
        text = told(entry, wait)
        if wait is not None and wait.protects_traffic and self.hand.can_hurry:
            text += "  [Enter ends this wait]"
        self._line(entry, text, _COLOURS.get(entry.event, ()), indent=2 if step else 0)

    def shout(self, text: str) -> None:
        """A line from a signal handler: written past every buffer, which the signal may have found in use."""
        try:
            os.write(self.screen.fileno(), f"\n{text}\n".encode(self.screen.encoding or "ascii", "replace"))
        except (OSError, ValueError):
            return  # the terminal has gone, and that is what the signal was about

    def _title(self, step: Step) -> str:
        return f"{step.id}/{len(self.plan.steps)} {mark_of(step, self.plan.purpose)} {name(step.component)}"

    def _line(self, entry: Entry, text: str, colours: tuple[int, ...] = (), indent: int = 0) -> None:
        at = f"{entry.at:%H:%M:%SZ}  {' ' * indent}"
        text = text.replace(self.plan.account.id, hyphenated(self.plan.account.id))
        first, *others = wrapped(text, self.style.width - len(at)) if "\x1b" not in text else [text]
        lines = [
            self.style.paint(at.rstrip(), DIM) + " " * (len(at) - len(at.rstrip())) + self.style.paint(first, *colours)
        ]
        lines += [" " * len(at) + self.style.paint(other, *colours) for other in others]
        say("\n".join(lines) + "\n", self.screen)

    def _wait(self, entry: Entry, step: Step | None) -> Settle | None:
        if step is None or entry.call is None or entry.event is not Event.WAITING:
            return None
        action = step.actions[entry.call]
        return action if isinstance(action, Settle) else None


def told(entry: Entry, wait: Settle | None = None) -> str:
    """An entry in words. Everything from outside is masked and on one line."""
    detail = {key: shown(str(value)) for key, value in entry.detail.items()}
    match entry.event:
        case Event.INTENT:
            again = f", try {detail['attempt']}" if detail.get("attempt", "1") != "1" else ""
            return f"sending {detail.get('operation', 'a call')}{again}"
        case Event.RESULT:
            gone = f", {detail['code']}: it was gone already" if "code" in detail else ""
            return f"answered{gone}, request {harmless(str(entry.detail.get('request_id', 'id unknown')))}"
        case Event.WAITING:
            return _waiting(detail, wait)
        case Event.SETTLED:
            whole = f"step {entry.step} is done" if entry.call is None else "done"
            return f"{whole}: {detail['words']}" if detail.get("words") else whole
        case Event.SKIPPED:
            return f"skipped: {detail.get('words', '')}"
        case Event.FAILED:
            return "FAILED: " + ": ".join(filter(None, (detail.get("code"), detail.get("message"))))
        case _:
            return _told_of_run(entry.event, detail)


def _told_of_run(event: Event, detail: Mapping[str, str]) -> str:
    caller = detail.get("caller", "unknown")
    match event:
        case Event.PLANNED:
            return f"planned, {detail.get('steps', '?')} step{'s' if detail.get('steps') != '1' else ''}, as {caller}"
        case Event.CONFIRMED | Event.RESUMED:
            how = "by --confirm-account" if detail.get("how") == "confirm-account" else "by typing the account ID"
            return f"{event} {how}, as {caller}"
        case Event.FINISHED:
            return f"the run has ended: {detail.get('outcome', 'finished')}"
        case _:
            return str(event)


def _waiting(detail: Mapping[str, str], wait: Settle | None) -> str:
    if "deadline" not in detail:
        return detail.get("words", "waiting")
    deadline = float(detail["deadline"]) + (wait.hold if wait else 0)
    since = f"{duration(float(detail.get('waited', 0)))} of at most {duration(deadline)}"
    return f"waiting until {detail.get('words', 'it is so')}: {detail.get('awaited', '')} ({since})"


@dataclass(frozen=True, slots=True)
class Stepwise:
    """`--step`: asks before each step. Nothing is the default, for every answer but `stop` changes something."""

    plan: Plan
    ask: Terminal
    screen: TextIO

    def decides(self, step: Step) -> Decision:
        """What the operator says. Ctrl-C and Ctrl-D stop."""
        question = f"Step {step.id} of {len(self.plan.steps)}, {shown(step.title)}: type go, skip or stop:"
        while True:
            try:
                with ended_by_signals():
                    answer = self.ask.text(question).lower()
            except (EOFError, KeyboardInterrupt):
                return Decision.STOP
            if answer in _ANSWERS:
                return _ANSWERS[answer]
            say("  go carries it out, skip leaves it, stop ends the run here.\n", self.screen)


_ANSWERS = {"go": Decision.GO_ON, "go on": Decision.GO_ON, "skip": Decision.SKIP, "stop": Decision.STOP}
