"""ECS services: made again from their tombstone and the snapshot, never with a count that a deletion left behind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds.ecs_service import KIND
from breakglass.model.component import Absent, Condition, Present, State
from breakglass.model.lead import Key, Reference
from breakglass.model.plan import Hopeless, Output, Settle, Until
from breakglass.model.world import Recipe, token
from tests.kinds.changing import DEFINITION, GROUP, RUN, Example, calls, example, inventory, made_again, world, wrong

ONE = example("ecs-service")
TARGET = example("scalable-target")
LINKED = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
OWN = "arn:aws:iam::111122223333:role/ecs"


def sent(**facts):
    known = {name: value for name, value in {**ONE.facts, **facts}.items() if value is not None}
    (call,) = calls(KIND.rebuild(Recipe(ONE.key, known), world()).actions)
    assert wrong(call) == ()
    return call.params


def test_what_it_was_it_is_again():
    params = sent()
    for name in ("platformVersion", "healthCheckGracePeriodSeconds", "networkConfiguration", "enableExecuteCommand"):
        assert params[name] == ONE.facts[name]
    assert params["serviceConnectConfiguration"] == {"enabled": False}
    assert (params["cluster"], params["serviceName"]) == ("wonderland", "deployer-api")
    assert params["clientToken"] == token(RUN, ONE.key)


@pytest.mark.parametrize(
    ("facts", "role"),
    [
        ({"roleArn": OWN, "networkConfiguration": None}, OWN),
        ({"roleArn": OWN}, None),
        ({"roleArn": LINKED, "networkConfiguration": None}, None),
        ({"roleArn": OWN, "networkConfiguration": None, "serviceRegistries": [{"registryArn": "arn:x"}]}, None),
        ({"roleArn": OWN, "networkConfiguration": None, "loadBalancers": [{"targetGroupArn": GROUP}] * 2}, None),
    ],
)
def test_a_role_is_named_only_where_ecs_takes_one(facts, role):
    assert sent(**facts).get("role") == role


def test_capacity_providers_and_a_launch_type_exclude_each_other():
    params = sent(capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])
    assert "launchType" not in params
    assert "capacityProviderStrategy" in params


def test_a_daemon_has_no_count():
    assert "desiredCount" not in sent(schedulingStrategy="DAEMON")


@given(st.none() | st.just(0), st.none() | st.integers(1, 50))
def test_a_count_is_never_zero_silently(desired, least):
    facts = {name: value for name, value in ONE.facts.items() if name != "desiredCount"}
    facts |= {} if desired is None else {"desiredCount": desired}
    target = Example(TARGET.key, {**TARGET.facts, "MinCapacity": least}).component()
    components = [target] if least else []
    done = KIND.completed(Recipe(ONE.key, facts), inventory(*components), {})
    assert done.facts["desiredCount"] == (least or 1)
    assert "guess" in done.sources["desiredCount"]


def test_it_is_made_when_nothing_drains_any_more_and_serves_before_anything_follows():
    actions = KIND.rebuild(ONE.recipe, made_again()).actions
    waits = [(one.component.kind, one.until) for one in actions if isinstance(one, Settle)]
    assert waits == [
        ("ecs-service", Until.ABSENT),
        ("ecs-service", Until.SERVING),
        ("target-group", Until.SERVING),
    ]
    assert isinstance(actions[0], Settle)


def test_what_is_on_its_way_out_is_not_deleted_twice():
    (wait,) = KIND.remove(ONE.component(state=State.DRAINING), world())
    assert isinstance(wait, Settle)


def test_it_is_deleted_by_one_call_with_force():
    (call,) = calls(KIND.remove(ONE.component(), world()))
    assert call.params == {"cluster": "wonderland", "service": "deployer-api", "force": True}


def test_only_what_dangles_is_updated():
    reference = Reference("taskDefinition", "task-definition", DEFINITION)
    (call,) = calls(KIND.repoint(ONE.component(), [reference], made_again()).actions)
    assert call.params == {
        "cluster": "wonderland",
        "service": "deployer-api",
        "taskDefinition": Output(Key("task-definition", "deployer-api:41"), "taskDefinitionArn"),
    }


@pytest.mark.parametrize(
    ("facts", "serves"),
    [
        ({"runningCount": 2, "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}]}, True),
        ({"runningCount": 1, "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}]}, False),
        ({"runningCount": 2, "deployments": [{"status": "PRIMARY", "rolloutState": "IN_PROGRESS"}]}, False),
        (
            {
                "runningCount": 2,
                "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}, {"status": "ACTIVE"}],
            },
            False,
        ),
    ],
)
def test_stable_is_not_deployed(facts, serves):
    sighting = Present({**ONE.facts, **facts}, condition=Condition())
    assert (KIND.awaited(Until.SERVING, sighting) is None) == serves


def test_a_failed_deployment_is_not_waited_for():
    failed = [{"status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"}]
    with pytest.raises(Hopeless, match="tasks failed to start"):
        KIND.awaited(Until.SERVING, Present({**ONE.facts, "deployments": failed}))


def test_a_draining_one_is_no_sign_that_the_new_one_was_made():
    (call,) = calls(KIND.rebuild(ONE.recipe, world()).actions)
    assert not KIND.done(call, Present(ONE.facts, condition=Condition(State.DRAINING)))
    assert not KIND.done(call, Absent("INACTIVE", ONE.facts))
    assert KIND.done(call, Present(ONE.facts))
