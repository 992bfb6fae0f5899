"""A plan as the operator reads it before typing the account ID: what, in which order, from what, until when."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from breakglass.kinds import all_kinds
from breakglass.model.account import hyphenated
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Pause, Plan, Purpose, Settle, Step, Until
from breakglass.ui.reports.words import environment_mark, shown
from breakglass.ui.terminal import BOLD, CYAN, DIM, GREEN, RED, YELLOW, Style, columns, harmless, padded, wrapped

_FIELDS = re.compile(r"(?P<source>.+): (?P<fields>[A-Za-z]\w*(?:, [A-Za-z]\w*)*)")
_ASCII = str.maketrans({"…": "...", "→": "->", "–": "-", "—": "-", "·": "-"})  # noqa: RUF001
_INDENT = 7
_COLOURS = {"+": (GREEN,), "-": (RED,), "~": (YELLOW,)}
SAFE = "Nothing has changed yet; Ctrl-C is safe."
SAFE_AGAIN = "Nothing has changed since that run stopped; Ctrl-C is safe."
OVER = ("[done]", "[skipped]")
"""Marks of steps that need no more words."""


@dataclass(frozen=True, slots=True)
class PlanScreen:
    """Plan and style; `marks` say of a resumed run's steps how far they are, `warnings` what else to know."""

    plan: Plan
    style: Style
    marks: Mapping[int, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    rehearsed: str = ""

    def text(self) -> str:
        """The whole screen."""
        lines = [
            *self._headline(),
            *(f"      {line}" for line in wrapped(self._show(shown(self.rehearsed)), self.style.width - 6) if line),
            *(line for step in self.plan.steps for line in self._step(step)),
            *self._kept(),
            *self._several("lost", YELLOW, (f"{name(one.component)}: {one.what}" for one in self.plan.lost)),
            *self._blockers(),
            *self._several("note", YELLOW, self.warnings),
        ]
        return "\n".join(lines) + "\n"

    def _headline(self) -> Iterator[str]:
        plan = self.plan
        what = f"{plan.purpose} {harmless(plan.service)} in {hyphenated(plan.account.id)}"
        known_as = plan.account.alias or plan.account.name
        where = " ".join(filter(None, (known_as and harmless(known_as), environment_mark(plan.account), plan.region)))
        head = f"PLAN  {what} {where}"
        run = f"run {plan.run}" if plan.steps else ""
        if run and columns(head) + 3 + len(run) <= self.style.width:
            head = padded(head, self.style.width - len(run)) + run
            run = ""
        first, *others = wrapped(head[6:], self.style.width - 6) if columns(head) > self.style.width else [head[6:]]
        yield f"{self.style.paint('PLAN', BOLD)}  {first}"
        yield from (f"      {line}" for line in (*others, run) if line)

    def _step(self, step: Step) -> Iterator[str]:
        mark = mark_of(step, self.plan.purpose)
        done = self.marks.get(step.id, "")
        title = self._show(name(step.component))
        head = f"{step.id:>3}  {self.style.paint(mark, BOLD, *_COLOURS[mark])} "
        first, *others = wrapped(f"{title}  {done}" if done else title, self.style.width - _INDENT)
        yield head + " " * (_INDENT - 6) + self.style.paint(first, BOLD)
        yield from (" " * _INDENT + other for other in others)
        for label, text in _details(step, self.plan.purpose) if done not in OVER else ():
            yield from self._detail(label, text)

    def _detail(self, label: str, text: str) -> Iterator[str]:
        first, *others = wrapped(self._show(shown(text)), self.style.width - _INDENT - 7) or [""]
        yield " " * _INDENT + self.style.paint(padded(label, 7), DIM) + first
        yield from (" " * (_INDENT + 7) + other for other in others)

    def _kept(self) -> Iterator[str]:
        reasons: dict[str, list[Key]] = {}
        for one in self.plan.kept:
            reasons.setdefault(one.why, []).append(one.component)
        for why, keys in reasons.items():
            yield from self._several("kept", CYAN, (f"{why}:",), ".")
            yield from (" " * 16 + line for line in _listed(map(name, keys), self.style.width - 16))

    def _blockers(self) -> Iterator[str]:
        for one in self.plan.blockers:
            yield from self._several("BLOCKED", RED, (f"{name(one.component)}: {one.message}",), "!")
            yield from (" " * 14 + line for line in wrapped(self._show(shown(one.hint)), self.style.width - 14))

    def _several(self, label: str, colour: int, texts: Iterable[str], mark: str = "") -> Iterator[str]:
        for text in texts:
            first, *others = wrapped(self._show(shown(text)), self.style.width - 14)
            yield f"{mark.strip() or '!':>4}  " + self.style.paint(padded(label, 8), BOLD, colour) + first
            yield from (" " * 14 + other for other in others)

    def _show(self, text: str) -> str:
        text = text.replace(self.plan.account.id, hyphenated(self.plan.account.id))
        return text if self.style.unicode else text.translate(_ASCII)


def name(key: Key) -> str:
    """A component as people call it: `ECS service wonderland/deployer-api`."""
    kind = all_kinds().get(key.kind)
    return f"{kind.title if kind else key.kind} {harmless(key.id)}"


def mark_of(step: Step, purpose: Purpose) -> str:
    """`+` makes, `-` removes, `~` changes what is there."""
    match purpose, step.goal:
        case Purpose.REBUILD, Until.THERE:
            return "+"
        case _, Until.ABSENT:
            return "-"
        case _:
            return "~"


def _listed(names: Iterable[str], width: int) -> Iterator[str]:
    """Names one after the other, as many on a line as fit; none is broken that fits a line of its own."""
    line = ""
    for one in names:
        joined = f"{line}, {one}" if line else one
        if line and columns(joined) >= width:  # a comma follows
            yield f"{line},"
            joined = one
        *full, line = wrapped(joined, width) or [""]
        yield from full
    if line:
        yield line


def _details(step: Step, purpose: Purpose) -> Iterator[tuple[str, str]]:
    yield "why", step.why
    if purpose is Purpose.REBUILD:
        yield from (("from" if not at else "", words) for at, words in enumerate(told_sources(step)))
    for action in step.actions:
        match action:
            case Settle():
                yield "waits", wait_words(action)
            case Pause(text=text):
                yield "asks", text
            case Call():
                pass


def wait_words(wait: Settle) -> str:
    """`until 2 of 2 are healthy, at most 10 min`."""
    hold = f", {duration(wait.hold)}" if wait.hold else ""
    ended = " (Enter ends it)" if wait.protects_traffic else ""
    return f"until {wait.words}{hold}{ended}, at most {duration(wait.deadline + wait.hold)}"


def duration(seconds: float) -> str:
    """`40 s`, `10 min`, `1 min 30 s`."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def told_sources(step: Step) -> Iterator[str]:
    """Where the fields of what is made come from, in few words: what differs field by field, and the rest.

    Of a source only the fields that are sent are named, with their values where these are plain.
    """
    sent = {name: value for _, call in step.calls for name, value in call.params.items()}
    given: list[tuple[str, list[str]]] = []
    for text in step.sources:
        if told := _FIELDS.fullmatch(text):
            fields = [one for one in told["fields"].split(", ") if one in sent]
            given += [(told["source"], fields)] if fields else []
        else:
            yield text
    given.sort(key=lambda one: len(one[1]))
    for source, fields in given[:-1]:
        yield f"{', '.join(_valued(one, sent[one]) for one in fields)}: {source}"
    for source, _ in given[-1:]:
        yield f"{'all else' if len(given) > 1 else 'all of it'}: {source}"


def _valued(field_name: str, value: object) -> str:
    return f"{field_name} {value}" if isinstance(value, int | float | bool) else field_name
