"""The command line: which commands there are, and what a wrong one is answered.

A command is one file in `breakglass.ui.commands`, named in `COMMANDS`, with a function `register(app)`. It
imports at its top what its own parameters need, and everything heavy inside the command: `--help` of anything
must not load the AWS SDK.
"""

import os
from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module
from typing import Annotated

import typer
from typer.main import get_command

from breakglass import __version__
from breakglass.errors import NOTHING_CHANGED, UsageError
from breakglass.ui.common import Common

NAME = "breakglass"
COMMANDS = (
    "inventory",
    "recover",
    "remove",
    "rebuild",
    "resume",
    "runs",
    "timeline",
    "snapshot",
    "rehearse",
    "sandbox",
    "runbook",
    "accounts",
)
COMMANDS_THAT_CHANGE = frozenset({"recover", "remove", "rebuild", "resume"})

LineNotUnderstood: type[Exception] = typer.BadParameter.__mro__[1]
"""typer's base class of everything that is wrong with a command line, which it does not export by name."""

_COMMON_OPTIONS = frozenset("--" + field.name.replace("_", "-") for field in fields(Common))


def may_change(arguments: Sequence[str]) -> bool:
    """Whether a command line may change something in AWS; a runbook that is walked may start one that does."""
    live = list(arguments[:1]) == ["rehearse"] and "--live" in arguments
    return live or bool(COMMANDS_THAT_CHANGE.intersection(arguments[:1])) or list(arguments[:2]) == ["runbook", "run"]


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line, without the program's name, and return its exit code.

    Raises `UsageError` for a line that cannot be understood, and whatever the command raises.
    """
    command = get_command(build_app(arguments))
    if f"_{NAME.upper()}_COMPLETE" in os.environ:
        command.main(prog_name=NAME)  # answers the shell's completion, and exits
    try:
        with command.make_context(NAME, list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except BrokenPipeError:
        return 0  # only --help writes past `say`; whoever closed the pipe has read enough
    except LineNotUnderstood as error:
        raise usage_error(error) from None
    return 0


def build_app(arguments: Sequence[str] = ()) -> typer.Typer:
    """The application with the command that `arguments` ask for, or with all of them."""
    app = typer.Typer(
        name=NAME,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    )
    app.callback()(_root)
    asked = tuple(arguments[:1])
    for name in asked if asked and asked[0] in COMMANDS else COMMANDS:
        import_module(f"breakglass.ui.commands.{name.replace('-', '_')}").register(app)
    return app


def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
) -> None:
    """Recover one deployed service when the deployer itself is down: look, diagnose, plan, confirm, carry out."""
    if version:
        typer.echo(f"{NAME} {__version__}")
        raise typer.Exit


class NothingAskedError(UsageError):
    """Nothing was asked; `what` is the help text."""


def usage_error(error: Exception) -> UsageError:
    """What typer says about a command line, in our words, with the names that may have been meant."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else NAME
    message = str(getattr(error, "message", "") or error)
    if message.startswith("Usage:"):
        return NothingAskedError(message, hint="", changed=NOTHING_CHANGED)
    if getattr(error, "option_name", None) in _COMMON_OPTIONS and path == NAME:
        option = getattr(error, "option_name", "")
        return UsageError(f"{option} stands before the command.", hint=f"Put it after: {NAME} COMMAND ... {option} ...")
    if near := getattr(error, "possibilities", None):
        message = f"{message}. Did you mean {' or '.join(near)}?"
    elif hasattr(error, "format_message"):
        message = error.format_message()
    return UsageError(message, hint=f"See: {path} --help")
