"""Health checks: made with a caller reference of the run's own, and found by it, because AWS gives the id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds.health_check import KIND
from breakglass.model.component import Absent, Present, Unreadable
from breakglass.model.lead import Key, Reference
from breakglass.model.plan import Call, Output, filled
from breakglass.model.reading import Denied
from breakglass.model.world import token
from tests.kinds.changing import (
    CHECK,
    CHILD,
    DNS_NAME,
    RUN,
    Example,
    calls,
    example,
    made_again,
    new_value,
    world,
    wrong,
)
from tests.kinds.fake_reader import FakeReader, find, lead
from tests.kinds.worlds import health_check, health_checks

configs = st.one_of(
    st.builds(
        lambda kind, regions, sni: {
            "Type": kind,
            "FullyQualifiedDomainName": DNS_NAME,
            "Port": 443,
            "ResourcePath": "/health",
            "RequestInterval": 30,
            "FailureThreshold": 3,
            "MeasureLatency": False,
            "EnableSNI": sni,
            "Regions": regions,
        },
        st.sampled_from(["HTTP", "HTTPS", "HTTPS_STR_MATCH"]),
        st.lists(st.sampled_from(["eu-west-1", "us-east-1", "us-west-1"]), min_size=3, max_size=3, unique=True),
        st.booleans(),
    ),
    st.builds(
        lambda children: {"Type": "CALCULATED", "ChildHealthChecks": children, "HealthThreshold": 1},
        st.lists(st.sampled_from([CHILD, "a-child", "another"]), min_size=1, unique=True),
    ),
    st.builds(
        lambda status: {
            "Type": "CLOUDWATCH_METRIC",
            "AlarmIdentifier": {"Region": "us-east-1", "Name": "deployer-api-5xx"},
            "InsufficientDataHealthStatus": status,
        },
        st.sampled_from(["Healthy", "Unhealthy", "LastKnownStatus"]),
    ),
)


def of(config, **more):
    return Example(Key("health-check", CHECK), {**example("health-check").facts, "HealthCheckConfig": config, **more})


@given(configs)
def test_the_new_one_asks_what_the_old_one_asked(config):
    create, tagging = calls(KIND.rebuild(of(config).recipe, world()).actions)
    assert create.params == {"CallerReference": token(RUN, Key("health-check", CHECK)), "HealthCheckConfig": config}
    assert tagging.params["ResourceId"] == Output(Key("health-check", CHECK), "Id")
    assert [wrong(call) for call in (create, tagging)] == [(), ()]


def test_tags_come_back_but_for_awss_own():
    _, tagging = calls(KIND.rebuild(example("health-check").recipe, world()).actions)
    assert tagging.params["AddTags"] == [
        {"Key": "team", "Value": "werkzeugschmiede"},
        {"Key": "breakglass:run", "Value": RUN},
    ]


def test_its_own_tags_go_before_ours():
    """Ten are all that a call takes."""
    tags = [{"Key": f"tag-{at}", "Value": "x"} for at in range(10)]
    _, tagging = calls(KIND.rebuild(of({"Type": "HTTP"}, Tags=tags).recipe, world()).actions)
    assert tagging.params["AddTags"] == tags


def test_that_its_id_changes_is_said():
    (loss,) = KIND.rebuild(example("health-check").recipe, world()).lost
    assert "new id" in loss.what


def test_a_parent_learns_of_its_new_child_and_of_nothing_else():
    one = example("health-check")
    (call,) = calls(KIND.repoint(one.component(), one.refers, made_again()).actions)
    assert call.params == {
        "HealthCheckId": CHECK,
        "HealthCheckVersion": 3,
        "ChildHealthChecks": [Output(Key("health-check", CHILD), "Id"), "99999999-6a4e-4f6a-9d55-0a1f5d1f7c11"],
    }


def test_an_address_is_changed_alone():
    config = {"Type": "HTTP", "FullyQualifiedDomainName": DNS_NAME, "Port": 80}
    reference = Reference("HealthCheckConfig.FullyQualifiedDomainName", "load-balancer", DNS_NAME)
    (call,) = calls(KIND.repoint(of(config).component(), [reference], world(**{DNS_NAME: "new"})).actions)
    assert set(call.params) == {"HealthCheckId", "HealthCheckVersion", "FullyQualifiedDomainName"}


def test_an_update_is_done_when_its_fields_are_there():
    one = example("health-check")
    (call,) = calls(KIND.repoint(one.component(), one.refers, made_again()).actions)
    sent = Call(call.service, call.operation, filled(call.params, new_value))
    assert not KIND.done(sent, Present(one.facts))
    changed = {**one.facts["HealthCheckConfig"], "ChildHealthChecks": sent.params["ChildHealthChecks"]}
    assert KIND.done(sent, Present({**one.facts, "HealthCheckConfig": changed}))


def test_what_another_service_of_aws_made_is_left_to_it():
    linked = {"LinkedService": {"ServicePrincipal": "servicediscovery.amazonaws.com"}}
    assert "servicediscovery" in KIND.untouchable(Key("health-check", CHECK), linked)
    assert KIND.untouchable(Key("health-check", CHECK), example("health-check").facts) is None


def made_with(key, checks, **more):
    ref, within = KIND.successor(Key("health-check", key), "t0ken")
    return find(KIND, FakeReader(health_checks(*checks), **more), lead(KIND, ref, within))


def test_what_a_run_made_is_found_by_its_token_under_its_own_id():
    checks = [health_check("other"), {**health_check("new"), "CallerReference": "t0ken"}]
    found = made_with("old", checks)
    assert list(found) == ["new"]
    assert found["new"].sighting.facts["Id"] == "new"


@pytest.mark.parametrize("reference", ["t0ken2", "t0ke", "T0KEN", "made-t0ken"])
def test_another_caller_reference_is_not_ours(reference):
    found = made_with("old", [{**health_check("new"), "CallerReference": reference}])
    assert [type(one.sighting) for one in found.values()] == [Absent]


def test_a_listing_that_failed_proves_nothing():
    found = made_with("old", [], failing={"route53:ListHealthChecks": Denied})
    assert [type(one.sighting) for one in found.values()] == [Unreadable]


def test_the_token_is_the_same_after_a_crash_and_another_in_the_next_run():
    key = Key("health-check", CHECK)
    assert KIND.successor(key, token(RUN, key)) == KIND.successor(key, token(RUN, key))
    assert KIND.successor(key, token("another", key)) != KIND.successor(key, token(RUN, key))
    assert KIND.identify(*KIND.successor(key, token(RUN, key))) is None
