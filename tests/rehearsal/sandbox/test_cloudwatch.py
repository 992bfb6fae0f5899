"""Alarms as CloudWatch documents them: composite ones, who is made of whom, what is refused."""

import pytest

BOTH = ["MetricAlarm", "CompositeAlarm"]


@pytest.fixture
def composite(aws):
    """`both` is made of `one` and of the seed's alarm of billing-api; `top` of `both`."""
    cloudwatch = aws("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="one", Namespace="N", MetricName="M", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    cloudwatch.put_composite_alarm(
        AlarmName="both", AlarmRule='ALARM("one") OR ALARM(billing-api-5xx)', Tags=[{"Key": "team", "Value": "kasse"}]
    )
    cloudwatch.put_composite_alarm(AlarmName="top", AlarmRule="ALARM(both)", ActionsSuppressor="one",
                                   ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=60)  # fmt: skip
    return cloudwatch


def names(answer):
    return sorted(one["AlarmName"] for sort in ("MetricAlarms", "CompositeAlarms") for one in answer[sort])


def test_composite_alarms_are_shown_where_they_are_asked_for(composite):
    """DescribeAlarms: "If you omit this parameter [AlarmTypes], only metric alarms are returned"."""
    assert names(composite.describe_alarms(AlarmNames=["one", "both"])) == ["one"]
    told = composite.describe_alarms(AlarmNames=["one", "both", "top"], AlarmTypes=BOTH)
    assert names(told) == ["both", "one", "top"]
    assert told["CompositeAlarms"][1]["ActionsSuppressor"] == "one"
    assert composite.list_tags_for_resource(ResourceARN=told["CompositeAlarms"][0]["AlarmArn"])["Tags"] == [
        {"Key": "team", "Value": "kasse"}
    ]


def test_pages_hold_both_sorts(composite):
    pages = composite.get_paginator("describe_alarms").paginate(AlarmTypes=BOTH, MaxRecords=2)
    told = [name for page in pages for name in names(page)]
    assert len(told) == len(set(told)) > 4
    assert {"one", "both", "top"} <= set(told)


def test_parents_are_told_by_name_and_arn_alone(composite, refused):
    """DescribeAlarms, ParentsOfAlarmName: "Only the Alarm Name and Alarm ARN are returned", and it stands alone."""
    told = composite.describe_alarms(ParentsOfAlarmName="one")
    (parent,) = told["CompositeAlarms"]
    assert (parent["AlarmName"], set(parent)) == ("both", {"AlarmName", "AlarmArn"})
    assert names(composite.describe_alarms(ParentsOfAlarmName="both")) == ["top"]
    assert names(composite.describe_alarms(ParentsOfAlarmName="top")) == []
    with refused("ValidationError"):
        composite.describe_alarms(ParentsOfAlarmName="one", AlarmTypes=BOTH)


def test_children_are_told_with_their_state(composite):
    told = composite.describe_alarms(ChildrenOfAlarmName="both")
    assert names(told) == ["billing-api-5xx", "one"]
    assert all("StateValue" in one and "Threshold" not in one for one in told["MetricAlarms"])


def test_what_others_are_made_of_cannot_be_deleted(composite, refused):
    """ "Cannot delete abc,xyz as there are composite alarm(s) depending on them." (cloud-custodian issue 7763)."""
    with refused("ValidationError", "Cannot delete one as there are composite alarm(s) depending on it."):
        composite.delete_alarms(AlarmNames=["one"])
    composite.delete_alarms(AlarmNames=["top"])
    composite.delete_alarms(AlarmNames=["both"])
    composite.delete_alarms(AlarmNames=["one", "nobody"])
    assert names(composite.describe_alarms(AlarmNames=["one", "both", "top"], AlarmTypes=BOTH)) == []


def test_two_composite_alarms_are_not_deleted_at_once(composite, refused):
    """DeleteAlarms: "this total can include no more than one composite alarm"."""
    with refused("ValidationError"):
        composite.delete_alarms(AlarmNames=["top", "both"])


def test_a_rule_names_alarms_that_there_are(aws, refused):
    """ "Could not save the composite alarm as alarms ... in the alarm rule do not exist" (CloudFormation issue 911)."""
    with refused("ValidationError", "do not exist"):
        aws("cloudwatch").put_composite_alarm(AlarmName="x", AlarmRule="ALARM(nobody)")


def test_a_metric_alarm_keeps_all_that_was_put(aws):
    """PutMetricAlarm: moto drops AccountId and Unit of a metric, among others."""
    cloudwatch = aws("cloudwatch")
    metric = {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "D", "Value": "v"}]}
    queries = [
        {
            "Id": "m1", "AccountId": "123456789012", "ReturnData": True,
            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p99", "Unit": "Count"},
        }
    ]  # fmt: skip
    cloudwatch.put_metric_alarm(
        AlarmName="math", Metrics=queries, EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold"
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["math"])["MetricAlarms"]
    assert alarm["Metrics"] == queries
