"""What a dry run came to, for people: what would have failed tonight, and everything that nobody could tell."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from breakglass.model.account import Account, hyphenated
from breakglass.rehearsal.dry_record import DryRun, Failure, Sketch
from breakglass.ui.plan_report import name
from breakglass.ui.reports.markdown import prose
from breakglass.ui.reports.words import account_words, shown
from breakglass.ui.terminal import BOLD, DIM, GREEN, RED, YELLOW, Style, columns, harmless, padded, wrapped

_INDENT = 5
Show = Callable[[str], str]


def dry_run_table(record: DryRun, account: Account, style: Style) -> str:
    """The report within the width of `style`."""
    show = _showing(account)
    lines = [
        style.paint(show(headline(record)), BOLD, GREEN if record.ready else RED),
        *(style.paint(line, DIM) for line in wrapped(show(_about(record, account)), style.width)),
        "",
        *_plans(record, style, show),
        *_failures(record, style, show),
        *_several("LOST", (f"{name(one.component)}: {one.what}" for one in record.lost), style, show),
        *_quotas(record, style, show),
        *_several("NOT KNOWN", _unknown(record), style, show),
    ]
    return "\n".join([*lines, ""])


def headline(record: DryRun) -> str:
    """`deployer-api: 2 things would have failed tonight`."""
    service = harmless(record.service)
    if not record.ready:
        count = len(record.failures)
        return f"{service}: {count} thing{'' if count == 1 else 's'} would have failed tonight"
    if not record.complete:
        return f"{service}: nothing is known that would have failed tonight, but not everything could be read"
    return f"{service}: nothing would have failed tonight, as far as can be told without doing it"


def _about(record: DryRun, account: Account) -> str:
    kept = f", kept as {record.id}" if record.id else ""
    asked = f" IAM was asked about {record.iam.permissions} permissions of {record.iam.principal}."
    return (
        f"Dry run of {record.ended:%Y-%m-%d %H:%MZ} in {account_words(account)} {record.region}: the service is "
        f"{record.health}, {record.api_calls} calls were sent, nothing was changed{kept}."
        f"{asked if record.iam.permissions else ''}"
    )


def _showing(account: Account) -> Show:
    """Everything from outside masked, on one line, and the account ID never in one piece."""
    return lambda text: shown(text.replace(account.id, hyphenated(account.id)))


def _plans(record: DryRun, style: Style, show: Show) -> Iterator[str]:
    if not record.plans:
        yield "Nothing would be removed or made."
        return
    width = max(columns(one.name) for one in record.plans)
    yield style.paint(f"{padded('PLANNED', width)}  STEPS  CALLS", BOLD)
    for one in record.plans:
        yield f"{padded(show(one.name), width)}  {len(one.steps):>5}  {_calls(one):>5}"


def _calls(sketch: Sketch) -> int:
    return sum(len(step.calls) for step in sketch.steps)


def _failures(record: DryRun, style: Style, show: Show) -> Iterator[str]:
    if not record.failures:
        return
    yield ""
    yield style.paint("WOULD HAVE FAILED", BOLD)
    for at, one in enumerate(record.failures, 1):
        first, *others = wrapped(show(_failure(one)), style.width - _INDENT)
        yield f"{at:>3}. {style.paint(first, YELLOW)}"
        yield from (" " * _INDENT + style.paint(other, YELLOW) for other in others)
        yield from (" " * _INDENT + line for line in wrapped(show(one.hint), style.width - _INDENT))


def _failure(one: Failure) -> str:
    about = f"{name(one.component)}: " if one.component else ""
    return f"{one.sort}: {about}{one.message}"


def _several(title: str, texts: Iterable[str], style: Style, show: Show) -> Iterator[str]:
    every = list(texts)
    if not every:
        return
    yield ""
    yield style.paint(title, BOLD)
    for text in every:
        first, *others = wrapped(show(text), style.width - _INDENT)
        yield f"  -  {first}"
        yield from (" " * _INDENT + other for other in others)


def _quotas(record: DryRun, style: Style, show: Show) -> Iterator[str]:
    if not record.quotas:
        return
    yield ""
    yield style.paint(f"{'USED':>6}  {'LIMIT':>6}  {'MORE':>5}  QUOTA", BOLD)
    for one in record.quotas:
        line = f"{one.used:>6}  {one.limit:>6}  {one.more:>+5}  {show(one.name)}"
        yield style.paint(line, RED) if one.exceeded else line


def _unknown(record: DryRun) -> Sequence[str]:
    unsure = (f"whether IAM allows {one}" for one in record.iam.unsure)
    return list(dict.fromkeys((*record.unread, *unsure, *record.notes)))


def dry_run_markdown(record: DryRun, account: Account) -> str:
    """GitHub's Markdown, to paste into a ticket."""
    show = _showing(account)

    def cell(text: str) -> str:
        return prose(show(text))

    lines = [
        f"# Dry run {record.id}".rstrip(),
        "",
        f"**{cell(headline(record))}.** {cell(_about(record, account))}",
        "",
        *_section(
            "Would have failed",
            ("what", "component", "why", "what to do"),
            (
                (str(one.sort), name(one.component) if one.component else "", one.message, one.hint)
                for one in record.failures
            ),
            cell,
        ),
        *_section("Planned", ("plan", "steps", "calls"),
                  ((one.name, str(len(one.steps)), str(_calls(one))) for one in record.plans), cell),
        *_section("Lost", ("component", "what"), ((name(one.component), one.what) for one in record.lost), cell),
        *_section("Quotas", ("of what", "used", "limit", "more"),
                  ((one.name, str(one.used), str(one.limit), str(one.more)) for one in record.quotas), cell),
        *_section("Not known", ("what",), ((text,) for text in _unknown(record)), cell),
    ]  # fmt: skip
    return "\n".join(lines)


def _section(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], cell: Show) -> Iterator[str]:
    every = list(rows)
    if not every:
        return
    yield f"## {title}"
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    yield from (f"| {' | '.join(map(cell, row))} |" for row in every)
    yield ""
