"""The shelf of runbooks: breakglass's own, and beside them an organisation's.

Read off the package or a folder and nothing else, so that it works with every other thing down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from shlex import quote

from breakglass.config.spelling import either, nearest, quoted
from breakglass.errors import UsageError
from breakglass.model.inventory import Health
from breakglass.model.runbook import ANY_SERVICE, Front, Runbook, Sort
from breakglass.running.front_matter import is_runbook, parse_front

OURS = "breakglass"
SUFFIX = ".md"


@dataclass(frozen=True)
class Volume:
    """One document on the shelf: `ours` where breakglass brings it; `replaces` where it stands for one of ours."""

    file: Traversable
    text: str
    ours: bool
    replaces: bool = False

    @cached_property
    def front(self) -> Front:
        """Its front matter."""
        return parse_front(self.text)

    @cached_property
    def runbook(self) -> Runbook:
        """All of it."""
        from breakglass.running.runbook_reading import parse  # noqa: PLC0415 - most need to know which one it is

        return parse(self.text)

    @property
    def id(self) -> str:
        """Its id as the front matter has it."""
        return self.front.text("id")

    @property
    def stem(self) -> str:
        """Its file's name without the ending."""
        return self.file.name.removesuffix(SUFFIX)

    def shown_by(self, service: str) -> str:
        """The command that shows it, for a service: named where the runbook is about any."""
        named = f" --service {quote(service)}" if self.front.text("service") == ANY_SERVICE else ""
        return f"breakglass runbook show {self.id}{named}"

    @property
    def sort(self) -> Sort:
        """What it is."""
        return Runbook(self.front).sort


@dataclass(frozen=True, slots=True)
class Shelf:
    """Runbooks by id. `trouble` says in sentences what of the organisation's folder could not be read."""

    volumes: tuple[Volume, ...]
    trouble: tuple[str, ...] = ()

    def find(self, word: str) -> Volume:
        """The runbook that `word` means: its id, a scenario that plays it, or words of its title, alert or file name.

        Raises `UsageError` where there is none, with the nearest, or where there are several.
        """
        wanted = _as_id(word)
        for volume in self.volumes:
            if volume.id.casefold() == wanted.casefold():
                return volume
        found = [volume for volume in self.volumes if word.casefold() in volume.front.texts("scenarios")]
        found = found or [volume for volume in self.volumes if word.strip() and _mentions(volume, word)]
        if len(found) == 1:
            return found[0]
        if found:
            listed = "\n".join(f"{volume.id}  {volume.front.text('title')}" for volume in found)
            raise UsageError(f"{quoted(word)} may mean {either(volume.id for volume in found)}.", hint=listed)
        near = nearest(wanted, [volume.id for volume in self.volumes])
        meant = f"Did you mean {either(near)}? " if near else ""
        raise UsageError(f"There is no runbook {quoted(word)}.", hint=f"{meant}See them all: breakglass runbook list")

    def guide_for(self, service: str, state: Health) -> Volume | None:
        """The runbook for a service in a state: one about this very service before one about any; lowest id first."""
        fitting = [volume for volume in self.volumes if state in volume.front.texts("states")]
        own = [volume for volume in fitting if volume.front.text("service") == service]
        general = [volume for volume in fitting if volume.front.text("service") == ANY_SERVICE]
        return next(iter([*own, *general]), None)


def shelf(folder: Path | None = None) -> Shelf:
    """The built-in runbooks and those of an organisation's folder, ordered by id.

    Where both have an id, theirs replaces ours: who writes a runbook under a known id means to. A folder that is not
    there, and a file that cannot be read, are no reason to have no runbooks: they are named in `trouble`.
    """
    trouble: list[str] = []
    ours = [*_read(built_in(), trouble, ours=True)]
    theirs: dict[str, Volume] = {}
    known = {volume.id for volume in ours}
    for volume in _read(folder, trouble, ours=False) if folder else ():
        if volume.id in theirs:
            trouble.append(f"{volume.file} has the id {volume.id}, as {theirs[volume.id].file} has, and is left out.")
        else:
            theirs[volume.id] = replace(volume, replaces=volume.id in known)
    kept = [volume for volume in ours if volume.id not in theirs]
    return Shelf(_in_order([*kept, *theirs.values()]), tuple(trouble))


def _read(folder: Traversable, trouble: list[str], *, ours: bool) -> Iterator[Volume]:
    """The runbooks of a folder; what cannot be read goes to `trouble`."""
    try:
        found = [*documents_of(folder)]
    except OSError as error:
        whose = "breakglass's own" if ours else "your"
        trouble.append(f"The folder of {whose} runbooks, {folder}, cannot be read: {error.strerror or error}.")
        return
    for file in found:
        try:
            volume = Volume(file, text_of(file), ours)
        except OSError as error:
            trouble.append(f"{file} cannot be read: {error.strerror or error}.")
            continue
        if not is_runbook(volume.text):
            continue
        if volume.id:
            yield volume
        else:
            trouble.append(f"{file} has no id that can be read, and is left out. See: breakglass runbook check")


def built_in() -> Traversable:
    """Where breakglass's own runbooks are: in the installed package, or beside it in a checkout."""
    package = files(OURS)
    installed = package / "runbooks"
    return installed if installed.is_dir() else Path(str(package)).parent / "runbooks"


def documents_of(folder: Traversable) -> Iterator[Traversable]:
    """The Markdown files of a folder, by name. Raises `OSError` where it cannot be read."""
    found = (one for one in folder.iterdir() if one.name.endswith(SUFFIX) and not one.is_dir())
    yield from sorted(found, key=lambda one: one.name)


def text_of(file: Traversable) -> str:
    """What a file says; bytes that are no UTF-8 become marks that show it. Raises `OSError`."""
    return file.read_bytes().decode("utf-8", "replace")


def _in_order(volumes: Sequence[Volume]) -> tuple[Volume, ...]:
    return tuple(sorted(volumes, key=lambda volume: (volume.id, volume.file.name)))


def _as_id(word: str) -> str:
    """`rb-1`, `RB1` and `1` are RB-01; anything else is what it is."""
    plain = word.strip().upper().removeprefix("RB").removeprefix("-")
    return f"RB-{int(plain):02}" if plain.isascii() and plain.isdigit() else word.strip()


def _mentions(volume: Volume, word: str) -> bool:
    said = (volume.front.text("title"), volume.front.text("alert"), volume.stem)
    return any(word.casefold() in text.casefold() for text in said)
