"""What the sandbox knows beside moto's own backends: one state for each service, account and region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .accounts import Credentials
from .clock import Clock

S = TypeVar("S")

AwsShape = dict[str, Any]
"""A structure as AWS's model names and shapes it, in a request or an answer."""

GLOBAL = "aws-global"
"""The region of services that have none: Route 53, IAM, STS."""


@dataclass
class World:
    """The state of all accounts. There is one world in each server process."""

    clock: Clock = field(default_factory=Clock)
    credentials: Credentials = field(default_factory=Credentials.of_the_sandbox)
    _states: dict[tuple[type[Any], str, str], Any] = field(default_factory=dict)

    def state(self, kind: type[S], account: str, region: str) -> S:
        """The state of one kind in an account and region, empty at first."""
        found: S = self._states.setdefault((kind, account, region), kind())
        return found

    def states(self, kind: type[S]) -> Iterator[tuple[str, str, S]]:
        """Every account and region in which there is a state of this kind."""
        for (of, account, region), state in list(self._states.items()):
            if of is kind:
                yield account, region, state

    def forget(self, account: str) -> None:
        """Everything of one account is as if it had never been."""
        self._states = {key: state for key, state in self._states.items() if key[1] != account}


@dataclass(frozen=True)
class Call:
    """One API call: what is asked, of which service, in which account and region."""

    service: str
    operation: str
    account: str
    region: str
    params: AwsShape
    access_key: str | None = None

    def replaced(self, **params: Any) -> Call:
        """The same call with some parameters changed; None takes one away."""
        merged = {k: v for k, v in {**self.params, **params}.items() if v is not None}
        return Call(self.service, self.operation, self.account, self.region, merged, self.access_key)
