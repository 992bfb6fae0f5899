"""A journal after kill -9, power loss and a full disk."""

import os
import resource
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
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.errors import NOTHING_CHANGED, BreakglassError, StoppedPartWay
from breakglass.model.journal import Entry, Event
from breakglass.running.documents import entry_line
from breakglass.running.journal import TORN, Journal, read_entries

AT = datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC)
PLANNED = Entry(AT, Event.PLANNED, detail={"steps": 2})
INTENT = Entry(AT, Event.INTENT, 1, 0, {"operation": "ecs:DeleteService"})
RESULT = Entry(AT, Event.RESULT, 1, 0, {"operation": "ecs:DeleteService", "request_id": "3f2b"})
WHOLE = entry_line(PLANNED, first=True) + entry_line(INTENT, first=False) + entry_line(RESULT, first=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_entries_come_back_in_order_and_only_the_first_says_the_version(path: Path):
    with Journal(path) as journal:
        for entry in (PLANNED, INTENT, RESULT):
            journal.append(entry)
    assert read_entries(path) == (PLANNED, INTENT, RESULT)
    assert path.read_bytes() == WHOLE
    assert [b"schema_version" in line for line in path.read_bytes().splitlines()] == [True, False, False]


def test_an_entry_can_be_read_as_soon_as_append_returns(path: Path):
    with Journal(path) as journal:
        journal.append(PLANNED)
        assert read_entries(path) == (PLANNED,)
        journal.append(INTENT)
        assert read_entries(path) == (PLANNED, INTENT)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_it_is_private_and_stays_so(path: Path, umask: int):
    before = os.umask(umask)
    try:
        with Journal(path) as journal:
            journal.append(PLANNED)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o666)
        with Journal(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_what_was_written_stays_when_it_is_opened_again(path: Path):
    for entry in (PLANNED, INTENT, RESULT):
        with Journal(path) as journal:
            journal.append(entry)
    assert path.read_bytes() == WHOLE


def test_a_link_is_not_followed(tmp_path: Path, path: Path):
    (tmp_path / "precious").write_text("")
    path.symlink_to(tmp_path / "precious")
    with pytest.raises(BreakglassError), Journal(path):
        pass


@pytest.mark.parametrize("length", range(len(WHOLE) + 1))
def test_power_loss_at_any_byte(path: Path, length: int):
    """Whatever is left is read, nothing of it is lost, and the next entry is a line of its own."""
    path.write_bytes(WHOLE[:length])
    survived = read_entries(path)
    ends = [end for end in range(len(WHOLE) + 1) if WHOLE[:end].count(b"\n") and WHOLE[end - 1 : end] == b"\n"]
    assert survived == (PLANNED, INTENT, RESULT)[: sum(length >= end - 1 for end in ends)]
    with Journal(path) as journal:
        assert read_entries(path) == survived
        journal.append(RESULT)
    assert read_entries(path) == (*survived, RESULT)
    torn = path.with_name(TORN)
    kept = torn.read_bytes().removesuffix(b"\n") if torn.exists() else b""
    assert path.read_bytes().startswith(WHOLE[: length - len(kept)])
    assert kept == b"" or WHOLE[:length].endswith(kept)
    assert not torn.exists() or stat.S_IMODE(torn.stat().st_mode) == 0o600


@settings(deadline=None)
@given(st.binary(max_size=30).filter(lambda tail: b"\n" not in tail))
def test_any_rest_without_an_end_is_put_aside(tmp_path_factory: pytest.TempPathFactory, tail: bytes):
    path = tmp_path_factory.mktemp("run") / "journal.jsonl"
    path.write_bytes(WHOLE + tail)
    assert read_entries(path) == (PLANNED, INTENT, RESULT)
    with Journal(path) as journal:
        journal.append(RESULT)
    assert read_entries(path) == (PLANNED, INTENT, RESULT, RESULT)


def test_zeros_that_a_power_loss_leaves_are_no_entry(path: Path):
    path.write_bytes(WHOLE + bytes(512))
    assert read_entries(path) == (PLANNED, INTENT, RESULT)


@pytest.mark.parametrize("line", [b"{", b"", b"1", b'{"at": "x", "event": "intent"}', b'{"event": "intent"}', b"\0"])
def test_damage_before_the_end_is_told_with_its_line_and_never_skipped(path: Path, line: bytes):
    path.write_bytes(entry_line(PLANNED, first=True) + line + b"\n" + entry_line(RESULT, first=False))
    with pytest.raises(BreakglassError, match=r"journal\.jsonl is damaged: line 2: "):
        read_entries(path)
    before = path.read_bytes()
    with pytest.raises(BreakglassError), Journal(path):
        pass
    assert path.read_bytes() == before, "what cannot be understood is not written to"


def test_an_unknown_event_is_never_ignored(path: Path):
    path.write_bytes(WHOLE.replace(b'"result"', b'"undone"'))
    with pytest.raises(BreakglassError, match="line 3"):
        read_entries(path)


def test_another_version_is_told(path: Path):
    path.write_bytes(WHOLE.replace(b'"schema_version": 1', b'"schema_version": 2'))
    with pytest.raises(BreakglassError, match="has schema_version 2"):
        read_entries(path)


def test_no_journal_yet_is_an_empty_one(path: Path):
    assert read_entries(path) == ()


def test_a_full_disk_stops_a_run_that_has_begun(path: Path):
    with Journal(path) as journal:
        journal.append(PLANNED)
        journal.append(INTENT)
        whole = path.read_bytes()
        with disk_full_at(len(whole) + 10), pytest.raises(StoppedPartWay) as error:
            journal.append(RESULT)
        assert path.read_bytes() == whole, "no half of a line is left"
        assert error.value.exit_code == 7
        assert error.value.what == f"The journal {path} cannot be written: File too large."
        assert error.value.changed == "What the journal tells of was done; nothing further was sent."
        assert f"breakglass resume {path.parent.name}" in error.value.hint
        journal.append(RESULT)
    assert read_entries(path) == (PLANNED, INTENT, RESULT), "with room again, it goes on"


def test_a_full_disk_before_the_first_call_changes_nothing(path: Path):
    with Journal(path) as journal:
        journal.append(PLANNED)
        with disk_full_at(path.stat().st_size), pytest.raises(BreakglassError) as error:
            journal.append(INTENT)
    assert error.value.changed == NOTHING_CHANGED
    assert error.value.exit_code == 1
    assert read_entries(path) == (PLANNED,)


def test_a_resumed_run_knows_that_it_had_begun(path: Path):
    path.write_bytes(WHOLE)
    with Journal(path) as journal, disk_full_at(len(WHOLE)), pytest.raises(StoppedPartWay):
        journal.append(RESULT)


def test_a_journal_that_cannot_be_opened(tmp_path: Path):
    with pytest.raises(BreakglassError, match="cannot be written"), Journal(tmp_path / "gone" / "journal.jsonl"):
        pass


WRITER = """
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from breakglass.model.journal import Entry, Event
from breakglass.running.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    for step in count():
        journal.append(Entry(datetime.now(UTC), Event.INTENT, step, 0, {"message": "x" * 20_000}))
        print(step, flush=True)
"""


@pytest.mark.parametrize("patience", [0.0, 0.013, 0.05, 0.11])
def test_kill_9_in_the_middle_of_writing(path: Path, patience: float):
    """Everything that `append` returned from is there, in order, and at most one more."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        announced = [writer.stdout.readline()]
        time.sleep(patience)
        writer.send_signal(signal.SIGKILL)
        announced += writer.stdout.readlines()
    acknowledged = [int(line) for line in announced if line.endswith("\n")]
    steps = [entry.step for entry in read_entries(path)]
    assert steps[: len(acknowledged)] == acknowledged
    assert steps in (acknowledged, [*acknowledged, len(acknowledged)])
    with Journal(path) as journal:
        journal.append(RESULT)
    assert [entry.step for entry in read_entries(path)] == [*steps, 1]


TRACED = """
import os, sys
from pathlib import Path
from datetime import UTC, datetime
seen = []
real = {name: getattr(os, name) for name in ("write", "fsync")}
def spy(name):
    def call(*given):
        seen.append(name)
        return real[name](*given)
    return call
os.write, os.fsync = spy("write"), spy("fsync")
from breakglass.model.journal import Entry, Event
from breakglass.running.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    seen.clear()
    journal.append(Entry(datetime.now(UTC), Event.PLANNED))
    print(*seen)
"""


def test_an_entry_is_flushed_to_the_disk_itself(path: Path):
    """Only the system knows what is on disk; that it was told to put it there can be seen."""
    done = subprocess.run(
        [sys.executable, "-c", TRACED, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "write fsync\n"
