"""The shape of a service: which pieces it has, by natural keys, and a digest of how each is configured. Pure.

A deployment is no change of shape: revisions, counts and what a state entry says of them are left out, and so are ids
that AWS gives anew each time. What belongs to others is theirs.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from breakglass.model.component import Facts, Shared
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Kind
from breakglass.model.lead import Key
from breakglass.model.snapshot import Snapshot

Shape = Mapping[str, Mapping[str, str]]
"""Of each piece, `KIND ID`, the digest of each field of its configuration, 16 hexadecimal digits."""

_GIVEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=/)[0-9a-f]{16}(?![0-9a-f])"
    r"|(?<=-)[0-9]{6,}(?=\.)"
    r"|(?<=scalable-target/)[0-9a-f]{32}"
)
_DIGITS = 16


def shape_of_snapshot(snapshot: Snapshot, kinds: Mapping[str, Kind]) -> dict[str, dict[str, str]]:
    """The shape that a service had when the snapshot was taken."""
    there = ((one.key, one.facts) for one in snapshot.components if one.there and one.ownership != "shared")
    return dict(_pieces(there, kinds))


def shape_of(taken: Inventory, kinds: Mapping[str, Kind]) -> dict[str, dict[str, str]]:
    """The shape that it has now."""
    there = ((one.key, one.facts) for one in taken.components if one.there and not isinstance(one.ownership, Shared))
    return dict(_pieces(there, kinds))


def changes(then: Shape, now: Shape) -> list[str]:
    """What is more, less, or configured otherwise than then, in words. Only fields that both know are compared."""
    more = [f"{name} is new" for name in sorted(now.keys() - then.keys())]
    less = [f"{name} is gone" for name in sorted(then.keys() - now.keys())]
    other = [name for name in sorted(then.keys() & now.keys()) if _differ(then[name], now[name])]
    return [*less, *more, *(f"{name} is configured otherwise" for name in other)]


def _differ(then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return any(then[name] != now[name] for name in then.keys() & now.keys())


def _pieces(there: Iterable[tuple[Key, Facts]], kinds: Mapping[str, Kind]) -> Iterator[tuple[str, dict[str, str]]]:
    for key, facts in there:
        if key.kind in kinds:
            yield f"{key.kind} {_natural(key)}", _digests(facts, kinds[key.kind])


def _natural(key: Key) -> str:
    known_as = key.id.partition(":")[0] if key.kind == "task-definition" else key.id
    return _GIVEN.sub("ID", known_as)


def _digests(facts: Facts, by: Kind) -> dict[str, str]:
    if by.deployed_whole:
        return {}
    return {
        name: sha256(_GIVEN.sub("ID", json.dumps(_plain(value), sort_keys=True)).encode()).hexdigest()[:_DIGITS]
        for name, value in by.stable(facts).items()
        if name in facts and name not in by.deployed
    }


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=str)
        case str() | int() | float() | None:
            return value
        case _:
            return str(value)
