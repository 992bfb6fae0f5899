"""Sending one changing call: announced on disk, sent once, and looked for where no clear answer came."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from breakglass.model.component import Unreadable
from breakglass.model.journal import Entry, Event
from breakglass.model.kind import Kind
from breakglass.model.plan import Call, Step
from breakglass.model.reading import AwsError, Denied, NotFound, Refused, Throttled, Unreachable
from breakglass.model.writing import Sent, Unclear
from breakglass.running.finding import Finder
from breakglass.running.ledger import Ledger
from breakglass.running.tools import Tools

TRIES = 10
DENIED_TRIES = 2
PATIENCE = 180.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 16.0


class NotSent(Exception):  # noqa: N818 - it ends a step, and the run says how
    """A call came to nothing, and trying further is of no use; `error` says why."""

    def __init__(self, error: AwsError, at: int) -> None:
        super().__init__(str(error))
        self.error, self.at = error, at


class Unsure(Exception):  # noqa: N818 - the same
    """What became of a call cannot be looked up."""


@dataclass(slots=True)
class _Attempts:
    """How often a call was tried, and what came back."""

    all: int = 0
    denied: int = 0
    began: float = 0.0

    def worth_another(self, call: Call, error: AwsError, elapsed: float) -> bool:
        """Denied: once more. Throttled, 5xx, lost: often, within the deadline. In the way for now: until then."""
        match error:
            case Denied():
                self.denied += 1
                return self.denied < DENIED_TRIES
            case Throttled() | Unreachable() | Unclear():
                return self.all < TRIES or elapsed - self.began < PATIENCE
            case Refused():
                return passes(call, error) and elapsed - self.began < PATIENCE
            case _:
                return False


class Sender:
    """Sends the calls of a run. `guard` runs before every attempt: may we still?"""

    def __init__(self, tools: Tools, ledger: Ledger, finder: Finder) -> None:
        self._tools, self._ledger, self._finder = tools, ledger, finder
        self.since_identity = 0

    def send(self, step: Step, at: int, call: Call) -> Iterator[Entry]:
        """Carry out one call of a step. Raises `NotSent`, `Unsure`, `StoppedPartWay`."""
        kind = self._tools.kinds[step.component.kind]
        filled = replace(call, params=self._finder.filled(call.params))
        if self._ledger.unclear(step.id, at) and self._had_effect(step, filled, kind):
            yield self._ledger.log(Event.SETTLED, step.id, at, words="an earlier attempt had its effect")
            return
        attempts = _Attempts(began=self._tools.clock.elapsed())
        pause = FIRST_PAUSE
        while True:
            attempts.all += 1
            name = f"{call.service}:{call.operation}"
            yield self._ledger.log(Event.INTENT, step.id, at, operation=name, attempt=attempts.all)
            try:
                sent = self._send(filled)
            except NotFound as gone:
                if not call.operation.startswith(("Delete", "Deregister")):
                    yield self._failed(step, at, gone)
                    raise NotSent(gone, at) from gone
                yield self._ledger.log(Event.RESULT, step.id, at, request_id=gone.request_id, code=gone.code)
                return
            except AwsError as error:
                if words := self._settled(step, filled, kind, error):
                    yield self._ledger.log(Event.SETTLED, step.id, at, words=words)
                    return
                yield self._failed(step, at, error)
                if not attempts.worth_another(call, error, self._tools.clock.elapsed()):
                    raise NotSent(error, at) from error
                yield self._ledger.log(Event.WAITING, step.id, at, words=f"{error.code}; tried again in {pause:.1f} s")
            else:
                receipt = kind.receipt(sent.answer)
                yield self._ledger.log(Event.RESULT, step.id, at, request_id=sent.request_id, receipt=receipt)
                return
            self._tools.clock.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            if self._tools.operator.stops():
                return

    def _settled(self, step: Step, call: Call, kind: Kind, error: AwsError) -> str | None:
        """Why nothing more is to be done after an error, by what is there now; None where the call came to nothing."""
        unclear = isinstance(error, Unclear | Unreachable)
        if not (unclear or kind.already(call, error.code)) or not self._had_effect(step, call, kind):
            return None
        words = "no clear answer ({}), but it had its effect" if unclear else "it is so already ({})"
        return words.format(error.code)

    def _failed(self, step: Step, at: int, error: AwsError) -> Entry:
        return self._ledger.log(
            Event.FAILED,
            step.id,
            at,
            code=error.code,
            message=error.message,
            request_id=error.request_id,
            unclear=isinstance(error, Unclear) or None,
        )

    def _send(self, call: Call) -> Sent:
        self.since_identity += 1
        return self._tools.writer.send(call.service, call.operation, call.params, region=call.region or None)

    def _had_effect(self, step: Step, call: Call, kind: Kind) -> bool:
        """Look whether a call that nobody answered was carried out."""
        sighting = self._finder.find(step.component)
        if isinstance(sighting, Unreadable):
            raise Unsure("what became of a call cannot be looked up: " + str(sighting.failures[0]))
        return kind.done(call, sighting)


def passes(call: Call, refusal: AwsError) -> bool:
    """Whether a refusal is documented as passing by itself for this call."""
    return any(refusal.code.startswith(code) and words in refusal.message for code, words in call.passing)
