"""A drill on this terminal: the alert, the clock, the operator's own commands, and the report."""

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from shlex import join
from typing import Any

from breakglass.rehearsal.drill import Drill, ready
from breakglass.rehearsal.history import History, Record, Subject
from breakglass.rehearsal.scenarios import Scenario
from breakglass.rehearsal.score import Targets, findings_of, safety_of, times_of
from breakglass.rehearsal.stage import Stage
from breakglass.rehearsal.watch import Outcome, Watch
from breakglass.ui.asking import Option, Terminal, has_terminal
from breakglass.ui.sandboxed import Place, write_tools
from breakglass.ui.terminal import BOLD, RED, Style, say

RECOVERED, NOT_RECOVERED, ABORTED = 0, 1, 130
SHELL, GUIDE = "shell", "guide"


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is played: `choose` says which scenario, `speed` seconds pass in the sandbox for each of ours."""

    choose: Callable[["Stage", Any], Scenario]
    shell: bool = False
    limit: float | None = None
    speed: float = 1.0
    seed: int | None = None
    subject: Subject = field(default_factory=Subject)
    no_color: bool = False


@dataclass
class Exercise:
    """One drill with the people's side of it."""

    terms: Terms
    drill: Drill
    place: Place
    style: Style
    child: "subprocess.Popen[bytes] | None" = None
    how: str = ""

    def run(self, history: History) -> Record:
        """From the alert to the record, which is kept."""
        say(page(self.drill.alert, self.style), sys.stderr)
        limit = self.terms.limit * 60 if self.terms.limit else None
        stage = self.drill.ready.stage
        watch = Watch(self.drill.look, stage.control, self.drill.desk, self._over, limit, began=self.drill.began)
        with _patient():
            watch.start()
            try:
                self._work(watch)
            except KeyboardInterrupt:
                watch.stop(Outcome.ABORTED)
            watch.stop(Outcome.LEFT)
        return self._recorded(watch, history)

    def _work(self, watch: Watch) -> None:
        """Guide or shell, again and again, until it is over."""
        asks = has_terminal()
        if self.terms.shell:
            say(_welcome(self.drill.ready.before.service, grant=self.drill.scenario.grant), sys.stderr)
            self._child(SHELL)
        while watch.outcome is None and watch.verdict() is None and asks:
            match self._choice(watch):
                case Way.GUIDE:
                    self._child(GUIDE)
                case Way.SHELL:
                    say(_welcome(self.drill.ready.before.service, grant=self.drill.scenario.grant), sys.stderr)
                    self._child(SHELL)
                case Way.GRANT:
                    self.drill.ready.stage.control.clear_faults()
                    say("Granted.\n", sys.stderr)
                case Way.ABORT:
                    watch.stop(Outcome.ABORTED)
                case _:
                    watch.stop(Outcome.LEFT)

    def _choice(self, watch: Watch) -> "Way":
        ways = [Way.GUIDE, Way.SHELL, *([Way.GRANT] if self.drill.scenario.grant else []), Way.ABORT]
        try:
            chosen = Terminal(no_color=self.terms.no_color).one_of(
                "The clock runs. How do you go on?", [Option(way, _WORDS[way]) for way in ways]
            )
        except (KeyboardInterrupt, EOFError):
            return Way.ABORT
        return chosen if watch.outcome is None and isinstance(chosen, Way) else Way.LEAVE

    def _child(self, how: str) -> None:
        """One shell or guide in the foreground; it is hung up on where the drill ends before it does."""
        self.how = how
        arguments = ["recover", self.drill.ready.before.service, *(["--no-color"] if self.terms.no_color else [])]
        began = time.time()
        with _terminal_kept():
            self.child = self.place.start_shell() if how == SHELL else self.place.start(arguments)
            code = self.child.wait()
            self.child = None
        if how == GUIDE:
            line = "\t".join((f"{began:.0f}", f"{time.time():.0f}", str(code), *arguments))
            with self.drill.desk.commands.open("a", encoding="utf-8") as log:
                log.write(line + "\n")

    def _over(self, outcome: Outcome) -> None:
        """Told by the referee, in its own thread."""
        child = self.child
        if outcome is Outcome.RECOVERED:
            if child is not None:
                leave = "exit" if self.how == SHELL else "Quit"
                say(f"\nThe service has been steady three times in a row: the clock has stopped. Leave with {leave}.\n",
                    sys.stderr)  # fmt: skip
            return
        say(f"\nThe drill is over: {outcome}.\n", sys.stderr)
        if child is not None:
            with suppress(ProcessLookupError):
                child.send_signal(signal.SIGHUP)

    def _recorded(self, watch: Watch, history: History) -> Record:
        outcome = watch.outcome or Outcome.LEFT
        evidence = self.drill.evidence(watch.steady_since)
        restored = outcome is not Outcome.RECOVERED
        if restored:
            self.drill.restore()
        times, targets, checks = times_of(evidence), Targets(), safety_of(evidence)
        scenario = self.drill.scenario
        record = Record(
            id="",
            service=self.drill.ready.before.service,
            scenario=scenario.name,
            happened=scenario.happened,
            runbook=scenario.alert.runbook,
            outcome=outcome,
            restored=restored,
            began=evidence.began,
            ended=datetime.now(UTC),
            how=self.how,
            speed=self.terms.speed,
            times=times,
            targets=targets,
            safety=checks,
            findings=findings_of(times, targets, checks, recovered=outcome is Outcome.RECOVERED),
            commands=tuple(join(("breakglass", *one.arguments)) for one in evidence.typed),
            seed=self.terms.seed,
            subject=self.terms.subject,
        )
        kept, _ = history.save(record)
        return kept


class Way(Enum):
    """What can be chosen while the clock runs."""

    GUIDE = auto()
    SHELL = auto()
    GRANT = auto()
    ABORT = auto()
    LEAVE = auto()


_WORDS = {
    Way.GUIDE: "With the guide: breakglass recover",
    Way.SHELL: "In a shell, with the real commands",
    Way.GRANT: "Ask the account's owner for the missing permission (granted at once, here)",
    Way.ABORT: "Abort: put everything back",
}


def play(stage: Stage, terms: Terms, style: Style, history: History) -> Record:
    """A whole drill. Raises `BreakglassError` where the world is not steady, or the scenario does not fit."""
    steady = ready(stage)
    scenario = terms.choose(stage, steady.scene)
    drill = steady.begin(scenario, terms.speed)
    marks = {"abort": "Aborting: everything is put back."}
    if scenario.grant:
        marks["grant"] = "The account's owner has granted it."
    tools = write_tools(stage.sandbox.folder / "tools", drill.desk.commands, marks)
    place = Place(stage.sandbox, scenario.signed_in, tools)
    return Exercise(terms, drill, place, style).run(history)


def exit_code(record: Record) -> int:
    """0 recovered, 130 aborted, 1 for every other end."""
    if record.recovered:
        return RECOVERED
    return ABORTED if record.outcome is Outcome.ABORTED else NOT_RECOVERED


def page(alert: Any, style: Style) -> str:
    """The alert as a pager shows it."""
    rule = ("━" if style.unicode else "=") * style.width
    return "\n".join([rule, style.paint(alert.title, BOLD, RED), *(f"  {one}" for one in alert.lines), rule, "", ""])


def _welcome(service: str, *, grant: bool) -> str:
    asks = "  grant                              what asking the account's owner for a permission does here\n"
    return (
        "\nThis shell is in the sandbox: breakglass, aws and boto3 lead there and nowhere else. The clock runs.\n"
        f"  breakglass inventory {service}     look\n"
        f"{asks if grant else ''}"
        "  abort                              put everything back, at any time\n"
        "  exit                               leave; the sandbox goes with you\n\n"
    )


@contextmanager
def _patient() -> Iterator[None]:
    """Ctrl-C belongs to whoever is in the foreground; while nobody is, the questions take it."""
    before = signal.signal(signal.SIGINT, _do_nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _do_nothing(*_: object) -> None:
    """A handler, not SIG_IGN: that one would be inherited."""


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """A shell that is hung up on leaves the terminal in its own mode, and to its own process group."""
    if not has_terminal():
        yield
        return
    descriptor = sys.stdin.fileno()
    mode = termios.tcgetattr(descriptor)
    try:
        yield
    finally:
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with suppress(OSError):
            os.tcsetpgrp(descriptor, os.getpgrp())
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)
        signal.signal(signal.SIGTTOU, before)
