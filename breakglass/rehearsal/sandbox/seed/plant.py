"""Planting services: every component of each, made through the same calls that a deployer would send."""

from __future__ import annotations

import hashlib
import time

from breakglass.rehearsal.sandbox.accounts import ACCOUNTS, PRODUCTION, REGION
from breakglass.rehearsal.sandbox.manners import Manners
from breakglass.rehearsal.sandbox.manners.ecs.state import Ecs
from breakglass.rehearsal.sandbox.state import AwsShape, World

from .blueprint import SERVICES, Blueprint, neighbour
from .caller import Caller
from .everything import plant_everything
from .ground import CLUSTER, NOT_FOUND, TABLE, Ground, lay_ground
from .running import PORT, ecs_service, scaling, task_definitions

_SETTLED = 120.0
"""Seconds after which a new service's tasks run and its targets are healthy."""


def plant_world(world: World, manners: Manners) -> None:
    """Make both accounts at the clock's time, which lies in the past, and put it forward to now.

    By then all tasks run and all targets are healthy.
    """
    for account in ACCOUNTS:
        ground = lay_ground(world, Caller(manners, account.id, REGION), account)
        _plant(ground, SERVICES)
        if account is PRODUCTION:
            plant_everything(ground)
    _let_grow(world, manners)


def plant_neighbours(world: World, manners: Manners, account: str, first: int, count: int) -> list[str]:
    """Make `count` more services in an account, beginning with number `first`, and return their names."""
    ground = _known_ground(world, Caller(manners, account, REGION))
    blueprints = [neighbour(number) for number in range(first, first + count)]
    _plant(ground, blueprints)
    world.clock.advance(_SETTLED)
    manners.scheduler.settle(account, REGION)
    return [blueprint.name for blueprint in blueprints]


def _let_grow(world: World, manners: Manners) -> None:
    world.clock.advance(max(0.0, time.time() - world.clock.now()))
    for account in ACCOUNTS:
        manners.scheduler.settle(account.id, REGION)


def _plant(ground: Ground, blueprints: tuple[Blueprint, ...] | list[Blueprint]) -> None:
    shared: dict[str, tuple[AwsShape, str]] = {}
    for blueprint in blueprints:
        group = _target_group(ground, blueprint)
        forward = {"Type": "forward", "TargetGroupArn": group}
        if blueprint.has_own_balancer:
            balancer, _ = ground.balancer(blueprint.name, blueprint.owner, forward)
        else:
            if blueprint.balancer not in shared:
                shared[blueprint.balancer] = ground.balancer(blueprint.balancer, "plattform", NOT_FOUND)
            balancer, listener = shared[blueprint.balancer]
            _rule(ground, blueprint, listener, forward)
        if blueprint.protected:
            ground.call(
                "elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=balancer["LoadBalancerArn"],
                Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
            )  # fmt: skip
        definition = task_definitions(ground, blueprint)
        ecs_service(ground, blueprint, definition, group)
        if blueprint.scaling:
            scaling(ground, blueprint, *blueprint.scaling)
        check = _health_check(ground, blueprint)
        _records(ground, blueprint, balancer, check)
        _alarms(ground, blueprint, balancer["LoadBalancerArn"], group, check)
        _state_entry(ground, blueprint, definition, balancer["LoadBalancerArn"], group, check)


def _target_group(ground: Ground, blueprint: Blueprint) -> str:
    made = ground.call(
        "elbv2", "CreateTargetGroup", Name=blueprint.name, Protocol="HTTP", Port=PORT, VpcId=ground.vpc,
        TargetType="ip", HealthCheckPath="/health", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2, UnhealthyThresholdCount=2, Matcher={"HttpCode": "200-299"},
        Tags=blueprint.tagged(),
    )  # fmt: skip
    arn = str(made["TargetGroups"][0]["TargetGroupArn"])
    ground.call(
        "elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    )  # fmt: skip
    return arn


def _rule(ground: Ground, blueprint: Blueprint, listener: str, forward: AwsShape) -> None:
    ground.call(
        "elbv2", "CreateRule", ListenerArn=listener, Priority=blueprint.priority, Actions=[forward],
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": [blueprint.host]}}],
        Tags=blueprint.tagged(),
    )  # fmt: skip


def _health_check(ground: Ground, blueprint: Blueprint) -> str:
    made = ground.call(
        "route53", "CreateHealthCheck", CallerReference=f"seed-{blueprint.name}",
        HealthCheckConfig={
            "Type": "HTTPS",
            "FullyQualifiedDomainName": blueprint.host,
            "Port": 443,
            "ResourcePath": "/health",
            "RequestInterval": 30,
            "FailureThreshold": 3,
            "MeasureLatency": False,
        },
    )  # fmt: skip
    check = str(made["HealthCheck"]["Id"])
    ground.call(
        "route53", "ChangeTagsForResource", ResourceType="healthcheck", ResourceId=check,
        AddTags=[{"Key": "Name", "Value": blueprint.name}, *blueprint.tagged()],
    )  # fmt: skip
    return check


def _records(ground: Ground, blueprint: Blueprint, balancer: AwsShape, check: str) -> None:
    name = f"{blueprint.host}."
    cname = {"Name": name, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": balancer["DNSName"]}]}
    match blueprint.record:
        case "weighted":
            records = [{**cname, "SetIdentifier": "live", "Weight": 100, "HealthCheckId": check}]
        case "plain":
            records = [cname]
        case "alias":
            target = {
                "HostedZoneId": balancer["CanonicalHostedZoneId"],
                "DNSName": f"dualstack.{balancer['DNSName']}.",
                "EvaluateTargetHealth": True,
            }
            kinds = ("A", "AAAA") if blueprint.dual_stack else ("A",)
            records = [{"Name": name, "Type": kind, "AliasTarget": target} for kind in kinds]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    ground.call("route53", "ChangeResourceRecordSets", HostedZoneId=ground.zone_id, ChangeBatch={"Changes": changes})


def _alarms(ground: Ground, blueprint: Blueprint, balancer: str, group: str, check: str) -> None:
    topic = f"arn:aws:sns:{ground.call.region}:{ground.call.account}:on-call"
    ground.call(
        "cloudwatch", "PutMetricAlarm", AlarmName=f"{blueprint.name}-5xx", Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count", Statistic="Sum", Period=60, EvaluationPeriods=5, Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching", AlarmActions=[topic],
        AlarmDescription=f"{blueprint.name} answers with errors",
        Dimensions=[
            {"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]},
            {"Name": "TargetGroup", "Value": group.rpartition(":")[2]},
        ],
        Tags=blueprint.tagged(),
    )  # fmt: skip
    if blueprint.health_alarm:
        ground.call.elsewhere("us-east-1")(
            "cloudwatch", "PutMetricAlarm", AlarmName=f"{blueprint.name}-health", Namespace="AWS/Route53",
            MetricName="HealthCheckStatus", Statistic="Minimum", Period=60, EvaluationPeriods=1, Threshold=1.0,
            ComparisonOperator="LessThanThreshold", TreatMissingData="breaching",
            AlarmActions=[topic.replace(ground.call.region, "us-east-1")],
            Dimensions=[{"Name": "HealthCheckId", "Value": check}],
        )  # fmt: skip


def _state_entry(ground: Ground, blueprint: Blueprint, definition: str, balancer: str, group: str, check: str) -> None:
    item: AwsShape = {
        "name": {"S": blueprint.name},
        "owner": {"S": blueprint.owner},
        "revision": {"N": str(blueprint.revisions[-1])},
        "status": {"S": "running"},
        "ecs": {
            "M": {
                "cluster": {"S": CLUSTER},
                "service": {"S": blueprint.name},
                "taskDefinition": {"S": definition},
            }
        },
        "loadBalancer": {"S": balancer},
        "targetGroups": {"L": [{"S": group}]},
        "cname": {"S": blueprint.host},
        "healthCheckId": {"S": check},
        "tags": {"SS": sorted({"wonderland", blueprint.owner})},
        "digest": {"B": hashlib.sha256(definition.encode()).digest()},
    }
    ground.call("dynamodb", "PutItem", TableName=TABLE, Item=item)


def _known_ground(world: World, call: Caller) -> Ground:
    """The ground of an account that has been laid already, read back from what stands on it."""
    service = call("ecs", "DescribeServices", cluster=CLUSTER, services=["billing-api"])["services"][0]
    placed = service["networkConfiguration"]["awsvpcConfiguration"]
    balancer = call("elbv2", "DescribeLoadBalancers", Names=["public"])["LoadBalancers"][0]
    listeners = call("elbv2", "DescribeListeners", LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    secure = next(item for item in listeners if item["Protocol"] == "HTTPS")
    zones = call("route53", "ListHostedZonesByName", DNSName="example.com")["HostedZones"]
    return Ground(
        call,
        world.state(Ecs, call.account, call.region),
        balancer["VpcId"],
        placed["subnets"],
        balancer["SecurityGroups"][0],
        placed["securityGroups"][0],
        zones[0]["Id"].rpartition("/")[2],
        secure["Certificates"][0]["CertificateArn"],
        f"arn:aws:iam::{call.account}:role/ecsTaskExecutionRole",
    )
