"""A live rehearsal on this terminal: broken by a confirmed removal, recovered by the operator, or restored.

What is broken and what is restored are ordinary runs with journals, so that `resume` goes on with either of them
whatever ends this process.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import join
from time import monotonic

from breakglass.config import load
from breakglass.errors import BreakglassError, CannotPrompt, CredentialsError, WrongAccount
from breakglass.kinds import all_kinds
from breakglass.model.permit import Permit
from breakglass.rehearsal.history import LIVE, History, Record, Subject
from breakglass.rehearsal.live import LiveDrill, Ready, insist_on_rehearsal_account, kinds_to_break, make_ready
from breakglass.rehearsal.score import Targets, findings_of, safety_of, times_of
from breakglass.rehearsal.shape import shape_of
from breakglass.rehearsal.watch import Desk as DrillDesk
from breakglass.rehearsal.watch import Outcome
from breakglass.running.recovery import open_run
from breakglass.running.runs import RunFolder
from breakglass.ui.asking import has_terminal, insist_on_terminal
from breakglass.ui.common import Common
from breakglass.ui.confirm_gates import refusals_of
from breakglass.ui.drill import exit_code
from breakglass.ui.drill_report import print_record
from breakglass.ui.ending import three_lines
from breakglass.ui.exercise import Exercise, Task
from breakglass.ui.journeys import Desk, desk
from breakglass.ui.journeys_change import followed, insist_on_open_way, may_be_changed, show_plan
from breakglass.ui.live_back import WayBack
from breakglass.ui.live_world import RealWorld
from breakglass.ui.options import Report
from breakglass.ui.plan_report import SAFE
from breakglass.ui.plan_report_document import checked
from breakglass.ui.sandboxed import write_tools
from breakglass.ui.watch_signals import ended_by_signals

PACE, BRISK = 10.0, 1.0
"""Seconds between two looks at a real account, while the service is not steady and while it seems to be."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is played: `missing` are the kinds to break, `limit` is in minutes."""

    missing: str | None = None
    shell: bool = False
    limit: float | None = None
    confirm_account: str | None = None
    output: Report = Report.TABLE
    pace: float = PACE
    brisk: float = BRISK


def rehearse_live(common: Common, service: str, terms: Terms) -> int:
    """The whole live rehearsal, and its exit code. Raises `BreakglassError`; nothing is read where it may not be."""
    kinds = kinds_to_break(terms.missing, all_kinds())
    meant = load(common.config, os.environ, Path.cwd()).account_named(common.account or "")
    insist_on_rehearsal_account(meant.name, meant.environment)
    _insist_on_somebody(terms)
    with desk(common, service) as at:
        insist_on_rehearsal_account(at.identity.account.label, at.identity.account.environment)
        may_be_changed(at, terms.confirm_account, dry_run=False)
        return _Live(at, terms, _made_ready(at, kinds)).run()


def _insist_on_somebody(terms: Terms) -> None:
    """Raises `CannotPrompt` where nobody can type the account ID, or recover it before time is up."""
    if terms.confirm_account is None:
        insist_on_terminal("The account ID has to be typed", "Give the command on a terminal.")
    if not (has_terminal() or terms.limit):
        raise CannotPrompt(
            "Somebody has to recover the service, and standard input is no terminal.",
            hint="Give the command on a terminal, or a --time-limit after which it is restored.",
        )


def _made_ready(at: Desk, kinds: frozenset[str]) -> Ready:
    """Look, save and plan, with everything on the screen."""
    began = monotonic()
    ready = make_ready(at.bench, kinds)
    at.show_inventory(ready.before, began)
    for refusal in refusals_of(ready.before):
        raise refusal
    plan = checked(ready.removal.plan)
    insist_on_open_way(plan)
    notes = [
        "this is no dry run: what the plan says is really taken away",
        f"the way back is saved as snapshot {ready.saved.id}; abort, Ctrl-C and the time limit restore it",
    ]
    show_plan(at, plan, ready.before, notes)
    return replace(ready, removal=replace(ready.removal, plan=plan))


@dataclass(frozen=True, slots=True)
class _Played:
    """How it was played: the outcome, since when it is steady (by `monotonic`), and by what."""

    outcome: Outcome
    steady_since: float | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class _Live:
    at: Desk
    terms: Terms
    ready: Ready

    def run(self) -> int:
        """From the confirmation to the report."""
        at = self.at
        run = open_run(at.bench, self.ready.removal)
        at.tell(f"{SAFE}\n")
        permit = at.confirmation(self.terms.confirm_account).permit()
        back = WayBack(at, run.id, permit)
        try:
            return self._confirmed(run, permit, back)
        except KeyboardInterrupt:
            raise back.stopped() from None

    def _confirmed(self, run: RunFolder, permit: Permit, back: WayBack) -> int:
        at = self.at
        try:
            followed(at, run, permit)
        except (WrongAccount, CredentialsError) as error:
            raise back.missed(error) from error  # with such credentials nothing can be restored
        except BreakglassError as error:
            raise back.after(error) from error
        played, trouble, record = _Played(Outcome.ABORTED), None, None
        try:
            with _folder() as folder:
                drill = LiveDrill(at.bench, self.ready, run.id, DrillDesk(folder / "desk"))
                played = self._played(drill, folder)
                record = self._record(drill, played)  # before it is restored: that is no deed of the operator's
        finally:  # also where this program itself has a fault: nothing stays broken for that
            if played.outcome is not Outcome.RECOVERED:
                trouble = back.taken()
            if trouble and record is None:
                at.tell("\n" + three_lines(trouble, at.style))
        restored = played.outcome is not Outcome.RECOVERED and trouble is None
        kept, _ = History(at.bench.state).save(replace(record, restored=restored))
        print_record(kept, self.terms.output, no_color=at.common.no_color)
        if trouble:
            raise trouble
        return exit_code(kept)

    def _played(self, drill: LiveDrill, folder: Path) -> _Played:
        """The exercise itself. Whatever interrupts it is an abort: from here on something is broken."""
        at, terms = self.at, self.terms
        tools = write_tools(folder / "tools", drill.desk.commands, {"abort": "Aborting: it is restored."})
        task = Task(
            service=self.ready.before.service,
            alert=drill.alert,
            desk=drill.desk,
            look=drill.look,
            world=RealWorld(at.common, at.bench.region, at.chosen_profile, tools),
            began=drill.began,
            welcome=_welcome(at),
            limit=terms.limit * 60 if terms.limit else None,
            pace=terms.pace,
            brisk=terms.brisk,
        )
        exercise = Exercise(task, at.style, at.common.no_color)
        try:
            with ended_by_signals():
                watch = exercise.play(shell=terms.shell) if terms.shell or has_terminal() else exercise.wait()
        except KeyboardInterrupt:
            return _Played(Outcome.ABORTED, how=exercise.how)
        except OSError as error:  # no such shell, or a terminal that has gone
            at.tell(f"\nThe rehearsal cannot go on: {error}.\n")
            return _Played(Outcome.ABORTED, how=exercise.how)
        return _Played(watch.outcome or Outcome.LEFT, watch.steady_since, exercise.how)

    def _record(self, drill: LiveDrill, played: _Played) -> Record:
        evidence = drill.evidence(played.steady_since)
        times, targets, checks = times_of(evidence), Targets(), safety_of(evidence)
        recovered = played.outcome is Outcome.RECOVERED
        before, saved = self.ready.before, self.ready.saved
        now = self.at.bench.look() if recovered else before
        return Record(
            id="",
            service=before.service,
            scenario=self.ready.scenario,
            happened=f"we took away {', '.join(sorted(self.ready.kinds))} in {before.account.label}, run {drill.run}",
            runbook=drill.alert.runbook,
            outcome=played.outcome,
            restored=False,
            began=evidence.began,
            ended=datetime.now(UTC),
            how=played.how,
            speed=1.0,
            times=times,
            targets=targets,
            safety=checks,
            findings=findings_of(times, targets, checks, recovered=recovered),
            commands=tuple(join(("breakglass", *one.arguments)) for one in evidence.typed),
            subject=Subject(saved.id, saved.account, saved.region, shape_of(now, all_kinds())),
            kind=LIVE,
        )


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of the drill's own, for what is typed there."""
    folder = Path(tempfile.mkdtemp(prefix="breakglass-live-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _welcome(at: Desk) -> str:
    account, service = at.identity.account, at.bench.settings.service
    return (
        f"\nThis shell is in {account.label}, for real. The clock runs.\n"
        f"  {at.common.repeated(f'breakglass inventory {service}')}\n"
        "  abort                              restore everything, at any time\n"
        "  exit                               leave; what is still missing is restored\n\n"
    )
