"""On a real terminal, in pipes, without Unicode, without colour: against the sandbox, on the night of the outage."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pyte
import pytest

from breakglass.rehearsal.sandbox import Sandbox
from breakglass.rehearsal.scenarios import DEFAULT
from breakglass.rehearsal.stage import Scene, Stage, within

PROGRAM = ["-m", "breakglass"]
HALF_DELETED = "deployer-api is half-deleted"


@pytest.fixture(scope="module", name="sandbox")
def _sandbox():
    with Sandbox.start() as sandbox:
        with within(sandbox), Stage.of(sandbox, "deployer-api") as stage:
            DEFAULT.play(Scene(stage, stage.look()))
        yield sandbox


@pytest.fixture(scope="module", name="world")
def _world(sandbox):
    leads_astray = ("LC_", "LANG", "NO_COLOR", "COLUMNS")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(leads_astray)}
    return sandbox.applied(clean) | {"LANG": "C.UTF-8", "TERM": "xterm-256color", "PYTHONPATH": str(Path.cwd())}


def on_terminal(world, columns, *arguments):
    """The screen after a command, as the operator sees it, and the raw bytes that made it."""
    child = pexpect.spawn(sys.executable, [*PROGRAM, *arguments], env=world, dimensions=(80, columns), timeout=60)
    raw = child.read()
    child.close()
    screen = pyte.Screen(columns, 80)
    pyte.ByteStream(screen).feed(raw)
    return [line.rstrip() for line in screen.display], raw, child.exitstatus, screen


def in_pipes(world, *arguments, **more):
    return subprocess.run(
        [sys.executable, *PROGRAM, *arguments], capture_output=True, env=world | more, timeout=60, check=False
    )


@pytest.mark.parametrize("columns", [80, 100])
def test_banner_and_table_fit_the_terminal(world, columns):
    lines, raw, code, _ = on_terminal(world, columns, "inventory", "deployer-api")
    assert code == 0
    text = "\n".join(lines)
    assert "[PRODUCTION]" in text
    assert "1111-2222-3333" in text
    assert HALF_DELETED in text
    assert text.index("[PRODUCTION]") < text.index(HALF_DELETED) < text.index("Next: breakglass rebuild deployer-api")
    # a line that is too long would have been broken by the terminal: each printed line is one line of the screen
    printed = re.sub(rb"\x1b\[[0-9;]*m", b"", raw).decode().replace("\r\n", "\n").rstrip().split("\n")
    assert [line.rstrip() for line in printed] == lines[: len(printed)]
    assert max(map(len, printed)) <= columns


def test_production_is_red_between_two_rules(world):
    lines, _, _, screen = on_terminal(world, 100, "inventory", "deployer-api")
    rules = [row for row, line in enumerate(lines) if line == "━" * 100]
    assert len(rules) == 2
    assert {screen.buffer[row][0].fg for row in rules} == {"red"}
    mark = lines[rules[0] + 1].index("[PRODUCTION]")
    cell = screen.buffer[rules[0] + 1][mark]
    assert (cell.fg, cell.reverse, cell.bold) == ("red", True, True)


@pytest.mark.parametrize(("more", "flags"), [({"NO_COLOR": "1"}, []), ({"TERM": "dumb"}, []), ({}, ["--no-color"])])
def test_colour_can_be_refused_and_nothing_else_changes(world, more, flags):
    lines, raw, _, _ = on_terminal(world | more, 100, "inventory", "deployer-api", *flags)
    assert b"\x1b" not in raw
    assert any("[PRODUCTION]" in line for line in lines)


def test_a_terminal_without_unicode_gets_ascii(world):
    _, raw, code, _ = on_terminal(world | {"LANG": "C"}, 100, "inventory", "deployer-api")
    assert code == 0
    assert raw.isascii()
    assert b"|- " in raw
    assert in_pipes(world, "inventory", "deployer-api", PYTHONIOENCODING="cp1252").returncode == 0


def test_in_pipes_the_result_is_alone_on_standard_output(world):
    ended = in_pipes(world, "inventory", "deployer-api", "-o", "json")
    assert ended.stdout.startswith(b"{\n")
    assert b"[PRODUCTION]" in ended.stderr
    assert b"\x1b" not in ended.stdout + ended.stderr


def test_a_reader_that_leaves_does_not_change_the_exit_code(world):
    command = 'set -o pipefail; "$0" -m breakglass inventory deployer-api -o json --detailed-exitcode | head -n 1'
    ended = subprocess.run(
        ["bash", "-c", command, sys.executable], capture_output=True, env=world, timeout=60, check=False
    )
    assert ended.stdout == b"{\n"
    assert ended.returncode == 10
    assert b"ERROR" not in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_detailed_exit_code_says_that_attention_is_needed(world):
    assert in_pipes(world, "inventory", "deployer-api", "--detailed-exitcode").returncode == 10
    assert in_pipes(world, "inventory", "deployer-api").returncode == 0


def test_another_account_than_the_one_meant_ends_before_anything_else_is_read(sandbox, world):
    sandbox.control.clear_calls()
    ended = in_pipes(world, "inventory", "deployer-api", "--account", "staging", "--profile", world["AWS_PROFILE"])
    assert ended.returncode == 5
    assert ended.stdout == b""
    assert [call["operation"] for call in sandbox.control.calls()] == ["GetCallerIdentity"]
    said = " ".join(ended.stderr.decode().split())
    assert "--account staging means 4444-5555-6666, but these credentials belong to 1111-2222-3333 (production)" in said
    assert f"They come from profile {world['AWS_PROFILE']}" in said
    assert "Nothing was changed." in said


def test_account_selects_its_own_profile(world):
    ended = in_pipes(world, "accounts", "--account", "staging", "-o", "json")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["current"]["name"] == "staging"


def test_what_could_not_be_read_makes_the_answer_incomplete_and_weighs_more_than_attention(sandbox, world):
    fault = sandbox.control.add_fault("route53", "GetHealthCheck", code="AccessDenied", status=403)
    try:
        ended = in_pipes(world, "inventory", "deployer-api", "-o", "json", "--detailed-exitcode")
    finally:
        sandbox.control.remove_fault(fault)
    content = json.loads(ended.stdout)
    assert ended.returncode == 8
    assert content["complete"] is False
    assert "unreadable" in {part["state"] for part in content["components"] if part["kind"] == "health-check"}


def test_the_next_command_works_in_the_same_place(world):
    ended = in_pipes(world, "inventory", "deployer-api", "--region", "eu-west-1")
    assert b"Next: breakglass rebuild deployer-api --region eu-west-1" in ended.stdout


def test_ctrl_c_ends_at_once_whatever_aws_is_doing(sandbox, world):
    fault = sandbox.control.add_fault("dynamodb", "GetItem", "delay", seconds=20)
    try:
        child = pexpect.spawn(
            sys.executable, [*PROGRAM, "inventory", "deployer-api"], env=world, dimensions=(40, 100), timeout=30
        )
        child.expect_exact("[PRODUCTION]")
        began = time.monotonic()
        child.sendintr()
        said = child.read().decode()
        child.close()
    finally:
        sandbox.control.remove_fault(fault)
    assert time.monotonic() - began < 3
    assert child.exitstatus == 130
    assert "Stopped by Ctrl-C." in said
    assert "Nothing was changed." in said
    assert "Traceback" not in said
