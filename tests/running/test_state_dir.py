"""Where the state directory is, who may look into it, and what its names can be."""

import errno
import os
import resource
import secrets
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakglass.errors import NOTHING_CHANGED, BreakglassError
from breakglass.running.state_dir import Place, StateDir, locate, safe_name, write_file, writing

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_the_flag_beats_the_variable_beats_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    environ = {"BREAKGLASS_STATE_DIR": str(tmp_path / "variable")}
    assert locate(tmp_path / "flag", environ) == tmp_path / "flag"
    assert locate(None, environ) == tmp_path / "variable"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    assert locate(None, {}) == locate(None, {"BREAKGLASS_STATE_DIR": ""}) == tmp_path / "own" / "breakglass"


def test_a_place_is_the_same_wherever_the_program_goes_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ana")
    assert locate(Path("state"), {}) == tmp_path / "state"
    assert locate(None, {"BREAKGLASS_STATE_DIR": "~/state"}) == Path("/home/ana/state")


def test_folders_and_files_are_private_whatever_the_umask(tmp_path: Path, umask: int):
    assert umask >= 0
    state = StateDir(tmp_path / "state")
    state.prepare()
    folder = state.folder("snapshots", "111122223333", "eu-west-1", "deployer-api")
    write_file(folder / "x.json", b"{}")
    everything = [state.root, *state.root.rglob("*")]
    assert {mode(path) for path in everything if path.is_dir()} == {0o700}
    assert {mode(path) for path in everything if path.is_file()} == {0o600}
    assert sorted(path.name for path in everything if path.is_file()) == ["x.json"], "the probe is gone"


def test_what_became_open_is_closed_again(tmp_path: Path):
    state = StateDir(tmp_path / "state")
    state.prepare()
    folder = state.folder("runs", "r")
    for path in (folder, state.runs, state.root):
        path.chmod(0o777)
    state.prepare()
    state.folder("runs", "r")
    assert [mode(path) for path in (state.root, state.runs, folder)] == [0o700] * 3


def test_a_directory_with_other_things_in_it_is_not_closed(tmp_path: Path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "website").mkdir()
    (tmp_path / "home").chmod(0o755)
    StateDir(tmp_path / "home").prepare()
    assert mode(tmp_path / "home") == 0o755
    assert mode(tmp_path / "home" / "runs") == 0o700


@pytest.mark.parametrize("open_to", [0o770, 0o707, 0o1777])
def test_a_directory_that_others_write_in_is_refused(tmp_path: Path, open_to: int):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "theirs").touch()
    (tmp_path / "shared").chmod(open_to)
    with pytest.raises(BreakglassError, match="Others can write in the state directory") as error:
        StateDir(tmp_path / "shared").prepare()
    assert error.value.changed == NOTHING_CHANGED
    assert "--state-dir" in error.value.hint
    assert mode(tmp_path / "shared") == open_to
    assert [path.name for path in (tmp_path / "shared").iterdir()] == ["theirs"]


def test_a_sticky_directory_is_never_closed_even_empty(tmp_path: Path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)
    with pytest.raises(BreakglassError):
        StateDir(tmp_path / "tmp").prepare()
    assert mode(tmp_path / "tmp") == 0o1777


@pytest.mark.parametrize("name", ["file", "file/below", "loop"])
def test_what_cannot_be_a_directory_is_refused(tmp_path: Path, name: str):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(BreakglassError, match="cannot be written") as error:
        StateDir(tmp_path / name).prepare()
    assert str(tmp_path / name) in error.value.what
    assert error.value.exit_code == 1


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "runs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BreakglassError, match="symbolic link"):
        StateDir(tmp_path / "state").prepare()
    assert mode(tmp_path / "elsewhere") == 0o755


PREPARE_AS_NOBODY = """
import os, sys
from pathlib import Path
from breakglass.errors import BreakglassError
from breakglass.running.state_dir import StateDir
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    StateDir(Path(sys.argv[1])).prepare()
except BreakglassError as error:
    print(error.what)
"""


def test_a_directory_that_is_only_for_reading_is_refused():
    directory = Path("/usr/share")
    done = subprocess.run(
        [sys.executable, "-c", PREPARE_AS_NOBODY, str(directory / "breakglass")],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "/usr/share/breakglass cannot be written: Permission denied.\n"


def test_a_full_disk_is_noticed_before_anything_begins(tmp_path: Path):
    state = StateDir(tmp_path / "state")
    state.prepare()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, hard))
    try:
        with pytest.raises(BreakglassError, match="cannot be written: File too large"):
            state.prepare()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(state.runs.iterdir()) == [], "nothing half-written stays"


def test_a_file_that_cannot_be_replaced_whole_stays_as_it_was(tmp_path: Path):
    path = tmp_path / "x.json"
    write_file(path, b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(BreakglassError), writing(path):
            write_file(path, b"after" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


TRACED = """
import os, sys
from pathlib import Path
from breakglass.running import state_dir
seen = []
def spy(name, real):
    def call(*given, **named):
        seen.append(name)
        return real(*given, **named)
    return call
os.write, os.fsync, os.replace = spy("write", os.write), spy("fsync", os.fsync), spy("replace", os.replace)
state_dir.write_file(Path(sys.argv[1]), b"content")
print(*seen)
"""


def test_a_file_has_its_name_only_once_it_is_on_disk(tmp_path: Path):
    command = [sys.executable, "-c", TRACED, str(tmp_path / "x.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "write fsync replace fsync\n"


def test_the_systems_reason_is_told():
    with (
        pytest.raises(BreakglassError, match=r"^/x cannot be written: No space left on device\.$"),
        writing(Path("/x")),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


NASTY = [
    "",
    ".",
    "..",
    "../..",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "\0",
    ".git",
    "~",
    "%2F",
    "a\nb",
    "é",
    "\ud800",
    "x" * 5000,
]


@given(st.text() | st.sampled_from(NASTY))
def test_a_safe_name_is_one_visible_file_name(name: str):
    safe = safe_name(name)
    assert safe.isascii()
    assert PurePosixPath(safe).parts == (safe,)
    assert not safe.startswith((".", "*"))
    assert safe.isprintable()
    assert 0 < len(safe) <= 200
    assert not set(safe) & set("/\\*?[]: \0")


@given(st.text() | st.sampled_from(NASTY), st.text() | st.sampled_from(NASTY))
def test_no_two_names_share_a_safe_name(one: str, other: str):
    assert (safe_name(one) == safe_name(other)) == (one == other)


def test_long_names_are_told_apart_by_their_ends():
    assert safe_name("x" * 5000 + "a") != safe_name("x" * 5000 + "b")


def test_a_service_that_is_called_like_a_path_stays_inside(tmp_path: Path):
    state = StateDir(tmp_path / "state")
    state.prepare()
    folder = state.folder("snapshots", *Place("111122223333", "eu-west-1", "../../../etc").folder.parts)
    assert folder.resolve().is_relative_to(state.snapshots.resolve())
    assert folder.parent.parent.name == "111122223333"
    assert Place("1", "r", "deployer-api").folder == Path("1/r/deployer-api"), "usual names stay as they are"


def test_an_id_is_the_second_and_four_digits(tmp_path: Path):
    state = StateDir(tmp_path)
    at = datetime(2026, 11, 23, 5, 12, 9, 500_000, tzinfo=UTC).astimezone()
    assert state.new_id(at, lambda below: below - 1) == "20261123T051209Z-800f"
    assert state.new_id(NOON, lambda _: 0) == "20261123T120000Z-0000"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3_000_000), st.booleans()), max_size=30).map(sorted),
    st.randoms(use_true_random=False),
)
def test_ids_sort_by_time_and_none_comes_twice(tmp_path_factory: pytest.TempPathFactory, moments: list, random):
    state = StateDir(tmp_path_factory.mktemp("state"))
    state.prepare()
    shelf = state.folder("snapshots", "1", "r", "s")
    made = []
    for microseconds, is_run in moments:
        made.append(state.new_id(NOON + timedelta(microseconds=microseconds), random.randrange))
        if is_run:
            (state.runs / made[-1]).mkdir()
        else:
            (shelf / f"{made[-1]}.json").touch()
    assert made == sorted(set(made))


def test_when_a_second_is_used_up_the_next_is_taken(tmp_path: Path):
    state = StateDir(tmp_path / "state")
    state.prepare()
    (state.runs / "20261123T120000Z-ffff").mkdir()
    (state.runs / "20261123T120001Z-0041").mkdir()
    (state.runs / "20261123T120000Z-notes").mkdir()
    assert state.new_id(NOON, secrets.randbelow) == "20261123T120001Z-0042"
