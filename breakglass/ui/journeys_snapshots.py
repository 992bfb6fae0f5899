"""Snapshots as people look at them: the list, one of them, and what differs between two. Masked, always."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tabulate import tabulate

from breakglass.model.account import hyphenated
from breakglass.model.snapshot import Saved, Snapshot
from breakglass.planning.recipes import age
from breakglass.running.state_dir import StateDir
from breakglass.running.vault import Vault, place_of
from breakglass.ui.masking import mask
from breakglass.ui.plan_report import name
from breakglass.ui.reports.document import SCHEMA_VERSION, timestamp
from breakglass.ui.reports.words import shown
from breakglass.ui.terminal import BOLD, GREEN, RED, Style, harmless, shortened

_LONGEST = 60


def saved_of(state: StateDir, service: str | None) -> list[Snapshot]:
    """Every snapshot that was saved, of one service or of all, newest first; runs' own are in `breakglass runs`."""
    vault = Vault(state)
    paths = sorted(state.snapshots.glob("*/*/*/*.json"), key=lambda path: path.name, reverse=True)
    found = {}
    for path in paths:
        if path.stem not in found and not path.name.startswith("."):
            found[path.stem] = vault.find(path.stem)
    return [one for one in found.values() if service is None or one.service == service]


def snapshots_table(snapshots: Sequence[Snapshot], style: Style, now: Any) -> str:
    """One line for each."""
    if not snapshots:
        return "There are no snapshots.\n"
    rows = [
        [
            one.id,
            harmless(one.service),
            hyphenated(one.account),
            one.region,
            f"{age(one.taken_at, now)} old",
            str(one.health) + ("" if one.complete else ", incomplete"),
            str(len(one.components)),
        ]
        for one in snapshots
    ]
    head = ["SNAPSHOT", "SERVICE", "ACCOUNT", "REGION", "AGE", "IT WAS", "PIECES"]
    table = tabulate(rows, headers=head, tablefmt="plain", disable_numparse=True, preserve_whitespace=True)
    first, *others = table.splitlines()
    return "\n".join([style.paint(first, BOLD), *others]) + "\n"


def snapshots_document(snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    """The same in plain JSON types."""
    return {"schema_version": SCHEMA_VERSION, "snapshots": [_head(one) for one in snapshots]}


def _head(one: Snapshot) -> dict[str, Any]:
    return {
        "id": one.id,
        "service": one.service,
        "account": one.account,
        "region": one.region,
        "taken_at": timestamp(one.taken_at),
        "health": str(one.health),
        "complete": one.complete,
        "components": len(one.components),
        "digest": one.digest,
    }


def snapshot_document(one: Snapshot) -> dict[str, Any]:
    """A whole snapshot, its secrets masked: what is on disk is not."""
    components = [
        {
            "kind": saved.key.kind,
            "id": saved.key.id,
            "arn": saved.arn,
            "state": str(saved.state),
            "reason": shown(saved.reason),
            "ownership": saved.ownership,
            "facts": mask(saved.facts),
        }
        for saved in one.components
    ]
    return {"schema_version": SCHEMA_VERSION} | _head(one) | {"components": components}


def snapshot_table(one: Snapshot, style: Style) -> str:
    """A snapshot's pieces with their fields, masked, one a line."""
    lines = [
        style.paint(f"{one.name or one.id}", BOLD)
        + f": {harmless(one.service)} in {hyphenated(one.account)} {one.region}",
        f"taken {timestamp(one.taken_at)}; it was {one.health}" + ("" if one.complete else ", not all could be read"),
    ]
    for saved in one.components:
        lines += ["", style.paint(f"{name(saved.key)}  {saved.state}", BOLD)]
        lines += [f"  {field}: {short(value)}" for field, value in sorted(flat(mask(saved.facts)).items())]
    return "\n".join(lines) + "\n"


def short(value: Any) -> str:
    """A field's value on one line."""
    return harmless(value if isinstance(value, str) else json.dumps(value))


def differences(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, str, Any, Any]]:
    """Component, field, value before, value after; None where there is none. Compared unmasked, given masked."""
    old, new = before.by_key, after.by_key
    for key in sorted({*old, *new}):
        if key not in new or key not in old:
            yield str(key), "", _state(old.get(key)), _state(new.get(key))
            continue
        one, other = flat(old[key].facts), flat(new[key].facts)
        hidden, revealed = flat(mask(old[key].facts)), flat(mask(new[key].facts))
        if old[key].state != new[key].state:
            yield str(key), "", str(old[key].state), str(new[key].state)
        for field in sorted({*one, *other}):
            if one.get(field) != other.get(field):
                yield str(key), field, hidden.get(field), revealed.get(field)


def differences_table(before: Snapshot, after: Snapshot, style: Style) -> str:
    """Below each component its fields, `-` before and `+` after."""
    lines: list[str] = []
    last = ""
    for component, field, old, new in differences(before, after):
        if component != last:
            lines += ([""] if lines else []) + [style.paint(harmless(component), BOLD)]
            last = component
        label = field or "state"
        if old is not None:
            lines.append(style.paint(f"  - {label}: {shortened(short(old), _LONGEST)}", RED))
        if new is not None:
            lines.append(style.paint(f"  + {label}: {shortened(short(new), _LONGEST)}", GREEN))
    return "\n".join(lines or ["They do not differ."]) + "\n"


def differences_document(before: Snapshot, after: Snapshot) -> dict[str, Any]:
    """The same in plain JSON types."""
    return {
        "schema_version": SCHEMA_VERSION,
        "before": _head(before),
        "after": _head(after),
        "differences": [
            {"component": component, "field": field or None, "before": old, "after": new}
            for component, field, old, new in differences(before, after)
        ],
    }


def _state(saved: Saved | None) -> str | None:
    return str(saved.state) if saved else None


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Fields by their path: `containerDefinitions[0].image`."""
    match value:
        case dict() if value:
            parts = [flat(item, f"{path}.{key}".lstrip(".")) for key, item in value.items()]
        case list() | tuple() if value:
            parts = [flat(item, f"{path}[{at}]") for at, item in enumerate(value)]
        case _:
            return {path: value}
    return {field: item for part in parts for field, item in part.items()}


def pruned(state: StateDir, snapshot: Snapshot, keep: int) -> tuple[str, ...]:
    """Remove all but the newest `keep` of a service; the last healthy one stays however old it is."""
    return Vault(state).prune(place_of(snapshot), keep)
