"""Log groups: read out of what other kinds find, never removed, and there before anything that writes to them."""

from dataclasses import replace

import pytest

from breakglass.aws.writer import AwsWriter
from breakglass.kinds import all_kinds
from breakglass.kinds.log_group import KIND
from breakglass.model.component import Absent, Found, Present, State, Unproven
from breakglass.model.inventory import Health
from breakglass.model.kind import Detail
from breakglass.model.lead import Key, Lead, Source
from breakglass.model.permit import Permit
from breakglass.model.plan import Until
from breakglass.model.world import Recipe
from breakglass.planning.removal import Choice
from breakglass.rehearsal.stage import Stage, within
from breakglass.rehearsal.twin import SandboxTime
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, prepare_removal, save_snapshot
from breakglass.running.survey import with_drawn
from breakglass.running.tools import Operator
from tests.kinds.changing import calls, world, wrong
from tests.kinds.fake_reader import FakeReader, find, lead
from tests.recovery.worlds import differences

NAME = "/wonderland/deployer-api"
KEY = Key("log-group", NAME)
FACTS = {
    "logGroupName": NAME,
    "arn": f"arn:aws:logs:eu-west-1:111122223333:log-group:{NAME}:*",
    "logGroupArn": f"arn:aws:logs:eu-west-1:111122223333:log-group:{NAME}",
    "creationTime": 1758010020000,
    "retentionInDays": 30,
    "storedBytes": 4711,
    "metricFilterCount": 2,
    "kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd",
    "logGroupClass": "INFREQUENT_ACCESS",
    "tags": {"team": "werkzeugschmiede", "aws:cloudformation:stack-name": "old", "breakglass:run": "earlier"},
}


def definition(*options, driver="awslogs"):
    containers = [{"name": "app", "logConfiguration": {"logDriver": driver, "options": one}} for one in options]
    return Found(Key("task-definition", "x:1"), Present({"containerDefinitions": containers}), ())


def named(found):
    return [(one.ref, one.within, one.hint, one.expects) for one in KIND.draws(found)]


def test_it_is_drawn_from_what_task_definitions_say():
    options = {"awslogs-group": NAME, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app"}
    assert named(definition(options, options)) == [(NAME, "eu-west-1", False, True)], "each is named once"
    assert named(definition({**options, "awslogs-create-group": "true"})) == [(NAME, "eu-west-1", True, False)]
    assert named(definition({"awslogs-group": NAME})) == [(NAME, "", False, True)]
    assert named(definition({"splunk-url": "https://x"}, driver="splunk")) == []
    assert named(definition({})) == []
    assert named(Found(Key("task-definition", "x:1"), Absent("gone"), ())) == []
    nothing = {"containerDefinitions": [{"name": "app"}, {"name": "b", "logConfiguration": {"logDriver": "awslogs"}}]}
    assert named(Found(Key("task-definition", "x:1"), Present(nothing), ())) == []


def test_it_is_drawn_from_service_connect_too():
    written = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/proxy", "awslogs-region": "eu-west-1"}}
    service = {"deployments": [{"status": "PRIMARY", "serviceConnectConfiguration": {"logConfiguration": written}}]}
    found = Found(Key("ecs-service", "wonderland/x"), Present(service), ())
    assert [(one.ref, one.path) for one in KIND.draws(found)] == [
        ("/ecs/proxy", "deployments[0].serviceConnectConfiguration.logConfiguration.options.awslogs-group")
    ]


def test_what_it_draws_counts_as_that_components_own_reference():
    told = with_drawn(definition({"awslogs-group": NAME}), all_kinds())
    assert [(one.kind, one.ref) for one in told.sighting.references] == [("log-group", NAME)]
    other = Found(Key("alarm", "x"), told.sighting, ())
    assert with_drawn(other, all_kinds()) == other


def groups(*there):
    def listed(ask):
        prefix = ask.params.get("logGroupNamePrefix", "")
        found = sorted(one for one in there if one.startswith(prefix))[: ask.params.get("limit", 50)]
        return {"logGroups": [{**FACTS, "logGroupName": one} for one in found]}

    return {
        ("logs", "DescribeLogGroups"): listed,
        ("logs", "ListTagsForResource"): lambda ask: {"tags": {"team": "werkzeugschmiede"}},
    }


def test_it_takes_one_call_to_look_and_a_name_that_begins_alike_is_another():
    reader = FakeReader(groups(NAME, f"{NAME}-canary"))
    found = find(KIND, reader, lead(KIND, NAME), lead(KIND, FACTS["logGroupArn"]), lead(KIND, NAME, "eu-west-1"))
    assert found.keys() == {NAME}
    assert len(found[NAME].leads) == 3
    assert len(reader.sent) == 1
    absent = find(KIND, FakeReader(groups(f"{NAME}-canary")), lead(KIND, NAME))
    assert isinstance(absent[NAME].sighting, Absent)


def test_one_of_another_region_is_asked_for_and_made_there():
    reader = FakeReader(groups(NAME))
    (one,) = find(KIND, reader, lead(KIND, NAME, "us-east-1")).values()
    assert (one.key.id, one.region) == (f"{NAME} (us-east-1)", "us-east-1")
    assert {ask.region for ask in reader.sent} == {"us-east-1"}
    ref, region = KIND.retrace(one.key, ())
    assert find(KIND, reader, lead(KIND, ref, region)).keys() == {one.key.id}
    assert {call.region for call in calls(KIND.rebuild(Recipe(one.key, FACTS), world()).actions)} == {"us-east-1"}


@pytest.mark.parametrize(
    ("there", "source", "told"),
    [((), Source.LIVE, False), ((), Source.SNAPSHOT, True), (("/aws/lambda/x",), Source.LIVE, True)],
)
def test_an_endpoint_that_knows_no_log_group_at_all_proves_nothing(there, source, told):
    """Unless somebody has seen it there, or says so in the configuration."""
    found = find(KIND, FakeReader(groups(*there)), Lead("log-group", NAME, source, "x"))
    assert bool(found) is told


def test_it_is_made_again_with_all_that_a_log_group_has():
    making = KIND.rebuild(Recipe(KEY, FACTS), world())
    create, keep = calls(making.actions)
    assert [wrong(call) for call in (create, keep)] == [(), ()]
    assert create.params == {
        "logGroupName": NAME,
        "kmsKeyId": FACTS["kmsKeyId"],
        "logGroupClass": "INFREQUENT_ACCESS",
        "tags": {"team": "werkzeugschmiede", "breakglass:run": world().run},
    }
    assert keep.params == {"logGroupName": NAME, "retentionInDays": 30}
    assert "filters are not made again" in making.lost[0].what
    assert KIND.done(keep, Present(FACTS))
    assert not KIND.done(keep, Present({**FACTS, "retentionInDays": 7}))
    assert KIND.already(create, "ResourceAlreadyExistsException")


def test_its_name_is_enough_for_tasks_to_start():
    making = KIND.rebuild(Recipe(KEY, {}), world())
    assert not making.blockers
    assert [call.operation for call in calls(making.actions)] == ["CreateLogGroup"]
    assert "how long" in making.lost[1].what


@pytest.fixture
def stage(sandbox):
    with within(sandbox), Stage.of(sandbox, "deployer-api") as stage:
        yield stage


@pytest.fixture
def bench(stage):
    return replace(stage.bench(), clock=SandboxTime(stage.control))


def test_it_is_kept_and_there_before_what_writes_to_it(sandbox, bench, aws):
    """Deleted beside the service: tasks would not start, so that the rebuild makes it first, as it was."""
    logs = aws("logs")
    inventory, _ = save_snapshot(bench)
    assert inventory.diagnosis.state is Health.HEALTHY
    assert inventory.get(KEY).state is State.OK
    assert isinstance(inventory.get(KEY).ownership, Unproven)
    assert KEY in inventory.get(Key("task-definition", "deployer-api:41")).depends_on
    removal = prepare_removal(bench, Choice()).plan
    assert KEY in {one.component for one in removal.kept}
    logs.delete_log_group(logGroupName=NAME)
    aws("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(900)
    rebuild = prepare_rebuild(bench, Choice()).plan
    assert rebuild.blockers == ()
    assert [step.component.kind for step in rebuild.steps] == ["log-group", "ecs-service"]
    assert rebuild.steps[0].goal is Until.THERE
    assert any("retentionInDays" in source for source in rebuild.steps[0].sources)


def test_it_comes_back_as_it_was(sandbox, stage, bench, aws):
    logs = aws("logs")
    logs.delete_log_group(logGroupName=NAME)
    logs.create_log_group(logGroupName=NAME, logGroupClass="INFREQUENT_ACCESS", tags={"team": "werkzeugschmiede"})
    logs.put_retention_policy(logGroupName=NAME, retentionInDays=7)
    save_snapshot(bench)
    before = sandbox.control.world()["settled"]
    logs.delete_log_group(logGroupName=NAME)
    prepared = prepare_rebuild(bench, Choice())
    assert [call.operation for call in prepared.plan.calls] == ["CreateLogGroup", "PutRetentionPolicy"]
    caller = bench.identify()
    permit = Permit(caller.account, caller.arn, bench.clock.now(), "typed")
    run = open_run(bench, prepared)
    entries = list(carry_out(bench, run, permit, AwsWriter(stage.connection, run.id), Operator()))
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED
    assert differences(before, sandbox.control.world()["settled"]) == []


def test_without_it_no_task_starts_and_the_diagnosis_says_so(sandbox, bench, aws):
    aws("logs").delete_log_group(logGroupName=NAME)
    for task in aws("ecs").list_tasks(cluster="wonderland", serviceName="deployer-api")["taskArns"]:
        aws("ecs").stop_task(cluster="wonderland", task=task)
    sandbox.control.advance(90)
    inventory = bench.look(Detail.LOOK)
    assert inventory.diagnosis.state is Health.HALF_DELETED
    assert inventory.get(KEY).state is State.MISSING
    assert "log group" in inventory.diagnosis.summary
    troubles = inventory.get(Key("ecs-service", "wonderland/deployer-api")).sighting.condition.troubles
    assert any("ResourceInitializationError" in one for one in troubles)
