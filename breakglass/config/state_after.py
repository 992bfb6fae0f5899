"""`[services.X.state_after]`: what a state entry has to say once the service is rebuilt, beside what it points at.

A key is the path of an attribute, `status` or `"history[0].state"`; a table says what its members are and leaves the
others alone, so that `ecs.state = "live"` and `"ecs.state" = "live"` are the same.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

from breakglass.config.numbers import dynamodb_number
from breakglass.config.place import Place
from breakglass.config.section import PLACEHOLDER, Said, overlap
from breakglass.config.spelling import quoted
from breakglass.model.settings import After, Path

_STEP = re.compile(
    r'(?:(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|"(?P<quoted>(?:[^"\\]|\\.)+)")(?P<places>(?:\[[0-9]{1,5}\])*)'
)
# A value may hold braces of its own; a single word in them is meant to be the placeholder.
_WORD_IN_BRACES = re.compile(r"\{\s*[A-Za-z_]\w*\s*\}")
A_PATH = "the path of an attribute, such as status or ecs.state"
A_VALUE = "a string, a number, a boolean, a date or a list of these"


def after(said: Mapping[Path, Said], service: str) -> tuple[After, ...]:
    """The same for one service, in the order of the file."""
    return tuple(After(path, _for(one.value, service), one.key) for path, one in said.items())


def read_state_after(place: Place) -> dict[Path, Said]:
    """What is said at each path; mistakes are noted."""
    said: dict[Path, Said] = {}
    for path, value in _members((), place, "a table of attributes' paths and their values"):
        clash = next((other for other in said if overlap(path, other)), None)
        if clash is not None:
            value.mistakes.expected(value.key, f"one value for each attribute, {said[clash].key} has one", "another")
        said.setdefault(path, Said(_typed(value), value.key))
    return said


def _members(above: Path, place: Place, expected: str = "a table") -> Iterator[tuple[Path, Place]]:
    for name, entry in place.entries(expected):
        path = (*above, *_path(name, entry))
        if isinstance(entry.value, dict) and entry.value:
            yield from _members(path, entry)
        else:
            yield path, entry


def _path(text: str, place: Place) -> Path:
    steps: list[str | int] = []
    at = 0
    while step := _STEP.match(text, at):
        steps.append(step["name"] or re.sub(r"\\(.)", r"\1", step["quoted"]))
        steps += [int(number) for number in re.findall(r"[0-9]+", step["places"])]
        at = step.end()
        if text[at : at + 1] != ".":
            break
        at += 1
    if at != len(text) or not steps or text.endswith("."):
        place.wrong(A_PATH, quoted(text))
    return tuple(steps)


def _typed(place: Place) -> Mapping[str, Any]:
    match place.value:
        case bool() as value:
            return {"BOOL": value}
        case str() as text:
            for braces in _WORD_IN_BRACES.findall(text):
                if braces != PLACEHOLDER:
                    place.wrong(f"{PLACEHOLDER} as the only placeholder", quoted(braces))
            return {"S": text}
        case int() | float() as number:
            spelt = dynamodb_number(number)
            if spelt is None:
                place.wrong("a number that DynamoDB can hold", "one outside of its range")
            return {"N": spelt or "0"}
        case date() | time() as moment:
            return {"S": moment.isoformat()}
        case list():
            return {"L": [_typed(item) for item in place.items("a list")]}
        case dict():
            return {"M": {name: _typed(entry) for name, entry in place.entries()}}
    place.wrong(A_VALUE)
    return {"NULL": True}


def _for(value: Mapping[str, Any], service: str) -> Mapping[str, Any]:
    ((tag, content),) = value.items()
    match tag:
        case "S":
            return {"S": content.replace(PLACEHOLDER, service)}
        case "L":
            return {"L": [_for(item, service) for item in content]}
        case "M":
            return {"M": {name: _for(item, service) for name, item in content.items()}}
    return value
