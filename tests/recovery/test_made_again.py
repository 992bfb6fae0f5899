"""What was made again under another ARN or id: whoever names the old one is led to the new one, and nobody else."""

import pytest

from breakglass.errors import WorldChanged
from breakglass.model.inventory import Health
from breakglass.model.lead import Key
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, save_snapshot
from breakglass.running.tools import Operator
from tests.recovery.definitions.traffic import BLUE_GREEN
from tests.recovery.test_crashes import MODES, Unlucky
from tests.recovery.test_crashes import carried_out as run_to_its_end
from tests.recovery.test_definitions import CLUSTER, ONLY_THE_STATE_ENTRY, Maker
from tests.recovery.worlds import differences

TABLE, ENTRY = "wonderland-services", Key("state-entry", "wonderland-services/deployer-api")
NOBODYS = "00000000-aaaa-4bbb-8ccc-111111111111"


@pytest.fixture
def carried_out(bench_of, permit_for, writer_for):
    """`carried_out(bench)`: the plan of a rebuild and how it ended."""

    def go(bench, choice=Choice()):
        prepared = prepare_rebuild(bench, choice)
        assert prepared.plan.blockers == ()
        folder = open_run(bench, prepared)
        entries = list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))
        return prepared.plan, entries[-1].detail["outcome"]

    return go


def made_again(aws, listener):
    """The listener deleted and made again by somebody else, without the rules that were on it."""
    tagged = aws("elbv2").describe_tags(ResourceArns=[listener["ListenerArn"]])["TagDescriptions"][0]["Tags"]
    aws("elbv2").delete_listener(ListenerArn=listener["ListenerArn"])
    kept = ("LoadBalancerArn", "Port", "Protocol", "Certificates", "SslPolicy", "DefaultActions")
    settings = {name: listener[name] for name in kept if name in listener}
    return aws("elbv2").create_listener(**settings, Tags=tagged)["Listeners"][0]


def test_a_rule_is_made_on_the_listener_that_somebody_else_made_again(sandbox, bench_of, carried_out, aws, world):
    """A shared listener, of which nothing of this service is left: its ARN is another one now."""
    before = sandbox.control.world()["settled"]
    benches = [bench_of("billing-api"), bench_of("deployer-api"), bench_of("deployer-api-canary")]
    for bench in benches:
        save_snapshot(bench)
    new = made_again(aws, world.listener())
    for bench in benches:
        plan, outcome = carried_out(bench)
        (call,) = plan.calls
        assert call.params["ListenerArn"] == new["ListenerArn"]
        assert outcome is Outcome.RECOVERED
    assert bench.look().diagnosis.state is Health.HEALTHY
    assert differences(before, sandbox.control.world()["settled"]) == []


def in_the_entry(aws, **values):
    """Set attributes of the deployer's entry, as the deployer itself would."""
    for name, value in values.items():
        aws("dynamodb").update_item(
            TableName=TABLE,
            Key={"name": {"S": "deployer-api"}},
            UpdateExpression="SET #n = :v",
            ExpressionAttributeNames={"#n": name},
            ExpressionAttributeValues={":v": value},
        )


@pytest.mark.parametrize("remembered", [False, True])
def test_an_entry_that_names_a_check_which_is_gone_is_led_to_the_one_in_use(
    sandbox, bench_of, carried_out, aws, world, remembered
):
    """The record says which health check it is now: no other is made, whether or not anybody remembers the old one."""
    bench = bench_of("deployer-api")
    if remembered:
        save_snapshot(bench)
        (record,) = world.records("deployer-api.example.com.")
        check = aws("route53").get_health_check(HealthCheckId=record["HealthCheckId"])["HealthCheck"]
        made = aws("route53").create_health_check(
            CallerReference="by hand", HealthCheckConfig=check["HealthCheckConfig"]
        )
        moved = {**record, "HealthCheckId": made["HealthCheck"]["Id"]}
        world.change(("DELETE", record), ("CREATE", moved))
        aws("route53").delete_health_check(HealthCheckId=record["HealthCheckId"])
    else:
        in_the_entry(aws, healthCheckId={"S": NOBODYS})
    (record,) = world.records("deployer-api.example.com.")
    before = sandbox.control.world()["settled"]
    plan, _ = carried_out(bench, Choice(keep=frozenset({"alarm"})))
    assert [(step.component, call.operation) for step in plan.steps for _, call in step.calls] == [
        (ENTRY, "UpdateItem")
    ]
    entry = aws("dynamodb").get_item(TableName=TABLE, Key={"name": {"S": "deployer-api"}})["Item"]
    assert entry["healthCheckId"] == {"S": record["HealthCheckId"]}
    assert differences(before, sandbox.control.world()["settled"]) == []
    assert {str(one.component): one.why for one in plan.kept if one.component.kind == "health-check"}


def test_where_nobody_can_tell_which_check_it_is_now_none_is_guessed(bench_of, aws, world):
    """Two checks in use, and the entry knows neither."""
    in_the_entry(aws, healthCheckId={"S": NOBODYS})
    (record,) = world.records("deployer-api.example.com.")
    check = aws("route53").get_health_check(HealthCheckId=record["HealthCheckId"])["HealthCheck"]
    other = aws("route53").create_health_check(CallerReference="x", HealthCheckConfig=check["HealthCheckConfig"])
    beside = {**record, "SetIdentifier": "blue", "HealthCheckId": other["HealthCheck"]["Id"]}
    world.change(("CREATE", beside))
    (blocker,) = prepare_rebuild(bench_of("deployer-api"), Choice()).plan.blockers
    assert blocker.component == Key("health-check", NOBODYS)


@pytest.fixture
def shifting(aws, world, sandbox, bench_of):
    """A service that shifts its traffic itself, and how to work on it."""
    Maker(aws, world).make(BLUE_GREEN)
    sandbox.control.advance(120)
    return bench_of(BLUE_GREEN.family, ONLY_THE_STATE_ENTRY.format(service=BLUE_GREEN.family))


@pytest.mark.parametrize("whose", ["productionListenerRule", "testListenerRule"])
@pytest.mark.parametrize("by", ["this run", "somebody else"])
def test_a_living_service_is_led_to_the_rule_made_again(sandbox, carried_out, aws, world, shifting, whose, by):
    """UpdateService of its load balancers alone, after the rule: the next deployment shifts traffic by it."""
    name = BLUE_GREEN.family
    save_snapshot(shifting)
    before = sandbox.control.world()["settled"]
    old = world.service(name)["loadBalancers"][0]["advancedConfiguration"][whose]
    (rule,) = aws("elbv2").describe_rules(RuleArns=[old])["Rules"]
    tags = aws("elbv2").describe_tags(ResourceArns=[old])["TagDescriptions"][0]["Tags"]
    aws("elbv2").delete_rule(RuleArn=old)
    if by == "somebody else":
        conditions = [{"Field": "host-header", "HostHeaderConfig": rule["Conditions"][0]["HostHeaderConfig"]}]
        actions = [{"Type": "forward", "ForwardConfig": rule["Actions"][0]["ForwardConfig"]}]
        aws("elbv2").create_rule(
            ListenerArn=world.listener()["ListenerArn"],
            Priority=int(rule["Priority"]),
            Conditions=conditions,
            Actions=actions,
            **({"Tags": tags} if tags else {}),
        )
    told = shifting.look()
    assert "listener rule" in told.get(Key("ecs-service", f"wonderland/{name}")).reason
    assert told.diagnosis.state is not Health.HEALTHY
    plan, _ = carried_out(shifting)
    calls = [call.operation for call in plan.calls]
    assert calls == (["CreateRule", "UpdateService"] if by == "this run" else ["UpdateService"])
    update = list(plan.calls)[-1]
    assert set(update.params) == {"cluster", "service", "loadBalancers"}
    new = world.service(name)["loadBalancers"][0]["advancedConfiguration"][whose]
    assert new != old
    assert aws("elbv2").describe_rules(RuleArns=[new])["Rules"][0]["Priority"] == rule["Priority"]
    assert differences(before, sandbox.control.world()["settled"]) == []
    assert prepare_rebuild(shifting, Choice()).plan.steps == ()


@pytest.mark.parametrize("mode", MODES)
def test_a_living_service_is_led_there_once(sandbox, aws, world, shifting, permit_for, writer_for, mode):
    """Each UpdateService starts a deployment: after a lost answer it is looked for, and not sent again."""
    save_snapshot(shifting)
    before = sandbox.control.world()["settled"]
    rule = world.service(BLUE_GREEN.family)["loadBalancers"][0]["advancedConfiguration"]["testListenerRule"]
    aws("elbv2").delete_rule(RuleArn=rule)
    prepared = prepare_rebuild(shifting, Choice())
    writer = Unlucky(writer_for(prepared.plan.run), mode)
    run_to_its_end(shifting, prepared, permit_for, writer)
    assert writer.had_effect == ["CreateRule", "UpdateService"]
    assert differences(before, sandbox.control.world()["settled"]) == []


def test_a_service_that_somebody_changed_is_not_taken_for_led_there(
    sandbox, aws, world, shifting, permit_for, writer_for
):
    """No look alone can tell that it names a rule which is gone: what was asked for is asked about."""
    save_snapshot(shifting)
    rule = world.service(BLUE_GREEN.family)["loadBalancers"][0]["advancedConfiguration"]["testListenerRule"]
    aws("elbv2").delete_rule(RuleArn=rule)
    prepared = prepare_rebuild(shifting, Choice())
    folder = open_run(shifting, prepared)
    entries = carry_out(shifting, folder, permit_for(shifting), writer_for(folder.id), Operator())
    assert any(entry.event == "result" for entry in entries)
    aws("ecs").update_service(cluster=CLUSTER, service=BLUE_GREEN.family, healthCheckGracePeriodSeconds=7)
    with pytest.raises(WorldChanged):
        list(entries)
