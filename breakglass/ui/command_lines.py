"""What this program would make of a command line that somebody has written down: nothing is carried out."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from typer.main import get_command

from breakglass.ui.app import NAME, LineNotUnderstood, NothingAskedError, build_app, usage_error

_HELP = frozenset({"--help", "-h"})


def wrong_with(words: Sequence[str], *, only_names: bool = False) -> str | None:
    """What is wrong with the words after `breakglass`, None where nothing is.

    `only_names` looks at commands and options alone: in a sentence, `breakglass rebuild` needs no service.
    """
    try:
        command, name, rest = _command_of(words)
        if command is not None and not _HELP.intersection(rest):
            with command.make_context(name, list(rest)):
                pass
    except LineNotUnderstood as error:
        if only_names and not _is_about_a_name(error):
            return None
        told = usage_error(error)
        return "it needs more than that" if isinstance(told, NothingAskedError) else told.what
    return None


def options_of(words: Sequence[str]) -> frozenset[str]:
    """The options that the command takes which the words after `breakglass` begin with; none where there is none."""
    try:
        command, _, _ = _command_of(words)
    except LineNotUnderstood:
        return frozenset()
    return frozenset(option for parameter in command.params for option in parameter.opts) if command else frozenset()


@cache
def _program() -> Any:
    return get_command(build_app())


def _command_of(words: Sequence[str]) -> tuple[Any, str, Sequence[str]]:
    """The command that some words name, its name, and what is left of them; no command where they only ask for help.

    Raises typer's own error for one that there is not.
    """
    command: Any = _program()
    name, rest = NAME, list(words)
    while hasattr(command, "resolve_command"):
        if not rest or rest[0] in {*_HELP, "--version"}:
            return None, name, rest
        context = command.make_context(name, list(rest))
        found, command, rest = command.resolve_command(context, rest)
        name = f"{name} {found}"
    return command, name, rest


def _is_about_a_name(error: Exception) -> bool:
    """Whether it is about a command or an option that does not exist; both know what else was possible."""
    return hasattr(error, "possibilities") or "No such" in str(getattr(error, "message", ""))
