"""A run's journal: append-only JSON lines, each on disk before the call that it announces goes out.

After a crash the journal is all that is known of a run. So an entry is whole or it is not there: what a power
loss leaves of a last line is no entry, and is moved to `journal.torn` before the next one is written.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from breakglass.errors import BreakglassError, StoppedPartWay
from breakglass.model.journal import Entry, Event
from breakglass.running.codec import Damaged, parse
from breakglass.running.documents import check_version, damaged, entry_from, entry_line, unreadable
from breakglass.running.state_dir import FILE_MODE, VARIABLE, flush_folder, write_all

TORN = "journal.torn"


@dataclass(slots=True)
class Journal:
    """A journal that is being written. One process at a time: whoever holds the lock of the service."""

    path: Path
    _descriptor: int = field(init=False, default=-1)
    _began: bool = field(init=False, default=False)

    def __enter__(self) -> Self:
        """Open it, made where it is missing, and put aside what a crash left of a last line.

        Raises `BreakglassError` where it is damaged or cannot be written.
        """
        self._began = any(entry.event is Event.INTENT for entry in read_entries(self.path))
        with self._on_disk():
            self._descriptor = os.open(
                self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE
            )
            try:
                os.fchmod(self._descriptor, FILE_MODE)
                self._put_torn_line_aside()
                flush_folder(self.path.parent)
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Every entry is on disk already."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def append(self, entry: Entry) -> None:
        """Write one entry and return when it is on disk.

        Raises `StoppedPartWay` where it does not get there (a full disk), `BreakglassError` where no call has been
        announced before: the entry is then no part of the journal, and what it announces must not be sent.
        """
        before = os.fstat(self._descriptor).st_size
        line = entry_line(entry, first=before == 0)
        with self._on_disk():
            try:
                write_all(self._descriptor, line)
                os.fsync(self._descriptor)
            except BaseException:
                with suppress(OSError):  # then the next opening puts it aside
                    os.ftruncate(self._descriptor, before)
                raise
        self._began = self._began or entry.event is Event.INTENT

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"The journal {self.path} cannot be written: {error.strerror or error}."
            room = f"Make room on its disk (not by removing the journal; --state-dir or ${VARIABLE} chose it)"
            if not self._began:
                raise BreakglassError(what, hint=f"{room}, and give the command again.") from error
            raise StoppedPartWay(
                what,
                changed="What the journal tells of was done; nothing further was sent.",
                hint=f"{room}, then: breakglass resume {self.path.parent.name}",
            ) from error

    def _put_torn_line_aside(self) -> None:
        content = self.path.read_bytes()
        whole, torn = split(content)
        if torn:
            _keep_aside(self.path.with_name(TORN), torn + b"\n")
            os.ftruncate(self._descriptor, len(whole))
        elif whole and not whole.endswith(b"\n"):
            write_all(self._descriptor, b"\n")
        os.fsync(self._descriptor)


def read_entries(path: Path) -> tuple[Entry, ...]:
    """A journal's entries, in order; none where there is no journal yet. What is left of a torn last line is no entry.

    Raises `BreakglassError` where it cannot be read, is damaged elsewhere, or is of another version.
    """
    try:
        whole, _ = split(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise unreadable(path, error) from error
    return tuple(_read_line(path, number, line) for number, line in enumerate(whole.splitlines(), start=1))


def split(content: bytes) -> tuple[bytes, bytes]:
    """The whole lines, and what is left of a torn last one. A whole line may lack nothing but its end."""
    whole, newline, last = content.rpartition(b"\n")
    if not last or _is_entry(last):
        return content, b""
    return whole + newline, last


def _is_entry(line: bytes) -> bool:
    try:
        return isinstance(parse(line), dict)
    except Damaged:
        return False


def _read_line(path: Path, number: int, line: bytes) -> Entry:
    try:
        document = parse(line)
        if not isinstance(document, dict):
            raise Damaged("it is no JSON object")  # noqa: TRY301 - one place names file and line
        if number == 1:
            check_version(document, path)
        return entry_from(document)
    except Damaged as error:
        raise damaged(path, Damaged(f"line {number}: {error}")) from error


def _keep_aside(path: Path, torn: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        os.fchmod(descriptor, FILE_MODE)
        write_all(descriptor, torn)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
