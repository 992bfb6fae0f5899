"""Changing a service: look, diagnose, plan, confirm, carry out, look again. The same for every command that does.

Screens come in this order: banner, inventory with diagnosis, plan, prompt, events. Standard output carries the result
alone: the report at the end, or the plan of a dry run.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from breakglass.aws.writer import AwsWriter
from breakglass.errors import NOTHING_CHANGED, Blocked, Interrupted, ReadingIncomplete, WrongAccount
from breakglass.model.inventory import Inventory
from breakglass.model.journal import Entry
from breakglass.model.permit import Permit
from breakglass.model.plan import Plan, Purpose
from breakglass.planning.removal import Choice
from breakglass.running.recovery import Prepared, carry_out, open_run, prepare_rebuild, prepare_removal
from breakglass.running.runs import RunFolder
from breakglass.running.tools import Operator
from breakglass.ui.asking import Option, has_terminal, insist_on_terminal
from breakglass.ui.confirm import insist_on_rehearsal
from breakglass.ui.confirm_gates import insist_on_name, refusals, refusals_of
from breakglass.ui.journeys import Desk
from breakglass.ui.journeys_dry import dry_run_report
from breakglass.ui.journeys_outcome import Ended, ended_report
from breakglass.ui.options import Output
from breakglass.ui.plan_report import SAFE, SAFE_AGAIN, PlanScreen, name
from breakglass.ui.plan_report_document import Lines, checked, plan_document, saved_secrets
from breakglass.ui.reports.document import as_json
from breakglass.ui.terminal import say, style_of
from breakglass.ui.watch import Stepwise, Watch

DONE, INCOMPLETE, BLOCKED = 0, ReadingIncomplete.exit_code, Blocked.exit_code
NOTHING_MORE = "Nothing more was changed: the run is as it was when it stopped."
_ASKS_NOTHING = "To see the plan without a terminal: --dry-run -o json"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    purpose: Purpose
    choice: Choice = field(default_factory=Choice)
    dry_run: bool = False
    pick: bool = False
    step: bool = False
    snapshot: str | None = None
    task_definition: str | None = None
    confirm_account: str | None = None
    output: Output = Output.TABLE

    @property
    def asks(self) -> bool:
        """Whether somebody walks the screens of a dry run: on a terminal, and not for JSON."""
        return not self.dry_run or (has_terminal() and self.output is not Output.JSON)


def change(desk: Desk, wish: Wish) -> int:
    """The whole journey, and its exit code. Raises `BreakglassError` for every other end."""
    refused = may_be_changed(desk, wish.confirm_account, dry_run=wish.dry_run)
    if wish.pick or (wish.step and not wish.dry_run):
        insist_on_terminal("--pick and --step ask questions", _ASKS_NOTHING)
    prepared = _prepared(desk, wish)
    plan = prepared.plan
    refused += _told_or_raised(list(refusals_of(prepared.before)), dry_run=wish.dry_run)
    unnamed = list(insist_on_name(plan, desk.common.account, desk.common.repeated(f"breakglass remove {plan.service}")))
    show_plan(desk, plan, prepared.before, [f"a run would be refused. {one.what}" for one in (*refused, *unnamed)])
    if wish.dry_run:
        return _dry(desk, wish, prepared, able=not refused)
    insist_on_open_way(plan)
    if not plan.steps:
        return nothing_to_do(desk, wish.output, prepared.before, plan)
    if wish.confirm_account is None:
        insist_on_terminal("The account ID has to be typed", f"Give the command on a terminal.\n{_ASKS_NOTHING}")
    _told_or_raised(unnamed, dry_run=False)
    run = open_run(desk.bench, prepared)
    return confirm_and_carry_out(desk, run, prepared.before, wish)


def may_be_changed(desk: Desk, given: str | None, *, dry_run: bool) -> list[WrongAccount]:
    """What refuses a change before anything is read. A dry run is told instead of refused."""
    if given is not None:
        insist_on_rehearsal(desk.identity.account, given)
    file = desk.reached.config.file
    return _told_or_raised(
        list(refusals(desk.identity, desk.configured, str(file or "none was found"))), dry_run=dry_run
    )


def _told_or_raised(refused: list[WrongAccount], *, dry_run: bool) -> list[WrongAccount]:
    if refused and not dry_run:
        raise refused[0]
    return refused


def _prepared(desk: Desk, wish: Wish) -> Prepared:
    """Look and plan; the inventory is on the screen by then. With `--pick` plan again, of what was picked."""
    began = monotonic()
    prepared = _planned(desk, wish, wish.choice)
    desk.show_inventory(prepared.before, began)
    if wish.pick and prepared.plan.steps:
        prepared = _planned(desk, wish, _picked(desk, prepared.plan, wish.choice))
    return prepared


def _planned(desk: Desk, wish: Wish, choice: Choice) -> Prepared:
    match wish.purpose:
        case Purpose.REMOVE:
            prepared = prepare_removal(desk.bench, choice)
        case Purpose.REBUILD:
            prepared = prepare_rebuild(desk.bench, choice, wish.snapshot, wish.task_definition)
    return replace(prepared, plan=checked(prepared.plan))


def _picked(desk: Desk, plan: Plan, choice: Choice) -> Choice:
    keys = list(dict.fromkeys(step.component for step in plan.steps))
    verb = "remove" if plan.purpose is Purpose.REMOVE else "rebuild"
    options = [Option(key, name(key)) for key in keys]
    try:
        picked = desk.terminal.some_of(f"What to {verb} (space takes one out, Enter goes on to the plan):", options)
    except EOFError:
        raise Interrupted("Stopped while picking.", hint="Give the same command again.") from None
    return replace(choice, picked=frozenset(picked))


def show_plan(
    desk: Desk, plan: Plan, taken: Inventory, notes: Sequence[str] = (), marks: dict[int, str] | None = None
) -> None:
    """The plan on the screen; and that what could not be read is kept."""
    warnings = list(notes)
    if not taken.complete:
        warnings.append("not everything could be read, see above: what is unreadable is kept as it is")
    desk.tell("\n" + PlanScreen(plan, desk.style, marks or {}, warnings, desk.rehearsed(taken)).text())


def insist_on_open_way(plan: Plan) -> None:
    """Raises `Blocked` where the plan has blockers."""
    if plan.blockers:
        one = plan.blockers[0]
        more = f" (and {len(plan.blockers) - 1} more, see the plan)" if len(plan.blockers) > 1 else ""
        raise Blocked(
            f"The plan is blocked: {name(one.component)}: {one.message}{more}.".replace("..", "."), hint=one.hint
        )


def nothing_to_do(desk: Desk, output: Output, taken: Inventory, plan: Plan) -> int:
    """Say so. Where that may only seem so, because something could not be read, raises `ReadingIncomplete`."""
    if not taken.complete:
        raise ReadingIncomplete(
            f"There is nothing to {plan.purpose} among what could be read, but not everything could be.",
            hint="Allow what the notes above name, and give the command again.",
        )
    said = f"Nothing to do: {plan.service} is {taken.diagnosis.state}. Nothing was asked, nothing was changed.\n"
    desk.tell(said)
    if output is Output.JSON:
        say(as_json(plan_document(plan, Lines(plan, desk.bench.state, desk.chosen_profile))), sys.stdout)
    return DONE


def _dry(desk: Desk, wish: Wish, prepared: Prepared, *, able: bool) -> int:
    """The plan of a dry run: walked through on a terminal, printed anywhere else."""
    plan = prepared.plan
    lines = Lines(plan, desk.bench.state, desk.chosen_profile)
    if trouble := saved_secrets(lines):
        desk.tell(f"{trouble}\n")
    if not wish.asks:
        say(as_json(plan_document(plan, lines)), sys.stdout)
    elif plan.steps and plan.may_run and able:
        desk.tell("A dry run: nothing that is typed here changes anything.\n")
        desk.confirmation(wish.confirm_account).permit()
        style = style_of(sys.stdout, {}, no_color=desk.common.no_color)
        say(dry_run_report(plan, lines, style), sys.stdout)
    elif not plan.steps and plan.may_run:
        return nothing_to_do(desk, wish.output, prepared.before, plan)
    if plan.blockers:
        return BLOCKED
    return DONE if prepared.before.complete else INCOMPLETE


def confirm_and_carry_out(desk: Desk, run: RunFolder, before: Inventory, wish: Wish, *, resumed: bool = False) -> int:
    """Ask for the account ID, carry out what is left of the run, and report how the service is now."""
    plan = run.plan()
    desk.tell(f"{SAFE_AGAIN if resumed else SAFE}\n")
    permit = desk.confirmation(wish.confirm_account, NOTHING_MORE if resumed else NOTHING_CHANGED).permit()
    stepwise = Stepwise(plan, desk.terminal, desk.screen)
    operator = Operator(stops=desk.hand.stops, hurries=desk.hand.hurries)
    if wish.step:
        operator = Operator(stops=desk.hand.stops, hurries=desk.hand.hurries, decides=stepwise.decides)
    entries, after = followed(desk, run, permit, operator)
    _report(desk, Ended(plan, before, after, entries), wish.output)
    return DONE


def followed(
    desk: Desk, run: RunFolder, permit: Permit, operator: Operator | None = None
) -> tuple[list[Entry], Inventory]:
    """Carry out what is left of a run before the operator's eyes; its entries, and the inventory after it.

    Raises what `carry_out` raises, and `Interrupted`.
    """
    plan = run.plan()
    operator = operator or Operator(stops=desk.hand.stops, hurries=desk.hand.hurries)
    writer = AwsWriter(desk.reached.connection, plan.run)
    watch = Watch(plan, desk.hand, desk.screen, desk.style)
    try:
        return watch.follow(carry_out(desk.bench, run, permit, writer, operator))
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped by a signal while run {plan.run} was being carried out.",
            changed="The journal knows what was done.",
            hint=f"Go on: breakglass resume {plan.run}",
        ) from None


def _report(desk: Desk, ended: Ended, output: Output) -> None:
    plan = ended.plan
    match output:
        case Output.JSON:
            say(as_json(ended.document()), sys.stdout)
        case Output.TABLE:
            style = style_of(sys.stdout, {}, no_color=desk.common.no_color)
            say("\n" + ended_report(ended, style, _following(desk, plan)), sys.stdout)


def _following(desk: Desk, plan: Plan) -> list[tuple[str, str]]:
    commands = [("Timeline:", f"breakglass timeline {plan.run}")]
    if plan.purpose is Purpose.REMOVE:
        commands.insert(0, ("Way back:", f"breakglass rebuild {plan.service} --snapshot {plan.run}"))
    else:
        commands.insert(0, ("Look again:", f"breakglass inventory {plan.service}"))
    return [(label, desk.common.repeated(command)) for label, command in commands]
