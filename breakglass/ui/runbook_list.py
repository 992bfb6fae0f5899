"""The runbooks at hand: one a line, its id first."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from tabulate import tabulate

from breakglass.model.runbook import Sort
from breakglass.running.runbooks import Volume
from breakglass.ui.terminal import BOLD, YELLOW, Style, columns, harmless

SCHEMA_VERSION = 1
_TITLE, _ALERT, _NOTE = "RUNBOOK", "ALERT", "NOTE"
_GAP = 2
_SHORTEST_ALERT = 12

Row = dict[str, str]


def listed(volumes: Sequence[Volume]) -> list[Volume]:
    """Those that are listed: what a new one begins as is none."""
    return [volume for volume in volumes if volume.sort is not Sort.TEMPLATE]


def runbooks_table(volumes: Sequence[Volume], style: Style, today: date) -> str:
    """One line for each. On a terminal what does not fit loses its end; in a pipe nothing does."""
    if not volumes:
        return "There are no runbooks.\n"
    rows = [_row(volume, today) for volume in volumes]
    if not any(row[_NOTE] for row in rows):
        rows = [_without(_NOTE, row) for row in rows]
    if style.interactive:
        rows = _cut(rows, style)
    table = tabulate(rows, headers="keys", tablefmt="plain", disable_numparse=True, preserve_whitespace=True)
    first, *lines = (line.rstrip() for line in table.splitlines())
    codes = [(YELLOW,) if _overdue(volume, today) else () for volume in volumes]
    painted = [style.paint(line, *code) for line, code in zip(lines, codes, strict=True)]
    return "\n".join([style.paint(first, BOLD), *painted]) + "\n"


def _cut(rows: Sequence[Row], style: Style) -> list[Row]:
    """The rows within the width of the screen: the alert gives way before the title, and the title before all else."""
    widths = {heading: max(len(heading), *(columns(row[heading]) for row in rows)) for heading in rows[0]}
    others = sum(width for heading, width in widths.items() if heading not in {_TITLE, _ALERT})
    room = style.width - others - _GAP * (len(widths) - 1)
    title = min(widths[_TITLE], room)
    alert = room - title
    if alert < _SHORTEST_ALERT:
        title = min(widths[_TITLE], room + _GAP)
        return [{**_without(_ALERT, row), _TITLE: _begun(row[_TITLE], title, style)} for row in rows]
    return [row | {_TITLE: row[_TITLE], _ALERT: _begun(row[_ALERT], alert, style)} for row in rows]


def _begun(text: str, width: int, style: Style) -> str:
    """The beginning of a text that is too long: words are recognised by how they begin."""
    if columns(text) <= width:
        return text
    while text and columns(text) > width - len(style.ellipsis):
        text = text[:-1]
    return f"{text.rstrip()}{style.ellipsis}"


def _without(heading: str, row: Row) -> Row:
    return {one: cell for one, cell in row.items() if one != heading}


def runbooks_document(volumes: Sequence[Volume], today: date) -> dict[str, Any]:
    """The same in plain JSON types, with everything that the front matter says."""
    return {"schema_version": SCHEMA_VERSION, "runbooks": [_document(volume, today) for volume in volumes]}


def _row(volume: Volume, today: date) -> Row:
    front = volume.front
    return {
        "ID": harmless(volume.id),
        "SEVERITY": harmless(front.text("severity")) or str(volume.sort),
        "SERVICE": harmless(front.text("service")) or "-",
        _TITLE: harmless(front.text("title")),
        _ALERT: harmless(front.text("alert")) or "-",
        _NOTE: ", ".join(filter(None, (_whose(volume), "review overdue" if _overdue(volume, today) else ""))),
    }


def _whose(volume: Volume) -> str:
    if volume.ours:
        return ""
    return "yours, replaces ours" if volume.replaces else "yours"


def _overdue(volume: Volume, today: date) -> bool:
    due = volume.front.date("review_by")
    return due is not None and due < today


def _document(volume: Volume, today: date) -> dict[str, Any]:
    front = volume.front
    due = front.date("review_by")
    return {
        "id": volume.id,
        "kind": str(volume.sort),
        "title": front.text("title"),
        "alert": front.text("alert"),
        "service": front.text("service"),
        "severity": front.text("severity"),
        "owner": front.text("owner"),
        "works_without": list(front.texts("works_without")),
        "needs": list(front.texts("needs")),
        "states": list(front.texts("states")),
        "scenarios": list(front.texts("scenarios")),
        "review_by": str(due) if due else None,
        "overdue": _overdue(volume, today),
        "source": "breakglass" if volume.ours else "folder",
        "replaces": volume.replaces,
        "path": str(volume.file),
    }
