"""The way to AWS: which profile and region, whose credentials, and one client for each service.

Everything goes through one botocore session, so that credentials are fetched once, models are loaded once
and every request that leaves the process is counted.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from botocore import exceptions as sdk
from botocore import xform_name
from botocore.parsers import ResponseParserError
from botocore.session import Session

from breakglass.aws import clients, fast
from breakglass.aws.answers import credentials_error, in_one_line, is_expired_environment, translate
from breakglass.aws.clients import READING, SIGNING_IN, Manner
from breakglass.aws.credentials import EXPORTED_KEYS, Provenance, guess_method, provenance
from breakglass.aws.region import choose_region
from breakglass.errors import BreakglassError, CredentialsError, UsageError
from breakglass.model.account import Region

_SDK_ERRORS = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError)


def connect(
    *,
    profile: str | None,
    account_profile: str | None,
    region: str | None,
    environ: Mapping[str, str],
    named_account: bool,
) -> "Connection":
    """Find credentials and region; nothing is sent to AWS but what the credential chain itself needs.

    `profile` is `--profile`, `account_profile` what the configuration gives for `--account`, `region` is
    `--region`, `named_account` whether `--account` was given. A profile that is chosen by one of these wins
    over exported keys. `environ` must be the environment of the process: botocore reads that one.

    Raises:
        UsageError: no region, or two different ones.
        CredentialsError: no credentials, incomplete ones, or a profile that does not exist.
    """
    fast.spare_the_collector()
    chosen = profile or account_profile or None
    named = chosen or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or None
    session = _session(chosen, named, environ)
    profiles = _profiles(session, named)
    fast.load_lean(session)
    fast.prompt_only_on_terminal(session, _has_terminal)
    at_hand = choose_region(region, environ, _profile_region(session, named))
    session.set_config_variable("region", at_hand.name)
    session.set_config_variable("sts_regional_endpoints", "regional")
    expected = guess_method({} if chosen else environ, named or "default", profiles)
    credentials = _credentials(session, provenance(expected, named or "default", profiles))
    return Connection(
        session,
        region=at_hand,
        origin=provenance(getattr(credentials, "method", expected), named or "default", profiles),
        ambiguous=bool(environ.get(EXPORTED_KEYS) and environ.get("AWS_PROFILE")) and not (profile or named_account),
        endpoint=_endpoint(session, environ),
    )


@dataclass(frozen=True, slots=True)
class _ClientKey:
    service: str
    region: str
    manner: Manner


class Connection:
    """Credentials at work in one region.

    `origin` says where the credentials came from, `ambiguous` that exported keys and AWS_PROFILE are both
    set and nobody said which is meant, `endpoint` is where calls go instead of to AWS. Thread-safe.
    """

    def __init__(
        self, session: Session, *, region: Region, origin: Provenance, ambiguous: bool, endpoint: str | None
    ) -> None:
        self.region = region
        self.origin = origin
        self.ambiguous = ambiguous
        self.endpoint = endpoint
        self._session = session
        self._clients: dict[_ClientKey, Any] = {}
        self._creating = threading.Lock()
        self._closed = False
        self._tls = fast.SharedTls()
        self._sent = 0
        self._counting = threading.Lock()
        session.register("before-send", self._count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, while others may still be prepared: a command can end before they are."""
        with self._creating:
            self._closed = True
            made = tuple(self._clients.values())
        for client in made:
            client.close()

    @property
    def sent(self) -> int:
        """Requests sent so far, retries and the credential chain's own included."""
        return self._sent

    @property
    def expires(self) -> datetime | None:
        """When the credentials end (UTC), None where nobody knows. Known at the latest after a first call."""
        return fast.expiry(self._session.get_credentials())

    def client(self, service: str, region: str | None = None, manner: Manner = READING) -> Any:
        """The client of boto3's name `service` for one region and manner, made when first asked for.

        What it raises is botocore's: `ask` is the way to call it.
        """
        key = _ClientKey(service, region or self.region.name, manner)
        if key not in self._clients:
            with self._creating:  # one lock for all: creating is bound by the interpreter's
                if key not in self._clients:
                    self._clients[key] = self._create(key)
        return self._clients[key]

    def prepare(self, services: Sequence[str]) -> None:
        """Make the clients of `services` in the background, in this order, and connect them where that is TLS.

        Asks nothing of AWS. What goes wrong here is left for the first real call to say.
        """
        threading.Thread(target=self._prepare, args=(tuple(services),), daemon=True).start()

    def _prepare(self, services: tuple[str, ...]) -> None:
        for service in services:
            if self._closed:
                return
            try:
                client = self.client(service)
            except (*_SDK_ERRORS, BreakglassError, OSError, ValueError):
                return
            threading.Thread(target=fast.open_ahead, args=(client,), daemon=True).start()

    def ask(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any] | None = None,
        *,
        region: str | None = None,
        manner: Manner = READING,
    ) -> Mapping[str, Any]:
        """Send one call, reading or changing, and give AWS's answer.

        Raises:
            AwsError: any answer that is an error, or none at all.
            CredentialsError: the credentials are missing, expired or refused.
            ValueError: there is no such service or operation.
        """
        with self._translated(service, operation):
            client = self.client(service, region, manner)
            send = getattr(client, xform_name(operation), None)
            if send is None:
                raise ValueError(f"{service} has no operation {operation}")
            answer: Mapping[str, Any] = send(**(params or {}))
            return answer

    def paginator(self, service: str, operation: str) -> Mapping[str, Any] | None:
        """Say how a listing is paged, as botocore describes it (`input_token`, `output_token`); None if unknown."""
        try:
            described: Mapping[str, Any] = self._session.get_paginator_model(service).get_paginator(operation)
        except (ValueError, sdk.DataNotFoundError):
            return None
        return described

    def operation(self, service: str, operation: str, region: str | None = None) -> Any:
        """Give botocore's model of an operation. Raises `ValueError` where there is none."""
        with self._translated(service, operation):
            model = self.client(service, region).meta.service_model
            if operation not in model.operation_names:
                raise ValueError(f"{service} has no operation {operation}")
            return model.operation_model(operation)

    @contextmanager
    def _translated(self, service: str, operation: str) -> Iterator[None]:
        renewal = self.origin.renewal
        try:
            yield
        except sdk.UnknownServiceError as error:
            raise ValueError(f"There is no service {service}") from error
        except _SDK_ERRORS as error:
            raise translate(error, service=service, operation=operation, renewal=renewal) from error
        except RuntimeError as error:
            if not is_expired_environment(error):
                raise
            raise translate(error, service=service, operation=operation, renewal=renewal) from error
        except OSError as error:
            # The network's are the SDK's own by now: what is left is a file of the credential chain.
            raise credentials_error(f"The credentials cannot be read: {error}.", renewal) from error

    def _create(self, key: _ClientKey) -> Any:
        try:
            client = clients.create(self._session, key.service, key.region, key.manner)
        except ValueError as error:
            if "endpoint" not in str(error).lower():
                raise
            raise UsageError(f"{in_one_line(str(error))}.", hint="Correct or unset AWS_ENDPOINT_URL.") from error
        self._tls.lend_to(client)
        return client

    def _count(self, **_: object) -> None:
        with self._counting:
            self._sent += 1


def _session(chosen: str | None, named: str | None, environ: Mapping[str, str]) -> Session:
    session = Session(profile=chosen)
    if not chosen and any(environ.get(name) == "" for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")):
        # botocore takes an empty variable for a profile without a name. Set on the store alone, so that
        # exported keys keep their precedence.
        session.get_component("config_store").set_config_variable("profile", named)
    session.set_default_client_config(SIGNING_IN.config("sts"))
    return session


def _profiles(session: Session, named: str | None) -> Mapping[str, Mapping[str, Any]]:
    try:
        profiles: Mapping[str, Mapping[str, Any]] = session.full_config["profiles"]
    except sdk.BotoCoreError as error:
        raise credentials_error(
            in_one_line(str(error)), "Correct the file, or name another: AWS_CONFIG_FILE"
        ) from error
    if named and named not in profiles:
        known = f"Known profiles: {', '.join(sorted(profiles))}" if profiles else "No profiles are configured"
        raise CredentialsError(f"There is no profile {named}.", hint=f"{known}. Pass one with --profile NAME")
    return profiles


def _profile_region(session: Session, named: str | None) -> Region | None:
    name = session.get_scoped_config().get("region")
    return Region(str(name), f"profile {named or 'default'}") if name else None


def _credentials(session: Session, expected: Provenance) -> Any:
    try:
        credentials = session.get_credentials()
    except sdk.ClientError as error:
        raise translate(error, service="sts", operation="", renewal=expected.renewal) from error
    except (sdk.BotoCoreError, OSError, ValueError, RuntimeError) as error:
        raise credentials_error(in_one_line(str(error)), expected.renewal) from error
    if credentials is None:
        raise credentials_error("There are no AWS credentials.", expected.renewal)
    return credentials


def _endpoint(session: Session, environ: Mapping[str, str]) -> str | None:
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return None
    single = (f"{name}={url}" for name, url in sorted(environ.items()) if name.startswith("AWS_ENDPOINT_URL_") and url)
    everywhere = environ.get("AWS_ENDPOINT_URL") or session.get_scoped_config().get("endpoint_url")
    return everywhere or ", ".join(single) or None


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
