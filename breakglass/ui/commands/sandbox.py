"""`breakglass sandbox`: keep the embedded sandbox running and print the environment to export."""

import signal
import sys
import threading
from enum import StrEnum
from shlex import quote
from typing import Annotated

import typer

from breakglass.ui.sandboxed import sandbox as started
from breakglass.ui.terminal import say


class SandboxAccount(StrEnum):
    """The accounts of the sandbox."""

    PRODUCTION = "production"
    STAGING = "staging"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="sandbox")(sandbox)


def sandbox(
    *,
    account: Annotated[
        SandboxAccount, typer.Option("--account", help="Whose credentials to export.")
    ] = SandboxAccount.PRODUCTION,
    rate: Annotated[float, typer.Option("--rate", help="Seconds that pass in it for each second here.")] = 1.0,
) -> None:
    """Keep the embedded sandbox running until Ctrl-C, and print the environment that leads there.

    In another terminal paste what it prints; then breakglass, aws and boto3 work in the sandbox.
    """
    ended = threading.Event()
    with started() as running:
        running.control.set_rate(rate)
        lines = [f"unset {' '.join(running.unset)}"]
        lines += [f"export {name}={quote(value)}" for name, value in running.environment(account).items()]
        say("\n".join(lines) + "\n", sys.stdout)
        say(
            "The sandbox runs until Ctrl-C. Paste the lines above into another terminal, then, for example:\n"
            "  breakglass inventory deployer-api\n",
            sys.stderr,
        )
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, lambda *_: ended.set())
        ended.wait()
