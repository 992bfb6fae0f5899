"""The survey against the sandbox, without the command line in between."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from breakglass.aws.identity import describe, whoami
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import connect
from breakglass.config import load
from breakglass.kinds import all_kinds
from breakglass.model.kind import Detail, Look
from breakglass.planning.clusters import CHOSEN
from breakglass.planning.inventory import Moment
from breakglass.running.survey import take_inventory


@pytest.fixture(autouse=True)
def _in_the_sandbox(running, monkeypatch):
    lead_to(running, "production", monkeypatch)


def lead_to(running, account, patch):
    """Let the environment lead to the sandbox, and nowhere else."""
    for name in running.unset:
        patch.delenv(name, raising=False)
    for name, value in running.environment(account).items():
        patch.setenv(name, value)


@pytest.fixture(scope="session")
def look_at(running, tmp_path_factory):
    """`look_at(service, account="production", detail=LOOK)` gives an inventory; connections are kept."""
    connections = {}
    nowhere = tmp_path_factory.mktemp("nowhere")
    with ExitStack() as stack:

        def look(service, account="production", detail=Detail.LOOK, file=None, cluster=""):
            environ = running.applied({}, account)
            if account not in connections:
                patch = stack.enter_context(pytest.MonkeyPatch.context())
                lead_to(running, account, patch)
                connection = stack.enter_context(
                    connect(profile=None, account_profile=None, region=None, environ=environ, named_account=False)
                )
                connections[account] = connection, whoami(connection)
                patch.undo()
            connection, caller = connections[account]
            config = load(Path(file) if file else None, environ, nowhere)
            found = config.account_with_id(caller.account)
            identity = describe(connection, caller, alias=None, name=found.name, environment=found.environment)
            reader = AwsReader(connection, caller.account).fresh()
            moment = Moment(reader.region, datetime.now(UTC), lambda: reader.api_calls)
            settings = config.service(service)
            settings = settings.in_cluster(cluster, CHOSEN) if cluster else settings
            return take_inventory(identity.account, Look(reader, settings, detail), all_kinds(), moment)

        yield look
