"""A cursor on the values of a configuration file, and the list of what is wrong with them.

Reading goes on after a mistake, with an empty value in its place, so that one run names every mistake. A value
that was empty because of a mistake never leaves this package: `Mistakes.tell` ends the reading first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

from breakglass.config.spelling import either, key_part, nearest, quoted
from breakglass.errors import UsageError

MISSING = "nothing"
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),  # before int, which Python's booleans are too
    (str, "a string"),
    (int, "an integer"),
    (float, "a number"),
    (list, "a list"),
    (dict, "a table"),
    (date, "a date or time"),
    (time, "a date or time"),
)


class Mistakes:
    """Everything that is wrong with one file, in the order in which it was noticed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._noted: list[tuple[str, str]] = []

    def note(self, key: str, sentence: str) -> None:
        """Remember what is wrong with the value at the dotted `key`."""
        if (key, sentence) not in self._noted:
            self._noted.append((key, sentence))

    def expected(self, key: str, expected: str, found: str) -> None:
        """Remember what was expected at the dotted `key`, and what was found there."""
        self.note(key, f"expected {expected}, found {found}")

    def about(self, key: str) -> bool:
        """Whether something is wrong with the value at exactly this dotted `key`."""
        return any(noted == key for noted, _ in self._noted)

    def tell(self) -> None:
        """Raise one `UsageError` that names the file and every mistake in it; silent where there is none."""
        lines = [f"{key}: {sentence}" for key, sentence in self._noted]
        if len(lines) == 1:
            raise UsageError(f"{self.file}: {lines[0]}.", hint=self._hint)
        if lines:
            listed = "\n".join(f"  {line}." for line in lines)
            raise UsageError(f"{self.file} has {len(lines)} mistakes:\n{listed}", hint=self._hint)

    @property
    def _hint(self) -> str:
        return f"Correct {self.file}, then run the same command again."


@dataclass(frozen=True, slots=True)
class Place:
    """One value of the file, and the dotted key that it stands at."""

    value: object
    key: str
    mistakes: Mistakes

    def wrong(self, expected: str, found: str | None = None) -> None:
        """Note that something else was expected here; `found` is in words, by default the value's TOML type."""
        self.mistakes.expected(self.key, expected, found or type_in_words(self.value))

    def lacks(self, name: str, expected: str) -> None:
        """Note that this table should have a key `name`."""
        self.mistakes.expected(f"{self.key}.{key_part(name)}", expected, MISSING)

    def entries(self, expected: str = "a table") -> Iterator[tuple[str, "Place"]]:
        """The entries of a table whose keys are names that people choose, in file order."""
        if not isinstance(self.value, dict):
            self.wrong(expected)
            return
        for name, value in self.value.items():
            yield name, Place(value, f"{self.key}.{key_part(name)}" if self.key else key_part(name), self.mistakes)

    def fields(self, known: Sequence[str], expected: str = "a table") -> dict[str, "Place"]:
        """The entries of a table whose keys are fixed.

        An unknown key is noted; where it is a misspelling of a known one that is not there, its value is read
        as that one's, so that its own mistakes are found too and nothing is called missing that is only misspelt.
        """
        entries = dict(self.entries(expected))
        found = {name: place for name, place in entries.items() if name in known}
        for name, place in entries.items():
            if name not in known:
                meant = nearest(name, known)[:1]
                place.unknown(known, meant)
                found |= {meaning: place for meaning in meant if meaning not in entries}
        return found

    def unknown(self, known: Sequence[str], meant: Sequence[str]) -> None:
        """Note that this key is none of the `known` ones, and which it may be `meant` to be."""
        guess = f" (did you mean {either(meant)}?)" if meant else ""
        self.mistakes.note(self.key, f"unknown key{guess}, expected {either(known)}")

    def items(self, expected: str) -> tuple["Place", ...]:
        """The items of a list."""
        if not isinstance(self.value, list):
            self.wrong(expected)
            return ()
        return tuple(Place(item, f"{self.key}[{at}]", self.mistakes) for at, item in enumerate(self.value))

    def text(self, expected: str = "a string") -> str:
        """A string that can name something in AWS; empty where a mistake was noted instead."""
        match self.value:
            case str() as text if text and text == text.strip() and text.isprintable():
                return text
            case str() as text if not text.strip():
                self.wrong(f"{expected} that is not empty", quoted(text))
            case str() as text:
                self.wrong(f"{expected} without control characters or white space around it", quoted(text))
            case _:
                self.wrong(expected)
        return ""


def type_in_words(value: object) -> str:
    """What a value is, never what it says: a file's values may be nobody's business."""
    return next((words for type_, words in _TYPES if isinstance(value, type_)), type(value).__name__)
