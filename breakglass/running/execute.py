"""Carrying out a plan: the intent on disk, the call, the result on disk; then the world again.

`execute` is a stream of journal entries. Each is on disk before it is yielded, and an intent is on disk before
its call goes out, so that whatever kills this process leaves behind what has to be known to go on. Who watches
the stream decides nothing. Before every step the credentials are asked once more whose they are, and the whole
service is looked at again: what somebody else has changed ends the run, what our own journalled intent has
changed is gone on with, and a goal that is reached already is settled without a call. That look costs some
twenty reads a step; it is what makes a plan safe to carry out minutes after it was read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from breakglass.errors import BreakglassError, CredentialsError, Interrupted, StoppedPartWay, WorldChanged, WrongAccount
from breakglass.model.account import hyphenated
from breakglass.model.component import Absent, Component, Present, Unreadable
from breakglass.model.inventory import Inventory
from breakglass.model.journal import Entry, Event
from breakglass.model.kind import Kind
from breakglass.model.permit import Permit
from breakglass.model.plan import Call, Hopeless, Pause, Plan, Purpose, Settle, Step, Until, outputs_in
from breakglass.model.reading import AwsError, Denied, Refused
from breakglass.planning.fingerprint import ABSENT, fingerprint
from breakglass.running.finding import Finder
from breakglass.running.ledger import Ledger
from breakglass.running.progress import Outcome
from breakglass.running.sending import NotSent, Sender, Unsure
from breakglass.running.tools import Decision, Tools
from breakglass.running.waiting import Overdue, Waiter

CALLS_AN_IDENTITY = 3


def execute(plan: Plan, permit: Permit, tools: Tools, entries: Sequence[Entry] = ()) -> Iterator[Entry]:
    """Carry a plan out, or what its journal `entries` leave of it.

    Raises `WrongAccount`, `WorldChanged`, `StoppedPartWay`, `Interrupted`, `CredentialsError`; each says what
    was done until then, and how to go on. It is the caller who says how the run ended (`finished`), after
    looking at the world once more.
    """
    if not plan.may_run:
        raise ValueError("a plan with blockers is never carried out")
    return _Execution(plan, permit, tools, entries).run()


class _Execution:
    def __init__(self, plan: Plan, permit: Permit, tools: Tools, entries: Sequence[Entry]) -> None:
        self._plan, self._permit, self._tools = plan, permit, tools
        self._ledger = Ledger(tools.journal, tools.clock, entries)
        self._finder = Finder(plan, tools.kinds, tools.reader)
        self._sender = Sender(tools, self._ledger, self._finder)
        self._waiter = Waiter(tools, self._ledger, self._finder)

    def run(self) -> Iterator[Entry]:
        for step in self._plan.steps:
            if self._ledger.is_done(step.id):
                continue
            try:
                yield from self._step(step)
            except (Interrupted, KeyboardInterrupt) as stop:
                yield self._ledger.log(Event.INTERRUPTED, step.id)
                raise self._interrupted() from stop
            except CredentialsError as expired:
                yield self._ledger.log(Event.FAILED, step.id, code="credentials", message=expired.what)
                raise CredentialsError(
                    expired.what,
                    changed=self._ledger.told(self._plan),
                    hint=f"{expired.hint} Then go on: breakglass resume {self._plan.run}",
                ) from expired
            except WrongAccount as other:
                yield self._ledger.log(Event.FAILED, step.id, code="WrongAccount", message=other.what)
                raise
            except WorldChanged as changed:
                yield self._ledger.log(Event.FAILED, step.id, code="WorldChanged", message=changed.what)
                yield self._ledger.log(Event.FINISHED, outcome=Outcome.CHANGED)
                raise
            except NotSent as refused:
                raise self._refused(step, refused) from refused
            except (BreakglassError, AwsError, Overdue, Hopeless, Unsure) as stuck:
                yield self._ledger.log(Event.FAILED, step.id, message=str(stuck))
                raise self._stuck(step, stuck) from stuck

    def _step(self, step: Step) -> Iterator[Entry]:
        self._go_on()
        self._identify()
        if not self._ledger.touched(step.id) and (instead := self._instead(step)):
            event, words = instead
            yield self._ledger.log(event, step.id, words=words)
            return
        try:
            yield from self._actions(step)
        except NotSent as refused:
            if changed := self._overtaken(step, refused):
                raise changed from refused
            raise
        yield self._ledger.log(Event.SETTLED, step.id)

    def _instead(self, step: Step) -> tuple[Event, str] | None:
        """What is noted instead of doing a step that this run has not begun; None where it is to be done."""
        if skipped := self._skipped_with(step):
            return Event.SKIPPED, f"{skipped.component} was skipped, and this belongs to it"
        if reason := self._reached(step):
            return Event.SETTLED, reason
        match self._tools.operator.decides(step):
            case Decision.STOP:
                raise self._interrupted()
            case Decision.SKIP:
                return Event.SKIPPED, "skipped by the operator"
            case Decision.GO_ON:
                return None

    def _actions(self, step: Step) -> Iterator[Entry]:
        for at, action in enumerate(step.actions):
            if self._ledger.is_done(step.id, at):
                continue
            self._go_on()
            match action:
                case Call():
                    if self._sender.since_identity >= CALLS_AN_IDENTITY:
                        self._identify()
                    yield from self._sender.send(step, at, action)
                case Settle():
                    yield from self._waiter.settle(step, at, action)
                case Pause(text=text):
                    self._tools.operator.does(text)
                    yield self._ledger.log(Event.SETTLED, step.id, at, words=text)
            self._go_on()

    def _reached(self, step: Step) -> str | None:
        """Why nothing needs to be sent; None where the step is to be done. Raises `WorldChanged`."""
        kind = self._tools.kinds[step.component.kind]
        now = self._tools.look_again()
        component = now.get(step.component)
        if component is not None and isinstance(component.sighting, Unreadable):
            failed = "; ".join(map(str, component.sighting.failures))
            raise StoppedPartWay(f"{step.component} could not be looked at again: {failed}", changed="", hint="")
        gone = component is None or isinstance(component.sighting, Absent)
        if step.goal is Until.ABSENT and gone:
            return "it was gone already"
        seen = fingerprint(component, kind)
        if seen == step.fingerprint or (step.goal is Until.THERE and seen == ABSENT):
            return None
        if step.fingerprint == ABSENT and component is not None and isinstance(component.sighting, Present):
            return "it is there already"
        if step.goal is Until.IN_SYNC and component is not None and self._in_sync(step, component, kind):
            return "it points there already"
        raise self._changed(step, now, kind)

    def _in_sync(self, step: Step, component: Component, kind: Kind) -> bool:
        if component.outdated:
            return False
        calls = [replace(call, params=self._finder.filled(call.params)) for _, call in step.calls]
        return kind.said(calls, component.sighting)

    def _overtaken(self, step: Step, refused: NotSent) -> WorldChanged | None:
        """Whether AWS refused because somebody else was faster between the look and the call; None where not.

        Calls say what they expect, and a look shows which it was: the component is still what was planned, or it is
        not. Where this step has changed it already, nobody can tell the two apart.
        """
        if not isinstance(refused.error, Refused) or self._ledger.had_effect(step.id):
            return None
        kind = self._tools.kinds[step.component.kind]
        try:
            now = self._tools.look_again()
        except (BreakglassError, AwsError):
            return None  # what AWS refused is told all the same
        component = now.get(step.component)
        if component is not None and isinstance(component.sighting, Unreadable):
            return None
        seen = fingerprint(component, kind)
        if seen == step.fingerprint or (step.goal is Until.THERE and seen == ABSENT):
            return None
        return self._changed(step, now, kind)

    def _changed(self, step: Step, now: Inventory, kind: Kind) -> WorldChanged:
        component = now.get(step.component)
        state = f" It is {component.state}: {component.reason}." if component and component.reason else ""
        return WorldChanged(
            f"The {kind.title} {step.component.id} is no longer what the plan was made of: somebody else has "
            f"changed it.{state} Nothing more was done.",
            changed=self._ledger.told(self._plan),
            hint=f"Look again and plan afresh: breakglass {self._plan.purpose} {self._plan.service}",
        )

    def _skipped_with(self, step: Step) -> Step | None:
        """The skipped step whose component would be left dangling, or that this one needs the result of."""
        for skipped in self._ledger.skipped(self._plan.steps):
            if self._plan.purpose is Purpose.REMOVE and step.component in skipped.leans_on:
                return skipped
            needed = {output.component for _, call in step.calls for output in outputs_in(call.params)}
            if self._plan.purpose is Purpose.REBUILD and skipped.component in needed | set(step.leans_on):
                return skipped
        return None

    def _identify(self) -> None:
        """Ask STS again. Another account, or another caller than the one who confirmed, ends the run."""
        caller = self._tools.identify()
        self._sender.since_identity = 0
        if caller.account == self._permit.account == self._plan.account.id and caller.arn == self._permit.caller:
            return
        raise WrongAccount(
            f"The credentials now belong to {caller.arn} in {hyphenated(caller.account)}; "
            f"confirmed was {self._permit.caller} in {hyphenated(self._permit.account)}.",
            changed=self._ledger.told(self._plan),
            hint=f"Get the right credentials, then: breakglass resume {self._plan.run}",
        )

    def _go_on(self) -> None:
        if self._tools.operator.stops():
            raise self._interrupted()

    def _interrupted(self) -> Interrupted:
        return Interrupted(
            "Stopped by the operator; the call in flight was finished.",
            changed=self._ledger.told(self._plan),
            hint=f"Go on: breakglass resume {self._plan.run}    Back: {way_back(self._plan)}",
        )

    def _refused(self, step: Step, refused: NotSent) -> BreakglassError:
        error = refused.error
        known = self._tools.kinds[step.component.kind].remedy(error.code, error.message)
        mend = (
            f"Allow {error.operation} to {self._permit.caller}." if isinstance(error, Denied) else known or "Mend that."
        )
        return StoppedPartWay(
            f"Step {step.id}, {step.title}: {error.operation} was refused ({error.code}: {error.message}).",
            changed=self._ledger.told(self._plan),
            hint=f"{mend} Then go on: breakglass resume {self._plan.run}",
        )

    def _stuck(self, step: Step, why: Exception) -> StoppedPartWay:
        hint = f"When that is mended, go on: breakglass resume {self._plan.run}"
        return StoppedPartWay(f"Step {step.id}, {step.title}: {why}", changed=self._ledger.told(self._plan), hint=hint)


def way_back(plan: Plan) -> str:
    """The command that makes again what a run has taken away."""
    return f"breakglass rebuild {plan.service} --snapshot {plan.run}"
