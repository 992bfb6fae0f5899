"""The sandbox's two accounts, and which credentials lead to which of them."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field

from .refusal import Refused


@dataclass(frozen=True)
class Account:
    """An AWS account of the sandbox, and the credentials of the profile that leads to it."""

    name: str
    id: str
    alias: str
    access_key: str
    secret_key: str = "sandbox/secret/that/opens/nothing/anywhere"  # noqa: S105 - it opens nothing
    session_token: str = "sandbox-session-token"  # noqa: S105 - it opens nothing

    @property
    def profile(self) -> str:
        """The name of the profile in the sandbox's own AWS configuration files."""
        return f"sandbox-{self.name}"


PRODUCTION = Account("production", "111122223333", "acme-prod", "ASIASANDBOXPROD00001")
STAGING = Account("staging", "444455556666", "acme-staging", "ASIASANDBOXSTAGE0001")
ACCOUNTS = (PRODUCTION, STAGING)

REGION = "eu-west-1"
ROLE = "BreakGlass"
OPERATOR = "ana"


@dataclass(frozen=True)
class Identity:
    """Whom STS says a set of credentials is."""

    account: str
    arn: str
    user_id: str


@dataclass
class Credentials:
    """Every access key the sandbox knows, and those that have expired.

    An access key that AWS has never issued is refused with InvalidClientTokenId (UnrecognizedClientException where
    the service speaks JSON or CBOR), one whose session is over with ExpiredToken (ExpiredTokenException):
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_security-token.html
    """

    known: dict[str, Identity] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)

    @classmethod
    def of_the_sandbox(cls) -> Credentials:
        """The sessions of the two profiles: ana in the role BreakGlass of each account."""
        credentials = cls()
        for account in ACCOUNTS:
            credentials.known[account.access_key] = session_identity(account.id, ROLE, OPERATOR)
        return credentials

    def resolve(self, access_key: str | None) -> Identity:
        """Say whom an access key belongs to, or refuse it as AWS does."""
        if access_key is None:
            raise Refused("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        if access_key in self.expired:
            raise Refused("ExpiredToken", "The security token included in the request is expired", 403)
        try:
            return self.known[access_key]
        except KeyError:
            raise Refused(
                "InvalidClientTokenId", "The security token included in the request is invalid.", 403
            ) from None

    def issue(self, account: str, role: str, session: str) -> tuple[str, Identity]:
        """Begin a new session of a role and return its access key."""
        alphabet = string.ascii_uppercase + string.digits
        access_key = "ASIA" + "".join(secrets.choice(alphabet) for _ in range(16))
        self.known[access_key] = session_identity(account, role, session)
        return access_key, self.known[access_key]

    def expire(self, account: str) -> None:
        """End every session of an account."""
        self.expired.update(key for key, identity in self.known.items() if identity.account == account)

    def renew(self, account: str) -> None:
        """Let the sessions of an account be valid again, as after a new login."""
        self.expired -= {key for key, identity in self.known.items() if identity.account == account}


def session_identity(account: str, role: str, session: str) -> Identity:
    """The identity of a role session; the ARN carries the role's name without its path."""
    name = role.rpartition("/")[2]
    return Identity(
        account, f"arn:aws:sts::{account}:assumed-role/{name}/{session}", f"AROA{name.upper()[:8]:0<17}:{session}"
    )
