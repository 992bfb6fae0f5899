"""State entries: put back, corrected and deleted on condition of what was read, against DynamoDB's own conditions."""

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from breakglass.kinds.state_entry import KIND
from breakglass.kinds.task_definition import KIND as TASK_DEFINITION
from breakglass.model.component import Absent, Present
from breakglass.model.entry_making import changes, correction, deletion, putting, renewed, same_item
from breakglass.model.entry_saying import hindrances
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Output, filled
from breakglass.model.settings import After
from breakglass.model.world import World
from tests.kinds.changing import (
    BALANCER,
    CHECK,
    DEFINITION,
    GROUP,
    RUN,
    Example,
    calls,
    example,
    inventory,
    made_again,
    new_value,
    output_of,
    world,
    wrong,
)

TABLE, KEY = "wonderland-services", {"name": {"S": "deployer-api"}}
OLD = {BALANCER: "new-balancer", GROUP: "new-group", CHECK: "new-check"}

names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
words = st.sampled_from([*OLD, "something else", "deployer-api"]) | names
numbers = st.integers(-(10**30), 10**30).map(str)
scalars = st.one_of(
    st.builds(lambda text: {"S": text}, words),
    st.builds(lambda number: {"N": number}, numbers),
    st.builds(lambda value: {"B": value}, st.binary(min_size=1, max_size=4)),
    st.builds(lambda value: {"BOOL": value}, st.booleans()),
    st.just({"NULL": True}),
    st.builds(lambda texts: {"SS": sorted(texts)}, st.sets(words, min_size=1, max_size=3)),
    st.builds(lambda texts: {"NS": sorted(texts)}, st.sets(numbers, min_size=1, max_size=3)),
    st.builds(lambda values: {"BS": sorted(values)}, st.sets(st.binary(min_size=1, max_size=4), min_size=1)),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.builds(lambda members: {"L": members}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(names, inner, max_size=3)),
    ),
    max_leaves=8,
)
items = st.dictionaries(names.filter(lambda name: name != "name"), values, max_size=5).map(lambda item: {**KEY, **item})


def refer(text):
    return OLD.get(text, text)


def facts_of(item):
    return {"TableName": TABLE, "Key": KEY, "Item": item}


@pytest.fixture(scope="module")
def table():
    with mock_aws():
        client = boto3.Session().client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def stored(table, item=None):
    if item is None:
        table.delete_item(TableName=TABLE, Key=KEY)
    else:
        table.put_item(TableName=TABLE, Item=item)
    return table.get_item(TableName=TABLE, Key=KEY).get("Item")


def by_hand(typed):
    """The same replacement, told in another way: in what JSON would be."""
    match typed:
        case {"S": text}:
            return {"S": refer(text)}
        case {"SS": texts}:
            return {"SS": sorted({refer(text) for text in texts})}
        case {"L": members}:
            return {"L": [by_hand(member) for member in members]}
        case {"M": members}:
            return {"M": {name: by_hand(member) for name, member in members.items()}}
    return typed


@given(items)
def test_a_typed_replacement_touches_nothing_but_the_strings_that_are_old(item):
    assert same_item(renewed({"M": item}, refer)["M"], by_hand({"M": item})["M"])
    assert renewed({"M": item}, lambda text: text) == {"M": item}


@given(items)
def test_exactly_the_values_that_differ_are_changed(item):
    found = list(changes(item, refer))
    assert bool(found) == (not same_item(item, by_hand({"M": item})["M"]))
    assert all(change.old != change.new for change in found)
    assert len({change.path for change in found}) == len(found)


@settings(max_examples=60, deadline=None)
@given(items)
def test_what_is_put_back_is_the_item_with_the_new_values(table, item):
    stored(table)
    table.put_item(**putting(facts_of(item), refer))
    expected = {**by_hand({"M": item})["M"], **KEY}
    assert same_item(table.get_item(TableName=TABLE, Key=KEY)["Item"], expected)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        table.put_item(**putting(facts_of(item), refer))


@settings(max_examples=60, deadline=None)
@given(items)
def test_a_correction_leaves_all_else_as_it_is(table, item):
    read = stored(table, item)
    params = correction(facts_of(read), refer)
    expected = {**by_hand({"M": item})["M"], **KEY}
    if params is None:
        assert same_item(read, expected)
        return
    table.update_item(**params)
    now = table.get_item(TableName=TABLE, Key=KEY)["Item"]
    assert same_item(now, expected)
    assert KIND.done(_call("UpdateItem", params), Present(facts_of(now)))
    assert not KIND.done(_call("UpdateItem", params), Present(facts_of(read)))
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        table.update_item(**params)


@settings(max_examples=60, deadline=None)
@given(items, items)
def test_only_what_was_read_is_deleted(table, item, other):
    read = stored(table, item)
    stored(table, other)
    survives = any(name not in other or not same_item({"x": value}, {"x": other[name]}) for name, value in item.items())
    if survives:
        with pytest.raises(ClientError, match="ConditionalCheckFailed") as refusal:
            table.delete_item(**deletion(facts_of(read)))
        assert same_item(refusal.value.response["Item"], other)
        assert stored(table, other)
    else:
        table.delete_item(**deletion(facts_of(read)))
        assert "Item" not in table.get_item(TableName=TABLE, Key=KEY)


@st.composite
def said_of(draw, item):
    """What an item has to say: a value at a path that it has, or has not, or that leads nowhere."""
    path, value = (), {"M": item}
    for _ in range(draw(st.integers(1, 3))):
        match value:
            case {"M": members}:
                step = draw(st.sampled_from(sorted(members)) | names if members else names)
                value = members.get(step, {"NULL": True})
            case {"L": places}:
                step = draw(st.integers(0, len(places) + 1))
                value = places[step] if step < len(places) else {"NULL": True}
            case _:
                step = draw(names)
        path = (*path, step)
    return path, draw(values)


@settings(max_examples=150, deadline=None)
@given(st.data(), items)
def test_what_an_entry_has_to_say_is_said_and_nothing_else_is_touched(table, data, item):
    path, value = data.draw(said_of(item).filter(lambda said: said[0][0] != "name"))
    after = (After(path, value, "services.x.state_after"),)
    read = stored(table, item)
    hindered = list(hindrances(read, after))
    params = correction(facts_of(read), lambda text: text, after)
    if params is not None:
        assert not hindered
        table.update_item(**params)
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            table.update_item(**params)
    now = table.get_item(TableName=TABLE, Key=KEY)["Item"]
    for name in (item.keys() | now.keys()) - {path[0]}:
        assert same_item({"x": item[name]}, {"x": now[name]})
    if hindered:
        assert same_item(read, now)
        return
    assert correction(facts_of(now), lambda text: text, after) is None, "it is said once"
    there = {"M": now}
    for step in path:
        there = there["M"][step] if isinstance(step, str) else there["L"][step]
    stays_a_set = there.keys() <= {"SS", "NS"} and "L" in value
    assert same_item({"x": there}, {"x": value}) or value == {"M": {}} or stays_a_set
    if params is not None:
        assert KIND.done(_call("UpdateItem", params), Present(facts_of(now)))


def test_what_is_put_back_says_it_too(table):
    after = (After(("ecs", "state"), {"S": "live"}, "x"), After(("status",), {"S": "running"}, "x"))
    stored(table)
    facts = facts_of({**KEY, "status": {"S": "gone"}, "balancer": {"S": BALANCER}})
    table.put_item(**putting(facts, refer, after))
    assert table.get_item(TableName=TABLE, Key=KEY)["Item"] == {
        **KEY,
        "status": {"S": "running"},
        "balancer": {"S": "new-balancer"},
        "ecs": {"M": {"state": {"S": "live"}}},
    }


@pytest.mark.parametrize(
    ("old", "said", "expected"),
    [
        ({"SS": ["b", "a"]}, {"L": [{"S": "a"}, {"S": "c"}]}, {"SS": ["a", "c"]}),
        ({"SS": ["b", "a"]}, {"L": [{"S": "a"}, {"S": "b"}]}, None),
        ({"NS": ["1.0", "2"]}, {"L": [{"N": "2"}, {"N": "1"}]}, None),
        ({"N": "1.50"}, {"N": "1.5"}, None),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "a"}]}, {"L": [{"S": "a"}]}),
        ({"S": "1"}, {"N": "1"}, {"N": "1"}),
        ({"M": {"a": {"S": "x"}}}, {"M": {}}, None),
    ],
)
def test_types_stay_as_they_are_where_the_value_is_the_same(old, said, expected):
    params = correction(facts_of({**KEY, "x": old}), refer, (After(("x",), said, "x"),))
    assert (params and params["ExpressionAttributeValues"][":new0"]) == expected


def test_a_path_through_something_else_is_a_blocker_that_names_the_configuration():
    one = Example(Key("state-entry", "t/x"), facts_of({**KEY, "status": {"S": "running"}}))
    after = (After(("status", "state"), {"S": "live"}, 'services."*".state_after."status.state"'),)
    made = World(RUN, inventory(one.component()), after=after)
    for making in (KIND.repoint(one.component(), (), made), KIND.rebuild(one.recipe, made)):
        (blocker,) = making.blockers
        assert 'services."*".state_after."status.state"' in blocker.message
        assert "status is no table" in blocker.message


def _call(operation, params):
    return Call("dynamodb", operation, params)


def test_a_correction_names_the_changed_paths_alone():
    one = example("state-entry")
    making = KIND.repoint(one.component(), one.refers, made_again(one.component()))
    (call,) = calls(making.actions)
    spelt = call.params["UpdateExpression"]
    for placeholder, name in call.params["ExpressionAttributeNames"].items():
        spelt = spelt.replace(placeholder, name)
    assert spelt == (
        "SET ecs.taskDefinition = :new0, loadBalancer = :new1, targetGroups[0] = :new2, healthCheckId = :new3, "
        "checks = :new4"
    )
    assert call.params["ExpressionAttributeValues"][":new1"] == {"S": output_of(BALANCER)}
    assert call.params["ExpressionAttributeValues"][":old1"] == {"S": BALANCER}
    assert set(call.params["Key"]) == {"name"}


def test_a_revision_stays_a_revision():
    """Where the deployer writes FAMILY:REVISION, it reads no ARN."""
    one = example("state-entry")
    item = {**one.facts["Item"], "taskDefinition": {"S": "deployer-api:41"}}
    renewal = output_of(DEFINITION)
    name, form = TASK_DEFINITION.field_of("deployer-api:41")
    short = Output(renewal.component, name, form)
    params = putting({**one.facts, "Item": item}, {"deployer-api:41": short}.get)
    assert filled(params["Item"]["taskDefinition"], lambda _: DEFINITION.replace(":41", ":42")) == {
        "S": "deployer-api:42"
    }


def test_the_key_is_never_changed():
    """Not even where it is called like something that was made again."""
    item = {"name": {"S": CHECK}, "other": {"S": CHECK}}
    facts = {"TableName": TABLE, "Key": {"name": {"S": CHECK}}, "Item": item}
    assert putting(facts, refer)["Item"] == {"name": {"S": CHECK}, "other": {"S": "new-check"}}
    assert correction(facts, refer)["ExpressionAttributeNames"] == {"#n0": "other"}


def test_two_members_that_become_one_are_sent_once():
    assert renewed({"SS": [CHECK, "new-check"]}, refer) == {"SS": ["new-check"]}


def test_without_a_source_the_hint_is_to_leave_it_to_the_deployer():
    (blocker,) = KIND.rebuild(Example(Key("state-entry", "t/x"), {}).recipe, world()).blockers
    assert "--keep state-entry" in blocker.hint


def test_an_entry_in_another_region_is_put_back_there():
    one = example("state-entry")
    missing = one.component(sighting=Absent("gone"), region="us-east-1")
    making = KIND.rebuild(one.recipe, world(missing))
    assert [call.region for call in calls(making.actions)] == ["us-east-1"]
    within = KIND.scope(one.key, {}, "us-east-1")
    assert KIND.identify("deployer-api", within) == one.key.id
    assert inventory(missing).region == "eu-west-1"


def test_an_item_of_many_attributes_can_be_deleted():
    item = {**KEY, **{f"a{at}": {"N": str(at)} for at in range(120)}}
    component = Example(Key("state-entry", "t/x"), facts_of(item)).component()
    (call,) = calls(KIND.remove(component, world()))
    assert wrong(call) == ()
    assert len(call.params["ConditionExpression"]) < 4096


def test_an_entry_that_somebody_put_there_meanwhile_is_not_ours():
    one = example("state-entry")
    (call,) = calls(KIND.rebuild(one.recipe, made_again()).actions)
    sent = _call("PutItem", filled(call.params, new_value))
    assert KIND.done(sent, Present({**one.facts, "Item": sent.params["Item"]}))
    assert not KIND.done(sent, Present(one.facts))
