"""Waiting for one thing: look until AWS agrees, say what is missing meanwhile, and give up at the deadline."""

from collections.abc import Iterator

from breakglass.model.journal import Entry, Event
from breakglass.model.plan import Settle, Step, Until
from breakglass.model.reading import AwsError
from breakglass.running.finding import Finder
from breakglass.running.ledger import Ledger
from breakglass.running.tools import Tools

FIRST_POLL, LONGEST_POLL = 0.5, 5.0
HEARTBEAT = 10.0
LOST_RECEIPT = 60.0
"""Seconds after which a Route 53 change whose id was lost counts as being in force.

"Changes generally propagate to all Route 53 name servers within 60 seconds":
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""


class Overdue(Exception):  # noqa: N818 - it ends a step, and the run says how
    """A wait went past its deadline."""


class Waiter:
    """Waits for what a step settles."""

    def __init__(self, tools: Tools, ledger: Ledger, finder: Finder) -> None:
        self._tools, self._ledger, self._finder = tools, ledger, finder

    def settle(self, step: Step, at: int, wait: Settle) -> Iterator[Entry]:
        """Look again and again. Ends without a `settled` where the operator stops. Raises `Overdue`, `Hopeless`."""
        clock, operator = self._tools.clock, self._tools.operator
        began = clock.elapsed()
        held_since: float | None = None
        told: float | None = None
        pause = FIRST_POLL
        while not operator.stops():
            awaited = self._awaited(step, at, wait, clock.elapsed() - began)
            now = clock.elapsed()
            held_since = None if awaited else (now if held_since is None else held_since)
            left = wait.hold - (now - held_since) if held_since is not None else wait.hold
            hurried = wait.protects_traffic and (awaited is None or wait.until is Until.DRAINED) and operator.hurries()
            if hurried or (awaited is None and left <= 0):
                yield self._ledger.log(Event.SETTLED, step.id, at, words=wait.words)
                return
            if now - began >= wait.deadline + wait.hold:
                raise Overdue(f"waited {now - began:.0f} s until {wait.words}; still: {awaited}")
            if told is None or now - told >= HEARTBEAT:
                told = now
                yield self._heartbeat(step, at, wait, awaited or f"{left:.0f} s more", now - began)
            clock.wait(pause if awaited else min(pause, left))
            pause = min(pause * 1.5, LONGEST_POLL)

    def _heartbeat(self, step: Step, at: int, wait: Settle, awaited: str, waited: float) -> Entry:
        return self._ledger.log(
            Event.WAITING, step.id, at, words=wait.words, awaited=awaited, waited=round(waited), deadline=wait.deadline
        )

    def _awaited(self, step: Step, at: int, wait: Settle, waited: float) -> str | None:
        kind = self._tools.kinds[wait.component.kind]
        try:
            if wait.until is not Until.IN_SYNC:
                return kind.awaited(wait.until, self._finder.find(wait.component))
            receipt = self._ledger.receipt(step.id, at)
            if receipt is None:
                return None if waited >= LOST_RECEIPT else f"{LOST_RECEIPT - waited:.0f} s more, for its id was lost"
            return None if kind.in_force(receipt, self._tools.reader()) else "it has not reached all name servers yet"
        except AwsError as error:
            return str(error)
