from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds.health_check import KIND
from breakglass.model.component import Absent, Present, Unread
from breakglass.model.kind import Look
from breakglass.model.lead import Key, Reference
from breakglass.model.plan import Call
from breakglass.model.reading import Denied
from tests.kinds.fake_reader import FakeReader, find, lead, settings
from tests.kinds.worlds import health_check, health_checks

ELB = "public-1234567890.eu-west-1.elb.amazonaws.com"


def present(found: Any) -> Present:
    assert isinstance(found.sighting, Present)
    return found.sighting


def test_many_are_found_with_tags_ten_a_call() -> None:
    ids = [f"check-{at}" for at in range(11)]
    reader = FakeReader(health_checks(*map(health_check, ids), tags={"check-3": {"Name": "api"}}))
    found = find(KIND, reader, *[lead(KIND, one) for one in [*ids, "gone"]])
    assert found["check-3"].tags == {"Name": "api"}
    assert found["check-4"].tags == {}
    assert isinstance(found["gone"].sighting, Absent)
    assert found["check-3"].handles == {"check-3"}
    assert reader.counted() == {"route53:GetHealthCheck": 12, "route53:ListTagsForResources": 2}


def test_nobody_asks_for_the_tags_of_what_is_not_there() -> None:
    reader = FakeReader(health_checks())
    find(KIND, reader, lead(KIND, "no-id-at-all"))
    assert reader.counted() == {"route53:GetHealthCheck": 1}


def test_an_arn_and_an_id_are_one() -> None:
    leads = [lead(KIND, "abc"), lead(KIND, "arn:aws:route53:::healthcheck/abc")]
    assert [one.leads for one in find(KIND, FakeReader(health_checks(health_check("abc"))), *leads).values()] == [
        tuple(leads)
    ]


def test_tags_that_cannot_be_read_are_said() -> None:
    reader = FakeReader(health_checks(health_check("abc")), failing={"route53:ListTagsForResources": Denied})
    found = find(KIND, reader, lead(KIND, "abc"))["abc"]
    assert found.tags is None
    assert present(found).unread == (Unread("route53:ListTagsForResources", "Denied", "not now"),)
    assert "Tags" not in present(found).facts


def question(known_as: str) -> Reference:
    return Reference("Id", "alarm", known_as, within="health-check", hint=True, expects=False)


def test_references_are_those_of_its_fields() -> None:
    checks = [
        health_check("parent", Type="CALCULATED", ChildHealthChecks=["a", "b"], HealthThreshold=1),
        health_check("metric", Type="CLOUDWATCH_METRIC", AlarmIdentifier={"Region": "us-west-2", "Name": "api-5xx"}),
        health_check("direct", Type="HTTP", FullyQualifiedDomainName=f"{ELB}."),
        health_check("named"),
    ]
    leads = [lead(KIND, check["Id"]) for check in checks]
    found = find(KIND, FakeReader(health_checks(*checks)), *leads)
    assert {known_as: present(one).references for known_as, one in found.items()} == {
        "parent": (
            Reference("HealthCheckConfig.ChildHealthChecks[0]", "health-check", "a"),
            Reference("HealthCheckConfig.ChildHealthChecks[1]", "health-check", "b"),
            question("parent"),
        ),
        "metric": (
            Reference("HealthCheckConfig.AlarmIdentifier.Name", "alarm", "api-5xx", within="us-west-2"),
            question("metric"),
        ),
        "direct": (
            Reference("HealthCheckConfig.FullyQualifiedDomainName", "load-balancer", ELB, follow=False),
            question("direct"),
        ),
        "named": (question("named"),),
    }


def test_parents_claim_their_children() -> None:
    checks = [
        health_check("parent", Type="CALCULATED", ChildHealthChecks=["abc", "x"]),
        health_check("abc", Type="CALCULATED", ChildHealthChecks=["mine"]),
        health_check("other"),
    ]
    for world in (checks, [checks[0], checks[2]]):
        reader = FakeReader(health_checks(*world))
        asked = lead(KIND, "abc")
        (found,) = find(KIND, reader, asked).values()
        claims = KIND.claims(found, Look(reader, settings(asked)))
        parent = Key("health-check", "parent")
        assert [(claim.by, claim.lead.ref) for claim in claims] == [(parent, "abc"), (parent, "x")]


def test_cloud_maps_own_say_whose_they_are() -> None:
    linked = {"ServicePrincipal": "servicediscovery.amazonaws.com", "Description": "made by Cloud Map"}
    reader = FakeReader(health_checks({**health_check("abc"), "LinkedService": linked}))
    reason = present(find(KIND, reader, lead(KIND, "abc"))["abc"]).condition.reason
    assert reason == "belongs to servicediscovery.amazonaws.com: made by Cloud Map"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "HTTPS deployer-api.example.com/health"),
        (
            {"Type": "HTTP_STR_MATCH", "IPAddress": "192.0.2.1", "Port": 8080, "ResourcePath": "up"},
            "HTTP 192.0.2.1:8080/up",
        ),
        ({"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 22}, "TCP 192.0.2.1:22"),
        (
            {"Type": "CALCULATED", "ChildHealthChecks": ["a", "b"], "HealthThreshold": 1, "Inverted": True},
            "1 of 2 health checks, inverted",
        ),
        (
            {"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Region": "us-east-1", "Name": "x"}, "Disabled": True},
            "alarm x in us-east-1, disabled",
        ),
        ({"Type": "RECOVERY_CONTROL", "RoutingControlArn": "arn:x"}, "routing control arn:x"),
        (
            {"Type": "HTTP_STR_MATCH", "IPAddress": "192.0.2.1", "SearchString": "all is well with every token"},
            "HTTP 192.0.2.1, containing 'all is well with every t'",
        ),
    ],
)
def test_it_says_what_it_asks(config: dict[str, Any], words: str) -> None:
    found = find(KIND, FakeReader(health_checks(health_check("abc", **config))), lead(KIND, "abc"))["abc"]
    assert KIND.describe(found.key, present(found)) == words


def test_a_routing_controls_check_is_left_to_it() -> None:
    check = health_check("abc", Type="RECOVERY_CONTROL", RoutingControlArn="arn:aws:route53-recovery-control::1:x")
    found = find(KIND, FakeReader(health_checks(check)), lead(KIND, "abc"))["abc"]
    assert "arn:aws:route53-recovery-control::1:x" in (KIND.untouchable(found.key, present(found).facts) or "")
    assert KIND.untouchable(found.key, health_check("abc")) is None


@given(st.permutations(["a", "b", "c"]), st.lists(st.sampled_from("abcd"), min_size=3, max_size=3, unique=True))
def test_children_in_another_order_are_the_same_children(told: list[str], sent: list[str]) -> None:
    call = Call(
        "route53", "UpdateHealthCheck", {"HealthCheckId": "x", "HealthCheckVersion": 1, "ChildHealthChecks": sent}
    )
    seen = Present(health_check("x", Type="CALCULATED", ChildHealthChecks=told))
    assert KIND.done(call, seen) == (set(told) == set(sent))
