"""Plans, snapshots and journal entries survive their files; damage never goes unseen."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakglass.errors import NOTHING_CHANGED, BreakglassError
from breakglass.model.account import Account, Environment
from breakglass.model.component import State
from breakglass.model.inventory import Health
from breakglass.model.journal import Entry, Event
from breakglass.model.lead import Key, Lead, Origin, Reference, Source
from breakglass.model.plan import (
    Blocker,
    Call,
    Form,
    Joined,
    Kept,
    Loss,
    Output,
    Pause,
    Plan,
    Purpose,
    Settle,
    Step,
    Until,
)
from breakglass.model.snapshot import Saved, Snapshot
from breakglass.running.codec import Damaged
from breakglass.running.documents import (
    entry_from,
    entry_line,
    plan_document,
    plan_from,
    read_document,
    sealed_snapshot,
    snapshot_document,
    snapshot_from,
    text_of,
)

text = st.text(max_size=12)
keys = st.builds(Key, st.text(alphabet=st.characters(exclude_characters=" "), max_size=8), text)
times = st.datetimes(timezones=st.just(UTC))
outputs = st.builds(Output, keys, text, st.sampled_from(Form))
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), text, st.binary(), times, outputs,
    st.builds(Joined, st.lists(st.one_of(text, outputs)).map(tuple)),
)  # fmt: skip
names = st.one_of(text, st.sampled_from(["$datetime", "$object", "do", "kind"]))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
facts = st.dictionaries(names, values, max_size=3)
seconds = st.floats(min_value=0, max_value=1e6)
origins = st.none() | st.builds(Origin, text, text)
leads = st.builds(Lead, text, text, st.sampled_from(Source), text, text, st.booleans(), origins, st.none() | keys)
references = st.builds(Reference, text, text, text, text, st.booleans(), st.booleans(), st.booleans())
calls = st.builds(Call, text, text, facts, text, text, st.lists(st.tuples(text, text), max_size=2).map(tuple))
actions = st.one_of(
    calls,
    st.builds(Settle, keys, st.sampled_from(Until), text, seconds, seconds, st.booleans()),
    st.builds(Pause, text),
)


def many(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=3).map(tuple)


steps = st.builds(
    Step, st.integers(), keys, text, text, many(actions), st.sampled_from(Until), text, many(text)
)  # fmt: skip
accounts = st.builds(Account, text, text, st.none() | text, st.none() | text, st.none() | st.sampled_from(Environment))
plans = st.builds(
    Plan, text, st.sampled_from(Purpose), text, accounts, text, many(steps),
    many(st.builds(Kept, keys, text)), many(st.builds(Blocker, keys, text, text)), many(st.builds(Loss, keys, text)),
    many(leads), text, st.booleans(),
)  # fmt: skip
saved = st.builds(
    Saved, keys, st.sampled_from(State), text, text, facts, many(references), st.frozensets(text, max_size=3),
    st.none() | text, text, many(leads),
)  # fmt: skip
snapshots = st.builds(
    Snapshot, text, text, text, text, times, st.sampled_from(Health), st.booleans(), many(saved)
)  # fmt: skip
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), text, times)
details = st.dictionaries(
    text.filter(lambda name: name not in {"schema_version", "at", "event", "step", "call"}),
    st.one_of(scalars, st.lists(scalars), st.lists(scalars).map(tuple)),
    max_size=4,
)
entries = st.builds(Entry, times, st.sampled_from(Event), st.none() | st.integers(), st.none() | st.integers(), details)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plans)
def test_a_plan_comes_back_as_it_was(plan: Plan):
    assert plan_from(json.loads(text_of(plan_document(plan)))) == plan


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(snapshots)
def test_a_snapshot_comes_back_as_it_was(snapshot: Snapshot):
    sealed = sealed_snapshot(snapshot)
    assert snapshot_from(json.loads(text_of(snapshot_document(sealed))), sealed.name) == sealed


@given(entries, st.booleans())
def test_an_entry_is_one_line_and_comes_back_as_it_was(entry: Entry, first: bool):  # noqa: FBT001 - drawn, not passed
    line = entry_line(entry, first=first)
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert line.endswith(b"\n")
    assert entry_from(json.loads(line)) == entry


PLAN = Plan(
    run="20261123T031209Z-7f3a",
    purpose=Purpose.REBUILD,
    service="deployer-api",
    account=Account("111122223333", "arn:aws:iam::111122223333:user/ana", None, "production", Environment.PRODUCTION),
    region="eu-west-1",
    steps=(
        Step(
            1,
            Key("ecs-service", "wonderland/deployer-api"),
            "create the ECS service",
            "it is missing",
            (
                Call(
                    "ecs",
                    "CreateService",
                    {"loadBalancers": [{"targetGroupArn": Output(Key("target-group", "a"), "Arn")}]},
                ),
                Settle(Key("ecs-service", "wonderland/deployer-api"), Until.SERVING, "2 of 2 healthy"),
            ),
            Until.SERVING,
            "f00d",
        ),
    ),
    kept=(Kept(Key("load-balancer", "public"), "also serves billing-api"),),
    blockers=(Blocker(Key("dns-record", "a b"), "taken", "remove it"),),
    lost=(Loss(Key("load-balancer", "x"), "a new DNS name"),),
)
SNAPSHOT = sealed_snapshot(
    Snapshot(
        "20261123T031209Z-7f3a", "deployer-api", "111122223333", "eu-west-1",
        datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC), Health.HEALTHY, True,  # noqa: FBT003 - a field of the model
        (Saved(Key("state-entry", "t/a b"), State.OK, "", "owned", {"Item": {"name": {"S": "x"}, "b": {"B": b"\0"}}}),),
    )
)  # fmt: skip


def test_a_plan_reads_like_the_dry_runs_output():
    document = json.loads(text_of(plan_document(PLAN)))
    assert list(document)[:2] == ["schema_version", "action"]
    assert document["action"] == "rebuild"
    step = document["steps"][0]
    assert {name: step[name] for name in ("id", "kind", "component", "title", "why", "waits_for")} == {
        "id": 1,
        "kind": "ecs-service",
        "component": "ecs-service wonderland/deployer-api",
        "title": "create the ECS service",
        "why": "it is missing",
        "waits_for": "2 of 2 healthy",
    }
    assert document["kept"] == [
        {"kind": "load-balancer", "component": "load-balancer public", "why": "also serves billing-api"}
    ]
    assert document["account"]["environment"] == "production"


def test_a_snapshot_reads_like_an_inventory():
    document = snapshot_document(SNAPSHOT)
    component = document["components"][0]
    assert (component["kind"], component["id"], component["state"]) == ("state-entry", "t/a b", "ok")
    assert component["facts"]["Item"]["name"] == {"S": "x"}
    assert "name" not in document


@settings(deadline=None)
@given(st.data())
def test_no_flipped_bit_goes_unseen(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    content = bytearray(text_of(snapshot_document(SNAPSHOT)))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("vault") / "x.json"
    path.write_bytes(content)
    with pytest.raises(BreakglassError) as error:
        read_document(path, lambda document: snapshot_from(document, ""))
    assert str(path) in error.value.what
    assert error.value.changed == NOTHING_CHANGED


@settings(deadline=None)
@given(st.integers(0, 4000))
def test_no_missing_end_goes_unseen(tmp_path_factory: pytest.TempPathFactory, length: int):
    whole = text_of(plan_document(PLAN))
    path = tmp_path_factory.mktemp("run") / "plan.json"
    path.write_bytes(whole[:length])
    if length >= len(whole) - 1:
        assert read_document(path, plan_from) == PLAN
    else:
        with pytest.raises(BreakglassError, match=r"plan\.json is damaged"):
            read_document(path, plan_from)


def written(tmp_path: Path, document: dict[str, Any]) -> Path:
    path = tmp_path / "plan.json"
    path.write_bytes(text_of(document))
    return path


def test_an_edited_plan_is_refused(tmp_path: Path):
    document = plan_document(PLAN)
    document["steps"][0]["actions"][0]["params"] = {}
    with pytest.raises(BreakglassError, match=r"plan\.json is damaged: its digest is not that of its content"):
        read_document(written(tmp_path, document), plan_from)


@pytest.mark.parametrize("version", [0, 2, 99])
def test_another_version_is_told_apart_from_damage(tmp_path: Path, version: int):
    with pytest.raises(
        BreakglassError, match=rf"plan\.json has schema_version {version}; this breakglass reads"
    ) as error:
        read_document(written(tmp_path, plan_document(PLAN) | {"schema_version": version}), plan_from)
    assert "breakglass that wrote it" in error.value.hint


@pytest.mark.parametrize("version", [None, "1", True, 1.0])
def test_a_version_is_a_whole_number(tmp_path: Path, version: object):
    with pytest.raises(BreakglassError, match="does not say its schema_version"):
        read_document(written(tmp_path, plan_document(PLAN) | {"schema_version": version}), plan_from)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BreakglassError, match=r"gone\.json cannot be read: No such file"):
        read_document(tmp_path / "gone.json", plan_from)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "destroy"},
        {"steps": {}},
        {"steps": [1]},
        {"region": 5},
        {"account": None},
        {"extra": 1},
        {"serving": 1},
        {"kept": [{"component": "nothing", "why": ""}]},
        {"leads": [{"kind": "a"}]},
    ],
)
def test_what_is_no_plan_is_damage_also_with_a_right_digest(change: dict[str, Any]):
    with pytest.raises(Damaged):
        plan_from(plan_document(PLAN) | change)


@pytest.mark.parametrize("do", [None, "call ", "retry", "step"])
def test_an_unknown_action_is_never_ignored(do: str | None):
    document = plan_document(PLAN)
    document["steps"][0]["actions"][1]["do"] = do
    with pytest.raises(Damaged, match="none of call, settle, pause"):
        plan_from(document)


def test_a_field_with_a_default_may_be_missing_from_an_older_file():
    document = plan_document(PLAN)
    del document["serving"], document["steps"][0]["sources"]
    assert plan_from(document) == PLAN


@pytest.mark.parametrize("value", [{"SecretString": "x"}, [{"a": 1}], b"x", {1}, [[1]]])
def test_a_journal_takes_no_parameters(value: object):
    with pytest.raises(TypeError):
        entry_line(Entry(SNAPSHOT.taken_at, Event.INTENT, 1, 0, {"params": value}), first=False)


@pytest.mark.parametrize("name", ["at", "event", "step", "call", "schema_version"])
def test_a_detail_never_hides_a_field(name: str):
    with pytest.raises(ValueError, match=name):
        entry_line(Entry(SNAPSHOT.taken_at, Event.INTENT, 1, 0, {name: 1}), first=False)


def test_a_line_is_what_the_contract_says():
    entry = Entry(SNAPSHOT.taken_at, Event.RESULT, 2, 0, {"operation": "ecs:DeleteService", "request_id": "abc"})
    assert json.loads(entry_line(entry, first=False)) == {
        "at": "2026-11-23T03:12:09Z",
        "event": "result",
        "step": 2,
        "call": 0,
        "operation": "ecs:DeleteService",
        "request_id": "abc",
    }
    assert json.loads(entry_line(replace(entry, step=None), first=True))["schema_version"] == 1
