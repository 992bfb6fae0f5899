"""`breakglass rebuild SERVICE`: create only what is missing."""

from dataclasses import replace
from typing import Annotated

import typer

from breakglass.ui.common import Common, with_common_options
from breakglass.ui.options import (
    Cluster,
    ConfirmAccount,
    DryRun,
    Keep,
    Only,
    Output,
    OutputOption,
    Pick,
    Service,
    StepByStep,
    choice,
)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="rebuild", no_args_is_help=True)(with_common_options(rebuild))


def rebuild(
    common: Common,
    service: Service,
    *,
    dry_run: DryRun = False,
    cluster: Cluster = None,
    snapshot: Annotated[
        str | None,
        typer.Option("--snapshot", metavar="ID", help="A snapshot or a run that comes before all other sources."),
    ] = None,
    task_definition: Annotated[
        str | None,
        typer.Option("--task-definition", metavar="FAMILY:REV", help="What the service is to run instead of its own."),
    ] = None,
    only: Only = None,
    keep: Keep = None,
    pick: Pick = False,
    step: StepByStep = False,
    confirm_account: ConfirmAccount = None,
    output: OutputOption = Output.TABLE,
) -> int:
    """Create what is missing of SERVICE, and repoint what refers to something made again. What is there stays.

    Shows inventory and plan, then asks for the account ID. Ctrl-C stops it at any time; `resume` goes on.
    """
    chosen = choice(only, keep)
    insist_on_revision(task_definition)

    from breakglass.model.plan import Purpose  # noqa: PLC0415 - --help does not need these
    from breakglass.ui.journeys import desk  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.ui.journeys_change import Wish, change  # noqa: PLC0415

    wish = Wish(
        Purpose.REBUILD,
        chosen,
        dry_run=dry_run,
        pick=pick,
        step=step,
        snapshot=snapshot,
        task_definition=task_definition,
        confirm_account=confirm_account,
        output=output,
    )
    with desk(replace(common, cluster=cluster), service) as at:
        return change(at, wish)


def insist_on_revision(text: str | None) -> None:
    """Raises `UsageError` where `--task-definition` does not name one revision: the newest may be the broken one."""
    from breakglass.errors import UsageError  # noqa: PLC0415

    family, _, revision = (text or "").partition(":")
    if text is not None and not (family and revision.isascii() and revision.isdigit()):
        raise UsageError(
            f"--task-definition {text!r} names no revision.", hint="Give family and revision, such as deployer-api:40."
        )
