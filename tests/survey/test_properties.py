"""Over many worlds: which pieces exist, which cannot be read, who else uses what."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakglass.errors import BreakglassError
from breakglass.model.component import Owned, State

NEIGHBOURS = ("billing-api", "deployer-api-canary", "wonderland-web", "image-api")
READS = (
    ("dynamodb", "GetItem"),
    ("dynamodb", "Scan"),
    ("ecs", "DescribeServices"),
    ("ecs", "ListTasks"),
    ("ecs", "DescribeTasks"),
    ("ecs", "DescribeTaskDefinition"),
    ("elbv2", "DescribeTargetGroups"),
    ("elbv2", "DescribeTargetHealth"),
    ("elbv2", "DescribeLoadBalancers"),
    ("elbv2", "DescribeListeners"),
    ("elbv2", "DescribeRules"),
    ("elbv2", "DescribeTags"),
    ("route53", "ListHostedZonesByName"),
    ("route53", "ListResourceRecordSets"),
    ("route53", "GetHealthCheck"),
    ("route53", "ListHealthChecks"),
    ("application-autoscaling", "DescribeScalableTargets"),
    ("cloudwatch", "DescribeAlarms"),
)
PIECES = ("service", "record", "health-check", "rule", "entry", "scaling", "alarm", "task-definition")
MISHAPS = ("none", "denied", "throttled", "error", "dropped")


def take_away(piece, aws, world):
    """Delete one piece of deployer-api, as somebody with a console would."""
    match piece:
        case "service":
            aws("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
        case "record":
            change = {"Action": "DELETE", "ResourceRecordSet": world.records("deployer-api.example.com.")[0]}
            aws("route53").change_resource_record_sets(HostedZoneId=world.zone(), ChangeBatch={"Changes": [change]})
        case "health-check":
            key = {"name": {"S": "deployer-api"}}
            entry = aws("dynamodb").get_item(TableName="wonderland-services", Key=key)["Item"]
            aws("route53").delete_health_check(HealthCheckId=entry["healthCheckId"]["S"])
        case "rule":
            aws("elbv2").delete_rule(RuleArn=world.rule()["RuleArn"])
        case "entry":
            aws("dynamodb").delete_item(TableName="wonderland-services", Key={"name": {"S": "deployer-api"}})
        case "scaling":
            aws("application-autoscaling").deregister_scalable_target(
                ServiceNamespace="ecs",
                ResourceId="service/wonderland/deployer-api",
                ScalableDimension="ecs:service:DesiredCount",
            )
        case "alarm":
            aws("cloudwatch").delete_alarms(AlarmNames=["deployer-api-5xx"])
        case "task-definition":
            aws("ecs").deregister_task_definition(taskDefinition="deployer-api:41")


def hinder(control, mishap, service, operation):
    match mishap:
        case "denied":
            control.add_fault(service, operation, code="AccessDeniedException", status=400)
        case "throttled":
            control.add_fault(service, operation, code="ThrottlingException", times=2)
        case "error":
            control.add_fault(service, operation, code="InternalFailure", status=500, times=1)
        case "dropped":
            control.add_fault(service, operation, kind="drop-after", times=1)


@settings(
    max_examples=int(os.environ.get("BREAKGLASS_EXAMPLES", "30")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(
    gone=st.sets(st.sampled_from(PIECES), max_size=4),
    hindered=st.lists(
        st.tuples(st.sampled_from(MISHAPS), st.sampled_from(READS)), max_size=3, unique_by=lambda it: it[1]
    ),
    wait=st.sampled_from([0, 20, 900]),
)
def test_no_world_makes_it_lie(running, aws, world, look_at, gone, hindered, wait):
    """Nothing crashes it, nothing unreadable is called missing, no neighbour is called ours."""
    control = running.control
    control.reset()
    control.set_rate(0)
    for piece in sorted(gone, key=PIECES.index):
        take_away(piece, aws, world)
    control.advance(wait)
    try:
        truth = {component.key: component for component in look_at("deployer-api").components}
    except BreakglassError:
        truth = {}
    before = control.world()["settled"]
    control.clear_calls()
    for mishap, (service, operation) in hindered:
        hinder(control, mishap, service, operation)
    inventory = nobody = None
    try:
        inventory = look_at("deployer-api")
    except BreakglassError as error:
        nobody = error
    finally:
        control.clear_faults()
    if inventory is None:
        assert "Nobody knows" in nobody.what
        assert not any(mishap == "denied" for mishap, _ in hindered)
        return
    assert not any(call["mutating"] for call in control.calls())
    assert control.world()["settled"] == before
    for component in inventory.components:
        seen = truth.get(component.key)
        if component.state is State.MISSING and seen is not None:
            assert seen.state is State.MISSING, (component.key, component.reason)
        if isinstance(component.ownership, Owned):
            assert not any(name in component.key.id for name in NEIGHBOURS), component.key
    denied = [name for mishap, name in hindered if mishap == "denied"]
    unreadable = any(component.state is State.UNREADABLE for component in inventory.components)
    told = any(finding.code in {"unreadable", "ownership-unread"} for finding in inventory.findings)
    assert inventory.complete or (told and denied)
    assert not (unreadable and inventory.complete)


def test_calls_do_not_grow_with_neighbours(sandbox, look_at):
    """Only listings that the contract names may page; at this size none of them has a second page."""
    control = sandbox.control
    counts = []
    for more in (0, 60):
        if more:
            control.neighbours(more)
        control.clear_calls()
        look_at("deployer-api")
        counts.append(sorted((call["service"], call["operation"]) for call in control.calls()))
    assert counts[0] == counts[1]


def test_no_inventory_sends_a_changing_call(sandbox, look_at):
    sandbox.control.clear_calls()
    for service in ("deployer-api", "image-api", "wonderland-web", "billing-api"):
        look_at(service)
    calls = sandbox.control.calls()
    assert len(calls) > 60
    assert not [call for call in calls if call["mutating"]]
