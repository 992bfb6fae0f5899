"""`breakglass runbook check`: what is wrong with runbooks, one finding a line with its file and its line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from breakglass.errors import UsageError
from breakglass.model.command_lines import commands_in, segments
from breakglass.model.markdown import Code, Listing, Paragraph, Table
from breakglass.model.runbook import Runbook
from breakglass.planning.runbook_front import Flaw
from breakglass.planning.runbook_rules import first_screen, flaws
from breakglass.running.front_matter import is_runbook
from breakglass.running.runbook_reading import parse
from breakglass.running.runbooks import OURS, SUFFIX, built_in, documents_of, text_of
from breakglass.ui.command_lines import wrong_with
from breakglass.ui.runbook_list import SCHEMA_VERSION
from breakglass.ui.runbook_page import first_command
from breakglass.ui.terminal import harmless

_RUNBOOKS_NAME = re.compile(r"RB-?[0-9]", re.IGNORECASE)
_INLINE = re.compile(r"`(breakglass\s+[a-z-][^`]*)`")
_ANY_VALUE = "1"
"""What stands for a placeholder's value: text, a number and a name at once."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file to check, and the path by which it is named."""

    path: str
    stem: str
    text: str

    @property
    def folder(self) -> str:
        """Where it is."""
        return str(Path(self.path).parent)


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw of one file."""

    path: str
    flaw: Flaw

    @property
    def severity(self) -> str:
        """`error` or `warning`."""
        return "warning" if self.flaw.warning else "error"

    def line(self) -> str:
        """`runbooks/RB-42-x.md:12: …`, as compilers and linters write it."""
        warning = "warning: " if self.flaw.warning else ""
        return f"{harmless(self.path)}:{self.flaw.line}: {warning}{harmless(self.flaw.message)}"


def documents_at(path: Path) -> list[Document]:
    """The documents of a file or a folder. In a folder, files without front matter are no runbooks.

    Raises `UsageError` where it cannot be read.
    """
    try:
        if path.is_dir():
            return [*_documents(path)]
        return [_document(path)]
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Give runbooks, or a folder of runbooks."
        ) from None


def built_in_documents() -> list[Document]:
    """Our own."""
    return [*_documents(built_in())]


def findings(documents: Sequence[Document], today: date) -> list[Finding]:
    """Everything that is wrong with them, file by file and line by line."""
    parsed = [(document, parse(document.text)) for document in documents]
    found = []
    for document, runbook in parsed:
        wrong = [
            *flaws(runbook, document.stem, today),
            *first_screen(runbook, first_command(runbook, today)),
            *command_flaws(runbook),
            *_twins(document, runbook, parsed),
        ]
        found += [Finding(document.path, flaw) for flaw in sorted(wrong, key=lambda flaw: flaw.line)]
    return found


def findings_document(found: Sequence[Finding], checked: int) -> dict[str, Any]:
    """The findings in plain JSON types."""
    return {
        "schema_version": SCHEMA_VERSION,
        "checked": checked,
        "findings": [
            {"path": one.path, "line": one.flaw.line, "severity": one.severity, "message": one.flaw.message}
            for one in found
        ],
    }


def command_flaws(runbook: Runbook) -> Iterator[Flaw]:
    """Lines of this program that it would not understand, in blocks of commands and within sentences."""
    for block in runbook.blocks:
        match block:
            case Code():
                for command in commands_in(block):
                    yield from _flaws_of_line(command.line, command.text, runbook)
            case Paragraph():
                for at, line in _inline(block):
                    yield from _flaws_of_words(at, line.split()[1:], only_names=True)
            case Table():
                cells = [(block.line + at + bool(at), cell) for at, row in enumerate(block.rows) for cell in row]
                for at, cell in cells:
                    for line in _INLINE.findall(cell):
                        yield from _flaws_of_words(at, line.split()[1:], only_names=True)
            case Listing():
                continue  # its items' blocks come by themselves
            case _:
                continue


def _flaws_of_line(line: int, text: str, runbook: Runbook) -> Iterator[Flaw]:
    for words in segments(text):
        if words[0] == OURS:
            filled = [_filled(word, runbook) for word in words[1:]]
            yield from _flaws_of_words(line, filled)


def _flaws_of_words(line: int, words: Sequence[str], *, only_names: bool = False) -> Iterator[Flaw]:
    if wrong := wrong_with(words, only_names=only_names):
        yield Flaw(line, f"{' '.join((OURS, *words))}: {wrong}")


def _filled(word: str, runbook: Runbook) -> str:
    for placeholder in runbook.placeholders:
        word = re.sub(rf"\b{re.escape(placeholder)}\b", _ANY_VALUE, word)
    return word


def _inline(paragraph: Paragraph) -> Iterator[tuple[int, str]]:
    """The lines of this program within a paragraph, and where each begins."""
    text = "\n".join(paragraph.lines)
    for found in _INLINE.finditer(text):
        yield paragraph.line + text.count("\n", 0, found.start()), found[1]


def _twins(document: Document, runbook: Runbook, parsed: Sequence[tuple[Document, Runbook]]) -> Iterator[Flaw]:
    """Another file with the same id: an error within one folder, a replacement of ours between two."""
    if not runbook.id:
        return
    line = runbook.front.lines.get("id", 1)
    for other, its in parsed:
        if other is document:
            break  # the first one has the id by right
        if its.id == runbook.id and other.folder == document.folder:
            yield Flaw(line, f"id: {runbook.id} is the id of {Path(other.path).name} too")
            return


def _documents(folder: Traversable) -> Iterator[Document]:
    for file in documents_of(folder):
        document = _document(file)
        if is_runbook(document.text) or _RUNBOOKS_NAME.match(document.stem):
            yield document


def _document(file: Traversable) -> Document:
    return Document(str(file), file.name.removesuffix(SUFFIX), text_of(file))
