"""`breakglass runs`: earlier runs, and how each ended."""

import os
import sys

import typer

from breakglass.ui.common import Common, with_common_options
from breakglass.ui.options import Output, OutputOption
from breakglass.ui.terminal import say, style_of


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="runs")(with_common_options(runs))


def runs(common: Common, output: OutputOption = Output.TABLE) -> int:
    """List earlier runs, newest first: service, account, when, how each ended. Asks nothing of AWS."""
    from breakglass.running.runs import Runs  # noqa: PLC0415 - --help does not need these
    from breakglass.running.state_dir import StateDir, locate  # noqa: PLC0415
    from breakglass.ui.journeys_story import runs_document, runs_table  # noqa: PLC0415
    from breakglass.ui.reports.document import as_json  # noqa: PLC0415

    records = Runs(StateDir(locate(common.state_dir, os.environ))).list()
    match output:
        case Output.JSON:
            say(as_json(runs_document(records)), sys.stdout)
        case Output.TABLE:
            style = style_of(sys.stdout, os.environ, no_color=common.no_color)
            say(runs_table(records, style, common), sys.stdout)
    return 0
