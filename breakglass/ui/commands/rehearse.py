"""`breakglass rehearse SERVICE`: the outage, played in the embedded sandbox."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from breakglass.ui.sandboxed import open_shell, run_in, sandbox
from breakglass.ui.terminal import BOLD, RED, Style, say, style_of

if TYPE_CHECKING:
    from breakglass.rehearsal.outage import Alert


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="rehearse", no_args_is_help=True)(rehearse)


def rehearse(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service of the sandbox, e.g. deployer-api.")],
    *,
    shell: Annotated[bool, typer.Option("--shell", help="Open your shell in that world, and go on by hand.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour.")] = False,
) -> None:
    """Play the outage of SERVICE in the embedded sandbox: the alert, then what the inventory says.

    Needs no AWS credentials and no network, and cannot reach a real account even where some are configured.
    """
    with sandbox() as running:
        from breakglass.rehearsal.outage import play  # noqa: PLC0415 - loads the AWS SDK

        alert = play(running, service)
        style = style_of(sys.stderr, os.environ, no_color=no_color)
        say(_page(alert, style), sys.stderr)
        options = ["--no-color"] if no_color else []
        code = run_in(running, ["inventory", service, *options])
        if shell:
            say(_welcome(service), sys.stderr)
            open_shell(running)
        elif not code:
            say(f"\nGo on by hand in that world: breakglass rehearse {service} --shell\n", sys.stderr)
    if code:
        raise typer.Exit(code)


def _page(alert: "Alert", style: Style) -> str:
    rule = ("━" if style.unicode else "=") * style.width
    return "\n".join([rule, style.paint(alert.title, BOLD, RED), *(f"  {one}" for one in alert.lines), rule, "", ""])


def _welcome(service: str) -> str:
    return (
        "\nThis shell is in the sandbox: breakglass, aws and boto3 lead there and nowhere else.\n"
        f"  breakglass inventory {service}     look again\n"
        "  exit                               leave; the sandbox goes with you\n\n"
    )
