"""`breakglass remove SERVICE`: take its pieces away, in dependency order."""

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
    app.command(name="remove", no_args_is_help=True)(with_common_options(remove))


def remove(
    common: Common,
    service: Service,
    *,
    dry_run: DryRun = False,
    cluster: Cluster = None,
    only: Only = None,
    keep: Keep = None,
    unprotect: Annotated[
        bool, typer.Option("--unprotect", help="Take deletion protection off, in a step of its own.")
    ] = False,
    managed: Annotated[
        bool, typer.Option("--managed", help="Remove also what a CloudFormation stack manages; else it is kept.")
    ] = False,
    pick: Pick = False,
    step: StepByStep = False,
    confirm_account: ConfirmAccount = None,
    output: OutputOption = Output.TABLE,
) -> int:
    """Take the pieces of SERVICE away in dependency order: what is its own, and nothing else.

    Shows inventory and plan, then asks for the account ID. Ctrl-C stops it at any time; `resume` goes on.
    """
    chosen = choice(only, keep, unprotect=unprotect, managed=managed)

    from breakglass.model.plan import Purpose  # noqa: PLC0415 - --help does not need these
    from breakglass.ui.journeys import desk  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.ui.journeys_change import Wish, change  # noqa: PLC0415

    wish = Wish(
        Purpose.REMOVE,
        chosen,
        dry_run=dry_run,
        pick=pick,
        step=step,
        confirm_account=confirm_account,
        output=output,
    )
    with desk(replace(common, cluster=cluster), service) as at:
        return change(at, wish)
