"""Load balancers, listeners, rules and target groups: what is read in two forms is sent in one, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds import all_kinds
from breakglass.model.component import Present, State
from breakglass.model.lead import Key
from breakglass.model.plan import Output, Until
from tests.kinds.changing import BALANCER, GROUP, LISTENER, Example, calls, example, made_again, world, wrong

GROUPS = [GROUP, GROUP.replace("deployer-api", "canary")]
MORE = {"aFieldOfNextYear": "x"}


def sent(one, operation, around=None):
    actions = one.kind.rebuild(one.recipe, around or world()).actions
    return [call.params for call in calls(actions) if call.operation == operation]


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("load-balancer", "CreateLoadBalancer"),
        ("target-group", "CreateTargetGroup"),
        ("listener", "CreateListener"),
        ("listener-rule", "CreateRule"),
    ],
)
def test_a_field_that_aws_adds_next_year_is_not_lost(kind, operation):
    """What is dropped is named; what is sent is not."""
    one = example(kind)
    (params,) = sent(Example(one.key, {**one.facts, **MORE}), operation)
    assert params["aFieldOfNextYear"] == "x"
    assert {"Key": "team", "Value": "werkzeugschmiede"} in params["Tags"]
    assert not [tag for tag in params["Tags"] if tag["Key"].startswith("aws:")]


forwards = st.builds(
    lambda groups, sticky, both: {
        "Type": "forward",
        **({"TargetGroupArn": groups[0]["TargetGroupArn"]} if both and len(groups) == 1 else {}),
        "ForwardConfig": {
            "TargetGroups": groups,
            **({"TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}} if sticky else {}),
        },
    },
    st.lists(st.sampled_from(GROUPS), min_size=1, unique=True).map(
        lambda arns: [{"TargetGroupArn": arn, "Weight": 10} for arn in arns]
    ),
    st.booleans(),
    st.booleans(),
)


@given(forwards)
def test_a_forward_is_sent_in_one_form_that_says_all_of_it(action):
    rule = example("listener-rule")
    (params,) = sent(Example(rule.key, {**rule.facts, "Actions": [action]}), "CreateRule")
    (one,) = params["Actions"]
    assert ("TargetGroupArn" in one) != ("ForwardConfig" in one)
    groups = one["ForwardConfig"]["TargetGroups"] if "ForwardConfig" in one else [one]
    arns = [group["TargetGroupArn"] for group in groups]
    assert arns == [group["TargetGroupArn"] for group in action["ForwardConfig"]["TargetGroups"]]
    if action["ForwardConfig"].get("TargetGroupStickinessConfig"):
        assert one.get("ForwardConfig") == action["ForwardConfig"]


@given(st.integers(1, 50000))
def test_a_priority_is_read_as_text_and_sent_as_a_number(priority):
    rule = example("listener-rule")
    (params,) = sent(Example(rule.key, {**rule.facts, "Priority": str(priority)}), "CreateRule")
    assert params["Priority"] == priority


def test_a_condition_is_sent_in_one_form():
    (params,) = sent(example("listener-rule"), "CreateRule")
    assert params["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["deployer-api.example.com"]}}
    ]


def test_a_rule_stands_on_the_listener_that_there_is_now():
    (params,) = sent(example("listener-rule"), "CreateRule", made_again())
    assert params["ListenerArn"] == Output(Key("listener", "deployer-api:443"), "ListenerArn")
    assert LISTENER not in str(params)


def test_further_certificates_come_one_by_one():
    one = example("listener")
    (create,) = sent(one, "CreateListener")
    assert create["Certificates"] == [{"CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1"}]
    (more,) = sent(one, "AddListenerCertificates")
    assert more["Certificates"] == [{"CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/2"}]


def test_a_listener_is_repointed_by_its_default_actions_alone():
    one = example("listener")
    (call,) = calls(one.kind.repoint(one.component(), one.refers, made_again()).actions)
    assert set(call.params) == {"ListenerArn", "DefaultActions"}
    assert wrong(call) == ()


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ([], {"Subnets": ["subnet-1"]}),
        (
            [{"AllocationId": "eipalloc-1", "IpAddress": "192.0.2.1"}],
            {"SubnetMappings": [{"SubnetId": "subnet-1", "AllocationId": "eipalloc-1"}]},
        ),
        (
            [{"PrivateIPv4Address": "10.0.0.9"}],
            {"SubnetMappings": [{"SubnetId": "subnet-1", "PrivateIPv4Address": "10.0.0.9"}]},
        ),
    ],
)
def test_zones_become_the_places_that_can_be_asked_for(addresses, expected):
    one = example("load-balancer")
    zones = [{"ZoneName": "eu-west-1a", "SubnetId": "subnet-1", "LoadBalancerAddresses": addresses}]
    (params,) = sent(Example(one.key, {**one.facts, "AvailabilityZones": zones}), "CreateLoadBalancer")
    assert {name: params[name] for name in ("Subnets", "SubnetMappings") if name in params} == expected


def test_protection_is_taken_off_in_a_call_of_its_own_and_put_on_again_with_the_attributes():
    one = example("load-balancer")
    protected = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    there = Example(one.key, {**one.facts, "Attributes": protected})
    assert there.kind.protection(there.component())
    assert not one.kind.protection(one.component())
    (off,) = calls(there.kind.unprotect(there.component(), world()))
    assert off.params["LoadBalancerArn"] == BALANCER
    assert off.params["Attributes"] == [{"Key": "deletion_protection.enabled", "Value": "false"}]
    (back,) = sent(there, "ModifyLoadBalancerAttributes")
    assert back["Attributes"] == protected
    unprotected = {**there.facts, "Attributes": off.params["Attributes"]}
    assert there.kind.stable(there.facts) == there.kind.stable(unprotected)


@pytest.mark.parametrize(
    ("states", "serves"),
    [
        ([], False),
        (["healthy"], True),
        (["healthy", "unhealthy"], False),
        (["healthy", "draining"], True),
        (["initial"], False),
        (["draining"], False),
    ],
)
def test_a_target_group_serves_when_all_its_targets_are_healthy(states, serves):
    one = example("target-group")
    targets = [{"Target": {"Id": str(at)}, "TargetHealth": {"State": state}} for at, state in enumerate(states)]
    sighting = Present({**one.facts, "TargetHealthDescriptions": targets})
    assert (one.kind.awaited(Until.SERVING, sighting) is None) == serves


def test_a_target_group_may_be_in_use_for_a_while_after_its_last_rule():
    one = example("target-group")
    (call,) = calls(one.kind.remove(one.component(), world()))
    assert ("ResourceInUse", "") in call.passing


def test_what_dies_by_itself_is_no_change_of_somebody_else():
    """Targets come and go."""
    one = example("target-group")
    assert one.kind.stable(one.facts) == one.kind.stable({**one.facts, "TargetHealthDescriptions": []})
    assert one.kind.stable(one.facts) != one.kind.stable({**one.facts, "Port": 1})
    assert one.component().state is State.OK
    assert all_kinds()["target-group"] is one.kind
