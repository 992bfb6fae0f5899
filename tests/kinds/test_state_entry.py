import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from breakglass.kinds.state_entry import KIND, MANY
from breakglass.model.component import Absent, Present, Unreadable
from breakglass.model.dynamodb import key_words, plain_item, read_key, read_words, spell_key
from breakglass.model.kind import Look
from breakglass.model.lead import Key, Lead, Source
from breakglass.model.reading import Denied
from tests.kinds.fake_reader import REGION, FakeReader, find, lead, settings
from tests.kinds.worlds import state_table

TABLE = "wonderland-services"
REF = '{"name":{"S":"deployer-api"}}'
ID = f"{TABLE}/deployer-api"


def entry(name: str = "deployer-api", **fields: Any) -> Mapping[str, Any]:
    return {"name": {"S": name}, **fields}


def sighted(reader: FakeReader, **pointers: str) -> Present:
    asked = lead(KIND, REF, TABLE)
    found = find(KIND, reader, asked, configured=settings(asked, **pointers))[ID].sighting
    assert isinstance(found, Present)
    return found


VALUES = st.one_of(
    st.text(min_size=1).map(lambda text: {"S": text}),
    st.integers(-(10**37), 10**37).map(lambda number: {"N": str(number)}),
    st.decimals(allow_nan=False, allow_infinity=False, places=3)
    .filter(lambda number: len(number.as_tuple().digits) < 38)
    .map(lambda number: {"N": str(number)}),
    st.binary(min_size=1).map(lambda data: {"B": data}),
)
KEYS = st.dictionaries(st.text(min_size=1, max_size=5), VALUES, min_size=1, max_size=2)


@given(KEYS)
def test_a_key_survives_being_spelt_and_written(key: Mapping[str, Any]) -> None:
    spelt = spell_key(key)
    read = read_key(spelt)
    assert read is not None
    assert spell_key(read) == spelt
    assert json.loads(spelt).keys() == key.keys()
    types = {name: next(iter(typed)) for name, typed in key.items()}
    again = read_words(key_words(key), list(key), types)
    assert again is not None
    assert spell_key(again) == spelt
    assert KIND.identify(spelt, TABLE) == f"{TABLE}/{key_words(key)}"


@given(st.tuples(st.text(min_size=1), st.text(min_size=1)), st.tuples(st.text(min_size=1), st.text(min_size=1)))
@example(("a/", "b"), ("a%2F", "b"))
@example(("a/b", "c"), ("a", "b/c"))
def test_two_keys_are_never_written_alike(one: tuple[str, str], other: tuple[str, str]) -> None:
    first, second = ({"a": {"S": values[0]}, "b": {"S": values[1]}} for values in (one, other))
    assert (key_words(first) == key_words(second)) == (one == other)


@pytest.mark.parametrize(
    "ref", ["5", "[]", "{}", '{"a":1}', '{"a":{"S":1}}', '{"a":{"N":"x"}}', '{"a":{"B":"?"}}', "x"]
)
def test_what_is_no_key_is_none(ref: str) -> None:
    assert read_key(ref) is None


@given(KEYS)
def test_an_entry_is_found_by_any_key_and_again_by_its_id(key: Mapping[str, Any]) -> None:
    types = {name: next(iter(typed)) for name, typed in key.items()}
    reader = FakeReader(state_table({**key, "more": {"BOOL": True}}, key=types))
    asked = lead(KIND, spell_key(key), TABLE)
    ((known_as, one),) = find(KIND, reader, asked).items()
    assert isinstance(one.sighting, Present)
    assert known_as == KIND.identify(asked.ref, TABLE)
    assert spell_key(one.sighting.facts["Key"]) == spell_key(key)
    assert list(find(KIND, reader, lead(KIND, *KIND.retrace(one.key, ())))) == [known_as]
    assert list(find(KIND, reader, asked, lead(KIND, *KIND.retrace(one.key, ())))) == [known_as]


def test_looking_takes_one_call() -> None:
    reader = FakeReader(state_table(entry(text={"S": "x"})))
    facts = sighted(reader).facts
    assert facts == {"TableName": TABLE, "Key": {"name": {"S": "deployer-api"}}, "Item": entry(text={"S": "x"})}
    (ask,) = reader.sent
    assert ask.operation == "GetItem"
    assert ask.params["ConsistentRead"] is True


def test_an_entry_that_is_not_there_is_told_from_a_table_that_is_not() -> None:
    asked = lead(KIND, REF, TABLE)
    no_item = find(KIND, FakeReader(state_table(entry("other"))), asked)[ID].sighting
    assert no_item == Absent(f"no item deployer-api in the table {TABLE}")
    no_table = find(KIND, FakeReader(state_table(table="another")), asked)[ID].sighting
    assert no_table == Absent(f"the table {TABLE} does not exist in {REGION}")
    assert not find(KIND, FakeReader(state_table()), lead(KIND, REF, TABLE, expects=False))


def test_a_partition_has_an_entry_for_each_item() -> None:
    items = [{"name": {"S": name}, "env": {"S": env}} for name in ("deployer-api", "x") for env in ("prod", "test/1")]
    reader = FakeReader(state_table(*items, key={"name": "S", "env": "S"}))
    whole, part = '{"env":{"S":"prod"},"name":{"S":"deployer-api"}}', REF
    found = find(KIND, reader, lead(KIND, whole, TABLE), lead(KIND, part, TABLE))
    assert set(found) == {f"{TABLE}/prod/deployer-api", f"{TABLE}/test%2F1/deployer-api"}
    assert [one.ref for one in found[f"{TABLE}/prod/deployer-api"].leads] == [whole, part]


def test_a_key_of_other_attributes_is_no_proof_of_absence() -> None:
    reader = FakeReader(state_table(entry()))
    (found,) = find(KIND, reader, lead(KIND, '{"id":{"S":"deployer-api"}}', TABLE)).values()
    assert isinstance(found.sighting, Unreadable)
    assert found.sighting.failures[0].code == "ValidationException"


def test_a_table_by_its_arn_is_asked_where_it_is() -> None:
    reader = FakeReader(state_table(entry()))
    arn = f"arn:aws:dynamodb:us-west-2:111122223333:table/{TABLE}"
    (found,) = find(KIND, reader, lead(KIND, REF, arn)).values()
    assert (found.key.id, found.region) == (ID, "us-west-2")
    assert [ask.region for ask in reader.sent] == ["us-west-2"]


def test_many_entries_take_few_calls_and_absence_still_needs_proof() -> None:
    reader = FakeReader(state_table(*[entry(f"s{at}") for at in range(MANY)]))
    leads = [lead(KIND, spell_key(entry(f"s{at}")), TABLE) for at in range(MANY + 1)]
    found = find(KIND, reader, *leads)
    assert sum(isinstance(one.sighting, Present) for one in found.values()) == MANY
    assert isinstance(found[f"{TABLE}/s{MANY}"].sighting, Absent)
    assert reader.counted() == {"dynamodb:DescribeTable": 1, "dynamodb:Scan": 1, "dynamodb:GetItem": 1}
    slow = FakeReader(reader.world, failing={"dynamodb:Scan": Denied})
    assert {key: type(one.sighting) for key, one in find(KIND, slow, *leads).items()} == {
        key: type(one.sighting) for key, one in found.items()
    }


ENTRY = entry(
    ecs={"M": {"cluster": {"S": "wonderland"}, "service": {"S": "api"}, "taskDefinition": {"S": "api:41"}}},
    targetGroups={"L": [{"S": "tg-1"}, {"L": [{"S": "tg-2"}]}, {"NULL": True}, {"S": ""}, {"N": "5"}]},
    cname={"S": "API.Example.com"},
    alarms={"SS": ["b", "a"]},
    port={"N": "8080"},
    blob={"B": b"\x00"},
)


def test_pointers_lead_to_what_the_entry_names() -> None:
    references = sighted(
        FakeReader(state_table(ENTRY)),
        ecs_cluster="ecs.cluster",
        ecs_service="ecs.service",
        task_definition="ecs.taskDefinition",
        target_groups="targetGroups",
        alarms="alarms",
        health_checks="nothing.there",
        load_balancer="port",
        listener_rules="values(nothing)",
    ).references
    assert [(one.path, one.kind, one.ref, one.within) for one in references] == [
        ("ecs.service", "ecs-service", "api", "wonderland"),
        ("ecs.taskDefinition", "task-definition", "api:41", ""),
        ("targetGroups[0]", "target-group", "tg-1", ""),
        ("targetGroups[1]", "target-group", "tg-2", ""),
        ("alarms[0]", "alarm", "a", ""),
        ("alarms[1]", "alarm", "b", ""),
    ]


def _references(*configured: Lead, **pointers: str) -> list[tuple[str, str, str]]:
    asked = lead(KIND, REF, TABLE)
    item = entry(
        arn={"S": f"arn:aws:ecs:{REGION}:111122223333:service/wonderland/api"},
        old={"S": f"arn:aws:ecs:{REGION}:111122223333:service/api"},
        cname={"S": "API.Example.com"},
    )
    known = settings(asked, *configured, **pointers)
    sighting = find(KIND, FakeReader(state_table(item)), asked, configured=known)[ID].sighting
    assert isinstance(sighting, Present)
    return [(one.kind, one.ref, one.within) for one in sighting.references]


def configured(kind: str, within: str) -> Lead:
    return Lead(kind, "x", Source.CONVENTION, "", within=within)


def test_a_service_is_looked_up_in_the_cluster_that_is_known() -> None:
    home = configured("ecs-service", "home")
    assert _references(home, ecs_service="old")[0][2] == "home"
    assert _references(home, ecs_service="old", ecs_cluster="nothing")[0][2] == "home"
    assert _references(home, ecs_service="arn")[0][2] == ""
    assert _references(ecs_service="old")[0][2] == ""


@pytest.mark.parametrize(
    ("zone", "within"),
    [("example.com.", "example.com."), ("le.com", ""), ("api.example.com", "api.example.com"), ("Z1", ""), ("", "")],
)
def test_a_record_is_looked_up_in_the_configured_zone_it_belongs_to(zone: str, within: str) -> None:
    assert _references(configured("dns-record", zone), dns_names="cname") == [("dns-record", "API.Example.com", within)]


def test_plain_form_is_json() -> None:
    typed = {
        "n": {"N": "1E+2"},
        "f": {"N": "0.5"},
        "b": {"B": b"\x00\xff"},
        "s": {"NS": ["10", "9"]},
        "z": {"NULL": True},
        "m": {"M": {"l": {"L": [{"BOOL": False}]}}},
    }
    plain = {
        "n": 100,
        "f": 0.5,
        "b": base64.b64encode(b"\x00\xff").decode(),
        "s": [9, 10],
        "z": None,
        "m": {"l": [False]},
    }
    assert json.loads(json.dumps(plain_item(typed))) == plain


@pytest.mark.parametrize("items", [[entry(lb={"S": "mine"})], []], ids=["present", "absent"])
def test_all_other_entries_claim_what_they_name(items: list[Mapping[str, Any]]) -> None:
    other = entry("billing-api", lb={"S": "public"})
    reader = FakeReader(state_table(*items, other))
    asked = lead(KIND, REF, TABLE)
    look = Look(reader, settings(asked, load_balancer="lb"))
    (found,) = find(KIND, reader, asked, configured=look.settings).values()
    (claim,) = KIND.claims(found, look)
    assert claim.by == claim.lead.giver == Key("state-entry", f"{TABLE}/billing-api")
    assert (claim.lead.kind, claim.lead.ref, claim.lead.source) == ("load-balancer", "public", Source.STATE_ENTRY)
    assert set(KIND.neighbours(found, look)) == {"billing-api", *(["deployer-api"] if items else [])}
    assert reader.counted()["dynamodb:Scan"] == 1


def test_without_pointers_nobody_claims_and_nobody_is_asked() -> None:
    reader = FakeReader(state_table(entry(), entry("x")))
    asked = lead(KIND, REF, TABLE)
    (found,) = find(KIND, reader, asked).values()
    assert not KIND.claims(found, Look(reader, settings(asked)))
    assert "dynamodb:Scan" not in reader.counted()


def test_claims_that_cannot_be_read_are_an_error_but_of_no_table_there_are_none() -> None:
    asked = lead(KIND, REF, TABLE)
    known = settings(asked, load_balancer="lb")
    denied = FakeReader(state_table(entry()), failing={"dynamodb:Scan": Denied})
    (found,) = find(KIND, denied, asked, configured=known).values()
    with pytest.raises(Denied):
        KIND.claims(found, Look(denied, known))
    gone = FakeReader(state_table(table="another"))
    (found,) = find(KIND, gone, asked, configured=known).values()
    assert not KIND.claims(found, Look(gone, known))
