"""Faults that can be ordered: refusals, delays, lost requests and lost answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any, Literal

FaultKind = Literal["error", "delay", "drop-before", "drop-after", "hang"]
KINDS: tuple[FaultKind, ...] = ("error", "delay", "drop-before", "drop-after", "hang")


@dataclass(frozen=True)
class Fault:
    """One fault and the calls it hits.

    `match` is a part of the request's body (for GET requests of its path and query), `times` how often it strikes
    before it is spent (None: until removed). `drop-before` closes the connection without carrying the call out,
    `drop-after` carries it out and loses the answer, `hang` neither answers nor closes.
    """

    service: str
    operation: str = "*"
    kind: FaultKind = "error"
    account: str | None = None
    region: str | None = None
    match: str | None = None
    times: int | None = None
    code: str = "AccessDeniedException"
    message: str = "The sandbox was told to refuse this call."
    status: int = 400
    seconds: float = 0.0

    def hits(self, service: str, operation: str, account: str | None, region: str, body: str) -> bool:
        """Whether a call is one of those this fault is meant for."""
        return (
            self.service in ("*", service)
            and self.operation in ("*", operation)
            and self.account in (None, account)
            and self.region in (None, region)
            and (self.match is None or self.match in body)
        )


class Faults:
    """The faults in force, the oldest striking first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._next = 1

    def add(self, fields: dict[str, Any]) -> int:
        """Put a fault in force and return its number."""
        fault = Fault(**fields)
        if fault.kind not in KINDS:
            raise ValueError(f"a fault's kind is one of {', '.join(KINDS)}, not {fault.kind!r}")
        with self._lock:
            number = self._next
            self._next += 1
            self._faults[number] = fault
            return number

    def remove(self, number: int) -> None:
        """Take one fault back; one that is spent or unknown is no error."""
        with self._lock:
            self._faults.pop(number, None)

    def clear(self) -> None:
        """Take every fault back, which also ends calls that hang."""
        with self._lock:
            self._faults.clear()

    def in_force(self, number: int) -> bool:
        """Whether a fault has not been taken back."""
        with self._lock:
            return number in self._faults

    def strike(
        self, service: str, operation: str, account: str | None, region: str, body: str
    ) -> tuple[int, Fault] | None:
        """The fault that hits this call, counted as having struck once more."""
        with self._lock:
            for number, fault in self._faults.items():
                if not fault.hits(service, operation, account, region, body) or fault.times == 0:
                    continue
                if fault.times is not None:
                    self._faults[number] = replace(fault, times=fault.times - 1)
                return number, fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """Every fault that is still in force, with its number."""
        with self._lock:
            return [{"id": number, **vars(fault)} for number, fault in self._faults.items() if fault.times != 0]
