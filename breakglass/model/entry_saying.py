"""What a state entry has to say after a rebuild beside what it points at: as configured, and nothing else changed.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from breakglass.model.dynamodb import Typed
from breakglass.model.settings import After, Path

Value = Mapping[str, Any]
SET_OF = {"S": "SS", "N": "NS"}


class NoWay(Exception):  # noqa: N818 - it tells of an entry that is shaped otherwise than the configuration thinks
    """A path leads through something that has no members, or no places."""


def saying(item: Typed, after: Iterable[After]) -> Typed:
    """The item with all that it has to say, as far as its shape allows; what is missing on the way is made."""
    said: Value = {"M": item}
    for one in after:
        try:
            said = _with(said, one.path, one.value)
        except NoWay:
            continue
    members: Typed = said["M"]
    return members


def hindrances(item: Typed, after: Iterable[After]) -> Iterator[str]:
    """What cannot be said of an item, in words: something on the way is no table, or no list."""
    said: Value = {"M": item}
    for one in after:
        try:
            said = _with(said, one.path, one.value)
        except NoWay as where:
            yield f"{one.key} cannot be said of it: {where}"


def unsaid(item: Typed, after: Sequence[After]) -> Iterator[str]:
    """Where the configuration says what the item does not say yet, or cannot."""
    if saying(item, after) != item or any(hindrances(item, after)):
        yield from dict.fromkeys(
            one.key for one in after if saying(item, [one]) != item or any(hindrances(item, [one]))
        )


def spelt(path: Path) -> str:
    """`ecs.state`, `history[0].state`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _with(value: Value, path: Path, new: Value, walked: Path = ()) -> Value:
    """A value with another one at a path inside it. Raises `NoWay`."""
    if not path:
        return _alike(value, new)
    step, *rest = path
    further = (*walked, step)
    if isinstance(step, str):
        if "M" not in value:
            raise NoWay(f"{spelt(walked)} is no table")
        members = value["M"]
        there = members.get(step)
        inside = _with(there, tuple(rest), new, further) if there is not None else _made(tuple(rest), new, further)
        return {"M": {**members, step: inside}}
    if "L" not in value:
        raise NoWay(f"{spelt(walked)} is no list")
    places = list(value["L"])
    if step < len(places):
        places[step] = _with(places[step], tuple(rest), new, further)
    elif step == len(places):
        places.append(_made(tuple(rest), new, further))
    else:
        raise NoWay(f"{spelt(walked)} has {len(places)} places")
    return {"L": places}


def _made(path: Path, new: Value, walked: Path) -> Value:
    """A value at a path where nothing is yet."""
    if not path:
        return new
    step, *rest = path
    inside = _made(tuple(rest), new, (*walked, step))
    if isinstance(step, str):
        return {"M": {step: inside}}
    if step:
        raise NoWay(f"{spelt(walked)} has no places")
    return {"L": [inside]}


def _alike(old: Value, new: Value) -> Value:
    """The new value in the type of the old one, where a list stands for a set; the old one where they are the same."""
    if new.get("M") == {} and "M" in old:
        return old
    members = new.get("L", [])
    kinds = {tag for member in members for tag in member}
    if len(kinds) == 1 and (of := SET_OF.get(*kinds)) in old:
        new = {of: sorted({member[tag] for member in members for tag in member})} if of else new
    return old if same(old, new) else new


def differences(old: Value, new: Value, path: Path = ()) -> Iterator[tuple[Path, Value | None, Value]]:
    """Where two values differ, as deep as can be told apart: path, what is there (None: nothing), what has to be."""
    match old, new:
        case {"M": before}, {"M": now} if before.keys() <= now.keys():
            for name, value in now.items():
                yield from _at((*path, name), before.get(name), value)
        case {"L": before}, {"L": now} if len(before) <= len(now):
            padded: Sequence[Value | None] = [*before, *([None] * (len(now) - len(before)))]
            for at, (was, value) in enumerate(zip(padded, now, strict=True)):
                yield from _at((*path, at), was, value)
        case _:
            if not same(old, new):
                yield path, old, new


def _at(path: Path, old: Value | None, new: Value) -> Iterator[tuple[Path, Value | None, Value]]:
    if old is None:
        yield path, None, new
    else:
        yield from differences(old, new, path)


def same(one: Value, other: Value) -> bool:
    """Whether two typed values are equal: sets have no order, and a number is one however it is written."""
    return bool(comparable(one) == comparable(other))


def comparable(value: Value) -> Any:
    """A typed value as it is compared."""
    ((tag, content),) = value.items()
    match tag:
        case "M":
            return {name: comparable(member) for name, member in content.items()}
        case "L":
            return [comparable(member) for member in content]
        case "N":
            return tag, Decimal(content)
        case "NS":
            return tag, frozenset(map(Decimal, content))
        case "SS" | "BS":
            return tag, frozenset(content)
        case _:
            return tag, content
