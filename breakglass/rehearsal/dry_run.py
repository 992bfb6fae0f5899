"""A dry run: what a removal and a rebuild of a service would run into tonight, in its real account.

The plans are the real ones, made by the very functions that a removal and a rebuild begin with: the removal, the
rebuild that would undo it, and the rebuild of what is missing now. Nothing in here can change anything: there is a
Reader, and no Writer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from breakglass.aws.answers import iam_action
from breakglass.aws.permissions import Permission, passing, permissions
from breakglass.model.inventory import Inventory
from breakglass.model.lead import Key
from breakglass.model.plan import Plan, Step
from breakglass.planning.removal import Choice
from breakglass.rehearsal.dry_record import Asked, DryRun, Failure, Planned, Sketch, Sort
from breakglass.running.advice import ADVICE, Advice, ask_iam
from breakglass.running.ground import TASK_DEFINITION, Ground, ground_of_rebuild
from breakglass.running.proof import refused_by_the_model
from breakglass.running.quotas import Quotas, quotas_of
from breakglass.running.recovery import NOT_OURS, Bench, Prepared, prepare_rebuild, prepare_removal

T = TypeVar("T")

_UNREAD = frozenset({"unreadable", "ownership-unread"})
"""Codes of findings that say what could not be read."""
REMOVAL, BACK, REBUILD = "removal", "rebuild after that removal", "rebuild of what is missing now"


@dataclass(frozen=True, slots=True)
class Plans:
    """The three plans, each with the inventory that it was made of. `back` is None where nothing is taken away."""

    removal: Prepared
    rebuild: Prepared

    @property
    def before(self) -> Inventory:
        """The service, with everything that snapshots know of it."""
        return self.rebuild.before

    @property
    def back(self) -> Plan | None:
        """The rebuild that would undo the removal."""
        return self.removal.proof.back if self.removal.proof else None

    @property
    def complete(self) -> bool:
        """Whether everything could be read, both times."""
        return self.removal.before.complete and self.rebuild.before.complete

    def named(self) -> Iterator[tuple[str, Plan]]:
        """Those that do anything or are blocked, by name, in the order in which they would be carried out."""
        for name, plan in ((REMOVAL, self.removal.plan), (BACK, self.back), (REBUILD, self.rebuild.plan)):
            if plan is not None and (plan.steps or plan.blockers):
                yield name, plan


@dataclass(frozen=True, slots=True)
class Answers:
    """What AWS says about the plans: what they stand on, IAM's advice, limits."""

    ground: Ground
    advice: Advice
    quotas: Quotas


def plan_dry(bench: Bench) -> Plans:
    """Look, and plan everything."""
    return Plans(prepare_removal(bench, Choice()), prepare_rebuild(bench, Choice()))


def ask_aws(bench: Bench, plans: Plans) -> Answers:
    """Ask about everything that the plans' calls need and nobody has looked at yet."""
    reader = bench.reader()
    now, proof = plans.rebuild.plan, plans.removal.proof
    ground = [ground_of_rebuild(now, plans.rebuild.before, reader), *([proof.ground] if proof else [])]
    quotas = [quotas_of(now, reader), *([quotas_of(proof.back, reader, plans.removal.plan)] if proof else [])]
    return Answers(
        Ground(_each(one.missing for one in ground), _each(one.unread for one in ground)),
        ask_iam(_needed(plans), bench.account.caller, reader),
        Quotas(_each(one.known for one in quotas), _each(one.notes for one in quotas)),
    )


def conclude(plans: Plans, answers: Answers, refused: Sequence[Failure], times: tuple[datetime, datetime]) -> DryRun:
    """What it comes to. `refused` is what would have ended a run before it began; `times` are begin and end, UTC. Pure.

    It has no id yet, and counts no calls: keeping and counting are others'.
    """
    before, advice = plans.before, answers.advice
    return DryRun(
        id="",
        service=before.service,
        account=before.account.id,
        region=before.region,
        caller=before.account.caller,
        began=times[0],
        ended=times[1],
        health=before.diagnosis.state,
        complete=plans.complete,
        plans=tuple(Sketch(name, tuple(_planned(plan))) for name, plan in plans.named()),
        failures=_each((refused, _failures(plans, answers))),
        lost=_each(plan.lost for name, plan in plans.named() if name != REMOVAL),
        quotas=answers.quotas.known,
        iam=Asked(advice.principal, advice.asked, tuple(f"{one.permission.words}: {one.why}" for one in advice.unsure)),
        unread=tuple(_unread(plans, answers.ground)),
        notes=(*advice.notes, *answers.quotas.notes, *([ADVICE] if advice.asked else [])),
        api_calls=0,
    )


def _each(several: Iterable[Iterable[T]]) -> tuple[T, ...]:
    """All of them once, in order."""
    return tuple(dict.fromkeys(one for some in several for one in some))


def _needed(plans: Plans) -> Mapping[Permission, Key]:
    """Every permission, with the first component that needs it."""
    needed: dict[Permission, Key] = {}
    for _, plan in plans.named():
        for step in plan.steps:
            every = [one for _, call in step.calls for one in permissions(call, plan)]
            for one in (*every, *_passed(step, plan, plans.before)):
                needed.setdefault(one, step.component)
    return needed


def _passed(step: Step, plan: Plan, before: Inventory) -> Iterator[Permission]:
    """The roles of the task definition that a service which is made is going to run."""
    if any(call.operation == "CreateService" for _, call in step.calls):
        definitions = (before.get(key) for key in step.leans_on if key.kind == TASK_DEFINITION)
        for one in filter(None, definitions):
            yield from passing(one.facts, plan)


def _planned(plan: Plan) -> Iterator[Planned]:
    for step in plan.steps:
        calls = tuple(iam_action(call.service, call.operation) for _, call in step.calls)
        yield Planned(step.component, step.title, calls)


def _failures(plans: Plans, answers: Answers) -> Iterator[Failure]:
    needed = _needed(plans)
    for name, plan in plans.named():
        for blocker in plan.blockers:
            if blocker.hint != NOT_OURS:  # a call that the SDK refuses: told as such
                yield Failure(Sort.BLOCKED, f"{name}: {blocker.message}", blocker.hint, blocker.component)
        for loss in refused_by_the_model(plan):
            yield Failure(Sort.INVALID, f"{name}: {loss.what}", NOT_OURS, loss.component)
    for loss in answers.ground.missing:
        hint = "Bring it back, or deploy with another, before it has to be made again."
        yield Failure(Sort.PREREQUISITE, loss.what, hint, loss.component)
    for denied in answers.advice.denied:
        hint = f"Allow it to {answers.advice.principal}."
        message = f"{denied.permission.words}: {denied.why}"
        yield Failure(Sort.DENIED, message, hint, needed[denied.permission])
    for quota in answers.quotas.known:
        if quota.exceeded:
            message = f"{quota.name}: {quota.limit} are allowed, {quota.used} there, {quota.more} more would be made"
            yield Failure(Sort.QUOTA, message, "Have the quota raised, or remove what nobody uses.", quota.component)


def _unread(plans: Plans, ground: Ground) -> Iterator[str]:
    """Every look-up that failed, once."""
    findings = (*plans.removal.before.findings, *plans.rebuild.before.findings)
    told = [one.message for one in findings if one.code in _UNREAD]
    under = [f"{one}: nobody knows whether what it would tell of is there" for one in ground.unread]
    yield from dict.fromkeys((*told, *under))
