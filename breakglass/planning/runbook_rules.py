"""What a runbook has to have below its front matter, so that it can be followed at night."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from breakglass.config.spelling import nearest, on_one_line
from breakglass.model.command_lines import SHELL, commands_in, segments
from breakglass.model.inventory import Health
from breakglass.model.markdown import Block, Code, Comment, Heading, Listing, Paragraph, Table, every
from breakglass.model.runbook import ANY_SERVICE, DIAGNOSE, FIX, HEADINGS, SERVICE, VERIFY, Runbook, Section, Sort, Step
from breakglass.planning.runbook_front import Flaw, front_flaws

FIRST_SCREEN = 24
"""Rows of the smallest terminal that a runbook is read on: the first command is among them."""

_STARTS_WITH_CODE = re.compile(r"(?:`[^`]+`(?:\s*(?:,|/|and|or)\s*)*)+")
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
_IN_BACKTICKS = re.compile(r"`([^`]+)`")
_DIAGNOSING = ("inventory", "recover")
_SHELLS = frozenset({"", "bash", "shell", "console", "zsh", "shell-session"})
_LABELS = {DIAGNOSE: ("Why", "Expect", "If not"), FIX: ("Why", "Expect", "If not", "Undo"), VERIFY: ("Expect",)}


def flaws(runbook: Runbook, stem: str, today: date) -> list[Flaw]:
    """Everything that is wrong with a document, but for its commands and its looks, by line."""
    found = [*front_flaws(runbook, stem, today)]
    if runbook.front.ends:
        found += [*_title(runbook), *_blocks(runbook), *_placeholders(runbook)]
        if runbook.sort is not Sort.GUIDE:
            found += [*_first_command(runbook), *_headings(runbook), *_steps(runbook), *_branches(runbook)]
    return sorted(found, key=lambda flaw: flaw.line)


def first_screen(runbook: Runbook, row: int | None) -> Iterator[Flaw]:
    """Whether the first command is on the first screen; `row` is the one that it is shown in, None without one."""
    if runbook.sort is Sort.GUIDE or not runbook.front.ends:
        return
    if row is not None and row > FIRST_SCREEN and runbook.first_code:
        yield Flaw(
            runbook.first_code.line, f"the first command is shown in row {row}, expected it in the first {FIRST_SCREEN}"
        )


def _title(runbook: Runbook) -> Iterator[Flaw]:
    expected = f"# {runbook.id} {runbook.front.text('title')}"
    if runbook.heading is None:
        yield Flaw(runbook.front.ends + 1, f"no heading {on_one_line(expected)} above the text")
    elif f"# {runbook.heading.text}" != expected:
        yield Flaw(runbook.heading.line, f"expected the heading {on_one_line(expected)}, as the front matter has it")
    for block in runbook.blocks:
        if isinstance(block, Heading) and block.level == 1 and block is not runbook.heading:
            yield Flaw(block.line, "a second heading of the first level: one document is one runbook")


def _first_command(runbook: Runbook) -> Iterator[Flaw]:
    if not any(commands_in(block) for block in runbook.preamble if isinstance(block, Code)):
        line = runbook.heading.line if runbook.heading else runbook.front.ends
        yield Flaw(line, f"no block of {SHELL} with the first command below the title")


def _headings(runbook: Runbook) -> Iterator[Flaw]:
    titles = [section.title for section in runbook.sections]
    reached = ""
    for section in runbook.sections:
        if section.title not in HEADINGS:
            near = "".join(f" (did you mean {one}?)" for one in nearest(section.title, set(HEADINGS) - set(titles))[:1])
            yield Flaw(section.line, f"{on_one_line(section.title)}: unknown heading{near}")
            continue
        if section is not runbook.section(section.title):
            yield Flaw(section.line, f"{section.title}: this heading is here twice")
        elif reached and HEADINGS.index(section.title) < HEADINGS.index(reached):
            yield Flaw(section.line, f"{section.title}: this heading belongs before {reached}")
        else:
            reached = section.title
        if all(isinstance(block, Comment) for block in section.blocks):
            yield Flaw(section.line, f"{section.title}: nothing below this heading")
    for title in HEADINGS:
        if title not in titles:
            yield Flaw(_place_of(runbook, title), f"{title}: no such heading")


def _place_of(runbook: Runbook, title: str) -> int:
    """The line before which a heading is missing: that of the next one, else of the last."""
    later = HEADINGS[HEADINGS.index(title) + 1 :]
    after = [section.line for section in runbook.sections if section.title in later]
    return after[0] if after else max((section.line for section in runbook.sections), default=runbook.front.ends)


def _blocks(runbook: Runbook) -> Iterator[Flaw]:
    for block in runbook.blocks:
        if isinstance(block, Code) and not block.closed:
            yield Flaw(block.line, "this block is not closed")
        if isinstance(block, Code) and block.language.lower() in _SHELLS:
            yield Flaw(block.line, f"a block of commands is marked {SHELL}, and another one by its own language")


def _steps(runbook: Runbook) -> Iterator[Flaw]:
    for title in (DIAGNOSE, FIX, VERIFY):
        section = runbook.section(title)
        if section is None:
            continue
        steps = runbook.steps(title)
        if not steps:
            yield Flaw(section.line, f"{title}: no numbered step")
        for step in steps:
            yield from _flaws_of_step(step)
        yield from _numbering(section)


def _flaws_of_step(step: Step) -> Iterator[Flaw]:
    blocks = [code for code in step.code if commands_in(code)]
    if not blocks:
        yield Flaw(step.line, f"{step.name}: no block of {SHELL} with a command")
    elif len(blocks) > 1 and step.section != VERIFY:
        yield Flaw(blocks[1].line, f"{step.name}: a second block of {SHELL}, expected one for each step")
    for label in _LABELS[step.section]:
        if not step.text(label):
            yield Flaw(step.line, f"{step.name}: no “{label}: …”")


def _numbering(section: Section) -> Iterator[Flaw]:
    """Steps are numbered through, whatever stands between them: `Fix 2` is one step."""
    listed = [block for block in section.blocks if isinstance(block, Listing) and block.ordered]
    for number, item in enumerate((item for listing in listed for item in listing.items), 1):
        if item.number != number:
            yield Flaw(item.line, f"{section.title}: step {number} is numbered {item.number}")


def _branches(runbook: Runbook) -> Iterator[Flaw]:
    """One branch for each state that the tool can report, where the runbook asks the tool."""
    sections = [section for title in (DIAGNOSE, FIX) if (section := runbook.section(title))]
    if not any(_diagnoses(section) for section in sections):
        return
    seen: set[str] = set()
    branching = sections[0].line
    for section in sections:
        for line, states in _starts(section.blocks):
            if known := states.intersection(Health):
                branching = branching if seen else line
                seen |= known
                for other in sorted(states.difference(Health)):
                    yield Flaw(line, f"`{on_one_line(other)}` is no state that the tool reports")
    for state in Health:
        if state not in seen:
            yield Flaw(branching, f"no branch for `{state}`: a list or table whose items begin with the state")


def _diagnoses(section: Section) -> bool:
    commands = [command for code in section.code() for command in commands_in(code)]
    words = [segment for command in commands for segment in segments(command.text)]
    return any(segment[:1] == ("breakglass",) and segment[1:2] and segment[1] in _DIAGNOSING for segment in words)


def _starts(blocks: Sequence[Block]) -> Iterator[tuple[int, set[str]]]:
    """What stands in backticks at the beginning of each bullet and each row, with the line."""
    for block in every(blocks):
        match block:
            case Listing() if not block.ordered:
                for item in block.items:
                    if item.blocks and isinstance(item.blocks[0], Paragraph):
                        yield item.line, _leading(item.blocks[0].text)
            case Table():
                for at, row in enumerate(block.rows):
                    yield block.line + at + (1 if at else 0), _leading(row[0])


def _leading(text: str) -> set[str]:
    found = _STARTS_WITH_CODE.match(text.removeprefix("**"))
    return set(_IN_BACKTICKS.findall(found[0])) if found else set()


def _placeholders(runbook: Runbook) -> Iterator[Flaw]:
    """Words in capitals that somebody has to fill in before a command can be run."""
    words: set[str] = set()
    for command in (one for block in runbook.blocks if isinstance(block, Code) for one in commands_in(block)):
        here = set(_CAPITALS.findall(command.text))
        words |= here
        if SERVICE in here and runbook.service != ANY_SERVICE:
            yield Flaw(command.line, f"{SERVICE} stands for any service, and this runbook is about {runbook.service}")
        if runbook.sort is not Sort.GUIDE:
            for word in _ours(command.text):
                if _CAPITALS.fullmatch(word) and word != SERVICE and word not in runbook.placeholders:
                    yield Flaw(command.line, f"{word}: say what it stands for, under placeholders in the front matter")
    for name in runbook.placeholders:
        if name not in words:
            line = runbook.front.lines.get("placeholders", 1)
            yield Flaw(line, f"placeholders: {name} is in no command", warning=True)


def _ours(text: str) -> Iterator[str]:
    """The words, and values behind `=`, of this program's own commands; they are never in capitals by themselves."""
    for segment in segments(text):
        if segment[0] == "breakglass":
            yield from (word.rpartition("=")[2] for word in segment[1:])
