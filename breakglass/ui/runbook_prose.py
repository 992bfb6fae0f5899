"""Markdown's running text in lines that fit: what is code is never broken where it could be pasted from.

By hand and not by rich, which breaks commands that are longer than the screen, fills lines with spaces that are copied
along, and drops the backticks that mark code where there is no colour: see docs/dependencies.md.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from breakglass.ui.terminal import BOLD, CYAN, Style, columns, harmless, wrapped

_SPAN = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|\*\*(?P<strong>\S(?:.*?\S)?)\*\*"
    r"|(?<![\w*])[*_](?P<stress>\S(?:.*?\S)?)[*_](?![\w*])"
    r"|<(?P<address>https?://[^>\s]+)>"
    r"|\[(?P<words>[^\]]+)\]\((?P<target>[^)\s]+)\)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
)
_ELSEWHERE = re.compile(r"[a-z]+://|mailto:")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some characters in one look; `solid` ones are not broken at their spaces."""

    text: str
    codes: tuple[int, ...] = ()
    solid: bool = False


_Word = tuple[_Piece, ...]


def lines_of(text: str, style: Style, width: int) -> list[str]:
    """`text` in lines of at most `width` columns, painted in `style`; only a word longer than that is broken."""
    lines: list[list[_Word]] = [[]]
    taken = 0
    for word in _fitted(_words(text), width):
        wide = sum(columns(piece.text) for piece in word)
        if lines[-1] and taken + 1 + wide > width:
            lines.append([])
        taken = wide if not lines[-1] else taken + 1 + wide
        lines[-1].append(word)
    return [_painted(line, style) for line in lines]


def plain(text: str) -> str:
    """`text` on one line as it is shown without colour."""
    return " ".join("".join(piece.text for piece in word) for word in _words(text))


def _painted(line: Sequence[_Word], style: Style) -> str:
    return " ".join("".join(style.paint(piece.text, *piece.codes) for piece in word) for word in line)


def _words(text: str) -> Iterator[_Word]:
    """The words of a text: pieces between which there is no space."""
    word: list[_Piece] = []
    for piece in _pieces(harmless(text)):
        if piece.solid:
            word.append(piece)
            continue
        for at, part in enumerate(piece.text.split(" ")):
            if at and word:
                yield tuple(word)
                word = []
            if part:
                word.append(_Piece(part, piece.codes))
    if word:
        yield tuple(word)


def _pieces(text: str) -> Iterator[_Piece]:
    at = 0
    for found in _SPAN.finditer(text):
        yield _Piece(text[at : found.start()])
        at = found.end()
        match found.lastgroup:
            case "strong" | "stress":
                yield from (_Piece(one.text, (BOLD, *one.codes), one.solid) for one in _pieces(found[found.lastgroup]))
            case "target":
                yield from _pieces(found["words"])
                if _ELSEWHERE.match(found["target"]):
                    yield _Piece(f" ({found['target']})")
            case "escaped" | "address":
                yield _Piece(found[found.lastgroup])
            case _:
                yield _Piece(found["code"], (CYAN,), solid=True)
    yield _Piece(text[at:])


def _fitted(words: Iterator[_Word], width: int) -> Iterator[_Word]:
    """The words, those broken that no line has room for."""
    for word in words:
        if sum(columns(piece.text) for piece in word) <= width:
            yield word
            continue
        for piece in word:
            yield from ((_Piece(part, piece.codes),) for part in wrapped(piece.text, width))
