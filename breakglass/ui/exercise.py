"""The people's side of a drill on this terminal: the alert, the clock, and the operator's own commands."""

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from breakglass.rehearsal.alerts import Alert
from breakglass.rehearsal.steady import Look
from breakglass.rehearsal.watch import PACE, Desk, Outcome, Watch
from breakglass.ui.asking import Option, Terminal, has_terminal
from breakglass.ui.terminal import BOLD, RED, Style, say

SHELL, GUIDE = "shell", "guide"


class World(Protocol):
    """Where the operator works: what leads there, and nowhere else."""

    def start_shell(self) -> "subprocess.Popen[bytes]":
        """The operator's own shell there."""
        ...

    def start(self, arguments: list[str]) -> "subprocess.Popen[bytes]":
        """This very program there, as a process of its own."""
        ...


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


@dataclass(frozen=True, slots=True)
class Task:
    """What the operator is faced with.

    `look` says why the service is not steady, `grant` gives a missing permission where there is somebody to ask,
    `welcome` greets in the shell. `limit` is in seconds; `pace` and `brisk` are the referee's, see `Watch`.
    """

    service: str
    alert: Alert
    desk: Desk
    look: Look
    world: World
    began: float
    welcome: str
    grant: Callable[[], None] | None = None
    limit: float | None = None
    pace: float = PACE
    brisk: float = PACE


@dataclass
class Exercise:
    """One drill as it is played. `how` is by what the operator went on last: the guide, or the shell."""

    task: Task
    style: Style
    no_color: bool = False
    how: str = ""
    child: "subprocess.Popen[bytes] | None" = None

    def play(self, *, shell: bool = False) -> Watch:
        """From the alert until it is over, one way or the other; with `shell` the operator begins in one."""
        task = self.task
        say(page(task.alert, self.style), sys.stderr)
        grant = task.grant or _do_nothing
        watch = Watch(task.look, grant, task.desk, self._over, task.limit, task.pace, task.brisk, began=task.began)
        with _patient():
            watch.start()
            try:
                self._work(watch, shell=shell)
            except KeyboardInterrupt:
                watch.stop(Outcome.ABORTED)
            watch.stop(Outcome.LEFT)
        return watch

    def wait(self) -> Watch:
        """The same where there is nobody to ask: look until it is steady by whosoever's hand, or time is up."""
        task = self.task
        say(page(task.alert, self.style), sys.stderr)
        watch = Watch(
            task.look, _do_nothing, task.desk, self._over, task.limit, task.pace, task.brisk, began=task.began
        )
        watch.start()
        try:
            while not watch.wait(PACE):
                continue
        except KeyboardInterrupt:
            watch.stop(Outcome.ABORTED)
        watch.stop(Outcome.LEFT)
        return watch

    def _work(self, watch: Watch, *, shell: bool) -> None:
        """Guide or shell, again and again, until it is over."""
        asks = has_terminal()
        if shell:
            self._shell()
        while watch.outcome is None and watch.verdict() is None and asks:
            match self._choice(watch):
                case Way.GUIDE:
                    self._child(GUIDE)
                case Way.SHELL:
                    self._shell()
                case Way.GRANT if self.task.grant:
                    self.task.grant()
                    say("Granted.\n", sys.stderr)
                case Way.ABORT:
                    watch.stop(Outcome.ABORTED)
                case _:
                    watch.stop(Outcome.LEFT)

    def _choice(self, watch: Watch) -> Way:
        ways = [Way.GUIDE, Way.SHELL, *([Way.GRANT] if self.task.grant else []), Way.ABORT]
        try:
            chosen = Terminal(no_color=self.no_color).one_of(
                "The clock runs. How do you go on?", [Option(way, _WORDS[way]) for way in ways]
            )
        except (KeyboardInterrupt, EOFError):
            return Way.ABORT
        return chosen if watch.outcome is None and isinstance(chosen, Way) else Way.LEAVE

    def _shell(self) -> None:
        say(self.task.welcome, sys.stderr)
        self._child(SHELL)

    def _child(self, how: str) -> None:
        """One shell or guide in the foreground; it is hung up on where the drill ends before it does."""
        self.how = how
        arguments = ["recover", self.task.service, *(["--no-color"] if self.no_color else [])]
        began = time.time()
        with _terminal_kept():
            self.child = self.task.world.start_shell() if how == SHELL else self.task.world.start(arguments)
            try:
                code = self.child.wait()
            except KeyboardInterrupt:
                self._hang_up(self.child)
                self.child.wait()  # it may be in the middle of a run: nobody else is to begin one before it has ended
                raise
            self.child = None
        if how == GUIDE:
            line = "\t".join((f"{began:.0f}", f"{time.time():.0f}", str(code), *arguments))
            with self.task.desk.commands.open("a", encoding="utf-8") as log:
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
            self._hang_up(child)

    def _hang_up(self, child: "subprocess.Popen[bytes]") -> None:
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGHUP)


def page(alert: Alert, style: Style) -> str:
    """The alert as a pager shows it."""
    rule = ("━" if style.unicode else "=") * style.width
    return "\n".join([rule, style.paint(alert.title, BOLD, RED), *(f"  {one}" for one in alert.lines), rule, "", ""])


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
