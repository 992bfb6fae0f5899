"""`breakglass runbook list|show|run|check`: what to do on a bad night, read and walked offline."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakglass.errors import UsageError
from breakglass.ui.common import Common, with_common_options
from breakglass.ui.options import Output, OutputOption
from breakglass.ui.terminal import say, style_of

if TYPE_CHECKING:
    from breakglass.running.runbooks import Shelf

_ID = typer.Argument(
    metavar="ID", help="Its id, such as RB-01; the name of a scenario or words of its title will do too."
)
_SERVICE = typer.Option("--service", metavar="NAME", help="The service, in runbooks about any: put in for SERVICE.")
ERRORS = 1


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    books = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=runbook.__doc__)
    books.command("list")(with_common_options(list_them))
    books.command("show", no_args_is_help=True)(with_common_options(show))
    books.command("run", no_args_is_help=True)(with_common_options(run))
    books.command("check")(with_common_options(check))
    app.add_typer(books, name="runbook")


def runbook() -> None:
    """Runbooks for bad nights: read, walk and check them. Works offline, without credentials."""


def list_them(common: Common, output: OutputOption = Output.TABLE) -> int:
    """List the runbooks, one a line.

    These are breakglass's own, and those of the folder that breakglass.toml names.
    """
    from breakglass.ui.runbook_list import listed, runbooks_document, runbooks_table  # noqa: PLC0415 - not for --help

    shelf = _shelf(common)
    today = datetime.now(UTC).date()
    volumes = listed(shelf.volumes)
    match output:
        case Output.TABLE:
            style = style_of(sys.stdout, os.environ, no_color=common.no_color)
            say(runbooks_table(volumes, style, today), sys.stdout)
        case Output.JSON:
            say(_json(runbooks_document(volumes, today)), sys.stdout)
    _tell_trouble(shelf)
    return 0


def show(
    common: Common,
    known_as: Annotated[str, _ID],
    *,
    service: Annotated[str | None, _SERVICE] = None,
    raw: Annotated[bool, typer.Option("--raw", help="The Markdown as it is written.")] = False,
) -> int:
    """Show a runbook in the terminal.

    Every command in it is on a line of its own, ready to paste.
    """
    from breakglass.running.runbook_reading import parse  # noqa: PLC0415 - --help does not need these
    from breakglass.ui.runbook_opening import opened  # noqa: PLC0415
    from breakglass.ui.runbook_page import page  # noqa: PLC0415

    shelf = _shelf(common, whatever_happens=True)
    text = opened(shelf.find(known_as), service)
    if raw:
        say(text, sys.stdout)
    else:
        style = style_of(sys.stdout, os.environ, no_color=common.no_color)
        rows = page(parse(text), style, datetime.now(UTC).date())
        say("".join(f"{row.text}\n" for row in rows), sys.stdout)
    _tell_trouble(shelf)
    return 0


def run(
    common: Common,
    known_as: Annotated[str, _ID],
    *,
    service: Annotated[str | None, _SERVICE] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Begin at this step, e.g. 'Fix 2'.", show_default=False)
    ] = None,
) -> int:
    """Walk a runbook, step by step.

    Each command is shown, and then run, skipped, or the walk is stopped. Only breakglass's own commands and aws
    commands that read are started; all others are yours to run by hand. Exits 7 where it is stopped, 1 where Verify
    did not end well.
    """
    from breakglass.ui.runbook_journey import walked  # noqa: PLC0415 - --help does not need it

    return walked(_shelf(common), common, known_as, service, start)


def check(
    common: Common,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Runbooks or folders; else your folder and breakglass's own."),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> int:
    """Say what is wrong with runbooks.

    One finding a line, with file and line. Exits 1 where something has to be corrected.
    """
    from breakglass.ui import runbook_checking as checking  # noqa: PLC0415 - loads every command

    folders = paths or []
    documents = [document for path in folders for document in checking.documents_at(path)]
    if not folders:
        own = _folder(common)
        documents = [*(checking.documents_at(own) if own else ()), *checking.built_in_documents()]
    found = checking.findings(documents, datetime.now(UTC).date())
    match output:
        case Output.TABLE:
            say("".join(f"{finding.line()}\n" for finding in found), sys.stdout)
        case Output.JSON:
            say(_json(checking.findings_document(found, len(documents))), sys.stdout)
    errors = sum(not finding.flaw.warning for finding in found)
    say(f"{len(documents)} checked: {errors} errors, {len(found) - errors} warnings.\n", sys.stderr)
    return ERRORS if errors else 0


def _shelf(common: Common, *, whatever_happens: bool = False) -> "Shelf":
    """The runbooks at hand.

    Raises `UsageError` for a configuration that is wrong; where one has to be read `whatever_happens`, and no
    configuration was asked for by name, that is only told, and breakglass's own are at hand.
    """
    from breakglass.running.runbooks import shelf  # noqa: PLC0415 - --help does not need it

    try:
        return shelf(_folder(common))
    except UsageError as error:
        if not whatever_happens or common.config is not None:
            raise
        say(f"Only breakglass's own runbooks are at hand: {error.what}\n", sys.stderr)
        return shelf()


def _folder(common: Common) -> Path | None:
    from breakglass.config import load  # noqa: PLC0415 - --help does not need it

    return load(common.config, os.environ, Path.cwd()).runbooks


def _tell_trouble(shelf: "Shelf") -> None:
    from breakglass.ui.terminal import harmless  # noqa: PLC0415

    for sentence in shelf.trouble:
        say(f"{harmless(sentence)}\n", sys.stderr)


def _json(content: object) -> str:
    from breakglass.ui.reports.document import as_json  # noqa: PLC0415 - loads every kind

    return as_json(content)
