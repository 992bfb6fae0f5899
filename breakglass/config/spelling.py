"""How names from a file are written in a sentence, and which known name an unknown one was meant to be."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LAST_OF_FOUR_DIGITS = 0xFFFF
_LONGEST = 60
_SHORTEST_START = 3
_MANY = 3
_CLOSE = 0.7


def quoted(text: str, *, cut: bool = True) -> str:
    """`text` as a TOML string on one line; nothing in it can reach the terminal as a control character."""
    shown = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{on_one_line(shown) if cut else _escaped(shown)}"'


def on_one_line(text: str) -> str:
    """`text` with its control characters escaped, cut where it is long."""
    return _escaped(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")


def key_part(name: str) -> str:
    """`name` as one part of a dotted TOML key: quoted only where TOML wants it quoted."""
    return name if _BARE.fullmatch(name) else quoted(name, cut=False)


def nearest(word: str, names: Iterable[str]) -> list[str]:
    """The up to three of `names` that `word` is likely to mean, the best one first.

    Compared without regard to case, hyphens and underscores; a beginning (`env` for `environment`) counts as near,
    and so does a name that `word` is put together with (`account_id` for `id`).
    """
    spelt = {_plain(name): name for name in names}
    meant = _plain(word[:_LONGEST])
    close = get_close_matches(meant, spelt, n=_MANY, cutoff=_CLOSE)
    begun = [name for name in spelt if len(meant) >= _SHORTEST_START and name.startswith(meant)]
    within = [name for name in spelt if name in meant.split("-")]
    return [spelt[name] for name in list(dict.fromkeys([*close, *begun, *within]))[:_MANY]]


def either(names: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-")


def _escaped(text: str) -> str:
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\u{code:04x}" if code <= _LAST_OF_FOUR_DIGITS else f"\\U{code:08x}")
