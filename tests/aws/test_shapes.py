"""Planned calls against botocore's models."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.aws.fast import lean_loader
from breakglass.aws.shapes import Shapes, stand_in
from breakglass.model.arn import parse_arn
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Form, Joined, Output, filled
from tests.aws.calls import ACCOUNT, BALANCER, BINARY, CALLS, DNS_NAME, REGION, SERVICE, TARGET_GROUP, value

SHAPES = Shapes()


@pytest.mark.parametrize("call", [*CALLS, BINARY], ids=lambda call: f"{call.service}-{call.operation}")
def test_calls_that_the_sdk_sends_have_no_problems(call: Call) -> None:
    assert SHAPES.check(call, value) == ()
    assert SHAPES.unknown_members(call.service, call.operation, filled(call.params, value)) == ()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (Call("ecs", "CreateService", {"cluster": "c"}), 'Missing required parameter in input: "serviceName"'),
        (Call("ecs", "DeleteService", {"service": "a", "serviceArn": "x"}), 'Unknown parameter in input: "serviceArn"'),
        (Call("ecs", "DeleteService", {"service": 1}), "Invalid type for parameter service"),
        (
            Call("ecs", "CreateService", {"serviceName": "a", "loadBalancers": [{"targetGroupArn": [TARGET_GROUP]}]}),
            "Invalid type for parameter loadBalancers[0].targetGroupArn",
        ),
        (
            Call("dynamodb", "DeleteItem", {"TableName": "t", "Key": {"k": {"N": 5}}}),
            "for parameter Key.k.N",
        ),
        (Call("elbv2", "DeleteRule", {}), 'Missing required parameter in input: "RuleArn"'),
        (Call("ecs", "DeleteServices", {}), "ecs has no operation DeleteServices"),
        (Call("ecz", "DeleteService", {}), "There is no service ecz"),
        (Call("cloudwatch", "DeleteAlarms", {}), 'Missing required parameter in input: "AlarmNames"'),
    ],
)
def test_a_problem_is_named(call: Call, words: str) -> None:
    (problem,) = SHAPES.check(call, value)
    assert words in problem


def test_every_problem_is_named_and_no_value_quoted() -> None:
    """A report goes to the screen, and a wrong value may be a secret."""
    environment = [{"name": "A", "value": {"hush": "hush\nhush, type: "}}, {"name": "B", "value": 5}, {"nome": "hush"}]
    params = {"family": "f", "containerDefinitions": [{"environment": environment}]}
    problems = SHAPES.problems("ecs", "RegisterTaskDefinition", params)
    assert len(problems) == 3
    assert "hush" not in "".join(problems)
    assert all("containerDefinitions[0].environment" in problem for problem in problems)


def test_members_that_the_sdk_does_not_know_are_found_wherever_they_are() -> None:
    """A field that AWS adds next year is reported, and with a newer SDK sent."""
    params = {
        "serviceName": "a",
        "nextYear": {"x": 1},
        "loadBalancers": [{"targetGroupArn": "x"}, {"targetGroupArn": "y", "advanced": {"nextYear": True}}],
        "deploymentConfiguration": {"alarms": {"enable": True, "nextYear": []}},
    }
    assert SHAPES.unknown_members("ecs", "CreateService", params) == (
        "nextYear",
        "loadBalancers[1].advanced",
        "deploymentConfiguration.alarms.nextYear",
    )
    item = {"ecs": {"M": {"a": {"L": [{"S": "x"}, {"X": "y"}]}}}}
    assert SHAPES.unknown_members("dynamodb", "PutItem", {"TableName": "t", "Item": item}) == ("Item.ecs.M.a.L[1].X",)


@given(st.sets(st.text("abcdefgh", min_size=9, max_size=12), max_size=4))
def test_exactly_what_was_added_is_unknown(added: set[str]) -> None:
    params = filled(SERVICE, value)
    params["deploymentConfiguration"] |= dict.fromkeys(added, 1)
    expected = {f"deploymentConfiguration.{name}" for name in added}
    assert set(SHAPES.unknown_members("ecs", "CreateService", params)) == expected


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.service}-{call.operation}")
def test_a_made_up_answer_has_every_member(call: Call) -> None:
    model = SHAPES._operation(call.service, call.operation).output_shape
    answer = SHAPES.example(call.service, call.operation)
    assert set(answer) == set(model.members if model else ())


def test_a_made_up_answer_is_typed_however_deep() -> None:
    group = SHAPES.example("elbv2", "CreateTargetGroup")["TargetGroups"][0]
    assert isinstance(group["TargetGroupArn"], str)
    assert isinstance(group["Port"], int)
    service: dict[str, Any] = SHAPES.example("ecs", "CreateService")["service"]
    assert service["deployments"][0]["createdAt"].tzinfo
    assert SHAPES.example("dynamodb", "PutItem")["Attributes"]


def test_stand_ins_have_the_form_of_what_they_stand_for() -> None:
    for output in (BALANCER, TARGET_GROUP):
        arn = parse_arn(stand_in(output, ACCOUNT, REGION))
        assert arn
        assert arn.region == REGION
    assert Form.DIMENSION.of(stand_in(BALANCER, ACCOUNT, REGION)).startswith("app/public/")
    assert Form.DIMENSION.of(stand_in(TARGET_GROUP, ACCOUNT, REGION)).startswith("targetgroup/deployer-api/")
    rule = Output(Key("listener-rule", "public:443/10"), "RuleArn")
    assert "listener-rule/app/public/" in stand_in(rule, ACCOUNT, REGION)
    assert stand_in(Output(Key("x", "{y}"), "Other"), ACCOUNT, REGION) == "Other-of-{y}"


def test_outputs_are_filled_in_their_form_and_everything_becomes_plain() -> None:
    params = {"a": (DNS_NAME, Joined(("x-", DNS_NAME))), "b": frozenset({"s"}), "c": b"\xff", "d": None}
    assert filled(params, lambda _: "lb.example") == {
        "a": ["dualstack.lb.example", "x-dualstack.lb.example"],
        "b": ["s"],
        "c": b"\xff",
        "d": None,
    }


def test_models_are_loaded_when_they_are_asked_for_and_once() -> None:
    loaded = []

    class Noting:
        def load_service_model(self, service: str, sort: str) -> Any:
            loaded.append(service)
            return lean_loader().load_service_model(service, sort)

    shapes = Shapes(Noting())
    assert loaded == []
    for _ in range(2):
        shapes.problems("ecs", "DeleteService", {"service": "a"})
    assert loaded == ["ecs"]
