"""A runbook: what it is about, its sections, and its steps with their commands.

Written as Markdown with a TOML front matter, see docs/runbooks.md. Every text can be parsed: what is missing is empty
here, and `runbook_rules` says that it is missing. A runbook never raises in the middle of an incident.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from breakglass.model.command_lines import Command, commands_in
from breakglass.model.markdown import Block, Code, Heading, Listing, Paragraph, every

ANY_SERVICE = "*"
SERVICE = "SERVICE"
"""What stands for the service's name in the commands of a runbook about any service."""

DIAGNOSE, FIX, VERIFY = "Diagnose", "Fix", "Verify"
HEADINGS = (
    "Is this it",
    "Impact",
    "Stop and escalate if",
    "Before you start",
    DIAGNOSE,
    FIX,
    VERIFY,
    "Roll back",
    "Hand over",
)
LABELS = ("Why", "Expect", "If not", "Undo")


class Sort(StrEnum):
    """What a document is: a runbook, a guide (free in its headings), or what a new runbook begins as."""

    RUNBOOK = "runbook"
    GUIDE = "guide"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Front:
    """The front matter: its values as TOML gives them, and the line of each key.

    `ends` is the line of the closing `+++`, 0 where there is no front matter. `error` is what is wrong with the TOML
    and in which line.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    ends: int = 0
    error: tuple[int, str] | None = None

    def text(self, key: str) -> str:
        """A string; empty where it is missing or something else."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; what else is in it is left out."""
        value = self.values.get(key)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def date(self, key: str) -> date | None:
        """A date, as TOML's own or as a string YYYY-MM-DD."""
        value = self.values.get(key)
        if type(value) is date:
            return value
        try:
            return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-11-23") else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Section:
    """Everything below one H2 heading."""

    line: int
    title: str
    blocks: tuple[Block, ...] = ()

    def code(self) -> tuple[Code, ...]:
        """Its code blocks, within lists too."""
        return tuple(block for block in every(self.blocks) if isinstance(block, Code))


@dataclass(frozen=True, slots=True)
class Part:
    """One labelled text of a step, such as `Expect: …`."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step of a section: its texts by label, and its commands.

    `under` is the H3 heading that it stands below, where there is one. `Verify` is one step without a number.
    """

    section: str
    number: int | None
    line: int
    parts: Mapping[str, Part] = field(default_factory=dict)
    code: tuple[Code, ...] = ()
    under: str = ""

    def text(self, label: str) -> str:
        """What it says below a label, "" where it says nothing."""
        part = self.parts.get(label)
        return part.text if part else ""

    @property
    def name(self) -> str:
        """How it is called: `Fix 2`, `Verify`."""
        return self.section if self.number is None else f"{self.section} {self.number}"

    @property
    def commands(self) -> tuple[Command, ...]:
        """Its commands in order."""
        return tuple(command for code in self.code for command in commands_in(code))


@dataclass(frozen=True, slots=True)
class Runbook:
    """One document. `preamble` is what stands above the first H2, the title and the first command among it."""

    front: Front
    preamble: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def id(self) -> str:
        """Such as RB-01."""
        return self.front.text("id")

    @property
    def sort(self) -> Sort:
        """What it is: `kind` of the front matter, a runbook where that says nothing known."""
        kind = self.front.text("kind")
        return Sort(kind) if kind in set(Sort) else Sort.RUNBOOK

    @property
    def title(self) -> str:
        """The front matter's title, else the H1's words after the id."""
        return self.front.text("title") or (self.heading.text.removeprefix(self.id).strip() if self.heading else "")

    @property
    def service(self) -> str:
        """The service that it is about, `*` for any."""
        return self.front.text("service") or ANY_SERVICE

    @property
    def heading(self) -> Heading | None:
        """The H1."""
        return next((one for one in self.preamble if isinstance(one, Heading) and one.level == 1), None)

    @property
    def placeholders(self) -> Mapping[str, str]:
        """Words in capitals that its commands have to be given, and what each stands for."""
        value = self.front.values.get("placeholders")
        named = value.items() if isinstance(value, dict) else ()
        return {word: means for word, means in named if isinstance(means, str)}

    def has_word(self, word: str) -> bool:
        """Whether a word in capitals, such as `SERVICE`, is in a block of code."""
        code = "\n".join(line for block in self.blocks if isinstance(block, Code) for line in block.lines)
        return re.search(rf"\b{re.escape(word)}\b", code) is not None

    def section(self, title: str) -> Section | None:
        """The section with a heading."""
        return next((section for section in self.sections if section.title == title), None)

    def steps(self, title: str) -> tuple[Step, ...]:
        """The steps of a section, empty where there is no such section. Verify is one step by itself."""
        section = self.section(title)
        if section is None:
            return ()
        return (_whole(section),) if title == VERIFY else tuple(_steps(section))

    @property
    def blocks(self) -> Iterator[Block]:
        """All blocks in reading order, those within lists too, headings of sections left out."""
        yield from every(self.preamble)
        for section in self.sections:
            yield from every(section.blocks)

    @property
    def first_code(self) -> Code | None:
        """The first block with a command in it."""
        return next((block for block in self.blocks if isinstance(block, Code) and commands_in(block)), None)


def _whole(section: Section) -> Step:
    return Step(section.title, None, section.line, parts_of(section.blocks), section.code())


def _steps(section: Section) -> Iterator[Step]:
    under = ""
    for block in section.blocks:
        if isinstance(block, Heading):
            under = block.text
        if isinstance(block, Listing) and block.ordered:
            for item in block.items:
                code = tuple(one for one in every(item.blocks) if isinstance(one, Code))
                yield Step(section.title, item.number, item.line, parts_of(item.blocks), code, under)


def parts_of(blocks: Sequence[Block]) -> dict[str, Part]:
    """The labelled texts of some blocks. A label begins a line; its text goes on until the next label or block."""
    parts: dict[str, Part] = {}
    for block in blocks:
        if isinstance(block, Paragraph):
            label = ""
            for at, line in enumerate(block.lines):
                starts = next((one for one in LABELS if line.startswith(f"{one}:")), "")
                label = starts or label
                words = line.removeprefix(f"{starts}:").strip() if starts else line.strip()
                if starts and label not in parts:
                    parts[label] = Part(block.line + at, words)
                elif label and not starts:
                    parts[label] = Part(parts[label].line, f"{parts[label].text} {words}".strip())
    return parts
