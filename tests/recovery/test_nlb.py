"""A service behind a network load balancer: two listeners, elastic IP addresses, and all that hangs on it."""

import pytest

from breakglass.model.component import Owned, Shared, State
from breakglass.model.inventory import Health
from breakglass.model.kind import Detail
from breakglass.model.lead import Key
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import prepare_rebuild, prepare_removal, save_snapshot
from tests.recovery.test_crashes import MODES, ONCE, Unlucky, carried_out
from tests.recovery.test_journeys import run
from tests.recovery.worlds import differences, ids, of_others

NAME = "stream-api"
BALANCER, GROUP = Key("load-balancer", NAME), Key("target-group", NAME)
TAGS = [{"Key": "service", "Value": NAME}]


@pytest.fixture
def stream(sandbox, aws, world):
    """Plants `stream-api`: NLB on elastic addresses, TLS 443 and TCP 8080, IP targets, alias record, state entry."""
    elbv2, like = aws("elbv2"), world.service("image-api")
    placed = like["networkConfiguration"]["awsvpcConfiguration"]
    shared = world.balancer("image-api")
    addresses = [aws("ec2").allocate_address(Domain="vpc")["AllocationId"] for _ in placed["subnets"][:2]]
    mappings = [
        {"SubnetId": subnet, "AllocationId": address}
        for subnet, address in zip(placed["subnets"], addresses, strict=False)
    ]
    balancer = elbv2.create_load_balancer(
        Name=NAME, Type="network", Scheme="internet-facing", SubnetMappings=mappings,
        SecurityGroups=shared["SecurityGroups"], Tags=TAGS,
    )["LoadBalancers"][0]  # fmt: skip
    arn = balancer["LoadBalancerArn"]
    elbv2.set_security_groups(
        LoadBalancerArn=arn, SecurityGroups=shared["SecurityGroups"],
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off",
    )  # fmt: skip
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]
    )
    group = elbv2.create_target_group(
        Name=NAME, Protocol="TCP", Port=8080, VpcId=shared["VpcId"], TargetType="ip", HealthCheckProtocol="HTTP",
        HealthCheckPath="/health", Tags=TAGS,
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    elbv2.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[
            {"Key": "proxy_protocol_v2.enabled", "Value": "true"},
            {"Key": "preserve_client_ip.enabled", "Value": "true"},
            {"Key": "deregistration_delay.timeout_seconds", "Value": "30"},
        ],
    )
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    certificate = world.listener("image-api")["Certificates"][0]["CertificateArn"]
    elbv2.create_listener(
        LoadBalancerArn=arn, Port=443, Protocol="TLS", Certificates=[{"CertificateArn": certificate}],
        AlpnPolicy=["HTTP2Preferred"], SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06", DefaultActions=forward,
    )  # fmt: skip
    tcp = elbv2.create_listener(LoadBalancerArn=arn, Port=8080, Protocol="TCP", DefaultActions=forward)
    elbv2.modify_listener_attributes(
        ListenerArn=tcp["Listeners"][0]["ListenerArn"],
        Attributes=[{"Key": "tcp.idle_timeout.seconds", "Value": "600"}],
    )
    aws("ecs").create_service(
        cluster="wonderland", serviceName=NAME, taskDefinition=like["taskDefinition"], desiredCount=2,
        launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": placed},
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
    )  # fmt: skip
    record = {"Name": f"{NAME}.example.com.", "Type": "CNAME", "TTL": 60}
    world.change(("CREATE", {**record, "ResourceRecords": [{"Value": balancer["DNSName"]}]}))
    aws("cloudwatch").put_metric_alarm(
        AlarmName=f"{NAME}-5xx", Namespace="AWS/NetworkELB", MetricName="TCP_Target_Reset_Count", Statistic="Sum",
        Period=60, EvaluationPeriods=5, Threshold=10.0, ComparisonOperator="GreaterThanThreshold",
        Dimensions=[
            {"Name": "LoadBalancer", "Value": arn.partition(":loadbalancer/")[2]},
            {"Name": "TargetGroup", "Value": group.rpartition(":")[2]},
        ],
    )  # fmt: skip
    entry = {
        "name": {"S": NAME},
        "ecs": {"M": {"cluster": {"S": "wonderland"}, "service": {"S": NAME}}},
        "loadBalancer": {"S": arn},
        "targetGroups": {"L": [{"S": group}]},
        "cname": {"S": f"{NAME}.example.com"},
    }
    aws("dynamodb").put_item(TableName="wonderland-services", Item=entry)
    sandbox.control.advance(300)
    return arn, group


def test_it_is_healthy_and_all_its_own(stream, bench_of):
    inventory = bench_of(NAME).look(Detail.LOOK)
    assert inventory.diagnosis.state is Health.HEALTHY, inventory.diagnosis
    own = {"load-balancer", "listener", "target-group", "dns-record", "alarm", "ecs-service", "state-entry"}
    for component in inventory.components:
        assert component.state is State.OK, component
        assert component.key.kind not in own or isinstance(component.ownership, Owned), component
    assert {one.key.id for one in inventory.of_kind("listener")} == {f"{NAME}:443", f"{NAME}:8080"}


def test_removed_and_rebuilt_the_world_is_as_before(sandbox, stream, bench_of, permit_for, writer_for):
    before = sandbox.control.world()["settled"]
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice())
    run(bench, removal, permit_for, writer_for)
    between = sandbox.control.world()["settled"]
    assert BALANCER not in {one.key for one in bench.look(Detail.LOOK, removal.plan.leads).components if one.there}
    assert of_others(differences(before, between), NAME) == []
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert rebuild.plan.blockers == ()
    assert not any("AWS's choice" in loss.what for loss in rebuild.plan.lost), "its addresses are its own"
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    after = sandbox.control.world()["settled"]
    assert differences(before, after) == []
    dead = ids(before) - ids(between)
    assert dead
    assert not dead & ids(after), "something still names what is gone"


@pytest.mark.parametrize("mode", MODES)
def test_it_converges(sandbox, stream, bench_of, permit_for, writer_for, mode):
    before = sandbox.control.world()["settled"]
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice())
    for journey in ("remove", "rebuild"):
        plan = removal if journey == "remove" else prepare_rebuild(bench, Choice(), named=removal.plan.run)
        planned = [call.operation for call in plan.plan.calls]
        writer = Unlucky(writer_for(plan.plan.run), mode)
        entries, _ = carried_out(bench, plan, permit_for, writer)
        assert entries[-1].detail["outcome"] == (Outcome.RECOVERED if journey == "rebuild" else Outcome.FINISHED)
        once = sorted(name for name in writer.had_effect if name.startswith(ONCE))
        assert once == sorted(name for name in planned if name.startswith(ONCE)), "something took effect twice"
    assert differences(before, sandbox.control.world()["settled"]) == []


def test_an_endpoint_service_keeps_it(stream, bench_of, aws):
    arn, _ = stream
    made = aws("ec2").create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[arn])
    known_as = made["ServiceConfiguration"]["ServiceId"]
    plan = prepare_removal(bench_of(NAME), Choice()).plan
    why = {one.component: one.why for one in plan.kept}
    assert known_as in why[BALANCER]
    assert BALANCER not in {step.component for step in plan.steps}
    aws("ec2").delete_vpc_endpoint_service_configurations(ServiceIds=[known_as])
    assert BALANCER in {step.component for step in prepare_removal(bench_of(NAME), Choice()).plan.steps}


def test_endpoint_services_that_cannot_be_read_prove_nothing(sandbox, stream, bench_of):
    sandbox.control.add_fault("ec2", "DescribeVpcEndpointServiceConfigurations")
    plan = prepare_removal(bench_of(NAME), Choice()).plan
    why = {one.component: one.why for one in plan.kept}
    assert "ec2:DescribeVpcEndpointServiceConfigurations" in why[BALANCER]


def test_only_a_close_look_at_an_nlb_asks_for_endpoint_services(sandbox, stream, bench_of):
    asked = "DescribeVpcEndpointServiceConfigurations"
    for service, detail, times in ((NAME, Detail.LOOK, 0), ("image-api", Detail.COPY, 0), (NAME, Detail.COPY, 1)):
        sandbox.control.clear_calls()
        bench_of(service).look(detail)
        assert sum(call["operation"] == asked for call in sandbox.control.calls()) == times, (service, detail)


def test_a_default_action_of_somebody_else_makes_it_shared(stream, bench_of, aws, world):
    arn, _ = stream
    elbv2 = aws("elbv2")
    other = elbv2.create_target_group(
        Name="other", Protocol="TCP", Port=9, VpcId=world.balancer()["VpcId"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": other}]
    elbv2.create_listener(LoadBalancerArn=arn, Port=9, Protocol="TCP", DefaultActions=forward)
    balancer = bench_of(NAME).look().get(BALANCER)
    assert isinstance(balancer.ownership, Shared)
    assert "target-group other" in balancer.ownership.by


def test_a_target_group_that_another_load_balancer_has_taken_blocks_its_listener(stream, bench_of, aws, world):
    """A target group belongs to one load balancer: CreateListener would be refused (TargetGroupAssociationLimit)."""
    arn, group = stream
    elbv2 = aws("elbv2")
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice())
    save_snapshot(bench)
    for listener in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
        elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
    subnets = [zone["SubnetId"] for zone in world.balancer()["AvailabilityZones"]]
    other = elbv2.create_load_balancer(Name="other", Type="network", Subnets=subnets)["LoadBalancers"][0]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elbv2.create_listener(LoadBalancerArn=other["LoadBalancerArn"], Port=443, Protocol="TCP", DefaultActions=forward)
    plan = prepare_rebuild(bench, Choice()).plan
    assert {one.component.kind for one in plan.blockers} == {"listener"}
    assert all("other" in one.message for one in plan.blockers)
    assert removal.plan.steps


FRONT, ALB = Key("target-group", "front"), Key("load-balancer", "image-api")


@pytest.fixture
def fronted(sandbox, aws, world):
    """An NLB before `image-api`'s own ALB, which is the one target of the NLB's target group."""
    elbv2, alb = aws("elbv2"), world.balancer("image-api")
    subnets = [zone["SubnetId"] for zone in alb["AvailabilityZones"]]
    front = elbv2.create_load_balancer(Name="front", Type="network", Scheme="internal", Subnets=subnets)
    group = elbv2.create_target_group(
        Name="front", Protocol="TCP", Port=443, VpcId=alb["VpcId"], TargetType="alb", HealthCheckProtocol="HTTPS"
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": alb["LoadBalancerArn"], "Port": 443}])
    elbv2.create_listener(
        LoadBalancerArn=front["LoadBalancers"][0]["LoadBalancerArn"], Port=443, Protocol="TCP",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )  # fmt: skip
    sandbox.control.advance(60)
    return '\n[services.image-api]\ntarget_groups = ["image-api", "front"]\n'


def test_a_load_balancer_as_a_target_is_registered_again(
    sandbox, fronted, bench_of, permit_for, writer_for, aws, world
):
    before = sandbox.control.world()["settled"]
    bench = bench_of("image-api", fronted)
    inventory = bench.look()
    group = inventory.get(FRONT)
    assert isinstance(group.ownership, Owned), group.ownership
    assert {ALB, Key("listener", "image-api:443")} <= set(group.depends_on)
    removal = prepare_removal(bench, Choice())
    order = [step.component for step in removal.plan.steps]
    assert order.index(FRONT) < order.index(Key("listener", "image-api:443")) < order.index(ALB)
    run(bench, removal, permit_for, writer_for)
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert rebuild.plan.blockers == ()
    run(bench, rebuild, permit_for, writer_for)
    assert differences(before, sandbox.control.world()["settled"]) == []
    assert [target["Target"]["Id"] for target in world.health("front")] == [
        world.balancer("image-api")["LoadBalancerArn"]
    ]


def test_a_load_balancer_of_somebody_else_as_a_target_makes_it_shared(fronted, bench_of, aws, world):
    bench = bench_of("stray", '\n[services.stray]\ntarget_groups = ["front"]\n')
    group = bench.look().get(FRONT)
    assert group.there
    assert [user.kind for user in group.users.by if "target in" in user.words] == ["load-balancer"]


def test_a_load_balancer_made_again_behind_a_living_front_is_registered_in_place_of_the_old(
    sandbox, fronted, bench_of, permit_for, writer_for, aws, world
):
    bench = bench_of("image-api", fronted)
    save_snapshot(bench)
    aws("elbv2").delete_load_balancer(LoadBalancerArn=world.balancer("image-api")["LoadBalancerArn"])
    rebuild = prepare_rebuild(bench, Choice())
    assert rebuild.plan.blockers == ()
    sent = [call.operation for step in rebuild.plan.steps if step.component == FRONT for _, call in step.calls]
    assert sent == ["DeregisterTargets", "RegisterTargets"]
    run(bench, rebuild, permit_for, writer_for)
    now = world.balancer("image-api")["LoadBalancerArn"]
    living = [one["Target"]["Id"] for one in world.health("front") if one["TargetHealth"]["State"] != "draining"]
    assert living == [now]
