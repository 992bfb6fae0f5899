"""What a drill insists on before it begins, and what it leaves when it ends."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from breakglass.errors import BreakglassError
from breakglass.rehearsal import scenarios
from breakglass.rehearsal.drill import ready
from breakglass.rehearsal.history import History, Record
from breakglass.rehearsal.score import Check, Finding, Targets, Times
from breakglass.rehearsal.stage import Scene, Stage, within
from breakglass.rehearsal.watch import Outcome
from breakglass.running.state_dir import StateDir
from tests.recovery.worlds import differences


@pytest.fixture(name="stage")
def _stage(sandbox):
    with within(sandbox), Stage.of(sandbox, "deployer-api") as stage:
        yield stage


@pytest.mark.parametrize("name", ["service-deleted", "record-dangling", "target-group-unrouted"])
def test_a_world_that_is_not_steady_is_refused(stage, name):
    scenarios.named(name).play(Scene(stage, stage.look()))
    with pytest.raises(BreakglassError, match="is not steady, so there is no drill") as refused:
        ready(stage)
    assert "Nothing outside the sandbox was changed" in refused.value.changed


def test_targets_that_ail_are_not_steady(stage):
    stage.control.chaos("ail-targets", target_group="deployer-api")
    with pytest.raises(BreakglassError, match="it is degraded"):
        ready(stage)


def test_it_is_not_recovered_while_anything_is_missing_that_was_there(stage):
    drill = ready(stage).begin(scenarios.without("scalable-target"))
    assert drill.look() == "it had more: 1 scalable-target"


def test_abort_puts_everything_back(stage, sandbox):
    before = sandbox.control.world()["settled"]
    drill = ready(stage).begin(scenarios.named("half-removed"))
    assert differences(before, sandbox.control.world()["settled"])
    drill.restore()
    assert differences(before, sandbox.control.world()["settled"]) == []


def a_record(**more):
    return replace(_plain(), **more)


def _plain():
    now = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
    return Record(
        id="", service="deployer-api", scenario="service-deleted", happened="it was deleted", runbook="RB-01",
        outcome=Outcome.RECOVERED, restored=False, began=now, ended=now, how="guide", speed=1.0,
        times=Times(1.0, 2.0, 3.0), targets=Targets(), safety=(Check("dry run first", None, "nothing"),),
        findings=(Finding("late"),),
    )  # fmt: skip


def test_history_is_private_compares_with_the_last_and_survives_damage(tmp_path):
    history = History(StateDir(tmp_path / "state"))
    first, path = history.save(a_record())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    aborted, _ = history.save(a_record(outcome=Outcome.ABORTED, times=Times()))
    other, _ = history.save(a_record(scenario="throttled"))
    (path.parent / "0.json").write_text("{")
    assert (first.last, aborted.last, other.last) == ("", first.id, "")
    second, _ = history.save(a_record())
    assert (second.last, second.last_times) == (first.id, first.times), "an aborted drill is no measure"
    assert [one.id for one in history.every()] == [second.id, other.id, aborted.id, first.id]


def test_owner_and_date_can_be_filled_in_by_hand(tmp_path):
    history = History(StateDir(tmp_path / "state"))
    _, path = history.save(a_record())
    document = json.loads(path.read_text())
    document["findings"][0] |= {"owner": "ana", "due": "2026-12-01"}
    path.write_text(json.dumps(document))
    assert next(history.every()).findings == (Finding("late", "ana", "2026-12-01"),)
