"""The policy simulator, account limits and quotas as AWS documents them."""

import pytest

ROLE = "arn:aws:iam::111122223333:role/BreakGlass"
MINE = "arn:aws:ecs:eu-west-1:111122223333:service/wonderland/deployer-api"
OTHER = "arn:aws:ecs:eu-west-1:111122223333:service/wonderland/billing-api"


@pytest.fixture(name="simulated")
def _simulated(aws):
    def ask(**more):
        asked = {"PolicySourceArn": ROLE, "ActionNames": ["ecs:DeleteService"], **more}
        return aws("iam").simulate_principal_policy(**asked)

    return ask


def test_each_resource_has_a_result_of_its_own(sandbox, simulated):
    """EvaluationResult: one for each action; what holds for one resource is in ResourceSpecificResults."""
    sandbox.control.chaos("deny", actions=["ecs:Delete*"], resource="*/deployer-api")
    (result,) = simulated(ResourceArns=[MINE, OTHER])["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["EvalResourceName"] not in {MINE, OTHER}
    each = {one["EvalResourceName"]: one["EvalResourceDecision"] for one in result["ResourceSpecificResults"]}
    assert each == {MINE: "implicitDeny", OTHER: "allowed"}


def test_a_condition_key_that_is_not_given_is_told(sandbox, simulated):
    """MissingContextValues: keys that policies ask for and ContextEntries do not have."""
    sandbox.control.chaos("deny", actions=["ecs:*"], missing=["ecs:cluster"])
    (result,) = simulated()["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["ecs:cluster"])
    given = [{"ContextKeyName": "ecs:cluster", "ContextKeyValues": ["x"], "ContextKeyType": "string"}]
    assert simulated(ContextEntries=given)["EvaluationResults"][0]["EvalDecision"] == "allowed"


def test_only_users_groups_and_roles_by_their_whole_arn_can_be_simulated(aws, refused, simulated):
    """PolicySourceArn: "the ARN of a user, group, or role"; a role's ARN has its path."""
    with refused("InvalidInput", "Invalid Entity Arn"):
        simulated(PolicySourceArn="arn:aws:sts::111122223333:assumed-role/BreakGlass/ana")
    aws("iam").create_role(RoleName="Oncall", Path="/night/", AssumeRolePolicyDocument="{}")
    with refused("NoSuchEntity"):
        simulated(PolicySourceArn="arn:aws:iam::111122223333:role/Oncall")
    assert simulated(PolicySourceArn="arn:aws:iam::111122223333:role/night/Oncall")["EvaluationResults"]


def test_the_simulator_pages(simulated):
    """MaxItems and Marker; 100 results where MaxItems is not given."""
    first = simulated(ActionNames=[f"ecs:Action{number}" for number in range(101)])
    assert (len(first["EvaluationResults"]), first["IsTruncated"]) == (100, True)
    second = simulated(ActionNames=[f"ecs:Action{number}" for number in range(101)], Marker=first["Marker"])
    assert (len(second["EvaluationResults"]), second["IsTruncated"]) == (1, False)


def test_route_53_tells_limit_and_count_and_refuses_beyond(aws, sandbox, world, refused):
    """GetAccountLimit, GetHostedZoneLimit; CreateHealthCheck: TooManyHealthChecks."""
    route53 = aws("route53")
    told = route53.get_account_limit(Type="MAX_HEALTH_CHECKS_BY_OWNER")
    assert (told["Limit"]["Value"], told["Count"]) == (200, len(route53.list_health_checks()["HealthChecks"]))
    zone = route53.get_hosted_zone_limit(Type="MAX_RRSETS_BY_ZONE", HostedZoneId=world.zone())
    assert (zone["Limit"]["Value"], zone["Count"]) == (10_000, len(world.records()))
    sandbox.control.chaos("limit", limit="MAX_HEALTH_CHECKS_BY_OWNER", value=5)
    with refused("TooManyHealthChecks"):
        route53.create_health_check(
            CallerReference="one-more", HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80}
        )


def test_elastic_load_balancing_tells_its_limits_and_refuses_beyond(aws, sandbox, world, refused):
    """DescribeAccountLimits of both versions; CreateTargetGroup: TooManyTargetGroups."""
    limits = {one["Name"]: one["Max"] for one in aws("elbv2").describe_account_limits()["Limits"]}
    assert limits["rules-per-application-load-balancer"] == "100"
    classic = {one["Name"]: one["Max"] for one in aws("elb").describe_account_limits()["Limits"]}
    assert classic["classic-load-balancers"] == "20"
    sandbox.control.chaos("limit", limit="target-groups", value=1)
    with refused("TooManyTargetGroups"):
        aws("elbv2").create_target_group(Name="one-more", Protocol="HTTP", Port=80, VpcId=world.balancer()["VpcId"])


def test_a_quota_that_was_never_raised_has_its_default_alone(aws, sandbox, refused):
    """GetServiceQuota: "If the applied quota value is not available for a quota, the quota is not retrieved"."""
    quotas, which = aws("service-quotas"), {"ServiceCode": "ecs", "QuotaCode": "L-9EF96962"}
    with refused("NoSuchResourceException"):
        quotas.get_service_quota(**which)
    assert quotas.get_aws_default_service_quota(**which)["Quota"]["Value"] == 5000.0
    sandbox.control.chaos("limit", limit="L-9EF96962", value=6000)
    assert quotas.get_service_quota(**which)["Quota"]["Value"] == 6000.0
