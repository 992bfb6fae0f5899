"""The inventory to paste into an incident channel or a ticket."""

import re
from collections.abc import Iterator

from breakglass.model.inventory import Inventory
from breakglass.ui.reports.document import timestamp
from breakglass.ui.reports.tree import grow
from breakglass.ui.reports.words import account_words, by_severity, described, shown, state_words, title, why
from breakglass.ui.terminal import harmless

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#@!])")


def markdown(inventory: Inventory) -> str:
    """GitHub's Markdown: a table of components, the findings, and the next commands as code."""
    diagnosis = inventory.diagnosis
    return "\n".join(
        (
            f"**{prose(harmless(inventory.service))} is {diagnosis.state}**: {prose(shown(diagnosis.summary))}",
            "",
            f"{code(account_words(inventory.account))} {code(inventory.region)}, "
            f"read {timestamp(inventory.read_at)}, nothing changed"
            + ("" if inventory.complete else ", **not everything could be read**"),
            "",
            *_components(inventory),
            *_findings(inventory),
            *_commands(inventory),
        )
    )


def prose(text: str) -> str:
    """Text in which nothing is markup, a mention or the end of a table's cell."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """A code span. A backtick cannot be escaped there, and a bar must be, for the sake of tables."""
    return "`" + " ".join(text.split()).replace("`", "'").replace("|", "\\|") + "`"


def _components(inventory: Inventory) -> Iterator[str]:
    if not inventory.components:
        yield "Nothing of it was found."
        yield ""
        return
    yield "| component | state | what it is | why |"
    yield "| --- | --- | --- | --- |"
    for twig in grow(inventory.components):
        component = twig.component
        name = "· " * twig.depth + prose(shown(title(component)))
        state = prose(state_words(component))
        emphasised = state if component.state == "ok" else f"**{state}**"
        yield f"| {name} | {emphasised} | {code(described(component))} | {prose(why(component))} |"
    yield ""


def _findings(inventory: Inventory) -> Iterator[str]:
    for finding in by_severity(inventory):
        hint = f" {prose(shown(finding.hint))}" if finding.hint else ""
        yield f"- **{finding.severity}** {prose(shown(finding.message))}{hint}"
    if inventory.findings:
        yield ""


def _commands(inventory: Inventory) -> Iterator[str]:
    if inventory.diagnosis.next:
        yield "Next:"
        yield ""
        yield "```"
        yield from (shown(command).replace("```", "'''") for command in inventory.diagnosis.next)
        yield "```"
        yield ""
