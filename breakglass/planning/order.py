"""The order of things: what refers to another is made after it, and removed before it."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush

from breakglass.model.component import Component
from breakglass.model.kind import Kind
from breakglass.model.lead import Key

Edges = Mapping[Key, frozenset[Key]]
"""For each component those that have to be there before it."""


def edges(components: Sequence[Component], kinds: Mapping[str, Kind]) -> Edges:
    """What each component is made after: what it depends on, and what its users need to be there first."""
    return {
        component.key: frozenset(
            key
            for key in (
                *component.depends_on,
                *kinds[component.key.kind].after(component, components),
            )
            if key != component.key
        )
        for component in components
    }


def order(keys: Iterable[Key], before: Edges, kinds: Mapping[str, Kind]) -> tuple[Key, ...]:
    """Some components in the order in which they are made; a removal goes the other way round.

    Where nothing else decides, the turns of their kinds do, then their names. A circle (two checks that name
    each other) is cut where its kinds' turns say.
    """
    waiting = {key: set() for key in keys}  # type: dict[Key, set[Key]]
    for key, first in waiting.items():
        first |= {other for other in before.get(key, ()) if other in waiting}
    done: list[Key] = []
    ready = [(_turn(key, kinds), key) for key, first in waiting.items() if not first]
    heapify(ready)
    while waiting:
        if ready:
            _, key = heappop(ready)
        else:
            key = min(waiting, key=lambda each: (_turn(each, kinds), each))
        if key not in waiting:
            continue
        del waiting[key]
        done.append(key)
        for other, first in waiting.items():
            if key in first:
                first.discard(key)
                if not first:
                    heappush(ready, (_turn(other, kinds), other))
    return tuple(done)


def _turn(key: Key, kinds: Mapping[str, Kind]) -> int:
    return kinds[key.kind].turn
