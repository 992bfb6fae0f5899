"""Each scenario is played, seen, and recovered by the program's real commands on a terminal."""

import os
import random
import shutil
import time

import pytest

from breakglass.errors import BreakglassError, UsageError
from breakglass.rehearsal import scenarios
from breakglass.rehearsal.drill import ready
from breakglass.rehearsal.mishaps import DELETIONS
from breakglass.rehearsal.score import safety_of, times_of
from breakglass.rehearsal.stage import Stage, within
from tests.ui.journeys.conftest import Night

PRODUCTION = "111122223333"


@pytest.fixture(name="stage_of")
def _stage_of(sandbox):
    """`stage_of(service)`: the stage in a fresh world, in which nobody has done anything yet."""
    shutil.rmtree(sandbox.folder / "state", ignore_errors=True)
    shutil.rmtree(sandbox.folder / "drill", ignore_errors=True)
    entered = []

    def stage(service="deployer-api"):
        entered.append(Stage.of(sandbox, service))
        return entered[-1].__enter__()

    with within(sandbox):
        yield stage
        for one in entered:
            one.__exit__()


@pytest.fixture(name="operator")
def _operator(sandbox, tmp_path):
    """The program in front of the drill's world, signed in as the scenario says."""

    class Operator(Night):
        @property
        def state(self):
            return self.sandbox.folder / "state"

        def rebuilds(self, *more, service="deployer-api", verb="rebuild", code=0):
            screen = self.on_terminal(verb, *([service] if verb == "rebuild" else []), "--debug", *more)
            screen.answers(PRODUCTION)
            assert screen.ends() == code, screen.text
            return screen

    return Operator(sandbox, tmp_path)


def stop_tasks(stage, operator):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_SDK_UA_APP_ID")  # a hand of the operator's, not of the referee's
        ecs = operator.aws("ecs")
    for task in ecs.list_tasks(cluster="wonderland", serviceName=stage.service)["taskArns"]:
        ecs.stop_task(cluster="wonderland", task=task)
    stage.control.advance(120)


def plainly(stage, operator):
    operator.rebuilds(service=stage.service)


def after_stopping_tasks(stage, operator):
    stop_tasks(stage, operator)
    plainly(stage, operator)


def with_permission(stage, operator):
    screen = operator.rebuilds(service=stage.service, code=7)
    assert "ecs:CreateService" in screen.text
    stage.control.clear_faults()
    operator.rebuilds(verb="resume")


def in_the_right_account(stage, operator):
    operator.account = "staging"
    assert "4444-5555-6666" in operator.run("inventory", stage.service).stderr
    operator.rebuilds("--account", "production", service=stage.service)


def patiently(stage, operator):
    for _ in range(4):
        if operator.run("inventory", stage.service).returncode == 0:
            break
    plainly(stage, operator)


WAYS = {
    "stuck-draining": after_stopping_tasks,
    "permission-missing": with_permission,
    "wrong-account": in_the_right_account,
    "throttled": patiently,
}


def recovered(drill, within_seconds=20):
    """When it is steady again, by `monotonic`."""
    until = time.monotonic() + within_seconds
    while why := drill.look():
        assert time.monotonic() < until, why
    return time.monotonic()


@pytest.mark.parametrize("scenario", scenarios.LIBRARY, ids=lambda one: one.name)
def test_it_is_played_seen_and_recovered(stage_of, operator, scenario):
    stage = stage_of()
    drill = ready(stage).begin(scenario, speed=60)
    assert drill.alert.runbook in {f"RB-0{number}" for number in range(1, 10)}
    assert stage.service in drill.alert.title + " ".join(drill.alert.lines)
    assert drill.look(), "nothing is wrong with it"
    WAYS.get(scenario.name, plainly)(stage, operator)
    evidence = drill.evidence(recovered(drill))
    by_name = {check.name: check for check in safety_of(evidence)}
    assert by_name["neighbours untouched"].good, by_name["neighbours untouched"].words
    assert by_name["unplanned deletions"].good
    assert by_name["snapshot kept"].good is (None if evidence.runs == () else scenario.name != "stuck-draining")
    times = times_of(evidence)
    assert 0 <= times.detect <= times.diagnose <= times.recover


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("wonderland-web", "load-balancer-deleted"),
        ("image-api", "record-dangling"),
        ("image-api", "target-group-unrouted"),
        ("billing-api", "half-removed"),
    ],
)
def test_other_services_break_and_recover_too(stage_of, operator, service, name):
    stage = stage_of(service)
    drill = ready(stage).begin(scenarios.named(name), speed=60)
    assert drill.look()
    plainly(stage, operator)
    assert recovered(drill)


def test_every_single_kind_can_be_missing(stage_of):
    for kind in DELETIONS:
        stage = stage_of("image-api" if kind == "listener" else "deployer-api")
        stage.control.reset()
        stage.control.set_rate(0)
        drill = ready(stage).begin(scenarios.without(kind))
        assert drill.look(), kind
        before, now = (sum(one.there for one in taken.of_kind(kind)) for taken in (drill.ready.before, stage.look()))
        assert now < before, kind


@pytest.mark.parametrize("seed", range(2))
def test_any_combination_can_be_missing_and_comes_back(stage_of, operator, seed):
    some = random.Random(seed).sample(sorted(DELETIONS.keys() - {"listener"}), 4)  # noqa: S311 - a seed, no secret
    stage = stage_of()
    drill = ready(stage).begin(scenarios.without(",".join(some)), speed=60)
    assert drill.look(), some
    plainly(stage, operator)
    assert recovered(drill), some


def test_the_same_seed_draws_the_same_scenario(stage_of):
    scene = ready(stage_of("image-api")).scene
    drawn = {scenarios.drawn(seed, scene).name for seed in range(60)}
    assert scenarios.drawn(7, scene) is scenarios.drawn(7, scene)
    assert drawn == {one.name for one in scenarios.fitting(scene)}
    assert "health-check-deleted" not in drawn, "no record of image-api uses a health check"


def test_what_does_not_fit_is_refused(stage_of):
    with pytest.raises(BreakglassError, match="cannot be played on image-api"):
        ready(stage_of("image-api")).begin(scenarios.named("health-check-deleted"))
    with pytest.raises(UsageError, match="Did you mean record-dangling"):
        scenarios.named("record-dangeling")
    with pytest.raises(UsageError, match="security-group"):
        scenarios.without("security-group,alarm")


def test_the_library_covers_what_has_gone_wrong():
    names = [one.name for one in scenarios.LIBRARY]
    assert len(names) == len(set(names)) == 13
    assert {one.alert.runbook for one in scenarios.LIBRARY} == {f"RB-0{number}" for number in range(1, 10)}
    assert "AWS_SDK_UA_APP_ID" not in os.environ
