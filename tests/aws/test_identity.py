"""Identity: STS alone first, the alias beside everything else, and the endpoints that are honoured."""

import os
from pathlib import Path

import pytest

from breakglass import __version__
from breakglass.aws.clients import changing
from breakglass.aws.identity import AliasLookup, account_alias, describe, whoami
from breakglass.aws.session import Connection
from breakglass.errors import BreakglassError, UsageError
from breakglass.model.account import Environment
from tests.aws.conftest import ACCOUNT, CALLER, IDENTITY, Connect, Reply, Wire, query_error

ALIASES = (
    "<ListAccountAliasesResponse><ListAccountAliasesResult><AccountAliases>{members}</AccountAliases>"
    "<IsTruncated>false</IsTruncated></ListAccountAliasesResult></ListAccountAliasesResponse>"
)


def iam(reply: Reply) -> object:
    return lambda asked: reply if asked.operation == "ListAccountAliases" else Reply(IDENTITY)


def test_sts_is_all_that_is_asked(wire: Wire, connection: Connection) -> None:
    caller = whoami(connection)
    assert (caller.account, caller.arn) == (ACCOUNT, CALLER)
    whoami(connection)
    assert wire.operations() == ["GetCallerIdentity"] * 2
    assert connection.sent == 2


def test_the_banner_has_everything(wire: Wire, connection: Connection) -> None:
    wire.answer = iam(Reply(ALIASES.format(members="<member>acme-prod</member>")))  # type: ignore[assignment]
    alias = AliasLookup(connection)
    identity = describe(
        connection, whoami(connection), alias=alias.result(), name="production", environment=Environment.PRODUCTION
    )
    assert identity.account.alias == "acme-prod"
    assert identity.account.environment is Environment.PRODUCTION
    assert identity.region.name == "eu-west-1"
    assert identity.endpoint == wire.url


@pytest.mark.parametrize(
    "reply",
    [query_error("AccessDenied", status=403), query_error("ServiceUnavailable"), Reply(ALIASES.format(members=""))],
)
def test_no_alias_is_no_failure(wire: Wire, connection: Connection, reply: Reply) -> None:
    wire.answer = iam(reply)  # type: ignore[assignment]
    assert account_alias(connection) is None
    assert AliasLookup(connection).result() is None


def test_the_alias_holds_nothing_up(wire: Wire, connection: Connection) -> None:
    wire.answer = iam(Reply(ALIASES.format(members="<member>x</member>"), delay=1.5))  # type: ignore[assignment]
    alias = AliasLookup(connection)
    whoami(connection)
    assert alias.result(timeout=0) is None
    assert alias.result() == "x"


@pytest.mark.parametrize("account", ["", "12345678901", "1111222233334", "11112222333a", "\uff11" * 12])
def test_an_account_that_is_none_is_refused(wire: Wire, connection: Connection, account: str) -> None:
    wire.answer = lambda _: Reply(IDENTITY.replace(ACCOUNT, account))
    with pytest.raises(BreakglassError, match="12 digits"):
        whoami(connection)


@pytest.mark.usefixtures("keys")
def test_one_service_can_have_an_endpoint_of_its_own(
    wire: Wire, connecting: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", wire.url)
    connection = connecting()
    assert whoami(connection).account == ACCOUNT
    assert connection.endpoint == "http://127.0.0.1:9"
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert connecting().endpoint == f"AWS_ENDPOINT_URL_STS={wire.url}"


@pytest.mark.usefixtures("keys")
def test_endpoints_that_are_ignored_or_empty_are_not_reported(
    connecting: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert connecting().endpoint is None
    assert connecting().client("sts").meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"
    monkeypatch.delenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    connection = connecting()
    assert connection.endpoint is None
    assert connection.client("sts").meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("endpoint", ["nonsense", "localhost:4566", "http://", "http://a b"])
@pytest.mark.usefixtures("keys")
def test_an_endpoint_that_is_none_is_a_usage_error(
    connecting: Connect, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(UsageError, match="endpoint"):
        whoami(connecting())


def test_our_calls_can_be_told_in_cloudtrail(wire: Wire, connection: Connection) -> None:
    whoami(connection)
    connection.ask("ecs", "DeleteService", {"service": "x"}, manner=changing("20261123T031209Z-7f3a"))
    reading, writing = (asked.headers["user-agent"] for asked in wire.asked)
    assert reading.endswith(f"breakglass/{__version__}")
    assert writing.endswith(f"breakglass/{__version__} run/20261123T031209Z-7f3a")


def test_the_configured_endpoint_of_a_profile_counts(machine: object, wire: Wire, connecting: Connect) -> None:
    os.environ.pop("AWS_ENDPOINT_URL")
    machine.write_text(  # type: ignore[attr-defined]
        f"[profile local]\naws_access_key_id = AKIALOCAL\naws_secret_access_key = hush\nendpoint_url = {wire.url}\n"
    )
    connection = connecting(profile="local")
    assert connection.endpoint == wire.url
    whoami(connection)
    assert [asked.access_key for asked in wire.asked] == ["AKIALOCAL"]


def test_only_the_first_call_makes_a_client(connection: Connection) -> None:
    assert connection.client("ecs") is connection.client("ecs", "eu-west-1")
    assert connection.client("ecs") is not connection.client("ecs", "us-east-1")
    assert connection.client("ecs") is not connection.client("ecs", manner=changing("7f3a"))


@pytest.mark.usefixtures("keys")
def test_sts_is_asked_in_the_region_at_hand(
    machine: Path, connecting: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.write_text("[default]\nsts_regional_endpoints = legacy\n")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert connecting().client("sts").meta.endpoint_url == "https://sts.us-east-1.amazonaws.com"
