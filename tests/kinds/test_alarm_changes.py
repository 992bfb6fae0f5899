"""Alarms: put back where they lived, with the dimensions of what there is now, and nothing else changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds.alarm import KIND
from breakglass.model.component import Absent, Present
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Form, Output, filled
from tests.kinds.changing import (
    ACCOUNT,
    POLICY,
    RUN,
    THEN,
    Example,
    calls,
    dimensions,
    example,
    inventory,
    made_again,
    new_value,
    world,
    wrong,
)

CHANGING = {"AlarmArn", "AlarmConfigurationUpdatedTimestamp", "Tags", "StateValue", "StateUpdatedTimestamp"}

alarms = st.builds(
    lambda name, statistic, period, threshold, how, more: {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{name}",
        "AlarmConfigurationUpdatedTimestamp": THEN,
        "StateValue": "OK",
        "StateUpdatedTimestamp": THEN,
        "ActionsEnabled": True,
        "MetricName": "RequestCount",
        "Namespace": "AWS/ApplicationELB",
        "Dimensions": dimensions(),
        "Period": period,
        "EvaluationPeriods": 2,
        "Threshold": threshold,
        "ComparisonOperator": how,
        **statistic,
        **more,
    },
    st.text("abc-", min_size=1, max_size=9),
    st.sampled_from([{"Statistic": "Sum"}, {"ExtendedStatistic": "p99"}]),
    st.sampled_from([10, 60, 300]),
    st.floats(0, 1000, allow_nan=False),
    st.sampled_from(["GreaterThanThreshold", "LessThanOrEqualToThreshold"]),
    st.fixed_dictionaries(
        {},
        optional={
            "DatapointsToAlarm": st.integers(1, 2),
            "TreatMissingData": st.sampled_from(["breaching", "ignore"]),
            "Unit": st.just("Count"),
            "OKActions": st.just([]),
            "AlarmActions": st.just(["arn:aws:sns:eu-west-1:111122223333:on-call"]),
        },
    ),
)


def of(facts):
    return Example(Key("alarm", facts["AlarmName"]), facts)


@given(alarms)
def test_it_comes_back_as_it_was(facts):
    (call,) = calls(KIND.rebuild(of(facts).recipe, world()).actions)
    assert wrong(call) == ()
    stored = {name: value for name, value in call.params.items() if name not in CHANGING}
    assert stored == {name: value for name, value in facts.items() if name not in CHANGING and value != []}


@given(alarms)
def test_repointed_it_differs_by_its_dimensions_alone(facts):
    (call,) = calls(KIND.repoint(of(facts).component(), (), made_again()).actions)
    balancer, group = (Key(kind, "deployer-api") for kind in ("load-balancer", "target-group"))
    assert call.params["Dimensions"] == [
        {"Name": "LoadBalancer", "Value": Output(balancer, "LoadBalancerArn", Form.DIMENSION)},
        {"Name": "TargetGroup", "Value": Output(group, "TargetGroupArn", Form.DIMENSION)},
    ]
    rest = {name: value for name, value in call.params.items() if name != "Dimensions"}
    assert rest == {name: facts[name] for name in rest}
    assert "Tags" not in call.params


@given(alarms, alarms)
def test_it_is_done_when_it_is_what_was_put(facts, other):
    (call,) = calls(KIND.repoint(of(facts).component(), (), made_again()).actions)
    sent = Call(call.service, call.operation, filled(call.params, new_value))
    assert not KIND.done(sent, Present(facts))
    assert not KIND.done(sent, Present(other))
    assert not KIND.done(sent, Absent("gone"))
    now = {**facts, "Dimensions": sent.params["Dimensions"][::-1]}
    assert KIND.done(sent, Present(now))


def test_it_is_made_where_it_lived():
    one = example("alarm", "deployer-api-ratio")
    here = world()
    assert [call.region for call in calls(KIND.rebuild(one.recipe, here).actions)] == ["us-east-1"]
    there = type(here)(RUN, inventory(region="us-east-1"))
    assert [call.region for call in calls(KIND.rebuild(one.recipe, there).actions)] == [""]


def test_an_alarm_on_several_metrics_has_none_of_its_own():
    """An empty list of dimensions beside metrics is refused."""
    one = example("alarm", "deployer-api-ratio")
    (call,) = calls(KIND.rebuild(one.recipe, made_again()).actions)
    assert call.operation == "PutMetricAlarm"
    assert not {"Dimensions", "MetricName"} & set(call.params)
    found = call.params["Metrics"][1]["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
    assert found == Output(Key("load-balancer", "deployer-api"), "LoadBalancerArn", Form.DIMENSION)


def test_a_composite_one_is_put_as_such():
    one = example("alarm", "deployer-api-down")
    (call,) = calls(KIND.rebuild(one.recipe, world()).actions)
    assert call.operation == "PutCompositeAlarm"
    assert call.params["AlarmRule"] == one.facts["AlarmRule"]
    assert "ActionsSuppressedBy" not in call.params


def test_it_calls_the_policy_that_there_is_now():
    one = example("alarm")
    (call,) = calls(KIND.rebuild(one.recipe, made_again()).actions)
    target = Key("scalable-target", "service/wonderland/deployer-api")
    assert call.params["AlarmActions"][0] == Output(target, "PolicyARN of out")
    assert POLICY not in str(call.params)


def test_tags_come_back_and_say_which_run_it_was():
    (call,) = calls(KIND.rebuild(example("alarm").recipe, world()).actions)
    assert call.params["Tags"] == [
        {"Key": "team", "Value": "werkzeugschmiede"},
        {"Key": "breakglass:run", "Value": RUN},
    ]


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("TargetTracking-service/wonderland/deployer-api-AlarmHigh-1", True),
        ("deployer-api-5xx", False),
        ("not-TargetTracking-x", False),
    ],
)
def test_those_of_target_tracking_are_aws_own(name, whose):
    assert bool(KIND.untouchable(Key("alarm", name), {})) == whose
