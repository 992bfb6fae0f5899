"""The inventory as a Mermaid graph: an arrow leads from a component to what it depends on."""

from collections.abc import Iterator

from breakglass.model.component import Component, State
from breakglass.model.inventory import Inventory
from breakglass.ui.reports.words import described, shown, state_words, title

_STYLES = {
    State.OK: "fill:#e6f4ea,stroke:#137333,color:#0b3d1c",
    State.MISSING: "fill:#fce8e6,stroke:#c5221f,color:#5f0f0d,stroke-dasharray:5 3",
    State.STALE: "fill:#fef7e0,stroke:#b06000,color:#5c3200",
    State.ORPHANED: "fill:#f1f3f4,stroke:#80868b,color:#3c4043",
    State.DRAINING: "fill:#fef7e0,stroke:#e37400,color:#5c3200,stroke-dasharray:5 3",
    State.UNREADABLE: "fill:#e8f0fe,stroke:#1967d2,color:#0d3270",
}
_MARKUP = {character: f"#{ord(character)};" for character in '"#&<>`\\;{}[]|*_~'}


def mermaid(inventory: Inventory) -> str:
    """A `graph TD`: one node for each component, its state as text and as class."""
    names = {component.key: f"n{at}" for at, component in enumerate(inventory.components)}
    lines = ["graph TD"]
    lines += [
        f'  {names[component.key]}["{_label(component)}"]:::{component.state}' for component in inventory.components
    ]
    lines += [
        f"  {names[component.key]} --> {names[other]}"
        for component in inventory.components
        for other in dict.fromkeys(component.depends_on)
        if other in names
    ]
    return "\n".join((*lines, *_classes(inventory))) + "\n"


def label(text: str) -> str:
    """Text inside a quoted label: what Mermaid or HTML could read as markup becomes an entity."""
    return "".join(_MARKUP.get(character, character) for character in text)


def _label(component: Component) -> str:
    lines = (shown(title(component)), described(component), state_words(component))
    return "<br/>".join(label(line) for line in lines)


def _classes(inventory: Inventory) -> Iterator[str]:
    used = {component.state for component in inventory.components}
    yield from (f"  classDef {state} {style}" for state, style in _STYLES.items() if state in used)
