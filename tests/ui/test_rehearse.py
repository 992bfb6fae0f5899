"""`rehearse` as its user meets it: off a terminal, with the guide, with a shell, aborted, out of time, on a twin."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from breakglass.rehearsal.sandbox import Sandbox

PRODUCTION = "111122223333"
ROOT = str(Path(__file__).resolve().parents[2])
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>]|\][^\x07]*\x07)")


@pytest.fixture(name="environ")
def _environ(tmp_path):
    """A machine without AWS credentials; what is set here would lead nowhere good."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BREAKGLASS_"))}
    return clean | {
        "HOME": str(tmp_path), "BREAKGLASS_STATE_DIR": str(tmp_path / "state"), "PYTHONPATH": ROOT,
        "SHELL": "/bin/bash", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "AWS_PROFILE": "no-such-profile",
        "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:9",
    }  # fmt: skip


@pytest.fixture(name="off_terminal")
def _off_terminal(environ, tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "breakglass", "rehearse", *arguments], env=environ, cwd=tmp_path, text=True,
            capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=120,
        )  # fmt: skip

    return run


class Terminal:
    def __init__(self, environ, folder, arguments):
        command = ["-m", "breakglass", "rehearse", *arguments]
        self._child = pexpect.spawn(
            sys.executable, command, env=environ, cwd=str(folder), encoding="utf-8", timeout=90, dimensions=(60, 100)
        )
        self._seen = []
        self._child.logfile_read = self

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

    def types(self, text):
        time.sleep(0.3)
        self._child.send(text)
        return self

    def ends(self):
        self._child.expect(pexpect.EOF)
        self._child.close()
        return self._child.exitstatus


@pytest.fixture(name="on_terminal")
def _on_terminal(environ, tmp_path):
    return lambda *arguments: Terminal(environ, tmp_path, arguments)


@pytest.fixture(name="drilled")
def _drilled(environ, tmp_path):
    return lambda *arguments: Terminal(environ, tmp_path, (*arguments, "--drill"))


def drills(tmp_path):
    files = sorted((tmp_path / "state" / "drills").glob("*.json"))
    return [json.loads(path.read_text()) for path in files]


def test_off_a_terminal_it_is_the_alert_and_the_inventory(off_terminal, tmp_path):
    ended = off_terminal("deployer-api")
    assert ended.returncode == 0, ended.stderr
    assert "DOWN  deployer-api is not answering" in ended.stderr
    assert "Runbook: breakglass runbook show RB-01" in ended.stderr
    assert ended.stdout.startswith("deployer-api is half-deleted")
    assert not (tmp_path / "state").exists(), "nothing was rehearsed"


def test_on_a_terminal_too_and_nobody_is_asked_anything(on_terminal, tmp_path):
    screen = on_terminal("deployer-api")
    assert screen.ends() == 0
    assert screen.text.index("DOWN  deployer-api") < screen.text.index("deployer-api is half-deleted")
    assert not (tmp_path / "state").exists()


def test_the_list_names_every_scenario_with_its_runbook(off_terminal):
    said = off_terminal("--list").stdout
    assert len(re.findall(r"^[a-z-]+ +RB-0[1-9]  \S", said, re.MULTILINE)) == 13


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "rehearse needs a service"),
        (["deployer-api", "--scenario", "meteor"], "no scenario 'meteor'"),
        (["deployer-api", "--missing", "vpc"], "cannot take away: vpc"),
        (["deployer-api", "--seed", "3"], "--seed"),
        (["deployer-api", "--scenario", "random", "--missing", "alarm"], "two ways"),
        (["deployer-api", "--from-snapshot", "20260101T000000Z-0000"], "no snapshot"),
    ],
)
def test_what_makes_no_sense_is_said(off_terminal, arguments, words):
    ended = off_terminal(*arguments) if arguments else off_terminal("-o", "json")
    assert ended.returncode == 2
    assert words in ended.stderr


def test_the_guide_leads_through_it(drilled, tmp_path):
    """Everything that a newcomer types: Enter, Enter, the account ID; and Quit."""
    screen = drilled("deployer-api", "--speed", "60", "-o", "json")
    screen.sees("DOWN  deployer-api").sees("How do you go on?").types("\r")
    screen.sees("Recommended:").sees("What now?").types("\r")
    screen.sees("account ID").types(f"{PRODUCTION}\r")
    screen.sees("deployer-api is recovered").sees("What now?").types("\x03")
    assert screen.ends() == 0, screen.text
    (drill,) = drills(tmp_path)
    assert json.loads(screen.text[screen.text.rindex('{\n  "schema_version"') :]) == drill
    assert drill["outcome"] == "recovered"
    assert drill["how"] == "guide"
    assert 0 <= drill["times"]["detect"] <= drill["times"]["diagnose"] <= drill["times"]["recover"]
    assert {check["name"]: check["good"] for check in drill["safety"]} == {
        "wrong account": True, "unplanned deletions": True, "dry run first": False, "snapshot kept": True,
        "neighbours untouched": True,
    }  # fmt: skip


def test_in_a_shell_mistakes_are_counted_and_the_clock_stops_by_itself(drilled, tmp_path):
    screen = drilled("deployer-api", "--shell", "--speed", "60", "-o", "markdown")
    screen.sees("(sandbox)").types(
        "breakglass rebuild deployer-api --account staging --profile sandbox-production\r"
    ).sees("DO NOW")
    screen.types("breakglass rebuild deployer-api --dry-run -o json | head -2\r").sees("schema_version")
    screen.types("breakglass rebuild deployer-api\r").sees("account ID").types(f"{PRODUCTION}\r")
    screen.sees("the clock has stopped").types("exit\r")
    assert screen.ends() == 0, screen.text
    (drill,) = drills(tmp_path)
    good = {check["name"]: check["good"] for check in drill["safety"]}
    assert good["wrong account"] is False
    assert good["dry run first"] is True
    assert "breakglass rebuild deployer-api --account staging --profile sandbox-production" in drill["commands"]
    assert any(one["text"].startswith("wrong account") and one["owner"] == "" for one in drill["findings"])
    assert "| finding | owner | due |" in screen.text


def test_typing_abort_ends_it_at_once(drilled, tmp_path):
    screen = drilled("deployer-api", "--shell")
    screen.sees("(sandbox)").types("abort\r").sees("The drill is over: aborted")
    assert screen.ends() == 130
    assert [(one["outcome"], one["restored"]) for one in drills(tmp_path)] == [("aborted", True)]


def test_ctrl_c_aborts_it_too(drilled, tmp_path):
    screen = drilled("deployer-api", "--missing", "alarm,dns-record")
    screen.sees("How do you go on?").types("\x03")
    assert screen.ends() == 130
    assert drills(tmp_path)[0]["outcome"] == "aborted"


def test_time_runs_out(drilled, tmp_path):
    screen = drilled("deployer-api", "--shell", "--time-limit", "0.05")
    screen.sees("The drill is over: time limit reached")
    assert screen.ends() == 1
    assert drills(tmp_path)[0]["times"]["recover"] is None


def test_a_twin_of_ones_own_service_is_rehearsed_and_remembered(drilled, off_terminal, environ, tmp_path):
    """The other sandbox stands for the real account: its service is snapshotted, twinned, broken and recovered."""

    def in_real_account(*arguments):
        real = sandbox.applied({k: v for k, v in environ.items() if not k.startswith("AWS_")})
        world = real | {"BREAKGLASS_STATE_DIR": str(tmp_path / "state")}
        command = [sys.executable, "-m", "breakglass", *arguments]
        ended = subprocess.run(command, env=world, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    with Sandbox.start() as sandbox:
        neighbour = in_real_account("snapshot", "billing-api")
        known_as = in_real_account("snapshot", "deployer-api").strip()
        (tmp_path / "breakglass.toml").write_text((sandbox.folder / "breakglass.toml").read_text())
        assert "Never rehearsed" in in_real_account("inventory", "deployer-api")
        before = sandbox.control.world()["settled"]
        screen = drilled(
            "deployer-api", "--from-snapshot", known_as, "--scenario", "load-balancer-deleted", "--speed", "60"
        )
        screen.sees("How do you go on?").types("\r").sees("What now?").types("\r")
        screen.sees("account ID").types(f"{PRODUCTION}\r").sees("deployer-api is recovered")
        screen.sees("What now?").types("\x03")
        assert screen.ends() == 0, screen.text
        assert neighbour
        assert "billing-api" in screen.text, "the shared load balancer's other users are there"
        assert sandbox.control.world()["settled"] == before, "the real account is not touched"
        report = json.loads(in_real_account("inventory", "deployer-api", "-o", "json"))
        assert report["rehearsed"]["scenario"] == "load-balancer-deleted"
        assert report["rehearsed"]["changed_since"] == []
        assert "its shape has not changed since" in in_real_account("inventory", "deployer-api")
        assert "its shape has not changed since" in " ".join(
            in_real_account("inventory", "deployer-api", "-o", "wide").split()
        )
