"""Scalable targets: registered again with their policies and schedules, which go away with them."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds.scalable_target import KIND
from breakglass.model.component import Absent, Present
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Form, Joined, Output, filled
from breakglass.model.scaling_making import over, policy_name, references
from tests.kinds.changing import (
    LABEL,
    NOW,
    POLICY,
    SCALED,
    THEN,
    Example,
    calls,
    example,
    made_again,
    new_value,
    scheduled,
    world,
    wrong,
)

TARGET = example("scalable-target")
DAY = timedelta(1)
READ_ONLY = {"PolicyARN", "Alarms", "CreationTime", "ScheduledActionARN", "ScalableTargetARN", "PredictedCapacity"}


def named(operation, actions):
    return [call for call in calls(actions) if call.operation == operation]


def without(facts, *names):
    return {name: value for name, value in facts.items() if name not in READ_ONLY | set(names)}


def test_it_comes_back_as_it_was_but_for_what_is_awss_to_say():
    actions = KIND.rebuild(TARGET.recipe, world()).actions
    (register,) = named("RegisterScalableTarget", actions)
    assert without(register.params, "Tags") == without(
        TARGET.facts, "Tags", "RoleARN", "ScalingPolicies", "ScheduledActions"
    )
    assert set(register.params["Tags"]) == {"team", "breakglass:run"}
    policies = [call.params for call in named("PutScalingPolicy", actions)]
    assert policies == [without(one) for one in TARGET.facts["ScalingPolicies"]]


def test_a_role_of_ones_own_is_kept_and_no_tag_is_made_up():
    own = "arn:aws:iam::111122223333:role/scaling"
    one = Example(TARGET.key, {**TARGET.facts, "RoleARN": own, "Tags": {}})
    (register,) = named("RegisterScalableTarget", KIND.rebuild(one.recipe, world()).actions)
    assert register.params["RoleARN"] == own
    assert "Tags" not in register.params


def test_requests_are_counted_where_they_come_in_now():
    first, *_ = named("PutScalingPolicy", KIND.rebuild(TARGET.recipe, made_again()).actions)
    metric = first.params["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    balancer, group = (Key(kind, "deployer-api") for kind in ("load-balancer", "target-group"))
    assert metric["ResourceLabel"] == Joined(
        (
            Output(balancer, "LoadBalancerArn", Form.DIMENSION),
            "/",
            Output(group, "TargetGroupArn", Form.DIMENSION),
        )
    )
    assert filled(metric["ResourceLabel"], new_value) == (
        "app/deployer-api/0000000000000000/targetgroup/deployer-api/0000000000000000"
    )


def test_a_label_learns_what_is_live_by_now():
    live = world(**{"targetgroup/deployer-api/73e2d6bc24d8a067": "targetgroup/deployer-api/new"})
    (call,) = calls(KIND.repoint(TARGET.component(), TARGET.refers, live).actions)
    metric = call.params["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert metric["ResourceLabel"] == LABEL.replace("73e2d6bc24d8a067", "new")
    assert call.params["PolicyName"] == "requests"


def test_a_policy_refers_to_what_it_measures():
    """A live one whose load balancer was made again is stale by this, and repointed."""
    seen = [(one.kind, one.ref) for one in references(TARGET.facts)]
    assert seen == [(one.kind, one.ref) for one in TARGET.refers]
    assert not [one for one in references(TARGET.facts) if one.follow]


def test_a_custom_metric_refers_by_its_dimensions():
    metric = {"Dimensions": [{"Name": "TargetGroup", "Value": "targetgroup/x/1"}, {"Name": "Zone", "Value": "a"}]}
    policies = [{"TargetTrackingScalingPolicyConfiguration": {"CustomizedMetricSpecification": metric}}]
    (found,) = references({"ScalingPolicies": policies})
    assert (found.kind, found.ref) == ("target-group", "targetgroup/x/1")
    assert found.path.startswith("ScalingPolicies[0].")


def test_what_is_over_is_left_out_and_said():
    making = KIND.rebuild(TARGET.recipe, world())
    (call,) = named("PutScheduledAction", making.actions)
    assert call.params["ScheduledActionName"] == "morning"
    assert [loss.what for loss in making.lost if "launch" in loss.what]
    assert [loss.what for loss in making.lost if "policy out" in loss.what]
    assert not [loss.what for loss in making.lost if "policy requests" in loss.what]


def test_a_start_that_is_over_is_not_sent():
    late = NOW + timedelta(days=1)
    actions = [scheduled("a", "rate(1 day)", StartTime=THEN), scheduled("b", "rate(1 day)", StartTime=late)]
    one = Example(TARGET.key, {**TARGET.facts, "ScheduledActions": actions})
    first, second = named("PutScheduledAction", KIND.rebuild(one.recipe, world()).actions)
    assert "StartTime" not in first.params
    assert second.params["StartTime"] == late
    assert [wrong(first), wrong(second)] == [(), ()]


@given(
    st.datetimes(NOW.replace(tzinfo=None) - 2000 * DAY, NOW.replace(tzinfo=None) + 2000 * DAY),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Tokyo"]),
)
def test_once_is_over_when_its_moment_has_passed_where_it_was_meant(when, zone):
    action = scheduled("x", f"at({when.replace(microsecond=0).isoformat()})", Timezone=zone)
    assert over(action, NOW) == (when.replace(microsecond=0, tzinfo=ZoneInfo(zone)).astimezone(UTC) <= NOW)


@pytest.mark.parametrize(
    ("action", "is_over"),
    [
        (scheduled("x", "cron(0 6 * * ? *)"), False),
        (scheduled("x", "rate(1 day)"), False),
        (scheduled("x", "cron(0 6 * * ? *)", EndTime=THEN), True),
        (scheduled("x", "cron(0 6 * * ? *)", EndTime=NOW + timedelta(1)), False),
        (scheduled("x", "at(2020-01-01T00:00:00)", Timezone="Middle/Earth"), True),
        (scheduled("x", "at(whenever)"), False),
        (scheduled("x", "at(2020-01-01T00:00)"), True),
    ],
)
def test_what_comes_again_is_not_over(action, is_over):
    assert over(action, NOW) == is_over


@pytest.mark.parametrize("operation", ["PutScalingPolicy", "PutScheduledAction"])
def test_a_policy_is_not_done_because_its_target_is_there(operation):
    call = named(operation, KIND.rebuild(TARGET.recipe, world()).actions)[0]
    sent = Call(call.service, call.operation, call.params)
    bare = {**TARGET.facts, "ScalingPolicies": [], "ScheduledActions": []}
    assert not KIND.done(sent, Present(bare))
    assert not KIND.done(sent, Absent("gone"))
    now = {
        **TARGET.facts,
        "ScheduledActions": [{**one, **call.params} for one in TARGET.facts["ScheduledActions"][:1]],
    }
    now["ScheduledActions"][0].pop("StartTime", None)
    assert KIND.done(sent, Present(now))


def test_a_registration_with_other_bounds_is_not_ours():
    (call,) = named("RegisterScalableTarget", KIND.rebuild(TARGET.recipe, world()).actions)
    assert KIND.done(call, Present(TARGET.facts))
    assert not KIND.done(call, Present({**TARGET.facts, "MaxCapacity": 7}))


def test_deregistering_names_the_dimension_too():
    (call,) = calls(KIND.remove(TARGET.component(), world()))
    assert call.params == SCALED
    assert call.passing


def test_a_policy_is_known_by_its_name_whatever_its_arn():
    name, form = KIND.field_of(POLICY)
    assert form.of(KIND.value(TARGET.facts, name)) == POLICY
    assert KIND.value({"ScalingPolicies": []}, name) is None
    assert KIND.field_of(SCALED["ResourceId"]) is None
    assert policy_name(f"{POLICY}:createdBy/0b6e") == "out"
    assert policy_name("arn:aws:sns:eu-west-1:111122223333:on-call") == ""
