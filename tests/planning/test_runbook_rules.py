"""Whatever a runbook lacks is found, and named by its line."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.model.runbook import HEADINGS
from breakglass.planning.runbook_rules import first_screen, flaws
from breakglass.running.runbook_reading import parse
from tests.runbook_text import GOOD, line_of

TODAY = date(2026, 11, 23)
LINES = GOOD.split("\n")
OPTIONAL = ('scenarios = ["', "- this is so", "This ")


def found(text, stem="RB-60-queue-is-full"):
    return [(flaw.line, flaw.message) for flaw in flaws(parse(text), stem, TODAY)]


def said(text, **more):
    return "\n".join(f"{line}: {message}" for line, message in found(text, **more))


def without(number, text=GOOD):
    lines = text.split("\n")
    return "\n".join(lines[: number - 1] + lines[number:])


def test_a_good_one_has_no_flaw():
    assert found(GOOD) == []


@pytest.mark.parametrize("number", [at for at, line in enumerate(LINES, 1) if line.strip()])
def test_no_line_can_be_missing_without_being_missed(number):
    """Take away any line: something is said. A sentence alone may go, but not the only one of its section."""
    line = LINES[number - 1].strip()
    complaints = found(without(number))
    if line.startswith('scenarios = ["'):
        assert complaints == []
    else:
        assert complaints, line
    assert all(1 <= at <= len(LINES) for at, _ in complaints)


@pytest.mark.parametrize(
    "key", ["id", "title", "alert", "service", "severity", "owner", "works_without", "needs", "review_by"]
)
def test_each_key_is_missed_and_its_type_is_looked_at(key):
    number = line_of(GOOD, f"{key} = ")
    assert (12, f"{key}: missing from the front matter") in found(without(number))
    wrong = GOOD.replace(LINES[number - 1], f"{key} = 7")
    assert any(at == number and message.startswith(f"{key}: expected ") for at, message in found(wrong))


@pytest.mark.parametrize("title", HEADINGS)
def test_each_heading_is_missed_where_it_belongs(title):
    number = line_of(GOOD, f"## {title}")
    after = number + next((at for at, line in enumerate(LINES[number:], 0) if line.startswith("## ")), 0)
    expected = after if title != "Hand over" else line_of(without(number), "## Roll back")
    assert (expected, f"{title}: no such heading") in found(without(number))


@pytest.mark.parametrize("at", range(len(HEADINGS) - 1))
def test_two_headings_that_have_changed_places_are_found(at):
    one, other = f"## {HEADINGS[at]}\n", f"## {HEADINGS[at + 1]}\n"
    swapped = GOOD.replace(one, "\0").replace(other, one).replace("\0", other)
    assert f"{HEADINGS[at]}: this heading belongs before {HEADINGS[at + 1]}" in said(swapped)


@pytest.mark.parametrize(
    ("label", "nth", "step", "line"),
    [
        ("1. Why: to see", 1, "Diagnose 1", 0), ("Expect:", 1, "Diagnose 1", -6), ("If not:", 1, "Diagnose 1", -8),
        ("1. Why: to read", 1, "Fix 1", 0), ("Expect:", 2, "Fix 1", -6), ("If not:", 2, "Fix 1", -8),
        ("Undo:", 1, "Fix 1", -10), ("Undo:", 2, "Fix 2", -10), ("Expect:", 4, "Verify", -6),
    ],
)  # fmt: skip
def test_each_part_of_a_step_is_missed_at_the_step(label, nth, step, line):
    number = line_of(GOOD, label, nth)
    emptied = GOOD.split("\n")
    word = "Why" if "Why" in label else label.rstrip(":")
    emptied[number - 1] = emptied[number - 1].split(f"{word}:")[0] + "Some text instead."
    assert (number + line, f"{step}: no “{word}: …”") in found("\n".join(emptied))


@pytest.mark.parametrize("state", ["healthy", "degraded", "drifted", "half-deleted", "gone", "unknown"])
def test_each_state_without_a_branch_is_missed_where_the_branches_are(state):
    told = said(GOOD.replace(f"`{state}`", "`ok`", 1))
    first = line_of(GOOD, "- `drifted`" if state in {"healthy", "degraded"} else "- `healthy`")
    assert f"no branch for `{state}`" in told
    assert told.startswith(f"{first - (state in {'degraded', 'healthy'})}: ")


def test_branches_may_be_rows_of_a_table_and_stand_below_fix():
    branches = GOOD[GOOD.index("- `healthy`") : GOOD.index("## Fix")]
    rows = "| state | what |\n|---|---|\n" + "".join(
        f"| `{state}` | go on |\n" for state in ["healthy", "degraded", "drifted", "half-deleted", "gone", "unknown"]
    )
    assert found(GOOD.replace(branches, "").replace("## Verify", f"{rows}\n## Verify")) == []


def test_a_runbook_that_does_not_ask_the_tool_needs_no_branches():
    branches = GOOD[GOOD.index("- `healthy`") : GOOD.index("## Fix")]
    other = GOOD.replace(branches, "").replace("breakglass inventory SERVICE\n", "aws sqs list-queues\n")
    assert found(other) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "RB-60"', 'id = "RB-6"', "2: id: expected RB- and two digits"),
        ('id = "RB-60"', 'id = "RB-61"', "2: id: RB-61 in a file named RB-60-queue-is-full.md"),
        ('id = "RB-60"', 'id = "RB-00"', "2: id: RB-00 is the template's"),
        ('severity = "warning"', 'severity = "warn"', "6: severity: expected critical, warning or info (did"),
        ('owner = "team', 'ownr = "team', "7: ownr: unknown key (did you mean owner?)"),
        ('review_by = "2099-01-01"', 'review_by = "2099-02-30"', "10: review_by: expected a date"),
        ('review_by = "2099-01-01"', 'review_by = "2020-01-01"', "10: review_by: 2020-01-01 is past"),
        ('works_without = ["the deployer API"]', 'works_without = "x"', "8: works_without: expected a list of texts"),
        ('scenarios = ["service-deleted"]', 'states = ["hlaf-deleted"]', "11: states: expected healthy, degraded,"),
        ('service = "*"', 'service = "two words"', "5: service: expected a service's name"),
        ('service = "*"', 'service = "billing-api"', "18: SERVICE stands for any service"),
        ("placeholders = { RUN", "placeholders = { run", "12: placeholders: run: expected a word in capitals"),
        ("placeholders = { RUN", "placeholders = { SERVICE", "12: placeholders: SERVICE is known"),
        ("placeholders = { RUN", "placeholders = { STEP", "RUN: say what it stands for, under placeholders"),
        ("breakglass timeline RUN", "breakglass timeline 1234", "12: placeholders: RUN is in no command"),
        ("alert = ", "alert ", "4: the front matter is no TOML"),
        ("# RB-60 The queue", "# RB-60 The other queue", "15: expected the heading # RB-60 The queue is full"),
        ("## Impact", "# Impact", "25: a second heading of the first level"),
        ("## Impact", "## Impcat", "25: Impcat: unknown heading (did you mean Impact?)"),
        ("## Impact", "## Is this it", "25: Is this it: this heading is here twice"),
        ("This says who notices.\n", "<!-- nothing -->\n", "25: Impact: nothing below this heading"),
        ("2. Why: to look", "3. Why: to look", "Fix: step 2 is numbered 3"),
        ("   ```sh\n   breakglass timeline", "   ```bash\n   breakglass timeline", "a block of commands is marked sh"),
        ("to look back.\n", "to look back.\n\n   ```sh\n   true\n   ```\n", "Fix 2: a second block of sh"),
        ("- `drifted`: go on.", "- `drifted`, `half-gone`: go on.", "`half-gone` is no state that the tool reports"),
    ],
)  # fmt: skip
def test_what_is_written_wrongly_is_named_by_line_and_in_words(old, new, words):
    assert old in GOOD
    assert words in said(GOOD.replace(old, new, 1))


def test_a_block_that_is_not_closed_is_found_where_it_begins():
    number = line_of(GOOD, "breakglass inventory SERVICE --detailed")
    assert (number - 1, "this block is not closed") in found(without(number + 1))


def test_a_text_without_front_matter_is_told_so_and_nothing_else():
    assert said("# A page\n") == "1: no front matter: the first line of a runbook is +++"
    assert said(GOOD.replace("\n+++\n", "\n", 1)).startswith("1: the front matter has no closing +++")


def test_only_an_overdue_review_and_an_idle_placeholder_are_warnings():
    past = [flaw.warning for flaw in flaws(parse(GOOD.replace("2099", "2020")), "RB-60-x", TODAY)]
    assert past == [True]


def test_a_guide_is_free_in_its_headings_and_steps():
    keys = 'id = "RB-61"\ntitle = "Games"\nkind = "guide"\nowner = "us"\nreview_by = 2099-01-01\n'
    guide = f"+++\n{keys}+++\n\n# RB-61 Games\n\n## Roles\n"
    assert found(guide, stem="RB-61-games") == []
    assert "owner: missing" in said(guide.replace('owner = "us"\n', ""), stem="RB-61-games")


def test_the_first_command_is_on_the_first_screen():
    runbook = parse(GOOD)
    assert list(first_screen(runbook, 24)) == []
    (late,) = first_screen(runbook, 25)
    assert late.line == line_of(GOOD, "```sh")
    assert "no block of sh with the first command" in said(GOOD.replace("```sh", "```text", 1))


@given(
    st.lists(
        st.sampled_from([*LINES, "", "+++", "```sh", "1. x", "- `gone`", "\x00\x1b", "| `a` |", "|---|"]), max_size=40
    )
)
def test_whatever_is_written_is_read_and_judged_without_a_fault(lines):
    for text in ("\n".join(lines), "+++\n" + "\n".join(lines)):
        assert found(text), "a heap of lines is no runbook"
