"""Getting to the account: configuration, credentials, and the proof that it is the one that was meant."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from breakglass.config import AccountSettings, Config, load
from breakglass.errors import WrongAccount
from breakglass.model.account import Identity, hyphenated
from breakglass.ui.common import Common

if TYPE_CHECKING:
    from breakglass.aws.identity import AliasLookup
    from breakglass.aws.session import Connection

ALIAS_PATIENCE = 1.0
"""Seconds that the banner waits for the account's alias; what is read meanwhile does not wait."""


@dataclass(frozen=True, slots=True)
class Access:
    """One account, reached and recognised. `identity` is what STS said, without the alias."""

    config: Config
    connection: "Connection"
    identity: Identity
    alias: "AliasLookup"

    def with_alias(self) -> Identity:
        """The identity with the account's alias, where that arrives in time."""
        return replace(self.identity, account=replace(self.identity.account, alias=self.alias.result(ALIAS_PATIENCE)))


@contextmanager
def access(common: Common, environ: Mapping[str, str], cwd: Path) -> Iterator[Access]:
    """Read the configuration, connect, and ask STS who we are; closed again at the end.

    Where `--account` is given nothing else is read before it is clear that it is that account. Raises
    `UsageError`, `CredentialsError`, and `WrongAccount` for another account than the one named.
    """
    config = load(common.config, environ, cwd)
    meant = config.account_named(common.account) if common.account else None

    from breakglass.aws.identity import AliasLookup, describe, whoami  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.aws.session import connect  # noqa: PLC0415

    with connect(
        profile=common.profile,
        account_profile=meant.profile if meant else None,
        region=common.region,
        environ=environ,
        named_account=meant is not None,
    ) as connection:
        early = None if meant else AliasLookup(connection)
        caller = whoami(connection)
        found = config.account_with_id(caller.account)
        identity = describe(
            connection,
            caller,
            alias=None,
            name=found.name if found else None,
            environment=found.environment if found else None,
        )
        if meant and meant.id != caller.account:
            raise _wrong_account(meant, identity)
        yield Access(config, connection, identity, early or AliasLookup(connection))


def _wrong_account(meant: AccountSettings, identity: Identity) -> WrongAccount:
    found = hyphenated(identity.account.id)
    called = f"{found} ({identity.account.name})" if identity.account.name else f"{found}, which is not configured"
    hint = (
        f"Check what the profile {identity.profile} leads to, or pass --profile with one that leads to {meant.name}."
        if identity.profile
        else f"Get credentials for {meant.name}, or pass --profile with a profile that leads there."
    )
    return WrongAccount(
        f"--account {meant.name} means {hyphenated(meant.id)}, but these credentials belong to {called}. "
        f"They come from {identity.credentials}. Nothing else was read.",
        hint=hint,
    )
