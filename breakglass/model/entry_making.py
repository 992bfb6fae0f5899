"""How a DynamoDB item is deleted, put back and corrected: always on condition of what was read.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from breakglass.model.component import Facts
from breakglass.model.dynamodb import Typed
from breakglass.model.entry_saying import comparable, differences, same, saying
from breakglass.model.plan import Output
from breakglass.model.settings import After, Path

Refer = Callable[[str], str | Output]
"""What an old reference is now; itself where nothing took its place."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value of an item, typed, as it is (None where it is not there) and as it has to be."""

    path: Path
    old: Mapping[str, Any] | None
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


def putting(facts: Facts, refer: Refer, after: Sequence[After] = ()) -> Mapping[str, Any]:
    """PutItem's parameters: the item with what took the place of all that it named, if there is none.

    It says all that it has to say `after`.
    """
    key = facts["Key"]
    names = {"#partition": next(iter(key))}
    item = {name: value if name in key else renewed(value, refer) for name, value in facts["Item"].items()}
    condition = _on_condition(["attribute_not_exists(#partition)"], names, {})
    return {"TableName": facts["TableName"], "Item": saying(item, after), **condition}


def correction(facts: Facts, refer: Refer, after: Sequence[After] = ()) -> Mapping[str, Any] | None:
    """UpdateItem's parameters: the values that changed, if they all are still what they were; None where none did."""
    changed = list(changes(facts["Item"], refer, besides=facts["Key"], after=after))
    if not changed:
        return None
    steps = dict.fromkeys(step for change in changed for step in change.path if isinstance(step, str))
    names = {f"#n{at}": step for at, step in enumerate(steps)}
    paths = [_spelt(change.path, {step: name for name, step in names.items()}) for change in changed]
    values = {f":old{at}": change.old for at, change in enumerate(changed) if change.old is not None}
    values |= {f":new{at}": change.new for at, change in enumerate(changed)}
    conditions = [
        f"attribute_not_exists({path})" if change.old is None else f"{path} = :old{at}"
        for at, (path, change) in enumerate(zip(paths, changed, strict=True))
    ]
    update = "SET " + ", ".join(f"{path} = :new{at}" for at, path in enumerate(paths))
    return {**_where(facts), "UpdateExpression": update, **_on_condition(conditions, names, values)}


def corrected(params: Mapping[str, Any], item: Typed) -> bool:
    """Whether an item holds all the new values of an UpdateItem."""
    names, values = params["ExpressionAttributeNames"], params["ExpressionAttributeValues"]
    sets = [one.split(" = ") for one in params["UpdateExpression"].removeprefix("SET ").split(", ")]
    return all(_at(path, names, item) == comparable(values[value]) for path, value in sets)


def same_item(one: Typed, other: Typed) -> bool:
    """Whether two items are equal; sets have no order."""
    return same({"M": one}, {"M": other})


def changes(item: Typed, refer: Refer, *, besides: Iterable[str] = (), after: Sequence[After] = ()) -> Iterator[Change]:
    """The values of an item that named something which is something else now, and those that it has to say `after`.

    `besides` are attributes that are spared.
    """
    spared = frozenset(besides)
    now = {name: value if name in spared else renewed(value, refer) for name, value in item.items()}
    for path, old, new in differences({"M": item}, {"M": saying(now, after)}):
        yield Change(path, old, new)


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
    return comparable(value) if value else None
