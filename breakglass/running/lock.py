"""One run at a time on one service in one account and region.

The lock is the kernel's (flock): it ends with the process that holds it, however that ends. Whose it is stands
beside it in a file, which is only words: it is believed while the lock is held, and never otherwise.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from breakglass.errors import BreakglassError
from breakglass.running.codec import Damaged, parse
from breakglass.running.documents import text_of
from breakglass.running.records import from_record, to_record
from breakglass.running.state_dir import FILE_MODE, Place, StateDir, safe_name, write_file, writing

PATIENCE = 0.5  # seconds; somebody who only asks whether it is held has it for less


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is at work: the caller's ARN, the run, and the process that carries it out."""

    caller: str
    run: str
    since: datetime
    pid: int
    host: str

    def __str__(self) -> str:
        return (
            f"run {self.run}, {self.caller}, since {self.since:%Y-%m-%d %H:%M:%SZ}, process {self.pid} on {self.host}"
        )


def this_process(caller: str, run: str, since: datetime) -> Holder:
    """The holder that this process would be. `since` is UTC."""
    return Holder(caller, run, since, os.getpid(), socket.gethostname())


@contextmanager
def sole_run(state: StateDir, place: Place, holder: Holder) -> Iterator[None]:
    """Hold the lock of a service.

    Raises `BreakglassError` at once where another process holds it, and says whose it is.
    """
    state.prepare()
    state.folder("locks", *place.folder.parts[:-1])
    path = _lock_file(state, place)
    lock = FileLock(path, mode=FILE_MODE, timeout=PATIENCE, thread_local=False)
    with writing(path):
        try:
            lock.acquire(poll_interval=0.02)
        except Timeout as error:
            raise _held(state, place) from error
    words = _holder_file(path)
    try:
        with writing(words):
            write_file(words, text_of(to_record(holder)))
        yield
    finally:
        with suppress(OSError):  # words that nobody believes once the lock is free
            words.unlink()
        lock.release()


def holder_of(state: StateDir, place: Place) -> Holder | None:
    """Who is at work on a service right now; None where nobody is, or where it is not told who."""
    path = _lock_file(state, place)
    if not _is_held(path):
        return None
    try:
        return from_record(Holder, parse(_holder_file(path).read_bytes()))
    except (OSError, Damaged):
        return None


def _held(state: StateDir, place: Place) -> BreakglassError:
    holder = holder_of(state, place)
    whose = str(holder) if holder else "it has not said yet whose it is"
    return BreakglassError(
        f"Another run is at work on {place} in this account: {whose}.",
        hint="Let it come to its end, or stop it with Ctrl-C where it runs. Then: breakglass runs",
    )


def _lock_file(state: StateDir, place: Place) -> Path:
    return state.locks / place.folder.parent / f"{safe_name(place.service)}.lock"


def _holder_file(lock: Path) -> Path:
    return lock.with_suffix(".holder.json")


def _is_held(path: Path) -> bool:
    """Asks the kernel, for a moment and as a reader: several may ask at once, also in a directory that is read-only."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
