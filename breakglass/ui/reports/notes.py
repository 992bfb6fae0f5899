"""Notes below the table: findings, and look-ups that failed, numbered so that rows can point at them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from breakglass.model.component import Component, State, Unread
from breakglass.model.inventory import Finding, Inventory, Severity
from breakglass.model.lead import Key
from breakglass.ui.reports.tree import grow
from breakglass.ui.reports.words import RANK, unread_of


@dataclass(frozen=True, slots=True)
class Note:
    """One numbered note; `component` is the row that points at it, if any."""

    number: int
    severity: Severity
    message: str
    hint: str
    component: Key | None


def notes_of(inventory: Inventory, *, everything: bool = False) -> tuple[Note, ...]:
    """The findings by severity and row, then whatever could not be read and no finding speaks of.

    A finding that says of a component only what its row says anyway is left out, unless `everything` is wanted.
    """
    by_key = {component.key: component for component in inventory.components}
    rows = {twig.component.key: at for at, twig in enumerate(grow(inventory.components))}
    findings = [
        finding
        for finding in sorted(inventory.findings, key=lambda one: (RANK[one.severity], _place(one, rows)))
        if everything or finding.component not in by_key or not _restates(finding, by_key[finding.component])
    ]
    said = [*findings, *_unspoken(inventory)]
    return tuple(
        Note(number, finding.severity, finding.message, finding.hint, finding.component)
        for number, finding in enumerate(said, start=1)
    )


def _place(finding: Finding, rows: Mapping[Key, int]) -> int:
    return rows.get(finding.component, -1) if finding.component else -1


def _restates(finding: Finding, component: Component) -> bool:
    if finding.severity is Severity.INFO and finding.code == "shared":
        return True
    return finding.code == component.state is not State.UNREADABLE and component.reason in finding.message


def _unspoken(inventory: Inventory) -> Iterator[Finding]:
    said = " ".join(finding.message for finding in inventory.findings)
    for component in inventory.components:
        for unread in unread_of(component):
            if unread.operation not in said:
                yield _finding(component, unread)


def _finding(component: Component, unread: Unread) -> Finding:
    return Finding(
        Severity.WARNING,
        "unreadable",
        f"{unread.operation} failed: {unread.code}: {unread.message}",
        "Unreadable is not missing: it will be left alone.",
        component.key,
    )
