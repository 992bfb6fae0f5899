"""Starting the embedded sandbox from the command line."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from breakglass.errors import BreakglassError

if TYPE_CHECKING:
    from breakglass.rehearsal.sandbox import Sandbox


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


def open_shell(running: "Sandbox") -> None:
    """The operator's own shell in the sandbox's world, until it is left.

    Whatever its start-up files export is put right after them: a profile set there must not lead elsewhere.
    """
    world = running.applied(os.environ)
    world["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), world.get("PATH", os.defpath)))
    shell = os.environ.get("SHELL", "/bin/sh")
    subprocess.run(_with_start_up(shell, running, world), env=world, check=False)  # noqa: S603 - their own shell


def _with_start_up(shell: str, running: "Sandbox", world: dict[str, str]) -> list[str]:
    exports = [f"export {name}={quote(world[name])}" for name in (*running.environment(), "PATH")]
    again = "\n".join([f"unset {' '.join(running.unset)}", *exports, 'PS1="(sandbox) $PS1"', ""])
    match Path(shell).name:
        case "bash":
            start_up = running.folder / "bashrc"
            start_up.write_text(f"[ -f ~/.bashrc ] && . ~/.bashrc\n{again}", encoding="utf-8")
            return [shell, "--rcfile", str(start_up)]
        case "zsh":
            start_up = running.folder / ".zshrc"
            start_up.write_text(f"[ -f ~/.zshrc ] && . ~/.zshrc\n{again}", encoding="utf-8")
            world["ZDOTDIR"] = str(running.folder)
            return [shell]
        case _:
            start_up = running.folder / "shrc"
            start_up.write_text(again, encoding="utf-8")
            world["ENV"] = str(start_up)
            return [shell]


def run_in(running: "Sandbox", arguments: Sequence[str]) -> int:
    """Run this very program in the sandbox's world, as a process of its own, and return its exit code."""
    command = [sys.executable, "-m", "breakglass", *arguments]
    return subprocess.run(command, env=running.applied(os.environ), check=False).returncode  # noqa: S603 - ourselves
