"""Application Auto Scaling, Cloud Map, IAM, STS, EC2, DynamoDB and CloudWatch as AWS documents them."""

import boto3
import pytest

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/wonderland/deployer-api",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def policies(aws, name="deployer-api"):
    return aws("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=f"service/wonderland/{name}"
    )["ScalingPolicies"]


def test_policies_are_found_by_the_whole_resource_id(aws):
    """DescribeScalingPolicies: moto finds those of deployer-api where deployer-api-canary is asked for."""
    assert [policy["PolicyName"] for policy in policies(aws)] == ["deployer-api-cpu"]
    assert [policy["PolicyName"] for policy in policies(aws, "deployer-api-canary")] == ["deployer-api-canary-cpu"]


def test_deregistering_deletes_policies_schedules_and_their_alarms(aws):
    """DeregisterScalableTarget: "deletes the scaling policies and the scheduled actions" of the target."""
    scaling = aws("application-autoscaling")
    alarms = [alarm["AlarmName"] for alarm in policies(aws)[0]["Alarms"]]
    assert len(aws("cloudwatch").describe_alarms(AlarmNames=alarms)["MetricAlarms"]) == 2
    scaling.deregister_scalable_target(**TARGET)
    assert policies(aws) == []
    assert scaling.describe_scheduled_actions(**TARGET)["ScheduledActions"] == []
    assert aws("cloudwatch").describe_alarms(AlarmNames=alarms)["MetricAlarms"] == []
    assert policies(aws, "deployer-api-canary")


def test_an_unknown_target_is_an_object_not_found(aws, refused):
    """ObjectNotFoundException for DeregisterScalableTarget and PutScheduledAction alike."""
    other = {**TARGET, "ResourceId": "service/wonderland/nobody"}
    with refused("ObjectNotFoundException"):
        aws("application-autoscaling").deregister_scalable_target(**other)
    with refused("ObjectNotFoundException"):
        aws("application-autoscaling").put_scheduled_action(**other, ScheduledActionName="x", Schedule="rate(1 hour)")


def test_a_suspended_state_is_kept(aws):
    """RegisterScalableTarget: SuspendedState, and fields that are not sent stay as they are."""
    scaling = aws("application-autoscaling")
    scaling.register_scalable_target(**TARGET, SuspendedState={"DynamicScalingInSuspended": True})
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[TARGET["ResourceId"]])
    found = target["ScalableTargets"][0]
    assert found["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert (found["MinCapacity"], found["MaxCapacity"]) == (2, 6)


def test_a_discovery_service_with_instances_stays(aws, refused):
    """Cloud Map's DeleteService: ResourceInUse while instances are registered."""
    cloud_map = aws("servicediscovery")
    cloud_map.create_http_namespace(Name="wonderland")
    namespace = cloud_map.list_namespaces()["Namespaces"][0]["Id"]
    service = cloud_map.create_service(Name="deployer-api", NamespaceId=namespace)["Service"]["Id"]
    cloud_map.register_instance(ServiceId=service, InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})
    with refused("ResourceInUse"):
        cloud_map.delete_service(Id=service)
    cloud_map.deregister_instance(ServiceId=service, InstanceId="i")
    cloud_map.delete_service(Id=service)


def test_the_policy_simulator_answers(aws, sandbox):
    """SimulatePrincipalPolicy: one EvaluationResult for each action."""
    sandbox.control.chaos("deny", actions=["route53:*"])
    results = aws("iam").simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::111122223333:role/BreakGlass",
        ActionNames=["ecs:DeleteService", "route53:ChangeResourceRecordSets"],
    )["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["allowed", "implicitDeny"]


@pytest.mark.parametrize(("account", "number"), [("production", "111122223333"), ("staging", "444455556666")])
def test_credentials_say_whose_they_are(aws, account, number):
    """GetCallerIdentity names the account and the role session."""
    identity = aws("sts", account).get_caller_identity()
    assert identity["Account"] == number
    assert identity["Arn"] == f"arn:aws:sts::{number}:assumed-role/BreakGlass/ana"
    alias = {"production": "acme-prod", "staging": "acme-staging"}[account]
    assert aws("iam", account).list_account_aliases()["AccountAliases"] == [alias]


def test_accounts_are_worlds_apart(aws, world):
    """The same names in two accounts are different things."""
    here = world.balancer()["LoadBalancerArn"]
    there = aws("elbv2", "staging").describe_load_balancers(Names=["public"])["LoadBalancers"][0]["LoadBalancerArn"]
    assert here != there
    aws("ecs", "staging").delete_service(cluster="wonderland", service="deployer-api", force=True)
    assert world.service()["status"] == "ACTIVE"


def test_an_assumed_role_leads_into_its_account(aws, sandbox):
    """AssumeRole returns credentials of the role's account (API_AssumeRole)."""
    arn = "arn:aws:iam::444455556666:role/BreakGlass"
    held = aws("sts").assume_role(RoleArn=arn, RoleSessionName="ben")["Credentials"]
    client = boto3.Session().client(
        "sts",
        "eu-west-1",
        endpoint_url=sandbox.url,
        aws_access_key_id=held["AccessKeyId"],
        aws_secret_access_key=held["SecretAccessKey"],
        aws_session_token=held["SessionToken"],
    )
    assert client.get_caller_identity()["Arn"] == "arn:aws:sts::444455556666:assumed-role/BreakGlass/ben"


@pytest.mark.parametrize(("service", "code"), [("sts", "InvalidClientTokenId"), ("ecs", "UnrecognizedClientException")])
def test_an_unknown_access_key_is_refused(sandbox, refused, service, code):
    """Query services say InvalidClientTokenId, JSON services UnrecognizedClientException (CommonErrors)."""
    client = boto3.Session().client(
        service,
        "eu-west-1",
        endpoint_url=sandbox.url,
        aws_access_key_id="AKIAUNKNOWN000000000",
        aws_secret_access_key="x",  # noqa: S106
    )
    with refused(code):
        client.get_caller_identity() if service == "sts" else client.list_clusters()


def test_expired_credentials_are_refused_everywhere(aws, sandbox, refused):
    """ExpiredToken, ExpiredTokenException where the service speaks JSON (CommonErrors)."""
    sandbox.control.chaos("expire-credentials")
    with refused("ExpiredToken"):
        aws("sts").get_caller_identity()
    with refused("ExpiredTokenException"):
        aws("dynamodb").list_tables()
    assert aws("sts", "staging").get_caller_identity()
    sandbox.control.chaos("renew-credentials")
    assert aws("sts").get_caller_identity()


def test_a_security_group_in_use_stays(aws, world, refused):
    """EC2's DeleteSecurityGroup: DependencyViolation while an interface is in the group."""
    with refused("DependencyViolation"):
        aws("ec2").delete_security_group(GroupId=world.balancer()["SecurityGroups"][0])


def test_a_failed_condition_shows_the_item_when_asked(aws):
    """ReturnValuesOnConditionCheckFailure=ALL_OLD gives the item that stood in the way (API_DeleteItem)."""
    dynamodb, key = aws("dynamodb"), {"name": {"S": "deployer-api"}}
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as raised:
        dynamodb.delete_item(
            TableName="wonderland-services",
            Key=key,
            ConditionExpression="revision = :r",
            ExpressionAttributeValues={":r": {"N": "40"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert raised.value.response["Item"]["revision"] == {"N": "41"}
    item = dynamodb.get_item(TableName="wonderland-services", Key=key)["Item"]
    assert isinstance(item["digest"]["B"], bytes)
    assert item["tags"]["SS"] == ["werkzeugschmiede", "wonderland"]


def test_a_step_policy_tells_which_alarms_call_it(aws, sandbox):
    """ScalingPolicy: Alarms, "The CloudWatch alarms associated with the scaling policy" (API_ScalingPolicy); those of a
    step policy are people's own, and call it."""
    told = aws("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId="service/wonderland/looking-glass-api"
    )["ScalingPolicies"]
    step = next(one for one in told if one["PolicyType"] == "StepScaling")
    assert [alarm["AlarmName"] for alarm in step["Alarms"]] == ["looking-glass-api-busy"]
    aws("cloudwatch").delete_alarms(AlarmNames=["looking-glass-api-busy"])
    told = aws("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", PolicyNames=[step["PolicyName"]]
    )["ScalingPolicies"]
    assert [one["Alarms"] for one in told] == [[]]


def test_route_53_alarms_live_in_us_east_1(aws, world):
    """ "Route 53 metrics are not available if you select any other region" (monitoring-cloudwatch)."""
    check = world.records("deployer-api.example.com.")[0]["HealthCheckId"]
    alarms = aws("cloudwatch", region="us-east-1").describe_alarms_for_metric(
        Namespace="AWS/Route53",
        MetricName="HealthCheckStatus",
        Dimensions=[{"Name": "HealthCheckId", "Value": check}],
    )["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in alarms] == ["deployer-api-health"]
    assert aws("cloudwatch").describe_alarms(AlarmNames=["deployer-api-health"])["MetricAlarms"] == []


def test_ecs_registers_its_tasks_and_takes_them_away_late(aws, sandbox, world):
    """Service discovery: instances carry ECS_CLUSTER_NAME and ECS_SERVICE_NAME, and outlive the service for a while."""
    cloud_map, ecs = aws("servicediscovery"), aws("ecs")
    cloud_map.create_http_namespace(Name="wonderland")
    namespace = cloud_map.list_namespaces()["Namespaces"][0]["Id"]
    made = cloud_map.create_service(Name="deployer-api", NamespaceId=namespace)["Service"]
    ecs.update_service(cluster="wonderland", service="deployer-api", serviceRegistries=[{"registryArn": made["Arn"]}])
    sandbox.control.advance(120)
    instances = cloud_map.list_instances(ServiceId=made["Id"])["Instances"]
    assert {item["Attributes"]["ECS_SERVICE_NAME"] for item in instances} == {"deployer-api"}
    assert {item["Attributes"]["AWS_INSTANCE_IPV4"] for item in instances} == {
        item["Target"]["Id"] for item in world.health()
    }
    ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(40)
    assert world.service()["status"] == "INACTIVE"
    assert len(cloud_map.list_instances(ServiceId=made["Id"])["Instances"]) == 2
    sandbox.control.advance(20)
    assert cloud_map.list_instances(ServiceId=made["Id"])["Instances"] == []


def test_tagged_resources_are_found(aws, world):
    """GetResources finds by tag and type (Resource Groups Tagging API)."""
    answer = aws("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "service", "Values": ["deployer-api"]}],
        ResourceTypeFilters=["ecs:service", "elasticloadbalancing"],
    )
    found = {item["ResourceARN"] for item in answer["ResourceTagMappingList"]}
    assert world.service()["serviceArn"] in found
    assert world.group()["TargetGroupArn"] in found
    assert world.service("billing-api")["serviceArn"] not in found
