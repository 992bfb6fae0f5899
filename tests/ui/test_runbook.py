"""`breakglass runbook`: listed, shown, checked; walked only on a terminal."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from breakglass.model.command_lines import Command
from breakglass.model.inventory import Diagnosis, Health
from breakglass.model.markdown import Code
from breakglass.planning.runbook_walk import Start, start_of
from breakglass.rehearsal.scenarios import LIBRARY
from breakglass.running.runbook_reading import parse
from breakglass.running.runbooks import shelf
from breakglass.ui.app import run_command
from breakglass.ui.commands.inventory import _guide
from breakglass.ui.ending import tell
from breakglass.ui.reports.document import document
from breakglass.ui.reports.table import table
from breakglass.ui.runbook_page import page
from breakglass.ui.terminal import Style, columns
from tests.runbook_text import GOOD, line_of

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted(path.name[:5] for path in (ROOT / "runbooks").glob("RB-*.md"))
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>]|\][^\x07]*\x07)")
THEIRS = GOOD.replace("RB-60", "RB-02").replace("The queue is full", "Our own way")


@pytest.fixture(name="here", autouse=True)
def _here(tmp_path, monkeypatch):
    """A directory with a configuration, a folder of runbooks beside it, and nothing else of this machine."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("AWS_", "BREAKGLASS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "ours").mkdir()
    (tmp_path / "breakglass.toml").write_text('[runbooks]\nfolder = "ours"\n')
    return tmp_path


@pytest.fixture(name="breakglass")
def _breakglass(capsys):
    def start(*arguments):
        try:
            code = run_command(arguments)
        except Exception as error:  # noqa: BLE001 - as the program itself does
            code = tell(error, arguments)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, out, err)

    return start


def put(folder, name, text):
    (folder / "ours" / name).write_text(text, encoding="utf-8")


# list


def test_the_list_has_one_line_for_each_with_its_id_first(breakglass):
    lines = breakglass("runbook", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [one for one in OURS if one != "RB-00"]
    documents = json.loads(breakglass("runbook", "list", "-o", "json").stdout)
    assert [one["id"] for one in documents["runbooks"]] == [line.split()[0] for line in lines[1:]]
    assert {one["source"] for one in documents["runbooks"]} == {"breakglass"}


def test_theirs_stand_beside_ours_and_replace_one_openly(breakglass, here):
    put(here, "RB-60-queue-is-full.md", GOOD.replace("2099-01-01", "2020-01-01"))
    put(here, "RB-02-own-way.md", THEIRS)
    put(here, "README.md", "# What is here\n")
    lines = {line.split()[0]: line for line in breakglass("runbook", "list").stdout.splitlines()}
    assert len(lines) == 1 + len(OURS) - 1 + 1
    assert lines["RB-60"].endswith("yours, review overdue")
    assert lines["RB-02"].endswith("yours, replaces ours")
    assert "Our own way" in breakglass("runbook", "show", "rb-2").stdout
    assert "was due on 2020-01-01" in breakglass("runbook", "show", "RB-60").stdout


def test_what_of_theirs_cannot_be_used_is_said_and_stops_nothing(breakglass, here):
    put(here, "RB-60-a.md", GOOD)
    put(here, "RB-60-b.md", GOOD)
    put(here, "RB-61-broken.md", "+++\nid = \n+++\n")
    ended = breakglass("runbook", "list")
    assert ended.returncode == 0
    assert "RB-60-b.md has the id RB-60, as " in ended.stderr
    assert "RB-61-broken.md has no id that can be read" in ended.stderr
    (here / "breakglass.toml").write_text('[runbooks]\nfolder = "nowhere"\n')
    gone = breakglass("runbook", "list")
    assert (gone.returncode, "nowhere, cannot be read" in gone.stderr) == (0, True)
    assert "RB-01" in gone.stdout


def test_a_runbook_is_read_even_where_the_configuration_is_wrong(breakglass, here):
    (here / "breakglass.toml").write_text("[runbooks]\nfolder = 1\n")
    shown = breakglass("runbook", "show", "RB-01")
    assert shown.returncode == 0
    assert "Only breakglass's own runbooks are at hand" in shown.stderr
    assert breakglass("runbook", "list").returncode == 2
    assert breakglass("runbook", "show", "RB-01", "--config", "breakglass.toml").returncode == 2


# show


@pytest.mark.parametrize("id_", OURS)
@pytest.mark.parametrize("width", [80, 100])
def test_every_one_of_ours_fits_and_leaves_its_commands_alone(id_, width):
    runbook = parse(shelf().find(id_).text)
    rows = page(runbook, Style(width=width, colour=True), date(2026, 11, 23))
    plain = [ESCAPES.sub("", row.text) for row in rows]
    code = {line for block in runbook.blocks if isinstance(block, Code) for line in block.lines}
    assert [line for line in plain if columns(line) > width and line.strip() not in code] == []
    assert not any(line != line.rstrip() or "<!--" in line for line in plain)
    written = [
        command.text
        for task in ("Diagnose", "Fix", "Verify")
        for step in runbook.steps(task)
        for command in step.commands
    ]
    shown = [line.strip() for line, row in zip(plain, rows, strict=True) if row.command]
    assert [line for line in shown if line in written][-len(written) :] == written
    assert plain == [row.text for row in page(runbook, Style(width=width), date(2026, 11, 23))]


def test_where_it_is_shown_it_needs_nothing_and_nobody(here):
    """No SDK, no prompts, no renderer is loaded, no address is looked up, no configuration or home is needed."""
    heavy = ["boto3", "botocore", "questionary", "prompt_toolkit", "rich", "moto", "tabulate"]
    code = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from breakglass import __main__\n"
        "code = __main__.run(['runbook', 'show', 'RB-01'])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], code, file=sys.stderr)"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "HOME": "/nonexistent"}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environ, cwd=here / "ours"
    )
    assert ended.stderr == "[] 0\n"
    assert ended.stdout.startswith("RB-01  The deployer API is down\n")
    assert "\x1b" not in ended.stdout
    assert "\n    breakglass inventory deployer-api\n" in "\n".join(ended.stdout.splitlines()[:24]) + "\n"


def test_raw_is_the_file_and_a_service_stands_for_SERVICE(breakglass):  # noqa: N802 - as it is written
    raw = (ROOT / "runbooks").glob("RB-02-*.md").__next__().read_text(encoding="utf-8")
    assert breakglass("runbook", "show", "RB-02", "--raw").stdout == raw
    filled = breakglass("runbook", "show", "RB-02", "--service", "billing-api").stdout
    assert "breakglass inventory billing-api" in filled
    assert not re.search(r"\bSERVICE\b", filled)


@pytest.mark.parametrize(
    ("word", "id_"),
    [
        ("rb-01", "RB-01"),
        ("1", "RB-01"),
        ("stuck-draining", "RB-05"),
        ("STUCK IN DRAINING", "RB-05"),
        ("RB08", "RB-08"),
    ],
)
def test_one_is_found_by_what_an_alert_says_too(breakglass, word, id_):
    assert breakglass("runbook", "show", word).stdout.startswith(f"{id_}  ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "RB-99"], 'no runbook "RB-99"'),
        (["show", "RB-011"], "Did you mean RB-10 or RB-01?"),
        (["show", "service"], "may mean RB-"),
        (["show", ""], "no runbook"),
        (["show", "RB-01", "--service", "billing-api"], "RB-01 is about deployer-api"),
        (["show", "RB-02", "--service", "x; rm -rf /"], "no service's name"),
        (["show", "RB-02", "--service", "--force"], "no service's name"),
        (["run", "RB-02"], "Say which: breakglass runbook run RB-02 --service NAME"),
        (["run", "RB-10"], "has no steps to walk"),
        (["run", "RB-01", "--from", "Fix 9"], "Its steps: Diagnose 1, "),
        (["run", "RB-01", "--account", "prod"], "No account"),
        (["shw"], "Did you mean 'show'?"),
        (["check", "nowhere.md"], "nowhere.md cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_with_the_nearest(breakglass, arguments, words):
    ended = breakglass("runbook", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert words in ended.stderr
    assert "CHANGED  Nothing was changed." in ended.stderr


def test_what_a_document_says_to_the_terminal_is_written_out(breakglass, here):
    put(
        here,
        "RB-60-x.md",
        GOOD.replace("This says who notices.", "red \x1b[31m and \u202e back").replace("dry-run", "dry\x1b[2J"),
    )
    shown = breakglass("runbook", "show", "RB-60")
    assert "\x1b" not in shown.stdout + shown.stderr
    assert "\\x1b[31m" in shown.stdout
    assert "--dry\\x1b[2J" in shown.stdout


# inventory and alerts


def test_each_scenario_names_a_runbook_that_knows_it_or_shows_it():
    volumes = {volume.id: volume for volume in shelf().volumes}
    for scenario in LIBRARY:
        alert = scenario.alert.about("billing-api", "billing-api.example.com")
        (line,) = [line for line in alert.lines if line.startswith("Runbook: ")]
        assert line.startswith(f"Runbook: breakglass runbook show {scenario.alert.runbook}")
        assert scenario.name in volumes[scenario.alert.runbook].front.texts("scenarios"), scenario.name


def test_the_guide_for_a_state_is_the_services_own_before_one_for_any(here):
    put(
        here,
        "RB-60-x.md",
        GOOD.replace("scenarios = [", 'states = ["gone"]\nscenarios = [').replace('"*"', '"billing-api"'),
    )
    at_hand = shelf(here / "ours")
    assert at_hand.guide_for("billing-api", Health.GONE).id == "RB-60"
    assert at_hand.guide_for("deployer-api", Health.GONE).id == "RB-01"
    assert (
        at_hand.guide_for("search", Health.GONE).shown_by("search") == "breakglass runbook show RB-02 --service search"
    )
    assert at_hand.guide_for("search", Health.HEALTHY) is None


def test_an_inventory_ends_with_the_guide(half_deleted, here):
    put(here, "RB-60-x.md", GOOD.replace("scenarios = [", 'states = ["half-deleted"]\nscenarios = ['))
    assert _guide(half_deleted, here / "ours") == "breakglass runbook show RB-01"
    other = replace(half_deleted, service="search")
    assert _guide(other, None) == "breakglass runbook show RB-02 --service search"
    healthy = replace(half_deleted, diagnosis=Diagnosis(Health.HEALTHY, "all is well"))
    assert _guide(healthy, None) == ""
    guided = replace(half_deleted, diagnosis=replace(half_deleted.diagnosis, guide="breakglass runbook show RB-01"))
    assert table(guided, Style()).endswith(
        "\nNext: breakglass rebuild deployer-api\nGuide: breakglass runbook show RB-01\n"
    )
    assert document(guided)["diagnosis"]["guide"] == "breakglass runbook show RB-01"
    assert "guide" not in document(half_deleted)["diagnosis"]


# check


def test_ours_have_no_flaw(breakglass):
    ended = breakglass("runbook", "check")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stdout


def test_each_finding_is_one_line_with_file_and_line(breakglass, here):
    put(here, "RB-60-queue-is-full.md", GOOD.replace("## Impact", "## Impcat").replace("2099-01-01", "2020-01-01"))
    put(here, "notes.md", "# no runbook, and nobody says it is one\n")
    ended = breakglass("runbook", "check", "ours")
    assert ended.returncode == 1
    assert [line.partition(": ")[0] for line in ended.stdout.splitlines()] == [
        f"ours/RB-60-queue-is-full.md:{line}" for line in (10, 25, 29)
    ]
    assert "10: warning: review_by" in ended.stdout
    assert "1 checked: 2 errors, 1 warnings." in ended.stderr
    document = json.loads(breakglass("runbook", "check", "ours", "-o", "json").stdout)
    assert [one["severity"] for one in document["findings"]] == ["warning", "error", "error"]
    assert breakglass("runbook", "check", "ours/notes.md").returncode == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("breakglass rebuild SERVICE --dry-run", "breakglass rebiuld SERVICE", 0, "Did you mean 'rebuild'?"),
        ("breakglass rebuild SERVICE --dry-run", "breakglass rebuild SERVICE --dryrun", 0, "--dry-run"),
        ("breakglass rebuild SERVICE --dry-run", "breakglass rebuild", 0, "it needs more than that"),
        ("breakglass rebuild SERVICE --dry-run", "AWS_PROFILE=x breakglass rebuild | tee x", 0, "it needs more"),
        ("breakglass rebuild SERVICE --dry-run", "breakglass inventory SERVICE \\\n     -o yaml", 0, "not one of"),
        ("breakglass timeline RUN", "breakglass runbook shw RUN", 0, "Did you mean 'show'?"),
        ("This is the way back.", "This is the\nway: `breakglass rebuild --snapshto X`.", 1, "Did you mean --snapshot"),
        ("This is the way back.", "| a |\n|---|\n| `breakglass snaphsot` |", 2, "Did you mean 'snapshot'"),
    ],
)
def test_a_command_that_does_not_exist_is_found_where_it_stands(breakglass, here, old, new, line, words):
    put(here, "RB-60-x.md", GOOD.replace(old, new))
    ended = breakglass("runbook", "check", "ours/RB-60-x.md")
    number = line_of(GOOD, old) + line
    assert any(words in one for one in ended.stdout.splitlines() if f"RB-60-x.md:{number}: " in one), ended.stdout


def test_a_command_in_a_sentence_may_be_short(breakglass, here):
    text = "This is `breakglass rebuild`, `breakglass resume`, `breakglass COMMAND`, `breakglass snapshot show ID`."
    put(here, "RB-60-x.md", GOOD.replace("This is the way back.", text))
    assert breakglass("runbook", "check", "ours/RB-60-x.md").stdout == ""


def test_a_first_command_below_the_first_screen_and_an_id_that_is_taken_are_found(breakglass, here):
    put(here, "RB-60-a.md", GOOD)
    put(here, "RB-60-b.md", GOOD.replace("\n```sh", "\n" + "much to say\n\n" * 12 + "```sh", 1))
    out = breakglass("runbook", "check").stdout
    assert f"RB-60-b.md:{line_of(GOOD, '```sh') + 24}: the first command is shown in row 32, expected" in out
    assert "RB-60-b.md:2: id: RB-60 is the id of RB-60-a.md too" in out
    assert "RB-60-a.md:" not in out


# run


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("breakglass rebuild x", Start.HERE),
        ("aws ecs describe-services --services 'a b'", Start.HERE),
        ("aws --profile delete-it --region eu-west-1 sts get-caller-identity", Start.HERE),
        ("aws ecs wait services-stable --services x", Start.HERE),
        ("aws sso login --profile x", Start.HERE),
        ("aws ecs delete-service --service x", Start.CHANGES_AWS),
        ("aws ecs stop-task --task x  # list-tasks", Start.CHANGES_AWS),
        ("aws --query list-x ecs update-service", Start.CHANGES_AWS),
        ("aws s3 rm s3://list-x", Start.CHANGES_AWS),
        ("aws", Start.CHANGES_AWS),
        ("rm -rf x", Start.ANOTHER_PROGRAM),
        ("breakglass.sh", Start.ANOTHER_PROGRAM),
        ("breakglass inventory x | tee log", Start.NEEDS_A_SHELL),
        ("breakglass inventory x; rm x", Start.NEEDS_A_SHELL),
        ("breakglass inventory $NAME", Start.NEEDS_A_SHELL),
        ("breakglass inventory `id`", Start.NEEDS_A_SHELL),
        ('breakglass inventory "$(id)"', Start.NEEDS_A_SHELL),
        ("breakglass inventory x > y", Start.NEEDS_A_SHELL),
        ("breakglass inventory x & y", Start.NEEDS_A_SHELL),
        ("breakglass inventory *", Start.NEEDS_A_SHELL),
        ("breakglass inventory 'open", Start.NEEDS_A_SHELL),
        ("breakglass inventory x\x1b[2K", Start.NEEDS_A_SHELL),
        ("AWS_PROFILE=x breakglass inventory x", Start.ANOTHER_PROGRAM),
    ],
)
def test_only_what_asks_or_reads_is_started(line, start):
    assert start_of(Command(1, line)) is start


def test_off_a_terminal_nothing_is_run(breakglass, monkeypatch):
    with Path(os.devnull).open(encoding="ascii") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        ended = breakglass("runbook", "run", "RB-01")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "breakglass runbook show RB-01" in ended.stderr
