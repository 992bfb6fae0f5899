"""What components are called on screen, the same in every report."""

from breakglass.kinds import all_kinds
from breakglass.model.account import Account, Environment, hyphenated
from breakglass.model.component import Component, Owned, Ownership, Present, Shared, Unproven, Unread
from breakglass.model.inventory import Finding, Inventory, Severity
from breakglass.ui.masking import mask_text
from breakglass.ui.terminal import harmless

RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def shown(text: str) -> str:
    """Text from AWS as it may be shown: no secrets, one line, nothing that a terminal obeys."""
    return harmless(mask_text(text))


def title(component: Component) -> str:
    """What people call its kind: `ECS service`."""
    kind = all_kinds().get(component.key.kind)
    return kind.title if kind else component.key.kind.replace("-", " ")


def what_it_is(component: Component) -> tuple[str, str]:
    """Its id, or what describes it better; and what its kind adds to the id, often nothing."""
    kind = all_kinds().get(component.key.kind)
    known_as = component.key.id
    if kind is None or not isinstance(component.sighting, Present):
        return harmless(known_as), ""
    said = kind.describe(component.key, component.sighting)
    name, _, more = said.partition(" ")
    if said.startswith(known_as):  # ids stay as they are, whatever they look like
        return harmless(known_as), shown(said[len(known_as) :].strip())
    if name in known_as:  # people call it by a part of its id
        return harmless(name), shown(more.strip())
    return shown(said), ""


def described(component: Component) -> str:
    """Both parts of what it is."""
    return "  ".join(filter(None, what_it_is(component)))


def is_shared(component: Component) -> bool:
    """Whether others use it too."""
    return isinstance(component.ownership, Shared)


def state_words(component: Component) -> str:
    """Its state, always as words: `ok, shared`."""
    return f"{component.state}, shared" if is_shared(component) else str(component.state)


def why(component: Component, *, at_most: int | None = None) -> str:
    """The evidence for its state, and with whom it is shared: all of them, or the first `at_most`."""
    said = [component.reason]
    match component.ownership:
        case Shared(by=others) if not all(other in component.reason for other in others):
            said.append(f"also used by {_some(others, at_most)}")
        case _:
            pass
    return shown("; ".join(filter(None, said)))


def _some(names: tuple[str, ...], at_most: int | None) -> str:
    """A list that is not cut for the sake of a single name."""
    if at_most is None or len(names) <= at_most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:at_most])} and {len(names) - at_most} more"


def ownership_word(ownership: Ownership) -> str:
    """`owned`, `shared` or `unproven`."""
    match ownership:
        case Owned():
            return "owned"
        case Shared():
            return "shared"
        case Unproven():
            return "unproven"


def unread_of(component: Component) -> tuple[Unread, ...]:
    """Every look-up for this component that failed, each once."""
    own = getattr(component.sighting, "failures", ()) or getattr(component.sighting, "unread", ())
    return tuple(dict.fromkeys((*own, *component.users.unread)))


def by_severity(inventory: Inventory) -> tuple[Finding, ...]:
    """The findings, the most pressing first."""
    return tuple(sorted(inventory.findings, key=lambda finding: RANK[finding.severity]))


def environment_mark(account: Account) -> str:
    """`[PRODUCTION]`, `[rehearsal]` or `[NOT CONFIGURED]`."""
    match account.environment:
        case Environment.PRODUCTION:
            return "[PRODUCTION]"
        case Environment.REHEARSAL:
            return "[rehearsal]"
        case None:
            return "[NOT CONFIGURED]"


def account_words(account: Account) -> str:
    """Hyphenated id, name and environment: `1111-2222-3333 acme-prod [PRODUCTION]`."""
    known_as = account.alias or account.name
    return " ".join(filter(None, (hyphenated(account.id), known_as and harmless(known_as), environment_mark(account))))
