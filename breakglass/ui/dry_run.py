"""A dry run in a real account: the screens of a removal and a rebuild, the account ID typed, and nothing changed.

Standard output carries the report alone. There is no Writer here, and none is made by anything that is called here.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

from breakglass.errors import BreakglassError, ReadingIncomplete, WrongAccount
from breakglass.model.account import Account
from breakglass.rehearsal.dry_record import DryRun, Failure, Sort
from breakglass.rehearsal.dry_run import BACK, REBUILD, REMOVAL, Plans, ask_aws, conclude, plan_dry
from breakglass.rehearsal.history import History, dry_run_document
from breakglass.ui.asking import has_terminal
from breakglass.ui.confirm_gates import refusals_of
from breakglass.ui.dry_run_report import dry_run_markdown, dry_run_table
from breakglass.ui.journeys import Desk
from breakglass.ui.journeys_change import may_be_changed
from breakglass.ui.options import Report
from breakglass.ui.plan_report import PlanScreen
from breakglass.ui.reports.document import account_document, as_json
from breakglass.ui.terminal import BOLD, say, style_of

DONE, INCOMPLETE, ATTENTION = 0, ReadingIncomplete.exit_code, 10
_ABOVE = {
    REMOVAL: "If it were removed tonight:",
    BACK: "And made again after that, from what is there now:",
    REBUILD: "What is missing now, made again:",
}
NOTHING_TYPED = "A dry run: nothing that is typed here changes anything.\n"


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is played: `detailed` asks for an exit code of its own where something would have failed."""

    output: Report = Report.TABLE
    detailed: bool = False
    confirm_account: str | None = None


def rehearse_dry(desk: Desk, terms: Terms) -> int:
    """The whole dry run, and its exit code. Raises `BreakglassError` for every other end."""
    began = desk.bench.clock.now()
    refused = may_be_changed(desk, terms.confirm_account, dry_run=True)
    plans = _planned(desk)
    refused += refusals_of(plans.before)
    answers = ask_aws(desk.bench, plans)
    _confirm(desk, terms, plans, able=not refused)
    record = conclude(plans, answers, tuple(map(_refused, refused)), (began, desk.bench.clock.now()))
    record = _kept(desk, replace(record, api_calls=desk.bench.api_calls()))
    _report(record, desk.identity.account, terms.output, no_color=desk.common.no_color)
    return exit_code(record, detailed=terms.detailed)


def exit_code(record: DryRun, *, detailed: bool) -> int:
    """What could not be read weighs more than what was."""
    if not record.complete:
        return INCOMPLETE
    return ATTENTION if detailed and not record.ready else DONE


def _planned(desk: Desk) -> Plans:
    """Look and plan; inventory and plans are on the screen by then."""
    began = monotonic()
    plans = plan_dry(desk.bench)
    desk.show_inventory(plans.before, began)
    warnings: Sequence[str] = ()
    if not plans.complete:
        warnings = ["not everything could be read, see above: what is unreadable is kept as it is"]
    for name, plan in plans.named():
        shown = replace(plan, lost=()) if name == REMOVAL else plan  # the way back says what is lost
        desk.tell(f"\n{desk.style.paint(_ABOVE[name], BOLD)}\n")
        desk.tell(PlanScreen(shown, desk.style, warnings=warnings).text())
    return plans


def _confirm(desk: Desk, terms: Terms, plans: Plans, *, able: bool) -> None:
    """The question of the real thing, wherever the real thing would ask it."""
    asked = any(plan.steps and plan.may_run for _, plan in plans.named())
    if asked and able and has_terminal() and terms.output is not Report.JSON:
        desk.tell(f"\n{NOTHING_TYPED}")
        desk.confirmation(terms.confirm_account).permit()


def _refused(error: WrongAccount) -> Failure:
    return Failure(Sort.REFUSED, f"a run would be refused. {error.what}", error.hint)


def _kept(desk: Desk, record: DryRun) -> DryRun:
    """The record with its id; without one where the state directory cannot be written, which is told."""
    try:
        return History(desk.bench.state).save_dry_run(record)
    except BreakglassError as error:
        desk.tell(f"\nThis dry run will not be remembered: {error.what} {error.hint}\n")
        return record


def _report(record: DryRun, account: Account, output: Report, *, no_color: bool) -> None:
    match output:
        case Report.TABLE:
            say("\n" + dry_run_table(record, account, style_of(sys.stdout, {}, no_color=no_color)), sys.stdout)
        case Report.MARKDOWN:
            say(dry_run_markdown(record, account), sys.stdout)
        case Report.JSON:
            say(as_json(dry_run_document(record) | {"account": account_document(account)}), sys.stdout)
