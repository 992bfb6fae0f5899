"""The alarms that a target-tracking policy brings with it.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html: "Do not
edit or delete the CloudWatch alarms that are created for your target tracking scaling policies."
"""

from __future__ import annotations

import uuid

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.state import AwsShape, Call


def make_alarms(moto: MotoBridge, call: Call, policy: AwsShape) -> list[AwsShape]:
    """Make the pair of alarms and return their names and ARNs, as PutScalingPolicy does."""
    _, cluster, service = (*policy["ResourceId"].split("/"), "", "")[:3]
    wanted = policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
    made = []
    for side, comparison, periods, threshold in (
        ("AlarmHigh", "GreaterThanThreshold", 3, wanted),
        ("AlarmLow", "LessThanThreshold", 15, wanted * 0.9),
    ):
        name = f"TargetTracking-{policy['ResourceId']}-{side}-{uuid.uuid4()}"
        alarm = {
            "AlarmName": name,
            "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}.",
            "AlarmActions": [policy["PolicyARN"]],
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/ECS",
            "Statistic": "Average",
            "Dimensions": [
                {"Name": "ClusterName", "Value": cluster},
                {"Name": "ServiceName", "Value": service},
            ],
            "Period": 60,
            "EvaluationPeriods": periods,
            "Threshold": threshold,
            "ComparisonOperator": comparison,
        }
        moto.call(Call("cloudwatch", "PutMetricAlarm", call.account, call.region, alarm))
        arn = f"arn:aws:cloudwatch:{call.region}:{call.account}:alarm:{name}"
        made.append({"AlarmName": name, "AlarmARN": arn})
    return made
