"""What the documents say can be typed: every block of `sh` and every command within a sentence.

Read with the program's own reader of Markdown, so that what is shown is what is tested.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from breakglass.model.command_lines import Command, commands_in, words_of
from breakglass.model.markdown import Code, Paragraph, Table, every
from breakglass.model.runbook import Runbook, Sort
from breakglass.running.front_matter import is_runbook
from breakglass.running.markdown_reading import read
from breakglass.running.runbook_reading import parse

ROOT = Path(__file__).resolve().parents[2]
GLOBS = ("README.md", "CONTRIBUTING.md", "docs/*.md", "runbooks/*.md")
SERVICE = "deployer-api"
HEALTHY = "healthy"
NOT_RUN = {
    "python3 -m venv .venv": "installs; .ci/run does the same, from a clean environment",
    "pip install --quiet -e '.[dev]'": "installs; .ci/run does the same",
    "pytest -n auto": "is what runs this",
    "pytest -q tests/kinds/test_log_group.py tests/kinds/test_every_kind.py tests/survey/test_everything.py":
        "part of what runs this",
    ".ci/run          # what main promises: lint, types, import layers, the wheel, the tests, from a clean environment":
        "runs this",
}  # fmt: skip
"""Lines that are not typed here, each with its reason."""
_INLINE = re.compile(r"`((?:breakglass|aws) [^`]+)`")
_IN_BACKTICKS = re.compile(r"`([^`]+)`")
_WORD = re.compile(r"\b[A-Z][A-Z0-9_]+\b")


@dataclass(frozen=True)
class Typed:
    """One line to type, where it stands, and what is to come of it.

    `notes` are those of the comment before its block; `expect` is what its step expects, with backticks.
    """

    path: str
    line: int
    text: str
    notes: dict[str, str] = field(hash=False)
    step: str = ""
    expect: str = ""

    @property
    def scenarios(self):
        """The scenarios in which it is played: those of its runbook, unless its own comment names another world."""
        return document(self.path).scenarios if self.step and "world" not in self.notes else ()

    @property
    def world(self):
        """Where it is typed else."""
        return self.notes.get("world", HEALTHY)

    @property
    def asks_nothing(self):
        """In the template a service is well, and there is nothing to rebuild."""
        found = document(self.path).runbook
        return found is not None and found.sort is Sort.TEMPLATE

    @property
    def exit(self):
        return int(self.notes.get("exit", 0))

    @property
    def filled(self):
        return filled(self.text, {word: value for word, value in self.notes.items() if word.isupper()})

    @property
    def key(self):
        """The line however it is spaced, and without what it is commented with."""
        return " ".join(words_of(self.filled) or (self.filled,))

    @property
    def place(self):
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Document:
    path: str
    text: str

    @cached_property
    def runbook(self) -> Runbook | None:
        return parse(self.text) if is_runbook(self.text) else None

    @property
    def scenarios(self):
        return self.runbook.front.texts("scenarios") if self.runbook else ()

    @cached_property
    def blocks(self):
        return tuple(self.runbook.blocks if self.runbook else every(read(self.text)))

    @property
    def code(self):
        """Its blocks of commands."""
        return [block for block in self.blocks if isinstance(block, Code) and block.language.split()[:1] == ["sh"]]

    @property
    def typed(self):
        """Every command of its blocks, in order. A line of several is several."""
        steps = {code.line: step for step in _steps(self.runbook) for code in step.code}
        return [
            self._typed(block, one, text.replace(".venv/bin/", ""), steps)
            for block in self.code
            for one in commands_in(block)
            for text in one.text.split(" && ")
        ]

    def _typed(self, block: Code, one: Command, text: str, steps):
        step = steps.get(block.line)
        name, expect = (step.name, step.text("Expect")) if step else ("", "")
        return Typed(self.path, one.line, text, dict(block.notes), name, filled(expect, {}))

    @property
    def inline(self) -> Iterator[tuple[int, str]]:
        """Every command within a sentence or a table, with its line."""
        for block in self.blocks:
            match block:
                case Paragraph():
                    yield from ((block.line, found) for found in _INLINE.findall(block.text))
                case Table():
                    cells = " ".join(cell for row in block.rows for cell in row)
                    yield from ((block.line, found) for found in _INLINE.findall(cells))


def _steps(runbook):
    return [step for title in ("Diagnose", "Fix", "Verify") for step in runbook.steps(title)] if runbook else []


@cache
def documents():
    """All of them, in the order in which somebody would read them: what is not played comes last."""
    paths = [path for glob in GLOBS for path in sorted(ROOT.glob(glob))]
    found = [Document(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in paths]
    return tuple(sorted(found, key=lambda one: bool(one.runbook) and not one.scenarios))


@cache
def document(path):
    return next(one for one in documents() if one.path == path)


@cache
def runbook(known_as):
    """The document of a runbook's id."""
    found = [one for one in documents() if one.runbook and one.runbook.id == known_as]
    assert len(found) == 1, f"{len(found)} documents have the id {known_as}"
    return found[0]


@cache
def left_to_type():
    """Every line that no scenario plays and that is not left out with a reason, each once in its world."""
    played = {(one.path, one.key) for every in documents() for one in every.typed if one.scenarios}
    left = [one for every in documents() for one in every.typed if not one.scenarios]
    left = [one for one in left if (one.path, one.key) not in played and one.text not in NOT_RUN]
    return tuple({(one.key, one.world, one.expect): one for one in reversed(left)}.values())[::-1]


@cache
def first_places():
    """Where each distinct line stands first: there it is run as a process of its own, elsewhere within this one."""
    first = {}
    for one in documents():
        for typed in one.typed:
            first.setdefault(typed.key, typed.place)
    return frozenset(first.values())


def is_first(typed):
    return typed.place in first_places()


def filled(text, values):
    """A line with its placeholders filled in; the service is the one that the sandbox's scenarios are about."""
    values = {"SERVICE": SERVICE, **values}
    return _WORD.sub(lambda found: values.get(found[0], found[0]), text)


def alternatives(expect):
    """What the output has to contain: groups, of each of which one is enough.

    What stands in backticks is expected; where an `or` stands between two, one of them is.
    """
    groups: list[list[str]] = []
    end = 0
    for found in _IN_BACKTICKS.finditer(expect):
        if groups and re.search(r"\bor\b", expect[end : found.start()]):
            groups[-1].append(found[1])
        else:
            groups.append([found[1]])
        end = found.end()
    return groups


def unmet(expect, output):
    """What is expected and not there. How lines are broken and cells padded makes no difference."""
    plain = " ".join(output.split())
    return [group for group in alternatives(expect) if not any(" ".join(one.split()) in plain for one in group)]
