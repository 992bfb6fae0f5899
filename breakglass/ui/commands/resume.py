"""`breakglass resume [RUN]`: go on with a run that stopped part-way."""

from typing import Annotated

import typer

from breakglass.ui.common import Common, with_common_options
from breakglass.ui.options import ConfirmAccount, Output, OutputOption, StepByStep


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="resume")(with_common_options(resume))


def resume(
    common: Common,
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="The run; its last four digits will do.", show_default=False)
    ] = None,
    *,
    step: StepByStep = False,
    confirm_account: ConfirmAccount = None,
    output: OutputOption = Output.TABLE,
) -> int:
    """Go on with RUN, or with the newest unfinished run of this account.

    Shows what is done and what is left, and asks for the account ID again. Any caller of the same account may.
    """
    from breakglass.ui.journeys_resume import resume as go_on  # noqa: PLC0415 - loads the AWS SDK

    return go_on(common, run, {"step": step, "confirm_account": confirm_account, "output": output})
