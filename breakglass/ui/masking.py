"""Secrets stay off the screen, out of JSON and out of reports: rather too much is masked than too little.

What people need to recover stays readable: ARNs, ids, names, and where a secret is kept (`valueFrom`,
`secretName`). A mask is always the same, so that it does not tell the length of what it hides.
"""

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any

from breakglass.ui.secret_text import MASK, is_arn, mask_plain_text, option_that_takes_a_secret
from breakglass.ui.secret_words import is_environment_name, is_secret_name, is_telling_name

_DYNAMODB_TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"})
_LARGEST_EXPONENT = 125  # of DynamoDB's numbers
_NAMES = ("name", "Name", "key", "Key")
_VALUES = frozenset({"value", "Value", "values", "Values"})


class _Hide(Enum):
    """What of a value is hidden: only what looks like a secret, everything but ARNs, or everything."""

    LOOKS = 0
    ALL_BUT_ARNS = 1
    ALL = 2


def mask(facts: Any) -> Any:
    """A copy of AWS's fields that JSON can hold, with every secret in it masked.

    Hidden are the values of secret-looking keys, of secret-looking names in name-value pairs (tags, options),
    every container environment value, and what looks like a secret in any string. Times become ISO 8601 in UTC,
    DynamoDB's numbers become numbers, sets become sorted lists; bytes say nothing about themselves and are hidden.
    """
    return _masked(facts, _Hide.LOOKS)


def mask_text(text: str) -> str:
    """`text` with everything in it masked that looks like a secret; a JSON document in it is masked by its keys."""
    if text.lstrip()[:1] in {"{", "["}:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return mask_plain_text(text)
        masked = mask(document)
        return text if masked == document else json.dumps(masked)
    return mask_plain_text(text)


def _masked(value: Any, hide: _Hide, *, telling: bool = False) -> Any:
    match value:
        case Mapping():
            return _mapping(value, hide)
        case str():
            return _text(value, hide, telling=telling)
        case AbstractSet():
            return sorted((_masked(item, hide) for item in value), key=str)
        case bytes() | bytearray() | memoryview():
            return MASK
        case Sequence():
            return _sequence(value, hide)
        case None:
            return None
        case _ if hide is not _Hide.LOOKS:
            return value if isinstance(value, bool) and hide is not _Hide.ALL else MASK
        case _:
            return _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case bool() | int():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case Decimal() if not value.is_finite() or value.adjusted() > _LARGEST_EXPONENT:
            return str(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            in_utc = value.astimezone(UTC) if value.tzinfo else value
            return in_utc.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return mask_text(str(value))


def _text(text: str, hide: _Hide, *, telling: bool) -> str:
    match hide:
        case _Hide.ALL:
            return MASK
        case _Hide.ALL_BUT_ARNS:
            return text if is_arn(text) else MASK
        case _Hide.LOOKS:
            return mask_plain_text(text, names=True) if telling else mask_text(text)


def _mapping(mapping: Mapping[Any, Any], hide: _Hide) -> dict[str, Any]:
    if len(mapping) == 1 and (tag := next(iter(mapping))) in _DYNAMODB_TYPES:
        return {tag: _masked(mapping[tag], hide)}
    named = next((_typed_text(mapping[key]) for key in _NAMES if key in mapping), None)
    if hide is _Hide.LOOKS and named is not None and is_secret_name(named):
        return {
            str(key): _field(key, item, _Hide.ALL_BUT_ARNS if key in _VALUES else hide) for key, item in mapping.items()
        }
    if named is not None and "valueFrom" in mapping:
        hide = _Hide.LOOKS  # names the place of a secret, and holds none
    return {str(key): _field(key, item, hide) for key, item in mapping.items()}


def _field(key: Any, item: Any, hide: _Hide) -> Any:
    name = str(key)
    if hide is not _Hide.LOOKS:
        return _masked(item, hide)
    if is_environment_name(name) and not isinstance(_untyped(item), str):
        return _environment(item)
    return _masked(item, _Hide.ALL_BUT_ARNS if is_secret_name(name) else hide, telling=is_telling_name(name))


def _environment(item: Any) -> Any:
    """A container's environment in any of its spellings; the names of variables stay, their values do not."""
    match item:
        case Mapping() if len(item) == 1 and (tag := next(iter(item))) in {"M", "L"}:
            return {tag: _environment(item[tag])}
        case Mapping() if any(key in item for key in _NAMES) and not _VALUES.isdisjoint(item):
            return {key: part if key in _NAMES else _masked(part, _Hide.ALL) for key, part in item.items()}
        case Mapping():
            return {str(key): _masked(part, _Hide.ALL) for key, part in item.items()}
        case str():
            name, sign, _ = item.partition("=")
            return f"{name}={MASK}" if sign else MASK
        case Sequence() if not isinstance(item, bytes):
            return [_environment(part) for part in item]
        case _:
            return _masked(item, _Hide.ALL)


def _sequence(items: Sequence[Any], hide: _Hide) -> list[Any]:
    """A list; in a command line the word after `--password` is a secret."""
    before = [None, *(_typed_text(item) for item in items)]
    return [
        _masked(item, _Hide.ALL if previous and option_that_takes_a_secret(previous) else hide)
        for item, previous in zip(items, before, strict=False)
    ]


def _untyped(item: Any) -> Any:
    """What a typed DynamoDB value holds; anything else is itself."""
    if isinstance(item, Mapping) and len(item) == 1 and (tag := next(iter(item))) in _DYNAMODB_TYPES:
        return item[tag]
    return item


def _typed_text(item: Any) -> str | None:
    text = _untyped(item)
    return text if isinstance(text, str) else None
