"""The commands of a code block: one a line, or several lines joined by a backslash at their end."""

import re
import shlex
from dataclasses import dataclass

from breakglass.model.markdown import Code

SHELL = "sh"
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Command:
    """One command as written, on one line, and the line of the document that it begins in."""

    line: int
    text: str

    @property
    def words(self) -> tuple[str, ...] | None:
        """Its words as a shell would split them; None where it takes a shell to understand it.

        Pipes, redirections, variables, globs and several commands on a line take one, quoted text does not.
        """
        return words_of(self.text)

    @property
    def program(self) -> str:
        """The program that it starts, "" where that takes a shell to say."""
        words = self.words
        return words[0] if words else ""


def commands_in(code: Code) -> tuple[Command, ...]:
    """The commands of a block of `sh`, comments left out; none where it is another language."""
    if code.language.split()[:1] != [SHELL]:
        return ()
    commands: list[Command] = []
    joined, began = "", 0
    for at, line in enumerate(code.lines, code.line + 1):
        if not joined and (not line.strip() or line.lstrip().startswith("#")):
            continue
        began = began if joined else at
        joined = f"{joined} {line.strip()}".strip()
        if joined.endswith("\\"):
            joined = joined.removesuffix("\\").rstrip() or " "
            continue
        commands.append(Command(began, joined))
        joined = ""
    if joined.strip():
        commands.append(Command(began, joined))
    return tuple(commands)


def words_of(text: str) -> tuple[str, ...] | None:
    """A line's words, None where only a shell understands it. What follows a `#` is no part of it."""
    if _unquoted_shell(text):
        return None
    try:
        return tuple(shlex.split(text, comments=True))
    except ValueError:
        return None


def _unquoted_shell(text: str) -> bool:
    """Whether something outside quotes means more to a shell than itself."""
    quote, escaped, before = "", False, " "
    for character in text:
        if escaped:
            escaped = False
        elif quote == "'":
            quote = "" if character == "'" else quote
        elif character == "\\":
            escaped = True
        elif character in "$`":
            return True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#" and before.isspace():
            return False
        elif character in "|&;<>()*?[]{}!\n" or (character == "~" and before in " =:"):
            return True
        before = character
    return False


def segments(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of each single command on a line, however pipes and `&&` join them; variables set before it left out.

    For looking at what a line calls, never for running it.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return ()
    found: list[list[str]] = [[]]
    for word in words:
        if set(word) <= set("();<>|&"):
            found.append([])
        elif found[-1] or not _ASSIGNMENT.match(word):
            found[-1].append(word)
    return tuple(tuple(segment) for segment in found if segment)
