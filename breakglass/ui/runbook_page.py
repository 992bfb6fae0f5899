"""A runbook on the screen: headings at the edge, text behind an indent, each command on a line of its own.

A command is never broken, cut or filled up, so that what is copied is what was meant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from breakglass.model.markdown import Block, Code, Comment, Heading, Item, Listing, Paragraph, Quote, Rule, Table
from breakglass.model.runbook import ANY_SERVICE, LABELS, SERVICE, Runbook, Sort
from breakglass.ui.runbook_prose import lines_of, plain
from breakglass.ui.terminal import BOLD, CYAN, DIM, YELLOW, Style, columns, harmless

SMALLEST = 80
"""Columns of the terminal on which the first screen is counted."""

_INDENT = 2
_DEEPER = 4
_NARROWEST_CELL = 8
_GAP = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row on the screen, and whether it is a command."""

    text: str
    command: bool = False


def page(runbook: Runbook, style: Style, today: date) -> list[Row]:
    """The whole runbook."""
    rows = [*(Row(line) for line in head(runbook, style, today)), Row("")]
    rows += _stacked([block for block in runbook.preamble if block is not runbook.heading], style, _INDENT)
    for section in runbook.sections:
        rows += [Row(""), *map(Row, heading(section.title, style)), *_stacked(section.blocks, style, _INDENT)]
    due = runbook.front.date("review_by")
    last = f"Owner: {runbook.front.text('owner')}." + (f" Review by {due}." if due and due >= today else "")
    return [*rows, Row(""), *(Row(style.paint(line, DIM)) for line in lines_of(last, Style(), style.width))]


def first_command(runbook: Runbook, today: date) -> int | None:
    """The row of the first command on a small terminal, counted from 1; None where there is none."""
    rows = page(runbook, Style(width=SMALLEST), today)
    return next((at for at, row in enumerate(rows, 1) if row.command), None)


def head(runbook: Runbook, style: Style, today: date) -> list[str]:
    """What the front matter says: which runbook this is, what it is about, and what it takes."""
    title = style.paint(f"{harmless(runbook.id)}  {harmless(runbook.title)}", BOLD)
    lines = [line for text in _facts(runbook) for line in lines_of(text, style, style.width)]
    due = runbook.front.date("review_by")
    if due and due < today and runbook.sort is not Sort.TEMPLATE:
        overdue = f"Its review was due on {due}: look twice at each command."
        lines += [style.paint(line, YELLOW) for line in lines_of(overdue, Style(), style.width)]
    return [title, *lines]


def heading(title: str, style: Style) -> list[str]:
    """The heading of a section."""
    return [style.paint(harmless(title), BOLD)]


def stacked(blocks: Sequence[Block], style: Style, indent: int = _INDENT) -> list[str]:
    """Some blocks, one below the other, behind an indent."""
    return [row.text for row in _stacked(blocks, style, indent)]


def _facts(runbook: Runbook) -> Iterator[str]:
    front = runbook.front
    if runbook.sort is not Sort.GUIDE:
        about = "any service" if runbook.service == ANY_SERVICE else runbook.service
        yield f"{front.text('severity')}, {about}. Alert: {front.text('alert')}"
    for label, names in (("Works without", front.texts("works_without")), ("Needs", front.texts("needs"))):
        if names:
            yield f"{label}: {', '.join(names)}"
    if runbook.has_word(SERVICE):
        yield f"{SERVICE} stands for the service's name; `--service NAME` fills it in."
    for word, means in runbook.placeholders.items():
        yield f"{word} stands for {means}."


def _stacked(blocks: Sequence[Block], style: Style, indent: int, *, tight: bool = False) -> list[Row]:
    """An empty row between blocks; where it is `tight` only around code, as the parts of a step are read together."""
    rows: list[Row] = []
    before: Block | None = None
    for block in blocks:
        if isinstance(block, Comment):
            continue
        if before is not None and (not tight or isinstance(block, Code) or isinstance(before, Code)):
            rows.append(Row(""))
        rows += _rows(block, style, indent)
        before = block
    return rows


def _rows(block: Block, style: Style, indent: int) -> Iterator[Row]:
    edge = " " * indent
    match block:
        case Heading():
            yield from (
                Row(edge + style.paint(line, BOLD)) for line in lines_of(block.text, Style(), style.width - indent)
            )
        case Paragraph():
            for text in _labelled(block):
                yield from (Row(edge + line) for line in _with_label(text, style, style.width - indent))
        case Code():
            yield from _code(block, style, indent + _DEEPER - _INDENT)
        case Listing():
            yield from _listing(block, style, indent)
        case Table():
            yield from (Row(edge + line) for line in _table(block, style, style.width - indent))
        case Quote():
            yield from (Row(f"{edge}| {row.text}".rstrip(), row.command) for row in _stacked(block.blocks, style, 0))
        case Rule():
            yield Row(edge + "-" * (SMALLEST // 4))
        case _:
            return


def _labelled(paragraph: Paragraph) -> list[str]:
    """The paragraph's text, each labelled part by itself."""
    parts: list[str] = []
    for line in paragraph.lines:
        if parts and not line.startswith(tuple(f"{label}:" for label in LABELS)):
            parts[-1] += f" {line}"
        else:
            parts.append(line)
    return parts


def _with_label(text: str, style: Style, width: int) -> list[str]:
    """The text in lines, its label bold."""
    lines = lines_of(text, style, width)
    for label in (f"{label}:" for label in LABELS):
        if lines[0].startswith(label):
            return [style.paint(label, BOLD) + lines[0].removeprefix(label), *lines[1:]]
    return lines


def _code(code: Code, style: Style, indent: int) -> Iterator[Row]:
    runs = code.language.split()[:1] == ["sh"]
    for line in code.lines:
        shown = exact(line.rstrip())
        comment = line.lstrip().startswith("#")
        painted = style.paint(shown, DIM if comment else CYAN) if runs and shown else shown
        yield Row(f"{' ' * indent}{painted}".rstrip(), command=runs and bool(shown) and not comment)


def exact(line: str) -> str:
    """A line as it is, spaces and all, as long as a terminal would obey nothing in it."""
    return line if line.isprintable() else harmless(line)


def _listing(listing: Listing, style: Style, indent: int) -> Iterator[Row]:
    loose = any(len(item.blocks) > 1 for item in listing.items)
    for at, item in enumerate(listing.items):
        if at and loose:
            yield Row("")
        yield from item_rows(item, style, indent)


def item_rows(item: Item, style: Style, indent: int = _INDENT) -> Iterator[Row]:
    """One item, its marker in front of its first row."""
    marker = f"{'-' if item.number is None else item.marker} "
    inner = _stacked(item.blocks, style, indent + len(marker), tight=True)
    first = inner[0] if inner else Row(" " * indent)
    yield Row(f"{' ' * indent}{marker}{first.text[indent + len(marker) :]}".rstrip(), first.command)
    yield from inner[1:]


def _table(table: Table, style: Style, width: int) -> Iterator[str]:
    """Cells below each other; those of wide columns take more lines where the screen has no room for them."""
    count = max(map(len, table.rows))
    rows = [(*row, *[""] * (count - len(row))) for row in table.rows]
    widths = _shares([max(columns(plain(row[at])) for row in rows) for at in range(count)], width - _GAP * (count - 1))
    for at, row in enumerate(rows):
        cells = [_cell(cell, style, wide) for cell, wide in zip(row, widths, strict=True)]
        for line in range(max(map(len, cells))):
            parts = [cell[line] if line < len(cell) else " " * wide for cell, wide in zip(cells, widths, strict=True)]
            text = (" " * _GAP).join(parts).rstrip()
            yield text if at else style.paint(text, BOLD)


def _cell(text: str, style: Style, width: int) -> list[str]:
    """The lines of one cell, painted, and filled up to its width."""
    bare, painted = lines_of(text, Style(), width), lines_of(text, style, width)
    return [line + " " * (width - columns(shown)) for line, shown in zip(painted, bare, strict=True)]


def _shares(widths: list[int], room: int) -> list[int]:
    """The widths that columns get: all that they want, or the widest ones less until it fits."""
    shares = [max(width, 1) for width in widths]
    while sum(shares) > room and max(shares) > _NARROWEST_CELL:
        shares[shares.index(max(shares))] -= 1
    return shares
