"""How a change is sent to AWS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from breakglass.model.reading import AwsError


class Unclear(AwsError):
    """Nobody knows whether the call was carried out: the connection broke, time ran out, or AWS answered 5xx."""


@dataclass(frozen=True, slots=True)
class Sent:
    """AWS's answer to a changing call."""

    request_id: str | None
    answer: Mapping[str, Any] = field(default_factory=dict)


class Writer(Protocol):
    """Sends changing calls, each exactly once.

    Raises `Unclear` where it cannot be known what became of the call, any other `AwsError` where AWS said no,
    and `breakglass.errors.CredentialsError` once the credentials are refused.
    """

    def send(self, service: str, operation: str, params: Mapping[str, Any], *, region: str | None = None) -> Sent:
        """One request. `params` hold nothing but values."""
        ...
