"""The postmortem's own service, behind a classic load balancer: found by name, taken away, made again as it was."""

import json

import pytest

from breakglass.model.component import Owned, Shared, State
from breakglass.model.inventory import Health
from breakglass.model.kind import Detail
from breakglass.model.lead import Key
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import prepare_rebuild, prepare_removal, save_snapshot
from tests.recovery.classic import CERTIFICATE, NAME, balancer, make_balancer, make_service
from tests.recovery.test_crashes import MODES, ONCE, Unlucky, carried_out
from tests.recovery.test_journeys import run
from tests.recovery.worlds import differences, of_others

CLASSIC, SERVICE = Key("classic-load-balancer", NAME), Key("ecs-service", f"wonderland/{NAME}")
ENTRY, RECORD = Key("state-entry", f"wonderland-services/{NAME}"), Key("dns-record", f"{NAME}.example.com")


def inventory_of(bench_of, service=NAME, extra=""):
    return bench_of(service, extra).look(Detail.LOOK)


def balancers(inventory):
    return {
        one.key: one.state for kind in ("load-balancer", "classic-load-balancer") for one in inventory.of_kind(kind)
    }


@pytest.mark.parametrize("alias", [True, False])
@pytest.mark.parametrize("names", ["name", "DNS name"])
def test_it_is_found_by_every_name_and_healthy(sandbox, bench_of, aws, names, alias):
    make_service(aws, sandbox, names=names, alias=alias)
    inventory = inventory_of(bench_of)
    assert inventory.diagnosis.state is Health.HEALTHY, (inventory.diagnosis, inventory.findings)
    assert inventory.complete
    assert balancers(inventory) == {CLASSIC: State.OK}
    classic = inventory.get(CLASSIC)
    assert isinstance(classic.ownership, Owned), classic.ownership
    assert {lead.source for lead in classic.leads} == {"naming-convention", "state-entry", "live-resource"}
    for one in (ENTRY, RECORD, SERVICE):
        assert CLASSIC in inventory.get(one).depends_on
    assert not [finding for finding in inventory.findings if finding.severity == "critical"]


def test_it_is_found_by_the_configured_name_alone(sandbox, bench_of, aws):
    """With nothing else left of the service."""
    make_balancer(aws, "lonely")
    assert balancers(inventory_of(bench_of, "lonely")) == {Key("classic-load-balancer", "lonely"): State.ORPHANED}


@pytest.mark.parametrize("service", ["deployer-api", "image-api"])
def test_a_service_that_has_none_is_not_asked_about_it(sandbox, bench_of, service):
    sandbox.control.clear_calls()
    inventory_of(bench_of, service)
    assert not [call for call in sandbox.control.calls() if call["service"] == "elb"]


def test_a_load_balancer_that_neither_knows_is_the_one_that_is_missing(sandbox, bench_of, aws, world):
    """One finding, of the kind that its ARN says, though the other was asked about."""
    aws("elbv2").delete_load_balancer(LoadBalancerArn=world.balancer("image-api")["LoadBalancerArn"])
    assert balancers(inventory_of(bench_of, "image-api")) == {Key("load-balancer", "image-api"): State.MISSING}


def test_gone_it_is_the_classic_one_that_is_missing(sandbox, bench_of, aws):
    make_service(aws, sandbox)
    aws("elb").delete_load_balancer(LoadBalancerName=NAME)
    inventory = inventory_of(bench_of)
    assert balancers(inventory) == {CLASSIC: State.MISSING}
    assert inventory.diagnosis.state is Health.HALF_DELETED
    for one in (ENTRY, RECORD):
        assert inventory.get(one).state is State.STALE


def test_one_of_the_same_name_for_somebody_else_does_not_matter_where_v2_knows_the_name(sandbox, bench_of, aws):
    before = balancers(inventory_of(bench_of, "image-api"))
    make_balancer(aws, "image-api")
    assert balancers(inventory_of(bench_of, "image-api")) == before


@pytest.mark.parametrize("code", ["AccessDenied", "InternalFailure"])
def test_one_that_cannot_be_looked_up_is_unreadable_and_no_other_is_missing(sandbox, bench_of, aws, code):
    make_service(aws, sandbox)
    sandbox.control.add_fault("elb", "DescribeLoadBalancers", code=code, status=403)
    inventory = inventory_of(bench_of)
    assert balancers(inventory) == {CLASSIC: State.UNREADABLE}
    assert not inventory.complete


READS = ("DescribeInstanceHealth", "DescribeTags", "DescribeLoadBalancers")


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("there", [True, False])
def test_no_failure_is_taken_for_absence(sandbox, bench_of, aws, operation, there):
    make_service(aws, sandbox)
    if not there:
        aws("elb").delete_load_balancer(LoadBalancerName=NAME)
    sandbox.control.add_fault("elb", operation)
    inventory = inventory_of(bench_of)
    if there or operation == "DescribeLoadBalancers":
        assert balancers(inventory) == {CLASSIC: State.UNREADABLE}
        assert not inventory.complete
        assert any(operation in finding.message for finding in inventory.findings)
    else:
        assert balancers(inventory) == {CLASSIC: State.MISSING}


def test_an_endpoint_without_classic_ones_leaves_a_missing_alb_missing(sandbox, bench_of, aws, world):
    aws("elbv2").delete_load_balancer(LoadBalancerArn=world.balancer("image-api")["LoadBalancerArn"])
    sandbox.control.add_fault("elb", "DescribeLoadBalancers", code="UnknownOperationException", status=501)
    inventory = inventory_of(bench_of, "image-api")
    assert balancers(inventory) == {Key("load-balancer", "image-api"): State.MISSING}
    assert not [one for one in inventory.components if one.state is State.UNREADABLE]


def test_without_an_instance_in_service_it_does_not_serve_and_says_why(sandbox, bench_of, aws):
    make_service(aws, sandbox, advance=10)
    inventory = inventory_of(bench_of)
    assert inventory.diagnosis.state is Health.DEGRADED
    assert any("registration is still in progress" in finding.message for finding in inventory.findings)


def test_somebody_elses_instance_makes_it_shared_and_it_is_kept(sandbox, bench_of, aws):
    make_service(aws, sandbox)
    aws("elb").register_instances_with_load_balancer(LoadBalancerName=NAME, Instances=[{"InstanceId": "i-0abc"}])
    bench = bench_of(NAME)
    ownership = bench.look(Detail.LOOK).get(CLASSIC).ownership
    assert isinstance(ownership, Shared)
    assert any("i-0abc:8080" in user for user in ownership.by)
    plan = prepare_removal(bench, Choice()).plan
    assert CLASSIC in [kept.component for kept in plan.kept]


@pytest.mark.parametrize("claimant", ["record", "state entry"])
def test_whoever_else_names_it_shares_it(sandbox, bench_of, aws, world, claimant):
    make_service(aws, sandbox)
    if claimant == "record":
        target = [{"Value": balancer(aws)["DNSName"].upper() + "."}]
        world.change(("CREATE", {"Name": "other.example.com.", "Type": "CNAME", "TTL": 60, "ResourceRecords": target}))
    else:
        item = {"name": {"S": "other"}, "loadBalancer": {"S": NAME}}
        aws("dynamodb").put_item(TableName="wonderland-services", Item=item)
    ownership = inventory_of(bench_of).get(CLASSIC).ownership
    assert isinstance(ownership, Shared)
    assert any("other" in user for user in ownership.by)


def test_a_denied_scan_leaves_it_unproven(sandbox, bench_of, aws):
    make_service(aws, sandbox)
    sandbox.control.add_fault("dynamodb", "Scan")
    inventory = inventory_of(bench_of)
    assert not isinstance(inventory.get(CLASSIC).ownership, Owned | Shared)


def test_a_record_that_leads_to_another_is_drift(sandbox, bench_of, aws, world):
    make_service(aws, sandbox)
    make_balancer(aws, "other-elb")
    aws("elb").register_instances_with_load_balancer(LoadBalancerName="other-elb", Instances=[{"InstanceId": "i-0abc"}])
    sandbox.control.advance(60)
    record = world.records(f"{NAME}.example.com.")[0]
    moved = {**record, "ResourceRecords": [{"Value": balancer(aws, "other-elb")["DNSName"]}]}
    world.change(("DELETE", record), ("CREATE", moved))
    inventory = inventory_of(bench_of)
    assert inventory.diagnosis.state is Health.DRIFTED
    assert inventory.get(RECORD).state is State.STALE
    assert not isinstance(inventory.get(Key("classic-load-balancer", "other-elb")).ownership, Owned)


def test_an_entry_that_names_another_than_ecs_registers_with_disagrees(sandbox, bench_of, aws):
    make_service(aws, sandbox)
    make_balancer(aws, "other-elb")
    key = {"name": {"S": NAME}}
    aws("dynamodb").update_item(
        TableName="wonderland-services",
        Key=key,
        UpdateExpression="SET loadBalancer = :new",
        ExpressionAttributeValues={":new": {"S": "other-elb"}},
    )
    entry = inventory_of(bench_of).get(ENTRY)
    assert entry.state is State.STALE
    assert "other-elb" in entry.reason


def test_a_wrong_configured_name_is_a_finding_with_the_live_one(sandbox, bench_of, aws):
    make_service(aws, sandbox)
    inventory = inventory_of(bench_of, extra=f'\n[services.{NAME}]\nload_balancer = "renamed"\n')
    assert balancers(inventory) == {CLASSIC: State.OK}
    (finding,) = [finding for finding in inventory.findings if finding.code == "configuration-outdated"]
    assert finding.component == CLASSIC
    assert f"to {NAME}" in finding.hint


def calls_of(plan, kind):
    return [call.operation for step in plan.steps if step.component.kind == kind for call in (c for _, c in step.calls)]


def test_the_order_of_its_steps(sandbox, bench_of, aws, permit_for, writer_for):
    make_service(aws, sandbox)
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice())
    kinds = [step.component.kind for step in removal.plan.steps]
    assert kinds.index("dns-record") < kinds.index("ecs-service") < kinds.index("classic-load-balancer")
    assert kinds[-1] == "state-entry"
    assert "draining" in next(step.waits_for for step in removal.plan.steps if step.component == CLASSIC)
    run(bench, removal, permit_for, writer_for)
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run).plan
    kinds = [step.component.kind for step in rebuild.steps]
    assert kinds.index("classic-load-balancer") < kinds.index("ecs-service") < kinds.index("dns-record")
    made = calls_of(rebuild, "classic-load-balancer")
    assert made[0] == "CreateLoadBalancer"
    assert "RegisterInstancesWithLoadBalancer" not in made, "ECS registers them"
    assert any("new DNS name" in loss.what for loss in rebuild.lost)
    lost = [loss.what for loss in removal.plan.lost if loss.component == CLASSIC]
    assert any(CERTIFICATE in what for what in lost), "the sandbox has no such certificate, and a removal says so"


@pytest.mark.parametrize("alias", [True, False])
@pytest.mark.parametrize("names", ["name", "DNS name"])
def test_removed_and_rebuilt_the_world_is_as_before(sandbox, bench_of, aws, permit_for, writer_for, names, alias):
    make_service(aws, sandbox, names=names, alias=alias)
    before, was = sandbox.control.world()["settled"], balancer(aws)["DNSName"]
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice())
    run(bench, removal, permit_for, writer_for)
    between = sandbox.control.world()["settled"]
    assert of_others(differences(before, between), NAME) == []
    assert was not in json.dumps(between, default=str)
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert rebuild.plan.blockers == ()
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    after = sandbox.control.world()["settled"]
    assert differences(before, after) == []
    assert was not in json.dumps(after, default=str), "something still names what is gone"


def test_rebuilt_when_its_tombstone_is_forgotten(sandbox, bench_of, aws, permit_for, writer_for):
    """The conventions name a target group and an ALB too, which it never had."""
    make_service(aws, sandbox)
    before = sandbox.control.world()["settled"]
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice())
    run(bench, removal, permit_for, writer_for)
    sandbox.control.chaos("forget-tombstone", service=NAME)
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert rebuild.plan.blockers == ()
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED
    assert differences(before, sandbox.control.world()["settled"]) == []


def test_deleted_alone_it_is_made_again_and_what_named_it_is_repointed(sandbox, bench_of, aws, permit_for, writer_for):
    """The record in a step of its own; the entry, which has its name, is left as it is."""
    make_service(aws, sandbox)
    before = sandbox.control.world()["settled"]
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice(only=frozenset({"classic-load-balancer"})))
    assert removal.plan.steps == (), "the record and the service refer to it and are kept"
    save_snapshot(bench)
    aws("elb").delete_load_balancer(LoadBalancerName=NAME)
    rebuild = prepare_rebuild(bench, Choice())
    assert rebuild.plan.blockers == ()
    assert [step.component for step in rebuild.plan.steps] == [CLASSIC, RECORD]
    assert calls_of(rebuild.plan, "classic-load-balancer")[-1] == "RegisterInstancesWithLoadBalancer"
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED
    assert differences(before, sandbox.control.world()["settled"]) == []


@pytest.mark.parametrize("mode", MODES)
def test_it_converges_whatever_happens_to_its_calls(sandbox, bench_of, aws, permit_for, writer_for, mode):
    make_service(aws, sandbox)
    before = sandbox.control.world()["settled"]
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice())
    for journey in ("remove", "rebuild"):
        plan = removal if journey == "remove" else prepare_rebuild(bench, Choice(), named=removal.plan.run)
        planned = [call.operation for call in plan.plan.calls]
        writer = Unlucky(writer_for(plan.plan.run), mode)
        entries, killed = carried_out(bench, plan, permit_for, writer)
        assert entries[-1].detail["outcome"] == (Outcome.RECOVERED if journey == "rebuild" else Outcome.FINISHED)
        assert len(writer.seen) == len(planned)
        refused = ["CreateLoadBalancerPolicy"] if journey == "rebuild" else []  # AWS has made its own one already
        assert killed == (2 * len(planned) - len(refused) if mode == "killed" else 0)
        once = sorted(name for name in writer.had_effect if name.startswith(ONCE))
        assert sorted([*once, *refused]) == sorted(name for name in planned if name.startswith(ONCE))
        assert of_others(differences(before, sandbox.control.world()["settled"]), NAME) == []
    assert differences(before, sandbox.control.world()["settled"]) == []
