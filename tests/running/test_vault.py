"""Snapshots are kept so that they can be trusted, and found again when they are needed."""

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.errors import BreakglassError, UsageError
from breakglass.model.account import Account
from breakglass.model.component import Absent, Component, Owned, Present, Shared, State, Unproven, Unread, Unreadable
from breakglass.model.inventory import Diagnosis, Health, Inventory
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.model.snapshot import Snapshot
from breakglass.running.state_dir import Place, StateDir
from breakglass.running.vault import RUN_SNAPSHOT, Vault, read_snapshot, snapshot_of, write_snapshot

AT = datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC)
HERE = Place("111122223333", "eu-west-1", "deployer-api")
SERVICE = Key("ecs-service", "wonderland/deployer-api")
BALANCER = Key("load-balancer", "app/public/50dc6c49")
ENTRY = Key("state-entry", "wonderland-services/deployer-api")
LEAD = Lead("ecs-service", "deployer-api", Source.STATE_ENTRY, "the state entry", "wonderland", giver=ENTRY)


def components(there: bool = True) -> tuple[Component, ...]:  # noqa: FBT001, FBT002 - reads well where it is called
    service = Present({"desiredCount": 2, "createdAt": AT}, (Reference("taskDefinition", "task-definition", "d:41"),))
    gone = Absent("deleted 03:04Z", {"desiredCount": 0, "status": "INACTIVE"}, (Reference("role", "role", "x"),))
    denied = Unreadable((Unread("dynamodb:GetItem", "AccessDeniedException", "no"),))
    return (
        Component(
            SERVICE, service if there else gone, (LEAD,), State.OK if there else State.MISSING, "", Owned(("named",)),
            arn="arn:aws:ecs:eu-west-1:111122223333:service/wonderland/deployer-api", handles=frozenset({"a", "b"}),
        ),
        Component(BALANCER, Present({"LoadBalancerArn": "x"}), (), State.OK, "", Shared(("billing-api",)), region="r"),
        Component(ENTRY, denied, (), State.UNREADABLE, "denied", Unproven("denied")),
    )  # fmt: skip


def inventory(health: Health = Health.HEALTHY, *, there: bool = True) -> Inventory:
    account = Account(HERE.account, "arn:aws:iam::111122223333:user/ana")
    diagnosis = Diagnosis(health, "")
    return Inventory(HERE.service, account, HERE.region, AT, diagnosis, components(there), (), True, 9)  # noqa: FBT003


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(StateDir(tmp_path / "state"))


def taken(hours: int, health: Health = Health.HEALTHY, *, there: bool = True) -> Snapshot:
    at = AT + timedelta(hours=hours)
    return snapshot_of(inventory(health, there=there), f"{at:%Y%m%dT%H%M%SZ}-{hours:04x}", at)


def run_with(vault: Vault, snapshot: Snapshot) -> None:
    vault.state.prepare()
    write_snapshot(vault.state.folder("runs", snapshot.id) / RUN_SNAPSHOT, snapshot)


def test_a_snapshot_holds_everything_as_aws_gave_it():
    snapshot = taken(0)
    assert (snapshot.service, snapshot.account, snapshot.region) == ("deployer-api", "111122223333", "eu-west-1")
    assert [saved.key for saved in snapshot.components] == [SERVICE, BALANCER, ENTRY]
    service, balancer, entry = snapshot.components
    assert service.facts == {"desiredCount": 2, "createdAt": AT}
    assert service.references == (Reference("taskDefinition", "task-definition", "d:41"),)
    assert (service.handles, service.leads, service.arn) == (frozenset("ab"), (LEAD,), components()[0].arn)
    assert [saved.ownership for saved in snapshot.components] == ["owned", "shared", "unproven"]
    assert balancer.region == "r"
    assert (entry.state, dict(entry.facts), entry.there) == (State.UNREADABLE, {}, False)


def test_what_remains_of_the_dead_is_kept_and_never_taken_for_the_living():
    service = taken(0, there=False).by_key[SERVICE]
    assert service.facts["status"] == "INACTIVE"
    assert service.references == (Reference("role", "role", "x"),)
    assert not service.there


def test_the_digest_is_of_everything_but_where_it_lies():
    snapshot = taken(0)
    assert len(snapshot.digest) == 64
    assert taken(0).digest == snapshot.digest
    assert taken(1).digest != snapshot.digest
    assert taken(0, Health.DRIFTED).digest != snapshot.digest
    assert taken(0, there=False).digest != snapshot.digest


def test_what_is_saved_is_found_under_the_contracts_path_and_comes_back(vault: Vault):
    snapshot = taken(0)
    path = vault.save(snapshot)
    assert path == vault.state.snapshots / "111122223333" / "eu-west-1" / "deployer-api" / f"{snapshot.id}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in path.parents[:5]} == {0o700}
    assert vault.newest(HERE) == replace(snapshot, name=f"snapshot {snapshot.id}")


def test_one_is_never_written_over(vault: Vault):
    path = vault.save(taken(0))
    before = path.read_bytes()
    with pytest.raises(BreakglassError, match="already"):
        vault.save(taken(0, Health.GONE))
    assert path.read_bytes() == before


def test_a_disk_that_gives_back_something_else_is_noticed(vault: Vault, tmp_path: Path):
    with pytest.raises(BreakglassError, match="does not hold what was written to it"):
        write_snapshot(tmp_path / "x.json", replace(taken(0), digest="0" * 64))
    with pytest.raises(BreakglassError, match="cannot be written"):
        write_snapshot(tmp_path / "gone" / "x.json", taken(0))
    assert vault.newest(HERE) is None


def test_the_newest_comes_first_runs_among_them(vault: Vault):
    for hours in (3, 1):
        vault.save(taken(hours))
    for hours in (4, 2):
        run_with(vault, taken(hours))
    names = [snapshot.name for snapshot in vault.all_of(HERE)]
    assert [name.split()[0] for name in names] == ["run", "snapshot", "run", "snapshot"]
    assert [name.split("-")[-1] for name in names] == ["0004", "0003", "0002", "0001"]
    assert [snapshot.id[-4:] for snapshot in vault.list(HERE).snapshots] == ["0003", "0001"]


def test_the_newest_in_which_a_component_was_there(vault: Vault):
    vault.save(taken(1))
    run_with(vault, taken(2))
    vault.save(taken(3, Health.HALF_DELETED, there=False))
    newest = vault.newest_with(HERE, SERVICE)
    assert newest is not None
    assert newest.name == f"run {taken(2).id}"
    assert vault.newest_with(HERE, BALANCER) == vault.newest(HERE)
    assert vault.newest_with(HERE, ENTRY) is None, "unreadable is not there"
    assert vault.newest_with(HERE, Key("alarm", "x")) is None


@pytest.mark.parametrize(
    "other",
    [
        Place("444455556666", "eu-west-1", "deployer-api"),
        Place("111122223333", "us-east-1", "deployer-api"),
        Place("111122223333", "eu-west-1", "billing-api"),
    ],
)
def test_nothing_of_another_account_region_or_service_is_used(vault: Vault, other: Place):
    run_with(vault, taken(1))
    vault.save(taken(2))
    assert vault.newest(other) is None
    assert vault.list(other).snapshots == ()
    assert vault.newest_with(other, SERVICE) is None


def test_a_snapshot_in_the_wrong_folder_is_not_used(vault: Vault):
    path = vault.save(taken(1))
    elsewhere = vault.state.folder("snapshots", "444455556666", "eu-west-1", "deployer-api")
    path.rename(elsewhere / path.name)
    assert vault.newest(Place("444455556666", "eu-west-1", "deployer-api")) is None


def test_a_damaged_one_hides_no_other_and_is_told_of(vault: Vault):
    vault.save(taken(1))
    path = vault.save(taken(2))
    path.write_bytes(path.read_bytes().replace(b'"desiredCount": 2', b'"desiredCount": 0'))
    fresh = Vault(vault.state)
    shelf = fresh.list(HERE)
    assert [snapshot.id for snapshot in shelf.snapshots] == [taken(1).id]
    assert [str(path) in error.what for error in shelf.damaged] == [True]
    assert fresh.newest(HERE) == shelf.snapshots[0]
    with pytest.raises(BreakglassError, match="is damaged"):
        fresh.find(taken(2).id)


def test_half_written_files_are_no_snapshots(vault: Vault):
    path = vault.save(taken(1))
    path.with_name(f".{path.name}.4711").write_bytes(b"{")
    assert len(vault.list(HERE).snapshots) == 1
    assert vault.list(HERE).damaged == ()


def test_it_is_found_by_its_id_its_beginning_or_its_last_digits(vault: Vault):
    vault.save(taken(1))
    run_with(vault, taken(2))
    for text in (taken(1).id, taken(1).id[:14], "0001"):
        assert vault.find(text).name == f"snapshot {taken(1).id}"
    for text in (taken(2).id, taken(2).id[:14], "0002"):
        assert vault.find(text).name == f"run {taken(2).id}"


def test_several_that_it_can_be_are_all_named(vault: Vault):
    vault.save(taken(1))
    run_with(vault, taken(2))
    with pytest.raises(UsageError) as error:
        vault.find("20261123T0")
    assert error.value.what == f"'20261123T0' can mean several: {taken(2).id}, {taken(1).id}."


@pytest.mark.parametrize("text", ["", "x", "../20261123T041209Z-0001", "*", "20261123T041209Z-0001.json", "000"])
def test_what_is_not_there_is_said_with_what_is(vault: Vault, text: str):
    vault.save(taken(1))
    with pytest.raises(UsageError, match=f"The newest is {taken(1).id}"):
        vault.find(text)


def test_an_empty_vault_says_that_it_is(vault: Vault):
    with pytest.raises(UsageError, match="There is none at all"):
        vault.find("x")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(Health), min_size=1, max_size=12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_retention(tmp_path_factory: pytest.TempPathFactory, healths: list[Health], keep: int, random: Random):
    vault = Vault(StateDir(tmp_path_factory.mktemp("vault") / "state"))
    everything = [taken(hours, health) for hours, health in enumerate(healths)]
    for snapshot in random.sample(everything, len(everything)):
        vault.save(snapshot)
    run_with(vault, taken(99))
    removed = vault.prune(HERE, keep)
    left = Vault(vault.state).list(HERE).snapshots
    assert sorted([*removed, *(one.id for one in left)]) == [one.id for one in everything]
    assert [one.id for one in left[:keep]] == [one.id for one in everything[::-1][:keep]]
    assert len(left) <= keep + 2
    healthy = [one.id for one in everything if one.health is Health.HEALTHY]
    assert not healthy or healthy[-1] in {one.id for one in left}
    whole = [one.id for one in everything if one.health in {Health.HEALTHY, Health.DEGRADED, Health.DRIFTED}]
    assert not whole or whole[-1] in {one.id for one in left}
    assert vault.find("0063").name == f"run {taken(99).id}"
    assert vault.prune(HERE, keep) == ()


def test_nothing_of_another_service_and_nothing_damaged_is_pruned(vault: Vault):
    paths = [vault.save(taken(hours)) for hours in range(4)]
    paths[0].write_bytes(b"{")
    assert vault.prune(replace(HERE, service="billing-api"), 1) == ()
    assert Vault(vault.state).prune(HERE, 1) == (taken(1).id, taken(2).id)
    assert [path.exists() for path in paths] == [True, False, False, True]


@pytest.mark.parametrize("keep", [0, -1])
def test_not_everything_can_be_pruned(vault: Vault, keep: int):
    path = vault.save(taken(1))
    with pytest.raises(UsageError):
        vault.prune(HERE, keep)
    assert path.exists()


def test_a_services_name_never_leads_out_of_the_vault(vault: Vault):
    snapshot = snapshot_of(replace(inventory(), service="../../../../etc/[a]*"), "20261123T031209Z-7f3a", AT)
    path = vault.save(snapshot)
    assert path.resolve().is_relative_to(vault.state.snapshots.resolve())
    assert len(path.relative_to(vault.state.snapshots).parts) == 4
    assert vault.newest(replace(HERE, service="../../../../etc/[a]*")) is not None
    assert read_snapshot(path, "").service == "../../../../etc/[a]*"
