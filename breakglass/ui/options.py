"""Parameters that several commands have in common, and what they mean together."""

from collections.abc import Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from breakglass.errors import UsageError

if TYPE_CHECKING:
    from breakglass.planning.removal import Choice


class Output(StrEnum):
    """The forms of a result on standard output."""

    TABLE = "table"
    JSON = "json"


class Report(StrEnum):
    """The forms of a rehearsal's report."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


Service = Annotated[str, typer.Argument(metavar="SERVICE", help="The service, e.g. deployer-api.")]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="NAME", help="The ECS cluster, where several have a service of that name."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="The same screens, and nothing is changed.")]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="KIND", help="Only this kind. Repeatable.")]
Keep = Annotated[list[str] | None, typer.Option("--keep", metavar="KIND", help="Leave this kind alone. Repeatable.")]
Pick = Annotated[bool, typer.Option("--pick", help="Choose the components.")]
StepByStep = Annotated[bool, typer.Option("--step", help="Ask before each step: go, skip or stop.")]
ConfirmAccount = Annotated[
    str | None,
    typer.Option(
        "--confirm-account",
        metavar="ID",
        help="Answers the prompt for scripts; accepted only in accounts configured as rehearsal.",
    ),
]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="How to print the result.")]


def choice(
    only: Sequence[str] | None, keep: Sequence[str] | None, *, unprotect: bool = False, managed: bool = False
) -> "Choice":
    """What the operator chose. Raises `UsageError` for a kind that there is not, with the nearest."""
    from breakglass.planning.removal import Choice  # noqa: PLC0415 - --help does not need it

    return Choice(_kinds(only or (), "--only"), _kinds(keep or (), "--keep"), unprotect=unprotect, managed=managed)


def _kinds(names: Sequence[str], option: str) -> frozenset[str]:
    from breakglass.kinds import all_kinds  # noqa: PLC0415

    known = all_kinds()
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.4)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(f"{option} {name!r} is no kind of component.{meant}", hint=f"Kinds: {', '.join(known)}")
    return frozenset(names)
