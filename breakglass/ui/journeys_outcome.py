"""How a run ended: the service before and after, side by side, and a sentence that promises nothing too much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from breakglass.model.account import hyphenated
from breakglass.model.component import Component, Shared
from breakglass.model.inventory import Inventory
from breakglass.model.journal import Entry, Event
from breakglass.model.lead import Key
from breakglass.model.plan import Plan, Purpose, Until
from breakglass.running.progress import Outcome
from breakglass.ui.masking import mask_text
from breakglass.ui.plan_report import name
from breakglass.ui.reports.document import SCHEMA_VERSION, account_document, timestamp
from breakglass.ui.reports.tree import grow
from breakglass.ui.reports.words import shown, state_words
from breakglass.ui.terminal import BOLD, DIM, GREEN, RED, YELLOW, Style, columns, padded, shortened, wrapped

_NOT_THERE = "-"


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that came to its end: its plan, the service before and after, and what its journal says."""

    plan: Plan
    before: Inventory
    after: Inventory
    entries: Sequence[Entry]

    @property
    def outcome(self) -> Outcome:
        """In the words of `breakglass runs`."""
        last = self.entries[-1] if self.entries else None
        recovered = (
            last is not None and last.event is Event.FINISHED and last.detail.get("outcome") == Outcome.RECOVERED
        )
        return Outcome.RECOVERED if recovered else Outcome.FINISHED

    @property
    def skipped(self) -> int:
        """How many steps were skipped."""
        return sum(entry.event is Event.SKIPPED and entry.call is None for entry in self.entries)

    @property
    def left(self) -> tuple[Key, ...]:
        """What the plan meant to remove, and is there."""
        going = {step.component for step in self.plan.steps if step.goal is Until.ABSENT}
        return tuple(component.key for component in self.after.components if component.key in going and component.there)

    def sentence(self) -> str:
        """What was reached."""
        service, after = self.plan.service, self.after.diagnosis
        skipped = f" {self.skipped} of its steps were skipped." if self.skipped else ""
        if self.plan.purpose is Purpose.REBUILD:
            if self.outcome is Outcome.RECOVERED:
                return f"{service} is recovered: {after.summary}.{skipped}"
            return f"{service} is not recovered yet. It is {after.state}: {after.summary}.{skipped}"
        if self.left:
            there = ", ".join(map(name, self.left))
            return (
                f"{service} is not all removed: {there} {'is' if len(self.left) == 1 else 'are'} still there.{skipped}"
            )
        kept = f"{len(self.plan.kept)} were kept, as the plan says" if self.plan.kept else "nothing was kept"
        return f"{service} is removed: of its pieces {kept}.{skipped}"

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Component, state before, state after; as people read a service."""
        before = {component.key: component for component in self.before.components}
        after = {component.key: component for component in self.after.components}
        order = [
            twig.component.key for twig in grow((*after.values(), *(before[key] for key in before if key not in after)))
        ]
        for key in order:
            if not _passing(before.get(key), after.get(key)):
                yield name(key), _state(before.get(key)), _state(after.get(key))

    def document(self) -> dict[str, Any]:
        """The same in plain JSON types."""
        return {
            "schema_version": SCHEMA_VERSION,
            "action": str(self.plan.purpose),
            "service": self.plan.service,
            "region": self.plan.region,
            "account": account_document(self.plan.account),
            "run": self.plan.run,
            "outcome": str(self.outcome),
            "summary": mask_text(self.sentence()),
            "diagnosis": {"before": str(self.before.diagnosis.state), "after": str(self.after.diagnosis.state)},
            "components": [
                {"component": str(key), "before": before, "after": after} for key, before, after in self._states()
            ],
            "finished_at": timestamp(self.after.read_at),
        }

    def _states(self) -> Iterator[tuple[Key, str | None, str | None]]:
        before = {component.key: str(component.state) for component in self.before.components}
        after = {component.key: str(component.state) for component in self.after.components}
        for key in sorted({*before, *after}):
            yield key, before.get(key), after.get(key)


def ended_report(ended: Ended, style: Style, commands: Sequence[tuple[str, str]]) -> str:
    """Before and after side by side, the sentence, and the commands that come next, each behind its label."""
    rows = list(ended.rows())
    widths = [max(columns(row[at]) for row in [_HEAD, *rows]) for at in range(3)]
    widths[0] = min(widths[0], style.width - widths[1] - widths[2] - 8)
    lines = [style.paint(_line(_HEAD, widths, style), BOLD)]
    for row in rows:
        line = _line(row, widths, style)
        lines.append(line if row[1] != row[2] else style.paint(line, DIM))
    sentence = ended.sentence().replace(ended.plan.account.id, hyphenated(ended.plan.account.id))
    first, *others = wrapped(shown(sentence), style.width)
    good = ended.outcome is Outcome.RECOVERED or (ended.plan.purpose is Purpose.REMOVE and not ended.left)
    lines += ["", style.paint(first, BOLD, GREEN if good else YELLOW if not ended.left else RED), *others, ""]
    label = max(len(word) for word, _ in commands)
    lines += [f"{style.paint(padded(word, label), BOLD)}  {command}" for word, command in commands]
    return "\n".join(lines) + "\n"


_HEAD = ("COMPONENT", "BEFORE", "AFTER")


def _line(row: tuple[str, str, str], widths: Sequence[int], style: Style) -> str:
    component, before, after = row
    arrow = "  " if row is _HEAD else ("->" if before != after else "  ")
    cell = padded(shortened(component, widths[0], style.ellipsis), widths[0])
    return f"{cell}  {padded(before, widths[1])}  {arrow}  {after}".rstrip()


def _passing(before: Component | None, after: Component | None) -> bool:
    """Others' things that only one of the two looks came by: nothing has become of them."""
    seen = before or after
    return (before is None or after is None) and seen is not None and isinstance(seen.ownership, Shared)


def _state(component: Component | None) -> str:
    return state_words(component) if component is not None else _NOT_THERE
