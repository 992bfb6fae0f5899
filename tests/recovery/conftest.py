"""Removals and rebuilds against the sandbox, without the command line in between."""

from datetime import UTC, datetime, timedelta

import pytest

from breakglass.aws.identity import describe, whoami
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import connect
from breakglass.aws.writer import AwsWriter
from breakglass.config import load
from breakglass.kinds import all_kinds
from breakglass.model.permit import Permit
from breakglass.running.recovery import Bench
from breakglass.running.state_dir import StateDir
from breakglass.running.tools import Caller
from tests.survey.conftest import lead_to


class SandboxClock:
    """The sandbox's own clock: waiting puts it forward, so that nothing here really waits."""

    def __init__(self, control):
        self._control = control
        self._waited = 0.0

    def now(self):
        return datetime.fromtimestamp(self._control.now(), UTC)

    def elapsed(self):
        return self._waited

    def wait(self, seconds):
        self._waited += seconds
        self._control.advance(seconds)


@pytest.fixture(autouse=True)
def _in_the_sandbox(running, monkeypatch):
    lead_to(running, "production", monkeypatch)


@pytest.fixture(scope="session")
def connection(running):
    with pytest.MonkeyPatch.context() as patch:
        lead_to(running, "production", patch)
        environ = running.applied({})
        made = connect(profile=None, account_profile=None, region=None, environ=environ, named_account=False)
        whoami(made)
    with made:
        yield made


@pytest.fixture
def bench_of(running, connection, tmp_path):
    """`bench_of(service)`: everything to work on a service of the sandbox's production account."""

    def bench(service, extra=""):
        file = tmp_path / "breakglass.toml"
        file.write_text((running.folder / "breakglass.toml").read_text() + extra)
        config = load(file, {}, tmp_path)
        caller = whoami(connection)
        found = config.account_with_id(caller.account)
        identity = describe(connection, caller, alias=None, name=found.name, environment=found.environment)
        reader = AwsReader(connection, caller.account)

        def identify():
            again = whoami(connection)
            return Caller(again.account, again.arn)

        return Bench(
            account=identity.account,
            settings=config.service(service),
            kinds=all_kinds(),
            region=reader.region,
            reader=reader.fresh,
            identify=identify,
            api_calls=lambda: reader.api_calls,
            state=StateDir(tmp_path / "state"),
            clock=SandboxClock(running.control),
        )

    return bench


@pytest.fixture
def permit_for():
    def permit(bench):
        return Permit(bench.account.id, bench.account.caller, bench.clock.now() + timedelta(0), "typed")

    return permit


@pytest.fixture
def writer_for(connection):
    return lambda run: AwsWriter(connection, run)
