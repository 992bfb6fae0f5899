"""The service that has a component of every kind: all of it is seen, it is all its own, and nobody else sees it."""

from breakglass.kinds import all_kinds
from breakglass.model.component import Owned, State
from breakglass.model.inventory import Health
from breakglass.rehearsal.sandbox.seed.blueprint import SERVICES
from breakglass.rehearsal.sandbox.seed.everything import NAME


def test_every_kind_is_seen_and_all_is_its_own(sandbox, look_at):
    inventory = look_at(NAME)
    assert inventory.diagnosis.state is Health.HEALTHY, inventory.findings
    assert inventory.complete
    assert {one.key.kind for one in inventory.components} == set(all_kinds()), "the sandbox has one of every kind"
    for one in inventory.components:
        assert one.state is State.OK, one
        assert isinstance(one.ownership, Owned) == all_kinds()[one.key.kind].removable, one
        assert one.depends_on or one.users.by or one.leads
    kinds = [one.key.kind for one in inventory.components]
    assert all(kinds.count(kind) > 1 for kind in ("dns-record", "health-check", "alarm", "listener", "target-group"))


def test_none_of_it_is_anybody_elses(sandbox, look_at):
    for blueprint in SERVICES:
        inventory = look_at(blueprint.name)
        assert inventory.diagnosis.state is Health.HEALTHY
        assert NAME not in repr([(one.key, one.reason, one.depends_on, one.ownership) for one in inventory.components])
