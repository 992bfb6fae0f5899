"""Asking CloudWatch about alarms: by name, by the health check that they watch, by the composite ones above them.

Route 53's metrics, and so the alarms on them, live in us-east-1 only. No call here lists the alarms of an account.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from breakglass.model.alarm_rule import alarms_in
from breakglass.model.component import Facts
from breakglass.model.reading import AwsError, NotOffered, Reader, batches

ROUTE53_REGION = "us-east-1"
ALARMS_A_CALL = 100

Asked = tuple[str, str]
"""Region and name."""


def described(wanted: Sequence[Asked], reader: Reader) -> dict[Asked, Facts | AwsError | None]:
    """What AWS says of each alarm; None is its word that there is none of that name."""
    names: dict[str, list[str]] = defaultdict(list)
    for region, name in dict.fromkeys(wanted):
        names[region].append(name)
    asks = [(region, some) for region, all_of_it in names.items() for some in batches(all_of_it, ALARMS_A_CALL)]
    answers = reader.gather([partial(_named, reader, *ask) for ask in asks])
    return {
        (region, name): answer if isinstance(answer, AwsError) else answer.get(name)
        for (region, some), answer in zip(asks, answers, strict=True)
        for name in some
    }


def _named(reader: Reader, region: str, names: Sequence[str]) -> Mapping[str, Facts]:
    """The alarms by name; metric and composite ones share the pages of one listing."""
    params = {"AlarmNames": list(names), "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": ALARMS_A_CALL}
    return {
        alarm["AlarmName"]: alarm
        for answer in _pages(reader, region, params)
        for alarm in (*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", []))
    }


def _pages(reader: Reader, region: str, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    token = None
    while True:
        asked = {**params, "NextToken": token} if token else dict(params)
        answer = reader.call("cloudwatch", "DescribeAlarms", asked, region=region)
        yield answer
        if not answer.get("NextToken") or answer["NextToken"] == token:
            return
        token = answer["NextToken"]


def on_health_check(reader: Reader, health_check: str) -> Sequence[Facts]:
    """The alarms on the status of one health check. Raises `AwsError`."""
    metric = {
        "Namespace": "AWS/Route53",
        "MetricName": "HealthCheckStatus",
        "Dimensions": [{"Name": "HealthCheckId", "Value": health_check}],
    }
    answer = reader.call("cloudwatch", "DescribeAlarmsForMetric", metric, region=ROUTE53_REGION)
    return [alarm for alarm in answer.get("MetricAlarms", []) if metric["Dimensions"] == alarm.get("Dimensions")]


def parents(reader: Reader, region: str, name: str) -> Mapping[str, str]:
    """ARN by name of the composite alarms whose rule names this one. Raises `AwsError`.

    AWS tells no more of them here. What stands in for AWS may tell of every alarm; a rule that it shows decides.
    """
    try:
        answers = list(_pages(reader, region, {"ParentsOfAlarmName": name}))
    except NotOffered:
        return {}
    return {
        alarm["AlarmName"]: alarm["AlarmArn"]
        for answer in answers
        for alarm in answer.get("CompositeAlarms", [])
        if "AlarmRule" not in alarm or name in alarms_in(alarm["AlarmRule"])
    }
