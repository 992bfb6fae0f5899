"""The model's dataclasses as JSON objects and back, read off their annotations.

A field that the model gains is kept without a word here, as long as it has a default: files from before it
are read with the default. A field that nobody knows is damage, never ignored: it could matter.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from breakglass.model.lead import Key
from breakglass.running.codec import Damaged, canonical, pack, read_key, spell, spell_time, unpack

T = TypeVar("T")
SORT = "do"
"""Says which dataclass an object is, where the annotation leaves that open (the actions of a step)."""


def to_record(value: Any) -> dict[str, Any]:
    """A dataclass as a JSON object, its fields in their order."""
    hints = _hints(type(value))
    return {field.name: _write(hints[field.name], getattr(value, field.name)) for field in fields(value)}


def from_record(kind: type[T], record: Any) -> T:
    """The dataclass that `to_record` made this object of. Raises `Damaged`."""
    if not isinstance(record, dict):
        raise Damaged(f"{record!r} is no {_name(kind)}")
    hints = _hints(kind)
    if unknown := sorted(record.keys() - hints.keys()):
        raise Damaged(f"nothing is known of {', '.join(unknown)} in a {_name(kind)}")
    if absent := _required(kind) - record.keys():
        raise Damaged(f"{', '.join(sorted(absent))} of a {_name(kind)} is missing")
    return kind(**{name: _read(hints[name], item) for name, item in record.items()})


def _write(hint: Any, value: Any) -> Any:
    if value is None and NoneType in _choices(hint):
        return None
    choices = _meant(hint)
    origin = get_origin(choices[0])
    if isinstance(value, Key):
        return spell(value)
    if is_dataclass(value):
        return ({SORT: _name(type(value))} if len(choices) > 1 else {}) | to_record(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return spell_time(value)
    if origin is tuple:
        return [_write(part, item) for part, item in zip(_parts(choices[0], len(value)), value, strict=True)]
    if origin is frozenset:
        return sorted((_write(get_args(choices[0])[0], item) for item in value), key=canonical)
    return pack(value)


def _read(hint: Any, value: Any) -> Any:
    if value is None and NoneType in _choices(hint):
        return None
    choices = _meant(hint)
    return _read_sorted(choices, value) if len(choices) > 1 else _read_one(choices[0], value)


def _read_sorted(choices: tuple[Any, ...], value: Any) -> Any:
    if isinstance(value, dict):
        for choice in choices:
            if value.get(SORT) == _name(choice):
                return from_record(choice, {name: item for name, item in value.items() if name != SORT})
    raise Damaged(f"{value!r} is none of {', '.join(map(_name, choices))}")


def _read_one(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if hint is Key:
        return read_key(_plain(str, value))
    if isinstance(hint, type) and is_dataclass(hint):
        return from_record(hint, value)
    if origin is tuple:
        items = _plain(list, value)
        return tuple(_read(part, item) for part, item in zip(_parts(hint, len(items)), items, strict=True))
    if origin is frozenset:
        return frozenset(_read(get_args(hint)[0], item) for item in _plain(list, value))
    if origin is not None and issubclass(origin, Mapping):
        return _plain(dict, unpack(value))
    if hint is float:
        return float(_plain(int, value)) if isinstance(value, int) else _plain(float, value)
    if hint in {str, int, bool}:
        return _plain(hint, value)
    return _converted(hint, value)


def _converted(hint: Any, value: Any) -> Any:
    """Enumerations and times. Any other annotation in the model is a mistake of ours."""
    try:
        if hint is datetime:
            return datetime.fromisoformat(value)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return hint(value)
    except (TypeError, ValueError) as error:
        raise Damaged(f"{value!r} is no {_name(hint)}") from error
    raise TypeError(f"records cannot hold {hint!r}")


def _plain(kind: type[T], value: Any) -> T:
    if type(value) is not kind:
        raise Damaged(f"{value!r} is no {kind.__name__}")
    return value


def _parts(hint: Any, length: int) -> list[Any]:
    parts = list(get_args(hint))
    if parts[-1] is Ellipsis:
        return [parts[0]] * length
    if len(parts) != length:
        raise Damaged(f"{length} items stand where {len(parts)} belong")
    return parts


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)


def _meant(hint: Any) -> tuple[Any, ...]:
    return tuple(choice for choice in _choices(hint) if choice is not NoneType)


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind)).lower()


def _hints(kind: object) -> Mapping[str, Any]:
    return _read_annotations(kind)


@cache
def _read_annotations(kind: object) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _required(kind: Any) -> set[str]:
    return {field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING}
