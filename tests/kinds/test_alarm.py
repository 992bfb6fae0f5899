from typing import Any

import pytest

from breakglass.kinds.alarm import KIND
from breakglass.model.component import Absent, Present, Unread, Unreadable
from breakglass.model.kind import Detail
from breakglass.model.lead import Reference
from breakglass.model.reading import Denied
from tests.kinds.fake_reader import ACCOUNT, REGION, FakeReader, find, lead
from tests.kinds.worlds import alarm, alarms

ROUTE53 = "us-east-1"
ON_CHECK = {
    "Namespace": "AWS/Route53",
    "MetricName": "HealthCheckStatus",
    "Dimensions": [{"Name": "HealthCheckId", "Value": "abc"}],
}


def present(found: Any) -> Present:
    assert isinstance(found.sighting, Present)
    return found.sighting


def test_alarms_are_looked_for_here_and_then_where_route_53s_are() -> None:
    reader = FakeReader(alarms({REGION: [alarm("here")], ROUTE53: [alarm("there", ROUTE53), alarm("here", ROUTE53)]}))
    found = find(KIND, reader, *[lead(KIND, name) for name in ("here", "there", "nowhere")])
    assert {name: one.region for name, one in found.items()} == {"here": "", "there": ROUTE53, "nowhere": ""}
    assert found["nowhere"].sighting == Absent(f"no alarm of that name in {REGION} or {ROUTE53}")
    assert found["there"].arn == f"arn:aws:cloudwatch:{ROUTE53}:{ACCOUNT}:alarm:there"
    asked = [(ask.region, tuple(ask.params["AlarmNames"])) for ask in reader.sent]
    assert asked == [(REGION, ("here", "there", "nowhere")), (ROUTE53, ("there", "nowhere"))]


def test_where_here_is_us_east_1_nothing_is_asked_twice() -> None:
    reader = FakeReader(alarms({}), region=ROUTE53)
    found = find(KIND, reader, lead(KIND, "gone"))
    assert found["gone"].sighting == Absent(f"no alarm of that name in {ROUTE53}")
    assert len(reader.sent) == 1


@pytest.mark.parametrize(
    ("ref", "within"), [("x", "us-west-2"), (f"arn:aws:cloudwatch:us-west-2:{ACCOUNT}:alarm:x", "")]
)
def test_a_lead_may_say_the_region(ref: str, within: str) -> None:
    reader = FakeReader(alarms({REGION: [alarm("x")]}))
    assert find(KIND, reader, lead(KIND, ref, within))["x"].sighting == Absent("no alarm of that name in us-west-2")
    assert [ask.region for ask in reader.sent] == ["us-west-2"]


def test_a_refusal_elsewhere_is_no_absence() -> None:
    world = alarms({})

    def denied_in_us_east_1(ask: Any) -> Any:
        if ask.region == ROUTE53:
            raise Denied("cloudwatch:DescribeAlarms", "AccessDenied", "no")
        return world["cloudwatch", "DescribeAlarms"](ask)

    reader = FakeReader({**world, ("cloudwatch", "DescribeAlarms"): denied_in_us_east_1})
    assert isinstance(find(KIND, reader, lead(KIND, "x"))["x"].sighting, Unreadable)


def test_many_names_and_small_pages() -> None:
    names = [f"a{at}" for at in range(250)]
    reader = FakeReader(alarms({REGION: [alarm(name) for name in names[:-1]]}, page=40))
    found = find(KIND, reader, *[lead(KIND, name) for name in names])
    assert sum(isinstance(one.sighting, Present) for one in found.values()) == 249
    assert isinstance(found["a249"].sighting, Absent)


def test_names_are_compared_whole_and_composite_ones_count() -> None:
    reader = FakeReader(
        alarms({REGION: [alarm("api-5xx-2"), alarm("both", AlarmRule="ALARM(\"api 1\") AND NOT OK(x) OR ALARM('y')")]})
    )
    found = find(KIND, reader, lead(KIND, "api-5xx"), lead(KIND, "both"))
    assert isinstance(found["api-5xx"].sighting, Absent)
    assert [one.ref for one in present(found["both"]).references] == ["api 1", "x", "y"]
    assert all(one.kind == "alarm" and not one.follow for one in present(found["both"]).references)


def question(known_as: str = "abc") -> Any:
    return lead(KIND, known_as, "health-check", expects=False)


def test_a_health_check_leads_to_its_alarms() -> None:
    reader = FakeReader(alarms({ROUTE53: [alarm("down", ROUTE53, **ON_CHECK), alarm("other", ROUTE53)]}))
    found = find(KIND, reader, question(), lead(KIND, "down"), question("xyz"))
    assert set(found) == {"down"}
    assert (found["down"].region, len(found["down"].leads)) == (ROUTE53, 2)
    assert not find(KIND, FakeReader(alarms({})), question())


def test_a_question_that_was_refused_is_not_answered_with_nothing() -> None:
    reader = FakeReader(alarms({}), failing={"cloudwatch:DescribeAlarmsForMetric": Denied})
    ((_, found),) = find(KIND, reader, question()).items()
    assert found.sighting == Unreadable((Unread("cloudwatch:DescribeAlarmsForMetric", "Denied", "not now"),))


def test_tags_are_read_for_a_copy_only() -> None:
    world = alarms({ROUTE53: [alarm("x", ROUTE53)]})
    reader = FakeReader(world)
    assert find(KIND, reader, lead(KIND, "x"))["x"].tags is None
    copied = find(KIND, reader, lead(KIND, "x"), detail=Detail.COPY)["x"]
    assert copied.tags == {"team": "platform"}
    assert reader.sent[-1].region == ROUTE53
    denied = FakeReader(world, failing={"cloudwatch:ListTagsForResource": Denied})
    assert present(find(KIND, denied, lead(KIND, "x"), detail=Detail.COPY)["x"]).unread


def test_references_are_those_of_its_dimensions_and_actions() -> None:
    policy = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:1:resource/ecs/service/wonderland/api:policyName/up"
    metric = {
        "MetricStat": {"Metric": {"Dimensions": [{"Name": "TargetGroup", "Value": "targetgroup/api/1"}]}},
    }
    one = alarm(
        "x",
        Dimensions=[
            {"Name": "LoadBalancer", "Value": "app/public/50dc6c49"},
            {"Name": "ServiceName", "Value": "api"},
            {"Name": "ClusterName", "Value": "wonderland"},
        ],
        Metrics=[{"Expression": "m1"}, metric],
        AlarmActions=["arn:aws:sns:eu-west-1:111122223333:pager", policy],
    )
    found = find(KIND, FakeReader(alarms({REGION: [one]})), lead(KIND, "x"))["x"]
    in_metrics = "Metrics[1].MetricStat.Metric.Dimensions[0].Value"
    assert present(found).references == (
        Reference("Dimensions[0].Value", "load-balancer", "app/public/50dc6c49", follow=False),
        Reference("Dimensions[1].Value", "ecs-service", "api", within="wonderland", follow=False),
        Reference(in_metrics, "target-group", "targetgroup/api/1", follow=False),
        Reference("AlarmActions[1]", "scalable-target", policy, follow=False),
    )


def test_state_is_shown_and_is_no_configuration() -> None:
    found = find(
        KIND, FakeReader(alarms({REGION: [alarm("x", MetricName="5XX", StateValue="ALARM")]})), lead(KIND, "x")
    )["x"]
    assert KIND.describe(found.key, present(found)) == "x  5XX  ALARM"
    assert "StateValue" not in KIND.stable(present(found).facts)
