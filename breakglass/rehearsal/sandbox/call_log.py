"""The log of what reached the sandbox, refused and broken calls included."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass
from typing import Any

_READS = re.compile(r"^(Describe|List|Get|BatchGet|Simulate|Test|Lookup)|^(Query|Scan|Search\w*|AssumeRole\w*)$")


def is_mutating(operation: str) -> bool:
    """Whether an operation changes AWS, told by its name as the project's own reader does."""
    return _READS.match(operation) is None


@dataclass(frozen=True)
class LoggedCall:
    """One request: `at` in sandbox seconds since the epoch, `status` 0 where no answer was given."""

    seq: int
    at: float
    service: str
    operation: str
    account: str | None
    region: str
    mutating: bool
    status: int
    request_id: str
    user_agent: str
    params: dict[str, Any] | None


class CallLog:
    """Calls in the order in which they were answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[LoggedCall] = []
        self._next = 1

    def add(self, **fields: Any) -> None:
        """Append a call; `seq` and `mutating` are worked out here."""
        with self._lock:
            operation = fields["operation"]
            self._calls.append(LoggedCall(seq=self._next, mutating=is_mutating(operation), **fields))
            self._next += 1

    def clear(self) -> None:
        """Forget every call; the numbering goes on."""
        with self._lock:
            self._calls.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The calls as plain dictionaries."""
        with self._lock:
            return [asdict(call) for call in self._calls]
