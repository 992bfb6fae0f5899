"""DynamoDB's typed values: how a key is spelt in a lead, and how an item looks as plain JSON.

Typed means as the API has it: `{"name": {"S": "deployer-api"}}`, numbers as text, binary as bytes.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any

Typed = Mapping[str, Mapping[str, Any]]
"""An item, or its key: attribute name to typed value."""

KEY_TYPES = frozenset({"S", "N", "B"})
DIGITS = Context(prec=38)  # DynamoDB's numbers have up to 38 significant digits


def spell_key(key: Typed) -> str:
    """A typed key as it is written in a lead: compact JSON, attributes by name, binary in base64."""
    spelt = {name: {tag: _text(tag, value) for tag, value in typed.items()} for name, typed in sorted(key.items())}
    return json.dumps(spelt, ensure_ascii=False, separators=(",", ":"))


def read_key(text: str) -> Typed | None:
    """The typed key that a lead spells, None where it spells none."""
    try:
        spelt = json.loads(text)
    except ValueError:
        return None
    if not isinstance(spelt, dict) or not spelt:
        return None
    key = {name: _key_value(typed) for name, typed in spelt.items()}
    return None if None in key.values() else {name: typed for name, typed in key.items() if typed}


def _key_value(typed: object) -> Mapping[str, Any] | None:
    if not isinstance(typed, dict) or len(typed) != 1:
        return None
    (tag, value), *_ = typed.items()
    if tag not in KEY_TYPES or not isinstance(value, str):
        return None
    try:
        return {tag: base64.b64decode(value, validate=True) if tag == "B" else _text(tag, value)}
    except (binascii.Error, InvalidOperation):
        return None


def key_words(key: Typed) -> str:
    """A key's values as people write them: one alone as it is, several by attribute name with `/` between.

    Only several are escaped (`%` and `/`), so that no two keys of a table are written alike.
    """
    values = [_text(tag, value) for _, typed in sorted(key.items()) for tag, value in typed.items()]
    if len(values) == 1:
        return values[0]
    return "/".join(value.replace("%", "%25").replace("/", "%2F") for value in values)


def read_words(words: str, names: Sequence[str], types: Mapping[str, str]) -> Typed | None:
    """The typed key that `key_words` writes so, given the table's key attributes; None where it is none of theirs."""
    if len(names) == 1:
        return _spelt_key(names, types, [words])
    values = [value.replace("%2F", "/").replace("%25", "%") for value in words.split("/")]
    return _spelt_key(sorted(names), types, values) if len(values) == len(names) else None


def _spelt_key(names: Sequence[str], types: Mapping[str, str], values: Sequence[str]) -> Typed | None:
    return read_key(json.dumps({name: {types[name]: value} for name, value in zip(names, values, strict=True)}))


def plain(typed: Mapping[str, Any]) -> Any:
    """One typed value as plain JSON: numbers as int or float, sets as sorted lists, binary as base64 text."""
    (tag, value), *_ = typed.items()
    match tag:
        case "M":
            return plain_item(value)
        case "L":
            return [plain(member) for member in value]
        case "SS" | "NS" | "BS":
            return sorted(plain({tag[0]: member}) for member in value)
        case "N":
            return _number(value)
        case "B":
            return _text(tag, value)
        case "NULL":
            return None
        case _:
            return value


def plain_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A whole item as plain JSON."""
    return {name: plain(typed) for name, typed in item.items()}


def _number(text: str) -> int | float:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)


def _text(tag: str, value: Any) -> str:
    """A value of a key as text; numbers in the one way in which DynamoDB gives them back."""
    match tag:
        case "B":
            return base64.b64encode(value).decode()
        case "N":
            number = Decimal(value).normalize(DIGITS)
            return format(number, "f") if number else "0"
        case _:
            return str(value)
