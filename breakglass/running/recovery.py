"""The journeys: look, diagnose, plan, confirm, carry out, look again.

Everything between the command line and the layers below, without a word about terminals: what a removal, a
rebuild, a resumed run and a snapshot consist of. Asking is the caller's; the permit is what it brings back.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from secrets import randbelow

from breakglass.errors import BreakglassError
from breakglass.model.account import Account
from breakglass.model.inventory import Health, Inventory
from breakglass.model.journal import Entry, Event
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Lead, Source
from breakglass.model.permit import Permit
from breakglass.model.plan import Blocker, Plan, Purpose
from breakglass.model.reading import Reader
from breakglass.model.settings import Settings
from breakglass.model.snapshot import Snapshot
from breakglass.model.writing import Writer
from breakglass.planning.inventory import Moment
from breakglass.planning.rebuild import rebuild
from breakglass.planning.recipes import Sources
from breakglass.planning.removal import Choice, Request, removal
from breakglass.planning.retrace import leads_in
from breakglass.running.execute import execute
from breakglass.running.lock import sole_run, this_process
from breakglass.running.progress import Outcome
from breakglass.running.proof import Proof, prove, refused_by_the_model
from breakglass.running.runs import RunFolder, Runs
from breakglass.running.state_dir import Place, StateDir
from breakglass.running.survey import take_inventory
from breakglass.running.tools import Caller, Clock, Operator, Tools
from breakglass.running.vault import ALL_THERE, Vault, snapshot_of

NOT_OURS = "Leave it out with --keep, make it by hand, and report this: it should not happen."


@dataclass(frozen=True, slots=True)
class Bench:
    """One service in one account and region, and everything needed to work on it.

    `reader` gives a Reader with an empty memory; `api_calls` counts what was sent so far.
    """

    account: Account
    settings: Settings
    kinds: Mapping[str, Kind]
    region: str
    reader: Callable[[], Reader]
    identify: Callable[[], Caller]
    api_calls: Callable[[], int]
    state: StateDir
    clock: Clock
    randomness: Callable[[int], int] = field(default=randbelow)

    @property
    def place(self) -> Place:
        """Where its snapshots are kept, and what its lock is for."""
        return Place(self.account.id, self.region, self.settings.service)

    def look(self, detail: Detail = Detail.COPY, leads: Sequence[Lead] = ()) -> Inventory:
        """Look at the whole service now; `leads` beside those that the configuration gives."""
        settings = replace(self.settings, leads=tuple(dict.fromkeys((*self.settings.leads, *leads))))
        moment = Moment(self.region, self.clock.now(), self.api_calls)
        return take_inventory(self.account, Look(self.reader(), settings, detail), self.kinds, moment)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with the inventory and the snapshot that it was made of. Nothing is on disk yet.

    `proof` is of a removal that takes anything away: whether it could be made again.
    """

    before: Inventory
    plan: Plan
    snapshot: Snapshot
    proof: Proof | None = None


def prepare_removal(bench: Bench, choice: Choice) -> Prepared:
    """Look closely, plan the removal of what is this service's alone, and prove what can be made again."""
    before, snapshot = _seen(bench, ())
    plan = removal(before, bench.kinds, Request(snapshot.id, snapshot.digest, choice))
    if not plan.steps:
        return Prepared(before, plan, snapshot)
    proof = prove(plan, before, (snapshot, *known_snapshots(bench)), bench.kinds, bench.reader())
    return Prepared(before, replace(plan, lost=proof.losses), snapshot, proof)


def prepare_rebuild(
    bench: Bench, choice: Choice, named: str | None = None, task_definition: str | None = None
) -> Prepared:
    """Look closely, and plan to make what is missing, from the best sources there are.

    `named` is the id of a snapshot or a run that comes before all others; `task_definition`
    (`FAMILY:REVISION`) is what the service is to run instead of its own.
    """
    snapshots = known_snapshots(bench, named)
    leads = [lead for snapshot in snapshots for lead in leads_in(snapshot, bench.kinds)]
    wished = {}
    if task_definition:
        leads.append(Lead("task-definition", task_definition, Source.CONFIGURATION, "--task-definition"))
        wished = {"ecs-service": {"taskDefinition": task_definition}}
    before, snapshot = _seen(bench, leads)
    sources = Sources(bench.clock.now(), snapshots, wished)
    request = Request(snapshot.id, snapshot.digest, choice, bench.settings.state_after)
    plan = rebuild(before, bench.kinds, request, sources)
    refused = tuple(Blocker(loss.component, loss.what, NOT_OURS) for loss in refused_by_the_model(plan))
    return Prepared(before, replace(plan, blockers=(*plan.blockers, *refused)), snapshot)


def known_snapshots(bench: Bench, named: str | None = None) -> tuple[Snapshot, ...]:
    """Snapshots of the service, the named one first, then from the newest back to one with nothing missing.

    What was there before that one, and was not there any more then, was taken away on purpose.
    """
    vault = Vault(bench.state)
    chosen = [_fitting(vault.find(named), bench)] if named else []
    for snapshot in vault.all_of(bench.place):
        if snapshot.id not in {one.id for one in chosen}:
            chosen.append(snapshot)
        if snapshot.health in ALL_THERE:
            break
    return tuple(chosen)


def _fitting(snapshot: Snapshot, bench: Bench) -> Snapshot:
    """A snapshot of another service or account is never built from."""
    wanted = (bench.account.id, bench.region, bench.settings.service)
    if (snapshot.account, snapshot.region, snapshot.service) == wanted:
        return snapshot
    raise BreakglassError(
        f"{snapshot.name or snapshot.id} is of {snapshot.service} in another account or region than this one.",
        hint=f"Choose one of: breakglass snapshot list {bench.settings.service}",
    )


def _seen(bench: Bench, leads: Sequence[Lead]) -> tuple[Inventory, Snapshot]:
    before = bench.look(Detail.COPY, leads)
    now = bench.clock.now()
    return before, snapshot_of(before, bench.state.new_id(now, bench.randomness), now)


def save_snapshot(bench: Bench) -> tuple[Inventory, Snapshot]:
    """Save a last-known-good copy; what is missing now is not in it."""
    bench.state.prepare()
    before, snapshot = _seen(bench, ())
    Vault(bench.state).save(snapshot)
    return before, snapshot


def open_run(bench: Bench, prepared: Prepared) -> RunFolder:
    """The run's folder, with plan and snapshot in it, read back. Raises `BreakglassError`: no folder, no run."""
    bench.state.prepare()
    return Runs(bench.state).create(prepared.plan, prepared.snapshot, bench.clock.now())


def carry_out(
    bench: Bench, run: RunFolder, permit: Permit, writer: Writer, operator: Operator
) -> Generator[Entry, None, Inventory]:
    """Carry out what is left of a run: all of it, or what its journal leaves. Ends with `finished`.

    Returns the inventory after it. Raises what `execute` raises, and `BreakglassError` while another process works
    on the service.
    """
    plan, clock = run.plan(), bench.clock
    earlier = run.entries()
    holder = this_process(permit.caller, plan.run, clock.now())
    with sole_run(bench.state, bench.place, holder), run.journal() as journal:
        event = Event.RESUMED if any(entry.event is Event.CONFIRMED for entry in earlier) else Event.CONFIRMED
        opening = Entry(clock.now(), event, detail={"caller": permit.caller, "how": permit.how})
        journal.append(opening)
        yield opening
        tools = Tools(
            reader=bench.reader,
            writer=writer,
            look_again=lambda: bench.look(Detail.COPY, plan.leads),
            identify=bench.identify,
            journal=journal,
            clock=clock,
            kinds=bench.kinds,
            operator=operator,
        )
        yield from execute(plan, permit, tools, earlier)
        after = bench.look(Detail.LOOK, plan.leads)
        closing = Entry(clock.now(), Event.FINISHED, detail={"outcome": outcome(plan, after)})
        journal.append(closing)
        yield closing
    return after


def outcome(plan: Plan, after: Inventory) -> Outcome:
    """Recovered is only said of a rebuilt service that is healthy by its own targets, deployment and records."""
    healthy = plan.purpose is Purpose.REBUILD and after.diagnosis.state is Health.HEALTHY
    return Outcome.RECOVERED if healthy else Outcome.FINISHED


def run_to_resume(state: StateDir, account: str, text: str | None) -> RunFolder | None:
    """The run named, or the newest unfinished one of the account."""
    runs = Runs(state)
    return runs.open(text) if text else runs.newest_unfinished(account)
