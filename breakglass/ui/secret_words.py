"""Which names promise a secret. Names come from everywhere: camelCase, snake_case, kebab-case, run together."""

import re
from functools import lru_cache

_ENVIRONMENT = frozenset({"environment", "env", "envs", "environmentvariables", "envvars", "variables"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_STEMS = re.compile(
    r"passw|passphrase|secret|token|credential|signature|session|cookie|webhook|bearer"
    r"|(api|access|private|auth|signing|encrypt|encryption|master|shared|account|storage|license|ssh|subscription"
    r"|client|deploy|service|host|crypt|cipher|hmac|jwt|admin|root|user|write|read|ingest)keys?\b"
    r"|connectionstring|connstr|authorization"
)
_WHOLE_WORDS = frozenset(
    {"auth", "authn", "authz", "oauth", "pass", "pwd", "creds", "cred", "jwt", "otp", "totp", "pin", "pat"}
    | {"salt", "dsn", "pem", "hmac", "psk", "kubeconfig", "htpasswd", "mfa"}
)
_TELLING = frozenset({"arn", "arns", "name", "names", "id", "ids"})
# What a name ends in that tells of a secret without holding it.
_ABOUT = _TELLING | frozenset(
    {"type", "types", "config", "configuration", "configurations", "options", "policy", "policies", "parameter"}
    | {"status", "state", "enabled", "disabled", "required", "timeout", "ttl", "seconds", "duration", "expires"}
    | {"expiry", "expiration", "at", "date", "time", "version", "versions", "count", "length", "size", "algorithm"}
    | {"mode", "provider", "issuer", "endpoint", "region", "file", "path", "operation", "code", "behavior", "scope"}
    | {"source", "metric", "period", "from", "error", "exception", "failure"}
)
# What AWS calls its refusals: `ExpiredToken: The security token included in the request is expired`.
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
_REFUSALS = frozenset(
    {"ExpiredToken", "IncompleteSignature", "InvalidIdentityToken", "InvalidToken", "MissingAuthenticationToken"}
    | {"SignatureDoesNotMatch"}
)
# Except that these hold one by their id: Vault's AppRole has a `secret_id`, web frameworks a `session_id`.
_HELD_BY_ID = frozenset({"secret", "session", "cookie", "webhook"})


def is_environment_name(name: str) -> bool:
    """Whether containers get their environment under this key: every value there is masked."""
    return re.sub(r"[^a-z]", "", name.lower()) in _ENVIRONMENT


@lru_cache(maxsize=4096)
def is_telling_name(name: str) -> bool:
    """Whether what stands under this name is an ARN, a name or an id."""
    return _words(name)[-1:] != [] and _words(name)[-1] in _TELLING


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is likely to be a secret."""
    words = _words(name)
    if not words or words == ["secretsmanager"] or name in _REFUSALS:
        return False
    *before, last = words
    if before and last in {"id", "ids"} and before[-1] in _HELD_BY_ID:
        return True
    if before and last in _ABOUT:
        return False
    return bool(_STEMS.search("".join(words))) or not _WHOLE_WORDS.isdisjoint(words)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
