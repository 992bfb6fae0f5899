"""What a drill leaves behind: the call log, the journals of runs, what was typed, and the world before and after.

Nothing here judges; `score` does.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from breakglass.model.inventory import Inventory
from breakglass.model.journal import Event
from breakglass.model.plan import Purpose
from breakglass.running.runs import Runs
from breakglass.running.state_dir import StateDir

REFEREE = "breakglass-referee"
"""What the user agent of our own calls says, so that they are never taken for the operator's.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html
"""
_FOLLOWS = frozenset({"LoadBalancerArns"})
"""What AWS tells of a thing, and nobody configured on it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One call of the operator's, by whatever tool. `account` is who sent it; `status` is HTTP's."""

    at: datetime
    service: str
    operation: str
    account: str
    mutating: bool
    status: int
    request_id: str
    deletes: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether AWS carried it out."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of this program: what follows its name, when it began and ended, its exit code."""

    at: datetime
    arguments: tuple[str, ...]
    code: int | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the drill: when it was planned and confirmed, and the ids of the requests that it sent."""

    run: str
    purpose: Purpose
    account: str
    planned: datetime | None
    confirmed: datetime | None
    requests: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it. Times are UTC; `account` is the one that the drill is about.

    `saved` are the times of snapshots that were made during the drill, `touched` what of others is not as it was
    right after the mishap, `steady_since` when the service became steady for good. `watched` says whether every call
    and the worlds before and after were seen, as in the sandbox: of a real account only what went through this program
    is known.
    """

    began: datetime
    account: str
    sent: tuple[Sent, ...] = ()
    typed: tuple[Typed, ...] = ()
    runs: tuple[Ran, ...] = ()
    saved: tuple[datetime, ...] = ()
    touched: tuple[str, ...] = ()
    steady_since: datetime | None = None
    watched: bool = True


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the sandbox's clock showed at a moment of ours, and how fast it goes."""

    ours: datetime
    theirs: float
    rate: float

    def when(self, theirs: float) -> datetime:
        """A moment of the sandbox's in our time."""
        return self.ours + timedelta(seconds=(theirs - self.theirs) / self.rate if self.rate else 0.0)


def sent_calls(logged: Iterable[Mapping[str, Any]], anchor: Anchor) -> tuple[Sent, ...]:
    """The operator's calls in the sandbox's log."""
    return tuple(
        Sent(
            at=anchor.when(one["at"]),
            service=one["service"],
            operation=one["operation"],
            account=one["account"] or "",
            mutating=one["mutating"],
            status=one["status"],
            request_id=one["request_id"],
            deletes=_deletes(one),
        )
        for one in logged
        if REFEREE not in one["user_agent"]
    )


def _deletes(one: Mapping[str, Any]) -> bool:
    if one["operation"].startswith(("Delete", "Deregister", "Remove", "Terminate")):
        return True
    changes = ((one["params"] or {}).get("ChangeBatch") or {}).get("Changes") or []
    made = {(c.get("ResourceRecordSet", {}).get("Name")) for c in changes if c.get("Action") in {"CREATE", "UPSERT"}}
    gone = {(c.get("ResourceRecordSet", {}).get("Name")) for c in changes if c.get("Action") == "DELETE"}
    return bool(gone - made)


def read_commands(log: Path) -> tuple[Typed, ...]:
    """What was typed: lines of `BEGAN ENDED CODE` (seconds since the epoch) and the arguments, tab-separated."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(_typed(line) for line in lines if line.count("\t") >= 3)  # noqa: PLR2004 - as the line is written


def _typed(line: str) -> Typed:
    began, ended, code, *arguments = line.split("\t")
    return Typed(
        datetime.fromtimestamp(float(began), UTC),
        tuple(arguments),
        int(code),
        datetime.fromtimestamp(float(ended), UTC),
    )


def runs_of(state: StateDir) -> Iterator[Ran]:
    """The runs in the drill's state directory, oldest first."""
    runs = Runs(state)
    for record in reversed(runs.list()):
        if record.purpose is None:
            continue
        entries = runs.open(record.id).entries()
        at = {entry.event: entry.at for entry in reversed(entries)}
        requests = frozenset(str(one.detail["request_id"]) for one in entries if one.detail.get("request_id"))
        yield Ran(record.id, record.purpose, record.account, at.get(Event.PLANNED), at.get(Event.CONFIRMED), requests)


def saved_since(state: StateDir, began: datetime) -> tuple[datetime, ...]:
    """When snapshots were saved since, runs' own included; by their files."""
    files = (*state.snapshots.glob("*/*/*/*.json"), *state.runs.glob("*/snapshot.json"))
    times = sorted(datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in files)
    return tuple(at for at in times if at >= began)


def touched(earlier: Mapping[str, Any], later: Mapping[str, Any], account: str, ours: re.Pattern[str]) -> Iterator[str]:
    """What is not ours and not as it was, as `KIND ID`, by two of the witness's settled worlds. Pure.

    Something more in our own account is no harm to others; anywhere else it is.
    """
    then, now = dict(_flat(earlier)), dict(_flat(later))
    for place in sorted(then.keys() | now.keys()):
        owner, _, kind, known_as = place
        mine = owner == account and (ours.search(known_as) or ours.search(json.dumps(then.get(place), default=str)))
        added = owner == account and place not in then
        if not mine and not added and _configured(then.get(place)) != _configured(now.get(place)):
            yield f"{kind} {known_as}" if owner == account else f"{kind} {known_as} in account {owner}"


def _flat(world: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str, str], Any]]:
    for account, regions in world.items():
        for region, kinds in regions.items():
            for kind, entries in kinds.items():
                for known_as, entry in entries.items():
                    yield (account, region, kind, known_as), entry


def _configured(entry: Any) -> Any:
    match entry:
        case Mapping():
            return {name: item for name, item in entry.items() if name not in _FOLLOWS}
        case _:
            return entry


def mine(before: Inventory) -> re.Pattern[str]:
    """Finds whatever names the service or something that is its own."""
    known = {before.service, *(one.arn or one.key.id for one in before.components if _is_own(one.ownership))}
    names = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{names})(?![\w-])")


def _is_own(ownership: object) -> bool:
    return type(ownership).__name__ == "Owned"


def later_than(began: datetime, moments: Sequence[datetime | None]) -> tuple[datetime, ...]:
    """Those that are known and not before."""
    return tuple(at for at in moments if at is not None and at >= began)
