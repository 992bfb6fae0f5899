"""The sandbox's clock: everything that takes time in AWS takes time by this one."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class Clock:
    """A clock that follows real time at a rate, and can be put forward.

    Nothing runs in the background: whatever changes with time is worked out when it is read, so a test that calls
    `advance(300)` sees at once what five minutes would have done. A rate of 0 stops the clock.
    """

    def __init__(self, seconds_ago: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._real = time.time()
        self._shown = self._real - seconds_ago
        self._rate = 1.0

    @property
    def rate(self) -> float:
        """Sandbox seconds for each real second."""
        return self._rate

    def now(self) -> float:
        """Sandbox time in seconds since the epoch."""
        with self._lock:
            return self._read()

    def moment(self) -> datetime:
        """Sandbox time as AWS's answers carry it: an aware UTC datetime."""
        return instant(self.now())

    def advance(self, seconds: float) -> float:
        """Put the clock forward and return the new time; time never goes back."""
        if seconds < 0:
            raise ValueError("the clock cannot be put back")
        with self._lock:
            self._anchor(self._read() + seconds)
            return self._shown

    def set_rate(self, rate: float) -> None:
        """From now on let `rate` sandbox seconds pass for each real second."""
        if rate < 0:
            raise ValueError("the clock cannot run backwards")
        with self._lock:
            self._anchor(self._read())
            self._rate = rate

    def _read(self) -> float:
        return self._shown + (time.time() - self._real) * self._rate

    def _anchor(self, shown: float) -> None:
        self._real = time.time()
        self._shown = shown


def instant(seconds: float) -> datetime:
    """Seconds since the epoch as an aware UTC datetime, to the millisecond, as AWS gives them."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)
