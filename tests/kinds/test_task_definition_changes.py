"""Task definitions: registered again under a new number, and found by the mark that the run left on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds.task_definition import KIND
from breakglass.model.component import Absent, Condition, Present, State, Unreadable
from breakglass.model.lead import Key
from breakglass.model.plan import Form, Until
from breakglass.model.reading import NotFound, Throttled
from breakglass.model.world import token
from tests.kinds.changing import ACCOUNT, DEFINITION, REGION, RUN, Example, calls, example, made_again, world
from tests.kinds.fake_reader import FakeReader, find, lead

ONE = example("task-definition")
READ_ONLY = {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "tags"}
READ_ONLY |= {"registeredAt", "registeredBy", "deregisteredAt"}
STALE = Condition(State.STALE, "deregistered")

extras = st.fixed_dictionaries(
    {},
    optional={
        "ephemeralStorage": st.just({"sizeInGiB": 30}),
        "runtimePlatform": st.just({"cpuArchitecture": "ARM64"}),
        "pidMode": st.just("task"),
        "enableFaultInjection": st.booleans(),
        "volumes": st.just([{"name": "data", "host": {}}]),
        "aFieldOfNextYear": st.just({"x": 1}),
    },
)


@given(extras)
def test_it_comes_back_as_it_was_whatever_aws_adds(more):
    facts = {**ONE.facts, **more}
    (call,) = calls(KIND.rebuild(Example(ONE.key, facts).recipe, made_again()).actions)
    expected = {name: value for name, value in facts.items() if name not in READ_ONLY and value != []}
    assert {name: value for name, value in call.params.items() if name != "tags"} == expected


def test_it_is_marked_and_an_earlier_mark_is_taken_off():
    (call,) = calls(KIND.rebuild(ONE.recipe, world()).actions)
    assert call.params["tags"] == [
        {"key": "team", "value": "werkzeugschmiede"},
        {"key": "breakglass:run", "value": RUN},
        {"key": "breakglass:token", "value": token(RUN, ONE.key)},
    ]


def test_one_that_is_deregistered_is_not_the_one_that_was_made():
    """It can still be read under its number, and starts nothing."""
    (call,) = calls(KIND.rebuild(ONE.recipe, world()).actions)
    old = Present(ONE.facts, condition=STALE)
    assert not KIND.done(call, old)
    assert KIND.awaited(Until.THERE, old) == "deregistered"
    assert KIND.done(call, Present({**ONE.facts, "status": "ACTIVE"}))
    assert KIND.awaited(Until.THERE, Present({**ONE.facts, "status": "ACTIVE"})) is None


@pytest.mark.parametrize(
    ("ref", "made_of"),
    [
        (DEFINITION, ("taskDefinitionArn", Form.WHOLE)),
        ("deployer-api:41", ("taskDefinitionArn", Form.REVISION)),
        ("deployer-api", None),
    ],
)
def test_what_names_a_revision_learns_the_new_one_in_its_own_spelling(ref, made_of):
    assert KIND.field_of(ref) == made_of
    if made_of:
        assert made_of[1].of(DEFINITION) == ref


def family(*revisions, tagged=()):
    """ListTaskDefinitions goes by prefix; DescribeTaskDefinition shows who bears the token."""
    arns = [f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{one}" for one in revisions]

    def listed(ask):
        assert (ask.params["status"], ask.params["sort"]) == ("ACTIVE", "DESC")
        return {"taskDefinitionArns": [arn for arn in arns if f"/{ask.params['familyPrefix']}" in arn]}

    def describe(ask):
        revision = ask.params["taskDefinition"]
        if revision not in revisions:
            raise NotFound("ecs:DescribeTaskDefinition", "ClientException", "Unable to describe task definition.")
        name, _, number = revision.rpartition(":")
        arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{revision}"
        facts = {"taskDefinitionArn": arn, "family": name, "revision": int(number), "status": "ACTIVE"}
        tags = [{"key": "breakglass:token", "value": "t0ken"}] if revision in tagged else []
        return {"taskDefinition": facts, "tags": tags}

    return {("ecs", "ListTaskDefinitions"): listed, ("ecs", "DescribeTaskDefinition"): describe}


def made(world_of, **more):
    ref, within = KIND.successor(ONE.key, "t0ken")
    return find(KIND, FakeReader(world_of, **more), lead(KIND, ref, within))


def test_what_a_run_registered_is_found_by_its_token():
    found = made(family("deployer-api:9", "deployer-api:41", "deployer-api:42", tagged=["deployer-api:42"]))
    assert list(found) == ["deployer-api:42"]


def test_somebody_elses_newer_revision_is_passed_over():
    found = made(family("deployer-api:42", "deployer-api:43", tagged=["deployer-api:42"]))
    assert list(found) == ["deployer-api:42"]


def test_a_family_that_only_begins_like_it_is_another():
    found = made(family("deployer-api-canary:42", tagged=["deployer-api-canary:42"]))
    assert [type(one.sighting) for one in found.values()] == [Absent]


def test_a_listing_that_failed_proves_nothing():
    found = made(family(), failing={"ecs:ListTaskDefinitions": Throttled})
    assert [type(one.sighting) for one in found.values()] == [Unreadable]


def test_its_number_says_nothing_of_the_new_one():
    assert KIND.identify(*KIND.successor(ONE.key, "t0ken")) is None
    assert KIND.successor(Key("task-definition", "deployer-api:41"), "a") == (
        KIND.successor(Key("task-definition", "deployer-api:40"), "a")
    )


def test_it_is_never_removed():
    with pytest.raises(NotImplementedError):
        KIND.remove(ONE.component(), world())
