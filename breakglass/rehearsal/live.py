"""A live rehearsal: a healthy service of a rehearsal account is really broken, by a removal of ours.

Broken is only what a removal would take away and the rebuild after it would bring back: planned both ways before
anything is touched, from a snapshot that has been saved and read back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic

from breakglass.errors import Blocked, BreakglassError, UsageError, WrongAccount
from breakglass.model.account import Environment
from breakglass.model.component import Component
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Detail, Kind
from breakglass.model.lead import Key
from breakglass.model.snapshot import Snapshot
from breakglass.planning.removal import LAST, Choice
from breakglass.rehearsal.alerts import Alert
from breakglass.rehearsal.evidence import Evidence, later_than, read_commands, runs_of, saved_since
from breakglass.rehearsal.steady import unsteady
from breakglass.rehearsal.watch import Desk
from breakglass.running.recovery import Bench, Prepared, prepare_removal, save_snapshot

THE_OUTAGE = "ecs-service"
"""What is broken unless something else is asked for: as in the outage, the ECS service alone."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A service that may be broken: what was saved of it, and the removal that breaks it."""

    saved: Snapshot
    removal: Prepared
    kinds: frozenset[str]

    @property
    def before(self) -> Inventory:
        """The service as it was, healthy."""
        return self.removal.before

    @property
    def scenario(self) -> str:
        """What the drill is called in the history."""
        return "live:" + "+".join(sorted(self.kinds))


def insist_on_rehearsal_account(account: str, environment: Environment | None) -> None:
    """Raises `WrongAccount` for any account that the configuration does not mark for rehearsals."""
    if environment is not Environment.REHEARSAL:
        raise WrongAccount(
            f"--live really breaks things, and is only for accounts whose environment is rehearsal; {account} is "
            f"{environment or 'not configured'}.",
            hint=f"Without --live it is a dry run, which changes nothing. A drill: --account of a rehearsal account, "
            f"or in the sandbox, without --account {account}.",
        )


def kinds_to_break(text: str | None, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """The kinds of `--missing`, or the ECS service. Raises `UsageError` for one that is never removed."""
    wanted = frozenset(name.strip() for name in (text or THE_OUTAGE).split(",") if name.strip())
    able = [name for name, kind in kinds.items() if kind.removable]
    unknown = sorted(wanted.difference(able))
    if unknown or not wanted:
        raise UsageError(
            f"--missing cannot take away: {', '.join(unknown) or 'nothing'}.", hint=f"Kinds: {', '.join(able)}"
        )
    return wanted


def make_ready(bench: Bench, kinds: frozenset[str]) -> Ready:
    """Save the service, and plan how it is broken and how it comes back.

    Raises `BreakglassError` where it is not steady, `Blocked` where what is wanted would not go, or not come back.
    """
    before, saved = save_snapshot(bench)
    if why := unsteady(before):
        raise BreakglassError(
            f"{before.service} is not steady, so there is no live rehearsal: {why}.",
            hint="It begins with a service that is well, or what it ends with would prove nothing.",
        )
    prepared = prepare_removal(bench, Choice(picked=_with_what_leans_on(before, kinds)))
    _insist_on_going(prepared, kinds)
    _insist_on_coming_back(prepared)
    return Ready(saved, prepared, kinds)


def _with_what_leans_on(before: Inventory, kinds: frozenset[str]) -> frozenset[Key]:
    """The components of these kinds, and everything that cannot stay without them; the state entry always can."""
    picked = {one.key for one in before.components if one.there and one.key.kind in kinds}
    more: set[Key] = picked
    while more:
        more = {one.key for one in before.components if one.key not in picked and _leans(one, more)}
        picked |= more
    return frozenset(picked)


def _leans(one: Component, on: set[Key]) -> bool:
    return one.there and one.key.kind != LAST and bool(on.intersection(one.depends_on))


def _insist_on_going(prepared: Prepared, kinds: frozenset[str]) -> None:
    going = {step.component.kind for step in prepared.plan.steps}
    for kind in sorted(kinds - going):
        kept = next((one for one in prepared.plan.kept if one.component.kind == kind), None)
        why = f"{kept.component} is kept: {kept.why}" if kept else f"it has no {kind} of its own"
        raise Blocked(
            f"{prepared.before.service} cannot be broken like this: {why}.",
            hint="Choose something else with --missing, or rehearse it in the sandbox.",
        )


def _insist_on_coming_back(prepared: Prepared) -> None:
    proof = prepared.proof
    if proof is None:
        return
    troubles = [f"{one.component}: {one.message}" for one in proof.back.blockers]
    troubles += [f"{one.component}: {one.what}" for one in (*proof.refused, *proof.ground.missing)]
    if troubles:
        raise Blocked(
            f"{prepared.before.service} is not broken, for it could not be made again: {troubles[0]}.",
            hint="Mend that first. A dry run (without --live) tells everything that would fail.",
        )


@dataclass(frozen=True, slots=True)
class LiveDrill:
    """A live rehearsal after the service was broken. `run` is the id of the run that broke it."""

    bench: Bench
    ready: Ready
    run: str
    desk: Desk
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=monotonic)

    @property
    def alert(self) -> Alert:
        """What a pager would show."""
        service = self.ready.before.service
        alert = Alert("DOWN  {service} is not well", (), "RB-01").about(service, service)
        said = f"A live rehearsal in {self.bench.account.label}: it was broken on purpose, by run {self.run}."
        return replace(alert, lines=(said, *alert.lines))

    def look(self) -> str | None:
        """Why the service is not steady now; None where it is."""
        return unsteady(self.bench.look(Detail.LOOK), self.ready.before)

    def evidence(self, steady_since: float | None) -> Evidence:
        """What the drill left behind in the state directory; `steady_since` by `monotonic`."""
        state = self.bench.state
        since = None if steady_since is None else self.at + timedelta(seconds=steady_since - self.began)
        return Evidence(
            began=self.at,
            account=self.bench.account.id,
            typed=read_commands(self.desk.commands),
            runs=tuple(one for one in runs_of(state) if one.planned is not None and one.planned >= self.at),
            saved=later_than(self.at, saved_since(state, self.at)),
            steady_since=since,
            watched=False,
        )
