"""`breakglass timeline [RUN]`: what was done, by whom, when."""

import os
import sys
from enum import StrEnum
from typing import Annotated

import typer

from breakglass.ui.common import Common, with_common_options
from breakglass.ui.terminal import say, style_of


class TimelineOutput(StrEnum):
    """The forms of a timeline."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    SLACK = "slack"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="timeline")(with_common_options(timeline))


def timeline(
    common: Common,
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="The run; its last four digits will do.", show_default=False)
    ] = None,
    output: Annotated[TimelineOutput, typer.Option("--output", "-o", help="How to print it.")] = TimelineOutput.TABLE,
    *,
    postmortem: Annotated[
        bool, typer.Option("--postmortem", help="A postmortem in Markdown, filled with what the journal knows.")
    ] = False,
) -> int:
    """Tell what was done in RUN, or in the newest one: by whom, when, with AWS's request ids. Asks nothing of AWS."""
    from breakglass.running.state_dir import StateDir, locate  # noqa: PLC0415 - --help does not need these
    from breakglass.ui import journeys_story as story  # noqa: PLC0415
    from breakglass.ui.reports.document import as_json  # noqa: PLC0415

    told = story.read(StateDir(locate(common.state_dir, os.environ)), run)
    if postmortem:
        say(story.postmortem(told), sys.stdout)
        return 0
    match output:
        case TimelineOutput.TABLE:
            say(story.timeline_table(told, style_of(sys.stdout, os.environ, no_color=common.no_color)), sys.stdout)
        case TimelineOutput.JSON:
            say(as_json(story.timeline_document(told)), sys.stdout)
        case TimelineOutput.MARKDOWN:
            say(story.timeline_markdown(told), sys.stdout)
        case TimelineOutput.SLACK:
            say(story.timeline_slack(told), sys.stdout)
    return 0
