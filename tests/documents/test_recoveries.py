"""Every scenario is recovered by following the runbook that its alert names, word for word, and nothing else."""

import time
from fnmatch import fnmatchcase

import pytest

from breakglass.aws.answers import iam_action
from breakglass.model.component import Shared
from breakglass.model.markdown import Code
from breakglass.rehearsal.drill import ready
from breakglass.rehearsal.scenarios import LIBRARY
from breakglass.rehearsal.score import safety_of, times_of
from tests.documents.collecting import SERVICE, runbook, unmet
from tests.recovery.worlds import differences, of_others

SPEED = 60
UNTIL_STEADY = 20
"""Seconds in which a service has to become steady once its runbook is done."""


def steps_for(scenario):
    """Diagnose, Fix and Verify of its runbook, in order, as far as they are about this scenario."""
    found = [one for one in runbook(scenario.alert.runbook).typed if scenario.name in one.scenarios]
    sections = [one.step.split()[0] for one in found]
    assert list(dict.fromkeys(sections)) == ["Diagnose", "Fix", "Verify"]
    return found


@pytest.mark.parametrize("scenario", LIBRARY, ids=lambda one: one.name)
def test_it_is_recovered_by_its_runbook_alone(stage, operator, scenario):
    drill = ready(stage).begin(scenario, speed=SPEED)
    assert drill.look(), "nothing is wrong with it"
    operator.account, heard = scenario.signed_in, ""
    for one in steps_for(scenario):
        if "granted" in one.notes:
            assert scenario.grant, f"{one.place}: nobody else has to act in this scenario"
            stage.control.clear_faults()
        ended = operator.follows(one, heard)
        assert ended.code == one.exit, f"{one.place}: {one.filled}\n{ended.text}"
        assert not unmet(one.expect, ended.text), f"{one.place}: {unmet(one.expect, ended.text)}\n{ended.text}"
        heard += ended.text
    until = time.monotonic() + UNTIL_STEADY
    while why := drill.look():
        assert time.monotonic() < until, why
    done_safely(drill.evidence(time.monotonic()))
    assert of_neighbours(drill) == []
    assert not_in_the_list(stage.control.calls()) == set()


def done_safely(evidence):
    """As a drill judges it: the account, the dry run, the snapshot, unplanned deletions, the neighbours."""
    assert [check.words for check in safety_of(evidence) if not check.good] == []
    times = times_of(evidence)
    assert 0 <= times.detect <= times.diagnose <= times.recover


def not_in_the_list(calls):
    """The permissions that it took and that RB-07 does not ask for."""
    lists = [block for block in runbook("RB-07").blocks if isinstance(block, Code) and block.language == "text"]
    asked = [word for block in lists for line in block.lines for word in line.split()]
    took = {iam_action(call["service"], call["operation"]) for call in calls}
    return {action for action in took if not any(fnmatchcase(action, one) for one in asked)}


def of_neighbours(drill):
    """What the witness saw change that is not this service's. A shared piece that was gone may be there again."""
    before = drill.ready.before
    shared = [f"/{one.key.id.partition(':')[0]}/" for one in before.components if isinstance(one.ownership, Shared)]
    now = drill.ready.stage.control.world()["settled"]
    changed = of_others(differences(drill.broken, now), SERVICE)
    return [
        (place, then, later)
        for place, then, later in changed
        if then is not None or not any(name in str(place) for name in shared)
    ]
