"""The referee: looks at the service while the operator works, and says when the drill is over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from breakglass.errors import BreakglassError
from breakglass.rehearsal.steady import Holding, Look

PACE = 1.5
"""Seconds between two looks."""
GLANCE = 0.2
"""Seconds between two glances at what the operator asks for."""


class Outcome(StrEnum):
    """How a drill ended."""

    RECOVERED = "recovered"
    ABORTED = "aborted"
    TIME_LIMIT = "time limit reached"
    LEFT = "left before it was recovered"


class Desk:
    """The drill's own folder: what the operator types there, `abort` and `grant`, is left as a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def commands(self) -> Path:
        """The log of what was typed: one line for each command, see `evidence.read_commands`."""
        return self.folder / "commands"

    def asked(self, name: str) -> bool:
        """Whether the operator typed it since it was last asked."""
        mark = self.folder / name
        if not mark.exists():
            return False
        mark.unlink(missing_ok=True)
        return True


@dataclass
class Watch:
    """Looks every few seconds, in a thread of its own, until the drill is over. Times are `monotonic`'s.

    `grant` gives the permission that the operator asks for, `tell` is called once, with the outcome, as soon as there
    is one. `pace` is the time between two looks while it is not steady, `brisk` while it seems to be.
    """

    look: Look
    grant: Callable[[], None]
    desk: Desk
    tell: Callable[[Outcome], None]
    limit: float | None = None
    pace: float = PACE
    brisk: float = PACE
    outcome: Outcome | None = None
    began: float = field(default_factory=monotonic)
    why_not: str | None = "nobody has looked yet"
    _holding: Holding = field(default_factory=Holding)
    _over: Event = field(default_factory=Event)
    _looks: int = 0
    _due: float = 0.0
    _thread: Thread | None = None

    @property
    def steady_since(self) -> float | None:
        """When it became steady for good; None before it has held."""
        return self._holding.since if self._holding.held else None

    @property
    def looks(self) -> int:
        """How often it has looked."""
        return self._looks

    def start(self) -> None:
        """Begin to look."""
        self._thread = Thread(target=self._run, name="referee", daemon=True)
        self._thread.start()

    def stop(self, outcome: Outcome | None = None) -> None:
        """End it; `outcome` counts where there is none yet."""
        if self.outcome is None and outcome is not None:
            self.outcome = outcome
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def wait(self, seconds: float) -> bool:
        """Wait until it is over, at most so long; whether it is."""
        return self._over.wait(seconds)

    def verdict(self) -> Outcome | None:
        """Wait as long as it may still turn out to be steady: until it has held, or a fresh look says that it is not.

        For when the operator has left the shell or the guide.
        """
        before = self._looks
        while not self.wait(GLANCE):
            if self._looks <= before + 1:
                self._due = 0.0  # one look may have begun before the operator left
            elif self.why_not is not None:
                break
        return self.outcome

    def _run(self) -> None:
        while not self._over.is_set():
            if outcome := self._asked():
                self._end(outcome)
            elif monotonic() >= self._due:
                began = monotonic()
                self._look_once()
                self._due = began + (self.brisk if self.why_not is None else self.pace)
            self._over.wait(GLANCE)

    def _asked(self) -> Outcome | None:
        if self.desk.asked("grant"):
            self.grant()
        if self.desk.asked("abort"):
            return Outcome.ABORTED
        if self.limit is not None and monotonic() - self.began >= self.limit:
            return Outcome.TIME_LIMIT
        return None

    def _look_once(self) -> None:
        at = monotonic()
        try:
            self.why_not = self.look()
        except BreakglassError as error:
            self.why_not = error.what
        self._looks += 1
        if self._holding.look(at, self.why_not):
            self._end(Outcome.RECOVERED)

    def _end(self, outcome: Outcome) -> None:
        if self.outcome is None:
            self.outcome = outcome
            self._over.set()
            self.tell(outcome)
