"""Facts survive JSON, whatever AWS puts into them."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.model.lead import Key
from breakglass.model.plan import Form, Joined, Output
from breakglass.running.codec import Damaged, canonical, pack, parse, read_key, spell, unpack

MARKERS = ["$datetime", "$set", "$object", "$pairs", "$output", "$anything", "$"]
names = st.one_of(st.text(), st.sampled_from(MARKERS))
zones = st.one_of(
    st.none(), st.just(UTC), st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
hashable = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=False),
    st.datetimes(timezones=zones).map(lambda moment: moment.replace(fold=0)),  # only named zones fold
)
keys = st.builds(Key, st.text(alphabet=st.characters(exclude_characters=" ")), st.text())
outputs = st.builds(Output, keys, st.text(), st.sampled_from(Form))
joined = st.builds(Joined, st.lists(st.one_of(st.text(), outputs)).map(tuple))
facts = st.recursive(
    st.one_of(hashable, outputs, joined),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.frozensets(hashable, max_size=4),
        st.dictionaries(names, inner, max_size=4),
        st.dictionaries(hashable, inner, max_size=2),
    ),
    max_leaves=12,
)


def same(one: object, other: object) -> bool:
    """Equal, and of equal types all the way down: 1, 1.0, True and Decimal(1) are equal to Python."""
    if isinstance(one, dict) and isinstance(other, dict):
        return len(one) == len(other) and all(
            same(*pair) for items in zip(one.items(), other.items(), strict=True) for pair in zip(*items, strict=True)
        )
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one == other and sorted(map(repr, one)) == sorted(map(repr, other))
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one == other and one.utcoffset() == other.utcoffset()
    return type(one) is type(other) and one == other and repr(one) == repr(other)


@given(facts)
def test_nothing_is_lost(fact: object):
    assert same(unpack(json.loads(json.dumps(pack(fact)))), fact)


@given(facts)
def test_packing_what_was_unpacked_gives_the_same_text(fact: object):
    text = canonical(pack(fact))
    assert canonical(pack(unpack(json.loads(text)))) == text


@given(st.frozensets(hashable))
def test_a_set_is_written_in_one_order(members: frozenset):
    assert canonical(pack(set(members))) == canonical(pack(frozenset(reversed(list(members)))))


@pytest.mark.parametrize("marker", MARKERS)
def test_a_fact_that_looks_like_our_own_spelling_is_a_fact(marker: str):
    fact = {"tags": {marker: "2026-11-23T03:12:09Z"}, "twice": {"$object": {marker: []}}}
    assert unpack(json.loads(json.dumps(pack(fact)))) == fact


def test_what_boto3_gives_is_kept_and_can_be_read_by_a_person():
    fact = {
        "createdAt": datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC),
        "key": {"B": b"\x00\xff"},
        "weight": Decimal("1.50"),
        "desiredCount": 2,
    }
    assert pack(MappingProxyType(fact)) == {
        "createdAt": {"$datetime": "2026-11-23T03:12:09Z"},
        "key": {"B": {"$bytes": "AP8="}},
        "weight": {"$decimal": "1.50"},
        "desiredCount": 2,
    }


def test_what_is_no_number_is_kept_without_breaking_json():
    text = canonical(pack([float("inf"), float("-inf"), float("nan")]))
    assert "Infinity" not in text
    assert str(unpack(parse(text))) == "[inf, -inf, nan]"


@pytest.mark.parametrize("value", [object(), iter([]), timedelta(1), {"deep": [lambda: None]}])
def test_what_aws_never_gives_is_a_mistake_of_ours(value: object):
    with pytest.raises(TypeError):
        pack(value)


@pytest.mark.parametrize(
    "text",
    [
        '{"$unknown": 1}',
        '{"$datetime": "yesterday"}',
        '{"$datetime": 5}',
        '{"$bytes": "?"}',
        '{"$decimal": "x"}',
        '{"$decimal": {}}',
        '{"$pairs": [1]}',
        '{"$pairs": [[{}, 1]]}',
        '{"$object": 1}',
        '{"$output": {"component": "nokind", "field": "x", "form": "whole"}}',
        '{"$output": {"component": "a b", "field": "x", "form": "other"}}',
        '{"$output": {}}',
        "[NaN]",
        "{",
        "[" * 100_000,
        b"\xff",
    ],
)
def test_damage_is_named_and_never_anything_else(text: str):
    with pytest.raises(Damaged):
        unpack(parse(text))


@given(keys)
def test_keys_are_written_as_people_write_them(key: Key):
    assert read_key(spell(key)) == key


def test_a_kind_has_no_space_in_its_name():
    with pytest.raises(ValueError, match="no kind"):
        spell(Key("ecs service", "x"))
