"""Starting one command of a runbook in this terminal, and waiting for its end whatever is pressed meanwhile."""

import os
import shlex
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import FrameType

from breakglass.model.command_lines import Command
from breakglass.planning.runbook_walk import AWS_CLI, OURS
from breakglass.ui.command_lines import options_of
from breakglass.ui.common import Common
from breakglass.ui.sandboxed import PROGRAM

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INTERRUPTED, _NOT_FOUND, _NOT_STARTED = 130, 127, 126
_MEANINGS = {
    0: "done",
    1: "an error",
    2: "a line that was not understood",
    3: "nobody could be asked",
    4: "credentials missing or expired",
    5: "wrong or unconfirmed account",
    6: "the world changed since the plan",
    7: "stopped part-way: breakglass resume goes on",
    8: "not everything could be read",
    9: "blocked",
    10: "attention needed",
    _INTERRUPTED: "interrupted",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `stopped` is whether the operator, or a signal, ended it or meant to."""

    code: int
    stopped: bool = False

    def words(self, program: str) -> str:
        """`exit code 10, attention needed`; what a number means is only known of our own commands."""
        meaning = _MEANINGS.get(self.code) if program == OURS else None
        if self.code == _NOT_FOUND and program != OURS:
            meaning = f"there is no {program} on this machine"
        return f"exit code {self.code}{f', {meaning}' if meaning else ''}"


def completed(command: Command, common: Common, profile: str | None) -> Command:
    """The command with the options that the operator gave, so that it works in the same place.

    What the line says itself stays. `profile` is the one that `--profile` or `--account` chose, for the AWS CLI.
    """
    words = command.words or ()
    given = dict(common.places)
    if words[:1] == (AWS_CLI,):
        known = frozenset({"--profile", "--region"})
        given |= {"--profile": profile} if profile else {}
    else:
        known = options_of(words[1:]) if words[:1] == (OURS,) else frozenset()
    said = {word.partition("=")[0] for word in words}
    more = [
        f"{option} {shlex.quote(value)}" for option, value in given.items() if option in known and option not in said
    ]
    flags = {"--no-color": common.no_color, "--debug": common.debug} if words[:1] == (OURS,) else {}
    more += [flag for flag, is_set in flags.items() if is_set and flag in known and flag not in said]
    return replace(command, text=" ".join([_without_comment(command.text), *more])) if more else command


def carried_out(words: Sequence[str]) -> Ended:
    """Start a command's words, no shell between, and wait for its end.

    Ctrl-C reaches the command by itself, as everything in this terminal: it decides how to stop, and is waited for.
    """
    argv = [*PROGRAM, *words[1:]] if words[0] == OURS else list(words)
    heard: list[int] = []
    children: list[subprocess.Popen[bytes]] = []

    def hear(number: int, _: FrameType | None) -> None:
        heard.append(number)
        if number != signal.SIGINT:
            for child in children:
                child.send_signal(number)

    with _listening(hear), _terminal_as_it_was():
        try:
            child = subprocess.Popen(argv, env={**os.environ, "AWS_PAGER": ""})  # noqa: S603 - shown and agreed to
        except FileNotFoundError:
            return Ended(_NOT_FOUND)
        except OSError:
            return Ended(_NOT_STARTED)
        children.append(child)
        code = child.wait()
    code = 128 - code if code < 0 else code
    return Ended(code, stopped=bool(heard) or code == _INTERRUPTED)


def _without_comment(text: str) -> str:
    """A line without the comment at its end, to which nothing could be added."""
    return text if "#" not in text else shlex.join(Command(0, text).words or ())


@contextmanager
def _listening(hear: "signal._HANDLER") -> Iterator[None]:
    before = {
        number: signal.signal(number, hear)
        for number in _SIGNALS
        if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _terminal_as_it_was() -> Iterator[None]:
    """A command that is killed while it asks something would leave a terminal that shows nothing of what is typed."""
    try:
        before = termios.tcgetattr(sys.stdin.fileno())
    except (termios.error, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error, OSError):
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)
