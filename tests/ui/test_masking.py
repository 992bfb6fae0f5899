"""Planted secrets never come out; what people need to recover stays."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.ui.masking import mask, mask_text

SECRET = "hunter2Planted"  # noqa: S105 - planted
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf"

SECRET_KEYS = [
    "password", "DB_PASSWORD", "dbPassword", "MasterUserPassword", "passwd", "passphrase", "secret", "clientSecret",
    "SECRET_KEY", "token", "auth_token", "sessionToken", "refreshtoken", "api_key", "apiKey", "APIKEY", "x-api-key",
    "accessKey", "access_key", "privateKey", "private_key", "credential", "credentials", "auth", "Authorization",
    "session", "signature", "bearer", "cookie", "signingKey", "encryption_key", "connectionString", "sentry_dsn",
    "webhookUrl", "db_pass", "secret_id", "session_id", "splunk-token", "AWS_SECRET_ACCESS_KEY", "pwd",
]  # fmt: skip
OPEN_KEYS = [
    "Name", "taskDefinition", "SecretArn", "secret_name", "TokenKeyId", "kmsKeyId", "cluster", "author", "status",
    "Type", "credentialsParameter", "CallerReference", "FullyQualifiedDomainName", "SessionTimeout", "authType",
    "TokenEndpoint", "partition_key", "ClientId", "passenger_count", "description", "image",
]  # fmt: skip


@pytest.mark.parametrize("key", SECRET_KEYS)
@pytest.mark.parametrize(
    "plant",
    [
        lambda key: {key: SECRET},
        lambda key: {key: {"S": SECRET}},
        lambda key: {"M": {key: {"S": SECRET}}},
        lambda key: {key: {"M": {"inner": {"L": [{"S": SECRET}]}}}},
        lambda key: {key: {"SS": [SECRET, "other"]}},
        lambda key: {key: [SECRET]},
        lambda key: {key: {"inner": [{"deep": SECRET}]}},
        lambda key: {"Tags": [{"Key": key, "Value": SECRET}]},
        lambda key: {"options": [{"name": key, "value": SECRET}]},
        lambda key: {"L": [{"M": {"name": {"S": key}, "value": {"S": SECRET}}}]},
        lambda key: {"definition": json.dumps({"a": {key: SECRET}})},
        lambda key: {"definition": "x " + json.dumps({"a": {key: SECRET}})},
        lambda key: {"definition": json.dumps(json.dumps({key: SECRET}))},
        lambda key: {"command": [f"--{key}", SECRET]},
        lambda key: {"command": [f"--{key}={SECRET}"]},
        lambda key: {"command": ["sh", "-c", f"serve --port 80 --{key} {SECRET}"]},
        lambda key: {"command": ["sh", "-c", f"{key}={SECRET} serve"]},
        lambda key: {"command": ["sh", "-c", f"{key}='{SECRET} and more' serve"]},
        lambda key: {"message": f"error: {key}: {SECRET}"},
        lambda key: {"ResourcePath": f"/health?a=b&{key}={SECRET}&c=d"},
    ],
)
def test_secret_looking_names_hide_what_they_name(key, plant):
    assert SECRET not in json.dumps(mask(plant(key)))


@pytest.mark.parametrize("key", OPEN_KEYS)
def test_other_names_hide_nothing(key):
    assert mask({key: "deployer-api"}) == {key: "deployer-api"}
    assert mask_text(f"{key}=deployer-api") == f"{key}=deployer-api"


@pytest.mark.parametrize(
    "planted",
    [
        {"environment": [{"name": "GREETING", "value": SECRET}]},
        {"environment": [{"value": SECRET, "name": "X", "extra": SECRET}]},
        {"environment": {"GREETING": SECRET}},
        {"environment": [f"GREETING={SECRET}"]},
        {"Environment": {"Variables": {"GREETING": SECRET}}},
        {"environment": {"M": {"GREETING": {"S": SECRET}}}},
        {"environment": {"L": [{"M": {"name": {"S": "GREETING"}, "value": {"S": SECRET}}}]}},
        {"overrides": {"containerOverrides": [{"environment": [{"name": "GREETING", "value": ARN + SECRET}]}]}},
        {"env_vars": {"GREETING": {"nested": SECRET}}},
        {"url": f"postgres://user:{SECRET}@db.example.com/x"},
        {"url": f"postgres://user:a@b/{SECRET}@db.example.com/x"},
        {"url": f"https://{SECRET}@github.com/x"},
        {"dsn2": f"user:{SECRET}@tcp(db:3306)/x"},
        {"command": ["curl", "-H", f"Authorization: Bearer {SECRET}"]},
        {"command": ["curl", "-H", f"authorization:Basic {SECRET}"]},
        {"command": [f"curl -u admin:{SECRET} https://x"]},
        {"x": b"hunter2Planted"},
        {"x": f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----"},
        {"x": [{"{": f'{{"password": "{SECRET}"}}'}]},
        {"healthCheck": {"command": ["CMD-SHELL", f"mysqladmin ping --password {SECRET} || exit 1"]}},
        {"secrets": [{"name": "X", "value": SECRET}]},
        {"k8s": f"error password={SECRET}, then token='{SECRET}'"},
    ],
)
def test_planted_secrets_in_other_places_never_come_out(planted):
    text = json.dumps(mask(planted))
    assert SECRET not in text
    assert "***" in text


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "dGhpcyBpcyBhIHNlY3JldCBibG9iIQ==",
        "Zx8Qw3Lk9Vb2Nm7Rt5Yp1Hs6",
        "https://hooks.slack.com/services/T00000000/B00000000/abcdef",
    ],
)
def test_what_looks_like_nothing_but_a_secret_is_hidden_anywhere(text):
    assert text not in json.dumps(mask({"note": text}))
    assert text not in mask_text(f"it said {text}, twice")


@pytest.mark.parametrize(
    "text",
    [
        ARN,
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/MyStack-Prod1-LB2x9Kq/50dc6c491c9188f2",
        f"ResourceInitializationError: failed to fetch secret {ARN} from secrets manager",
        "AccessDenied on secretsmanager:GetSecretValue",
        "AccessDeniedException on route53:ListHostedZonesByName",
        "ExpiredToken: The security token included in the request is expired",
        "ExpiredTokenException: The security token included in the request is expired",
        "SignatureDoesNotMatch: The request signature we calculated does not match",
        "AuthFailure: AWS was not able to validate the provided access credentials",
        "3f2b4c5d-0000-4000-8000-1234567890ab",
        "app/WonderlandProductionDeployerApiLoadBalancer12/50dc6c491c9188f2",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/deployer-api:1.4@sha256:" + "0f" * 32,
        "repo/app:1.4@sha256:" + "0f" * 32,
        "(service deployer-api) has reached a steady state.",
        "internal-deployer-api-1234567890.eu-west-1.elb.amazonaws.com",
        "https://example.com:8443/health",
        "Z0897293ABCDEFGHIJKL",
        "2026-11-23T03:12:09Z",
        "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
        "{service} is up",
        "deployed by deployer at 03:04Z; 2 of 2 running",
    ],
)
def test_arns_ids_names_and_sentences_stay(text):
    assert mask_text(text) == text
    assert mask({"note": text}) == {"note": text}


def test_where_a_secret_is_kept_stays():
    facts = {
        "secrets": [{"name": "DB_PASSWORD", "valueFrom": ARN}, {"name": "TOKEN", "valueFrom": "/prod/deployer/token"}],
        "environmentFiles": [{"value": "arn:aws:s3:::config/deployer.env", "type": "s3"}],
        "repositoryCredentials": {"credentialsParameter": ARN},
        "token": ARN,
        "enableAuth": True,
    }
    assert mask(facts) == facts


def test_names_of_environment_variables_stay():
    masked = mask({"environment": [{"name": "DB_PASSWORD", "value": SECRET}]})
    assert masked == {"environment": [{"name": "DB_PASSWORD", "value": "***"}]}


def test_a_mask_tells_no_length():
    assert mask({"password": "a"}) == mask({"password": "a" * 99}) == {"password": "***"}


def test_facts_become_what_json_can_hold():
    facts = {
        "at": datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC),
        "n": Decimal(2),
        "f": Decimal("1.5"),
        "nan": float("nan"),
        "set": {"b", "a"},
        "none": None,
    }
    assert mask(facts) == {
        "at": "2026-11-23T03:12:09Z", "n": 2, "f": 1.5, "nan": "nan", "set": ["a", "b"], "none": None,
    }  # fmt: skip


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSONISH)
def test_masking_never_fails_and_masks_nothing_more_the_second_time(facts):
    masked = mask(facts)
    json.dumps(masked, allow_nan=False)
    assert mask(masked) == masked


@settings(deadline=None)
@given(
    st.sampled_from(SECRET_KEYS),
    st.text(alphabet="ab =:'\"{}[],&-\n", max_size=30),
    st.sampled_from(["=", ": ", '": "']),
)
def test_noise_before_a_secret_does_not_save_it(key, noise, sign):
    quote = '"' if sign.startswith('"') else ""
    assert SECRET not in mask_text(f"{noise} {quote}{key}{sign}{SECRET}{quote}")
