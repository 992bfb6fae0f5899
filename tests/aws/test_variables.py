"""Shell variables: each its own, and set by lines that are run against moto."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from botocore.session import get_session
from hypothesis import example, given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from breakglass.aws.variables import lookup_line, variable
from breakglass.model.lead import Key
from breakglass.model.plan import Form, Output
from tests.aws.bash import Bash, started
from tests.aws.calls import ALARM, BALANCER, DNS_NAME, HEALTH_CHECK, LISTENER, REGION, TARGET_GROUP
from tests.aws.conftest import Asked, Reply, Wire


@pytest.fixture(scope="module")
def bash() -> Iterator[Bash]:
    with started() as bash:
        yield bash


IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)


@given(IDS, IDS)
@example("api", "API")
@example("a-b", "a_b")
def test_each_component_has_its_own_variable(one: str, other: str) -> None:
    names = {variable(Output(Key("target-group", known_as), "TargetGroupArn")) for known_as in (one, other)}
    assert len(names) == (1 if one == other else 2)
    assert all(name.replace("_", "a").isalnum() and name.isascii() for name in names)


def test_variables_are_named_for_a_reader() -> None:
    assert variable(TARGET_GROUP) == "TARGET_GROUP_DEPLOYER_API_ARN"
    assert variable(DNS_NAME) == "LOAD_BALANCER_PUBLIC_DNS_NAME"
    assert variable(replace(BALANCER, form=Form.DIMENSION)) == "LOAD_BALANCER_PUBLIC_ARN_DIMENSION"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://127.0.0.1:{1}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def asking_moto(moto: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """A client of a service of moto's; the lines go there too."""
    request.getfixturevalue("keys")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    return lambda service: get_session().create_client(service, region_name=REGION)


def looked_up(bash: Bash, output: Output, **given: str) -> str:
    script = f'{lookup_line(output, region=REGION, **given)}; printf %s "${variable(output)}"'
    done = bash.run(script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_variables_of_load_balancing_are_set_once_it_is_there(
    bash: Bash, asking_moto: Callable[[str], Any]
) -> None:
    elbv2, ec2 = asking_moto("elbv2"), asking_moto("ec2")
    rule = Output(Key("listener-rule", "public:443/10"), "RuleArn")
    assert looked_up(bash, TARGET_GROUP) == ""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = ["eu-west-1a", "eu-west-1b"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{at}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for at, zone in enumerate(zones)
    ]
    for name in ("other", "public"):
        balancer = elbv2.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]
    for name in ("deployer-api-2", "deployer-api"):
        group = elbv2.create_target_group(Name=name, Port=80, Protocol="HTTP", VpcId=vpc)["TargetGroups"][0]
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    for port in (80, 443):
        listener = elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=forward
        )["Listeners"][0]
    for priority in (1, 10):
        made = elbv2.create_rule(
            ListenerArn=listener["ListenerArn"],
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{priority}"]}],
            Actions=forward,
        )["Rules"][0]
    assert looked_up(bash, TARGET_GROUP) == group["TargetGroupArn"]
    assert looked_up(bash, BALANCER) == balancer["LoadBalancerArn"]
    assert looked_up(bash, DNS_NAME) == balancer["DNSName"]
    assert looked_up(bash, LISTENER) == listener["ListenerArn"]
    assert looked_up(bash, rule) == made["RuleArn"]
    for whole in (BALANCER, TARGET_GROUP):
        dimension = replace(whole, form=Form.DIMENSION)
        assert looked_up(bash, dimension) == Form.DIMENSION.of(looked_up(bash, whole)) != ""


def test_the_variables_of_other_kinds_are_set_once_they_are_there(
    bash: Bash, asking_moto: Callable[[str], Any]
) -> None:
    ecs, elb, cloudwatch = asking_moto("ecs"), asking_moto("elb"), asking_moto("cloudwatch")
    ecs.create_cluster(clusterName="wonderland")
    containers = [{"name": "api", "image": "api", "memory": 64}]
    for _ in range(2):
        task = ecs.register_task_definition(family="deployer-api", containerDefinitions=containers)["taskDefinition"]
    service = ecs.create_service(
        cluster="wonderland", serviceName="deployer-api", taskDefinition="deployer-api", desiredCount=0
    )["service"]
    listeners = [{"Protocol": "http", "LoadBalancerPort": 80, "InstancePort": 80}]
    name = elb.create_load_balancer(LoadBalancerName="old", Listeners=listeners, AvailabilityZones=["eu-west-1a"])
    cloudwatch.put_metric_alarm(**{**ALARM, "Dimensions": [], "ActionsEnabled": True})
    assert looked_up(bash, Output(Key("ecs-service", "wonderland/deployer-api"), "serviceArn")) == service["serviceArn"]
    definition = Output(Key("task-definition", "deployer-api:1"), "taskDefinitionArn")
    assert looked_up(bash, definition) == task["taskDefinitionArn"]
    assert looked_up(bash, Output(Key("classic-load-balancer", "old"), "DNSName")) == name["DNSName"]
    assert looked_up(bash, Output(Key("alarm", "deployer-api-5xx"), "AlarmArn")).endswith(":alarm:deployer-api-5xx")


def test_the_variable_of_a_cloud_map_service_is_set_from_its_own_namespace(
    bash: Bash, asking_moto: Callable[[str], Any]
) -> None:
    cloud_map = asking_moto("servicediscovery")
    made = Output(Key("discovery-service", "wonderland/deployer-api"), "Arn")
    cloud_map.create_http_namespace(Name="wonderland")
    space = cloud_map.list_namespaces()["Namespaces"][0]["Id"]
    for name in ("deployer-api-canary", "deployer-api"):
        service = cloud_map.create_service(Name=name, NamespaceId=space)["Service"]
    assert looked_up(bash, made) == service["Arn"]


@pytest.mark.usefixtures("connection")
def test_a_health_check_is_found_on_any_page(bash: Bash, wire: Wire) -> None:
    """The CLI puts a query to each page by itself: a page without it must print nothing, not even None."""
    ids = {"": ("a", "ref-a", "p2"), "p2": ("b", "ref-b", "p3"), "p3": ("c", "ref-c", "")}

    def answer(asked: Asked) -> Reply:
        found, reference, marker = ids[dict(parse_qsl(asked.path.partition("?")[2])).get("marker", "")]
        return Reply(
            "<ListHealthChecksResponse><HealthChecks><HealthCheck>"
            f"<Id>{found}</Id><CallerReference>{reference}</CallerReference>"
            "<HealthCheckConfig><Type>TCP</Type></HealthCheckConfig><HealthCheckVersion>1</HealthCheckVersion>"
            f"</HealthCheck></HealthChecks><IsTruncated>{'true' if marker else 'false'}</IsTruncated>"
            f"<NextMarker>{marker}</NextMarker><MaxItems>1</MaxItems></ListHealthChecksResponse>"
        )

    wire.answer = answer
    assert looked_up(bash, HEALTH_CHECK, reference="ref-b") == "b"
    assert looked_up(bash, HEALTH_CHECK, reference="other") == ""
    assert len(wire.asked) == 6


def test_what_no_command_finds_is_asked_of_the_operator(bash: Bash) -> None:
    unknown = Output(Key("discovery-service", "srv-1\n$(id)"), "Arn")
    line = lookup_line(unknown, region=REGION)
    assert "\n" not in line
    assert variable(unknown) in bash.run(line).stderr
    assert bash.run(line, unknown).stderr == ""
    assert lookup_line(HEALTH_CHECK, region=REGION).startswith(": ")
