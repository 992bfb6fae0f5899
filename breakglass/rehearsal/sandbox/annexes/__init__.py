"""What the sandbox has of AWS for the sake of a single kind of component: one module for each, found by being here.

A module in this package that defines `ANNEX` is an annex. Where moto answers all of a kind's look-ups and calls as AWS
does, it only has to make what the seeded services have of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # What annexes are handed knows of them itself.
    from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
    from breakglass.rehearsal.sandbox.seed.ground import Ground
    from breakglass.rehearsal.sandbox.state import AwsShape, Call


class Annex:
    """One kind's part of the sandbox. Everything here may be left as it is."""

    def handlers(self, moto: MotoBridge) -> Mapping[tuple[str, str], Callable[[Call], AwsShape]]:
        """By boto3's service and operation, what moto would answer otherwise than AWS."""
        return {}

    def plant(self, ground: Ground, named: AwsShape) -> None:
        """Make what a task definition or ECS service of the seed names of it; `named` is about to be sent to ECS."""

    def witness(self, account: str, region: str) -> AwsShape:
        """What people configured of it, by kind and id, as the witness shows it."""
        return {}

    def keeps_from_starting(self, account: str, region: str, definition: AwsShape) -> str | None:
        """Why no task of this definition can start, as ECS says it; None where nothing here does."""
        return None


@cache
def all_annexes() -> tuple[Annex, ...]:
    """Every annex, by the names of their modules."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(import_module(f"{__name__}.{name}").ANNEX for name in names)


def kept_from_starting(account: str, region: str, definition: AwsShape) -> str | None:
    """The first reason why no task of a definition can start."""
    reasons = (annex.keeps_from_starting(account, region, definition) for annex in all_annexes())
    return next((reason for reason in reasons if reason), None)
