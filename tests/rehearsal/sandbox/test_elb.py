"""Classic load balancers as AWS documents them (Elastic Load Balancing API reference, version 2012-06-01)."""

import re

import pytest

from breakglass.model.arn import load_balancer_of
from tests.recovery.classic import CERTIFICATE, NAME, balancer, make_balancer, make_service


def test_a_load_balancer_made_again_has_a_new_dns_name(aws, sandbox):
    """DNSName: NAME-NUMBER.REGION.elb.amazonaws.com, with the hosted zone that aliases name (plain moto: neither)."""
    make_balancer(aws)
    before = balancer(aws)
    aws("elb").delete_load_balancer(LoadBalancerName=NAME)
    make_balancer(aws)
    after = balancer(aws)
    assert after["DNSName"] != before["DNSName"]
    assert re.fullmatch(rf"{NAME}-\d+\.eu-west-1\.elb\.amazonaws\.com", after["DNSName"])
    assert load_balancer_of(after["DNSName"]) == NAME
    assert after["CanonicalHostedZoneNameID"] == "Z32O12XQLNTSW2"


def test_a_missing_one_is_deleted_without_a_word_and_described_with_one(aws, refused):
    """DeleteLoadBalancer succeeds "if the load balancer does not exist"; all else is AccessPointNotFoundException."""
    aws("elb").delete_load_balancer(LoadBalancerName="nobody")
    for operation in (
        "describe_load_balancer_attributes",
        "describe_instance_health",
        "describe_load_balancer_policies",
    ):
        with refused("LoadBalancerNotFound"):
            getattr(aws("elb"), operation)(LoadBalancerName="nobody")
    with refused("LoadBalancerNotFound"):
        aws("elb").describe_load_balancers(LoadBalancerNames=["nobody"])


def test_a_name_is_taken(aws, refused):
    """DuplicateAccessPointNameException."""
    make_balancer(aws)
    with refused("DuplicateLoadBalancerName"):
        make_balancer(aws)


def test_subnets_or_zones_but_not_both(aws, refused):
    """ValidationError: "Only one of SubnetIds or AvailabilityZones may be specified"."""
    make_balancer(aws)
    known = balancer(aws)
    assert known["AvailabilityZones"]
    with refused("ValidationError"):
        aws("elb").create_load_balancer(
            LoadBalancerName="other",
            Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 8080}],
            Subnets=known["Subnets"],
            AvailabilityZones=known["AvailabilityZones"],
        )


def test_a_secure_listener_begins_with_a_policy_of_aws(aws, refused):
    """Elastic Load Balancing uses ELBSecurityPolicy-2016-08 where no policy is named (elb-security-policy-table)."""
    make_balancer(aws)
    described = balancer(aws)
    policies = {one["Listener"]["Protocol"]: one["PolicyNames"] for one in described["ListenerDescriptions"]}
    assert policies == {"HTTP": [], "HTTPS": ["ELBSecurityPolicy-2016-08"]}
    assert described["Policies"]["OtherPolicies"] == ["ELBSecurityPolicy-2016-08"]
    with refused("DuplicatePolicyName"):
        aws("elb").create_load_balancer_policy(
            LoadBalancerName=NAME, PolicyName="ELBSecurityPolicy-2016-08", PolicyTypeName="SSLNegotiationPolicyType"
        )


def test_a_policy_has_to_be_there_to_be_bound(aws, refused):
    """SetLoadBalancerPoliciesOfListener: PolicyNotFoundException, ListenerNotFoundException."""
    make_balancer(aws)
    elb = aws("elb")
    with refused("PolicyNotFound"):
        elb.set_load_balancer_policies_of_listener(LoadBalancerName=NAME, LoadBalancerPort=80, PolicyNames=["no"])
    with refused("ListenerNotFound"):
        elb.set_load_balancer_policies_of_listener(LoadBalancerName=NAME, LoadBalancerPort=81, PolicyNames=[])


def test_a_listener_speaks_to_instances_in_its_own_layer(aws):
    """InstanceProtocol: "HTTP, HTTPS, SSL or TCP", by default of the front end's layer."""
    make_balancer(aws)
    listeners = {one["Listener"]["LoadBalancerPort"]: one["Listener"] for one in balancer(aws)["ListenerDescriptions"]}
    assert listeners[80]["InstanceProtocol"] == "HTTP"
    assert listeners[443]["InstanceProtocol"] == "HTTP"
    assert listeners[443]["SSLCertificateId"] == CERTIFICATE


def test_ecs_registers_the_instances_that_its_tasks_run_on(aws, sandbox):
    """ "ECS registers the container instance" (service-load-balancing); it is out of service until its checks pass."""
    make_service(aws, sandbox, advance=10)
    states = aws("elb").describe_instance_health(LoadBalancerName=NAME)["InstanceStates"]
    assert {state["State"] for state in states} == {"OutOfService"}
    sandbox.control.advance(60)
    states = aws("elb").describe_instance_health(LoadBalancerName=NAME)["InstanceStates"]
    assert [state["State"] for state in states] == ["InService", "InService"]
    assert {one["InstanceId"] for one in balancer(aws)["Instances"]} == {state["InstanceId"] for state in states}
    aws("ecs").delete_service(cluster="wonderland", service=NAME, force=True)
    states = aws("elb").describe_instance_health(LoadBalancerName=NAME)["InstanceStates"]
    assert {state["Description"] for state in states} == {"Instance deregistration currently in progress."}
    sandbox.control.advance(600)
    assert aws("elb").describe_instance_health(LoadBalancerName=NAME)["InstanceStates"] == []


def test_ecs_registers_once(aws, sandbox):
    """When a task reaches RUNNING; one that runs already is not registered with a load balancer made later."""
    make_service(aws, sandbox)
    aws("elb").delete_load_balancer(LoadBalancerName=NAME)
    sandbox.control.advance(10)
    make_balancer(aws)
    sandbox.control.advance(600)
    assert balancer(aws)["Instances"] == []
    aws("ecs").update_service(cluster="wonderland", service=NAME, forceNewDeployment=True)
    sandbox.control.advance(600)
    assert len(balancer(aws)["Instances"]) == 2


@pytest.mark.parametrize("enabled", [True, False])
def test_draining_has_a_timeout_of_five_minutes_unless_another_is_named(aws, enabled):
    """ConnectionDraining.Timeout: "The default is 300 seconds" (config-conn-drain)."""
    make_balancer(aws)
    change = {"ConnectionDraining": {"Enabled": enabled}, "CrossZoneLoadBalancing": {"Enabled": True}}
    aws("elb").modify_load_balancer_attributes(LoadBalancerName=NAME, LoadBalancerAttributes=change)
    attributes = aws("elb").describe_load_balancer_attributes(LoadBalancerName=NAME)["LoadBalancerAttributes"]
    assert attributes["ConnectionDraining"] == {"Enabled": enabled, "Timeout": 300}
    assert attributes["ConnectionSettings"] == {"IdleTimeout": 60}


def test_a_security_group_of_one_cannot_be_deleted(aws, refused):
    """DeleteSecurityGroup: DependencyViolation."""
    group = aws("ec2").create_security_group(GroupName="classic", Description="x", VpcId=make_balancer(aws)["VPCId"])
    aws("elb").delete_load_balancer(LoadBalancerName=NAME)
    make_balancer(aws, SecurityGroups=[group["GroupId"]])
    with refused("DependencyViolation"):
        aws("ec2").delete_security_group(GroupId=group["GroupId"])
    aws("elb").delete_load_balancer(LoadBalancerName=NAME)
    aws("ec2").delete_security_group(GroupId=group["GroupId"])
