"""The stage of a drill: the sandbox's account, looked at through the program's own eyes, and broken by plain boto3."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

from breakglass.aws.identity import describe, whoami
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import Connection, connect
from breakglass.config import load
from breakglass.errors import BreakglassError
from breakglass.kinds import all_kinds
from breakglass.model.account import Identity
from breakglass.model.component import Component
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Detail
from breakglass.rehearsal.evidence import REFEREE
from breakglass.rehearsal.sandbox import Control, Sandbox
from breakglass.rehearsal.sandbox.accounts import ACCOUNTS, PRODUCTION, REGION
from breakglass.running.recovery import Bench
from breakglass.running.state_dir import StateDir
from breakglass.running.tools import Caller

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 3}, user_agent_appid=REFEREE)


class RealTime:
    """The time of day, and waiting."""

    def now(self) -> datetime:
        """UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


@contextmanager
def within(sandbox: Sandbox) -> Iterator[Mapping[str, str]]:
    """In here this process, too, can reach the sandbox and nothing else: the SDK reads the process's environment."""
    before = dict(os.environ)
    inside = sandbox.applied(before) | {"AWS_SDK_UA_APP_ID": REFEREE}
    try:
        os.environ.clear()
        os.environ.update(inside)
        yield inside
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Stage:
    """One service of the sandbox's production account. To be used inside `within`, as a context manager.

    `file` is the configuration by which the service is found.
    """

    sandbox: Sandbox
    service: str
    file: Path
    _close: ExitStack = field(default_factory=ExitStack)
    _connection: Connection | None = None
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, sandbox: Sandbox, service: str) -> Self:
        """The stage for a service of the sandbox's own world."""
        return cls(sandbox, service, sandbox.folder / "breakglass.toml")

    def __enter__(self) -> Self:
        environ = dict(os.environ)
        self._connection = self._close.enter_context(
            connect(profile=None, account_profile=None, region=None, environ=environ, named_account=False)
        )
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._close.close()

    @property
    def connection(self) -> Connection:
        """The referee's own."""
        if self._connection is None:
            raise RuntimeError("the stage has not been entered")
        return self._connection

    @property
    def control(self) -> Control:
        """The sandbox's control API."""
        return self.sandbox.control

    @property
    def state(self) -> StateDir:
        """The operator's state directory during the drill."""
        return StateDir(self.sandbox.folder / "state")

    def aws(self, service: str, region: str = REGION) -> Any:
        """A plain boto3 client of the production account, closed with the stage."""
        # A session of its own: boto3's default one remembers the profile of whoever came first in this process.
        if (service, region) not in self._clients:
            session = boto3.Session(
                PRODUCTION.access_key, PRODUCTION.secret_key, PRODUCTION.session_token, region_name=region
            )
            self._clients[service, region] = session.client(service, endpoint_url=self.sandbox.url, config=ONCE)
        return self._clients[service, region]

    def bench(self) -> Bench:
        """Everything to work on the service, without a terminal."""
        connection = self.connection
        config = load(self.file, os.environ, self.sandbox.folder)
        identity = self._identity()
        reader = AwsReader(connection, identity.account.id)
        return Bench(
            account=identity.account,
            settings=config.service(self.service),
            kinds=all_kinds(),
            region=reader.region,
            reader=reader.fresh,
            identify=lambda: _caller(connection),
            api_calls=lambda: connection.sent,
            state=self.state,
            clock=RealTime(),
        )

    def _identity(self) -> Identity:
        caller = whoami(self.connection)
        held = next(one for one in ACCOUNTS if one.id == caller.account)
        found = load(self.file, os.environ, self.sandbox.folder).account_with_id(caller.account)
        environment = found.environment if found else None
        return describe(self.connection, caller, alias=held.alias, name=held.name, environment=environment)

    def look(self, detail: Detail = Detail.LOOK) -> Inventory:
        """The service now. Raises `BreakglassError` for one that nobody knows."""
        return self.bench().look(detail)


@dataclass(frozen=True, slots=True)
class Scene:
    """The service as it was when the curtain rose: what a mishap may break, and with what."""

    stage: Stage
    before: Inventory

    @property
    def service(self) -> str:
        """The service's name."""
        return self.stage.service

    @property
    def control(self) -> Control:
        """The sandbox's control API."""
        return self.stage.control

    def aws(self, service: str, region: str = "") -> Any:
        """A plain boto3 client of the production account."""
        return self.stage.aws(service, region or REGION)

    def every(self, kind: str) -> tuple[Component, ...]:
        """The components of one kind that are there."""
        return tuple(one for one in self.before.of_kind(kind) if one.there)

    def one(self, kind: str) -> Component:
        """The first of them. Raises `BreakglassError` where there is none: the scenario cannot be played."""
        found = self.every(kind)
        if not found:
            title = all_kinds()[kind].title
            raise BreakglassError(
                f"{self.service} has no {title}, so this cannot be rehearsed on it.",
                hint="Choose another scenario: breakglass rehearse --list",
            )
        return found[0]

    @property
    def host(self) -> str:
        """The name that its clients use; its own where it has no record."""
        records = self.every("dns-record")
        return str(records[0].facts["Name"]).rstrip(".") if records else self.service

    @property
    def ecs(self) -> tuple[str, str]:
        """Cluster and name of its ECS service."""
        cluster, _, name = self.one("ecs-service").key.id.rpartition("/")
        return cluster, name

    def after(self, seconds: float) -> None:
        """Put the sandbox's clock forward."""
        self.control.advance(seconds)


Mishap = Callable[[Scene], None]


def _caller(connection: Connection) -> Caller:
    caller = whoami(connection)
    return Caller(caller.account, caller.arn)
