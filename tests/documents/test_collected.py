"""What is collected from the documents is all that there is, and what they say of each other is true."""

import re
from datetime import date
from pathlib import Path

import pytest

from breakglass.model.inventory import Health
from breakglass.model.markdown import Code
from breakglass.model.runbook import Sort
from breakglass.rehearsal.scenarios import LIBRARY
from breakglass.running.runbooks import shelf
from breakglass.ui.runbook_checking import built_in_documents, findings
from tests.documents.collecting import NOT_RUN, ROOT, SERVICE, documents, left_to_type, runbook

COLLECTED = {
    "README.md": (5, 12),
    "CONTRIBUTING.md": (1, 4),
    "docs/adding-a-kind.md": (1, 1),
    "docs/api-calls.md": (0, 0),
    "docs/architecture.md": (0, 0),
    "docs/dependencies.md": (0, 0),
    "docs/runbooks.md": (1, 1),
    "runbooks/RB-00-template.md": (5, 5),
    "runbooks/RB-01-deployer-api-down.md": (5, 5),
    "runbooks/RB-02-service-deleted.md": (6, 6),
    "runbooks/RB-03-dangling-dns.md": (5, 5),
    "runbooks/RB-04-load-balancer-gone.md": (6, 6),
    "runbooks/RB-05-stuck-draining.md": (10, 10),
    "runbooks/RB-06-state-entry-lies.md": (5, 5),
    "runbooks/RB-07-no-way-in.md": (10, 10),
    "runbooks/RB-08-wrong-account.md": (9, 9),
    "runbooks/RB-09-region-impaired.md": (5, 5),
    "runbooks/RB-10-game-day.md": (6, 6),
}
"""Blocks and commands of each document. Whoever adds one adds it here, and sees whether it is run."""
_FENCE = re.compile(r"^ *```sh$", re.MULTILINE)
_INDENTED = re.compile(r" {4,}(\.venv/bin/|breakglass |aws |pytest |pip )")
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_MENTIONED = re.compile(r"\bRB-[0-9]{2}\b")


def test_every_block_and_every_command_is_collected():
    assert {one.path: (len(one.code), len(one.typed)) for one in documents()} == COLLECTED


def test_no_block_hides_from_the_reader_of_markdown():
    """Counted once more with nothing but a regular expression; and no command stands in a block without a fence."""
    assert {one.path: len(_FENCE.findall(one.text)) for one in documents()} == {
        path: blocks for path, (blocks, _) in COLLECTED.items()
    }
    for one in documents():
        fenced = {line for code in one.blocks if isinstance(code, Code) for line in code.lines}
        assert [line for line in one.text.splitlines() if _INDENTED.match(line) and line.strip() not in fenced] == []


def test_files_that_a_line_names_are_there():
    for text in NOT_RUN:
        assert all((ROOT / word).exists() for word in text.split() if "/" in word and word.endswith(".py")), text


def test_every_line_is_played_typed_or_left_out_with_a_reason():
    every = [one for document in documents() for one in document.typed]
    assert NOT_RUN.keys() <= {one.text for one in every}, "a reason for a line that nobody has written"
    played = {one.place for one in every if one.scenarios}
    typed = {(one.key, one.world) for one in left_to_type()}
    for one in every:
        is_a_step_too = any(other.place in played and (other.path, other.key) == (one.path, one.key) for other in every)
        assert one.place in played or (one.key, one.world) in typed or one.text in NOT_RUN or is_a_step_too, one.place


def test_our_own_runbooks_have_no_flaw():
    ours = built_in_documents()
    assert [one.line() for one in findings(ours, date(2026, 11, 23))] == []
    assert len(ours) == sum(path.startswith("runbooks/") for path in COLLECTED)


@pytest.mark.parametrize("scenario", LIBRARY, ids=lambda one: one.name)
def test_the_runbook_of_an_alert_knows_its_scenario(scenario):
    assert scenario.name in runbook(scenario.alert.runbook).scenarios


def test_no_runbook_names_a_scenario_that_does_not_lead_to_it():
    named = {one.runbook.id: set(one.scenarios) for one in documents() if one.scenarios}
    assert named == {
        one.alert.runbook: {other.name for other in LIBRARY if other.alert.runbook == one.alert.runbook}
        for one in LIBRARY
    }


def test_every_state_that_needs_something_done_has_a_runbook():
    for state in set(Health) - {Health.HEALTHY}:
        assert shelf().guide_for(SERVICE, state).id == "RB-01"
        assert shelf().guide_for("any-other", state) is not None, state


def test_runbooks_that_are_mentioned_exist():
    known = {one.runbook.id for one in documents() if one.runbook and one.runbook.sort is not Sort.TEMPLATE}
    for one in documents():
        if one.path.startswith("runbooks/"):
            assert set(_MENTIONED.findall(one.text)) <= known | {one.runbook.id}, one.path


def slugs(text):
    """The anchors that GitHub makes of headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text)}


def test_links_lead_somewhere():
    paths = [*(one.path for one in documents()), "CHANGELOG.md"]
    links = [(path, *found) for path in paths for found in _LINK.findall((ROOT / path).read_text(encoding="utf-8"))]
    assert links
    for path, target, anchor in links:
        there = (ROOT / Path(path).parent / target) if target else ROOT / path
        assert there.exists(), f"{path} links to {target}"
        assert not anchor or anchor in slugs(there.read_text(encoding="utf-8")), f"{path} links to {target}#{anchor}"
