"""What a drill begins and ends with: the service serves, and has everything that it had."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from breakglass.model.component import State
from breakglass.model.inventory import Health, Inventory

TIMES = 3
"""How often in a row the steady state has to be seen before it is believed."""


def unsteady(now: Inventory, before: Inventory | None = None) -> str | None:
    """Why the service is not steady, as the end of a sentence; None where it is. Pure.

    Steady is: healthy by its own targets, deployment and records, and of every kind as many as `before`.
    """
    if now.diagnosis.state is not Health.HEALTHY:
        return f"it is {now.diagnosis.state}: {now.diagnosis.summary}"
    if not now.complete:
        return "not everything of it could be read"
    if before is not None:
        lost = _there(before) - _there(now)
        if lost:
            return "it had more: " + ", ".join(f"{count} {kind}" for kind, count in sorted(lost.items()))
    return None


def _there(taken: Inventory) -> Counter[str]:
    return Counter(one.key.kind for one in taken.components if one.there and one.state is State.OK)


@dataclass(slots=True)
class Holding:
    """Counts how often in a row it was steady. `since` is when the first of these looks was, None where it is not."""

    times: int = TIMES
    since: float | None = None
    seen: int = 0

    def look(self, at: float, why_not: str | None) -> bool:
        """One more look, `at` in seconds; True once it has held."""
        if why_not is not None:
            self.seen, self.since = 0, None
            return False
        if self.since is None:
            self.since = at
        self.seen += 1
        return self.held

    @property
    def held(self) -> bool:
        """Whether it has been steady often enough in a row."""
        return self.seen >= self.times


Look = Callable[[], str | None]
