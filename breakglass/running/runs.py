"""Runs on disk: `runs/RUN/` with the plan, the snapshot that it was made of, and the journal.

A run is never deleted. How it ended is nowhere written down as such: it is read off the journal every time, so it
cannot disagree with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from breakglass.errors import BreakglassError
from breakglass.model.journal import Entry, Event
from breakglass.model.plan import Plan, Purpose
from breakglass.model.snapshot import Snapshot
from breakglass.running.codec import Damaged
from breakglass.running.documents import damaged, plan_document, plan_from, read_document, text_of
from breakglass.running.ids import the_one
from breakglass.running.journal import Journal, read_entries
from breakglass.running.lock import holder_of
from breakglass.running.progress import Outcome, Progress, Told, progress_of, story
from breakglass.running.state_dir import Place, StateDir, flush_folder, private_folder, write_file, writing
from breakglass.running.vault import RUN_SNAPSHOT, place_of, read_snapshot, write_snapshot

PLAN = "plan.json"
JOURNAL = "journal.jsonl"


def place_of_plan(plan: Plan) -> Place:
    """The account, region and service that a plan changes."""
    return Place(plan.account.id, plan.region, plan.service)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run on disk. Every method reads the files as they are now, and raises `BreakglassError` where it cannot."""

    state: StateDir
    path: Path

    @property
    def id(self) -> str:
        """The run's id."""
        return self.path.name

    def plan(self) -> Plan:
        """The plan, as it was confirmed."""
        plan = read_document(self.path / PLAN, plan_from)
        if plan.run != self.id:
            raise damaged(self.path / PLAN, Damaged(f"it is the plan of run {plan.run}"))
        return plan

    def snapshot(self) -> Snapshot:
        """The service as it was before the run."""
        snapshot = read_snapshot(self.path / RUN_SNAPSHOT, f"run {self.id}")
        if snapshot.digest != self.plan().snapshot:
            raise damaged(self.path / RUN_SNAPSHOT, Damaged("the plan was made with another snapshot"))
        return snapshot

    def entries(self) -> tuple[Entry, ...]:
        """The journal, in order."""
        return read_entries(self.path / JOURNAL)

    def journal(self) -> Journal:
        """The journal, to be written on: `with folder.journal() as journal`, while holding `sole_run`."""
        with writing(self.path):
            private_folder(self.path)
        return Journal(self.path / JOURNAL)

    def is_alive(self) -> bool:
        """Whether a process is at work on this very run."""
        holder = holder_of(self.state, place_of_plan(self.plan()))
        return holder is not None and holder.run == self.id

    def progress(self) -> Progress:
        """Where it stands."""
        return progress_of(self.entries(), alive=self.is_alive())

    def story(self) -> tuple[Told, ...]:
        """What was done, in order, each entry with its step and action."""
        return story(self.plan(), self.entries())


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as a list shows it. Of a damaged one only id, outcome and `trouble` are known. Times are UTC."""

    id: str
    outcome: Outcome
    purpose: Purpose | None = None
    service: str = ""
    account: str = ""
    account_name: str | None = None
    region: str = ""
    caller: str = ""
    began_at: datetime | None = None
    last_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Runs:
    """All runs of a state directory."""

    state: StateDir

    def create(self, plan: Plan, snapshot: Snapshot, at: datetime) -> RunFolder:
        """Put a run on disk: the snapshot, read back; then the plan, read back; then the journal's first entry.

        From here on AWS may be changed by it. Raises `BreakglassError` where the state directory cannot be
        written, or where there is a run by that id: two runs never share one.
        """
        if plan.snapshot != snapshot.digest or place_of_plan(plan) != place_of(snapshot):
            raise ValueError("this is not the snapshot that the plan was made with")
        self.state.prepare()
        folder = RunFolder(self.state, self._make(plan.run))
        write_snapshot(folder.path / RUN_SNAPSHOT, snapshot)
        with writing(folder.path / PLAN):
            write_file(folder.path / PLAN, text_of(plan_document(plan)))
        if folder.plan() != plan:
            raise BreakglassError(
                f"{folder.path / PLAN} does not hold what was written to it.",
                hint="Its disk cannot be trusted: name another directory with --state-dir.",
            )
        with folder.journal() as journal:
            journal.append(Entry(at, Event.PLANNED, detail={"caller": plan.account.caller, "steps": len(plan.steps)}))
        return folder

    def open(self, text: str) -> RunFolder:
        """The run by its id; the beginning of it will do, or its last four digits.

        Raises `UsageError` where none or several match.
        """
        folders = {folder.id: folder for folder in self._folders()}
        return folders[the_one(text, folders, "run", "breakglass runs")]

    def list(self) -> tuple[RunRecord, ...]:
        """Every run, newest first. One that cannot be read is told of, and hides no other."""
        return tuple(_record(folder) for folder in self._folders())

    def newest_unfinished(self, account: str) -> RunFolder | None:
        """The newest run of an account, by its 12 digits, of which something is left to do.

        One that is still at work counts: whoever resumes is told whose it is, and not led to an older one.
        """
        return next((one for one in self._folders() if _is_unfinished(_record(one), account)), None)

    def _folders(self) -> Iterator[RunFolder]:
        """Newest first. A folder without a plan is what a crash left of one that had not begun."""
        for plan in sorted(self.state.runs.glob(f"*/{PLAN}"), reverse=True):
            yield RunFolder(self.state, plan.parent)

    def _make(self, run: str) -> Path:
        path = self.state.runs / run
        with writing(path):
            try:
                path.mkdir(mode=0o700)
            except FileExistsError as error:
                raise BreakglassError(f"There is a run {run} already.", hint="Give the command again.") from error
            private_folder(path)
            flush_folder(path.parent)
        return path


def _record(folder: RunFolder) -> RunRecord:
    try:
        plan, entries = folder.plan(), folder.entries()
    except BreakglassError as error:
        return RunRecord(folder.id, Outcome.DAMAGED, trouble=error.what)
    return RunRecord(
        id=folder.id,
        outcome=progress_of(entries, alive=folder.is_alive()).outcome,
        purpose=plan.purpose,
        service=plan.service,
        account=plan.account.id,
        account_name=plan.account.name or plan.account.alias,
        region=plan.region,
        caller=plan.account.caller,
        began_at=entries[0].at if entries else None,
        last_at=entries[-1].at if entries else None,
    )


def _is_unfinished(record: RunRecord, account: str) -> bool:
    return record.account == account and record.outcome.resumable
