"""Stopping, hurrying and waiting: what the operator can do while a run is carried out.

The first Ctrl-C lets the call in flight come to its end, the second one leaves at once; the terminal's end and
SIGTERM are like the first. Waiting is done on a pipe that the signal handlers write to, and on the keyboard: it ends
at once, and unlike an Event a pipe cannot be found locked by the code that the signal interrupted.
"""

import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LEFT_AT_ONCE = 130


class Hand:
    """The operator's hand on the run, and the clock that everything waits by.

    Until a run is carried out (`with hand.on(tell)`) it is a clock and nothing else. `keyboard` is the descriptor of
    the terminal, None where there is none.
    """

    def __init__(self, keyboard: int | None = None) -> None:
        self._keyboard = keyboard
        self._stopped = False
        self._listening = self._hurried = False
        self._tell: Callable[[str], None] = lambda _: None
        self._ear, self._mouth = os.pipe()
        os.set_blocking(self._mouth, False)
        os.set_blocking(self._ear, False)
        self._before: dict[int, Any] = {}

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Seconds since some moment, never going back."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let time pass. Returns early where the operator stops or hurries."""
        until = time.monotonic() + seconds
        while not self._stopped and (left := until - time.monotonic()) > 0:
            heard = [self._ear]
            if self._listening and not self._hurried and self._keyboard is not None:
                heard.append(self._keyboard)
            ready, _, _ = select.select(heard, [], [], left)
            if self._keyboard in ready:
                self._listen()
            if ready:
                return

    def stops(self) -> bool:
        """Whether the run is to stop."""
        return self._stopped

    def hurries(self) -> bool:
        """Whether Enter was pressed since `listen(True)`."""
        return self._hurried

    def listen(self, *, to_enter: bool) -> None:
        """Let Enter end the wait that begins now, or not. What was pressed before does not count."""
        if self._keyboard is None or to_enter == self._listening:
            return
        self._listening, self._hurried = to_enter, False
        if to_enter:
            with suppress(termios.error, OSError):
                termios.tcflush(self._keyboard, termios.TCIFLUSH)

    @property
    def can_hurry(self) -> bool:
        """Whether there is a keyboard to press Enter on."""
        return self._keyboard is not None

    @contextmanager
    def on(self, tell: Callable[[str], None]) -> Iterator[Self]:
        """Take the signals while a run is carried out; `tell` writes a line to the operator."""
        self._tell = tell
        self._take(self._stop)
        try:
            yield self
        finally:
            self._give_back()

    def _take(self, handler: Callable[[int, FrameType | None], None]) -> None:
        for number in SIGNALS:
            before = signal.getsignal(number)
            if before is signal.SIG_IGN and number is not signal.SIGINT:
                continue  # nohup: whoever started it wants it to go on
            self._before[number] = signal.signal(number, handler)

    def _give_back(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def _stop(self, number: int, _: FrameType | None) -> None:
        if self._stopped and number == signal.SIGINT:
            self._tell("Leaving now. What became of the call in flight is not known: resume looks first.")
            os._exit(LEFT_AT_ONCE)
        first, self._stopped = not self._stopped, True
        with suppress(OSError):
            os.write(self._mouth, b"!")
        if first:
            said = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
            self._tell(f"{said}: stopping after the call in flight. Once more leaves at once, with the call unknown.")

    def _listen(self) -> None:
        typed = b""
        with suppress(OSError):
            typed = os.read(self._keyboard, 4096) if self._keyboard is not None else b""
        self._hurried = b"\n" in typed or self._hurried
        if not typed:
            self._keyboard = None  # it has ended: it would be ready for ever


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a look or a question like Ctrl-C does, so that the terminal is left as it was."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def hung_up_on_in_vain() -> Iterator[None]:
    """What is done here goes on where the terminal ends, as under nohup."""
    with _handled((signal.SIGHUP,), signal.SIG_IGN):
        yield


@contextmanager
def deaf() -> Iterator[None]:
    """No signal ends what is done here; it is to be short. A handler, not SIG_IGN: `Hand` takes that for nohup."""
    with _handled((signal.SIGINT, signal.SIGTERM), lambda _number, _frame: None):
        yield


@contextmanager
def _handled(
    numbers: tuple[signal.Signals, ...], handler: "signal.Handlers | Callable[[int, FrameType | None], None]"
) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, one in before.items():
            signal.signal(number, one)


def keyboard() -> int | None:
    """The descriptor of standard input where it is a terminal."""
    return sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
