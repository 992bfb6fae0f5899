"""The sandbox as its user holds it: a process that is started, told things and stopped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

from .accounts import ACCOUNTS, PRODUCTION, REGION
from .configuration import breakglass_toml, write_aws_files, write_private

_LEADS_ELSEWHERE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_CA_BUNDLE",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "BOTO_CONFIG",
)
_NOT_BY_PROXY = "127.0.0.1,localhost"
_ENDPOINT_OF_ONE_SERVICE = "AWS_ENDPOINT_URL_"
"""Stronger than AWS_ENDPOINT_URL: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""

_ENDPOINTS_OF_ONE_SERVICE = tuple(
    _ENDPOINT_OF_ONE_SERVICE + service
    for service in (
        "ACM", "APPLICATION_AUTO_SCALING", "CLOUDFORMATION", "CLOUDTRAIL", "CLOUDWATCH", "CLOUDWATCH_LOGS", "DYNAMODB",
        "EC2", "ECR", "ECS", "ELASTIC_LOAD_BALANCING", "ELASTIC_LOAD_BALANCING_V2", "IAM",
        "RESOURCE_GROUPS_TAGGING_API", "ROUTE_53", "S3", "SECRETS_MANAGER", "SERVICEDISCOVERY", "SERVICE_QUOTAS",
        "SIGNIN", "SSM", "SSO", "SSO_OIDC", "STS",
    )
)  # fmt: skip


class SandboxError(Exception):
    """The sandbox could not be started, or a control request made no sense to it."""


@dataclass(frozen=True)
class Control:
    """Speaks the control API of a running sandbox, over urllib alone."""

    url: str

    def calls(self) -> list[dict[str, Any]]:
        """What reached the sandbox, oldest first.

        Each has seq, at, service, operation, account, region, mutating, status (0: the connection was lost),
        request_id, user_agent and params.
        """
        return cast(list[dict[str, Any]], self._send("GET", "calls"))

    def clear_calls(self) -> None:
        """Forget the calls so far."""
        self._send("DELETE", "calls")

    def add_fault(
        self,
        service: str,
        operation: str = "*",
        kind: str = "error",
        *,
        account: str | None = None,
        region: str | None = None,
        match: str | None = None,
        times: int | None = None,
        code: str = "AccessDeniedException",
        message: str = "The sandbox was told to refuse this call.",
        status: int = 400,
        seconds: float = 0.0,
    ) -> int:
        """Put a fault in force and return its number; see `faults.Fault` for what each field means."""
        given = {key: value for key, value in locals().items() if key != "self"}
        return int(self._send("POST", "faults", given)["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are in force and not spent."""
        return cast(list[dict[str, Any]], self._send("GET", "faults"))

    def remove_fault(self, number: int) -> None:
        """Take one fault back."""
        self._send("DELETE", f"faults/{number}")

    def clear_faults(self) -> None:
        """Take all faults back."""
        self._send("DELETE", "faults")

    def now(self) -> float:
        """Sandbox time, in seconds since the epoch."""
        return float(self._send("GET", "clock")["now"])

    def advance(self, seconds: float) -> float:
        """Put the clock forward; returns the new time."""
        return float(self._send("POST", "clock", {"advance": seconds})["now"])

    def set_rate(self, rate: float) -> None:
        """Let `rate` sandbox seconds pass for each real one; 0 stops the clock."""
        self._send("POST", "clock", {"rate": rate})

    def world(self) -> dict[str, Any]:
        """The whole state of all accounts: `settled` (comparable), `moving` and `at`."""
        return cast(dict[str, Any], self._send("GET", "world"))

    def chaos(self, name: str, **args: Any) -> None:
        """Let a mishap happen, or repair one; see `chaos.Chaos` for their names and arguments."""
        self._send("POST", "chaos", {"name": name, "args": args})

    def neighbours(self, count: int, account: str = PRODUCTION.id) -> list[str]:
        """Make `count` more services in an account and return their names; the clock goes on by two minutes."""
        given = {"count": count, "account": account, "region": REGION}
        return cast(list[str], self._send("POST", "neighbours", given))

    def reset(self) -> None:
        """Back to the freshly seeded world: calls, faults, clock and state."""
        self._send("POST", "reset")

    def _send(self, method: str, path: str, given: Mapping[str, Any] | None = None) -> Any:
        body = json.dumps(given).encode() if given is not None else None
        where = f"{self.url}/_sandbox/{path}"
        request = urllib.request.Request(where, data=body, method=method)  # noqa: S310 - our own server
        try:
            with _DIRECT.open(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as refused:
            raise SandboxError(json.load(refused)["error"]) from None


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Sandbox:
    """A running sandbox. Made by `start`; ends with `stop`, with the `with` block, or with this process."""

    def __init__(self, child: subprocess.Popen[bytes], url: str, folder: Path, *, owns_folder: bool) -> None:
        self._child = child
        self._owns_folder = owns_folder
        self.url = url
        self.folder = folder
        self.control = Control(url)

    @classmethod
    def start(cls, folder: Path | None = None, rate: float = 1.0) -> Self:
        """Start the sandbox's process, seeded, on a free port of 127.0.0.1.

        `folder` gets the AWS files, breakglass.toml and the state directory (default: a temporary one that `stop`
        removes). Raises SandboxError where the process ends before it is ready.
        """
        owns_folder = folder is None
        folder = folder or Path(tempfile.mkdtemp(prefix="breakglass-sandbox-"))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        root = str(Path(__file__).resolve().parents[3])
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_", "WERKZEUG_"))}
        inherited["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # 1,300 machine images for each account that nobody asks for
        inherited["PYTHONPATH"] = os.pathsep.join(filter(None, (root, inherited.get("PYTHONPATH"))))
        child = subprocess.Popen(  # noqa: S603 - this interpreter, this package
            [sys.executable, "-m", __package__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=inherited,
            start_new_session=True,
        )
        line = cast(IO[bytes], child.stdout).readline()
        if not line:
            raise SandboxError(f"the sandbox ended with exit code {child.wait()} before it was ready")
        sandbox = cls(child, str(json.loads(line)["url"]), folder, owns_folder=owns_folder)
        write_aws_files(folder)
        write_private(folder / "breakglass.toml", breakglass_toml())
        (folder / "state").mkdir(mode=0o700, exist_ok=True)
        if rate != 1.0:
            sandbox.control.set_rate(rate)
        return sandbox

    @property
    def pid(self) -> int:
        """The id of the sandbox's process."""
        return self._child.pid

    def stop(self) -> None:
        """End the process, and remove the folder where it was a temporary one."""
        cast(IO[bytes], self._child.stdin).close()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        cast(IO[bytes], self._child.stdout).close()
        if self._owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, account: str = "production") -> dict[str, str]:
        """What to export so that aws, boto3 and breakglass reach this sandbox; `account` is a configured name.

        The variables in `unset` must be taken away too: some of them are stronger than these.
        """
        profile = next(item.profile for item in ACCOUNTS if item.name == account)
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CONFIG_FILE": str(self.folder / "aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "aws-credentials"),
            "AWS_PROFILE": profile,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": _NOT_BY_PROXY,
            "no_proxy": _NOT_BY_PROXY,
            "BREAKGLASS_CONFIG": str(self.folder / "breakglass.toml"),
            "BREAKGLASS_STATE_DIR": str(self.folder / "state"),
        }

    @property
    def unset(self) -> tuple[str, ...]:
        """Every AWS variable that could lead elsewhere, with those of this kind that are set right now."""
        present = (name for name in os.environ if name.startswith(_ENDPOINT_OF_ONE_SERVICE))
        return tuple(dict.fromkeys((*_LEADS_ELSEWHERE, *_ENDPOINTS_OF_ONE_SERVICE, *present)))

    def applied(self, environ: Mapping[str, str], account: str = "production") -> dict[str, str]:
        """A copy of `environ` in which everything leads here and nothing elsewhere."""
        return {**dict(_without(environ, self.unset)), **self.environment(account)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _without(environ: Mapping[str, str], names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name not in names:
            yield name, value
