"""`breakglass accounts`: which accounts are configured, and which one these credentials are."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakglass.errors import BreakglassError
from breakglass.model.account import Account
from breakglass.ui.common import Common, with_common_options
from breakglass.ui.terminal import say, style_of

if TYPE_CHECKING:
    from breakglass.config import Config


class Output(StrEnum):
    """The forms that the list can be printed in."""

    TABLE = "table"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="accounts")(with_common_options(accounts))


def accounts(
    common: Common,
    output: Annotated[Output, typer.Option("--output", "-o", help="How to print it.")] = Output.TABLE,
) -> int:
    """List the configured accounts, and say which one these credentials belong to.

    The list is printed even where the credentials are of no use.
    """
    from breakglass.config import load  # noqa: PLC0415 - --help does not need these
    from breakglass.ui.access import access  # noqa: PLC0415
    from breakglass.ui.banner import show_banner  # noqa: PLC0415

    config = load(common.config, os.environ, Path.cwd())
    try:
        with access(common, os.environ, Path.cwd()) as reached:
            identity = reached.with_alias()
            show_banner(identity, reached.config.file, no_color=common.no_color)
    except BreakglassError:
        _print(config, None, output, common)
        raise
    _print(config, identity.account, output, common)
    return 0


def _print(config: "Config", at_hand: Account | None, output: Output, common: Common) -> None:
    from breakglass.ui.reports.accounts import accounts_document, accounts_table  # noqa: PLC0415 - loads tabulate
    from breakglass.ui.reports.document import as_json  # noqa: PLC0415

    match output:
        case Output.TABLE:
            style = style_of(sys.stdout, os.environ, no_color=common.no_color)
            say(accounts_table(config, at_hand, style), sys.stdout)
        case Output.JSON:
            say(as_json(accounts_document(config, at_hand)), sys.stdout)
