"""AWS's facts as JSON and back, with nothing lost on the way.

boto3 gives more types than JSON has: times, bytes, decimals, sets. Each of these becomes an object with a
single key that begins with `$` (`{"$datetime": "2026-11-23T03:12:09Z"}`); an object of AWS's own that looks
like that is wrapped in `$object`. Plans use the same spelling for values that only exist later.
"""

import base64
import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from breakglass.model.lead import Key
from breakglass.model.plan import Form, Joined, Output


class Damaged(ValueError):  # noqa: N818 - named for what is found, as the operator reads it
    """What was read is not what this program writes; the message finishes the sentence "it is damaged: "."""


def pack(value: Any) -> Any:
    """A fact, or a call's parameter, as plain JSON. Raises `TypeError` for a type that AWS does not give."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case Mapping():
            return _pack_mapping(value)
        case list():
            return [pack(item) for item in value]
        case float() if math.isfinite(value):
            return value
        case _:
            return _mark(value)


def _mark(value: Any) -> dict[str, Any]:
    match value:
        case float():
            return {"$float": repr(value)}
        case tuple():
            return {"$tuple": [pack(item) for item in value]}
        case set() | frozenset():
            return {"$set": sorted((pack(item) for item in value), key=canonical)}
        case datetime():
            return {"$datetime": spell_time(value)}
        case bytes() | bytearray():
            return {"$bytes": base64.b64encode(value).decode()}
        case Decimal():
            return {"$decimal": str(value)}
        case Output(component=component, field=field, form=form):
            return {"$output": {"component": spell(component), "field": field, "form": form.value}}
        case Joined(parts=parts):
            return {"$joined": [pack(part) for part in parts]}
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be kept as JSON")


def _pack_mapping(value: Mapping[Any, Any]) -> Any:
    if not all(type(name) is str for name in value):
        return {"$pairs": [[pack(name), pack(item)] for name, item in value.items()]}
    packed = {name: pack(item) for name, item in value.items()}
    return {"$object": packed} if _is_marked(packed) else packed


def unpack(value: Any) -> Any:
    """The fact that `pack` made this JSON of; sets come back as frozen sets. Raises `Damaged`."""
    match value:
        case dict() if _is_marked(value):
            ((marker, content),) = value.items()
            return _unmark(marker, content)
        case dict():
            return {name: unpack(item) for name, item in value.items()}
        case list():
            return [unpack(item) for item in value]
        case _:
            return value


def _is_marked(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$")


def _unmark(marker: str, content: Any) -> Any:
    reading = _MARKED.get(marker)
    if reading is None:
        raise Damaged(f"nothing is known of {marker}")
    try:
        return reading(content)
    except Damaged:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, InvalidOperation) as error:
        raise Damaged(f"{marker} cannot be {content!r}") from error


_MARKED: Mapping[str, Callable[[Any], Any]] = {
    "$float": float,
    "$datetime": datetime.fromisoformat,
    "$bytes": lambda content: base64.b64decode(content, validate=True),
    "$decimal": Decimal,
    "$tuple": lambda content: tuple(unpack(item) for item in content),
    "$set": lambda content: frozenset(unpack(item) for item in content),
    "$pairs": lambda content: {unpack(name): unpack(item) for name, item in content},
    "$object": lambda content: {name: unpack(item) for name, item in content.items()},
    "$output": lambda content: Output(read_key(content["component"]), content["field"], Form(content["form"])),
    "$joined": lambda content: Joined(tuple(unpack(part) for part in content)),
}


def spell(key: Key) -> str:
    """A key as people write it, `KIND ID`; no kind's name has a space in it."""
    if " " in key.kind:
        raise ValueError(f"{key.kind!r} is no kind")
    return str(key)


def read_key(text: str) -> Key:
    """The key that is written so. Raises `Damaged`."""
    kind, space, known_as = text.partition(" ")
    if not space:
        raise Damaged(f"{text!r} names no component")
    return Key(kind, known_as)


def spell_time(value: datetime) -> str:
    """ISO 8601, with `Z` for UTC."""
    written = value.isoformat()
    return f"{written.removesuffix('+00:00')}Z" if written.endswith("+00:00") else written


def canonical(value: Any) -> str:
    """The one way of writing this JSON, for digests: sorted, compact, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def parse(text: str | bytes) -> Any:
    """JSON as this program writes it. Raises `Damaged`."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"it is no JSON ({error})") from error


def _no_constant(name: str) -> None:
    raise Damaged(f"{name} is no JSON")
