"""Services that others than ECS deploy: their task sets go with them, and come back as they were."""

import pytest

from breakglass.errors import StoppedPartWay
from breakglass.model.inventory import Health
from breakglass.model.lead import Key
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, prepare_removal, save_snapshot
from breakglass.running.tools import Operator
from tests.recovery.definitions.traffic import BLUE_GREEN, CODE_DEPLOY, EXTERNAL, EXTERNAL_IN_TWO
from tests.recovery.test_crashes import MODES, ONCE, Unlucky, carried_out
from tests.recovery.test_definitions import CLUSTER, ONLY_THE_STATE_ENTRY, Maker, settled
from tests.recovery.worlds import differences

UNTIL_IT_IS_GONE = 900


@pytest.fixture
def bench_with(aws, world, sandbox, bench_of):
    """`bench_with(definition)`: its service made in the sandbox, all of its tasks running."""

    def bench(definition):
        Maker(aws, world).make(definition)
        sandbox.control.advance(120)
        return bench_of(definition.family, ONLY_THE_STATE_ENTRY.format(service=definition.family))

    return bench


def service_key(definition):
    return Key("ecs-service", f"{CLUSTER}/{definition.family}")


def delete(aws, sandbox, definition):
    aws("ecs").delete_service(cluster=CLUSTER, service=definition.family, force=True)
    sandbox.control.advance(UNTIL_IT_IS_GONE)


@pytest.mark.parametrize("definition", [EXTERNAL, EXTERNAL_IN_TWO, CODE_DEPLOY], ids=lambda one: one.name)
def test_one_that_serves_is_healthy_and_one_that_does_not_says_why(sandbox, bench_with, definition):
    bench = bench_with(definition)
    assert bench.look().diagnosis.state is Health.HEALTHY, bench.look().diagnosis
    groups = {one.key.id for one in bench.look().of_kind("target-group")}
    assert groups == {f"{definition.family}-{at}" for at, _ in enumerate(definition.behind)}
    sandbox.control.chaos("fail-tasks", service=definition.family, kill=True)
    sandbox.control.advance(60)
    diagnosis = bench.look().diagnosis
    assert diagnosis.state is Health.DEGRADED
    assert any("CannotPullContainerError" in one.message for one in bench.look().findings)


@pytest.mark.parametrize("mode", MODES)
def test_task_sets_come_back_whatever_happens(sandbox, aws, bench_with, permit_for, writer_for, mode):
    bench = bench_with(EXTERNAL_IN_TWO)
    before = settled(sandbox, aws)
    save_snapshot(bench)
    delete(aws, sandbox, EXTERNAL_IN_TWO)
    prepared = prepare_rebuild(bench, Choice())
    assert prepared.plan.blockers == ()
    planned = [call.operation for call in prepared.plan.calls]
    assert planned == ["CreateService", "CreateTaskSet", "UpdateServicePrimaryTaskSet", "CreateTaskSet"]
    writer = Unlucky(writer_for(prepared.plan.run), mode)
    entries, killed = carried_out(bench, prepared, permit_for, writer)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    assert killed == (2 * len(planned) if mode == "killed" else 0)
    once = sorted(name for name in writer.had_effect if name.startswith(ONCE))
    assert once == sorted(name for name in planned if name.startswith(ONCE)), "something took effect twice"
    assert [one for one in differences(before, settled(sandbox, aws)) if one[0][-1] != "instances"] == []


def test_without_a_snapshot_the_tombstone_gives_one_whole_task_set(
    sandbox, aws, world, bench_with, permit_for, writer_for
):
    """A deleted service shows what its primary task set decided, and none of its task sets."""
    bench = bench_with(EXTERNAL)
    (was,) = world.service(EXTERNAL.family)["taskSets"]
    delete(aws, sandbox, EXTERNAL)
    prepared = prepare_rebuild(bench, Choice())
    assert prepared.plan.blockers == ()
    assert any("task sets get new ids" in loss.what for loss in prepared.plan.lost)
    folder = open_run(bench, prepared)
    *_, last = carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator())
    assert last.detail["outcome"] == Outcome.RECOVERED
    (now,) = world.service(EXTERNAL.family)["taskSets"]
    told = (
        "taskDefinition",
        "loadBalancers",
        "networkConfiguration",
        "launchType",
        "platformVersion",
        "scale",
        "status",
    )
    assert {name: now[name] for name in told} == {name: was[name] for name in told}


def test_one_of_which_no_task_set_was_primary_has_none_again(sandbox, aws, world, bench_with, permit_for, writer_for):
    """A controller need not say which is primary; where none is, the service itself names no target group."""
    bench = bench_with(EXTERNAL)
    name = EXTERNAL.family
    (was,) = world.service(name)["taskSets"]
    delete(aws, sandbox, EXTERNAL)
    aws("ecs").create_service(
        cluster=CLUSTER, serviceName=name, desiredCount=2, deploymentController={"type": "EXTERNAL"}
    )
    assert "task set" in bench.look().diagnosis.summary
    kept = ("taskDefinition", "loadBalancers", "networkConfiguration", "launchType", "scale")
    aws("ecs").create_task_set(cluster=CLUSTER, service=name, **{one: was[one] for one in kept})
    sandbox.control.advance(120)
    assert world.service(name)["loadBalancers"] == []
    assert bench.look().diagnosis.state is Health.HEALTHY
    removal = prepare_removal(bench, Choice())
    assert {step.component for step in removal.plan.steps} >= {Key("target-group", f"{name}-0"), service_key(EXTERNAL)}
    folder = open_run(bench, removal)
    list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))
    prepared = prepare_rebuild(bench, Choice(), named=folder.id)
    assert [call.operation for call in prepared.plan.calls if call.service == "ecs"] == [
        "CreateService",
        "CreateTaskSet",
    ]
    folder = open_run(bench, prepared)
    *_, last = carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator())
    assert last.detail["outcome"] == Outcome.RECOVERED
    assert [one["status"] for one in world.service(name)["taskSets"]] == ["ACTIVE"]


def test_codedeploys_deployment_group_has_to_be_looked_at(bench_with):
    """It names the service, target groups and listeners from outside: said before anything is taken away."""
    prepared = prepare_removal(bench_with(CODE_DEPLOY), Choice())
    (told,) = [loss for loss in prepared.plan.lost if "CodeDeploy" in loss.what]
    assert told.component == service_key(CODE_DEPLOY)
    assert "get-deployment-group" in told.what


@pytest.mark.parametrize("definition", [EXTERNAL, CODE_DEPLOY], ids=lambda one: one.name)
def test_what_a_task_set_decides_is_not_updateservices_to_change(sandbox, aws, world, bench_with, definition):
    """A target group made again under a living service: told as what it is, before a call that AWS would refuse."""
    bench = bench_with(definition)
    save_snapshot(bench)
    group = world.group(f"{definition.family}-0")["TargetGroupArn"]
    (rule,) = [
        one["RuleArn"]
        for one in aws("elbv2").describe_rules(ListenerArn=world.listener()["ListenerArn"])["Rules"]
        if any(action.get("TargetGroupArn") == group for action in one["Actions"])
    ]
    aws("elbv2").delete_rule(RuleArn=rule)
    aws("elbv2").delete_target_group(TargetGroupArn=group)
    (blocker,) = prepare_rebuild(bench, Choice()).plan.blockers
    assert blocker.component == service_key(definition)
    assert "--keep ecs-service" in blocker.hint
    assert prepare_rebuild(bench, Choice(keep=frozenset({"ecs-service"}))).plan.blockers == ()


def test_a_roll_back_is_not_taken_for_the_new_deployment(sandbox, aws, world, bench_with, permit_for, writer_for):
    """The circuit breaker ends stable, with all tasks running: behind a rule that is gone."""
    bench = bench_with(BLUE_GREEN)
    name = BLUE_GREEN.family
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    aws("ecs").update_service(cluster=CLUSTER, service=name, deploymentConfiguration=breaker)
    save_snapshot(bench)
    rule = world.service(name)["loadBalancers"][0]["advancedConfiguration"]["testListenerRule"]
    aws("elbv2").delete_rule(RuleArn=rule)
    sandbox.control.chaos("fail-tasks", service=name)
    prepared = prepare_rebuild(bench, Choice())
    folder = open_run(bench, prepared)
    began = bench.clock.elapsed()
    with pytest.raises(StoppedPartWay) as stopped:
        list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))
    assert "rolled back" in stopped.value.what
    assert bench.clock.elapsed() - began < 300
    sandbox.control.advance(600)
    assert world.service(name)["deployments"][0]["rolloutState"] == "COMPLETED", "all is stable by now"
    with pytest.raises(StoppedPartWay, match="rolled back"):
        list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))
    assert bench.look().diagnosis.state is not Health.HEALTHY


def test_another_task_definition_than_was_asked_for_ends_the_wait(sandbox, aws, bench_of, permit_for, writer_for):
    """Somebody deploys another revision while the run waits: what runs then is not what was made."""
    bench = bench_of("billing-api")
    save_snapshot(bench)
    aws("ecs").delete_service(cluster=CLUSTER, service="billing-api", force=True)
    sandbox.control.advance(UNTIL_IT_IS_GONE)
    told = aws("ecs").describe_task_definition(taskDefinition="billing-api:7")["taskDefinition"]
    kept = (
        "family",
        "containerDefinitions",
        "networkMode",
        "requiresCompatibilities",
        "cpu",
        "memory",
        "executionRoleArn",
    )
    other = aws("ecs").register_task_definition(**{one: told[one] for one in kept})["taskDefinition"]
    folder = open_run(bench, prepare_rebuild(bench, Choice()))
    entries = carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator())
    assert any(entry.event == "result" for entry in entries)
    aws("ecs").update_service(cluster=CLUSTER, service="billing-api", taskDefinition=other["taskDefinitionArn"])
    with pytest.raises(StoppedPartWay) as stopped:
        list(entries)
    assert "it runs billing-api:8, and billing-api:7 was asked for" in stopped.value.what
