"""The banner says which account this is, and cannot be overlooked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.model.account import Account, Environment, Identity, Region
from breakglass.ui.banner import banner
from breakglass.ui.terminal import Style, columns

NOW = datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC)
ROLE = "arn:aws:sts::111122223333:assumed-role/BreakGlass/ana"
IDENTITY = Identity(
    account=Account("111122223333", ROLE, "acme-prod", "production", Environment.PRODUCTION),
    region=Region("eu-west-1", "AWS_REGION"),
    credentials="profile acme-prod (SSO)",
    profile="acme-prod",
    expires=NOW + timedelta(minutes=46),
)
FILE = Path("breakglass.toml")


def written(identity=IDENTITY, file=FILE, style=Style()):
    return banner(identity, file, NOW, style)


def account(**changes):
    return replace(IDENTITY, account=replace(IDENTITY.account, **changes))


def test_everything_is_there():
    text = written()
    for said in (
        "1111-2222-3333 acme-prod (production)  [PRODUCTION]", "eu-west-1 (AWS_REGION)", "ROLE     BreakGlass / ana",
        "ends 03:58Z, in 46 min", "from profile acme-prod (SSO)", "breakglass.toml",
    ):  # fmt: skip
        assert said in text
    assert "111122223333" not in text


@pytest.mark.parametrize(
    ("environment", "mark", "colour"),
    [
        (Environment.PRODUCTION, "[PRODUCTION]", "31"),
        (Environment.REHEARSAL, "[rehearsal]", "32"),
        (None, "[NOT CONFIGURED: can be read, never changed]", "33"),
    ],
)
def test_the_environment_is_a_word_first_and_a_colour_where_there_are_any(environment, mark, colour):
    assert mark in written(account(environment=environment))
    painted = written(account(environment=environment), style=Style(colour=True, interactive=True))
    assert f"\x1b[1;7;{colour}m{mark}\x1b[0m" in painted
    assert painted.startswith(f"\x1b[{colour}m━")


@pytest.mark.parametrize(
    ("minutes", "said"), [(14, "sign in again first"), (-1, "ended"), (15, "in 15 min"), (125, "2 h 5 min")]
)
def test_a_session_that_ends_soon_is_a_warning(minutes, said):
    text = written(replace(IDENTITY, expires=NOW + timedelta(minutes=minutes)))
    assert said in text
    assert ("sign in again" in text) is (minutes < 15)


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("arn:aws:iam::111122223333:user/ops/ana", "USER     ana"),
        ("arn:aws:iam::111122223333:root", "USER     the account's root user"),
        ("arn:aws:sts::111122223333:federated-user/ana", "USER     ana (federated)"),
        (
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Break_Glass_0123456789abcdef/ana@x",
            "Break_Glass (SSO) / ana@x",
        ),
    ],
)
def test_callers_are_named_as_people_know_them(arn, said):
    assert said in written(account(caller=arn))


def test_an_endpoint_that_is_not_awss_own_and_two_sources_of_keys_are_said():
    assert "http://127.0.0.1:5000: this is not AWS's own" in written(
        replace(IDENTITY, endpoint="http://127.0.0.1:5000")
    )
    assert "exported keys and AWS_PROFILE are both set" in written(replace(IDENTITY, ambiguous=True))
    assert "***@" in written(replace(IDENTITY, endpoint="http://user:hunter2@proxy:5000"))


@settings(deadline=None)
@given(st.text(max_size=150), st.integers(60, 100), st.booleans(), st.booleans())
def test_it_keeps_to_the_width_and_never_speaks_to_the_terminal(text, width, unicode, interactive):
    identity = replace(
        IDENTITY,
        account=Account("111122223333", text, text, text, Environment.PRODUCTION),
        credentials=text,
        endpoint=text,
        region=Region("eu-west-1", text),
    )
    lines = written(identity, style=Style(width, unicode=unicode, interactive=interactive)).splitlines()
    assert all(columns(line) <= width and line.isprintable() for line in lines)
    assert "[PRODUCTION]" in "\n".join(lines)
