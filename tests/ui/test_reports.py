"""Every inventory can be printed in every form, and none of them says what it must not."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.config.accounts import AccountSettings
from breakglass.config.configuration import Config
from breakglass.kinds import all_kinds
from breakglass.model.account import Account, Environment
from breakglass.model.component import (
    Absent,
    Component,
    Condition,
    Owned,
    Present,
    Shared,
    State,
    Unproven,
    Unread,
    Unreadable,
    Users,
)
from breakglass.model.inventory import Diagnosis, Finding, Health, Inventory, Severity
from breakglass.model.lead import Key, Lead, Source
from breakglass.ui.reports.accounts import accounts_table
from breakglass.ui.reports.document import as_json, document
from breakglass.ui.reports.markdown import markdown
from breakglass.ui.reports.mermaid import mermaid
from breakglass.ui.reports.table import table, wide
from breakglass.ui.reports.tree import grow
from breakglass.ui.terminal import Style, columns

SECRET = "hunter2Planted"  # noqa: S105 - planted
EARLIEST = datetime(2016, 9, 5)  # noqa: DTZ001 - Hypothesis adds the zone
NASTY = st.sampled_from(
    [
        "\x1b[31mred\x1b[0m",
        "a|b",
        "`code`",
        'say "no"',
        "[/x]",
        "line\nbreak",
        "\u202eevil",
        "\x9b31m",
        "東京",
        "é\u0301",
        "\ud800",
        "<b>&amp;</b>",
        "#quot;",
        "end",
        "\\",
        "@here",
        "-->",
        "%%{init: {}}%%",
        "]:::ok",
        "\x00\x07\x7f",
        "\r\x08",
        "\u2028",
    ]
)
TEXT = st.one_of(st.text(max_size=60), NASTY, st.from_regex(r"[a-z][a-z0-9-]{0,120}", fullmatch=True))
IDS = st.one_of(st.from_regex(r"[a-z][a-z0-9/.-]{0,90}", fullmatch=True), NASTY)
KINDS = st.sampled_from([*all_kinds(), "discovery-service", "something-new"])
KEYS = st.builds(Key, KINDS, IDS)
UNREAD = st.builds(
    Unread, st.sampled_from(["ecs:DescribeServices", "route53:GetHealthCheck"]), st.just("AccessDenied"), TEXT
)
FACTS = st.dictionaries(
    st.text(max_size=8), st.one_of(st.none(), st.integers(), TEXT, st.lists(TEXT, max_size=2)), max_size=3
)
OWNERSHIP = st.one_of(
    st.builds(Owned, st.just(("x",))),
    st.builds(Shared, st.lists(TEXT, max_size=3).map(tuple)),
    st.builds(Unproven, TEXT),
)


@st.composite
def components(draw):
    keys = draw(st.lists(KEYS, max_size=8, unique=True))
    anything = st.sampled_from([*keys, Key("alarm", "elsewhere")])
    return tuple(draw(_component(key, anything)) for key in keys)


@st.composite
def _component(draw, key, others):
    state = draw(st.sampled_from(State))
    absent = st.builds(Absent, TEXT, st.none() | FACTS)
    unreadable = st.builds(Unreadable, st.lists(UNREAD, min_size=1, max_size=2).map(tuple))
    # kinds describe AWS's own answers: facts without their required fields do not come from AWS
    present = st.builds(
        Present, st.just({}), condition=st.just(Condition()), unread=st.lists(UNREAD, max_size=1).map(tuple)
    )
    seen = draw(
        {State.MISSING: absent, State.UNREADABLE: unreadable}.get(state, absent if key.kind in all_kinds() else present)
    )
    return Component(
        key=key,
        sighting=seen,
        leads=(Lead(key.kind, key.id, draw(st.sampled_from(Source)), draw(TEXT)),),
        state=state,
        reason=draw(TEXT),
        ownership=draw(OWNERSHIP),
        depends_on=tuple(draw(st.lists(others, max_size=4))),
        users=Users((), tuple(draw(st.lists(UNREAD, max_size=1)))),
        arn=draw(st.none() | st.just("arn:aws:ecs:eu-west-1:111122223333:service/wonderland/deployer-api")),
        managed_by=draw(st.none() | TEXT),
    )


@st.composite
def inventories(draw):
    parts = draw(components())
    named = st.sampled_from([None, Key("alarm", "elsewhere"), *(part.key for part in parts)])
    environment = draw(st.sampled_from([None, *Environment]))
    return Inventory(
        service=draw(IDS),
        account=Account("111122223333", draw(TEXT), draw(st.none() | TEXT), draw(st.none() | TEXT), environment),
        region="eu-west-1",
        read_at=draw(st.datetimes(EARLIEST, timezones=st.just(UTC))),
        diagnosis=Diagnosis(draw(st.sampled_from(Health)), draw(TEXT), tuple(draw(st.lists(TEXT, max_size=2)))),
        components=parts,
        findings=tuple(
            draw(st.lists(st.builds(Finding, st.sampled_from(Severity), TEXT, TEXT, TEXT, named), max_size=4))
        ),
        complete=draw(st.booleans()),
        api_calls=draw(st.integers(0, 10_000)),
    )


STYLES = st.builds(Style, st.integers(60, 100), st.booleans(), st.booleans(), st.booleans())
SGR = re.compile(r"\x1b\[[0-9;]+m")


def may_be_pasted(line):
    return line.startswith(("Next:", "     "))


@settings(deadline=None, max_examples=60)
@given(inventories(), STYLES)
def test_the_table_keeps_to_its_width_and_never_speaks_to_the_terminal(inventory, style):
    text = table(inventory, style, seconds=0.4)
    plain = SGR.sub("", text) if style.colour else text
    assert all(columns(line) <= style.width or may_be_pasted(line) for line in plain.splitlines())
    assert all(character.isprintable() or character == "\n" for character in plain)
    assert "111122223333" not in re.sub(r"^(Next:|     ).*$", "", plain, flags=re.MULTILINE)


@settings(deadline=None, max_examples=60)
@given(inventories(), st.booleans())
def test_every_component_has_one_row_with_its_state_as_a_word(inventory, unicode):
    text = wide(inventory, Style(unicode=unicode))
    rows = text.split("\n\n")[1].splitlines()[1:] if inventory.components else []
    assert len(rows) == len(inventory.components)
    for row, twig in zip(rows, grow(inventory.components), strict=True):
        assert re.search(rf"  {twig.component.state}[, ]", f"{row} ")


@settings(deadline=None, max_examples=60)
@given(inventories())
def test_the_tree_holds_each_component_once_and_does_not_depend_on_their_order(inventory):
    twigs = grow(inventory.components)
    assert sorted(twig.component.key for twig in twigs) == sorted(part.key for part in inventory.components)
    assert [twig.component.key for twig in grow(inventory.components[::-1])] == [twig.component.key for twig in twigs]
    above = []
    for twig in twigs:
        assert twig.depth <= len(above)
        del above[twig.depth :]
        assert not above or twig.component.key in above[-1].depends_on
        above.append(twig.component)


@settings(deadline=None, max_examples=60)
@given(inventories())
def test_json_is_the_contracts_and_nothing_else(inventory):
    text = as_json(document(inventory))
    assert text.isascii()
    assert_schema(json.loads(text))


INVENTORY = {
    "schema_version": int, "service": str, "region": str, "read_at": str, "complete": bool, "account": dict,
    "diagnosis": dict, "components": list, "findings": list, "api_calls": int,
}  # fmt: skip
ACCOUNT = {"id": str, "alias": str | None, "name": str | None, "environment": str | None, "caller": str}
DIAGNOSIS = {"state": str, "summary": str, "next": list}
COMPONENT = {
    "kind": str, "id": str, "arn": str | None, "state": str, "reason": str, "found_by": list, "depends_on": list,
    "ownership": str, "shared": bool, "used_by": list, "managed_by": str | None, "facts": dict,
}  # fmt: skip
FINDING = {"severity": str, "code": str, "component": str | None, "message": str, "hint": str}


def assert_shape(shape, value):
    assert list(value) == list(shape), "the contract's keys, in the contract's order"
    for key, kind in shape.items():
        assert isinstance(value[key], kind), (key, value[key])


def assert_schema(content):
    assert_shape(INVENTORY, content)
    assert content["schema_version"] == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", content["read_at"])
    assert_shape(ACCOUNT, content["account"])
    assert re.fullmatch(r"[0-9]{12}", content["account"]["id"])
    assert content["account"]["environment"] in {None, "production", "rehearsal"}
    assert_shape(DIAGNOSIS, content["diagnosis"])
    assert content["diagnosis"]["state"] in {"healthy", "degraded", "drifted", "half-deleted", "gone", "unknown"}
    for component in content["components"]:
        assert_shape(COMPONENT, component)
        assert component["state"] in {"ok", "missing", "stale", "orphaned", "draining", "unreadable"}
        assert component["ownership"] in {"owned", "shared", "unproven"}
        assert component["shared"] is (component["ownership"] == "shared")
        assert component["shared"] or component["used_by"] == []
        assert all(isinstance(one, str) and " " in one for one in component["depends_on"])
        assert all(list(one) == ["source", "detail"] for one in component["found_by"])
    for finding in content["findings"]:
        assert_shape(FINDING, finding)
        assert finding["severity"] in {"critical", "warning", "info"}


@settings(deadline=None, max_examples=60)
@given(inventories())
def test_markdown_tables_have_four_cells_in_each_row_whatever_stands_in_them(inventory):
    text = markdown(inventory)
    assert all(character.isprintable() or character == "\n" for character in text)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == (len(inventory.components) + 2 if inventory.components else 0)
    for row in rows:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 5
    assert text.count("```") in {0, 2}


@settings(deadline=None, max_examples=60)
@given(inventories())
def test_mermaid_has_one_quoted_label_for_each_component(inventory):
    node = re.compile(r'  n\d+\["[^"<>`\[\]{}|]*(<br/>[^"<>`\[\]{}|]*){2}"\]:::[a-z]+')
    first, *lines = mermaid(inventory).splitlines()
    assert first == "graph TD"
    nodes = [line for line in lines if '["' in line]
    assert len(nodes) == len(inventory.components)
    assert all(node.fullmatch(line) for line in nodes)
    assert all(
        re.fullmatch(r"  (n\d+ --> n\d+|classDef [a-z]+ \S+( \d)?)", line) for line in lines if line not in nodes
    )


def test_the_state_entry_comes_first_and_what_it_names_stands_where_it_belongs(half_deleted):
    text = table(half_deleted, Style(), seconds=0.4)
    heading, *rows = text.split("\n\n")[1].splitlines()
    names = [row[: heading.index("STATE")].rstrip() for row in rows]
    assert [name for name in names if any(map(str.isalpha, name))] == [
        "state entry",
        "├─ ECS service",
        "│  └─ target group",
        "└─ DNS record",
        "   ├─ load balancer",
        "   └─ health check",
    ]


def test_the_table_says_everything_a_tired_reader_needs(half_deleted):
    text = table(half_deleted, Style(), seconds=0.4)
    assert text.startswith("deployer-api is half-deleted: the ECS service is gone, 5 pieces of it are left")
    assert "read 03:12:09Z, 0.4 s, nothing changed, not everything could be read" in text
    assert "ok, shared" in text
    assert "also used by billing-api" in text
    assert "AccessDenied on route53:GetHealthCheck [1]" in " ".join(text.split())
    assert "[1] critical: route53:GetHealthCheck is denied to BreakGlass." in text
    assert text.endswith("\nNext: breakglass rebuild deployer-api\n")


def test_what_could_not_be_read_has_a_note_even_where_no_finding_speaks_of_it(half_deleted):
    text = table(replace(half_deleted, findings=()), Style())
    assert "[1] warning: route53:GetHealthCheck failed: AccessDenied: not authorized" in text


def test_wide_cuts_nothing(half_deleted):
    balancer = next(part for part in half_deleted.components if part.arn)
    assert balancer.arn in wide(half_deleted, Style())
    assert balancer.arn not in table(half_deleted, Style())


@pytest.mark.parametrize("width", [60, 80, 100])
def test_reasons_are_never_cut(half_deleted, width):
    words = [f"word{at}" for at in range(60)]
    parts = tuple(replace(part, reason=" ".join(words)) for part in half_deleted.components)
    text = table(replace(half_deleted, components=parts), Style(width=width))
    assert all(len(re.findall(rf"\b{word}\b", text)) == len(parts) for word in words)


def test_colour_is_only_where_it_is_wanted(half_deleted):
    assert "\x1b[" in table(half_deleted, Style(colour=True))
    assert "\x1b" not in table(half_deleted, Style())
    assert SGR.sub("", table(half_deleted, Style(colour=True))) == table(half_deleted, Style())


def test_an_ascii_terminal_gets_ascii(half_deleted):
    odd = tuple(replace(part, reason="3f2b… → gone") for part in half_deleted.components)
    assert table(replace(half_deleted, components=odd), Style(unicode=False)).isascii()


PLANTED = {
    "Name": "app",
    "containerDefinitions": [
        {
            "environment": [{"name": "GREETING", "value": SECRET}],
            "command": ["serve", "--password", SECRET, f"--api-key={SECRET}", f"postgres://user:{SECRET}@db/x"],
            "dockerLabels": {"auth-token": SECRET},
        }
    ],
    "Item": {"dbPassword": {"S": SECRET}, "env": {"M": {"X": {"S": SECRET}}}, "tokens": {"L": [{"S": SECRET}]}},
    "Tags": [{"Key": "Secret", "Value": SECRET}],
}


@settings(deadline=None)
@given(
    st.sampled_from(State),
    st.sampled_from(["password={}", "token: {}", "--secret {}", "https://u:{}@host/", '{{"api_key": "{}"}}']),
)
def test_no_report_says_a_planted_secret(state, shape):
    said = shape.format(SECRET)
    key = Key("something-new", "x")
    part = Component(
        key, Present(PLANTED), (Lead("a", "b", Source.LIVE, said),), state, said, Shared((said,)), managed_by=said
    )
    inventory = Inventory(
        "deployer-api",
        Account("111122223333", "arn"),
        "eu-west-1",
        datetime(2026, 11, 23, tzinfo=UTC),
        Diagnosis(Health.DEGRADED, said, ()),
        (part,),
        (Finding(Severity.INFO, "x", said, said, key),),
        complete=True,
        api_calls=1,
    )
    for text in (
        table(inventory, Style()), wide(inventory, Style()), markdown(inventory), mermaid(inventory),
        as_json(document(inventory)),
    ):  # fmt: skip
        assert SECRET not in unescape(text)


def test_accounts_say_which_one_is_at_hand_only_where_that_is_known():
    config = Config(accounts=(AccountSettings("production", "111122223333"),))
    known = accounts_table(
        config, Account("111122223333", "arn:aws:sts::111122223333:assumed-role/BreakGlass/ana"), Style()
    )
    assert (known.count("*"), "could not be asked" in known) == (2, False)
    unknown = accounts_table(config, None, Style())
    assert (unknown.count("*"), "could not be asked" in unknown) == (0, True)
