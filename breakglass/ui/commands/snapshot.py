"""`breakglass snapshot SERVICE`: save a last-known-good copy; also list, show and diff."""

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from breakglass.errors import UsageError
from breakglass.ui.common import Common, with_common_options
from breakglass.ui.options import Output, OutputOption
from breakglass.ui.terminal import say, style_of

if TYPE_CHECKING:
    from breakglass.running.state_dir import StateDir

_USAGE = "SERVICE | list [SERVICE] | show ID | diff ID ID"
INCOMPLETE = 8


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="snapshot", no_args_is_help=True)(with_common_options(snapshot))


def snapshot(
    common: Common,
    words: Annotated[list[str], typer.Argument(metavar=_USAGE, help="What to save, or which ones to look at.")],
    *,
    keep: Annotated[
        int | None,
        typer.Option("--keep", metavar="N", min=1, help="Then remove all but the newest N, and the last healthy one."),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> int:
    """Save everything that is known of SERVICE, and print the snapshot's id alone. Changes nothing in AWS.

    Fit for cron: asks nothing. `list`, `show` and `diff` read the state directory, and mask every secret.
    Exits 8 where something could not be read; what could be is saved.
    """
    match words:
        case ["list"]:
            return _list(common, None, output)
        case ["list", service]:
            return _list(common, service, output)
        case ["show", known_as]:
            return _show(common, known_as, output)
        case ["diff", before, after]:
            return _diff(common, before, after, output)
        case [service] if service not in {"show", "diff"}:
            return _save(common, service, keep, output)
        case _:
            raise UsageError(
                f"snapshot does not know what to do with: {' '.join(words)}.", hint=f"breakglass snapshot {_USAGE}"
            )


def _save(common: Common, service: str, keep: int | None, output: Output) -> int:
    from breakglass.running.recovery import save_snapshot  # noqa: PLC0415 - --help does not need these
    from breakglass.ui.journeys import desk  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.ui.journeys_snapshots import pruned, snapshots_document  # noqa: PLC0415
    from breakglass.ui.reports.document import as_json  # noqa: PLC0415

    with desk(common, service) as at:
        taken, saved = save_snapshot(at.bench)
        removed = pruned(at.bench.state, saved, keep) if keep is not None else ()
        note = "" if taken.complete else " Not everything could be read: what is unreadable is not in it."
        at.tell(f"Saved {len(saved.components)} pieces; {service} is {taken.diagnosis.state}.{note}\n")
        if removed:
            at.tell(f"Removed {len(removed)} older: {', '.join(removed)}\n")
    match output:
        case Output.TABLE:
            say(f"{saved.id}\n", sys.stdout)
        case Output.JSON:
            say(as_json(snapshots_document([saved])), sys.stdout)
    return 0 if taken.complete else INCOMPLETE


def _list(common: Common, service: str | None, output: Output) -> int:
    from breakglass.ui import journeys_snapshots as reports  # noqa: PLC0415 - --help does not need these
    from breakglass.ui.reports.document import as_json  # noqa: PLC0415

    found = reports.saved_of(_state(common), service)
    match output:
        case Output.TABLE:
            style = style_of(sys.stdout, os.environ, no_color=common.no_color)
            say(reports.snapshots_table(found, style, datetime.now(UTC)), sys.stdout)
        case Output.JSON:
            say(as_json(reports.snapshots_document(found)), sys.stdout)
    return 0


def _show(common: Common, known_as: str, output: Output) -> int:
    from breakglass.running.vault import Vault  # noqa: PLC0415 - --help does not need these
    from breakglass.ui import journeys_snapshots as reports  # noqa: PLC0415
    from breakglass.ui.reports.document import as_json  # noqa: PLC0415

    found = Vault(_state(common)).find(known_as)
    match output:
        case Output.TABLE:
            style = style_of(sys.stdout, os.environ, no_color=common.no_color)
            say(reports.snapshot_table(found, style), sys.stdout)
        case Output.JSON:
            say(as_json(reports.snapshot_document(found)), sys.stdout)
    return 0


def _diff(common: Common, before: str, after: str, output: Output) -> int:
    from breakglass.running.vault import Vault  # noqa: PLC0415 - --help does not need these
    from breakglass.ui import journeys_snapshots as reports  # noqa: PLC0415
    from breakglass.ui.reports.document import as_json  # noqa: PLC0415

    vault = Vault(_state(common))
    one, other = vault.find(before), vault.find(after)
    match output:
        case Output.TABLE:
            style = style_of(sys.stdout, os.environ, no_color=common.no_color)
            say(reports.differences_table(one, other, style), sys.stdout)
        case Output.JSON:
            say(as_json(reports.differences_document(one, other)), sys.stdout)
    return 0


def _state(common: Common) -> "StateDir":
    from breakglass.running.state_dir import StateDir, locate  # noqa: PLC0415 - --help does not need it

    return StateDir(locate(common.state_dir, os.environ))
