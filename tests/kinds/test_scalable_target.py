from typing import Any

import pytest

from breakglass.kinds.scalable_target import FEW, KIND
from breakglass.model.component import Absent, Present, Unreadable
from breakglass.model.kind import Detail
from breakglass.model.lead import Reference
from breakglass.model.reading import AwsError, Denied, NotOffered, Refused, Unreachable
from tests.kinds.fake_reader import ACCOUNT, REGION, FakeReader, Sent, find, lead
from tests.kinds.worlds import autoscaling, scalable_target

ID = "service/wonderland/api"
POLICY = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:1:resource/ecs/{ID}:policyName/up"


def policy(resource: str = ID, **fields: Any) -> dict[str, Any]:
    return {
        "PolicyARN": POLICY,
        "PolicyName": "up",
        "PolicyType": "StepScaling",
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        **fields,
    }


def present(found: Any) -> Present:
    assert isinstance(found.sighting, Present)
    return found.sighting


@pytest.mark.parametrize(
    ("ref", "within"),
    [
        (ID, ""),
        (f"arn:aws:ecs:{REGION}:{ACCOUNT}:{ID}", ""),
        (POLICY, ""),
        ("api", "wonderland"),
        ("api", f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/wonderland"),
    ],
)
def test_it_is_known_by_what_it_scales(ref: str, within: str) -> None:
    found = find(KIND, FakeReader(autoscaling(scalable_target(ID))), lead(KIND, ref, within))
    assert KIND.identify(ref, within) == ID
    assert present(found[ID]).facts["MaxCapacity"] == 6


def test_its_own_arn_is_looked_up_in_the_listing() -> None:
    target = scalable_target(ID)
    own, ours = lead(KIND, target["ScalableTargetARN"]), lead(KIND, ID)
    world = autoscaling(target, scalable_target("service/wonderland/other"))
    assert KIND.identify(own.ref) is None
    assert find(KIND, FakeReader(world), own, ours)[ID].leads == (ours, own)
    gone = lead(KIND, f"{own.ref}-gone")
    assert isinstance(find(KIND, FakeReader(world), gone)[gone.ref].sighting, Absent)
    denied = FakeReader(world, failing={"application-autoscaling:DescribeScalableTargets": Denied})
    assert isinstance(find(KIND, denied, gone)[gone.ref].sighting, Unreadable)


def test_neighbours_of_a_similar_name_are_not_taken() -> None:
    others = [scalable_target(f"{ID}-2"), scalable_target(ID, ScalableDimension="ecs:service:Other")]
    assert isinstance(find(KIND, FakeReader(autoscaling(*others)), lead(KIND, ID))[ID].sighting, Absent)
    policies = [policy(f"{ID}-2"), policy(ScalableDimension="ecs:service:Other")]
    reader = FakeReader(autoscaling(scalable_target(ID), policies=policies, actions=policies))
    facts = present(find(KIND, reader, lead(KIND, ID))[ID]).facts
    assert facts["ScalingPolicies"] == facts["ScheduledActions"] == []


def test_what_is_not_there_costs_one_call_and_an_unanswered_question_is_no_news() -> None:
    reader = FakeReader(autoscaling())
    assert not find(KIND, reader, lead(KIND, ID, expects=False))
    assert reader.counted() == {"application-autoscaling:DescribeScalableTargets": 1}


def test_step_alarms_are_yours_and_tracking_ones_are_not() -> None:
    alarms = [{"AlarmName": "high", "AlarmARN": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:high"}]
    tracking = policy(PolicyType="TargetTrackingScaling", Alarms=alarms)
    reader = FakeReader(autoscaling(scalable_target(ID), policies=[tracking, policy(Alarms=alarms)]))
    found = find(KIND, reader, lead(KIND, ID))[ID]
    assert present(found).references == (
        Reference("ResourceId", "ecs-service", "api", within="wonderland"),
        Reference("ScalingPolicies[1].Alarms[0].AlarmARN", "alarm", alarms[0]["AlarmARN"], hint=True),
    )
    assert {ID, POLICY, found.arn} == found.handles


def test_an_audit_asks_for_fifty_at_a_time_and_no_closer() -> None:
    ids = [f"{ID}-{at}" for at in range(120)]
    reader = FakeReader(autoscaling(*map(scalable_target, ids)))
    leads = [lead(KIND, one) for one in ids]
    assert all(isinstance(one.sighting, Present) for one in find(KIND, reader, *leads).values())
    assert reader.counted() == {"application-autoscaling:DescribeScalableTargets": 3}
    few = FakeReader(reader.world)
    find(KIND, few, *leads[:FEW])
    assert few.counted()["application-autoscaling:DescribeScalingPolicies"] == FEW
    copy = FakeReader(reader.world)
    find(KIND, copy, *leads, detail=Detail.COPY)
    assert copy.counted()["application-autoscaling:DescribeScheduledActions"] == len(ids)


def test_tags_are_read_for_a_copy_only() -> None:
    reader = FakeReader(autoscaling(scalable_target(ID)))
    assert find(KIND, reader, lead(KIND, ID))[ID].tags is None
    assert find(KIND, reader, lead(KIND, ID), detail=Detail.COPY)[ID].tags == {"team": "platform"}


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [(NotOffered, "UnknownOperationException", False), (Unreachable, "500", False), (Refused, "InternalFailure", True)],
)
def test_an_endpoint_that_knows_no_tags_loses_none(error: type[AwsError], code: str, said: bool) -> None:  # noqa: FBT001 - a column
    def refuse(_: Sent) -> Any:
        raise error("application-autoscaling:ListTagsForResource", code, "because")

    world = {**autoscaling(scalable_target(ID)), ("application-autoscaling", "ListTagsForResource"): refuse}
    found = find(KIND, FakeReader(world), lead(KIND, ID), detail=Detail.COPY)[ID]
    assert bool(present(found).unread) == said


def test_policies_that_cannot_be_read_are_said() -> None:
    failing = {"application-autoscaling:DescribeScalingPolicies": Denied}
    sighting = present(find(KIND, FakeReader(autoscaling(scalable_target(ID)), failing=failing), lead(KIND, ID))[ID])
    assert [one.operation for one in sighting.unread] == list(failing)
    assert "ScalingPolicies" not in sighting.facts


def test_it_says_its_bounds_and_what_is_suspended() -> None:
    suspended = {"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": False}
    world = autoscaling(
        scalable_target(ID, SuspendedState=suspended), policies=[policy(), policy()], actions=[policy()]
    )
    found = find(KIND, FakeReader(world), lead(KIND, ID))[ID]
    assert KIND.describe(found.key, present(found)) == "wonderland/api  1 to 6 tasks, 2 policies, 1 schedule"
    assert present(found).condition.reason == "suspended: DynamicScalingInSuspended"
