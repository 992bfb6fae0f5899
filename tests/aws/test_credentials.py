"""Whose credentials, where from, and what is said when they do not work (terminal.md, trap 11)."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from breakglass.aws.answers import CREDENTIALS
from breakglass.aws.identity import describe, whoami
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import Connection
from breakglass.errors import BreakglassError, CredentialsError
from tests.aws.conftest import (
    ACCOUNT,
    CALLER,
    IDENTITY,
    Asked,
    Connect,
    Reply,
    Wire,
    json_error,
    query_error,
)

TWO_PROFILES = """
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = hush
[profile acme-prod]
region = eu-central-1
aws_access_key_id = AKIAPROD
aws_secret_access_key = hush
[profile acme-staging]
aws_access_key_id = AKIASTAGING
aws_secret_access_key = hush
"""
SSO_SESSION = """
[profile acme-prod]
sso_session = acme
sso_account_id = 111122223333
sso_role_name = BreakGlass
[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
"""
SSO_LEGACY = """
[profile acme-prod]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = BreakGlass
"""
ROLE = """
[profile acme-prod]
role_arn = arn:aws:iam::111122223333:role/ops/BreakGlass
source_profile = base
{extra}
[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = hush
"""


def assumed(until: datetime) -> Reply:
    return Reply(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>"
        f"<SecretAccessKey>hush</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{until.isoformat()}</Expiration>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )


@pytest.mark.parametrize(
    ("environ", "given", "access_key", "profile"),
    [
        ({}, {}, "AKIADEFAULT", "default"),
        ({"AWS_PROFILE": ""}, {}, "AKIADEFAULT", "default"),
        ({"AWS_PROFILE": "acme-prod"}, {}, "AKIAPROD", "acme-prod"),
        ({"AWS_PROFILE": "acme-prod"}, {"account_profile": "acme-staging"}, "AKIASTAGING", "acme-staging"),
        ({"AWS_PROFILE": ""}, {"account_profile": "acme-staging"}, "AKIASTAGING", "acme-staging"),
        ({}, {"profile": "acme-prod", "account_profile": "acme-staging"}, "AKIAPROD", "acme-prod"),
        ({"AWS_ACCESS_KEY_ID": "AKIAENV"}, {}, "AKIAENV", None),
        ({"AWS_ACCESS_KEY_ID": "AKIAENV"}, {"profile": ""}, "AKIAENV", None),
        ({"AWS_ACCESS_KEY_ID": "AKIAENV"}, {"profile": "acme-prod"}, "AKIAPROD", "acme-prod"),
        ({"AWS_ACCESS_KEY_ID": "AKIAENV"}, {"account_profile": "acme-staging"}, "AKIASTAGING", "acme-staging"),
        ({"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_PROFILE": ""}, {}, "AKIAENV", None),
        ({"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_PROFILE": "acme-prod"}, {}, "AKIAENV", None),
        ({"AWS_ACCESS_KEY_ID": ""}, {}, "AKIADEFAULT", "default"),
    ],
)
def test_who_signs(
    machine: Path,
    wire: Wire,
    connecting: Connect,
    monkeypatch: pytest.MonkeyPatch,
    environ: Mapping[str, str],
    given: Mapping[str, str],
    access_key: str,
    profile: str | None,
) -> None:
    machine.write_text(TWO_PROFILES)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    if environ.get("AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    connection = connecting(**given)
    assert whoami(connection).account == ACCOUNT
    assert wire.asked[0].access_key == access_key
    assert connection.origin.profile == profile
    words = f"profile {profile}" if profile else "environment variables"
    assert connection.origin.words == words


@pytest.mark.parametrize(
    ("profile", "given", "ambiguous"),
    [
        ("acme-prod", {}, True),
        ("acme-prod", {"profile": "acme-prod"}, False),
        ("acme-prod", {"named_account": True}, False),
        ("acme-prod", {"named_account": True, "account_profile": "acme-prod"}, False),
        ("", {}, False),
        (None, {}, False),
    ],
)
@pytest.mark.usefixtures("keys")
def test_keys_and_profile_together_are_ambiguous(
    machine: Path,
    connecting: Connect,
    monkeypatch: pytest.MonkeyPatch,
    profile: str | None,
    given: Mapping[str, object],
    ambiguous: bool,  # noqa: FBT001
) -> None:
    machine.write_text(TWO_PROFILES)
    if profile is not None:
        monkeypatch.setenv("AWS_PROFILE", profile)
    connection = connecting(**given)
    caller = whoami(connection)
    assert describe(connection, caller, alias=None).ambiguous is ambiguous


def test_the_region_of_the_profile_in_use_is_the_last_resort(
    machine: Path, connecting: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.write_text(TWO_PROFILES)
    monkeypatch.delenv("AWS_REGION")
    assert connecting(profile="acme-prod").region.source == "profile acme-prod"
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert connecting(profile="acme-prod").region.source == "AWS_REGION"


@pytest.mark.parametrize("given", [{"profile": "acme-porod"}, {"account_profile": "acme-porod"}, {}])
def test_an_unknown_profile_is_answered_with_the_known_ones(
    machine: Path, wire: Wire, connecting: Connect, monkeypatch: pytest.MonkeyPatch, given: Mapping[str, str]
) -> None:
    machine.write_text(TWO_PROFILES)
    if not given:
        monkeypatch.setenv("AWS_PROFILE", "acme-porod")
    with pytest.raises(CredentialsError, match="acme-porod") as unknown:
        connecting(**given)
    assert "acme-prod, acme-staging, default" in unknown.value.hint
    assert wire.asked == []


def test_a_role_is_named_with_its_end(machine: Path, wire: Wire, connecting: Connect) -> None:
    machine.write_text(ROLE.format(extra=""))
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    wire.answer = lambda asked: assumed(end) if asked.operation == "AssumeRole" else Reply(IDENTITY)
    connection = connecting(profile="acme-prod")
    identity = describe(connection, whoami(connection), alias="acme", name="production")
    assert identity.credentials == "profile acme-prod (assumed role BreakGlass)"
    assert (identity.profile, identity.expires, identity.account.caller) == ("acme-prod", end, CALLER)
    assert wire.operations() == ["AssumeRole", "GetCallerIdentity"]
    assert connection.sent == 2


def test_a_role_that_may_not_be_assumed_is_no_denied_call(machine: Path, wire: Wire, connecting: Connect) -> None:
    machine.write_text(ROLE.format(extra=""))
    wire.answer = lambda _: query_error("AccessDenied", "not authorized to perform: sts:AssumeRole", 403)
    reader = AwsReader(connecting(profile="acme-prod"), ACCOUNT)
    with pytest.raises(CredentialsError, match="AssumeRole failed: AccessDenied"):
        reader.call("ecs", "ListClusters")
    assert set(wire.operations()) == {"AssumeRole"}


@pytest.mark.parametrize("code", sorted(CREDENTIALS))
@pytest.mark.usefixtures("keys")
def test_credentials_that_end_are_one_error_wherever_they_end(wire: Wire, connecting: Connect, code: str) -> None:
    connection = connecting()
    wire.answer = lambda asked: json_error(code, status=403) if "target" in str(asked.headers) else query_error(code)
    with pytest.raises(CredentialsError) as first:
        whoami(connection)
    reader = AwsReader(connection, ACCOUNT)
    with pytest.raises(CredentialsError) as later:
        reader.call("ecs", "ListClusters")
    for error in (first.value, later.value):
        assert code in error.what
        assert error.exit_code == 4
        assert "export AWS_ACCESS_KEY_ID=" in error.hint
    assert len(wire.asked) == 2


@pytest.mark.usefixtures("keys")
def test_exported_credentials_past_their_end(wire: Wire, connecting: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore says this with a plain RuntimeError."""
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")
    with pytest.raises(CredentialsError, match="expired"):
        whoami(connecting())
    assert wire.asked == []


@pytest.mark.usefixtures("keys")
def test_exported_credentials_with_an_end(connecting: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", end.isoformat())
    assert connecting().expires == end


def test_static_keys_have_no_known_end(connection: Connection) -> None:
    assert connection.expires is None


def test_half_of_the_keys(connecting: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    with pytest.raises(CredentialsError, match="AWS_SECRET_ACCESS_KEY") as half:
        connecting()
    assert "export AWS_ACCESS_KEY_ID=" in half.value.hint


@pytest.mark.usefixtures("machine")
def test_no_credentials_at_all(connecting: Connect, wire: Wire) -> None:
    began = time.monotonic()
    with pytest.raises(CredentialsError, match="no AWS credentials") as none:
        connecting()
    assert time.monotonic() - began < 1
    assert "--profile" in none.value.hint
    assert wire.asked == []


def test_a_configuration_that_cannot_be_parsed(machine: Path, connecting: Connect) -> None:
    machine.write_text("[profile broken\nnonsense")
    with pytest.raises(CredentialsError, match="config"):
        connecting()


def test_a_failing_credential_process(machine: Path, connecting: Connect) -> None:
    machine.write_text("[profile acme-prod]\ncredential_process = sh -c 'echo locked >&2; exit 3'\n")
    with pytest.raises(CredentialsError, match="locked") as failed:
        whoami(connecting(profile="acme-prod"))
    assert "--profile acme-prod" in failed.value.hint


def test_a_credential_process(machine: Path, connecting: Connect, wire: Wire) -> None:
    answer = json.dumps({"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "hush"})
    machine.with_name("answer").write_text(answer)
    machine.write_text(f"[profile acme-prod]\ncredential_process = cat {machine.with_name('answer')}\n")
    connection = connecting(profile="acme-prod")
    whoami(connection)
    assert wire.asked[0].access_key == "AKIAPROCESS"
    assert connection.origin.words == "profile acme-prod (credential_process)"


def test_a_missing_web_identity_token(connecting: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/x")
    with pytest.raises(CredentialsError, match="/nowhere/token") as missing:
        whoami(connecting())
    assert "AWS_WEB_IDENTITY_TOKEN_FILE" in missing.value.hint


def test_container_credentials(connecting: Connect, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "hush", "Token": "t", "Expiration": end}
    wire.answer = lambda asked: Reply(json.dumps(given) if asked.path == "/role" else IDENTITY)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{wire.url}/role")
    connection = connecting()
    whoami(connection)
    assert connection.origin.words == "container credentials"
    assert wire.asked[-1].access_key == "ASIACONTAINER"
    assert connection.expires is not None


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/role", "http://example.com/role"])
def test_container_credentials_that_are_not_given(
    connecting: Connect, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri)
    began = time.monotonic()
    with pytest.raises(CredentialsError) as missing:
        whoami(connecting())
    assert "container" in missing.value.hint
    assert time.monotonic() - began < 5


def metadata(asked: Asked) -> Reply:
    end = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {
        "Code": "Success",
        "AccessKeyId": "ASIAINSTANCE",
        "SecretAccessKey": "hush",
        "Token": "t",
        "Expiration": end,
        "LastUpdated": end,
        "Type": "AWS-HMAC",
    }
    if asked.operation:
        return Reply(IDENTITY)
    return Reply(
        {"/latest/api/token": "token", "/latest/meta-data/iam/security-credentials/": "role"}.get(
            asked.path, json.dumps(given)
        )
    )


@pytest.mark.usefixtures("machine")
def test_instance_metadata_is_the_last_resort(connecting: Connect, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", wire.url)
    wire.answer = metadata
    connection = connecting()
    assert connection.origin.words == "instance metadata"
    whoami(connection)
    assert wire.asked[-1].access_key == "ASIAINSTANCE"


@pytest.mark.parametrize("given", [{"profile": "acme-prod"}, {}])
def test_instance_metadata_is_not_asked_where_there_is_something_else(
    machine: Path, connecting: Connect, wire: Wire, monkeypatch: pytest.MonkeyPatch, given: Mapping[str, str]
) -> None:
    machine.write_text(TWO_PROFILES)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", wire.url)
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
    whoami(connecting(**given))
    assert wire.operations() == ["GetCallerIdentity"]


@pytest.mark.usefixtures("machine")
def test_dead_instance_metadata_fails_in_two_seconds(
    connecting: Connect, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", silent)
    began = time.monotonic()
    with pytest.raises(CredentialsError, match="no AWS credentials"):
        connecting()
    assert time.monotonic() - began < 2.5


PROGRAM = """
import json, os, sys
from breakglass.aws.identity import whoami
from breakglass.aws.session import connect
from breakglass.errors import BreakglassError
try:
    with connect(profile="acme-prod", account_profile=None, region=None, environ=os.environ, named_account=False) as c:
        print(json.dumps({"account": whoami(c).account, "words": c.origin.words}))
except BreakglassError as error:
    print(json.dumps({"error": type(error).__name__, "what": error.what, "hint": error.hint}))
"""


def run(stdin: str = "") -> dict[str, str]:
    """A process of its own: botocore decides at import where the sign-in cache is, and whether there is a terminal."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stderr == ""
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def sign_in_cache(name: str, content: Mapping[str, str]) -> None:
    folder = Path(os.environ["HOME"], ".aws", "sso", "cache")
    folder.mkdir(parents=True)
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    (folder / f"{digest}.json").write_text(json.dumps(content))


@pytest.mark.parametrize("config", [SSO_SESSION, SSO_LEGACY], ids=["session", "legacy"])
@pytest.mark.parametrize("cached", ["none", "expired", "refused"])
def test_an_expired_sign_in_is_one_error_with_the_line_to_paste(
    machine: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch, config: str, cached: str
) -> None:
    """TokenRetrievalError, UnauthorizedSSOTokenError, SSOTokenLoadError: all of them."""
    machine.write_text(config)
    monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
    wire.answer = lambda _: json_error("UnauthorizedException", "Session token not found or invalid", 401)
    end = datetime.now(UTC) + timedelta(hours=-1 if cached == "expired" else 8)
    if cached != "none":
        name = "acme" if config is SSO_SESSION else "https://acme.awsapps.com/start"
        content = {"accessToken": "t", "expiresAt": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "region": "eu-west-1"}
        sign_in_cache(name, {**content, "startUrl": "https://acme.awsapps.com/start"})
    answer = run()
    assert answer["error"] == "CredentialsError"
    assert answer["hint"] == "aws sso login --profile acme-prod"
    assert [asked.path.partition("?")[0] for asked in wire.asked] == (
        ["/federation/credentials"] if cached == "refused" else []
    )


def test_a_valid_sign_in(machine: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.write_text(SSO_SESSION)
    monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
    end = datetime.now(UTC) + timedelta(hours=1)
    given = {"accessKeyId": "ASIASSO", "secretAccessKey": "hush", "sessionToken": "t"}
    role = {"roleCredentials": {**given, "expiration": int(end.timestamp() * 1000)}}
    wire.answer = lambda asked: Reply(json.dumps(role) if "federation" in asked.path else IDENTITY)
    sign_in_cache("acme", {"accessToken": "t", "expiresAt": end.strftime("%Y-%m-%dT%H:%M:%SZ")})
    assert run() == {"account": ACCOUNT, "words": "profile acme-prod (SSO)"}


def test_a_code_is_not_read_from_a_pipe(machine: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.write_text(ROLE.format(extra="mfa_serial = arn:aws:iam::111122223333:mfa/ana"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
    answer = run(stdin="123456\n")
    assert answer["error"] == "CredentialsError"
    assert "MFA code" in answer["what"]
    assert wire.asked == []


@pytest.mark.usefixtures("keys")
def test_sts_out_of_reach_is_an_error_with_a_hint(connecting: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    with pytest.raises(BreakglassError, match="EndpointConnectionError") as unreachable:
        whoami(connecting())
    assert unreachable.value.exit_code == 1
    assert "eu-west-1" in unreachable.value.hint
