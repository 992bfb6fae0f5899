"""Starting the embedded sandbox from the command line, and what is run in its world."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shlex import join, quote
from typing import TYPE_CHECKING

from breakglass.errors import BreakglassError

if TYPE_CHECKING:
    from breakglass.rehearsal.sandbox import Sandbox

PROGRAM = (sys.executable, "-m", "breakglass")


@contextmanager
def sandbox() -> "Iterator[Sandbox]":
    """A running sandbox, stopped at the end. Raises `BreakglassError` where it is not installed or does not start."""
    if any(find_spec(name) is None for name in ("moto", "flask")):
        raise BreakglassError("The sandbox is not installed.", hint="pip install 'breakglass[rehearsal]'")
    from breakglass.rehearsal.sandbox import Sandbox, SandboxError  # noqa: PLC0415 - loads the AWS SDK

    try:
        running = Sandbox.start()
    except (SandboxError, OSError) as error:
        raise BreakglassError(f"The sandbox could not be started: {error}.", hint="Try again with --debug.") from error
    with running:
        yield running


@dataclass(frozen=True, slots=True)
class Place:
    """A sandbox's world as one operator has it: signed in to `account`, with `tools` first on the path."""

    running: "Sandbox"
    account: str = "production"
    tools: Path | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    def exports(self) -> dict[str, str]:
        """What to export there."""
        first = [str(self.tools)] if self.tools else []
        path = os.pathsep.join((*first, str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        return {**self.running.environment(self.account), **self.more, "PATH": path}

    def environment(self) -> dict[str, str]:
        """The whole environment of a process there. Nothing in it leads anywhere else."""
        inherited = {name: value for name, value in os.environ.items() if name != "AWS_SDK_UA_APP_ID"}
        return {**self.running.applied(inherited, self.account), **self.exports()}

    def start_shell(self) -> "subprocess.Popen[bytes]":
        """The operator's own shell there.

        Whatever its start-up files export is put right after them: a profile set there must not lead elsewhere.
        """
        shell = os.environ.get("SHELL", "/bin/sh")
        world = self.environment()
        start_up = StartUp(self.running.folder, self.exports(), self.running.unset, "(sandbox)")
        return subprocess.Popen(start_up.of(shell, world), env=world)  # noqa: S603 - their own shell

    def start(self, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        """This very program there, as a process of its own."""
        return subprocess.Popen([*PROGRAM, *arguments], env=self.environment())  # noqa: S603 - ourselves

    def run(self, arguments: Sequence[str]) -> int:
        """The same, and its exit code."""
        return self.start(arguments).wait()


def write_tools(folder: Path, log: Path, marks: Mapping[str, str]) -> Path:
    """Write commands for a drill's shell, and return their folder.

    `breakglass` is this program, with every command and its exit code in `log` (see `rehearsal.evidence`); each of
    `marks` leaves a file of its name beside the log, and says its words.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    recorded = (
        "#!/bin/sh\n"
        "trap : INT\n"
        "began=$(date +%s)\n"
        f'{join(PROGRAM)} "$@"\n'
        "code=$?\n"
        '{ printf \'%s\\t%s\\t%s\' "$began" "$(date +%s)" "$code"; printf \'\\t%s\' "$@"; echo; } '
        f">> {quote(str(log))}\n"
        "exit $code\n"
    )
    scripts = {"breakglass": recorded}
    for name, words in marks.items():
        scripts[name] = f"#!/bin/sh\n: > {quote(str(log.with_name(name)))}\necho {quote(words)}\n"
    for name, text in scripts.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o700)
    return folder


@dataclass(frozen=True, slots=True)
class StartUp:
    """What a shell does after its own start-up files: `exports` and `unset` again, and `mark` before the prompt.

    The files that say so lie in `folder`.
    """

    folder: Path
    exports: Mapping[str, str]
    unset: Sequence[str]
    mark: str

    def of(self, shell: str, world: dict[str, str]) -> list[str]:
        """The command that starts `shell` like this; `world` is its environment, which some shells are told by."""
        exports = [f"export {name}={quote(value)}" for name, value in self.exports.items()]
        again = "\n".join([*(f"unset {name}" for name in self.unset), *exports, f'PS1="{self.mark} $PS1"', ""])
        match Path(shell).name:
            case "bash":
                return [shell, "--rcfile", self._file("bashrc", f"[ -f ~/.bashrc ] && . ~/.bashrc\n{again}")]
            case "zsh":
                self._file(".zshrc", f"[ -f ~/.zshrc ] && . ~/.zshrc\n{again}")
                world["ZDOTDIR"] = str(self.folder)
                return [shell]
            case _:
                world["ENV"] = self._file("shrc", again)
                return [shell]

    def _file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)
