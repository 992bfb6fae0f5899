"""`rehearse --live`: really broken, really restored, and only where that is allowed."""

import os
import signal
import time
from threading import Thread

import pytest

from breakglass.rehearsal.history import History
from breakglass.running.runs import Runs
from breakglass.running.state_dir import StateDir
from breakglass.ui.common import Common
from breakglass.ui.live import Terms, rehearse_live
from tests.recovery.worlds import differences
from tests.rehearsal.commands import run
from tests.survey.conftest import lead_to

STAGING = "444455556666"
AT_ONCE = Terms(limit=0.001, confirm_account=STAGING, pace=0.1, brisk=0.1)


@pytest.fixture(autouse=True)
def _staging(sandbox, monkeypatch, tmp_path):
    lead_to(sandbox, "staging", monkeypatch)
    monkeypatch.setenv("BREAKGLASS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    sandbox.control.set_rate(600)
    sandbox.control.clear_calls()


@pytest.fixture(name="staging")
def _staging_clients(aws):
    return lambda service: aws(service, "staging")


@pytest.fixture(name="world_before")
def _world_before(sandbox):
    return sandbox.control.world()["settled"]


def changed(sandbox):
    return [call["operation"] for call in sandbox.control.calls() if call["mutating"]]


def live(*options):
    return ["rehearse", "deployer-api", "--account", "staging", "--live", *options]


def test_time_is_up_and_everything_is_put_back(sandbox, world_before, tmp_path, capsys):
    assert rehearse_live(Common(account="staging"), "deployer-api", AT_ONCE) == 1
    said = capsys.readouterr()
    assert "DeleteService" in changed(sandbox)
    assert differences(world_before, sandbox.control.world()["settled"]) == []
    assert "time limit reached; it was put back" in said.out
    (record,) = History(StateDir(tmp_path / "state")).every()
    assert (record.kind, record.restored, record.outcome) == ("live", True, "time limit reached")
    assert record.times.diagnose is None, "what restored it was no deed of the operator's"
    runs = Runs(StateDir(tmp_path / "state")).list()
    assert [str(one.purpose) for one in reversed(runs)] == ["remove", "rebuild"]


@pytest.mark.parametrize("seen", ["intent", "finished"], ids=["while it is broken", "once it is broken"])
def test_ctrl_c_puts_everything_back(sandbox, world_before, tmp_path, capsys, seen):
    def press():
        journals = (tmp_path / "state" / "runs").glob
        while not any(f'"{seen}"' in path.read_text() for path in journals("*/journal.jsonl")):
            time.sleep(0.05)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    Thread(target=press, daemon=True).start()
    ended = run(capsys, *live("--confirm-account", STAGING, "--time-limit", "5"))
    assert ended.code == 130
    assert "DeregisterScalableTarget" in changed(sandbox)
    assert differences(world_before, sandbox.control.world()["settled"]) == []


@pytest.mark.usefixtures("world_before")
def test_an_account_that_is_not_for_rehearsals_is_not_even_asked_who_it_is(sandbox, capsys):
    ended = run(capsys, "rehearse", "deployer-api", "--account", "production", "--live", "--confirm-account", STAGING)
    assert ended.code == 5
    assert "environment is rehearsal" in ended.error.what
    assert sandbox.control.calls() == []


def test_it_is_confirmed_as_anything_else(sandbox, capsys):
    assert run(capsys, *live("--time-limit", "1")).code == 3
    assert run(capsys, *live("--confirm-account", STAGING)).code == 3, "and somebody has to be there, or time be up"
    assert run(capsys, *live("--confirm-account", "111122223333", "--time-limit", "1")).code == 5
    assert changed(sandbox) == []


def test_a_service_that_is_not_well_is_left_alone(sandbox, capsys):
    sandbox.control.chaos("ail-targets", target_group="deployer-api", account=STAGING)
    ended = run(capsys, *live("--confirm-account", STAGING, "--time-limit", "1"))
    assert ended.code == 1
    assert "not steady" in ended.error.what
    assert changed(sandbox) == []


def test_what_could_not_come_back_is_not_taken_away(sandbox, staging, capsys):
    staging("iam").delete_role(RoleName="deployer-api-task")
    sandbox.control.clear_calls()
    ended = run(capsys, *live("--confirm-account", STAGING, "--time-limit", "1"))
    assert ended.code == 9
    assert "role/deployer-api-task" in ended.error.what
    assert changed(sandbox) == []


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [("load-balancer", 9, "also used by"), ("classic-load-balancer", 9, "no classic-load-balancer"),
     ("task-definition", 2, "cannot take away"), ("vpc", 2, "cannot take away")],
)  # fmt: skip
def test_what_others_use_or_nobody_has_is_not_broken(sandbox, capsys, kind, code, words):
    ended = run(capsys, *live("--confirm-account", STAGING, "--time-limit", "1", "--missing", kind))
    assert ended.code == code
    assert words in ended.error.what
    assert changed(sandbox) == []


def test_what_cannot_be_broken_as_planned_is_put_back(sandbox, world_before, capsys):
    sandbox.control.add_fault("ecs", "DeleteService", code="AccessDeniedException", account=STAGING)
    ended = run(capsys, *live("--confirm-account", STAGING, "--time-limit", "1"))
    assert ended.code == 7
    assert ended.error.changed == "What had been taken away has been made again."
    assert "DeregisterScalableTarget" in changed(sandbox)
    assert differences(world_before, sandbox.control.world()["settled"]) == []


def test_what_cannot_be_put_back_says_how_to_go_on(sandbox, world_before, capsys):
    sandbox.control.add_fault("ecs", "CreateService", code="AccessDeniedException", account=STAGING)
    ended = run(capsys, *live("--confirm-account", STAGING, "--time-limit", "0.01"))
    assert ended.code == 7
    assert "is not restored" in ended.error.what
    assert "breakglass resume" in ended.error.hint
    assert "breakglass rebuild deployer-api --snapshot" in ended.error.hint
    sandbox.control.clear_faults()
    assert run(capsys, "resume", "--account", "staging", "--confirm-account", STAGING).code == 0
    assert differences(world_before, sandbox.control.world()["settled"]) == []
