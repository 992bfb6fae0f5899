"""How a DynamoDB item is deleted, put back and corrected: always on condition of what was read.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from breakglass.model.component import Facts
from breakglass.model.dynamodb import Typed
from breakglass.model.plan import Output

Refer = Callable[[str], str | Output]
"""What an old reference is now; itself where nothing took its place."""

Path = tuple[str | int, ...]
"""The way to a value inside an item: attribute names, and places in lists."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value of an item, typed, as it is and as it has to be."""

    path: Path
    old: Mapping[str, Any]
    new: Mapping[str, Any]


def deletion(facts: Facts) -> Mapping[str, Any]:
    """DeleteItem's parameters: only if every attribute is what was read. That none was added nothing can ask."""
    item = facts["Item"]
    names = {f"#a{at}": name for at, name in enumerate(item)}
    values = {f":a{at}": value for at, value in enumerate(item.values())}
    conditions = [f"{name} = {value}" for name, value in zip(names, values, strict=True)]
    # Not every endpoint tells an attribute that is null from one that is not there by comparing it.
    conditions += [
        f"attribute_exists({name})" for name, value in zip(names, item.values(), strict=True) if "NULL" in value
    ]
    return {**_where(facts), **_on_condition(conditions, names, values)}


def putting(facts: Facts, refer: Refer) -> Mapping[str, Any]:
    """PutItem's parameters: the item with what took the place of all that it named, if there is none."""
    key = facts["Key"]
    names = {"#partition": next(iter(key))}
    item = {name: value if name in key else renewed(value, refer) for name, value in facts["Item"].items()}
    condition = _on_condition(["attribute_not_exists(#partition)"], names, {})
    return {"TableName": facts["TableName"], "Item": item, **condition}


def correction(facts: Facts, refer: Refer) -> Mapping[str, Any] | None:
    """UpdateItem's parameters: the values that changed, if they all are still what they were; None where none did."""
    changed = list(changes(facts["Item"], refer, besides=facts["Key"]))
    if not changed:
        return None
    steps = dict.fromkeys(step for change in changed for step in change.path if isinstance(step, str))
    names = {f"#n{at}": step for at, step in enumerate(steps)}
    paths = [_spelt(change.path, {step: name for name, step in names.items()}) for change in changed]
    values = {f":old{at}": change.old for at, change in enumerate(changed)}
    values |= {f":new{at}": change.new for at, change in enumerate(changed)}
    conditions = [f"{path} = :old{at}" for at, path in enumerate(paths)]
    update = "SET " + ", ".join(f"{path} = :new{at}" for at, path in enumerate(paths))
    return {**_where(facts), "UpdateExpression": update, **_on_condition(conditions, names, values)}


def corrected(params: Mapping[str, Any], item: Typed) -> bool:
    """Whether an item holds all the new values of an UpdateItem."""
    names, values = params["ExpressionAttributeNames"], params["ExpressionAttributeValues"]
    sets = [one.split(" = ") for one in params["UpdateExpression"].removeprefix("SET ").split(", ")]
    return all(_at(path, names, item) == _plain(values[value]) for path, value in sets)


def same_item(one: Typed, other: Typed) -> bool:
    """Whether two items are equal; sets have no order."""
    return bool(_plain({"M": one}) == _plain({"M": other}))


def changes(item: Typed, refer: Refer, *, besides: Iterable[str] = ()) -> Iterator[Change]:
    """The values of an item that named something which is something else now, but for some attributes."""
    spared = frozenset(besides)
    for name, value in item.items():
        if name not in spared:
            yield from _changes((name,), value, refer)


def _changes(path: Path, value: Mapping[str, Any], refer: Refer) -> Iterator[Change]:
    ((tag, content),) = value.items()
    match tag:
        case "M":
            for name, member in content.items():
                yield from _changes((*path, name), member, refer)
        case "L":
            for at, member in enumerate(content):
                yield from _changes((*path, at), member, refer)
        case _:
            new = renewed(value, refer)
            if new != value:
                yield Change(path, value, new)


def renewed(value: Mapping[str, Any], refer: Refer) -> Mapping[str, Any]:
    """A typed value with every string in it replaced that was an old reference, however deep."""
    ((tag, content),) = value.items()
    match tag:
        case "S":
            return {"S": refer(content)}
        case "SS":
            members = {member: refer(member) for member in content}
            return value if all(old == new for old, new in members.items()) else {"SS": _each_once(members.values())}
        case "M":
            return {"M": {name: renewed(member, refer) for name, member in content.items()}}
        case "L":
            return {"L": [renewed(member, refer) for member in content]}
        case _:
            return value


def _each_once(members: Iterable[str | Output]) -> Sequence[str | Output]:
    return sorted(dict.fromkeys(members), key=str)


def _where(facts: Facts) -> Mapping[str, Any]:
    return {"TableName": facts["TableName"], "Key": facts["Key"]}


def _on_condition(
    conditions: Sequence[str], names: Mapping[str, str], values: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The condition, and that a refusal shows what is there instead."""
    return {
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        **({"ExpressionAttributeValues": values} if values else {}),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _spelt(path: Path, names: Mapping[str, str]) -> str:
    """`#n0.#n1[2]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{names[step]}" for step in path).removeprefix(".")


def _at(path: str, names: Mapping[str, str], item: Typed) -> Any:
    """The value at a spelt path of an item; None where there is none."""
    value: Any = {"M": item}
    for step in path.replace("[", ".[").split("."):
        members = value.get("L" if step.startswith("[") else "M") if value else None
        match members:
            case list() | tuple():
                at = int(step.strip("[]"))
                value = members[at] if at < len(members) else None
            case Mapping():
                value = members.get(names[step])
            case _:
                return None
    return _plain(value) if value else None


def _plain(value: Mapping[str, Any]) -> Any:
    """A typed value as it is compared."""
    ((tag, content),) = value.items()
    match tag:
        case "M":
            return {name: _plain(member) for name, member in content.items()}
        case "L":
            return [_plain(member) for member in content]
        case "SS" | "NS" | "BS":
            return tag, sorted(content)
        case _:
            return tag, content
