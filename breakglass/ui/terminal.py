"""What a stream can show, and how text is fitted to it without ever letting data speak to the terminal."""

import errno
import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shutil import get_terminal_size
from typing import TextIO

WIDEST = 100
NARROWEST = 60


@dataclass(frozen=True, slots=True)
class Style:
    """How to write for one stream: `width` in columns, whether colour is wanted, and whether it takes Unicode."""

    width: int = WIDEST
    colour: bool = False
    unicode: bool = True
    interactive: bool = False

    @property
    def ellipsis(self) -> str:
        """What stands where something was left out."""
        return "…" if self.unicode else ".."

    def paint(self, text: str, *codes: int) -> str:
        """`text` in the given SGR codes, where the stream shows colour."""
        return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m" if self.colour and codes else text


BOLD, DIM, REVERSE = 1, 2, 7
RED, GREEN, YELLOW, CYAN = 31, 32, 33, 36


def style_of(stream: TextIO, environ: Mapping[str, str], *, no_color: bool = False) -> Style:
    """The style for a stream. Colour is only for terminals, and gives way to `--no-color`, NO_COLOR, TERM=dumb.

    https://no-color.org: NO_COLOR counts when present and not empty.
    """
    interactive = stream.isatty()
    plain = no_color or bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    width = min(max(get_terminal_size((WIDEST, 24)).columns, NARROWEST), WIDEST) if interactive else WIDEST
    return Style(
        width=width,
        colour=interactive and not plain,
        unicode=_takes_unicode(stream, environ),
        interactive=interactive,
    )


def _takes_unicode(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Python turns LC_CTYPE=C into C.UTF-8 by itself (PEP 538), so the stream's encoding alone does not tell."""
    locale = environ.get("LC_ALL") or environ.get("LANG") or ""
    if locale in {"C", "POSIX"}:
        return False
    try:
        "├─└│…━".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(text: str, stream: TextIO) -> None:
    """Write `text` and flush. Characters that the stream does not know become `?`.

    A reader that has gone (`| head`) has what it wanted: nothing more is written, and the command goes on to
    the end that it would have had. A run must not stop half-way because somebody closed a pager or a window.
    """
    encoding = stream.encoding or "ascii"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except OSError as gone:
        if gone.errno not in {errno.EPIPE, errno.EIO}:  # EIO: a terminal whose window was closed
            raise
        _silence(stream)


def _silence(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def harmless(text: str) -> str:
    r"""`text` on one line, with everything that a terminal could obey written out (`\x1b`).

    Control characters, bidirectional overrides and invisible ones are all not printable to Python; white
    space becomes a plain space.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_harmless_characters(" ".join(text.split())))


def _harmless_characters(text: str) -> Iterator[str]:
    for character in text:
        if character.isprintable():
            yield character
        elif unicodedata.category(character) == "Zs":
            yield " "
        else:
            yield character.encode("unicode_escape", "surrogatepass").decode("ascii")


def columns(text: str) -> int:
    """How many columns `text` takes: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, width: int) -> str:
    """`text` with spaces up to `width` columns."""
    return text + " " * (width - columns(text))


def shortened(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` columns; what is left out is in the middle, for names differ at both ends."""
    if columns(text) <= width:
        return text
    if width <= len(ellipsis):
        return ellipsis[:width]
    room = width - len(ellipsis)
    start = _fitting(text, room - room // 2)
    end = _fitting(text[::-1], room - columns(start))[::-1]
    return start + ellipsis + end


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns, broken at spaces; a word that is longer than that, at its joints."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        rest = word
        while columns(rest) > width:
            start = _to_a_joint(_fitting(rest, width)) or rest[0]
            lines[-1:] = [start, ""]
            rest = rest[len(start) :]
        lines[-1] = rest
    return lines if lines[-1] or len(lines) == 1 else lines[:-1]


def _to_a_joint(text: str) -> str:
    """The text up to its last `/`, `:`, `,`, `.` or `-`, where there is one in its second half."""
    joint = max(text.rfind(sign) for sign in "/:,.-") + 1
    return text[:joint] if joint > len(text) // 2 else text


def _fitting(text: str, width: int) -> str:
    """The longest beginning of `text` that takes at most `width` columns."""
    taken = 0
    for at, character in enumerate(text):
        taken += _columns_of(character)
        if taken > width:
            return text[:at]
    return text
