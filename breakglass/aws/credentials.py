"""Where credentials come from, in words, and the line to paste for new ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EXPORTED_KEYS = "AWS_ACCESS_KEY_ID"
_EXPORT = "export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… AWS_SESSION_TOKEN=…"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the credentials came from: in `words`, by which `profile`, and the `renewal` hint."""

    words: str
    profile: str | None
    renewal: str


def provenance(method: str | None, profile: str, profiles: Mapping[str, Mapping[str, Any]]) -> Provenance:
    """Provenance of credentials that botocore found by `method` (its `Credentials.method`).

    `profile` is the one in use, `default` where none is named; `profiles` are all configured ones.
    """
    own = profiles.get(profile, {})
    match method:
        case None:
            return Provenance("no credentials", None, _first_ones(profiles))
        case "env" | "explicit":
            return Provenance("environment variables", None, f"Export fresh keys: {_EXPORT}")
        case "container-role":
            return Provenance("container credentials", None, "Check the role of the container (AWS_CONTAINER_…).")
        case "iam-role":
            return Provenance("instance metadata", None, "Check the instance profile, or export keys.")
        case "assume-role-with-web-identity" if "web_identity_token_file" not in own:
            return Provenance("web identity token", None, "Renew the file named by AWS_WEB_IDENTITY_TOKEN_FILE.")
        case _:
            words = _WORDS.get(method, "").format(role=str(own.get("role_arn", "")).rpartition("/")[2])
            return Provenance(f"profile {profile}{words}", profile, _renewal(profile, profiles))


_WORDS = {
    "assume-role": " (assumed role {role})",
    "assume-role-with-web-identity": " (web identity)",
    "custom-process": " (credential_process)",
    "login": " (aws login)",
    "sso": " (SSO)",
}


def guess_method(environ: Mapping[str, str], profile: str, profiles: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Which way the credentials were going to come, where botocore could not say because that way failed.

    `environ` is empty where a profile was chosen explicitly.
    """
    own = profiles.get(profile, {})
    ways = (
        (bool(environ.get(EXPORTED_KEYS) or environ.get("AWS_SECRET_ACCESS_KEY")), "env"),
        ("web_identity_token_file" in own, "assume-role-with-web-identity"),
        ("role_arn" in own, "assume-role"),
        (bool(environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")), "assume-role-with-web-identity"),
        ("sso_session" in own or "sso_start_url" in own, "sso"),
        ("login_session" in own, "login"),
        ("credential_process" in own, "custom-process"),
        ("aws_access_key_id" in own or "aws_secret_access_key" in own, "shared-credentials-file"),
        (
            any(environ.get(f"AWS_CONTAINER_CREDENTIALS_{way}_URI") for way in ("RELATIVE", "FULL")),
            "container-role",
        ),
    )
    return next((method for applies, method in ways if applies), None)


def _renewal(profile: str, profiles: Mapping[str, Mapping[str, Any]]) -> str:
    for name in _sources(profile, profiles):
        own = profiles[name]
        if "sso_session" in own or "sso_start_url" in own:
            return f"aws sso login --profile {name}"
        if "login_session" in own:
            return f"aws login --profile {name}"
        if "credential_process" in own:
            return f"See what it says: aws configure export-credentials --profile {name}"
    return f"Renew its keys or its role, then check: aws sts get-caller-identity --profile {profile}"


def _sources(profile: str, profiles: Mapping[str, Mapping[str, Any]]) -> list[str]:
    chain: list[str] = []
    name = profile
    while name in profiles and name not in chain:
        chain.append(name)
        name = str(profiles[name].get("source_profile", ""))
    return chain


def _first_ones(profiles: Mapping[str, Mapping[str, Any]]) -> str:
    known = ", ".join(sorted(profiles))
    pick = f"Pick a profile with --profile ({known})" if known else "Pass --profile NAME"
    return f"{pick}, or {_EXPORT}"
