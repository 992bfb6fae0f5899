"""The inventory as a table for people: what depends on what, what state it is in, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from breakglass.model.account import hyphenated
from breakglass.model.component import State
from breakglass.model.inventory import Health, Inventory, Severity
from breakglass.ui.drill_seen import rehearsed_words
from breakglass.ui.reports.notes import Note, notes_of
from breakglass.ui.reports.tree import Twig, grow, prefixes
from breakglass.ui.reports.words import (
    described,
    ownership_word,
    shown,
    state_words,
    title,
    what_it_is,
    why,
)
from breakglass.ui.terminal import (
    BOLD,
    CYAN,
    DIM,
    GREEN,
    RED,
    WIDEST,
    YELLOW,
    Style,
    columns,
    harmless,
    padded,
    shortened,
    wrapped,
)

_GAP = "  "
_NAME_AT_MOST = 34
_SHARERS_NAMED = 2
# What our own sentences are set in, for terminals that have none of it.
_ASCII = str.maketrans({"…": "...", "→": "->", "–": "-", "—": "-", "·": "-"})  # noqa: RUF001

_STATE_COLOURS = {
    State.OK: (GREEN,),
    State.MISSING: (RED, BOLD),
    State.STALE: (YELLOW,),
    State.ORPHANED: (YELLOW,),
    State.DRAINING: (YELLOW,),
    State.UNREADABLE: (CYAN, BOLD),
}
_HEALTH_COLOURS = {
    Health.HEALTHY: (GREEN, BOLD),
    Health.DEGRADED: (YELLOW, BOLD),
    Health.DRIFTED: (YELLOW, BOLD),
    Health.HALF_DELETED: (RED, BOLD),
    Health.GONE: (RED, BOLD),
    Health.UNKNOWN: (CYAN, BOLD),
}
_SEVERITY_COLOURS = {Severity.CRITICAL: (RED, BOLD), Severity.WARNING: (YELLOW,), Severity.INFO: ()}


@dataclass(frozen=True, slots=True)
class _Screen:
    """Where the report goes: a `width` of None has no limit; `account_id` is shown hyphenated where it is narrow."""

    style: Style
    width: int | None
    account_id: str

    def show(self, text: str) -> str:
        """Text as this screen takes it."""
        if self.width is not None and self.account_id:
            text = text.replace(self.account_id, hyphenated(self.account_id))
        return text if self.style.unicode else text.translate(_ASCII)

    def lines(self, text: str, indent: int = 0) -> list[str]:
        """Text in lines that fit behind an indent."""
        return [text] if self.width is None else wrapped(text, self.width - indent)


@dataclass(frozen=True, slots=True)
class _Row:
    """One component: what stands below its name, its state, and its cells by heading."""

    below: str
    state: State
    cells: Mapping[str, str]


def table(inventory: Inventory, style: Style, *, seconds: float | None = None) -> str:
    """The report within the width of `style`: names that are too long are cut in the middle, the rest goes on below.

    The account's 12 digits appear hyphenated only, so that they cannot be copied from here into the prompt.
    `seconds` is how long the looking took.
    """
    return _report(inventory, _Screen(style, style.width, inventory.account.id), seconds)


def wide(inventory: Inventory, style: Style, *, seconds: float | None = None) -> str:
    """The same with ownership, ARNs and every finding; nothing is cut, each row is one line however long."""
    return _report(inventory, _Screen(style, None, inventory.account.id), seconds)


def _report(inventory: Inventory, screen: _Screen, seconds: float | None) -> str:
    notes = notes_of(inventory, everything=screen.width is None)
    parts = [
        [*_headline(inventory, screen, seconds), *_rehearsed(inventory, screen)],
        _tree(inventory, notes, screen),
        _footnotes(notes, screen),
        _next_lines(inventory, screen),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _headline(inventory: Inventory, screen: _Screen, seconds: float | None) -> list[str]:
    health, style = inventory.diagnosis.state, screen.style
    start = screen.show(f"{harmless(inventory.service)} is {health}")
    rest = screen.show(f": {shown(inventory.diagnosis.summary)}")
    took = f", {seconds:.1f} s" if seconds is not None else ""
    read = f"read {inventory.read_at:%H:%M:%SZ}{took}, nothing changed"
    if not inventory.complete:
        read += ", not everything could be read"
    first, *others = screen.lines(start + rest)
    painted = style.paint(start, *_HEALTH_COLOURS[health]) + first[len(start) :] if first.startswith(start) else first
    if not others and (screen.width is None or columns(first) + 3 + len(read) <= screen.width):
        return [f"{painted}   {style.paint(read, DIM)}"]
    return [painted, *others, *(style.paint(line, DIM) for line in screen.lines(read))]


def _rehearsed(inventory: Inventory, screen: _Screen) -> list[str]:
    words = rehearsed_words(inventory)
    return [screen.style.paint(line, DIM) for line in screen.lines(screen.show(shown(words)))] if words else []


def _tree(inventory: Inventory, notes: Sequence[Note], screen: _Screen) -> list[str]:
    rows = [_row(twig, notes, screen) for twig in grow(inventory.components)]
    if not rows:
        return ["Nothing of it was found."]
    widths = _widths(rows, screen.width)
    head = _GAP.join(padded(heading, width) for heading, width in widths.items()).rstrip()
    return [screen.style.paint(head, BOLD), *(line for row in rows for line in _lines(row, widths, screen.style))]


def _row(twig: Twig, notes: Sequence[Note], screen: _Screen) -> _Row:
    narrow = screen.width is not None
    component = twig.component
    branch, below = prefixes(twig, unicode=screen.style.unicode, dense=narrow and screen.style.width < WIDEST)
    marks = " ".join(f"[{note.number}]" for note in notes if note.component == component.key)
    known_as, more = what_it_is(component)
    reason = why(component, at_most=_SHARERS_NAMED if narrow else None)
    if narrow and more and more not in reason:  # a reason can be wrapped, a name cannot
        reason = "; ".join(filter(None, (reason, more)))
    cells = {
        "COMPONENT": branch + screen.show(harmless(title(component))),
        "STATE": state_words(component),
        "OWNERSHIP": ownership_word(component.ownership),
        "WHAT IT IS": screen.show(known_as if narrow else described(component)),
        "ARN": harmless(component.arn or "-"),
        "WHY": " ".join(filter(None, (screen.show(reason), marks))),
    }
    if narrow:
        del cells["OWNERSHIP"], cells["ARN"]
    return _Row(below, component.state, cells)


def _widths(rows: Sequence[_Row], limit: int | None) -> dict[str, int]:
    """Names and states get what they need; what is left goes to what it is and why, as each has use for it."""
    widths = {heading: max(len(heading), *(columns(row.cells[heading]) for row in rows)) for heading in rows[0].cells}
    if limit is not None:
        widths["COMPONENT"] = min(widths["COMPONENT"], _NAME_AT_MOST, limit // 3)
        left = limit - widths["COMPONENT"] - widths["STATE"] - 3 * len(_GAP)
        widths["WHAT IT IS"] = min(widths["WHAT IT IS"], max(left * 11 // 20, left - widths["WHY"]))
        widths["WHY"] = left - widths["WHAT IT IS"]
    return widths


def _lines(row: _Row, widths: Mapping[str, int], style: Style) -> Iterator[str]:
    stacks = {heading: _stack(heading, cell, widths[heading], style) for heading, cell in row.cells.items()}
    below = shortened(row.below, widths["COMPONENT"], style.ellipsis)
    for at in range(max(map(len, stacks.values()))):
        line = {heading: stack[at] if at < len(stack) else "" for heading, stack in stacks.items()}
        cells = {heading: padded(part, widths[heading]) for heading, part in line.items()}
        if at:
            cells["COMPONENT"] = padded(below, widths["COMPONENT"])
        else:
            cells["STATE"] = (
                style.paint(line["STATE"], *_STATE_COLOURS[row.state]) + cells["STATE"][len(line["STATE"]) :]
            )
        yield _GAP.join(cells.values()).rstrip()


def _stack(heading: str, cell: str, width: int, style: Style) -> list[str]:
    """The lines of one cell. Reasons are never cut; a name too long for its column loses its middle."""
    if columns(cell) <= width:
        return [cell]
    if heading == "COMPONENT":
        return [shortened(cell, width, style.ellipsis)]
    if heading == "WHAT IT IS":
        cell = " ".join(shortened(word, width, style.ellipsis) for word in cell.split())
    return wrapped(cell, width)


def _footnotes(notes: Sequence[Note], screen: _Screen) -> list[str]:
    return [line for note in notes for line in _footnote(note, screen)]


def _footnote(note: Note, screen: _Screen) -> Iterator[str]:
    mark, severity = f"[{note.number}] ", f"{note.severity}:"
    first, *others = screen.lines(screen.show(f"{severity} {shown(note.message)}"), len(mark))
    yield mark + screen.style.paint(severity, *_SEVERITY_COLOURS[note.severity]) + first[len(severity) :]
    hint = screen.lines(screen.show(shown(note.hint)), len(mark)) if note.hint else []
    yield from (" " * len(mark) + line for line in (*others, *hint))


def _next_lines(inventory: Inventory, screen: _Screen) -> list[str]:
    """Ready to paste, so never broken into lines."""
    diagnosis = inventory.diagnosis
    labels = ["Next:", *["     "] * (len(diagnosis.next) - 1)][: len(diagnosis.next)]
    following = [*zip(labels, diagnosis.next, strict=True), *([("Guide:", diagnosis.guide)] if diagnosis.guide else [])]
    return [
        f"{screen.style.paint(label, BOLD) if label.strip() else label} {harmless(line)}" for label, line in following
    ]
