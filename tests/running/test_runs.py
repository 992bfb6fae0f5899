"""Runs on disk: made once, found again, and told apart by how they ended."""

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from breakglass.errors import NOTHING_CHANGED, BreakglassError, UsageError
from breakglass.model.account import Account, Environment
from breakglass.model.component import State
from breakglass.model.inventory import Health
from breakglass.model.journal import Entry, Event
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Joined, Output, Plan, Purpose, Settle, Step, Until
from breakglass.model.snapshot import Saved, Snapshot
from breakglass.running.documents import sealed_snapshot
from breakglass.running.lock import sole_run, this_process
from breakglass.running.progress import Outcome, Standing
from breakglass.running.runs import RunFolder, Runs, place_of_plan
from breakglass.running.state_dir import StateDir
from breakglass.running.vault import Vault

AT = datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC)
SERVICE = Key("ecs-service", "wonderland/deployer-api")
BALANCER = Key("load-balancer", "public")


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(StateDir(tmp_path / "state"))


def pair(number: int = 0, account: str = "111122223333", service: str = "deployer-api") -> tuple[Plan, Snapshot]:
    run = f"{AT + timedelta(minutes=number):%Y%m%dT%H%M%SZ}-{number:04x}"
    saved = Saved(SERVICE, State.OK, "", "owned", {"desiredCount": 2, "createdAt": AT})
    snapshot = sealed_snapshot(
        Snapshot(run, service, account, "eu-west-1", AT, Health.HEALTHY, complete=True, components=(saved,))
    )
    call = Call("route53", "ChangeResourceRecordSets", {"x": Joined(("a", Output(BALANCER, "DNSName"))), "y": b"\0"})
    steps = (
        Step(
            1, SERVICE, "delete the ECS service", "", (call, Settle(SERVICE, Until.ABSENT, "gone")), Until.ABSENT, "f"
        ),
        Step(2, BALANCER, "delete the load balancer", "", (call,), Until.ABSENT, "f"),
    )
    caller = Account(account, f"arn:aws:iam::{account}:user/ana", "acme", "production", Environment.PRODUCTION)
    return Plan(run, Purpose.REMOVE, service, caller, "eu-west-1", steps, snapshot=snapshot.digest), snapshot


def made(runs: Runs, number: int = 0, *events: Event, account: str = "111122223333", said: str = "") -> RunFolder:
    folder = runs.create(*pair(number, account), AT + timedelta(minutes=number))
    with folder.journal() as journal:
        for at, event in enumerate(events, start=1):
            step, call = (1, 0) if event in {Event.INTENT, Event.RESULT, Event.FAILED} else (None, None)
            detail = {"outcome": said} if said and event is Event.FINISHED else {}
            journal.append(Entry(AT + timedelta(minutes=number, seconds=at), event, step, call, detail))
    return folder


def test_a_run_is_the_three_files_that_the_contract_names(runs: Runs):
    folder = made(runs)
    assert folder.path == runs.state.root / "runs" / folder.id
    assert sorted(path.name for path in folder.path.iterdir()) == ["journal.jsonl", "plan.json", "snapshot.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    line = json.loads((folder.path / "journal.jsonl").read_text())
    assert (line["event"], line["at"], line["schema_version"]) == ("planned", "2026-11-23T03:12:09Z", 1)


def test_what_was_put_in_comes_out(runs: Runs):
    plan, snapshot = pair()
    runs.create(plan, snapshot, AT)
    folder = runs.open(plan.run)
    assert folder.plan() == plan
    assert folder.snapshot() == replace(snapshot, name=f"run {plan.run}")
    assert Vault(runs.state).find(plan.run) == folder.snapshot()


def test_two_runs_never_share_an_id(runs: Runs):
    folder = made(runs)
    before = {path: path.read_bytes() for path in folder.path.iterdir()}
    with pytest.raises(BreakglassError, match=f"There is a run {folder.id} already") as error:
        runs.create(*pair(), AT)
    assert error.value.changed == NOTHING_CHANGED
    assert {path: path.read_bytes() for path in folder.path.iterdir()} == before


def test_a_plan_without_its_snapshot_is_no_run(runs: Runs):
    plan, snapshot = pair()
    other = pair(service="billing-api")[1]
    for wrong in (replace(plan, snapshot=""), replace(plan, region="us-east-1")):
        with pytest.raises(ValueError, match="not the snapshot"):
            runs.create(wrong, snapshot, AT)
    with pytest.raises(ValueError, match="not the snapshot"):
        runs.create(plan, other, AT)
    assert not runs.state.root.exists()


@pytest.mark.parametrize("room", [10, 400, 1200])
def test_no_room_on_disk_means_no_run(runs: Runs, room: int):
    """Whichever file is the one that does not fit: refused, nothing changed, and no run is listed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(BreakglassError, match="cannot be written: File too large") as error:
            runs.create(*pair(), AT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.value.changed == NOTHING_CHANGED
    assert error.value.exit_code == 1
    assert runs.list() == ()


def test_a_run_is_opened_by_its_id_its_beginning_or_its_last_digits(runs: Runs):
    first, second = made(runs, 1), made(runs, 2)
    for text in (first.id, first.id[:13], "0001"):
        assert runs.open(text) == first
    assert runs.open("0002") == second
    with pytest.raises(UsageError, match=f"can mean several: {second.id}, {first.id}"):
        runs.open("2026")
    with pytest.raises(UsageError, match=rf"no run 'nope' here\. The newest is {second.id}"):
        runs.open("nope")


@pytest.mark.parametrize("text", ["", ".", "..", "../runs", "/", "*"])
def test_what_is_typed_is_never_a_path(runs: Runs, text: str):
    made(runs)
    with pytest.raises(UsageError):
        runs.open(text)


def test_without_a_state_directory_there_are_no_runs(runs: Runs):
    assert runs.list() == ()
    assert runs.newest_unfinished("111122223333") is None
    with pytest.raises(UsageError, match="none at all"):
        runs.open("x")
    assert not runs.state.root.exists()


def test_runs_are_listed_newest_first_with_how_each_ended(runs: Runs):
    e = Event
    made(runs, 1)
    made(runs, 2, e.CONFIRMED, e.INTENT)
    made(runs, 3, e.CONFIRMED, e.INTENT, e.RESULT, e.INTERRUPTED)
    made(runs, 4, e.CONFIRMED, e.FINISHED, said=Outcome.RECOVERED)
    made(runs, 5, e.CONFIRMED, e.FINISHED, said=Outcome.CHANGED)
    made(runs, 6, e.CONFIRMED, e.INTENT, e.FAILED)
    records = runs.list()
    assert [(int(record.id[-4:], 16), record.outcome) for record in records] == [
        (6, Outcome.STOPPED),
        (5, Outcome.CHANGED),
        (4, Outcome.RECOVERED),
        (3, Outcome.INTERRUPTED),
        (2, Outcome.STOPPED),
        (1, Outcome.UNCONFIRMED),
    ]
    first = records[-2]
    assert (first.purpose, first.service, first.account, first.account_name, first.region) == (
        Purpose.REMOVE, "deployer-api", "111122223333", "production", "eu-west-1",
    )  # fmt: skip
    assert first.caller == "arn:aws:iam::111122223333:user/ana"
    assert (first.began_at, first.last_at) == (AT + timedelta(minutes=2), AT + timedelta(minutes=2, seconds=2))


@pytest.mark.parametrize("name", ["plan.json", "journal.jsonl"])
def test_a_damaged_run_hides_no_other(runs: Runs, name: str):
    good, bad = made(runs, 1, Event.CONFIRMED), made(runs, 2, Event.CONFIRMED)
    (bad.path / name).write_bytes(b"{}\n{}\n")
    newest, oldest = runs.list()
    assert (newest.id, newest.outcome) == (bad.id, Outcome.DAMAGED)
    assert name in newest.trouble
    assert (oldest.id, oldest.outcome) == (good.id, Outcome.STOPPED)
    assert runs.newest_unfinished("111122223333") == good


def test_what_a_crash_leaves_before_the_plan_is_no_run(runs: Runs):
    made(runs, 1)
    runs.state.folder("runs", "20261123T040000Z-0000")
    assert len(runs.list()) == 1


def test_the_newest_unfinished_run_is_of_this_account(runs: Runs):
    e = Event
    wanted = made(runs, 1, e.CONFIRMED, e.INTENT)
    made(runs, 2, e.CONFIRMED, e.FINISHED, said="finished")
    made(runs, 3)
    made(runs, 4, e.CONFIRMED, e.FINISHED, said=Outcome.CHANGED)
    theirs = made(runs, 5, e.CONFIRMED, e.INTERRUPTED, account="444455556666")
    assert runs.newest_unfinished("111122223333") == wanted
    assert runs.newest_unfinished("444455556666") == theirs
    assert runs.newest_unfinished("123456789012") is None


def test_a_run_is_running_while_its_own_process_lives(runs: Runs):
    folder, other = made(runs, 1, Event.CONFIRMED, Event.INTENT), made(runs, 2, Event.CONFIRMED, Event.INTENT)
    with sole_run(runs.state, place_of_plan(folder.plan()), this_process("arn:ana", folder.id, AT)):
        assert folder.progress().outcome is Outcome.RUNNING
        assert other.progress().outcome is Outcome.STOPPED
        assert [record.outcome for record in runs.list()] == [Outcome.STOPPED, Outcome.RUNNING]
    assert folder.progress().outcome is Outcome.STOPPED


def test_where_it_stands_and_what_was_done(runs: Runs):
    folder = made(runs, 1, Event.CONFIRMED, Event.INTENT)
    progress = folder.progress()
    assert progress.open_intents == ((1, 0),)
    assert progress.of(2, 0).standing is Standing.NOTHING
    assert progress.left(folder.plan()) == folder.plan().steps
    assert [(told.entry.event, told.step and told.step.title) for told in folder.story()] == [
        (Event.PLANNED, None),
        (Event.CONFIRMED, None),
        (Event.INTENT, "delete the ECS service"),
    ]


def test_a_folder_that_was_renamed_is_refused(runs: Runs):
    folder = made(runs)
    moved = folder.path.rename(folder.path.with_name("20261123T031209Z-ffff"))
    with pytest.raises(BreakglassError, match=f"it is the plan of run {folder.id}"):
        runs.open(moved.name).plan()


def test_a_snapshot_from_elsewhere_is_refused(runs: Runs):
    first, second = made(runs, 1), made(runs, 2)
    (first.path / "snapshot.json").write_bytes((second.path / "snapshot.json").read_bytes())
    with pytest.raises(BreakglassError, match="made with another snapshot"):
        first.snapshot()


def test_a_folder_that_became_open_is_closed_before_it_is_written_in(runs: Runs):
    folder = made(runs)
    folder.path.chmod(0o777)
    with folder.journal() as journal:
        journal.append(Entry(AT, Event.CONFIRMED))
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


KILLED = """
import os, sys
from pathlib import Path
real, left = os.fsync, int(sys.argv[2])
def fsync(descriptor):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    real(descriptor)
os.fsync = fsync
sys.path.insert(0, sys.argv[3])
from test_runs import AT, pair
from breakglass.running.runs import Runs
from breakglass.running.state_dir import StateDir
Runs(StateDir(Path(sys.argv[1]))).create(*pair(), AT)
"""


def test_kill_9_at_every_flush_leaves_a_run_or_none(tmp_path: Path):
    """Whatever there is afterwards can be read; once there is a plan, there is its snapshot too."""
    seen = set()
    for flushes in range(30):
        state = StateDir(tmp_path / str(flushes))
        command = [sys.executable, "-c", KILLED, str(state.root), str(flushes), str(Path(__file__).parent)]
        done = subprocess.run(command, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, check=False, timeout=60)
        assert done.returncode in {0, -signal.SIGKILL}
        runs = Runs(state).list()
        for record in runs:
            assert record.outcome is Outcome.UNCONFIRMED
            folder = Runs(state).open(record.id)
            assert (folder.plan(), folder.snapshot().digest) == (pair()[0], pair()[1].digest)
        assert Vault(state).list(place_of_plan(pair()[0])).damaged == ()
        seen.add((len(runs), done.returncode))
        if done.returncode == 0:
            break
    assert seen == {(0, -9), (1, -9), (1, 0)}
