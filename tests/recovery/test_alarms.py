"""Alarms of a service: metric, metric math and composite ones, at home and in us-east-1, away and back again."""

import pytest

from breakglass.model.component import Owned, Shared, State
from breakglass.model.kind import Detail
from breakglass.model.lead import Key
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import prepare_rebuild, prepare_removal
from breakglass.running.vault import Vault
from tests.recovery.test_crashes import MODES, ONCE, Unlucky, carried_out
from tests.recovery.test_journeys import changing, run
from tests.recovery.worlds import differences, ids, of_others

NAME = "image-api"
SIMPLE, MATH, DOWN, PAGE = (f"{NAME}-{what}" for what in ("5xx", "ratio", "down", "page"))
CONFIGURED = f"\n[services.{NAME}]\nalarms = {[SIMPLE, MATH, DOWN, PAGE, NAME + '-busy']}\n".replace("'", '"')
TOPIC = "arn:aws:sns:eu-west-1:111122223333:on-call"


def dimensions(world):
    arn, group = world.balancer(NAME)["LoadBalancerArn"], world.group(NAME)["TargetGroupArn"]
    return [
        {"Name": "LoadBalancer", "Value": arn.partition(":loadbalancer/")[2]},
        {"Name": "TargetGroup", "Value": group.rpartition(":")[2]},
    ]


def stat(name, metric, dims):
    where = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": dims}
    return {"Id": name, "MetricStat": {"Metric": where, "Period": 60, "Stat": "Sum"}, "ReturnData": False}


@pytest.fixture
def watched(sandbox, aws, world):
    """Beside its plain alarm `image-api` gets one on metric math, one that searches, and two composite ones."""
    cloudwatch, dims = aws("cloudwatch"), dimensions(world)
    common = {"EvaluationPeriods": 2, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(
        AlarmName=MATH, **common, AlarmActions=[TOPIC], Tags=[{"Key": "team", "Value": "bildwerk"}],
        Metrics=[
            {"Id": "e1", "Expression": "100 * m1 / m2", "Label": "errors in percent", "ReturnData": True},
            stat("m1", "HTTPCode_Target_5XX_Count", dims), stat("m2", "RequestCount", dims),
        ],
    )  # fmt: skip
    search = f"SUM(SEARCH('{{AWS/ApplicationELB,LoadBalancer}} LoadBalancer=\"{dims[0]['Value']}\"', 'Sum', 60))"
    cloudwatch.put_metric_alarm(
        AlarmName=f"{NAME}-busy", **common, Metrics=[{"Id": "e1", "Expression": search, "ReturnData": True}]
    )
    cloudwatch.put_composite_alarm(AlarmName=DOWN, AlarmRule=f'ALARM("{SIMPLE}") OR ALARM({MATH})')
    cloudwatch.put_composite_alarm(
        AlarmName=PAGE, AlarmRule=f"ALARM({DOWN}) AND NOT OK({SIMPLE})", AlarmActions=[TOPIC],
        ActionsSuppressor=f"{NAME}-busy", ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=60,
        Tags=[{"Key": "team", "Value": "bildwerk"}],
    )  # fmt: skip
    return sandbox.control.world()["settled"]


def test_the_world_shows_composite_ones_too(watched):
    assert watched["111122223333"]["eu-west-1"]["alarm"][PAGE]["ActionsSuppressor"] == f"{NAME}-busy"


def test_all_that_are_named_are_its_own(watched, bench_of):
    alarms = bench_of(NAME, CONFIGURED).look().of_kind("alarm")
    assert {one.key.id for one in alarms} == {SIMPLE, MATH, DOWN, PAGE, f"{NAME}-busy"}
    assert all(one.state is State.OK and isinstance(one.ownership, Owned) for one in alarms), alarms


def test_removed_and_rebuilt_the_world_is_as_before(sandbox, watched, bench_of, permit_for, writer_for, world):
    bench = bench_of(NAME, CONFIGURED)
    old = dimensions(world)[0]["Value"]
    removal = prepare_removal(bench, Choice())
    order = [step.component.id for step in removal.plan.steps if step.component.kind == "alarm"]
    assert order.index(PAGE) < order.index(DOWN) < min(order.index(SIMPLE), order.index(MATH))
    assert order.index(PAGE) < order.index(f"{NAME}-busy")
    run(bench, removal, permit_for, writer_for)
    between = sandbox.control.world()["settled"]
    assert of_others(differences(watched, between), NAME) == []
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert rebuild.plan.blockers == ()
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    after = sandbox.control.world()["settled"]
    assert differences(watched, after) == []
    assert not (ids(watched) - ids(between)) & ids(after["111122223333"]["eu-west-1"]["alarm"])
    assert old not in str(after["111122223333"]["eu-west-1"]["alarm"])
    assert (
        dimensions(world)[0]["Value"]
        in after["111122223333"]["eu-west-1"]["alarm"][f"{NAME}-busy"]["Metrics"][0]["Expression"]
    )


@pytest.mark.parametrize("mode", MODES)
def test_it_converges(sandbox, watched, bench_of, permit_for, writer_for, mode):
    bench = bench_of(NAME, CONFIGURED)
    only = Choice(only=frozenset({"alarm"}))
    removal = prepare_removal(bench, only)
    assert len(removal.plan.steps) == 5
    for journey in ("remove", "rebuild"):
        plan = removal if journey == "remove" else prepare_rebuild(bench, only, named=removal.plan.run)
        planned = [call.operation for call in plan.plan.calls]
        writer = Unlucky(writer_for(plan.plan.run), mode)
        entries, _ = carried_out(bench, plan, permit_for, writer)
        assert entries[-1].detail["outcome"] in (Outcome.RECOVERED, Outcome.FINISHED)
        once = sorted(name for name in writer.had_effect if name.startswith(ONCE))
        assert once == sorted(name for name in planned if name.startswith(ONCE))
    assert differences(watched, sandbox.control.world()["settled"]) == []


def test_one_that_is_missing_is_made_before_what_is_made_of_it(sandbox, watched, bench_of, permit_for, writer_for, aws):
    bench = bench_of(NAME, CONFIGURED)
    removal = prepare_removal(bench, Choice(only=frozenset({"alarm"})))
    run(bench, removal, permit_for, writer_for)
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    sandbox.control.clear_calls()
    run(bench, rebuild, permit_for, writer_for)
    assert changing(sandbox.control) == ["PutMetricAlarm"] * 3 + ["PutCompositeAlarm"] * 2


def test_a_foreign_composite_alarm_keeps_what_it_is_made_of(watched, bench_of, aws):
    aws("cloudwatch").put_composite_alarm(AlarmName="platform", AlarmRule=f"ALARM({MATH}) OR ALARM(billing-api-5xx)")
    bench = bench_of(NAME, CONFIGURED)
    inventory = bench.look()
    math = inventory.get(Key("alarm", MATH))
    assert isinstance(math.ownership, Shared)
    assert math.ownership.by == ("composite alarm platform",)
    assert inventory.get(Key("alarm", "platform")) is None, "what others made of ours is not ours"
    assert inventory.get(Key("alarm", "billing-api-5xx")) is None
    kept = {one.component for one in prepare_removal(bench, Choice()).plan.kept}
    assert Key("alarm", MATH) in kept
    assert Key("alarm", DOWN) not in kept


def test_a_composite_alarm_that_is_made_of_ours_alone_is_found_by_looking_closely(watched, bench_of, aws):
    named = CONFIGURED.replace(f', "{PAGE}"', "")
    assert PAGE not in named
    page = bench_of(NAME, named).look().get(Key("alarm", PAGE))
    assert isinstance(page.ownership, Owned)
    assert {lead.source for lead in page.leads} == {"live-resource"}
    assert bench_of(NAME, named).look(Detail.LOOK).get(Key("alarm", PAGE)) is None


def test_parents_that_cannot_be_read_prove_nothing(sandbox, watched, bench_of):
    sandbox.control.add_fault("cloudwatch", "DescribeAlarms")
    inventory = bench_of(NAME, CONFIGURED).look()
    assert not inventory.complete
    assert not [one for one in inventory.of_kind("alarm") if isinstance(one.ownership, Owned) and one.there]


def test_the_same_name_twice(sandbox, bench_of, aws, world, permit_for, writer_for):
    """At home and where Route 53's are: two alarms, two ids, and each is removed and made again where it was."""
    name = "deployer-api-5xx"
    check = world.records("deployer-api.example.com.")[0]["HealthCheckId"]
    aws("cloudwatch", region="us-east-1").put_metric_alarm(
        AlarmName=name, Namespace="AWS/Route53", MetricName="HealthCheckStatus", Statistic="Minimum", Period=60,
        EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="LessThanThreshold",
        Dimensions=[{"Name": "HealthCheckId", "Value": check}],
    )  # fmt: skip
    before = sandbox.control.world()["settled"]
    bench = bench_of("deployer-api")
    for detail in (Detail.LOOK, Detail.COPY):
        found = {one.key.id: one.region for one in bench.look(detail).of_kind("alarm")}
        assert found == {name: "", f"{name} (us-east-1)": "us-east-1", "deployer-api-health": "us-east-1"}
    only = Choice(only=frozenset({"alarm"}))
    removal = prepare_removal(bench, only)
    run(bench, removal, permit_for, writer_for)
    between = sandbox.control.world()["settled"]["111122223333"]
    assert name not in between["eu-west-1"]["alarm"]
    assert name not in between["us-east-1"]["alarm"]
    rebuild = prepare_rebuild(bench, only, named=removal.plan.run)
    assert len(rebuild.plan.steps) == 3
    run(bench, rebuild, permit_for, writer_for)
    assert differences(before, sandbox.control.world()["settled"]) == []


def test_a_plain_inventory_asks_for_no_parents(sandbox, bench_of):
    sandbox.control.clear_calls()
    bench_of("deployer-api").look(Detail.LOOK)
    asked = [call for call in sandbox.control.calls() if call["operation"] == "DescribeAlarms"]
    assert len(asked) == 1, asked


def test_one_that_only_a_convention_names_keeps_nothing_from_being_made(sandbox, aws, world, bench_of):
    """It may never have been there. What a snapshot knows of it is made again."""
    bench = bench_of("deployer-api")
    saved = prepare_removal(bench, Choice()).snapshot
    names = [one["AlarmName"] for one in aws("cloudwatch").describe_alarms()["MetricAlarms"]]
    aws("cloudwatch").delete_alarms(AlarmNames=[one for one in names if one.startswith("deployer-api-5xx")])
    aws("cloudwatch", region="us-east-1").delete_alarms(AlarmNames=["deployer-api-health"])
    aws("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(600)
    plan = prepare_rebuild(bench, Choice()).plan
    assert [step.component.kind for step in plan.steps] == ["ecs-service"]
    assert plan.blockers == ()
    assert [one.why.partition(",")[0] for one in plan.kept if one.component.kind == "alarm"] == [
        "only a naming convention names it"
    ]
    Vault(bench.state).save(saved)
    assert "alarm" in [step.component.kind for step in prepare_rebuild(bench, Choice()).plan.steps]
