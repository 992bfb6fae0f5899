"""What else than the library can go wrong, played and recovered; tests/documents plays each scenario by its runbook."""

import os
import random
import shutil
import time

import pytest

from breakglass.errors import BreakglassError, UsageError
from breakglass.rehearsal import scenarios
from breakglass.rehearsal.drill import ready
from breakglass.rehearsal.mishaps import DELETIONS, deletable
from breakglass.rehearsal.sandbox.seed.everything import NAME
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


def plainly(stage, operator):
    operator.rebuilds(service=stage.service)


def recovered(drill, within_seconds=20):
    """When it is steady again, by `monotonic`."""
    until = time.monotonic() + within_seconds
    while why := drill.look():
        assert time.monotonic() < until, why
    return time.monotonic()


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


def test_what_nobody_deletes_by_hand_goes_as_its_kind_says(stage_of):
    stage = stage_of(NAME)
    before = ready(stage)
    with pytest.raises(BreakglassError, match="AWS does not let discovery-service"):
        before.begin(scenarios.without("discovery-service"))
    stage.control.reset()
    stage.control.set_rate(0)
    others = sorted(set(deletable()) - DELETIONS.keys())
    assert others
    drill = ready(stage).begin(scenarios.without(",".join((*others, "ecs-service"))))
    assert drill.look()
    assert not [one for kind in others for one in stage.look().of_kind(kind) if one.there]


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
