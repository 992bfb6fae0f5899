"""API calls from inside the sandbox: through the same manners, without HTTP and without the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breakglass.rehearsal.sandbox.manners import Manners
from breakglass.rehearsal.sandbox.state import AwsShape, Call


@dataclass(frozen=True)
class Caller:
    """Calls AWS in one account and region."""

    manners: Manners
    account: str
    region: str

    def __call__(self, service: str, operation: str, **params: Any) -> AwsShape:
        """The answer to one call; raises Refused."""
        return self.manners.answer(Call(service, operation, self.account, self.region, params))

    def elsewhere(self, region: str) -> Caller:
        """The same account in another region."""
        return Caller(self.manners, self.account, region)
