"""The way back of a live rehearsal: what it broke is made again, under the same confirmation."""

from dataclasses import dataclass, replace

from breakglass.errors import BreakglassError, Interrupted
from breakglass.model.permit import Permit
from breakglass.planning.removal import Choice
from breakglass.running.recovery import open_run, prepare_rebuild
from breakglass.ui.ending import three_lines
from breakglass.ui.journeys import Desk
from breakglass.ui.journeys_change import followed, insist_on_open_way, show_plan
from breakglass.ui.plan_report_document import checked
from breakglass.ui.watch_signals import Hand, deaf, hung_up_on_in_vain, keyboard


@dataclass(frozen=True, slots=True)
class WayBack:
    """Leads back from `run`, the id of the run that broke the service; `permit` is what that was confirmed with."""

    at: Desk
    run: str
    permit: Permit

    def taken(self) -> BreakglassError | None:
        """Make again what is missing; why that did not work, None where it did. An ordinary run, with a journal."""
        hand = Hand(keyboard())  # the one before may have been told to stop
        at = replace(self.at, hand=hand, bench=replace(self.at.bench, clock=hand))
        try:
            with hung_up_on_in_vain():
                at.tell("\nRestoring what is missing.\n")
                self._restore(at)
        except BreakglassError as failed:
            return self.missed(failed)
        return None

    def after(self, error: BreakglassError) -> BreakglassError:
        """The end of a rehearsal that could not even be broken as planned, once what it did is undone."""
        self.at.tell("\n" + three_lines(error, self.at.style) + "\n")
        if trouble := self.taken():
            return trouble
        error.changed = "What had been taken away has been made again."
        error.hint = f"Look: {self.at.common.repeated(f'breakglass inventory {self._service}')}"
        return error

    def stopped(self) -> BreakglassError:
        """What a signal that nothing else has heard leaves behind."""
        return self.missed(Interrupted("Stopped by a signal.", hint="Restore it:"))

    def missed(self, error: BreakglassError) -> BreakglassError:
        """The error, saying that the service is not restored, and how to go on."""
        error.what = f"{self._service} was broken by this rehearsal, and is not restored: {error.what}"
        error.changed = f"What run {self.run} took away is not all back. The journals know what was done."
        error.hint = f"{error.hint}\nOr: breakglass rebuild {self._service} --snapshot {self.run}"
        return error

    @property
    def _service(self) -> str:
        return self.at.bench.settings.service

    def _restore(self, at: Desk) -> None:
        with deaf():  # the signals of one window that is closed come one after the other
            prepared = prepare_rebuild(at.bench, Choice(), self.run)
        plan = checked(prepared.plan)
        show_plan(at, plan, prepared.before)
        insist_on_open_way(plan)
        if not plan.steps:
            at.tell("Nothing is missing: there is nothing to restore.\n")
            return
        _, after = followed(at, open_run(at.bench, replace(prepared, plan=plan)), self.permit)
        at.tell(f"Restored by run {plan.run}: {after.service} is {after.diagnosis.state}.\n")
