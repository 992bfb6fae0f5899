"""Plans, snapshots and journal entries as the files of a state directory hold them.

Each file says its `schema_version`. Plans and snapshots carry a digest over all the rest of them, as it is
written: a bit that has flipped, or a hand that has edited, is found before anything is done by that file.
A plan reads like the output of `--dry-run -o json`, a snapshot like that of `inventory -o json`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from breakglass.errors import NOTHING_CHANGED, BreakglassError
from breakglass.model.journal import Entry, Event
from breakglass.model.plan import Plan, Step
from breakglass.model.snapshot import Saved, Snapshot
from breakglass.running.codec import Damaged, canonical, pack, parse, spell_time, unpack
from breakglass.running.records import from_record, to_record

SCHEMA_VERSION = 1
T = TypeVar("T")
Document = dict[str, Any]
ENTRY_FIELDS = ("schema_version", "at", "event", "step", "call")


def digest_of(document: Document) -> str:
    """SHA-256, hexadecimal, over the canonical JSON of all but the digest."""
    return sha256(canonical({name: item for name, item in document.items() if name != "digest"}).encode()).hexdigest()


def text_of(document: Document) -> bytes:
    """A document as it is written: indented, ASCII, so that any pager shows it and no terminal obeys it."""
    return (json.dumps(document, indent=1, allow_nan=False) + "\n").encode("ascii")


def read_document(path: Path, reading: Callable[[Document], T]) -> T:
    """A file of the state directory, its version and digest checked.

    Raises `BreakglassError` that names the file: not there, not to be read, of another version, damaged.
    """
    try:
        return reading(_unsealed(parse(path.read_bytes()), path))
    except OSError as error:
        raise unreadable(path, error) from error
    except Damaged as error:
        raise damaged(path, error) from error


def _unsealed(document: Any, path: Path) -> Document:
    if not isinstance(document, dict):
        raise Damaged("it is no JSON object")
    check_version(document, path)
    if document.get("digest") != digest_of(document):
        raise Damaged("its digest is not that of its content")
    return document


def check_version(document: Document, path: Path) -> None:
    """Raises `BreakglassError` for a version that is not ours, `Damaged` where none is given."""
    version = document.get("schema_version")
    if type(version) is not int:
        raise Damaged("it does not say its schema_version")
    if version != SCHEMA_VERSION:
        raise BreakglassError(
            f"{path} has schema_version {version}; this breakglass reads version {SCHEMA_VERSION}.",
            changed=NOTHING_CHANGED,
            hint="Use the breakglass that wrote it.",
        )


def damaged(path: Path, reason: Damaged) -> BreakglassError:
    """The error for a file whose content cannot be trusted."""
    return BreakglassError(
        f"{path} is damaged: {reason}.",
        hint="Leave it for a later look, and use another: breakglass runs, breakglass snapshot list.",
    )


def unreadable(path: Path, error: OSError) -> BreakglassError:
    """The error for a file that the system does not give us."""
    return BreakglassError(
        f"{path} cannot be read: {error.strerror or error}.", hint="Check that the file is there and yours."
    )


def plan_document(plan: Plan) -> Document:
    """A plan as `plan.json` holds it: values unmasked, those that only exist later marked `$output`."""
    record = to_record(plan)
    head = {"schema_version": SCHEMA_VERSION, "action": record.pop("purpose")}
    for name in ("kept", "blockers", "lost"):
        record[name] = [{"kind": _kind_of(item["component"]), **item} for item in record[name]]
    record["steps"] = [_step_document(step, written) for step, written in zip(plan.steps, record["steps"], strict=True)]
    return _sealed(head | record)


def _step_document(step: Step, record: Document) -> Document:
    return {"id": record.pop("id"), "kind": step.component.kind, "waits_for": step.waits_for} | record


def plan_from(document: Document) -> Plan:
    """The plan in a document. Raises `Damaged`."""
    record = {name: item for name, item in document.items() if name not in {"schema_version", "digest", "action"}}
    record["purpose"] = document.get("action")
    for name, said in (
        ("steps", {"kind", "waits_for"}),
        ("kept", {"kind"}),
        ("blockers", {"kind"}),
        ("lost", {"kind"}),
    ):
        record[name] = [_without(item, said) for item in _list(document, name)]
    return from_record(Plan, record)


def snapshot_document(snapshot: Snapshot) -> Document:
    """A snapshot as its file holds it. Its `name` says where it lies, and is not part of it."""
    record = to_record(snapshot)
    del record["name"], record["digest"]
    record["components"] = [
        {"kind": saved.key.kind, "id": saved.key.id} | _without(written, {"key"})
        for saved, written in zip(snapshot.components, record["components"], strict=True)
    ]
    return _sealed({"schema_version": SCHEMA_VERSION} | record)


def sealed_snapshot(snapshot: Snapshot) -> Snapshot:
    """The snapshot with its digest."""
    return replace(snapshot, digest=snapshot_document(snapshot)["digest"])


def snapshot_from(document: Document, name: str) -> Snapshot:
    """The snapshot in a document, spoken of as `name`. Raises `Damaged`."""
    record = _without(document, {"schema_version"})
    record["components"] = [_component_record(item) for item in _list(document, "components")]
    return replace(from_record(Snapshot, record), name=name)


def _component_record(item: Any) -> Document:
    record = _without(item, {"kind", "id"})
    match item:
        case {"kind": str(kind), "id": str(known_as)}:
            return record | {"key": f"{kind} {known_as}"}
        case _:
            raise Damaged(f"a {Saved.__name__.lower()} component has no kind and id")


def entry_line(entry: Entry, *, first: bool) -> bytes:
    """An entry as one line of JSON; the first of a journal says the version.

    `detail` is part of the line, and holds words and numbers, or lists of them. Raises `TypeError` for
    anything that could carry a call's parameters: secrets have no place in a journal.
    """
    if clash := sorted(set(ENTRY_FIELDS) & entry.detail.keys()):
        raise ValueError(f"{', '.join(clash)} cannot be a detail of a journal entry")
    line: Document = {"schema_version": SCHEMA_VERSION} if first else {}
    line |= {"at": spell_time(entry.at), "event": entry.event.value, "step": entry.step}
    if entry.call is not None:
        line["call"] = entry.call
    line |= {name: _pack_detail(name, value) for name, value in entry.detail.items()}
    return json.dumps(line, allow_nan=False).encode("ascii") + b"\n"


def _pack_detail(name: str, value: Any) -> Any:
    for item in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(item, str | int | float | datetime | None):
            raise TypeError(f"{name} of a journal entry cannot be a {type(item).__name__}")
    return pack(value)


def entry_from(line: Mapping[str, Any]) -> Entry:
    """The entry in a line. Raises `Damaged`."""
    step, call = line.get("step"), line.get("call")
    if not all(number is None or type(number) is int for number in (step, call)):
        raise Damaged(f"{step!r} and {call!r} are no step and call")
    try:
        at, event = datetime.fromisoformat(line["at"]), Event(line["event"])
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"it is no journal entry ({error})") from error
    return Entry(at, event, step, call, {name: unpack(item) for name, item in line.items() if name not in ENTRY_FIELDS})


def _sealed(document: Document) -> Document:
    return document | {"digest": digest_of(document)}


def _kind_of(component: str) -> str:
    return component.partition(" ")[0]


def _without(item: Any, names: set[str]) -> Document:
    if not isinstance(item, dict):
        raise Damaged(f"{item!r} stands where an object belongs")
    return {name: value for name, value in item.items() if name not in names}


def _list(document: Document, name: str) -> list[Any]:
    items = document.get(name)
    if not isinstance(items, list):
        raise Damaged(f"{name} is no list")
    return items
