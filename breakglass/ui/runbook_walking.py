"""Walking a runbook step by step: each command is shown, agreed to, and only then started."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TextIO

from tabulate import tabulate

from breakglass.model.command_lines import Command
from breakglass.model.runbook import FIX, VERIFY, Runbook
from breakglass.planning.runbook_walk import OURS, Start, Stop, Task, asked_for, start_of, usable, with_values
from breakglass.ui.app import may_change
from breakglass.ui.asking import Terminal
from breakglass.ui.common import Common
from breakglass.ui.runbook_page import exact, heading, stacked
from breakglass.ui.runbook_prose import lines_of
from breakglass.ui.runbook_starting import Ended, carried_out, completed
from breakglass.ui.terminal import BOLD, CYAN, GREEN, YELLOW, Style, harmless, say
from breakglass.ui.watch_signals import ended_by_signals

_WHY_BY_HAND = {
    Start.NEEDS_A_SHELL: "It takes a shell: run it by hand, in another window.",
    Start.ANOTHER_PROGRAM: "It is another program: run it by hand, in another window.",
    Start.CHANGES_AWS: "It changes AWS without asking for the account ID: run it by hand, in another window, "
    "once you have seen which account you are in (breakglass accounts).",
}


class Answer(StrEnum):
    """What can be typed before a command."""

    RUN = "run"
    DONE = "done"
    SKIP = "skip"
    STOP = "stop"
    AGAIN = "again"


class Became(StrEnum):
    """What became of a command."""

    RAN = "ran"
    BY_HAND = "by hand, you said"
    SKIPPED = "skipped"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one command, the line as it was started, and how that ended."""

    task: Task
    became: Became = Became.NOT_REACHED
    command: Command | None = None
    ended: Ended | None = None

    @property
    def how(self) -> str:
        """How it ended, in words."""
        return self.ended.words(self.command.program) if self.ended and self.command else ""

    @property
    def may_have_changed(self) -> bool:
        """Whether something may be different now; aws commands that are started here only read."""
        words = self.command.words or () if self.command else ()
        ours = words[:1] == (OURS,) and may_change(words[1:]) and "--dry-run" not in words
        return self.became is Became.BY_HAND or (self.became is Became.RAN and ours)


@dataclass
class Walk:
    """One walk: who is asked, where it is shown, and what became of each command so far, by the command's line."""

    runbook: Runbook
    common: Common
    profile: str | None
    ask: Terminal
    screen: TextIO
    style: Style
    start: Callable[[Sequence[str]], Ended] = carried_out
    values: dict[str, str] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    stopped_at: Task | None = None
    _last: Task | None = None

    def go(self, stops: Sequence[Stop]) -> bool:
        """Walk to the end: True; or until the operator stops: False.

        Raises `KeyboardInterrupt` where it is interrupted, `stopped_at` being the command at which that was.
        """
        before: Stop | None = None
        for stop in stops:
            match stop:
                case str():
                    self._tell("", *heading(stop, self.style))
                case Task():
                    self.stopped_at = stop
                    if not self._decide(stop):
                        return False
                    self.stopped_at = None
                case _:
                    self._tell(*([""] if isinstance(before, Task) else []), *stacked(stop, self.style))
            before = stop
        return True

    @property
    def touched(self) -> bool:
        """Whether anything may have been changed: by hand, or by one of our own commands that change."""
        return any(outcome.may_have_changed for outcome in self.outcomes.values())

    def _decide(self, task: Task) -> bool:
        self._show(task)
        start = start_of(self._filled(task))
        ways = [Answer.RUN if start is Start.HERE else Answer.DONE, Answer.SKIP, Answer.STOP]
        while True:
            match self._answer(task, ways):
                case Answer.STOP:
                    return False
                case Answer.SKIP:
                    self.outcomes[task.command.line] = Outcome(task, Became.SKIPPED)
                    self._tell(f"{task.name} is skipped.")
                    return True
                case Answer.DONE:
                    self.outcomes[task.command.line] = Outcome(task, Became.BY_HAND, self._filled(task))
                    return True
                case Answer.AGAIN if self._last:
                    for word in asked_for(self._last.command, self.runbook.placeholders):
                        self.values.pop(word, None)  # it may be the one that was wrong
                    self._run(self._last)
                case _:
                    self._run(task)
                    return True

    def _show(self, task: Task) -> None:
        if task.begins and task.of:
            self._tell("", self.style.paint(f"{task.step.name} of {task.of}", BOLD))
        if task.begins:
            self._part(task, "Why")
        self._tell("", f"    {self.style.paint(exact(self._filled(task).text), CYAN)}", "")
        start = start_of(self._filled(task))
        if start is not Start.HERE:
            self._tell(*self._lines(_WHY_BY_HAND[start]))
            self._after(task)

    def _answer(self, task: Task, ways: Sequence[Answer]) -> Answer:
        known = {str(way): way for way in ways} | ({"again": Answer.AGAIN} if self._last else {})
        first, *others = ways
        while True:
            with ended_by_signals():
                typed = self.ask.text(f"{task.name}: type {first}, {' or '.join(others)}:").casefold()
            if typed in known:
                return known[typed]
            again = f" again runs {self._last.name} once more." if self._last else ""
            self._tell(f"  {first} {_MEANS[first]}, skip leaves it out, stop ends here.{again}")

    def _run(self, task: Task) -> None:
        command = self._with_values(task)
        self._tell(f"$ {self.style.paint(exact(command.text), BOLD)}")
        ended = self.start(command.words or ())
        self._last = task
        self.outcomes[task.command.line] = Outcome(task, Became.RAN, command, ended)
        colour = GREEN if ended.code == 0 else YELLOW
        self._tell("", self.style.paint(f"{task.name} ended with {ended.words(command.program)}.", BOLD, colour))
        if ended.stopped:
            raise KeyboardInterrupt
        self._after(task)

    def _after(self, task: Task) -> None:
        for label in ("Expect", "If not", *(("Undo",) if task.step.section == FIX else ())):
            self._part(task, label)

    def _part(self, task: Task, label: str) -> None:
        if text := task.step.text(label):
            first, *others = self._lines(f"{label}: {text}")
            self._tell(self.style.paint(f"{label}:", BOLD) + first.removeprefix(f"{label}:"), *others)

    def _filled(self, task: Task) -> Command:
        return completed(with_values(task.command, self.values), self.common, self.profile)

    def _with_values(self, task: Task) -> Command:
        """The command with every placeholder in it filled in, asked for where that has not been done."""
        for word in asked_for(task.command, self.runbook.placeholders):
            while word not in self.values:
                with ended_by_signals():
                    value = self.ask.text(f"{word} ({harmless(self.runbook.placeholders[word])}):")
                if usable(value):
                    self.values[word] = value
                else:
                    self._tell("  One word is needed, of letters, digits and ./:@%+=,_- and not an option.")
        return self._filled(task)

    def _lines(self, text: str) -> list[str]:
        return lines_of(text, self.style, self.style.width)

    def _tell(self, *lines: str) -> None:
        say("".join(f"{line}\n" for line in lines), self.screen)


_MEANS = {Answer.RUN: "starts it", Answer.DONE: "says that you ran it yourself"}


def summary(walk: Walk, stops: Sequence[Stop], style: Style) -> str:
    """What became of each command of the walk, one a line."""
    outcomes = [walk.outcomes.get(stop.command.line, Outcome(stop)) for stop in stops if isinstance(stop, Task)]
    table = tabulate(
        [[one.task.name, str(one.became), one.how, exact((one.command or one.task.command).text)] for one in outcomes],
        headers=["STEP", "WHAT BECAME OF IT", "ENDED WITH", "COMMAND"],
        tablefmt="plain",
        disable_numparse=True,
        preserve_whitespace=True,
    )
    first, *others = table.splitlines()
    return "\n".join([style.paint(first, BOLD), *others]) + "\n"


def verified(walk: Walk) -> str:
    """How the last command of Verify ended that did not end well; "" where none was run, or all ended well."""
    checks = [one for one in walk.outcomes.values() if one.task.step.section == VERIFY and one.ended and one.ended.code]
    return checks[-1].how if checks else ""
