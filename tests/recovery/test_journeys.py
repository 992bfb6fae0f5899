"""The journeys of the postmortem, from the survey to the world afterwards."""

import pytest

from breakglass.model.inventory import Health
from breakglass.model.journal import Event
from breakglass.model.kind import Detail
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, prepare_removal
from breakglass.running.tools import Operator
from tests.recovery.worlds import differences, ids, of_others


def run(bench, prepared, permit_for, writer_for, operator=Operator()):
    folder = open_run(bench, prepared)
    return list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), operator))


def changing(control):
    return [call["operation"] for call in control.calls() if call["mutating"]]


def test_the_outage_is_over_with_one_call(sandbox, bench_of, permit_for, writer_for, aws, world):
    before = sandbox.control.world()["settled"]
    aws("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(900)
    bench = bench_of("deployer-api")
    prepared = prepare_rebuild(bench, Choice())
    assert prepared.plan.blockers == ()
    assert [step.component.kind for step in prepared.plan.steps] == ["ecs-service"]
    sandbox.control.clear_calls()
    entries = run(bench, prepared, permit_for, writer_for)
    assert changing(sandbox.control) == ["CreateService"]
    assert entries[-1].event is Event.FINISHED
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED
    assert bench.look(Detail.LOOK).diagnosis.state is Health.HEALTHY
    assert differences(before, sandbox.control.world()["settled"]) == []


def test_nothing_to_do_for_a_healthy_service(sandbox, bench_of):
    assert prepare_rebuild(bench_of("deployer-api"), Choice()).plan.steps == ()


@pytest.mark.parametrize("service", ["deployer-api", "image-api"])
def test_removed_and_rebuilt_the_world_is_as_before(sandbox, bench_of, permit_for, writer_for, service):
    """The postmortem's own way: everything away, then everything back, with nothing of anybody else touched."""
    before = sandbox.control.world()["settled"]
    bench = bench_of(service)
    removal = prepare_removal(bench, Choice())
    run(bench, removal, permit_for, writer_for)
    between = sandbox.control.world()["settled"]
    assert of_others(differences(before, between), service) == []
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert rebuild.plan.blockers == ()
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    after = sandbox.control.world()["settled"]
    assert differences(before, after) == []
    dead = ids(before) - ids(between)
    assert dead
    assert not dead & ids(after), "something still names what is gone"
