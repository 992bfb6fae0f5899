"""The control API under /_sandbox/: what tests and drills can see and order.

GET calls, faults, clock, world; POST faults, clock, chaos, neighbours, reset; DELETE calls, faults. Everything is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .chaos import Chaos, call_mishap
from .gateway import Gateway
from .manners import Manners
from .manners.ecs.state import Ecs
from .seed import plant_neighbours
from .state import World
from .wire import Answer
from .witness import Witness

PREFIX = "/_sandbox/"


class ControlRoom:
    """Answers control requests."""

    def __init__(self, world: World, manners: Manners, gateway: Gateway) -> None:
        self._world = world
        self._manners = manners
        self._gateway = gateway
        self._chaos = Chaos(world, manners)
        self._witness = Witness(world, manners)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to one control request; 404 for what is not there, 400 with a sentence for what makes no sense."""
        name, _, rest = path.removeprefix(PREFIX).partition("/")
        routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "calls"): lambda _: self._gateway.calls.as_json(),
            ("DELETE", "calls"): lambda _: self._gateway.calls.clear(),
            ("GET", "faults"): lambda _: self._gateway.faults.as_json(),
            ("POST", "faults"): lambda given: {"id": self._gateway.faults.add(given)},
            ("DELETE", "faults"): lambda _: self._remove_faults(rest),
            ("GET", "clock"): lambda _: self._clock(),
            ("POST", "clock"): self._set_clock,
            ("GET", "world"): lambda _: self._witness.document(),
            ("POST", "chaos"): lambda given: call_mishap(self._chaos, given["name"], given.get("args", {})),
            ("POST", "neighbours"): self._neighbours,
        }
        handler = routes.get((method, name))
        if handler is None:
            return _json(404, {"error": f"{method} {path} is not part of the control API"})
        try:
            with self._gateway.lock:
                return _json(200, handler(json.loads(body) if body else {}))
        except (KeyError, TypeError, ValueError) as senseless:
            return _json(400, {"error": f"{type(senseless).__name__}: {senseless}"})

    def _remove_faults(self, number: str) -> None:
        if number:
            self._gateway.faults.remove(int(number))
        else:
            self._gateway.faults.clear()

    def _clock(self) -> dict[str, float]:
        return {"now": self._world.clock.now(), "rate": self._world.clock.rate}

    def _set_clock(self, given: dict[str, Any]) -> dict[str, float]:
        if "rate" in given:
            self._world.clock.set_rate(float(given["rate"]))
        if "advance" in given:
            self._world.clock.advance(float(given["advance"]))
        return self._clock()

    def _neighbours(self, given: dict[str, Any]) -> list[str]:
        account, region = given["account"], given["region"]
        services = self._world.state(Ecs, account, region).services
        first = 20 * -(-sum(name.startswith("neighbour-") for _, name in services) // 20)
        return plant_neighbours(self._world, self._manners, account, first, int(given["count"]))


def _json(status: int, value: Any) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(value, default=str).encode())
