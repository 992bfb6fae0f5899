"""The banner: which account this is, before anything else is said. It goes to standard error."""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from breakglass.model.account import Environment, Identity, hyphenated
from breakglass.model.arn import parse_arn
from breakglass.ui.masking import mask_text
from breakglass.ui.terminal import (
    BOLD,
    GREEN,
    RED,
    REVERSE,
    YELLOW,
    Style,
    columns,
    harmless,
    padded,
    say,
    style_of,
    wrapped,
)

SHORT_SESSION = timedelta(minutes=15)
_LABEL = 9
_GAP = 3


@dataclass(frozen=True, slots=True)
class _Item:
    """One labelled piece of the banner: `text` as it is measured, `painted` as it is written."""

    label: str
    text: str
    painted: str


def banner(identity: Identity, config_file: Path | None, now: datetime, style: Style) -> str:
    """The lines of the banner. `now` is UTC; on a terminal rules in the account's colour stand around it."""
    items = [
        _account(identity, style),
        _plain("REGION", f"{identity.region.name} ({identity.region.source})"),
        _plain(*_caller(identity.account.caller)),
        *_session(identity, now, style),
        _plain("KEYS", f"from {identity.credentials}"),
        _plain("CONFIG", str(config_file) if config_file else "none found: this account can be read, never changed"),
    ]
    if identity.endpoint:
        items.append(_warning("ENDPOINT", f"{identity.endpoint}: this is not AWS's own", style))
    if identity.ambiguous:
        said = "exported keys and AWS_PROFILE are both set: nothing can be changed without --profile or --account"
        items.append(_warning("KEYS", said, style))
    lines = _arranged(items, style)
    if not style.interactive:
        return "\n".join(lines) + "\n\n"
    rule = style.paint(("━" if style.unicode else "=") * style.width, *_colours(identity))
    return "\n".join([rule, *lines, rule]) + "\n"


def _account(identity: Identity, style: Style) -> _Item:
    account = identity.account
    names = [harmless(name) for name in dict.fromkeys(filter(None, (account.alias, account.name)))]
    known_as = f"{names[0]} ({names[1]})" if len(names) > 1 else "".join(names)
    words = " ".join(filter(None, (hyphenated(account.id), known_as)))
    mark = f"[{_environment(identity)}]"
    return _Item(
        "ACCOUNT",
        f"{words}  {mark}",
        f"{style.paint(words, BOLD)}  {style.paint(mark, BOLD, REVERSE, *_colours(identity))}",
    )


def _environment(identity: Identity) -> str:
    match identity.account.environment:
        case Environment.PRODUCTION:
            return "PRODUCTION"
        case Environment.REHEARSAL:
            return "rehearsal"
        case None:
            return "NOT CONFIGURED: can be read, never changed"


def _colours(identity: Identity) -> tuple[int, ...]:
    match identity.account.environment:
        case Environment.PRODUCTION:
            return (RED,)
        case Environment.REHEARSAL:
            return (GREEN,)
        case None:
            return (YELLOW,)


def _caller(arn: str) -> tuple[str, str]:
    """What kind of caller an ARN names, and how people call it.

    Forms: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    parsed = parse_arn(arn)
    kind, _, rest = (parsed.resource if parsed else "").partition("/")
    match kind:
        case "assumed-role":
            role, _, session = rest.partition("/")
            if role.startswith("AWSReservedSSO_"):
                role = f"{role.removeprefix('AWSReservedSSO_').rpartition('_')[0]} (SSO)"
            return "ROLE", f"{role} / {session}"
        case "user":
            return "USER", rest.rpartition("/")[2]
        case "federated-user":
            return "USER", f"{rest} (federated)"
        case "root":
            return "USER", "the account's root user"
        case _:
            return "CALLER", arn


def _session(identity: Identity, now: datetime, style: Style) -> list[_Item]:
    if identity.expires is None:
        return []
    left = identity.expires - now
    ends = identity.expires.astimezone(UTC)
    clock = f"{ends:%H:%MZ}" if left < timedelta(hours=24) else f"{ends:%Y-%m-%d %H:%MZ}"
    if left <= timedelta(0):
        return [_warning("SESSION", f"ended {clock}: sign in again", style)]
    said = f"ends {clock}, in {duration(left)}"
    return [
        _warning("SESSION", f"{said}: sign in again first", style) if left < SHORT_SESSION else _plain("SESSION", said)
    ]


def duration(span: timedelta) -> str:
    """`46 min`, `3 h 5 min`: rounded down, for nobody is helped by time that is not there."""
    minutes = int(span.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _plain(label: str, text: str) -> _Item:
    text = harmless(mask_text(text))
    return _Item(label, text, text)


def _warning(label: str, text: str, style: Style) -> _Item:
    text = harmless(mask_text(text))
    return _Item(label, text, style.paint(text, BOLD, YELLOW))


def _arranged(items: list[_Item], style: Style) -> list[str]:
    """Two items on a line where both fit their half, else one; longer ones go on below, behind their label."""
    half = (style.width - _GAP) // 2
    lines: list[str] = []
    row: _Item | None = None
    for item in items:
        fits = columns(item.text) + _LABEL <= half
        if row is not None and fits:
            lines.append(
                _written(row, style) + " " * (half + _GAP - _LABEL - columns(row.text)) + _written(item, style)
            )
            row = None
            continue
        if row is not None:
            lines.append(_written(row, style))
            row = None
        if fits:
            row = item
        else:
            lines += _long(item, style)
    return [*lines, _written(row, style)] if row is not None else lines


def _written(item: _Item, style: Style) -> str:
    return style.paint(padded(item.label, _LABEL), BOLD) + item.painted


def _long(item: _Item, style: Style) -> list[str]:
    if columns(item.text) + _LABEL <= style.width:
        return [_written(item, style)]
    first, *others = wrapped(item.text, style.width - _LABEL)
    return [style.paint(padded(item.label, _LABEL), BOLD) + first, *(" " * _LABEL + other for other in others)]


def show_banner(identity: Identity, config_file: Path | None, *, no_color: bool) -> None:
    """Write the banner to standard error, for this moment and that stream."""
    style = style_of(sys.stderr, os.environ, no_color=no_color)
    say(banner(identity, config_file, datetime.now(UTC), style), sys.stderr)
