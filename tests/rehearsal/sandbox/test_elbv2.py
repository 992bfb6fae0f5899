"""Load balancers, listeners, rules and target groups as AWS documents them (Elastic Load Balancing API reference)."""

import pytest

REDIRECT = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]


def make(aws, world, name="image-api", **changes):
    """CreateLoadBalancer with the subnets and groups of the shared one."""
    like = world.balancer("public")
    subnets = [zone["SubnetId"] for zone in like["AvailabilityZones"]]
    given = {"Name": name, "Subnets": subnets, "SecurityGroups": like["SecurityGroups"], "Scheme": "internet-facing"}
    return aws("elbv2").create_load_balancer(**{**given, **changes})["LoadBalancers"][0]


def test_deletion_protection_is_enforced(aws, world, refused):
    """DeleteLoadBalancer: "You can't delete a load balancer if deletion protection is enabled"."""
    arn = world.balancer("wonderland-web")["LoadBalancerArn"]
    with refused("OperationNotPermitted", "deletion protection"):
        aws("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    aws("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)
    aws("elbv2").delete_load_balancer(LoadBalancerArn=arn)


def test_a_load_balancer_takes_its_listeners_and_rules_along(aws, world, refused):
    """DeleteLoadBalancer: "Deletes the load balancer and its attached listeners"; a missing one succeeds."""
    elbv2 = aws("elbv2")
    listener, rule = world.listener()["ListenerArn"], world.rule()["RuleArn"]
    arn = world.balancer()["LoadBalancerArn"]
    assert world.group()["LoadBalancerArns"] == [arn]
    for _ in range(2):
        elbv2.delete_load_balancer(LoadBalancerArn=arn)
    with refused("ListenerNotFound"):
        elbv2.describe_listeners(ListenerArns=[listener])
    with refused("RuleNotFound"):
        elbv2.describe_rules(RuleArns=[rule])
    assert world.group()["LoadBalancerArns"] == []


def test_a_load_balancer_made_again_has_a_new_address(aws, sandbox, world):
    """A DNS name and an ARN are never given twice: a record that is not repointed dangles (CreateLoadBalancer)."""
    before = world.balancer("image-api")
    aws("elbv2").delete_load_balancer(LoadBalancerArn=before["LoadBalancerArn"])
    after = make(aws, world)
    assert after["DNSName"] != before["DNSName"]
    assert after["LoadBalancerArn"] != before["LoadBalancerArn"]
    assert after["State"]["Code"] == "provisioning"
    sandbox.control.advance(30)
    assert world.balancer("image-api")["State"]["Code"] == "active"


def test_a_name_is_taken_unless_everything_is_the_same(aws, world, refused):
    """DuplicateLoadBalancerName: "A load balancer with the specified name already exists"; idempotent otherwise."""
    first = make(aws, world, "new")
    assert make(aws, world, "new")["LoadBalancerArn"] == first["LoadBalancerArn"]
    with refused("DuplicateLoadBalancerName"):
        make(aws, world, "new", Scheme="internal")


def test_network_load_balancers_say_so_in_their_arn(aws, world):
    """ARNs of NLBs hold loadbalancer/net/, those of ALBs loadbalancer/app/ (Service Authorization Reference)."""
    assert ":loadbalancer/net/quick/" in make(aws, world, "quick", Type="network")["LoadBalancerArn"]
    assert ":loadbalancer/app/public/" in world.balancer()["LoadBalancerArn"]


def test_one_bad_name_fails_the_whole_look_up(aws, refused):
    """DescribeLoadBalancers: LoadBalancerNotFound, also where other names are known."""
    with refused("LoadBalancerNotFound"):
        aws("elbv2").describe_load_balancers(Names=["public", "nobody"])


def test_a_port_is_taken_once(aws, world, refused):
    """CreateListener: DuplicateListener."""
    with refused("DuplicateListener"):
        aws("elbv2").create_listener(
            LoadBalancerArn=world.balancer()["LoadBalancerArn"], Port=80, Protocol="HTTP", DefaultActions=REDIRECT
        )


def test_a_priority_is_taken_once(aws, world, refused):
    """CreateRule: PriorityInUse; priorities are read as strings, the default rule comes last."""
    listener = world.listener()["ListenerArn"]
    condition = {"Field": "host-header", "Values": ["x.example.com"]}
    with refused("PriorityInUse"):
        aws("elbv2").create_rule(ListenerArn=listener, Priority=10, Conditions=[condition], Actions=REDIRECT)
    aws("elbv2").create_rule(ListenerArn=listener, Priority=9, Conditions=[condition], Actions=REDIRECT)
    rules = aws("elbv2").describe_rules(ListenerArn=listener)["Rules"]
    assert [rule["Priority"] for rule in rules] == ["9", "10", "20", "30", "default"]
    assert rules[0]["Conditions"][0]["HostHeaderConfig"]["Values"] == condition["Values"]
    assert rules[1]["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["Weight"] == 1


def test_the_default_rule_stays(aws, world, refused):
    """DeleteRule: "You can't delete the default rule": OperationNotPermitted."""
    default = aws("elbv2").describe_rules(ListenerArn=world.listener()["ListenerArn"])["Rules"][-1]
    assert default["IsDefault"] is True
    with refused("OperationNotPermitted"):
        aws("elbv2").delete_rule(RuleArn=default["RuleArn"])


def test_a_target_group_in_use_stays(aws, world, refused):
    """DeleteTargetGroup: ResourceInUse while "referenced by any actions"."""
    arn = world.group()["TargetGroupArn"]
    with refused("ResourceInUse"):
        aws("elbv2").delete_target_group(TargetGroupArn=arn)
    aws("elbv2").delete_rule(RuleArn=world.rule()["RuleArn"])
    aws("elbv2").delete_target_group(TargetGroupArn=arn)


def test_target_group_names_are_unique(aws, world, refused):
    """CreateTargetGroup: DuplicateTargetGroupName where the settings differ."""
    with refused("DuplicateTargetGroupName"):
        aws("elbv2").create_target_group(
            Name="deployer-api", Protocol="HTTP", Port=9090, VpcId=world.group()["VpcId"], TargetType="ip"
        )


def test_a_target_group_serves_one_load_balancer(aws, world, refused):
    """TargetGroupAssociationLimit: a target group belongs to one load balancer."""
    forward = [{"Type": "forward", "TargetGroupArn": world.group()["TargetGroupArn"]}]
    with refused("TargetGroupAssociationLimit"):
        aws("elbv2").create_listener(
            LoadBalancerArn=world.balancer("image-api")["LoadBalancerArn"],
            Port=8080,
            Protocol="HTTP",
            DefaultActions=forward,
        )


def test_at_most_twenty_resources_tell_their_tags(aws, world, refused):
    """DescribeTags: "You can specify up to 20 resources in a single call"."""
    arn = world.balancer()["LoadBalancerArn"]
    tags = aws("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    assert {"Key": "service", "Value": "public"} in tags
    with refused("ValidationError"):
        aws("elbv2").describe_tags(ResourceArns=[arn] * 21)


def test_unhealthy_targets_give_their_reason(sandbox, world):
    """DescribeTargetHealth: Target.ResponseCodeMismatch and a description (target-group-health-checks)."""
    sandbox.control.chaos("ail-targets", target_group="deployer-api")
    assert {item["TargetHealth"]["Reason"] for item in world.health()} == {"Target.ResponseCodeMismatch"}
    sandbox.control.chaos("heal-targets", target_group="deployer-api")
    assert {item["TargetHealth"]["State"] for item in world.health()} == {"healthy"}


def test_deregistered_targets_drain_for_the_delay(aws, sandbox, world):
    """Target.DeregistrationInProgress for deregistration_delay.timeout_seconds (edit-target-group-attributes)."""
    first = world.health()[0]["Target"]
    aws("elbv2").deregister_targets(
        TargetGroupArn=world.group()["TargetGroupArn"], Targets=[{"Id": first["Id"], "Port": first["Port"]}]
    )
    states = {item["Target"]["Id"]: item["TargetHealth"].get("Reason") for item in world.health()}
    assert states[first["Id"]] == "Target.DeregistrationInProgress"
    sandbox.control.advance(31)
    assert first["Id"] not in {item["Target"]["Id"] for item in world.health()}


@pytest.mark.parametrize("kind", ["LoadBalancerArn", "Names"])
def test_target_groups_are_found_by_load_balancer_and_name(aws, world, kind):
    """DescribeTargetGroups by load balancer lists all that it forwards to."""
    if kind == "Names":
        assert world.group("billing-api")["TargetGroupName"] == "billing-api"
        return
    arn = world.balancer()["LoadBalancerArn"]
    groups = aws("elbv2").describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
    assert {group["TargetGroupName"] for group in groups} == {"deployer-api", "billing-api", "deployer-api-canary"}
