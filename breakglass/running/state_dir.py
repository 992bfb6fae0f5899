"""The state directory: where it is, who may see it, and how a file in it is written so that it stays.

`runs/RUN/…`, `snapshots/ACCOUNT/REGION/SERVICE/ID.json`, `locks/ACCOUNT/REGION/SERVICE.lock`. What is kept there
is unmasked, so folders are 0700 and files 0600, whatever the umask and whatever they were before.
"""

import errno
import os
import stat
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from breakglass.errors import NOTHING_CHANGED, BreakglassError

VARIABLE = "BREAKGLASS_STATE_DIR"
FOLDER_MODE = 0o700
FILE_MODE = 0o600
MADE = ("runs", "snapshots", "locks")
OURS = frozenset({*MADE, "drills", "faults", "inputs"})
"""All that this program ever puts there: what is made at once, and what only some commands leave."""
PLAIN = frozenset(string.ascii_letters + string.digits + "-_.")
LONGEST_NAME = 150  # bytes; file systems allow 255, and a suffix has to fit
SUFFIXES = 0x10000


def locate(flag: Path | None, environ: Mapping[str, str]) -> Path:
    """The state directory: `--state-dir`, `$BREAKGLASS_STATE_DIR`, else the user's own. It need not exist."""
    if flag is not None:
        return flag.expanduser().absolute()
    if named := environ.get(VARIABLE):
        return Path(named).expanduser().absolute()
    from platformdirs import user_state_path  # noqa: PLC0415 - not needed where a directory is named

    return user_state_path("breakglass")


@dataclass(frozen=True, slots=True)
class Place:
    """What only one run at a time may change, and what snapshots are kept by."""

    account: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.service} in {self.region}"

    @property
    def folder(self) -> Path:
        """Its relative path, each name made safe."""
        return Path(safe_name(self.account), safe_name(self.region), safe_name(self.service))


@dataclass(frozen=True, slots=True)
class StateDir:
    """A state directory. Reading needs nothing of it to exist; `prepare` comes before writing."""

    root: Path

    @property
    def runs(self) -> Path:
        """One folder for each run."""
        return self.root / "runs"

    @property
    def snapshots(self) -> Path:
        """Snapshots by account, region and service."""
        return self.root / "snapshots"

    @property
    def locks(self) -> Path:
        """One file for each service that was ever changed."""
        return self.root / "locks"

    def prepare(self) -> None:
        """Make sure that it is there, that nobody else can write in it, and that we can.

        Raises `BreakglassError` where that is not so: no run without it.
        """
        with writing(self.root):
            if not self.root.exists():
                self.root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                self.root.chmod(FOLDER_MODE)
            self._keep_others_out()
            for name in MADE:
                private_folder(self.root / name)
            self._try_writing()

    def folder(self, *names: str) -> Path:
        """A folder of ours inside it, made where it is missing, 0700 all the way down. Names have to be safe."""
        path = self.root
        for name in names:
            path /= name
            with writing(path):
                private_folder(path)
        return path

    def new_id(self, at: datetime, below: Callable[[int], int]) -> str:
        """An id for a run or a snapshot: `20261123T031209Z-7f3a`, UTC second, and four digits after every other's.

        `below(n)` gives a random number from 0 to n - 1 (`secrets.randbelow`). Ids sort by time also within one
        second: the four digits are its fraction, with a random end, and come after those that are there.
        """
        moment = at.astimezone(UTC)
        suffix = moment.microsecond * 0x1000 // 1_000_000 * 16 + below(16)
        while True:
            stamp = moment.strftime("%Y%m%dT%H%M%SZ")
            suffix = max([suffix, *(taken + 1 for taken in self._suffixes(stamp))])
            if suffix < SUFFIXES:
                return f"{stamp}-{suffix:04x}"
            moment, suffix = moment + timedelta(seconds=1), 0

    def _suffixes(self, stamp: str) -> Iterator[int]:
        for found in (
            *self.runs.glob(f"{stamp}-*"),
            *self.snapshots.glob(f"*/*/*/{stamp}-*.json"),
            *self.root.glob(f"drills/{stamp}-*.json"),
        ):
            digits = found.name.removesuffix(".json").partition("-")[2]
            if len(digits) == 4 and set(digits) <= set(string.hexdigits):  # noqa: PLR2004 - as new_id writes it
                yield int(digits, 16)

    def _keep_others_out(self) -> None:
        """A directory that holds only our things is ours to close; anything else may be somebody's home."""
        found = self.root.stat()
        if not stat.S_IMODE(found.st_mode) & 0o077:
            return
        mine = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
        if mine and {entry.name for entry in self.root.iterdir()} <= OURS:
            self.root.chmod(FOLDER_MODE)
        elif found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise BreakglassError(
                f"Others can write in the state directory {self.root}, where plans and journals have to be safe.",
                hint=f"Name a directory of your own with --state-dir or ${VARIABLE}, such as {self.root}/breakglass.",
            )

    def _try_writing(self) -> None:
        """Permissions do not tell: file systems are mounted read-only, and full."""
        probe = self.runs / f".probe-{os.getpid()}"
        write_file(probe, b"breakglass can write here\n")
        probe.unlink()


def safe_name(text: str) -> str:
    """A name as one file name that no other name has: letters, digits, `-_.` as they are, the rest as `%2F`.

    Nothing comes out that means another folder, is hidden, or is too long for a file system.
    """
    written = "".join(_safe_character(character) for character in text)
    if written.startswith("."):
        written = f"%2E{written[1:]}"
    if len(written) > LONGEST_NAME:
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return f"{written[: LONGEST_NAME // 2]}~{digest}"
    return written or "~"


def _safe_character(character: str) -> str:
    if character in PLAIN:
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def private_folder(path: Path) -> None:
    """A folder that only we can look into; what is there already is made so. Raises `OSError`."""
    path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    if path.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "it is a symbolic link", str(path))
    if stat.S_IMODE(path.stat().st_mode) != FOLDER_MODE:
        path.chmod(FOLDER_MODE)


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file so that after a power loss it is there complete or not at all. Raises `OSError`.

    It is written beside its place, flushed to disk, and renamed.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            os.fchmod(descriptor, FILE_MODE)
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """`os.write` until nothing is left: a disk that is filling up takes only a part."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def flush_folder(path: Path) -> None:
    """Make the names in a folder last. Some network file systems cannot, and say EINVAL."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def writing(path: Path, changed: str = NOTHING_CHANGED) -> Iterator[None]:
    """Turn an `OSError` on the way to writing `path` into the error that says so."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise BreakglassError(
            f"{path} cannot be written: {reason}.",
            changed=changed,
            hint=f"Make room or correct its permissions, or name another directory with --state-dir or ${VARIABLE}.",
        ) from error
