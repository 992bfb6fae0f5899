"""The options that every command which talks to AWS takes, after its own name."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer


@dataclass(frozen=True, slots=True)
class Common:
    """What the common options say. `account` is a name of the configuration, never an id.

    `cluster` is no common option: the commands that take it note it here, so that what they say to paste has it too.
    """

    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="The configured account that you mean.")
    ] = None
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="AWS profile; beats the account's own.")
    ] = None
    region: Annotated[str | None, typer.Option("--region", metavar="REGION", help="AWS region.")] = None
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Configuration to use, else breakglass.toml.")
    ] = None
    state_dir: Annotated[
        Path | None, typer.Option("--state-dir", metavar="DIR", help="Where runs and snapshots are kept.")
    ] = None
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Log each request to standard error, never its body.")] = False
    cluster: str | None = None

    @property
    def places(self) -> dict[str, str]:
        """The options that were given and decide where a command works."""
        given = {
            "--account": self.account,
            "--profile": self.profile,
            "--region": self.region,
            "--config": self.config,
            "--state-dir": self.state_dir,
        }
        return {option: str(value) for option, value in given.items() if value}

    def repeated(self, command: str) -> str:
        """`command` with the options that decide where it works, so that pasting it works in the same place."""
        chosen = {"--cluster": self.cluster} if self.cluster and command.split()[1:2] in IN_A_CLUSTER else {}
        return " ".join([command, *(f"{option} {quote(value)}" for option, value in (chosen | self.places).items())])


IN_A_CLUSTER = [["inventory"], ["recover"], ["remove"], ["rebuild"]]
"""The commands that take `--cluster`."""


def with_common_options(command: Callable[..., int]) -> Callable[..., None]:
    """A typer command out of a function that takes `Common` first, then its own parameters, and gives an exit code.

    typer reads parameters from the signature: it is shown the command's own ones and then the common ones.
    """
    own = list(inspect.signature(command).parameters.values())[1:]
    options = [field for field in fields(Common) if field.name != "cluster"]
    shared = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in options
    ]
    names = [field.name for field in options]

    @wraps(command)
    def run(**given: Any) -> None:
        common = Common(**{name: given.pop(name) for name in names})
        if common.debug:
            from breakglass.ui.debugging import trace  # noqa: PLC0415 - few commands are traced

            trace()
        code = command(common, **given)
        if code:
            raise typer.Exit(code)

    shown = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + shared
    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    return run
