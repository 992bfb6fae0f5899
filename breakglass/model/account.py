"""Who we are, and where: the account, the caller, the region, and where each of these came from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Environment(StrEnum):
    """How much an account is guarded: a protected one can only be changed by typing its id."""

    PRODUCTION = "production"
    REHEARSAL = "rehearsal"


def hyphenated(account_id: str) -> str:
    """The account id as it is shown: `1111-2222-3333`, so that it cannot be copied into the prompt."""
    return "-".join(account_id[at : at + 4] for at in range(0, len(account_id), 4))


@dataclass(frozen=True, slots=True)
class Account:
    """The account that STS says the credentials belong to.

    `id` is 12 ASCII digits; `alias` is the IAM account alias, None where there is none or it may not be
    read; `name` and `environment` are what the configuration calls it, None where it is not configured (such
    an account can be read and never changed); `caller` is the ARN of the identity.
    """

    id: str
    caller: str
    alias: str | None = None
    name: str | None = None
    environment: Environment | None = None

    @property
    def label(self) -> str:
        """Hyphenated id with whatever name people know it by."""
        known_as = self.alias or self.name
        return f"{hyphenated(self.id)} {known_as}" if known_as else hyphenated(self.id)


@dataclass(frozen=True, slots=True)
class Region:
    """An AWS region, and which setting chose it (`--region`, `AWS_REGION`, `profile acme-prod`)."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything the banner says about the credentials in use.

    `credentials` tells where they came from in words; `ambiguous` is set when exported keys and AWS_PROFILE
    are both there and neither `--profile` nor `--account` says which is meant; `expires` is UTC, None where
    it is not known; `endpoint` is AWS_ENDPOINT_URL when set.
    """

    account: Account
    region: Region
    credentials: str
    profile: str | None = None
    expires: datetime | None = None
    endpoint: str | None = None
    ambiguous: bool = False
