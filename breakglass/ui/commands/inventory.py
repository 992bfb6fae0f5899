"""`breakglass inventory SERVICE`: look at everything, change nothing."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from breakglass.ui.common import Common, with_common_options
from breakglass.ui.options import Cluster
from breakglass.ui.terminal import Style, say, style_of

if TYPE_CHECKING:
    from breakglass.model.inventory import Inventory

    Report = Callable[[Inventory, Style, float], str]

INCOMPLETE, ATTENTION = 8, 10


class Output(StrEnum):
    """The forms that an inventory can be printed in."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    MARKDOWN = "markdown"
    MERMAID = "mermaid"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="inventory", no_args_is_help=True)(with_common_options(inventory))


def inventory(
    common: Common,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service, e.g. deployer-api.")],
    output: Annotated[Output, typer.Option("--output", "-o", help="How to print it.")] = Output.TABLE,
    *,
    cluster: Cluster = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 10 unless the service is healthy.")
    ] = False,
) -> int:
    """Look at everything that belongs to SERVICE. Changes nothing.

    Exits 8 where something could not be read.
    """
    began = monotonic()
    common = replace(common, cluster=cluster)
    taken, report = _take(common, service, output)
    style = style_of(sys.stdout, os.environ, no_color=common.no_color)
    say(report(taken, style, monotonic() - began), sys.stdout)
    return exit_code(taken, detailed=detailed_exitcode)


def exit_code(taken: "Inventory", *, detailed: bool) -> int:
    """What could not be read weighs more than what was: an incomplete answer is not to be trusted."""
    from breakglass.model.inventory import Health  # noqa: PLC0415 - --help does not need it

    if not taken.complete:
        return INCOMPLETE
    return ATTENTION if detailed and taken.diagnosis.state is not Health.HEALTHY else 0


def _take(common: Common, service: str, output: Output) -> tuple["Inventory", "Report"]:
    """The inventory, and how to print it. The banner is printed as soon as the account is known."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - --help does not need these

    from breakglass.aws.reader import AwsReader  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.kinds import all_kinds  # noqa: PLC0415
    from breakglass.model.kind import Look  # noqa: PLC0415
    from breakglass.planning.clusters import CHOSEN  # noqa: PLC0415
    from breakglass.planning.inventory import Moment  # noqa: PLC0415
    from breakglass.running.state_dir import StateDir, locate  # noqa: PLC0415
    from breakglass.running.survey import take_inventory  # noqa: PLC0415
    from breakglass.ui.access import access  # noqa: PLC0415
    from breakglass.ui.banner import show_banner  # noqa: PLC0415
    from breakglass.ui.drill_seen import with_rehearsal  # noqa: PLC0415

    with access(common, os.environ, Path.cwd()) as reached:
        settings = reached.config.service(service)
        if common.cluster:
            settings = settings.in_cluster(common.cluster, CHOSEN)
        reader = AwsReader(reached.connection, reached.identity.account.id)
        moment = Moment(reader.region, datetime.now(UTC), lambda: reader.api_calls)
        pool = ThreadPoolExecutor(1, "inventory")
        try:
            looking = pool.submit(take_inventory, reached.identity.account, Look(reader, settings), all_kinds(), moment)
            report = _report(output)  # its imports in the shadow of the first calls
            identity = reached.with_alias()
            show_banner(identity, reached.config.file, no_color=common.no_color)
            taken = looking.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # Ctrl-C does not wait for AWS
    following = tuple(common.repeated(command) for command in taken.diagnosis.next)
    diagnosis = replace(taken.diagnosis, next=following, guide=_guide(taken, reached.config.runbooks))
    taken = replace(taken, account=identity.account, diagnosis=diagnosis, api_calls=reader.api_calls)
    return with_rehearsal(taken, StateDir(locate(common.state_dir, os.environ)), all_kinds()), report


def _guide(taken: "Inventory", folder: Path | None) -> str:
    """The command that shows the runbook for a service in this state; "" where it is well, or none is for that."""
    from breakglass.model.inventory import Health  # noqa: PLC0415 - --help does not need these
    from breakglass.running.runbooks import shelf  # noqa: PLC0415

    if taken.diagnosis.state is Health.HEALTHY:
        return ""
    guide = shelf(folder).guide_for(taken.service, taken.diagnosis.state)
    return guide.shown_by(taken.service) if guide else ""


def _report(output: Output) -> "Report":
    """The chosen form, as a function of the inventory, the style of standard output, and the seconds it took."""
    from breakglass.ui.reports.document import as_json, document  # noqa: PLC0415 - loads every kind
    from breakglass.ui.reports.markdown import markdown  # noqa: PLC0415
    from breakglass.ui.reports.mermaid import mermaid  # noqa: PLC0415
    from breakglass.ui.reports.table import table, wide  # noqa: PLC0415

    match output:
        case Output.TABLE:
            return lambda taken, style, seconds: table(taken, style, seconds=seconds)
        case Output.WIDE:
            return lambda taken, style, seconds: wide(taken, style, seconds=seconds)
        case Output.JSON:
            return lambda taken, _style, _seconds: as_json(document(taken))
        case Output.MARKDOWN:
            return lambda taken, _style, _seconds: markdown(taken)
        case Output.MERMAID:
            return lambda taken, _style, _seconds: mermaid(taken)
