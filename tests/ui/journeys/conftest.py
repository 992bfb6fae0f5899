"""The program on a pseudo-terminal, against the sandbox: what an operator sees, and what reaches AWS."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pexpect
import pytest
from botocore.config import Config

from breakglass.rehearsal.sandbox.accounts import ACCOUNTS
from breakglass.rehearsal.sandbox.process import Sandbox

PRODUCTION = "111122223333"
STAGING = "444455556666"
PROMPT = "account ID"
ROOT = str(Path(__file__).resolve().parents[3])
PROGRAM = [sys.executable, "-m", "breakglass"]
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>]|\][^\x07]*\x07)")


@dataclass
class Night:
    """One outage: the sandbox, a state directory of its own, and the program in front of both."""

    sandbox: Sandbox
    folder: Path
    account: str = "production"
    more: dict = field(default_factory=dict)

    @property
    def control(self):
        return self.sandbox.control

    @property
    def state(self):
        return self.folder / "state"

    def environment(self):
        environ = self.sandbox.applied(os.environ, self.account)
        environ |= {"BREAKGLASS_STATE_DIR": str(self.state), "PYTHONPATH": ROOT, "TERM": "xterm-256color"}
        environ |= {"LC_ALL": "C.UTF-8", "HOME": str(self.folder)} | self.more
        return {name: value for name, value in environ.items() if value is not None}

    def aws(self, service, account="production", region="eu-west-1"):
        held = next(item for item in ACCOUNTS if item.name == account)
        session = boto3.Session(held.access_key, held.secret_key, held.session_token, region_name=region)
        once = Config(retries={"mode": "standard", "total_max_attempts": 1})
        return session.client(service, endpoint_url=self.sandbox.url, config=once)

    def delete_service(self, service="deployer-api", account="production"):
        """What Mathias did at 09:27."""
        self.aws("ecs", account).delete_service(cluster="wonderland", service=service, force=True)
        self.control.advance(600)
        self.control.clear_calls()

    def changes(self):
        """The changing calls that reached AWS since the world was made."""
        return [f"{call['service']}:{call['operation']}" for call in self.control.calls() if call["mutating"]]

    def run(self, *arguments, stdin=None):
        """The program away from any terminal."""
        return subprocess.run(
            [*PROGRAM, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=self.folder,
            env=self.environment(), start_new_session=True,
            **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
        )  # fmt: skip

    def on_terminal(self, *arguments, columns=100, line=None):
        """The program on a terminal; with `line`, that line of shell, `{}` in it being the program's command."""
        command = [*PROGRAM, *arguments]
        if line is not None:
            command = ["sh", "-c", line.format(shlex.join(command))]
        child = pexpect.spawn(
            command[0], command[1:], env=self.environment(), cwd=str(self.folder), dimensions=(60, columns),
            encoding="utf-8", timeout=60,
        )  # fmt: skip
        return Screen(child)

    def journal(self, run=None):
        folders = sorted((self.state / "runs").iterdir())
        folder = next(one for one in folders if run in (None, one.name)) if run else folders[-1]
        return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]

    def run_id(self):
        return max(one.name for one in (self.state / "runs").iterdir())


class Screen:
    """A terminal with the program on it."""

    def __init__(self, child):
        self.child = child
        self._seen = []
        child.logfile_read = self

    def write(self, text):
        self._seen.append(text)

    def flush(self):
        """Nothing is kept back."""

    @property
    def text(self):
        """Everything so far, without escape sequences."""
        return _ESCAPES.sub("", "".join(self._seen)).replace("\r\n", "\n").replace("\r", "\n")

    def sees(self, words, timeout=60):
        self.child.expect_exact(words, timeout=timeout)
        return self

    def types(self, text):
        """Keys, once the terminal is in raw mode."""
        time.sleep(0.1)
        self.child.send(text)
        return self

    def answers(self, text):
        return self.sees(PROMPT).types(f"{text}\r")

    def ends(self, timeout=120):
        self.child.expect(pexpect.EOF, timeout=timeout)
        self.child.close()
        return self.child.exitstatus if self.child.signalstatus is None else -self.child.signalstatus

    def closes(self):
        """The terminal's window is closed."""
        self.child.close(force=False)


@pytest.fixture(name="night")
def _night(sandbox, tmp_path):
    sandbox.control.set_rate(60)
    sandbox.control.clear_calls()
    return Night(sandbox, tmp_path)
