"""`breakglass runbook run` on a terminal: run, skip, stop, by hand, again, Ctrl-C; and what it says at the end."""

import os
import re
import sys
import time
from pathlib import Path

import pexpect
import pytest

ROOT = str(Path(__file__).resolve().parents[2])
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>]|\][^\x07]*\x07)")
STEPS = """
## Before you start

Breathe.

## Diagnose

1. Why: to look back.

   ```sh
   breakglass runs
   ```

   Expect: `There are no runs`.

   If not: look at them.

2. Why: to wait.

   ```sh
   aws ecs wait services-stable --cluster CLUSTER --services SERVICE
   ```

   Expect: nothing.

   If not: wait longer.

## Fix

1. Why: to take it away.

   ```sh
   aws ecs delete-service --cluster CLUSTER --service SERVICE
   ```

   Expect: it drains.

   If not: ask.

   Undo: a rebuild.

2. Why: to mark it.

   ```sh
   touch marker; breakglass runs > marker
   ```

   Expect: nothing.

   If not: ask.

   Undo: rm marker.

## Verify

```sh
breakglass timeline
```

Expect: what was done.

## Hand over

Sleep.
"""
FRONT = (
    '+++\nid = "RB-60"\ntitle = "X"\nservice = "*"\nplaceholders = { CLUSTER = "the ECS cluster" }\n+++\n\n# RB-60 X\n'
)
AWS = """#!/bin/sh
trap 'echo aws was told to stop; exit 130' INT
echo "aws got $*"
[ -z "$SLOW" ] || { echo it waits; sleep 30 & wait; }
"""


@pytest.fixture(name="walk")
def _walk(tmp_path):
    """The walk of one runbook on a terminal, with an `aws` that only says what it was given."""
    for folder in ("ours", "bin"):
        (tmp_path / folder).mkdir()
    (tmp_path / "ours" / "RB-60.md").write_text(FRONT + STEPS)
    (tmp_path / "breakglass.toml").write_text(
        '[runbooks]\nfolder = "ours"\n[accounts.staging]\nid = "444455556666"\nprofile = "acme-staging"\n'
    )
    (tmp_path / "bin" / "aws").write_text(AWS)
    (tmp_path / "bin" / "aws").chmod(0o700)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BREAKGLASS_"))}
    environ = clean | {
        "HOME": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": ROOT,
        "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
    }  # fmt: skip

    def start(*arguments, **more):
        command = ["-m", "breakglass", "runbook", "run", "RB-60", "--service", "billing-api", *arguments]
        child = pexpect.spawn(
            sys.executable, command, env=environ | more, cwd=str(tmp_path), encoding="utf-8", timeout=60,
            dimensions=(60, 100),
        )  # fmt: skip
        return Screen(child)

    return start


class Screen:
    def __init__(self, child):
        self._child = child
        self._seen = []
        child.logfile_read = self

    def write(self, text):
        self._seen.append(text)

    def flush(self):
        """Nothing is kept back."""

    @property
    def text(self):
        return ESCAPES.sub("", "".join(self._seen)).replace("\r", "")

    def sees(self, words):
        self._child.expect_exact(words)
        return self

    def answers(self, question, *answers):
        for answer in answers:
            self.sees(question)
            time.sleep(0.1)
            self._child.send(f"{answer}\r")
        return self

    def types(self, keys):
        self._child.send(keys)
        return self

    def ends(self):
        self._child.expect(pexpect.EOF)
        self._child.close()
        return self._child.exitstatus


def outcomes(text):
    """The summary: step, what became of it and how it ended, command."""
    lines = text[text.rindex("STEP  ") :].splitlines()[1:]
    rows = [re.split(r"  +", line.strip()) for line in lines if line.strip()]
    return {row[0]: row[1:] for row in rows if row[0].split()[0] in {"Diagnose", "Fix", "Verify"}}


def test_each_command_is_run_skipped_done_by_hand_or_not_reached_and_said_to_be_so(walk, tmp_path):
    screen = walk("--state-dir", "state", "--account", "staging", "--region", "eu-west-1")
    screen.answers("type run, skip or stop:", "", "yes", "run")
    screen.sees("exit code 0, done").sees("Expect:")
    screen.answers("Diagnose 2: type run, skip or stop:", "run")
    screen.answers("CLUSTER (the ECS cluster):", "--all", "x;y", "wonder").sees("exit code 0")
    screen.answers("Fix 1: type done, skip or stop:", "run", "again").answers(
        "CLUSTER (the ECS cluster):", "wonderland"
    )
    screen.answers("Fix 1: type done, skip or stop:", "skip")
    screen.answers("Fix 2: type done, skip or stop:", "done")
    screen.answers("Verify: type run, skip or stop:", "stop")
    assert screen.ends() == 7
    there = "--account staging --region eu-west-1 --state-dir state"
    aws = "aws ecs wait services-stable --cluster wonderland --services billing-api"
    assert outcomes(screen.text) == {
        "Diagnose 1": ["ran", "exit code 0, done", f"breakglass runs {there}"],
        "Diagnose 2": ["ran", "exit code 0", f"{aws} --region eu-west-1 --profile acme-staging"],
        "Fix 1": ["skipped", "aws ecs delete-service --cluster CLUSTER --service billing-api"],
        "Fix 2": ["by hand, you said", "touch marker; breakglass runs > marker"],
        "Verify": ["not reached", "breakglass timeline"],
    }
    assert screen.text.count("aws got ") == 2
    assert "aws got ecs delete-service" not in screen.text
    assert not (tmp_path / "marker").exists()
    assert "It changes AWS without asking for the account ID" in screen.text
    assert f"Go on there: breakglass runbook run RB-60 --service billing-api --from Verify {there}" in screen.text
    assert "Sleep." not in screen.text
    assert "What was changed is what the commands above say." in screen.text


def test_what_verify_finds_is_what_the_walk_comes_to(walk):
    screen = walk("--from", "verify").answers("Verify: type run, skip or stop:", "run")
    assert screen.ends() == 1
    assert outcomes(screen.text) == {
        "Verify": ["ran", "exit code 2, a line that was not understood", "breakglass timeline"]
    }
    assert "Verify ended with exit code 2" in screen.text
    assert "Sleep." in screen.text
    assert "Breathe." not in screen.text


def test_ctrl_c_stops_the_command_first_and_then_the_walk(walk):
    screen = (
        walk("--from", "diagnose-2", SLOW="1").answers("Diagnose 2: type run", "run").answers("CLUSTER", "wonderland")
    )
    screen.sees("it waits").types("\x03").sees("aws was told to stop")
    assert screen.ends() == 130
    assert outcomes(screen.text)["Diagnose 2"][:2] == ["ran", "exit code 130"]
    assert outcomes(screen.text)["Fix 1"][0] == "not reached"
    assert "--from 'Diagnose 2'" in screen.text
    assert "Nothing was changed." in screen.text


@pytest.mark.parametrize("keys", ["\x03", "\x04"])
def test_ctrl_c_at_the_question_ends_with_nothing_done(walk, keys):
    screen = walk().sees("Diagnose 1: type run, skip or stop:")
    time.sleep(0.2)
    assert screen.types(keys).ends() == 130
    assert {became for became, *_ in outcomes(screen.text).values()} == {"not reached"}
    assert "Nothing was changed." in screen.text
