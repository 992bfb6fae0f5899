"""One run at a time on one service, between real processes."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from breakglass.errors import NOTHING_CHANGED, BreakglassError
from breakglass.running.lock import Holder, holder_of, sole_run, this_process
from breakglass.running.state_dir import Place, StateDir

AT = datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC)
HERE = Place("111122223333", "eu-west-1", "deployer-api")
ANA = Holder("arn:aws:iam::111122223333:user/ana", "20261123T031209Z-7f3a", AT, 4711, "laptop")

HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from breakglass.running.lock import sole_run, this_process
from breakglass.running.state_dir import Place, StateDir
at = datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC)
with sole_run(StateDir(Path(sys.argv[1])), Place(*sys.argv[2:5]), this_process("arn:bob", "20261123T031209Z-b0b0", at)):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    return StateDir(tmp_path / "state")


@contextmanager
def another_process(state: StateDir) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(state.root), HERE.account, HERE.region, HERE.service]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_is_refused_at_once_and_told_whose_it_is(state: StateDir):
    with another_process(state) as process:
        began = time.monotonic()
        with pytest.raises(BreakglassError) as error, sole_run(state, HERE, ANA):
            pass
        assert time.monotonic() - began < 5
        assert "deployer-api in eu-west-1" in error.value.what
        assert "run 20261123T031209Z-b0b0, arn:bob, since 2026-11-23 03:12:09Z" in error.value.what
        assert f"process {process.pid}" in error.value.what
        assert error.value.changed == NOTHING_CHANGED
        found = holder_of(state, HERE)
        assert found is not None
        assert found.pid == process.pid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_dead_process_is_free_at_once(state: StateDir, number: signal.Signals):
    with another_process(state) as process:
        process.send_signal(number)
        process.wait(timeout=10)
        assert holder_of(state, HERE) is None, "what the dead left behind is not believed"
        with sole_run(state, HERE, ANA):
            assert holder_of(state, HERE) == ANA


def test_it_is_free_after_its_end_however_that_came(state: StateDir):
    for reason in (None, ValueError("x"), KeyboardInterrupt()):
        try:
            with sole_run(state, HERE, ANA):
                assert holder_of(state, HERE) == ANA
                if reason:
                    raise reason
        except (ValueError, KeyboardInterrupt) as error:
            assert error is reason  # noqa: PT017 - it comes through as it was
        assert holder_of(state, HERE) is None
        assert list(state.locks.rglob("*.holder.json")) == []


def test_several_may_ask_at_the_same_moment(state: StateDir):
    with sole_run(state, HERE, ANA):
        lock, words = next(state.locks.rglob("*.lock")), next(state.locks.rglob("*.holder.json"))
        content = words.read_bytes()
    words.write_bytes(content)  # as kill -9 leaves it
    with lock.open("rb") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        assert holder_of(state, HERE) is None, "one who asks is not one who holds"


def test_the_same_process_has_it_only_once(state: StateDir):
    with sole_run(state, HERE, ANA):
        with pytest.raises(BreakglassError, match="laptop"), sole_run(state, HERE, ANA):
            pass
        assert holder_of(state, HERE) == ANA, "the refused one took nothing with it"


@pytest.mark.parametrize(
    "other",
    [
        Place("444455556666", "eu-west-1", "deployer-api"),
        Place("111122223333", "us-east-1", "deployer-api"),
        Place("111122223333", "eu-west-1", "billing-api"),
        Place("111122223333", "eu-west-1", "deployer-api.lock"),
        Place("111122223333", "eu-west-1", "../deployer-api"),
    ],
)
def test_other_services_are_not_held_up(state: StateDir, other: Place):
    with sole_run(state, HERE, ANA), sole_run(state, other, ANA):
        assert holder_of(state, other) == ANA


def test_nobody_is_at_work_where_nobody_ever_was(state: StateDir):
    assert holder_of(state, HERE) is None
    assert not state.root.exists(), "asking leaves nothing behind"


def test_asking_takes_nothing_from_who_holds_it_or_wants_it(state: StateDir):
    """Somebody who only asks has the kernel's lock for a moment; a run that begins just then is not refused."""
    asking = f"""
from pathlib import Path
from breakglass.running.lock import holder_of
from breakglass.running.state_dir import Place, StateDir
print("asking", flush=True)
while True:
    holder_of(StateDir(Path({str(state.root)!r})), Place({HERE.account!r}, {HERE.region!r}, {HERE.service!r}))
"""
    with sole_run(state, HERE, ANA):
        pass
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            for _ in range(10):
                with sole_run(state, HERE, ANA):
                    pass
        finally:
            process.kill()


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_its_files_are_private(state: StateDir, umask: int):
    before = os.umask(umask)
    try:
        with sole_run(state, HERE, ANA):
            files = [path for path in state.locks.rglob("*") if path.is_file()]
            assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
            assert len(files) == 2
    finally:
        os.umask(before)


@pytest.mark.parametrize("words", [b"", b"{", b'{"pid": 1}', b"[]"])
def test_words_that_cannot_be_read_do_not_free_the_lock(state: StateDir, words: bytes):
    with another_process(state):
        next(state.locks.rglob("*.holder.json")).write_bytes(words)
        with pytest.raises(BreakglassError, match="has not said yet whose it is"), sole_run(state, HERE, ANA):
            pass


def test_it_knows_this_process():
    holder = this_process("arn:ana", "r", AT)
    assert (holder.pid, holder.caller, holder.run, holder.since) == (os.getpid(), "arn:ana", "r", AT)
    assert holder.host
