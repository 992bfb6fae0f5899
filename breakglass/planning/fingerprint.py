"""A fingerprint of a component: equal as long as nobody else has changed it."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from hashlib import sha256
from typing import Any

from breakglass.model.component import Absent, Component, Owned, Present, Shared, State, Unproven, Unreadable
from breakglass.model.kind import Kind


def fingerprint(component: Component | None, kind: Kind) -> str:
    """SHA-256, hexadecimal, of identity, configuration and ownership; never of counts, events, health or times."""
    return sha256(json.dumps(_essence(component, kind), sort_keys=True, default=_plain).encode()).hexdigest()


ABSENT = sha256(json.dumps("absent").encode()).hexdigest()
"""The fingerprint of what is not there, and has nothing else in its place."""


def _essence(component: Component | None, kind: Kind) -> Any:
    if component is None:
        return "absent"
    match component.sighting:
        case Absent(taken_by=taken_by):
            return f"taken by {taken_by}" if taken_by else "absent"
        case Unreadable():
            return "unreadable"
        case Present(condition=condition) if condition.state is State.DRAINING:
            return "absent"  # on its way out, and nothing turns that round
        case Present(facts=facts):
            return [str(component.key), component.arn, _plain_mapping(kind.stable(facts)), _whose(component)]


def _whose(component: Component) -> Any:
    match component.ownership:
        case Owned():
            return "owned"
        case Shared(by=by):
            return sorted(by)
        case Unproven():
            return "unproven"


def _plain_mapping(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in (None, [], {}, "")}


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return value.hex()
        case AbstractSet():
            return sorted(map(str, value))
        case _:
            return str(value)
