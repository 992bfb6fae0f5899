"""Whatever a file holds, it is read, or refused in words that lead to the place."""

import copy
import re
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from breakglass.config import Config, load
from breakglass.errors import NOTHING_CHANGED, UsageError

WORDS = st.sampled_from(
    [
        *("accounts", "services", "*", "deployer-api", "production", "id", "environment", "profile", "regions"),
        *("state", "table", "key", "name", "ecs", "cluster", "service", "load_balancer", "target_groups", "dns"),
        *("zone", "names", "health_checks", "alarms", "task_definition", "components", "pointers", "ecs_service"),
        *("{service}", "{servce}", "{", "a..b", "foo(", "nope(@)", "{a: b}", "example.com", "{service}.example.com"),
        *("111122223333", "444455556666", "eu-west-1", "rehearsal", "", " ", ".", "\x1b[2J", "\\", '"', "/hostedzone/"),
    ]
)
TEXT = WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALAR = (
    TEXT
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.datetimes()
    | st.dates()
    | st.times().map(lambda at: at.replace(fold=0))
)
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4))
DOCUMENT = st.dictionaries(TEXT, VALUE, max_size=4) | st.fixed_dictionaries(
    {},
    optional={
        "accounts": st.dictionaries(TEXT, st.dictionaries(TEXT, VALUE, max_size=4), max_size=3),
        "services": st.dictionaries(TEXT, st.dictionaries(TEXT, VALUE, max_size=6), max_size=3),
    },
)
DOTTED = re.compile(r'(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*")')

quietly = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # jmespath's own, on `{`


def read(directory: Path, text: str | bytes) -> Config:
    content = text if isinstance(text, bytes) else text.encode()
    (directory / "breakglass.toml").write_bytes(content)
    return load(None, {}, directory, user_directory=directory)


def complaints(error: UsageError, file: Path) -> list[str]:
    """Each mistake as `KEY: sentence`, after a check of everything that holds for all errors of this layer."""
    first, *others = error.what.split("\n")
    assert first.startswith(str(file))
    assert error.changed == NOTHING_CHANGED
    assert str(file) in error.hint
    assert all(line.isprintable() for line in [first, *others])
    if not others:
        return [first.removeprefix(f"{file}: ")]
    assert first == f"{file} has {len(others)} mistakes:"
    return [line.removeprefix("  ") for line in others]


def assert_names_a_key(complaint: str, document: dict[str, Any]) -> None:
    """The dotted key in front leads to a value of the document, or to where one is missing."""
    at: Any = document
    rest = complaint
    while not rest.startswith(": "):
        if index := re.match(r"\[(\d+)\]", rest):
            at, rest = at[int(index[1])], rest[index.end() :].removeprefix(".")
            continue
        part = DOTTED.match(rest)
        assert part, complaint
        name = tomllib.loads(f"{part[0]} = 1").popitem()[0]
        rest = rest[part.end() :].removeprefix(".")
        if name not in at:
            assert rest.endswith("found nothing."), complaint
            return
        at = at[name]


def assert_read_or_refused(directory: Path, document: dict[str, Any], toml_text) -> None:
    text = toml_text(document)
    try:
        config = read(directory, text)
    except UsageError as error:
        for complaint in complaints(error, directory / "breakglass.toml"):
            assert_names_a_key(complaint, tomllib.loads(text))
        return
    assert {account.name for account in config.accounts} == set(document.get("accounts", {}))
    assert set(config.service_names()) == set(document.get("services", {})) - {"*"}
    assert_usable(config, directory)


def assert_is_about_an_expression(error: UsageError, file: Path) -> None:
    """With {service} in it, one may be none for a service of some name."""
    assert error.what.startswith(str(file))
    assert "expected a JMESPath expression" in error.what


def assert_usable(config: Config, directory: Path) -> None:
    """What was accepted gives leads that say something, for every service that is configured."""
    for name in config.service_names():
        try:
            settings = config.service(name)
        except UsageError as error:
            assert_is_about_an_expression(error, directory / "breakglass.toml")
            continue
        for lead in settings.leads:
            assert lead.ref
            assert lead.origin
            assert lead.origin.file == str(directory / "breakglass.toml")
    for table in config.state_tables():
        assert table.table
        assert 1 <= len(table.key) <= 2


@quietly
@given(document=DOCUMENT)
@example(document={"accounts": {"a": {"id": 10**5000}}})
@example(document={"services": {"a": {"state": {"table": "t", "key": {"id": 10**40, "n": float("nan")}}}}})
@example(document={"services": {"a": {"pointers": {"alarms": "(" * 5000}}}})
@example(document={"services": {"a": {"state": {"table": "t", "key": {"id": 16**5000}}}}})
@example(document={"services": {"a": {"pointers": {"alarms": f"a[{'9' * 5000}]"}}}})
def test_any_document_is_read_or_refused(tmp_path: Path, toml_text, document):
    assert_read_or_refused(tmp_path, document, toml_text)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


@quietly
@given(data=st.data())
def test_a_good_file_with_some_things_changed_is_read_or_refused(tmp_path: Path, toml_text, contract, data):
    """Mutants of the contract's example come much nearer to the edges than documents made of nothing."""
    document = tomllib.loads(contract)
    for _ in range(data.draw(st.integers(1, 3))):
        if not document:
            break
        *path, last = data.draw(st.sampled_from(list(places(document))))
        holder = document
        for key in path:
            holder = holder[key]
        match data.draw(st.sampled_from(["change", "drop", "rename"])):
            case "rename" if isinstance(holder, dict):
                holder[data.draw(TEXT)] = holder.pop(last)
            case "drop":
                del holder[last]
            case _:
                holder[last] = copy.deepcopy(data.draw(VALUE))
    assert_read_or_refused(tmp_path, document, toml_text)


@quietly
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="replace")))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content):
    try:
        read(tmp_path, content)
    except UsageError as error:
        complaints(error, tmp_path / "breakglass.toml")


@quietly
@given(name=st.text(max_size=20) | st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True))
def test_any_name_of_a_service_is_answered_or_refused(tmp_path: Path, contract, name):
    config = read(tmp_path, contract)
    try:
        found = config.service(name)
    except UsageError:
        assert name != name.strip() or not name or "*" in name or not name.isprintable()
        return
    assert found.service == name
    for lead in found.leads:
        assert name in lead.ref or name.lower() in lead.ref or "\\" in lead.ref or lead.kind == "health-check"
    (table,) = config.state_tables()
    assert table.service_of({"name": {"S": name}}) == name


def test_the_garbage_is_not_all_refused_for_the_same_reason(tmp_path: Path, toml_text):
    """The properties above mean something only while both ways out of them are taken."""
    outcomes = set()

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(document=DOCUMENT)
    def look(document):
        try:
            read(tmp_path, toml_text(document))
            outcomes.add("read")
        except UsageError as error:
            outcomes.update(
                complaint.rpartition(": ")[2][:20] for complaint in complaints(error, tmp_path / "breakglass.toml")
            )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        look()
    assert "read" in outcomes
    assert len(outcomes) > 5
