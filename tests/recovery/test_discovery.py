"""A service that others find by Cloud Map: taken away and brought back, whatever happens on the way."""

import json
import re

import pytest

from breakglass.model.component import Owned, Shared, State
from breakglass.model.inventory import Health
from breakglass.model.journal import Event
from breakglass.model.kind import Detail
from breakglass.model.lead import Key
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, prepare_removal, save_snapshot
from breakglass.running.tools import Operator
from tests.recovery.test_crashes import MODES, ONCE, Unlucky, carried_out
from tests.recovery.worlds import differences, of_others

KEY = Key("discovery-service", "wonderland.local/deployer-api")
SERVICE = Key("ecs-service", "wonderland/deployer-api")
MADE_ANEW = re.compile(r"\bsrv-[a-z0-9]+")


@pytest.fixture
def cloud_map(sandbox, aws, world):
    """deployer-api registers with `wonderland.local/deployer-api`; gives the Cloud Map client and the service."""
    client = aws("servicediscovery")
    vpc = world.balancer()["VpcId"]
    client.create_private_dns_namespace(Name="wonderland.local", Vpc=vpc)
    space = next(one for one in client.list_namespaces()["Namespaces"] if one["Name"] == "wonderland.local")
    service = client.create_service(
        Name="deployer-api",
        NamespaceId=space["Id"],
        Description="who deploys",
        DnsConfig={"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 60}]},
        HealthCheckCustomConfig={"FailureThreshold": 1},
        Tags=[{"Key": "team", "Value": "werkzeugschmiede"}],
    )["Service"]
    client.update_service_attributes(ServiceId=service["Id"], Attributes={"protocol": "grpc"})
    registries = [{"registryArn": service["Arn"]}]
    aws("ecs").update_service(cluster="wonderland", service="deployer-api", serviceRegistries=registries)
    sandbox.control.advance(300)
    return client, service


def settled(sandbox, client):
    """The world without what ECS itself puts into Cloud Map, and with what only a closer look shows."""
    world = sandbox.control.world()["settled"]
    for region in world["111122223333"].values():
        for known_as, service in region.get("discovery-service", {}).items():
            closer = client.get_service(Id=known_as)["Service"]
            service |= {
                "namespace": closer["NamespaceId"],
                "tags": client.list_tags_for_resource(ResourceARN=closer["Arn"])["Tags"],
                "attributes": client.get_service_attributes(ServiceId=known_as)["ServiceAttributes"]["Attributes"],
            }
            for moving in ("instances", "InstanceCount", "CreateDate"):
                service.pop(moving, None)
        if services := region.get("discovery-service"):
            region["discovery-service"] = {service["Name"]: service for service in services.values()}
    return json.loads(MADE_ANEW.sub("srv-ID", json.dumps(world)))


def instances(client, name="deployer-api"):
    (service,) = [one for one in client.list_services()["Services"] if one["Name"] == name]
    return client.list_instances(ServiceId=service["Id"])["Instances"]


def run(bench, prepared, permit_for, writer_for):
    folder = open_run(bench, prepared)
    return list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))


def failures(entries):
    return [entry.detail for entry in entries if entry.event is Event.FAILED]


def operations(plan, key):
    return [call.operation for step in plan.steps if step.component == key for _, call in step.calls]


def test_it_is_a_component_like_any_other(bench_of, cloud_map):
    inventory = bench_of("deployer-api").look(Detail.LOOK)
    component = inventory.get(KEY)
    assert component.state is State.OK
    assert component.reason == "2 instances registered"
    assert isinstance(component.ownership, Owned)
    assert KEY in inventory.get(SERVICE).depends_on
    assert inventory.diagnosis.state is Health.HEALTHY


def test_a_look_at_it_takes_three_calls_and_a_service_without_one_takes_none(sandbox, bench_of, cloud_map):
    control = sandbox.control
    for service, expected in (("deployer-api", 3), ("image-api", 0)):
        control.clear_calls()
        bench_of(service).look(Detail.LOOK)
        assert sum(call["service"] == "servicediscovery" for call in control.calls()) == expected


def test_removed_and_rebuilt_the_world_is_as_before(sandbox, bench_of, permit_for, writer_for, cloud_map):
    client, old = cloud_map
    before = settled(sandbox, client)
    bench = bench_of("deployer-api")
    removal = prepare_removal(bench, Choice())
    assert operations(removal.plan, KEY) == ["DeleteService"]
    assert failures(run(bench, removal, permit_for, writer_for)) == [], "AWS refuses nothing"
    assert "deployer-api" not in {one["Name"] for one in client.list_services()["Services"]}
    assert of_others(differences(before, settled(sandbox, client)), "deployer-api") == []
    rebuild = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert rebuild.plan.blockers == ()
    order = [step.component.kind for step in rebuild.plan.steps]
    assert order.index("discovery-service") < order.index("ecs-service")
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    assert failures(entries) == []
    assert differences(before, settled(sandbox, client)) == []
    assert old["Id"] not in json.dumps(sandbox.control.world()["settled"]), "something names the old one"
    assert len(instances(client)) == 2


def test_gone_below_a_living_service_it_is_made_again_and_its_tasks_too(
    sandbox, bench_of, permit_for, writer_for, cloud_map, aws
):
    client, old = cloud_map
    bench = bench_of("deployer-api")
    before = settled(sandbox, client)
    save_snapshot(bench)
    for instance in instances(client):
        client.deregister_instance(ServiceId=old["Id"], InstanceId=instance["Id"])
    client.delete_service(Id=old["Id"])
    looked = bench.look(Detail.LOOK)
    assert looked.diagnosis.state is Health.HALF_DELETED
    assert looked.get(SERVICE).state is State.STALE
    rebuild = prepare_rebuild(bench, Choice())
    assert rebuild.plan.blockers == ()
    assert [step.component for step in rebuild.plan.steps] == [KEY, SERVICE]
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    assert len(instances(client)) == 2
    assert differences(before, settled(sandbox, client)) == []
    assert prepare_rebuild(bench, Choice()).plan.steps == ()


def test_made_again_by_somebody_else_it_is_only_repointed(sandbox, bench_of, permit_for, writer_for, cloud_map):
    client, old = cloud_map
    bench = bench_of("deployer-api")
    save_snapshot(bench)
    space = client.get_service(Id=old["Id"])["Service"]["NamespaceId"]
    for instance in instances(client):
        client.deregister_instance(ServiceId=old["Id"], InstanceId=instance["Id"])
    client.delete_service(Id=old["Id"])
    client.create_service(Name="deployer-api", NamespaceId=space, HealthCheckCustomConfig={"FailureThreshold": 1})
    rebuild = prepare_rebuild(bench, Choice())
    assert [step.component for step in rebuild.plan.steps] == [SERVICE]
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED
    assert len(instances(client)) == 2


def test_without_a_snapshot_nothing_is_guessed(bench_of, cloud_map):
    client, old = cloud_map
    for instance in instances(client):
        client.deregister_instance(ServiceId=old["Id"], InstanceId=instance["Id"])
    client.delete_service(Id=old["Id"])
    plan = prepare_rebuild(bench_of("deployer-api"), Choice()).plan
    assert [blocker.component for blocker in plan.blockers] == [Key("discovery-service", old["Id"])]


def test_without_its_namespace_it_is_blocked(sandbox, bench_of, permit_for, writer_for, cloud_map):
    client, old = cloud_map
    bench = bench_of("deployer-api")
    space = client.get_service(Id=old["Id"])["Service"]["NamespaceId"]
    run(bench, prepare_removal(bench, Choice()), permit_for, writer_for)
    client.delete_namespace(Id=space)
    plan = prepare_rebuild(bench, Choice()).plan
    assert "its namespace wonderland.local is gone" in [blocker.message for blocker in plan.blockers]


def test_stragglers_of_a_service_that_is_gone_are_taken_away(sandbox, bench_of, permit_for, writer_for, cloud_map, aws):
    client, old = cloud_map
    aws("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(900)
    attributes = {"AWS_INSTANCE_IPV4": "10.0.0.1", "ECS_CLUSTER_NAME": "wonderland", "ECS_SERVICE_NAME": "deployer-api"}
    client.register_instance(ServiceId=old["Id"], InstanceId="left-behind", Attributes=attributes)
    bench = bench_of("deployer-api")
    removal = prepare_removal(bench, Choice())
    assert operations(removal.plan, KEY) == ["DeregisterInstance", "DeleteService"]
    entries = run(bench, removal, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.FINISHED
    assert failures(entries) == []
    assert bench.look(Detail.LOOK, removal.plan.leads).get(KEY).state is State.MISSING


@pytest.mark.parametrize(
    "attributes",
    [
        {"AWS_INSTANCE_IPV4": "10.0.0.1"},
        {"AWS_INSTANCE_IPV4": "10.0.0.1", "ECS_CLUSTER_NAME": "wonderland", "ECS_SERVICE_NAME": "billing-api"},
        {"AWS_INSTANCE_IPV4": "10.0.0.1", "ECS_CLUSTER_NAME": "other", "ECS_SERVICE_NAME": "deployer-api"},
        {"AWS_INSTANCE_IPV4": "10.0.0.1", "ECS_SERVICE_NAME": "deployer-api"},
    ],
)
def test_anybody_elses_instance_makes_it_shared(bench_of, cloud_map, attributes):
    client, old = cloud_map
    client.register_instance(ServiceId=old["Id"], InstanceId="theirs", Attributes=attributes)
    bench = bench_of("deployer-api")
    ownership = bench.look(Detail.LOOK).get(KEY).ownership
    assert isinstance(ownership, Shared)
    assert "theirs" in ownership.by[0]
    assert operations(prepare_removal(bench, Choice()).plan, KEY) == []


@pytest.mark.parametrize("operation", ["GetService", "GetNamespace", "ListInstances"])
def test_what_cannot_be_read_is_unreadable_and_kept(sandbox, bench_of, cloud_map, operation):
    sandbox.control.add_fault("servicediscovery", operation, code="AccessDeniedException", status=400)
    bench = bench_of("deployer-api")
    inventory = bench.look(Detail.LOOK)
    (component,) = inventory.of_kind("discovery-service")
    assert component.state is State.UNREADABLE
    assert not inventory.complete
    plan = prepare_removal(bench, Choice()).plan
    assert not [step for step in plan.steps if step.component.kind == "discovery-service"]


def test_the_order_is_the_contracts(bench_of, cloud_map):
    steps = [step.component.kind for step in prepare_removal(bench_of("deployer-api"), Choice()).plan.steps]
    assert steps.index("ecs-service") < steps.index("discovery-service") < steps.index("state-entry")


@pytest.mark.parametrize("mode", MODES)
def test_it_converges(sandbox, bench_of, permit_for, writer_for, cloud_map, mode):
    client, _ = cloud_map
    before = settled(sandbox, client)
    bench = bench_of("deployer-api")
    removal = prepare_removal(bench, Choice())
    for journey in ("remove", "rebuild"):
        plan = removal if journey == "remove" else prepare_rebuild(bench, Choice(), named=removal.plan.run)
        planned = [call.operation for call in plan.plan.calls]
        writer = Unlucky(writer_for(plan.plan.run), mode)
        entries, _ = carried_out(bench, plan, permit_for, writer)
        assert entries[-1].detail["outcome"] == (Outcome.RECOVERED if journey == "rebuild" else Outcome.FINISHED)
        once = sorted(name for name in writer.had_effect if name.startswith(ONCE))
        assert once == sorted(name for name in planned if name.startswith(ONCE)), "something took effect twice"
    assert differences(before, settled(sandbox, client)) == []
    assert len(instances(client)) == 2


@pytest.mark.parametrize("spelt", ["name", "ARN"])
def test_a_service_connect_namespace_that_is_gone_is_told_before_the_removal(sandbox, bench_of, aws, spelt):
    client = aws("servicediscovery")
    client.create_http_namespace(Name="mesh")
    space = client.list_namespaces()["Namespaces"][0]
    connect = {"enabled": True, "namespace": space["Name"] if spelt == "name" else space["Arn"]}
    aws("ecs").update_service(cluster="wonderland", service="deployer-api", serviceConnectConfiguration=connect)
    sandbox.control.advance(300)
    bench = bench_of("deployer-api")

    def lost():
        return [loss.what for loss in prepare_removal(bench, Choice()).plan.lost if "Service Connect" in loss.what]

    assert lost() == []
    assert bench.look(Detail.LOOK).of_kind("discovery-service") == ()
    client.delete_namespace(Id=space["Id"])
    (what,) = lost()
    assert connect["namespace"] in what


def own_security_group(sandbox, aws, world):
    """Puts deployer-api's tasks into a group of their own; its id."""
    ec2, placed = aws("ec2"), world.service()["networkConfiguration"]["awsvpcConfiguration"]
    vpc = world.balancer()["VpcId"]
    group = ec2.create_security_group(GroupName="deployer-api", Description="its own", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    network = {"awsvpcConfiguration": {**placed, "securityGroups": [group]}}
    aws("ecs").update_service(cluster="wonderland", service="deployer-api", networkConfiguration=network)
    sandbox.control.advance(300)
    return group


def test_a_security_group_is_looked_at_copied_and_kept(sandbox, bench_of, aws, world):
    key = Key("security-group", own_security_group(sandbox, aws, world))
    bench = bench_of("deployer-api")
    plan = prepare_removal(bench, Choice()).plan
    assert [kept.why for kept in plan.kept if kept.component == key] == ["a security group is never removed"]
    assert key not in {step.component for step in plan.steps}
    _, snapshot = save_snapshot(bench)
    assert snapshot.by_key[key].facts["IpPermissions"][0]["FromPort"] == 8080


def test_a_missing_security_group_blocks_with_what_is_known_of_it(sandbox, bench_of, aws, world):
    group = own_security_group(sandbox, aws, world)
    bench = bench_of("deployer-api")
    save_snapshot(bench)
    aws("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(900)
    aws("ec2").delete_security_group(GroupId=group)
    assert bench.look(Detail.LOOK).get(Key("security-group", group)).state is State.MISSING
    (blocker,) = prepare_rebuild(bench, Choice()).plan.blockers
    assert blocker.component == SERVICE
    assert group in blocker.message
    assert "deployer-api in vpc-" in blocker.hint
    assert "in tcp 8080 from 10.0.0.0/8" in blocker.hint


def test_a_security_group_that_cannot_be_read_blocks_nothing(sandbox, bench_of, aws):
    aws("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(900)
    sandbox.control.add_fault("ec2", "DescribeSecurityGroups", code="UnauthorizedOperation", status=403)
    bench = bench_of("deployer-api")
    inventory = bench.look(Detail.LOOK)
    assert {one.state for one in inventory.of_kind("security-group")} == {State.UNREADABLE}
    assert not inventory.complete
    assert prepare_rebuild(bench, Choice()).plan.blockers == ()


def test_an_endpoint_without_ec2_has_no_security_groups(sandbox, bench_of):
    sandbox.control.add_fault("ec2", "DescribeSecurityGroups", code="InvalidAction", status=400)
    inventory = bench_of("deployer-api").look(Detail.LOOK)
    assert inventory.of_kind("security-group") == ()
    assert inventory.diagnosis.state is Health.HEALTHY
    assert inventory.complete


def test_one_call_looks_at_all_security_groups(sandbox, bench_of):
    sandbox.control.clear_calls()
    inventory = bench_of("deployer-api").look(Detail.LOOK)
    assert len(inventory.of_kind("security-group")) == 2
    assert [call["operation"] for call in sandbox.control.calls() if call["service"] == "ec2"] == [
        "DescribeSecurityGroups"
    ]
