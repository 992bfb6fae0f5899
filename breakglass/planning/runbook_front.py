"""What the front matter of a runbook has to say, and in which form."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from breakglass.config.spelling import either, nearest, on_one_line
from breakglass.model.inventory import Health, Severity
from breakglass.model.runbook import ANY_SERVICE, SERVICE, Front, Runbook, Sort

TEMPLATE_ID = "RB-00"
_ID = re.compile(r"RB-[0-9]{2}")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]+")
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@-]*")
_ALWAYS = ("id", "title", "owner", "review_by")
_OF_AN_ALERT = ("alert", "service", "severity", "works_without", "needs")
_OPTIONAL = ("kind", "states", "scenarios", "placeholders")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with a document, and the line where that is seen. A `warning` alone does not fail a check."""

    line: int
    message: str
    warning: bool = False


def is_service_name(name: str) -> bool:
    """Whether a name can stand in a command as it is: no shell takes any of it for something else."""
    return bool(_SERVICE.fullmatch(name))


def front_flaws(runbook: Runbook, stem: str, today: date) -> Iterator[Flaw]:
    """What is wrong with the front matter of a document whose file is called `stem`.md."""
    front = runbook.front
    if front.error:
        yield Flaw(*front.error)
        return
    if not front.ends:
        yield Flaw(1, "no front matter: the first line of a runbook is +++")
        return
    known = (*_ALWAYS, *_OF_AN_ALERT, *_OPTIONAL)
    for key in front.values:
        if key not in known:
            guess = "".join(f" (did you mean {near}?)" for near in nearest(key, known)[:1])
            yield Flaw(_line(front, key), f"{on_one_line(key)}: unknown key{guess}")
    required = _ALWAYS if runbook.sort is Sort.GUIDE else (*_ALWAYS, *_OF_AN_ALERT)
    for key in known:
        if key in front.values:
            yield from (Flaw(_line(front, key), f"{key}: {wrong}") for wrong in _CHECKS[key](front.values[key]))
        elif key in required:
            yield Flaw(front.ends, f"{key}: missing from the front matter")
    yield from _flaws_of_id(runbook, stem)
    yield from _flaws_of_date(runbook, today)


def _line(front: Front, key: str) -> int:
    return front.lines.get(key, 1)


def _flaws_of_id(runbook: Runbook, stem: str) -> Iterator[Flaw]:
    front = runbook.front
    if not _ID.fullmatch(runbook.id):
        return  # said by its own check
    line = _line(front, "id")
    if stem != runbook.id and not stem.startswith(f"{runbook.id}-"):
        yield Flaw(line, f"id: {runbook.id} in a file named {stem}.md, expected {runbook.id}-….md")
    if (runbook.sort is Sort.TEMPLATE) != (runbook.id == TEMPLATE_ID):
        yield Flaw(line, f"id: {TEMPLATE_ID} is the template's, whose kind is \"{Sort.TEMPLATE}\", and no other's")


def _flaws_of_date(runbook: Runbook, today: date) -> Iterator[Flaw]:
    due = runbook.front.date("review_by")
    if due and due < today and runbook.sort is not Sort.TEMPLATE:
        line = _line(runbook.front, "review_by")
        yield Flaw(line, f"review_by: {due} is past: read it again, and set a new date", warning=True)


def _text(value: object) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield "expected text"
    elif not value.isprintable():
        yield "expected text on one line without control characters"


def _texts(value: object) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        yield 'expected a list of texts, such as ["the wiki"]'


def _id(value: object) -> Iterator[str]:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        yield "expected RB- and two digits, such as RB-42"


def _service(value: object) -> Iterator[str]:
    if not isinstance(value, str) or not (value == ANY_SERVICE or is_service_name(value)):
        yield f'expected a service\'s name, or "{ANY_SERVICE}" for any'


def _date(value: object) -> Iterator[str]:
    if Front({"it": value}).date("it") is None:
        yield "expected a date, such as 2027-05-23"


def _one_of(*names: str) -> Callable[[object], Iterator[str]]:
    def check(value: object) -> Iterator[str]:
        if not isinstance(value, str) or value not in names:
            near = nearest(value, names)[:1] if isinstance(value, str) else []
            yield f"expected {either(names)}" + "".join(f" (did you mean {one}?)" for one in near)

    return check


def _states(value: object) -> Iterator[str]:
    yield from _texts(value)
    for item in value if isinstance(value, list) else ():
        yield from _one_of(*Health)(item)


def _placeholders(value: object) -> Iterator[str]:
    expected = 'expected a table such as { TASK = "the task\'s id" }'
    if not isinstance(value, dict) or not all(isinstance(means, str) and means.strip() for means in value.values()):
        yield expected
        return
    for word in value:
        if not _PLACEHOLDER.fullmatch(word):
            yield f"{on_one_line(word)}: expected a word in capitals"
        elif word == SERVICE:
            yield f"{SERVICE} is known, and needs no entry"


_CHECKS: dict[str, Callable[[object], Iterator[str]]] = {
    "id": _id,
    "title": _text,
    "owner": _text,
    "review_by": _date,
    "alert": _text,
    "service": _service,
    "severity": _one_of(*Severity),
    "works_without": _texts,
    "needs": _texts,
    "kind": _one_of(*Sort),
    "states": _states,
    "scenarios": _texts,
    "placeholders": _placeholders,
}
