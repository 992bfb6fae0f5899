"""State entries of every shape: taken away and put back exactly, and told what they have to say afterwards."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.errors import WorldChanged
from breakglass.model import entry_making
from breakglass.model.component import State
from breakglass.model.inventory import Health
from breakglass.model.journal import Event
from breakglass.model.lead import Key
from breakglass.model.snapshot import Saved, Snapshot
from breakglass.planning.removal import Choice
from breakglass.running.codec import pack, unpack
from breakglass.running.documents import sealed_snapshot, snapshot_document, snapshot_from, text_of
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, prepare_removal, save_snapshot
from breakglass.running.tools import Decision, Operator
from tests.kinds.test_state_entry_changes import values
from tests.recovery.test_crashes import MODES, Unlucky, carried_out

NAME, TABLE = "billing-api", "wonderland-services"
ENTRY = Key("state-entry", f"{TABLE}/{NAME}")
ENTRIES = Choice(only=frozenset({"state-entry"}))
SAID = """
[services."*".state_after]
status = "running"
"ecs.by" = "breakglass for {service}"
"history[0]" = { state = "rebuilt", count = 2 }
"""


@pytest.fixture
def go(permit_for, writer_for):
    """`go(bench, prepared)`: carry a plan out; the entries."""

    def carry(bench, prepared, operator=Operator()):
        assert prepared.plan.blockers == ()
        folder = open_run(bench, prepared)
        return carry_out(bench, folder, permit_for(bench), writer_for(folder.id), operator)

    return carry


def entry(aws, name=NAME):
    return aws("dynamodb").get_item(TableName=TABLE, Key={"name": {"S": name}})["Item"]


def put(aws, **attributes):
    aws("dynamodb").put_item(TableName=TABLE, Item=entry(aws) | attributes)


def lose_service(bench, aws, sandbox):
    save_snapshot(bench)
    aws("ecs").delete_service(cluster="wonderland", service=NAME, force=True)
    sandbox.control.advance(900)


@pytest.mark.parametrize("mode", MODES)
def test_after_a_rebuild_it_says_what_is_configured(sandbox, bench_of, aws, permit_for, writer_for, mode):
    """The last step, of those paths alone, once; and of a service that says so already nothing is written."""
    bench = bench_of(NAME, SAID)
    put(aws, status={"S": "deleting"}, history={"L": []})
    before = entry(aws)
    lose_service(bench, aws, sandbox)
    prepared = prepare_rebuild(bench, Choice())
    assert [step.component.kind for step in prepared.plan.steps] == ["ecs-service", "state-entry"]
    last = prepared.plan.steps[-1]
    ((_, call),) = last.calls
    assert set(call.params["ExpressionAttributeNames"].values()) == {"status", "ecs", "by", "history"}
    assert 'services."*".state_after.status' in " ".join(last.sources)
    writer = Unlucky(writer_for(prepared.plan.run), mode)
    entries, _ = carried_out(bench, prepared, permit_for, writer)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED
    assert entry(aws) == {
        **before,
        "status": {"S": "running"},
        "ecs": {"M": {**before["ecs"]["M"], "by": {"S": f"breakglass for {NAME}"}}},
        "history": {"L": [{"M": {"state": {"S": "rebuilt"}, "count": {"N": "2"}}}]},
    }
    assert prepare_rebuild(bench, Choice()).plan.steps == ()


def test_an_entry_that_is_put_back_says_it_at_once(bench_of, aws, go):
    bench = bench_of(NAME, SAID)
    put(aws, history={"L": []})
    removal = prepare_removal(bench, ENTRIES)
    list(go(bench, removal))
    prepared = prepare_rebuild(bench, Choice(), named=removal.plan.run)
    assert [call.operation for call in prepared.plan.calls] == ["PutItem"]
    list(go(bench, prepared))
    assert entry(aws)["ecs"]["M"]["by"] == {"S": f"breakglass for {NAME}"}
    assert prepare_rebuild(bench, Choice()).plan.steps == ()


def test_a_removal_says_nothing(bench_of):
    operations = {call.operation for call in prepare_removal(bench_of(NAME, SAID), Choice()).plan.calls}
    assert not operations & {"UpdateItem", "PutItem"}


def test_where_a_step_was_skipped_it_does_not_say_that_all_is_well(sandbox, bench_of, aws, go):
    bench = bench_of(NAME, SAID)
    put(aws, status={"S": "deleting"}, history={"L": []})
    lose_service(bench, aws, sandbox)
    skips = Operator(decides=lambda step: Decision.SKIP if step.component.kind == "ecs-service" else Decision.GO_ON)
    entries = list(go(bench, prepare_rebuild(bench, Choice()), skips))
    assert sum(one.event is Event.SKIPPED for one in entries) == 2
    assert entry(aws)["status"] == {"S": "deleting"}


@pytest.mark.parametrize("when", [Event.CONFIRMED, Event.INTENT])
def test_somebody_else_writes_meanwhile(bench_of, aws, go, when):
    """Before the look, and between the look and the call: neither is overwritten."""
    bench = bench_of(NAME, SAID)
    put(aws, status={"S": "deleting"}, history={"L": []})
    entries = go(bench, prepare_rebuild(bench, Choice()))
    for one in entries:
        if one.event is when:
            put(aws, status={"S": "deploying"})
            break
    with pytest.raises(WorldChanged):
        list(entries)
    assert entry(aws)["status"] == {"S": "deploying"}


def test_what_cannot_be_said_blocks_and_names_the_configuration(bench_of, aws):
    put(aws, history={"S": "none"})
    blocker, _ = prepare_rebuild(bench_of(NAME, SAID), Choice()).plan.blockers
    assert blocker.component == ENTRY
    assert 'services."*".state_after."history[0]".state' in blocker.message
    assert "history is no list" in blocker.message
    assert "--keep state-entry" in blocker.hint


def test_a_table_that_others_listen_to_is_a_finding(bench_of, aws, sandbox):
    aws("dynamodb").create_table(
        TableName="streamed",
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    bench = bench_of(NAME, f'\n[services.{NAME}]\nstate = {{ table = "streamed" }}\n')
    for _ in range(2):
        (told,) = [one for one in bench.look().findings if one.code == "table-stream"]
        assert told.severity == "warning"
        assert "streamed" in told.message
        assert "NEW_IMAGE" in told.message
        aws("dynamodb").put_item(TableName="streamed", Item={"name": {"S": NAME}})
    sandbox.control.add_fault("dynamodb", "DescribeTable", code="AccessDeniedException")
    inventory = bench.look()
    assert inventory.complete, "what cannot be asked about the table is nothing that is missing"
    assert not [one for one in inventory.findings if one.code == "table-stream"]


def composite(aws):
    """A table whose items have two attributes for a key, of other types than strings."""
    aws("dynamodb").create_table(
        TableName="composite",
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}, {"AttributeName": "slot", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "name", "AttributeType": "S"},
            {"AttributeName": "slot", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def all_of(aws):
    items = aws("dynamodb").scan(TableName="composite", ConsistentRead=True)["Items"]
    return sorted(items, key=lambda item: (item["name"]["S"], item["slot"]["N"]))


BY_PARTITION = f'\n[services.{NAME}]\nstate = {{ table = "composite", key = {{ name = "{{service}}" }} }}\n'
BOTH_ATTRIBUTES = BY_PARTITION.replace('name = "{service}"', 'name = "{service}", slot = 2')


@pytest.mark.parametrize(("naming", "count"), [(BY_PARTITION, 3), (BOTH_ATTRIBUTES, 1)])
@pytest.mark.parametrize("mode", MODES)
def test_items_of_a_composite_key_are_taken_away_and_put_back_one_by_one(
    sandbox, bench_of, aws, permit_for, writer_for, mode, naming, count
):
    composite(aws)
    slots = ("1", "2", "-0.5")
    for name in (NAME, "image-api"):
        for slot in slots:
            odd = {
                "m": {"M": {"nil": {"NULL": True}, "empty": {"S": ""}, "none": {"L": []}}},
                "b": {"BS": [b"\x00", b"a"]},
            }
            number = {"N": "12345678901234567890123456789012345678", "S": ""}
            exact = {"n": {"N": number["N"]}, "s": {"S": ""}, "ns": {"NS": ["1E-100", "3"]}}
            aws("dynamodb").put_item(
                TableName="composite", Item={"name": {"S": name}, "slot": {"N": slot}, **odd, **exact}
            )
    before = all_of(aws)
    bench = bench_of(NAME, naming)
    removal = prepare_removal(bench, ENTRIES)
    carried_out(bench, removal, permit_for, Unlucky(writer_for(removal.plan.run), mode))
    left = all_of(aws)
    assert len(before) - len(left) == count
    assert all(item in before for item in left)
    rebuild = prepare_rebuild(bench, ENTRIES, named=removal.plan.run)
    assert [call.operation for call in rebuild.plan.calls] == ["PutItem"] * count
    carried_out(bench, rebuild, permit_for, Unlucky(writer_for(rebuild.plan.run), mode))
    assert all_of(aws) == before


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=6).filter(lambda name: name != "name"), values, max_size=4))
def test_whatever_an_entry_holds_comes_through_the_files(item):
    """Snapshot and plan on disk: numbers, sets, binaries, nested and empty values alike, each in its type."""
    whole = {"name": {"S": NAME}, **item}
    facts = {"TableName": TABLE, "Key": {"name": {"S": NAME}}, "Item": whole}
    saved = Saved(ENTRY, State.OK, "", "owned", facts)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    health = Health.HEALTHY
    snapshot = sealed_snapshot(Snapshot("S", NAME, "111122223333", "eu-west-1", at, health, True, (saved,)))  # noqa: FBT003
    read = snapshot_from(json.loads(text_of(snapshot_document(snapshot))), "")
    put = entry_making.putting(read.components[0].facts, lambda text: text)
    planned = unpack(json.loads(json.dumps(pack(put))))
    assert typed(planned["Item"]) == typed(whole)


def typed(value):
    """Sets have no order, and come back as lists or as sets."""
    match value:
        case {"SS": members} | {"NS": members} | {"BS": members}:
            return {tag: sorted(members) for tag in value}
        case dict():
            return {name: typed(one) for name, one in value.items()}
        case list() | tuple():
            return [typed(one) for one in value]
    return value
