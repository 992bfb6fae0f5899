"""Going on with a run that stopped part-way: the same screens, the same confirmation, what is left of the plan."""

from collections.abc import Mapping
from dataclasses import replace
from time import monotonic

from breakglass.errors import BreakglassError, UsageError, WorldChanged, WrongAccount
from breakglass.model.account import hyphenated
from breakglass.model.kind import Detail
from breakglass.model.plan import Plan
from breakglass.running.lock import holder_of
from breakglass.running.progress import Outcome, Progress, Standing
from breakglass.running.recovery import run_to_resume
from breakglass.running.runs import RunFolder, place_of_plan
from breakglass.ui.asking import insist_on_terminal
from breakglass.ui.common import Common
from breakglass.ui.confirm_gates import refusals_of
from breakglass.ui.journeys import Arrival, Desk, arrival, state_of
from breakglass.ui.journeys_change import Wish, confirm_and_carry_out, may_be_changed, show_plan
from breakglass.ui.plan_report import OVER

DONE = 0


def resume(common: Common, text: str | None, wish: Mapping[str, object]) -> int:
    """Go on with the run named, or the newest unfinished one of this account. `wish`: fields of `Wish`.

    The region is the run's own, whatever the environment says. Raises `BreakglassError`.
    """
    with arrival(common) as arrived:
        run = run_to_resume(state_of(common), arrived.reached.identity.account.id, text)
        if run is None:
            account = hyphenated(arrived.reached.identity.account.id)
            arrived.tell(f"Nothing to resume: no run in {account} stopped part-way. All of them: breakglass runs\n")
            return DONE
        plan = run.plan()
        insist_on_place(arrived, plan)
        if plan.region == arrived.reached.identity.region.name:
            return _resume(arrived.desk(plan.service), run, plan, wish)
    with arrival(replace(common, region=plan.region)) as arrived:
        insist_on_place(arrived, plan)
        return _resume(arrived.desk(plan.service), run, plan, wish)


def insist_on_place(arrived: Arrival, plan: Plan) -> None:
    """Raises where the run is of another account, or `--region` names another region than the run's."""
    at_hand, region = arrived.reached.identity.account, arrived.common.region
    if plan.account.id != at_hand.id:
        raise WrongAccount(
            f"Run {plan.run} is of the account {plan.account.label}, and these credentials belong to "
            f"{hyphenated(at_hand.id)}.",
            hint=f"Get credentials for {plan.account.name or plan.account.label}, and give the command again.",
        )
    if region is not None and region != plan.region:
        raise UsageError(
            f"Run {plan.run} is of {plan.region}, and --region says {region}.",
            hint="Leave --region out: a run goes on where it began.",
        )


def _resume(desk: Desk, run: RunFolder, plan: Plan, wish: Mapping[str, object]) -> int:
    wanted = Wish(plan.purpose, **wish)  # type: ignore[arg-type]
    may_be_changed(desk, wanted.confirm_account, dry_run=False)
    progress = run.progress()
    if progress.outcome in {Outcome.FINISHED, Outcome.RECOVERED}:
        desk.tell(f"Nothing to do: run {run.id} has ended ({progress.outcome}). Nothing was asked.\n")
        return DONE
    _insist_on_resumable(desk, run, plan, progress)
    began = monotonic()
    before = desk.bench.look(Detail.LOOK, plan.leads)
    desk.show_inventory(before, began)
    for refusal in refusals_of(before):
        raise refusal
    show_plan(desk, plan, before, marks=marks(plan, progress))
    left = len(progress.left(plan))
    desk.tell(f"{len(plan.steps) - left} of {len(plan.steps)} steps are done, {left} are left.\n")
    if wanted.confirm_account is None:
        insist_on_terminal("The account ID has to be typed", "Give the command on a terminal.")
    return confirm_and_carry_out(desk, run, before, wanted, resumed=True)


def _insist_on_resumable(desk: Desk, run: RunFolder, plan: Plan, progress: Progress) -> None:
    afresh = f"Plan afresh: breakglass {plan.purpose} {plan.service}"
    match progress.outcome:
        case Outcome.CHANGED:
            raise WorldChanged(
                f"Run {run.id} was closed, for the world had changed since its plan: it is never gone on with.",
                hint=afresh,
            )
        case Outcome.UNCONFIRMED:
            raise BreakglassError(f"Run {run.id} was never confirmed: nothing of it was done.", hint=afresh)
        case Outcome.RUNNING:
            holder = holder_of(desk.bench.state, place_of_plan(plan))
            raise BreakglassError(
                f"Run {run.id} is being carried out right now: {holder or 'by another process'}.",
                hint="Let it come to its end, or stop it with Ctrl-C where it runs.",
            )
        case _:
            return


def marks(plan: Plan, progress: Progress) -> dict[int, str]:
    """How far each step is, in words."""
    unknown = {step for step, _ in progress.open_intents}
    said = {}
    for step in plan.steps:
        if progress.is_done(step):
            skipped = progress.of(step.id).standing is Standing.SKIPPED
            said[step.id] = OVER[skipped]
        elif step.id in unknown:
            said[step.id] = "[a call was announced, its end is not known: looked at first]"
        elif any(at[0] == step.id for at in progress.marks):
            said[step.id] = "[begun]"
        else:
            said[step.id] = "[left]"
    return said
