"""Rehearsals on disk: `drills/ID.json` in the operator's own state directory, 0600, one file for each.

A drill, in the sandbox or in a real account, or a dry run. The files are for people too: the owner and the date of a
finding are filled in there.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from secrets import randbelow
from typing import Any

from breakglass.rehearsal.dry_record import DRY_RUN, DryRun
from breakglass.rehearsal.score import Check, Finding, Targets, Times
from breakglass.rehearsal.watch import Outcome
from breakglass.running.codec import Damaged, parse
from breakglass.running.records import from_record, to_record
from breakglass.running.state_dir import StateDir, safe_name, write_file, writing

FOLDER = "drills"
SCHEMA_VERSION = 1
DRILL, LIVE = "drill", "live"
_HEAD = frozenset({"schema_version", "kind"})


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose service it was: the snapshot, account and region of the service itself or its twin, and its shape then.

    All empty where the sandbox's own service was rehearsed.
    """

    snapshot: str = ""
    account: str = ""
    region: str = ""
    shape: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def is_twin(self) -> bool:
        """Whether it was somebody's own service, or a twin of it."""
        return bool(self.snapshot)


@dataclass(frozen=True, slots=True)
class Record:
    """One drill as it is remembered. Times are UTC; `last` is the drill that it is compared with, empty for none.

    `kind` is `drill` for one in the sandbox, `live` for one in a real account.
    """

    id: str
    service: str
    scenario: str
    happened: str
    runbook: str
    outcome: Outcome
    restored: bool
    began: datetime
    ended: datetime
    how: str
    speed: float
    times: Times
    targets: Targets
    safety: tuple[Check, ...]
    findings: tuple[Finding, ...]
    commands: tuple[str, ...] = ()
    seed: int | None = None
    last: str = ""
    last_times: Times = field(default_factory=Times)
    subject: Subject = field(default_factory=Subject)
    kind: str = DRILL

    @property
    def recovered(self) -> bool:
        """Whether it ended well."""
        return self.outcome is Outcome.RECOVERED


@dataclass(frozen=True, slots=True)
class History:
    """The drills of a state directory."""

    state: StateDir

    def save(self, record: Record) -> tuple[Record, Path]:
        """Keep a drill; it gets its id, and the last one of the same scenario and service to be compared with.

        Raises `BreakglassError` where that cannot be written.
        """
        known_as = self._new_id(record.ended)
        last = self.last(record.service, record.scenario)
        kept = replace(record, id=known_as)
        if last:
            kept = replace(kept, last=last.id, last_times=last.times)
        return kept, self._write(known_as, text_of(kept))

    def save_dry_run(self, record: DryRun) -> DryRun:
        """Keep a dry run; it gets its id. Raises `BreakglassError` where that cannot be written."""
        kept = replace(record, id=self._new_id(record.ended))
        self._write(kept.id, _text(dry_run_document(kept)))
        return kept

    def _new_id(self, at: datetime) -> str:
        self.state.prepare()
        return self.state.new_id(at, randbelow)

    def _write(self, known_as: str, text: str) -> Path:
        path = self.state.folder(FOLDER) / f"{safe_name(known_as)}.json"
        with writing(path):
            write_file(path, text.encode())
        return path

    def every(self) -> Iterator[Record]:
        """All drills that can be read, newest first; a damaged one hides no other."""
        for read in self._documents():
            if read.get("kind") != DRY_RUN:
                with suppress(Damaged):
                    yield _record(read)

    def dry_run(self, service: str, account: str, region: str) -> DryRun | None:
        """The newest dry run of this very service that can be read."""
        for read in self._documents():
            about = tuple(read.get(name) for name in ("kind", "service", "account", "region"))
            if about == (DRY_RUN, service, account, region):
                with suppress(Damaged):
                    return from_record(DryRun, {name: item for name, item in read.items() if name not in _HEAD})
        return None

    def _documents(self) -> Iterator[Mapping[str, Any]]:
        """Every file of this version, newest first."""
        for path in sorted((self.state.root / FOLDER).glob("*.json"), reverse=True):
            try:
                read = parse(path.read_bytes())
            except (OSError, Damaged):
                continue
            if isinstance(read, dict) and read.get("schema_version") == SCHEMA_VERSION:
                yield read

    def last(self, service: str, scenario: str | None = None) -> Record | None:
        """The newest that was recovered, of a service and, where it is given, a scenario."""
        return next(
            (
                one
                for one in self.every()
                if one.service == service and one.recovered and scenario in (None, one.scenario)
            ),
            None,
        )

    def of(self, service: str, account: str, region: str) -> Record | None:
        """The newest that was recovered by which this very service was rehearsed: a twin of it, else its namesake."""
        mine = [one for one in self.every() if one.service == service and one.recovered]
        twins = (one for one in mine if (one.subject.account, one.subject.region) == (account, region))
        return next(twins, next((one for one in mine if not one.subject.is_twin), None))


def document(record: Record) -> dict[str, object]:
    """The drill in plain JSON types, as its file holds it and `-o json` prints it."""
    return {"schema_version": SCHEMA_VERSION} | to_record(record)


def text_of(record: Record) -> str:
    """The file's content."""
    return _text(document(record))


def dry_run_document(record: DryRun) -> dict[str, object]:
    """The dry run in plain JSON types."""
    return {"schema_version": SCHEMA_VERSION, "kind": DRY_RUN} | to_record(record)


def _text(content: Mapping[str, object]) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _record(read: Mapping[str, Any]) -> Record:
    return from_record(Record, {name: item for name, item in read.items() if name != "schema_version"})
