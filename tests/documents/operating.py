"""Somebody in the sandbox's world, who types lines exactly as a document has them."""

import contextlib
import gc
import io
import os
import re
import shlex
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

from breakglass.rehearsal.evidence import REFEREE
from breakglass.rehearsal.sandbox import Sandbox
from breakglass.ui.sandboxed import Place, write_tools
from tests.documents.collecting import ROOT, Typed, filled, is_first
from tests.ui.journeys.conftest import PRODUCTION, STAGING, Screen

ABORTED = 130
SAFE = ("ASIASANDBOXPROD00001", "not-a-secret", "eu-west-1", "")
"""What `aws configure` asks for, as it is in the safe: the access key is the sandbox's own for production."""
CONFIRMED = frozenset({"remove", "rebuild", "resume"})
"""Commands that ask for the account ID."""
_TASK = re.compile(r"arn:aws:ecs:\S+:task/\S+")


@dataclass(frozen=True)
class Ended:
    code: int
    text: str


@dataclass
class Operator:
    """The lines that were typed are logged in the drill's own way, so that a drill's score can tell of them."""

    sandbox: Sandbox
    folder: Path
    account: str = "production"
    more: dict[str, str] = field(default_factory=dict)

    @property
    def control(self):
        return self.sandbox.control

    @property
    def state(self):
        return self.sandbox.folder / "state"

    @property
    def log(self):
        return self.sandbox.folder / "drill" / "commands"

    def environment(self):
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        tools = write_tools(self.sandbox.folder / "tools", self.log, {})
        plain = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(self.folder), "AWS_PAGER": ""}
        plain["PYTHONPATH"] = str(ROOT)
        return Place(self.sandbox, self.account, tools, plain | self.more).environment()

    @property
    def known(self):
        """What a line may have to be given: the newest run and the newest snapshot."""
        runs, saved = self.state.glob("runs/*"), self.state.glob("snapshots/*/*/*/*.json")
        newest = {
            "RUN": max((one.name for one in runs), default=""),
            "ID": max((one.stem for one in saved), default=""),
        }
        return {word: value for word, value in newest.items() if value}

    def follows(self, one: Typed, heard=""):
        """Type one line as its document says it. `heard` is what the lines before it have said.

        On a terminal where it asks something, as processes of their own where it stands first, else within this one.
        """
        line, (program, command, *rest) = filled(one.filled, self.known), one.text.split()
        if "each" in one.notes:
            return self._for_each(one.notes["each"], line, heard)
        if program != "breakglass":
            return self.signs_in(line) if command == "configure" else self.starts(line)
        if command in CONFIRMED and not (one.asks_nothing or ("--dry-run" in rest and not is_first(one))):
            return self.confirms(line)
        if command == "rehearse":  # brings a sandbox of its own: as a process of its own in tests/ui/test_rehearse.py
            return self.aborts(line) if "--live" in rest else self.runs(line)
        if command == "recover":
            return self.leaves(line, "What now?")
        return self.starts(line) if is_first(one) else self.runs(line)

    def _for_each(self, word, line, heard):
        found = dict.fromkeys(_TASK.findall(heard))
        assert found, f"{line}: nothing before it names one"
        ended = [self.starts(filled(line, {word: arn})) for arn in found]
        return Ended(max(each.code for each in ended), "\n".join(each.text for each in ended))

    def sends(self):
        """The changing calls of the operator's that reached AWS, by whatever tool."""
        calls = self.control.calls()
        return [one for one in calls if one["mutating"] and REFEREE not in (one["user_agent"] or "")]

    def starts(self, line):
        """A line off any terminal, as processes of its own."""
        ended = subprocess.run(
            ["/bin/sh", "-c", line], capture_output=True, text=True, check=False, timeout=120, cwd=self.folder,
            env=self.environment(), stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        return Ended(ended.returncode, ended.stdout + ended.stderr)

    def runs(self, line):
        """The same line within this process: the program's own `run`, in the operator's environment."""
        from breakglass.__main__ import run  # noqa: PLC0415 - it turns the garbage collector off

        words = shlex.split(line, comments=True)
        assert words[0] == "breakglass", line
        before, place, began = dict(os.environ), Path.cwd(), time.time()
        said = io.StringIO()
        try:
            os.environ.clear()
            os.environ.update(self.environment())
            os.chdir(self.folder)
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = run(words[1:])
        finally:
            gc.enable()
            os.chdir(place)
            os.environ.clear()
            os.environ.update(before)
        with self.log.open("a", encoding="utf-8") as log:
            log.write("\t".join((f"{began:.0f}", f"{time.time():.0f}", str(code), *words[1:])) + "\n")
        return Ended(code, said.getvalue())

    def opens(self, line):
        """A terminal in which a line has just been typed."""
        child = pexpect.spawn(
            "/bin/sh", ["-c", line], env=self.environment(), cwd=str(self.folder), dimensions=(60, 100),
            encoding="utf-8", timeout=90,
        )  # fmt: skip
        return Screen(child)

    def confirms(self, line, waits=""):
        """A line that asks for the account ID; Enter ends a wait that says `waits`."""
        screen = self._answered(line, wrong=STAGING, right=PRODUCTION)
        if waits:
            screen.sees(waits).types("\r")
        return Ended(screen.ends(), screen.text)

    def aborts(self, line):
        """A drill in a rehearsal account: begun, left with Ctrl-C, and restored."""
        screen = self._answered(line, wrong=PRODUCTION, right=STAGING).sees("How do you go on?").types("\x03")
        assert screen.ends() == ABORTED, screen.text
        return Ended(0, screen.text)

    def _answered(self, line, wrong, right):
        """Asked for the account ID, first a wrong one is typed, which must change nothing, then the right one."""
        before = len(self.sends())
        screen = self.opens(line).answers(wrong)
        screen.sees("That is not the ID of this account")
        assert len(self.sends()) == before, f"{line}: a wrong account ID, and something was changed"
        return screen.answers(right)

    def leaves(self, line, question):
        """A line that asks something else, and is left with Ctrl-C."""
        screen = self.opens(line).sees(question).types("\x03")
        return Ended(screen.ends(), screen.text)

    def signs_in(self, line):
        """`aws configure`, with what is in the safe."""
        screen = self.opens(line)
        for given in SAFE:
            screen.sees("]: ").types(f"{given}\r")
        return Ended(screen.ends(), screen.text)
