"""The front matter of a runbook: TOML between two lines of `+++`, and enough to know which runbook it is."""

import re
import tomllib

from breakglass.model.runbook import Front

FENCE = "+++"
_KEY = re.compile(r"[ \t]*\[?(?P<name>[A-Za-z0-9_-]+|\"[^\"]*\")[ \t]*[=\]]")
_AT = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)")


def lines_of(text: str) -> list[str]:
    """The lines as editors count them, without a byte-order mark; a form feed or U+2028 ends none."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")


def is_runbook(text: str) -> bool:
    """Whether a text begins with front matter: a folder of runbooks may hold other documents too."""
    return lines_of(text)[:1] == [FENCE]


def parse_front(text: str) -> Front:
    """The front matter alone, for what only needs to know which runbook this is."""
    lines = lines_of(text)
    if lines[:1] != [FENCE]:
        return Front()
    try:
        end = lines.index(FENCE, 1)
    except ValueError:
        return Front(error=(1, f"the front matter has no closing {FENCE}"))
    written = lines[1:end]
    keys = {
        found["name"].strip('"'): at for at, line in reversed([*enumerate(written, 2)]) if (found := _KEY.match(line))
    }
    try:
        return Front(tomllib.loads("\n".join(written)), keys, end + 1)
    except (ValueError, RecursionError) as error:
        return Front({}, keys, end + 1, _not_toml(str(error), end))


def _not_toml(message: str, end: int) -> tuple[int, str]:
    found = _AT.search(message)
    line = int(found["line"]) + 1 if found and found["line"] else end
    return line, f"the front matter is no TOML: {_AT.sub('', message)}"
