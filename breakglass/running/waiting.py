"""Waiting for one thing: look until AWS agrees, say what is missing meanwhile, and give up at the deadline."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from breakglass.model.journal import Entry, Event
from breakglass.model.kind import Kind
from breakglass.model.plan import Call, Hopeless, Settle, Step, Until
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

LAG = 10.0
"""Seconds for which AWS may still show what was before a call: one look proves nothing.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (eventual consistency)
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
        taken_back_since: float | None = None
        pause = FIRST_POLL
        asked = self._asked(step, at, wait)
        while not operator.stops():
            awaited, taken_back = self._look(step, at, wait, asked, clock.elapsed() - began)
            now = clock.elapsed()
            taken_back_since = None if not taken_back else now if taken_back_since is None else taken_back_since
            if taken_back and taken_back_since is not None and now - taken_back_since >= LAG:
                raise Hopeless(taken_back)
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

    def _asked(self, step: Step, at: int, wait: Settle) -> Sequence[Call]:
        """What the step has asked for so far of what it now waits for to serve, outputs filled in."""
        if wait.until is not Until.SERVING or wait.component != step.component:
            return ()
        calls = (action for action in step.actions[:at] if isinstance(action, Call))
        return [replace(call, params=self._finder.filled(call.params)) for call in calls]

    def _heartbeat(self, step: Step, at: int, wait: Settle, awaited: str, waited: float) -> Entry:
        return self._ledger.log(
            Event.WAITING, step.id, at, words=wait.words, awaited=awaited, waited=round(waited), deadline=wait.deadline
        )

    def _look(
        self, step: Step, at: int, wait: Settle, asked: Sequence[Call], waited: float
    ) -> tuple[str | None, str | None]:
        """What is still awaited, and what of that which was asked for has been taken back."""
        kind = self._tools.kinds[wait.component.kind]
        try:
            if wait.until is Until.IN_SYNC:
                return self._in_force(step, at, kind, waited), None
            sighting = self._finder.find(wait.component)
            taken_back = kind.taken_back(asked, sighting)
            return taken_back or kind.awaited(wait.until, sighting), taken_back
        except AwsError as error:
            return str(error), None

    def _in_force(self, step: Step, at: int, kind: Kind, waited: float) -> str | None:
        receipt = self._ledger.receipt(step.id, at)
        if receipt is None:
            return None if waited >= LOST_RECEIPT else f"{LOST_RECEIPT - waited:.0f} s more, for its id was lost"
        return None if kind.in_force(receipt, self._tools.reader()) else "it has not reached all name servers yet"
