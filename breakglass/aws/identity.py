"""Who we are: what STS says, and the alias that IAM knows."""

import re
import threading
from dataclasses import dataclass

from breakglass.aws.session import Connection
from breakglass.errors import BreakglassError
from breakglass.model.account import Account, Environment, Identity
from breakglass.model.reading import AwsError

_ACCOUNT_ID = re.compile(r"[0-9]{12}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """STS's answer: the 12-digit `account`, the `arn` of the identity, and its unique `user_id`."""

    account: str
    arn: str
    user_id: str


def whoami(connection: Connection) -> Caller:
    """Ask STS; sent anew each time, for whoever wants to know that it is still the same account.

    Raises:
        CredentialsError: the credentials are missing, expired or refused.
        BreakglassError: STS cannot be reached, or does not say which account it is.
    """
    try:
        answer = connection.ask("sts", "GetCallerIdentity")
    except AwsError as error:
        raise BreakglassError(
            f"STS does not say whose credentials these are: {error.code}: {error.message}",
            hint=f"Check network, region ({connection.region.name}) and endpoint: aws sts get-caller-identity",
        ) from error
    account = str(answer.get("Account", ""))
    if not _ACCOUNT_ID.match(account):
        raise BreakglassError(
            "STS answered without an account ID of 12 digits.",
            hint=f"Check the endpoint ({connection.endpoint or 'AWS'}): aws sts get-caller-identity",
        )
    return Caller(account, str(answer.get("Arn", "")), str(answer.get("UserId", "")))


def account_alias(connection: Connection) -> str | None:
    """The IAM account alias; None where there is none or it may not be read. Raises `CredentialsError`."""
    try:
        aliases = connection.ask("iam", "ListAccountAliases").get("AccountAliases") or []
    except AwsError:
        return None
    return str(aliases[0]) if aliases else None


class AliasLookup:
    """The account alias, asked for beside everything else, so that it costs no round trip of its own.

    It reads: where `--account` is given, make it only once the account has been compared.
    """

    def __init__(self, connection: Connection) -> None:
        self._alias: str | None = None
        self._thread = threading.Thread(target=self._ask, args=(connection,), daemon=True)
        self._thread.start()

    def result(self, timeout: float | None = None) -> str | None:
        """The alias once the answer is there; None where there is none, or not within `timeout` seconds."""
        self._thread.join(timeout)
        return self._alias

    def _ask(self, connection: Connection) -> None:
        try:
            self._alias = account_alias(connection)
        except BreakglassError:
            # Credentials that ended just now are for the reads to report.
            self._alias = None


def describe(
    connection: Connection,
    caller: Caller,
    *,
    alias: str | None,
    name: str | None = None,
    environment: Environment | None = None,
) -> Identity:
    """Everything the banner says; `name` and `environment` are what the configuration calls the account."""
    return Identity(
        account=Account(id=caller.account, caller=caller.arn, alias=alias, name=name, environment=environment),
        region=connection.region,
        credentials=connection.origin.words,
        profile=connection.origin.profile,
        expires=connection.expires,
        endpoint=connection.endpoint,
        ambiguous=connection.ambiguous,
    )
