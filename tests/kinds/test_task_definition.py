from typing import Any

import pytest

from breakglass.kinds.task_definition import KIND
from breakglass.model.component import Absent, Present, State
from breakglass.model.kind import Detail
from tests.kinds.fake_reader import ACCOUNT, REGION, FakeReader, find, lead
from tests.kinds.worlds import task_definitions

ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/deployer-api:41"


def present(found: Any) -> Present:
    assert isinstance(found.sighting, Present)
    return found.sighting


def test_arn_revision_and_family_are_one_thing() -> None:
    reader = FakeReader(task_definitions("deployer-api:40", "deployer-api:41"))
    leads = [lead(KIND, ref) for ref in (ARN, "deployer-api:41", "deployer-api")]
    ((known_as, found),) = find(KIND, reader, *leads).items()
    assert known_as == "deployer-api:41"
    assert set(found.leads) == set(leads)
    assert (found.arn, found.tags) == (ARN, {"team": "platform"})
    assert present(found).facts["tags"] == [{"key": "team", "value": "platform"}]
    assert found.handles == {ARN, "deployer-api:41", "deployer-api"}
    assert len(reader.sent) == 2
    assert [KIND.identify(one.ref) for one in leads] == ["deployer-api:41", "deployer-api:41", None]


@pytest.mark.parametrize("ref", ["deployer-api:41", "deployer-api", ARN])
def test_what_ecs_cannot_describe_is_absent(ref: str) -> None:
    ((known_as, found),) = find(KIND, FakeReader(task_definitions("deployer-api-2:41")), lead(KIND, ref)).items()
    assert found.sighting == Absent(f"AWS knows no task definition {known_as}")


@pytest.mark.parametrize(
    ("status", "state"),
    [("ACTIVE", State.OK), ("INACTIVE", State.STALE), ("DELETE_IN_PROGRESS", State.STALE)],
)
def test_a_deregistered_one_cannot_start_tasks(status: str, state: State) -> None:
    reader = FakeReader(task_definitions("deployer-api:41", status=status))
    condition = present(find(KIND, reader, lead(KIND, ARN))["deployer-api:41"]).condition
    assert condition.state is state
    assert (status in condition.reason) == (state is State.STALE)


def test_a_copy_takes_no_further_call() -> None:
    reader = FakeReader(task_definitions("deployer-api:41"))
    find(KIND, reader, lead(KIND, ARN), detail=Detail.COPY)
    assert len(reader.sent) == 1


def test_it_says_what_it_runs() -> None:
    found = find(KIND, FakeReader(task_definitions("deployer-api:41")), lead(KIND, ARN))["deployer-api:41"]
    assert KIND.describe(found.key, present(found)) == "deployer-api:41 (2 containers, FARGATE)"
