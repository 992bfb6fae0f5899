"""The program as it is started: help without weight, errors in three lines, exit codes, pipes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from breakglass.ui.app import COMMANDS

HEAVY = [
    "boto3",
    "botocore",
    "questionary",
    "tabulate",
    "rich",
    "pydantic",
    "jmespath",
    "moto",
    "platformdirs",
    "prompt_toolkit",
]
THREE = ("ERROR", "CHANGED", "DO NOW")


def environment(tmp_path, **more):
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BREAKGLASS_", "LC_", "LANG"))
    }
    return clean | {
        "HOME": str(tmp_path), "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true", "BREAKGLASS_STATE_DIR": str(tmp_path / "state"), "LANG": "C.UTF-8",
    } | more  # fmt: skip


@pytest.fixture(name="breakglass")
def _breakglass(tmp_path):
    def start(*arguments, **more):
        return subprocess.run(
            [sys.executable, "-m", "breakglass", *arguments],
            capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=environment(tmp_path, **more)
            | {"PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip

    return start


def assert_three_lines(ended, code):
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    heads = [line.split("  ")[0] for line in ended.stderr.splitlines() if not line.startswith(" ")]
    assert tuple(heads[-3:]) == THREE, ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", [[], *([command] for command in COMMANDS)])
def test_help_loads_nothing_heavy(arguments):
    code = (
        "import sys, os\nfrom breakglass import __main__\n"
        f"code = __main__.run({[*arguments, '--help']!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\nsys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "100"}
    )
    assert ended.returncode == 0
    assert ended.stderr.strip() == "[]"
    assert ended.stdout.startswith("Usage: breakglass")
    assert all(len(line) <= 100 for line in ended.stdout.splitlines())


def test_every_command_that_talks_to_aws_takes_the_common_options(breakglass):
    alone = {"rehearse", "sandbox", "runbook"}  # these work on this machine; what a runbook starts does not
    for command in [*sorted(set(COMMANDS) - alone), "runbook run"]:
        said = breakglass(*command.split(), "--help").stdout
        for option in ("--account", "--profile", "--region", "--config", "--state-dir", "--no-color", "--debug"):
            assert f" {option} " in said, (command, option)


def test_version_imports_nothing(breakglass):
    assert breakglass("--version").stdout.startswith("breakglass ")
    code = (
        "import sys; from breakglass import __main__ as program; program.run(['--version'])\n"
        "print(sorted({'typer', 'typing', 'dataclasses'} & set(sys.modules)))"
    )
    assert subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    ).stdout.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["inventry", "x"], "Did you mean 'inventory'?"),
        (["inventory", "x", "--regoin", "y"], "Did you mean --region?"),
        (["inventory", "x", "-o", "yaml"], "'yaml' is not one of"),
        (["inventory", "x", "y"], "unexpected extra argument"),
        (["inventory", "--region", "eu-west-1"], "Missing argument 'SERVICE'"),
        (["--account", "x", "inventory"], "stands before the command"),
        (["inventory", "x", "--config", "nowhere.toml"], "nowhere.toml"),
        (["accounts", "\x1b[31m"], "\\x1b"),
    ],
)
def test_a_line_that_cannot_be_understood_exits_2_and_says_what_was_meant(breakglass, arguments, said):
    ended = breakglass(*arguments)
    assert_three_lines(ended, 2)
    assert said in ended.stderr
    assert "\x1b" not in ended.stderr


def test_nothing_asked_is_answered_with_help_and_exit_2(breakglass):
    for arguments in ([], ["inventory"]):
        ended = breakglass(*arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("Usage: breakglass")


def test_no_credentials_exit_4(breakglass):
    assert_three_lines(breakglass("inventory", "deployer-api", "--region", "eu-west-1"), 4)


def test_accounts_are_listed_even_without_credentials(breakglass, tmp_path):
    (tmp_path / "breakglass.toml").write_text('[accounts.production]\nid = "111122223333"\n')
    ended = breakglass("accounts", "-o", "json", "--region", "eu-west-1")
    assert ended.returncode == 4
    content = json.loads(ended.stdout)
    assert content["current"] is None
    assert [account["id"] for account in content["accounts"]] == ["111122223333"]


@pytest.fixture(name="fault")
def _fault(tmp_path):
    """The program with a fault in it: the command line cannot be built."""

    def start(raised, *arguments):
        code = (
            "import sys\nimport breakglass.ui.app as app\nfrom breakglass import __main__\n"
            f"def broken(arguments):\n    raise {raised}\n"
            f"app.run_command = broken\nsys.exit(__main__.run({list(arguments)!r}))"
        )
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment(tmp_path)
        )

    return start


def test_a_fault_is_one_clear_error_and_its_traceback_a_private_file_without_secrets(fault, tmp_path):
    ended = fault("ValueError('password=hunter2 \\x1b[31m')", "inventory", "x")
    assert_three_lines(ended, 1)
    assert "hunter2" not in ended.stderr
    (report,) = (tmp_path / "state" / "faults").iterdir()
    assert str(report) in ended.stderr
    assert report.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert "Traceback" in report.read_text()
    assert "hunter2" not in report.read_text()


def test_with_debug_the_traceback_is_printed(fault, tmp_path):
    ended = fault("ValueError('x')", "inventory", "x", "--debug")
    assert "Traceback" in ended.stderr
    assert not (tmp_path / "state").exists()


def test_a_state_directory_that_cannot_be_written_is_no_second_error(fault):
    ended = fault("ValueError('x')", "inventory", "x", "--state-dir", "/dev/null/nowhere")
    assert_three_lines(ended, 1)


def test_ctrl_c_exits_130_and_only_a_reading_command_says_that_nothing_was_changed(fault):
    reading, changing = fault("KeyboardInterrupt", "inventory", "x"), fault("KeyboardInterrupt", "remove", "x")
    assert_three_lines(reading, 130)
    assert_three_lines(changing, 130)
    assert "Nothing was changed." in reading.stderr
    assert "Nothing was changed." not in changing.stderr


def test_a_reader_that_leaves_is_no_error():
    command = f"set -o pipefail; {sys.executable} -m breakglass --help | true"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_said_to_a_closed_pipe_does_not_stop_the_command():
    code = (
        "import sys; from breakglass.ui.terminal import say\n"
        "for _ in range(99): say('x' * 10000, sys.stdout)\n"
        "print('on', file=sys.stderr)"
    )
    ended = subprocess.run(
        ["bash", "-c", f'set -o pipefail; {sys.executable} -c "$0" | head -c1', code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "on\n")
