"""The blocks of a Markdown text, each with its line."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

NOTE = "test:"
"""How a comment begins that carries information about the next code block."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. `line` is counted from 1 in every block."""

    line: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text, in the lines in which it is written."""

    line: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text on one line."""
        return " ".join(line.strip() for line in self.lines)


@dataclass(frozen=True, slots=True)
class Code:
    """A fenced block. `line` is that of its opening fence; `notes` is what comments before it say of it."""

    line: int
    language: str
    lines: tuple[str, ...]
    closed: bool = True
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first row is its head."""

    line: int
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""

    line: int


@dataclass(frozen=True, slots=True)
class Comment:
    """An HTML comment: its text, without the marks. Nobody is shown it."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quote."""

    line: int
    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; `marker` as written, such as `-` or `2.`."""

    line: int
    marker: str
    blocks: tuple["Block", ...]

    @property
    def number(self) -> int | None:
        """Its number in an ordered list."""
        return int(self.marker[:-1]) if self.marker[:-1] else None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list, ordered or not."""

    line: int
    items: tuple[Item, ...]

    @property
    def ordered(self) -> bool:
        """Whether its items are numbered."""
        return self.items[0].number is not None


Block: TypeAlias = Heading | Paragraph | Code | Table | Rule | Comment | Quote | Listing


def every(blocks: Sequence[Block]) -> Iterator[Block]:
    """All blocks in reading order, those within lists and quotes too."""
    for block in blocks:
        yield block
        match block:
            case Listing():
                for item in block.items:
                    yield from every(item.blocks)
            case Quote():
                yield from every(block.blocks)


def notes_of(comment: Comment) -> dict[str, str]:
    """What a comment such as `<!-- test: world=gone exit=10 -->` says; a word alone says "". Else nothing."""
    if not comment.text.startswith(NOTE):
        return {}
    text = comment.text.removeprefix(NOTE)
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return {key: value for key, _, value in (word.partition("=") for word in words)}
