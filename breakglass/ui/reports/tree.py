"""The order in which components are read: what refers to others first, what it needs below it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from breakglass.kinds import all_kinds
from breakglass.model.component import Component
from breakglass.model.lead import Key
from breakglass.model.traits import LAST_READ

STATE_ENTRY = "state-entry"


@dataclass(frozen=True, slots=True)
class Twig:
    """One component in the tree: `last` says for each level above, and for itself, whether it is the last there."""

    component: Component
    last: tuple[bool, ...]
    bears: bool

    @property
    def depth(self) -> int:
        """0 for a root."""
        return len(self.last)


def grow(components: Sequence[Component]) -> list[Twig]:
    """Each component once, under the most specific of those that depend on it.

    Roots are what nothing else depends on, the state entry first. A root takes everything that can be reached
    from it and that no earlier one took; there, a component stands at the end of the longest way that leads to it
    (below the ECS service rather than below the state entry, which names everything). Circles are cut where
    they close. The order does not depend on the order of `components`, for that differs from look to look.
    """
    by_key = {component.key: component for component in sorted(components, key=_reading_place)}
    needs = {
        key: [other for other in dict.fromkeys(one.depends_on) if other in by_key and other != key]
        for key, one in by_key.items()
    }
    taken: set[Key] = set()
    twigs: list[Twig] = []
    for root in _roots(by_key, needs):
        if root not in taken:
            children = _claimed_by(root, needs, taken)
            twigs += _twigs(root, (), children, by_key)
    return twigs


def prefixes(twig: Twig, *, unicode: bool, dense: bool = False) -> tuple[str, str]:
    """What stands before the component's name, and before the lines that go on below it.

    `dense` takes two columns for a level instead of three.
    """
    branch, end, bar, blank = ("├─ ", "└─ ", "│  ", "   ") if unicode else ("|- ", "`- ", "|  ", "   ")
    if dense:
        branch, end, bar, blank = (part[0] + " " for part in (branch, end, bar, blank))
    above = "".join(blank if last else bar for last in twig.last[:-1])
    first = above + (end if twig.last[-1] else branch) if twig.depth else ""
    below = above + (blank if twig.last[-1] else bar) if twig.depth else ""
    return first, below + (bar[0] if twig.bears else "")


def _reading_place(component: Component) -> tuple[int, Key]:
    kind = all_kinds().get(component.key.kind)
    return kind.read_at if kind else LAST_READ, component.key


def _roots(by_key: Mapping[Key, Component], needs: Mapping[Key, Sequence[Key]]) -> Iterator[Key]:
    """Where to begin, the best first: everything is among them, for a circle has no root."""
    needed = {other for others in needs.values() for other in others}
    yield from (key for key in by_key if key.kind == STATE_ENTRY)
    yield from (key for key in by_key if key not in needed)
    yield from by_key


def _claimed_by(root: Key, needs: Mapping[Key, Sequence[Key]], taken: set[Key]) -> dict[Key, list[Key]]:
    """Takes what can be reached from `root`; the children of each."""
    order = _topological(root, needs, taken)
    place = {key: at for at, key in enumerate(order)}
    depth, parent = {root: 0}, {}
    for key in order:
        for other in needs[key]:
            onward = other in place and place[other] > place[key]
            if onward and depth[key] + 1 > depth.get(other, 0):
                depth[other], parent[other] = depth[key] + 1, key
    taken.update(order)
    children: dict[Key, list[Key]] = {key: [] for key in order}
    for key in needs:  # in reading order
        if key in parent:
            children[parent[key]].append(key)
    return children


def _topological(root: Key, needs: Mapping[Key, Sequence[Key]], taken: set[Key]) -> list[Key]:
    """What can be reached from `root` and is not taken, each before what it needs, circles apart."""
    done: dict[Key, None] = {}
    seen = {root}
    path = [(root, iter(needs[root]))]
    while path:
        key, others = path[-1]
        for other in others:
            if other not in seen and other not in taken:
                seen.add(other)
                path.append((other, iter(needs[other])))
                break
        else:
            done[key] = None
            path.pop()
    return list(reversed(done))


def _twigs(
    root: Key, last: tuple[bool, ...], children: Mapping[Key, Sequence[Key]], by_key: Mapping[Key, Component]
) -> Iterator[Twig]:
    waiting = [(root, last)]
    while waiting:
        key, at = waiting.pop()
        below = children[key]
        yield Twig(by_key[key], at, bears=bool(below))
        waiting += [(child, (*at, child == below[-1])) for child in reversed(below)]
