"""A runbook as somebody walks it: text to read and commands to decide on, in the order of the document.

Which commands this program starts itself is decided here: its own, which ask for the account ID before they change
anything, and those of the AWS CLI that only read. A change that nobody has typed an account ID for is left to the
operator's own hands.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from breakglass.model.command_lines import Command, commands_in
from breakglass.model.markdown import Block, Code, Listing, Paragraph
from breakglass.model.runbook import DIAGNOSE, FIX, VERIFY, Runbook, Section, Step, parts_of

OURS, AWS_CLI = "breakglass", "aws"
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html: those that take a value.
_WITH_VALUE = frozenset(
    {
        "--profile", "--region", "--output", "--query", "--endpoint-url", "--ca-bundle", "--color",
        "--cli-read-timeout", "--cli-connect-timeout", "--cli-binary-format", "--cli-error-format",
    }
)  # fmt: skip
_READING = re.compile(
    r"(describe|list|get|batch-get|lookup|search|filter|head|simulate)-.+|list|ls|scan|query|tail|wait|test-dns-answer"
)
_SIGNING_IN = ("sso", "login")


class Start(Enum):
    """Who starts a command, and if it is the operator, why."""

    HERE = auto()
    NEEDS_A_SHELL = auto()
    ANOTHER_PROGRAM = auto()
    CHANGES_AWS = auto()


@dataclass(frozen=True, slots=True)
class Task:
    """One command of a step; `at` of `count` where the step has several, `of` the section's last step."""

    step: Step
    command: Command
    of: int | None = None
    at: int = 1
    count: int = 1

    @property
    def name(self) -> str:
        """`Fix 2`, `Verify`, with the command's place where there are several: `Fix 2, command 1 of 2`."""
        return f"{self.step.name}, command {self.at} of {self.count}" if self.count > 1 else self.step.name

    @property
    def begins(self) -> bool:
        """Whether it is the first command of its step."""
        return self.at == 1


Stop = Task | tuple[Block, ...] | str
"""A command, text to read, or the heading of a section."""


def stops(runbook: Runbook) -> Iterator[Stop]:
    """Everything below the title, in the order of the document."""
    for section in runbook.sections:
        yield section.title
        if section.title == VERIFY:
            if reading := tuple(block for block in section.blocks if not _of_the_step(block)):
                yield reading
            yield from _tasks(runbook.steps(VERIFY))
        elif section.title in (DIAGNOSE, FIX):
            yield from _walked(section, runbook.steps(section.title))
        elif section.blocks:
            yield section.blocks


def from_step(everything: Sequence[Stop], word: str) -> list[Stop] | None:
    """What is left from the step on that `word` names, such as `Fix 2` or `fix-2`; None where there is none."""
    for at, stop in enumerate(everything):
        if isinstance(stop, Task) and _folded(stop.step.name) == _folded(word):
            return list(everything[at:])
    return None


def start_of(command: Command) -> Start:
    """Whether the command is started here."""
    words = command.words
    if not words or not command.text.isprintable():
        return Start.NEEDS_A_SHELL
    if words[0] == OURS:
        return Start.HERE
    if words[0] != AWS_CLI:
        return Start.ANOTHER_PROGRAM
    return Start.HERE if _only_reads(words[1:]) else Start.CHANGES_AWS


def with_values(command: Command, values: Mapping[str, str]) -> Command:
    """The command with its placeholders filled in. The values are checked by whoever took them: see `usable`."""
    text = command.text
    for word, value in values.items():
        text = value.join(re.split(rf"\b{re.escape(word)}\b", text))
    return replace(command, text=text)


def asked_for(command: Command, placeholders: Mapping[str, str]) -> list[str]:
    """The placeholders that a command names."""
    return [word for word in placeholders if re.search(rf"\b{re.escape(word)}\b", command.text)]


def usable(value: str) -> bool:
    """Whether a value can be put into a command as it is: it is one word to any shell, and no option."""
    return re.fullmatch(r"[A-Za-z0-9_./:@%+=,][A-Za-z0-9_./:@%+=,-]*", value) is not None


def _of_the_step(block: Block) -> bool:
    """Whether a block of Verify belongs to its one step: its commands, and what is labelled."""
    return isinstance(block, Code) or (isinstance(block, Paragraph) and bool(parts_of([block])))


def _walked(section: Section, steps: Sequence[Step]) -> Iterator[Stop]:
    """A section's text and its steps' commands; an item without a command is text."""
    reading: list[Block] = []
    waiting = list(steps)
    for block in section.blocks:
        if not (isinstance(block, Listing) and block.ordered):
            reading.append(block)
            continue
        for item in block.items:
            step = waiting.pop(0)
            if step.commands:
                if reading:
                    yield tuple(reading)
                    reading = []
                yield from _tasks((step,), steps[-1].number)
            else:
                reading.append(Listing(item.line, (item,)))
    if reading:
        yield tuple(reading)


def _tasks(steps: Sequence[Step], of: int | None = None) -> Iterator[Task]:
    for step in steps:
        commands = [command for code in step.code for command in commands_in(code)]
        for at, command in enumerate(commands, 1):
            yield Task(step, command, of, at, len(commands))


def _only_reads(words: Sequence[str]) -> bool:
    """Whether an AWS CLI line asks and changes nothing; its name says so. Signing in changes nothing in AWS."""
    names: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            names.append(word)
        if len(names) == len(_SIGNING_IN):
            break
    return tuple(names) == _SIGNING_IN or (len(names) > 1 and _READING.fullmatch(names[1]) is not None)


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
