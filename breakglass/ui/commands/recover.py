"""`breakglass recover SERVICE`: the guide."""

from dataclasses import replace

import typer

from breakglass.ui.common import Common, with_common_options
from breakglass.ui.options import Cluster, Service


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="recover", no_args_is_help=True)(with_common_options(recover))


def recover(common: Common, service: Service, *, cluster: Cluster = None) -> int:
    """Look at SERVICE, say what happened and what to do first, and lead through it.

    Everything that changes something shows its plan, and asks for the account ID.
    """
    from breakglass.ui.journeys import desk  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.ui.journeys_recover import recover as guide  # noqa: PLC0415

    with desk(replace(common, cluster=cluster), service) as at:
        return guide(at)
