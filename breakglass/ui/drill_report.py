"""What a drill came to, for people: on the screen and as Markdown, with a place for owners and dates.

Fast and safe stand beside each other, and are never added up.
"""

import os
import sys
from collections.abc import Iterator

from breakglass.model.account import hyphenated
from breakglass.rehearsal.history import LIVE, Record, text_of
from breakglass.rehearsal.score import Check, differences
from breakglass.ui.options import Report
from breakglass.ui.reports.markdown import prose
from breakglass.ui.terminal import BOLD, CYAN, DIM, GREEN, RED, YELLOW, Style, harmless, padded, say, style_of, wrapped

_NAMES = {"detect": "the first look", "diagnose": "the first plan", "recover": "steady three times"}
_ASCII = {True: "ok", False: "NO", None: "-"}


def print_record(record: Record, output: Report, *, no_color: bool) -> None:
    """The result, on standard output."""
    match output:
        case Report.TABLE:
            say("\n" + drill_table(record, style_of(sys.stdout, os.environ, no_color=no_color)), sys.stdout)
        case Report.MARKDOWN:
            say(drill_markdown(record), sys.stdout)
        case Report.JSON:
            say(text_of(record), sys.stdout)


def drill_table(record: Record, style: Style) -> str:
    """The report within the width of `style`."""
    return "\n".join(
        [
            style.paint(headline(record), BOLD, GREEN if record.recovered else YELLOW),
            *(style.paint(line, DIM) for line in wrapped(_about(record), style.width)),
            "",
            *_fast(record, style),
            "",
            *_safe(record, style),
            *_findings(record, style),
            "",
        ]
    )


def headline(record: Record) -> str:
    """`deployer-api is recovered: service-deleted, in 4 min 12 s`."""
    service, scenario = harmless(record.service), harmless(record.scenario)
    if record.recovered:
        return f"{service} is recovered: {scenario}, in {minutes(record.times.recover)}"
    what = "it" if record.kind == LIVE else "the sandbox"
    restored = f"; {what} was put back" if record.restored else ""
    return f"{service} was not recovered: {scenario}, {record.outcome}{restored}"


def _about(record: Record) -> str:
    where = f" in {hyphenated(record.subject.account)} {record.subject.region} itself"
    twin = f" on a twin made of snapshot {record.subject.snapshot}" if record.subject.is_twin else ""
    seed = f", seed {record.seed}" if record.seed is not None else ""
    fast = f", AWS's own waits {record.speed:g} times as fast" if record.speed != 1 else ""
    return (
        f"What happened: {harmless(record.happened)}. Rehearsed {record.began:%Y-%m-%d %H:%MZ}"
        f"{where if record.kind == LIVE else twin}"
        f"{f' with the {record.how}' if record.how else ''}{seed}{fast}."
    )


def _fast(record: Record, style: Style) -> Iterator[str]:
    yield style.paint(f"{'HOW FAST':<12}{'TOOK':<14}{'TARGET':<14}{'LAST TIME':<20}UNTIL", BOLD)
    for name, took, target, last in rows(record):
        late = took is not None and took > target
        colour = (YELLOW,) if late else ()
        cells = (padded(minutes(took), 14), padded(minutes(target), 14), padded(last, 20), _NAMES[name])
        yield f"{name:<12}{style.paint(cells[0], *colour)}{cells[1]}{cells[2]}{cells[3]}".rstrip()


def rows(record: Record) -> Iterator[tuple[str, float | None, float, str]]:
    """Name, seconds, target in seconds, and how that compares with the last time."""
    last = dict(record.last_times.items())
    change = differences(record.times, last)
    for name, took in record.times.items():
        before = minutes(last[name]) if last[name] is not None else "-"
        more = change[name]
        if more:
            before += f" ({'+' if more > 0 else '-'}{minutes(abs(more))})"
        yield name, took, float(getattr(record.targets, name)), before


def _safe(record: Record, style: Style) -> Iterator[str]:
    yield style.paint("HOW SAFE", BOLD)
    for check in record.safety:
        colour = {True: GREEN, False: RED, None: CYAN}[check.good]
        first, *others = wrapped(harmless(check.words), style.width - 28)
        yield f"  {style.paint(padded(_ASCII[check.good], 4), BOLD, colour)}{padded(check.name, 22)}{first}"
        yield from (" " * 28 + other for other in others)


def _findings(record: Record, style: Style) -> Iterator[str]:
    if not record.findings:
        return
    yield ""
    yield style.paint("FINDINGS", BOLD)
    for at, one in enumerate(record.findings, 1):
        first, *others = wrapped(harmless(one.text), style.width - 5)
        yield f"  {at}. {first}"
        yield from (" " * 5 + other for other in others)
        yield f"     owner: {harmless(one.owner) or '________'}   due: {harmless(one.due) or '________'}"


def drill_markdown(record: Record) -> str:
    """GitHub's Markdown, to paste into a ticket."""
    return "\n".join(
        (
            f"# Drill {record.id}",
            "",
            f"**{prose(headline(record))}.** {prose(_about(record))}",
            "",
            "## How fast",
            "",
            "| | took | target | last time |",
            "| --- | --- | --- | --- |",
            *(
                f"| {name} | {minutes(took)} | {minutes(target)} | {last} |"
                for name, took, target, last in rows(record)
            ),
            "",
            "## How safe",
            "",
            "| | | |",
            "| --- | --- | --- |",
            *(f"| {check.name} | {_word(check)} | {prose(harmless(check.words))} |" for check in record.safety),
            "",
            "## Findings",
            "",
            "| finding | owner | due |",
            "| --- | --- | --- |",
            *(
                f"| {prose(harmless(f.text))} | {prose(harmless(f.owner))} | {prose(harmless(f.due))} |"
                for f in record.findings
            ),
            "",
            *_typed(record),
        )
    )


def _word(check: Check) -> str:
    return {True: "yes", False: "**no**", None: "-"}[check.good]


def _typed(record: Record) -> Iterator[str]:
    if record.commands:
        yield "## What was typed"
        yield ""
        yield "```"
        yield from (harmless(command).replace("```", "'''") for command in record.commands)
        yield "```"
        yield ""


def minutes(seconds: float | None) -> str:
    """`4 min 12 s`; `never` where there is none."""
    if seconds is None:
        return "never"
    whole, rest = divmod(round(seconds), 60)
    return f"{whole} min {rest} s" if whole else f"{rest} s"
