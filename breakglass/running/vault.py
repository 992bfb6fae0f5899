"""Snapshots: made of an inventory, written so that they can be trusted, found again when something is gone.

The vault looks through everything that is a snapshot: those that were saved for their own sake, and the one that
every run begins with. Newest first, always; a damaged file hides none of the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from breakglass.errors import BreakglassError, UsageError
from breakglass.model.component import Component, Owned, Ownership, Shared, Unproven
from breakglass.model.inventory import Health, Inventory
from breakglass.model.lead import Key
from breakglass.model.snapshot import Saved, Snapshot
from breakglass.running.documents import (
    read_document,
    sealed_snapshot,
    snapshot_document,
    snapshot_from,
    text_of,
)
from breakglass.running.ids import the_one
from breakglass.running.state_dir import Place, StateDir, write_file, writing

RUN_SNAPSHOT = "snapshot.json"
ALL_THERE = frozenset({Health.HEALTHY, Health.DEGRADED, Health.DRIFTED})


def snapshot_of(inventory: Inventory, snapshot_id: str, taken_at: datetime) -> Snapshot:
    """Everything an inventory knows of its components, as AWS gave it. `taken_at` is UTC. Pure."""
    return sealed_snapshot(
        Snapshot(
            id=snapshot_id,
            service=inventory.service,
            account=inventory.account.id,
            region=inventory.region,
            taken_at=taken_at,
            health=inventory.diagnosis.state,
            complete=inventory.complete,
            components=tuple(_saved(component) for component in inventory.components),
        )
    )


def _saved(component: Component) -> Saved:
    return Saved(
        key=component.key,
        state=component.state,
        reason=component.reason,
        ownership=_word(component.ownership),
        facts=component.facts,
        references=component.references,
        handles=component.handles,
        arn=component.arn,
        region=component.region,
        leads=component.leads,
    )


def _word(ownership: Ownership) -> str:
    match ownership:
        case Owned():
            return "owned"
        case Shared():
            return "shared"
        case Unproven():
            return "unproven"


def place_of(snapshot: Snapshot) -> Place:
    """The account, region and service that a snapshot is of."""
    return Place(snapshot.account, snapshot.region, snapshot.service)


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot, and read it back from where it lies.

    Raises `BreakglassError` where it cannot be written, or where what was read is not what was written.
    """
    with writing(path):
        write_file(path, text_of(snapshot_document(snapshot)))
    if read_snapshot(path, "").digest != snapshot.digest:
        raise BreakglassError(
            f"{path} does not hold what was written to it.",
            hint="Its disk cannot be trusted: name another directory with --state-dir.",
        )


def read_snapshot(path: Path, name: str) -> Snapshot:
    """The snapshot in a file, spoken of as `name`. Raises `BreakglassError`: not there, damaged, of another version."""
    return read_document(path, lambda document: snapshot_from(document, name))


@dataclass(frozen=True, slots=True)
class Copy:
    """A file with a snapshot in it: its id (a run's own has the run's), and how it is spoken of."""

    id: str
    path: Path
    name: str

    @property
    def of_run(self) -> bool:
        """Whether it is the one that a run began with."""
        return self.path.name == RUN_SNAPSHOT


@dataclass(frozen=True, slots=True)
class Shelf:
    """The snapshots of one service, newest first, and why others cannot be read."""

    snapshots: tuple[Snapshot, ...]
    damaged: tuple[BreakglassError, ...] = ()


@dataclass(frozen=True, slots=True)
class Vault:
    """The snapshots of a state directory. A file is read once; they never change."""

    state: StateDir
    _read: dict[Path, Snapshot | BreakglassError] = field(default_factory=dict, init=False, repr=False, compare=False)

    def save(self, snapshot: Snapshot) -> Path:
        """Keep a snapshot, and return where. Verified by reading it back.

        Raises `BreakglassError` where that cannot be done, or one by that id is there already.
        """
        self.state.prepare()
        folder = self.state.folder("snapshots", *place_of(snapshot).folder.parts)
        path = folder / f"{snapshot.id}.json"
        if path.exists():
            raise BreakglassError(f"There is a snapshot {snapshot.id} already.", hint="Give the command again.")
        write_snapshot(path, snapshot)
        return path

    def list(self, place: Place) -> Shelf:
        """The saved snapshots of a service, without those of runs."""
        return _shelve(self._load(copy, place) for copy in self._saved(place))

    def all_of(self, place: Place) -> Iterator[Snapshot]:
        """Every snapshot of a service that can be read, runs' own included, newest first."""
        copies = sorted((*self._saved(place), *self._of_runs()), key=lambda copy: copy.id, reverse=True)
        for copy in copies:
            match self._load(copy, place):
                case Snapshot() as snapshot:
                    yield snapshot
                case _:
                    continue

    def newest(self, place: Place) -> Snapshot | None:
        """The newest of all."""
        return next(self.all_of(place), None)

    def newest_with(self, place: Place, key: Key) -> Snapshot | None:
        """The newest in which that component was there."""
        return next((one for one in self.all_of(place) if (saved := one.by_key.get(key)) and saved.there), None)

    def find(self, text: str) -> Snapshot:
        """The snapshot by its id, or a run's by the run's id; the beginning of it will do, or its last four digits.

        Raises `UsageError` where none or several match, `BreakglassError` where it cannot be read.
        """
        copies = {copy.id: copy for copy in (*self._of_runs(), *self._saved(None))}
        copy = copies[the_one(text, copies, "snapshot", "breakglass snapshot list")]
        return read_snapshot(copy.path, copy.name)

    def prune(self, place: Place, keep: int) -> tuple[str, ...]:
        """Remove the saved snapshots of a service but the newest `keep`, and return the ids of the removed.

        The last healthy one stays however old it is, and so does the last in which nothing was missing. Runs'
        own stay, and what cannot be read.
        """
        if keep < 1:
            raise UsageError("At least one snapshot has to be kept.", hint="Give --keep a number from 1.")
        snapshots = self.list(place).snapshots
        spared = set(islice((one.id for one in snapshots), keep))
        spared |= set(islice((one.id for one in snapshots if one.health is Health.HEALTHY), 1))
        spared |= set(islice((one.id for one in snapshots if one.health in ALL_THERE), 1))
        return tuple(self._remove(place, one.id) for one in reversed(snapshots) if one.id not in spared)

    def _remove(self, place: Place, known_as: str) -> str:
        path = self.state.snapshots / place.folder / f"{known_as}.json"
        with writing(path):
            path.unlink(missing_ok=True)
        self._read.pop(path, None)
        return known_as

    def _saved(self, place: Place | None) -> Sequence[Copy]:
        pattern = f"{place.folder.as_posix()}/*.json" if place else "*/*/*/*.json"  # safe names are no patterns
        found = sorted(self.state.snapshots.glob(pattern), key=lambda path: path.name, reverse=True)
        return [Copy(path.stem, path, f"snapshot {path.stem}") for path in found if not path.name.startswith(".")]

    def _of_runs(self) -> Sequence[Copy]:
        found = sorted(self.state.runs.glob(f"*/{RUN_SNAPSHOT}"), reverse=True)
        return [Copy(path.parent.name, path, f"run {path.parent.name}") for path in found]

    def _load(self, copy: Copy, place: Place) -> Snapshot | BreakglassError | None:
        """A snapshot, why it cannot be read, or None where it is of another service."""
        if copy.path not in self._read:
            try:
                self._read[copy.path] = read_snapshot(copy.path, copy.name)
            except BreakglassError as error:
                self._read[copy.path] = error
        found = self._read[copy.path]
        return None if isinstance(found, Snapshot) and place_of(found) != place else found


def _shelve(loaded: Iterator[Snapshot | BreakglassError | None]) -> Shelf:
    everything = list(loaded)
    return Shelf(
        tuple(one for one in everything if isinstance(one, Snapshot)),
        tuple(one for one in everything if isinstance(one, BreakglassError)),
    )
