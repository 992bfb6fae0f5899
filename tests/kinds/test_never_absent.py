"""Over the scenes: a look-up that failed is never taken for a thing that is not there, nor where there is nothing.

Every kind is asked the same of what the sandbox has of it in test_every_kind.
"""

import pytest

from breakglass.model.component import Absent, Present, Unreadable
from breakglass.model.kind import Detail
from breakglass.model.reading import AwsError, Denied, Refused, Throttled, Unreachable
from tests.kinds.fake_reader import FakeReader, World, find
from tests.kinds.worlds import SCENES, Scene

FAILURES = (Denied, Throttled, Unreachable, Refused)


def _operations(scene: Scene, world: World) -> list[str]:
    reader = FakeReader(world)
    find(scene.kind, reader, *scene.leads, detail=Detail.COPY)
    return sorted(reader.counted())


CASES = [
    pytest.param(scene, world, operation, id=f"{name} {world} {operation}")
    for name, make in SCENES.items()
    for scene in [make()]
    for world in ("full", "empty")
    for operation in _operations(scene, getattr(scene, world))
]


@pytest.mark.parametrize("name", SCENES)
def test_the_scenes_show_what_they_say(name: str) -> None:
    scene = SCENES[name]()
    there = find(scene.kind, FakeReader(scene.full), *scene.leads, detail=Detail.COPY).values()
    gone = find(scene.kind, FakeReader(scene.empty), *scene.leads, detail=Detail.COPY).values()
    assert there
    assert all(isinstance(one.sighting, Present) and not one.sighting.unread for one in there)
    assert gone
    assert all(isinstance(one.sighting, Absent) for one in gone)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(("scene", "world", "operation"), CASES)
def test_a_failed_look_up_is_said_and_never_absence(
    scene: Scene, world: str, operation: str, failure: type[AwsError]
) -> None:
    reader = FakeReader(getattr(scene, world), failing={operation: failure})
    found = find(scene.kind, reader, *scene.leads, detail=Detail.COPY)
    assert found
    said = set()
    for one in found.values():
        match one.sighting:
            case Absent():
                pytest.fail(f"{operation} failed, and {one.key} counts as absent: {one.sighting.reason}")
            case Present(unread=unread) | Unreadable(failures=unread):
                said |= {failed.operation for failed in unread}
    assert operation in said
