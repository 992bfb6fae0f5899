"""What watches it and makes it grow: policies of both sorts, schedules, metric, metric-math and composite alarms."""

from __future__ import annotations

from breakglass.rehearsal.sandbox.seed.blueprint import Blueprint
from breakglass.rehearsal.sandbox.seed.ground import CLUSTER, Ground
from breakglass.rehearsal.sandbox.state import AwsShape

from .entrances import Entrances

AREA = "application-autoscaling"


def make_scaling(ground: Ground, blueprint: Blueprint, entrances: Entrances) -> str:
    """Make its scalable target with all that hangs on it; returns the step policy's ARN, which an alarm calls."""
    where = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{CLUSTER}/{blueprint.name}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    suspended = {
        "DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False,
    }  # fmt: skip
    ground.call(
        AREA, "RegisterScalableTarget", **where, MinCapacity=2, MaxCapacity=3, SuspendedState=suspended,
        Tags={tag["Key"]: tag["Value"] for tag in blueprint.tagged()},
    )  # fmt: skip
    label = "/".join((_dimension(entrances.application), entrances.groups["api"].rpartition(":")[2]))
    metrics: list[AwsShape] = [
        {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label},
    ]
    for purpose, metric in zip(("cpu", "requests"), metrics, strict=True):
        tracking = {"TargetValue": 60.0, "PredefinedMetricSpecification": metric, "ScaleInCooldown": 300,
                    "ScaleOutCooldown": 60}  # fmt: skip
        ground.call(
            AREA, "PutScalingPolicy", **where, PolicyName=f"{blueprint.name}-{purpose}",
            PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=tracking,
        )  # fmt: skip
    steps = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [
            {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 2},
        ],
        "Cooldown": 120,
        "MetricAggregationType": "Average",
    }
    out = ground.call(
        AREA, "PutScalingPolicy", **where, PolicyName=f"{blueprint.name}-out", PolicyType="StepScaling",
        StepScalingPolicyConfiguration=steps,
    )  # fmt: skip
    for purpose, hour, least in (("morning", 6, 3), ("night", 22, 2)):
        ground.call(
            AREA, "PutScheduledAction", **where, ScheduledActionName=f"{blueprint.name}-{purpose}",
            Schedule=f"cron(0 {hour} * * ? *)", Timezone="Europe/London",
            ScalableTargetAction={"MinCapacity": least, "MaxCapacity": 3},
        )  # fmt: skip
    return str(out["PolicyARN"])


def watch(ground: Ground, blueprint: Blueprint, entrances: Entrances, policy: str) -> dict[str, str]:
    """Make its alarms and return their names by purpose; `page` is composed of two others."""
    names = {purpose: f"{blueprint.name}-{purpose}" for purpose in ("5xx", "busy", "ratio", "old", "page")}
    topic = f"arn:aws:sns:{ground.call.region}:{ground.call.account}:on-call"
    served = [
        {"Name": "LoadBalancer", "Value": _dimension(entrances.application)},
        {"Name": "TargetGroup", "Value": entrances.groups["api"].rpartition(":")[2]},
    ]
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_Target_5XX_Count", "Dimensions": served}
    sums = {"Statistic": "Sum", "Period": 60, "ComparisonOperator": "GreaterThanThreshold"}
    given: dict[str, AwsShape] = {
        "5xx": {**metric, **sums, "EvaluationPeriods": 5, "DatapointsToAlarm": 3, "Threshold": 10.0,
                "TreatMissingData": "notBreaching", "AlarmActions": [topic], "OKActions": [topic],
                "AlarmDescription": "it answers with errors"},
        "busy": {
            "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
            "Dimensions": [{"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": blueprint.name}],
            "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 3, "Threshold": 80.0,
            "AlarmActions": [policy],
        },
        "ratio": {
            "EvaluationPeriods": 2, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold",
            "Metrics": [
                {"Id": "e1", "Expression": "100 * m1 / m2", "Label": "errors in percent", "ReturnData": True},
                _stat("m1", "HTTPCode_Target_5XX_Count", served), _stat("m2", "RequestCount", served),
            ],
        },
        "old": {
            "Namespace": "AWS/ELB", "MetricName": "HTTPCode_Backend_5XX", **sums, "EvaluationPeriods": 5,
            "Dimensions": [{"Name": "LoadBalancerName", "Value": entrances.classic}], "Threshold": 10.0,
        },
    }  # fmt: skip
    for purpose, settings in given.items():
        ground.call("cloudwatch", "PutMetricAlarm", AlarmName=names[purpose], Tags=blueprint.tagged(), **settings)
    ground.call(
        "cloudwatch", "PutCompositeAlarm", AlarmName=names["page"], AlarmActions=[topic], Tags=blueprint.tagged(),
        AlarmRule=f'ALARM("{names["5xx"]}") OR ALARM("{names["ratio"]}")',
    )  # fmt: skip
    return names


def watch_check(ground: Ground, blueprint: Blueprint, check: str) -> None:
    """Make the alarm on a health check where Route 53's metrics are: in us-east-1."""
    ground.call.elsewhere("us-east-1")(
        "cloudwatch", "PutMetricAlarm", AlarmName=f"{blueprint.name}-health", Namespace="AWS/Route53",
        MetricName="HealthCheckStatus", Statistic="Minimum", Period=60, EvaluationPeriods=1, Threshold=1.0,
        ComparisonOperator="LessThanThreshold", TreatMissingData="breaching", Tags=blueprint.tagged(),
        Dimensions=[{"Name": "HealthCheckId", "Value": check}],
    )  # fmt: skip


def _stat(known_as: str, metric: str, dimensions: list[AwsShape]) -> AwsShape:
    where = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": known_as, "MetricStat": {"Metric": where, "Period": 60, "Stat": "Sum"}, "ReturnData": False}


def _dimension(balancer: AwsShape) -> str:
    return str(balancer["LoadBalancerArn"]).partition(":loadbalancer/")[2]
