"""Drills on disk: `drills/ID.json` in the operator's own state directory, 0600, one file for each.

The files are for people too: the owner and the date of a finding are filled in there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from secrets import randbelow

from breakglass.rehearsal.score import Check, Finding, Targets, Times
from breakglass.rehearsal.watch import Outcome
from breakglass.running.codec import Damaged, parse
from breakglass.running.records import from_record, to_record
from breakglass.running.state_dir import StateDir, safe_name, write_file, writing

FOLDER = "drills"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose service it was: of a twin, the snapshot, account and region that it was made of, and its shape then.

    All empty where the sandbox's own service was rehearsed.
    """

    snapshot: str = ""
    account: str = ""
    region: str = ""
    shape: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def is_twin(self) -> bool:
        """Whether it was a twin of somebody's own service."""
        return bool(self.snapshot)


@dataclass(frozen=True, slots=True)
class Record:
    """One drill as it is remembered. Times are UTC; `last` is the drill that it is compared with, empty for none."""

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
        self.state.prepare()
        folder = self.state.folder(FOLDER)
        known_as = self.state.new_id(record.ended, randbelow)
        last = self.last(record.service, record.scenario)
        kept = replace(record, id=known_as)
        if last:
            kept = replace(kept, last=last.id, last_times=last.times)
        path = folder / f"{safe_name(known_as)}.json"
        with writing(path):
            write_file(path, text_of(kept).encode())
        return kept, path

    def every(self) -> Iterator[Record]:
        """All that can be read, newest first; a damaged one hides no other."""
        for path in sorted((self.state.root / FOLDER).glob("*.json"), reverse=True):
            try:
                yield record_from(path.read_bytes())
            except (OSError, Damaged):
                continue

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
    return json.dumps(document(record), indent=2, allow_nan=False) + "\n"


def record_from(content: bytes) -> Record:
    """The drill in a file. Raises `Damaged`."""
    read = parse(content)
    if not isinstance(read, dict) or read.get("schema_version") != SCHEMA_VERSION:
        raise Damaged("it is no drill of this version")
    return from_record(Record, {name: item for name, item in read.items() if name != "schema_version"})
