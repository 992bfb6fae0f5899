"""The guide: what happened, what that means, what to do first, and then a choice, until the operator leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic

from breakglass.errors import BreakglassError, CannotPrompt, CredentialsError, Interrupted, WrongAccount
from breakglass.model.component import Component, State, Unreadable
from breakglass.model.inventory import Health, Inventory
from breakglass.model.plan import Purpose
from breakglass.planning.retrace import leads_in
from breakglass.running.recovery import known_snapshots, save_snapshot
from breakglass.ui.asking import Option, has_terminal
from breakglass.ui.ending import three_lines
from breakglass.ui.journeys import Desk
from breakglass.ui.journeys_change import Wish, change
from breakglass.ui.journeys_snapshots import flat, short
from breakglass.ui.masking import mask
from breakglass.ui.plan_report import name
from breakglass.ui.reports.words import shown, state_words, why
from breakglass.ui.terminal import BOLD, wrapped

DONE = 0
"""What the guide ends with: whoever quits has seen everything that it has to say."""


class Way(Enum):
    """What can be chosen."""

    REBUILD = auto()
    REMOVE = auto()
    DETAILS = auto()
    SNAPSHOT = auto()
    LOOK_AGAIN = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class Advice:
    """Two sentences and a recommendation: what `happened`, what it `means`, what to do `first`."""

    happened: str
    means: str
    first: str
    way: Way


def recover(desk: Desk) -> int:
    """The guide, until it is left. Raises `CannotPrompt` after the advice where there is nobody to choose."""
    while True:
        taken = _look(desk)
        advice = advise(taken)
        _tell(desk, taken, advice)
        if not has_terminal():
            raise CannotPrompt(
                "The guide asks what to do, and standard input is no terminal.",
                hint=f"breakglass rebuild {taken.service}" if advice.way is Way.REBUILD else "Give it on a terminal.",
            )
        match _chosen(desk, advice):
            case Way.QUIT:
                desk.tell("Left. What was done is in: breakglass runs\n")
                return DONE
            case Way.DETAILS:
                _details(desk, taken)
            case Way.SNAPSHOT:
                _save(desk)
            case Way.REBUILD:
                _go(desk, Purpose.REBUILD)
            case Way.REMOVE:
                _go(desk, Purpose.REMOVE)
            case _:
                continue


def _look(desk: Desk) -> Inventory:
    began = monotonic()
    known = known_snapshots(desk.bench)
    taken = desk.bench.look(leads=[lead for one in known for lead in leads_in(one, desk.bench.kinds)])
    desk.show_inventory(taken, began)
    return taken


def _tell(desk: Desk, taken: Inventory, advice: Advice) -> None:
    lines = [
        *wrapped(f"{advice.happened} {advice.means}", desk.style.width),
        *wrapped(f"Recommended: {advice.first}", desk.style.width),
    ]
    at = next(number for number, line in enumerate(lines) if line.startswith("Recommended:"))
    lines[at] = desk.style.paint("Recommended:", BOLD) + lines[at].removeprefix("Recommended:")
    desk.tell("\n" + "\n".join(shown(line) if "\x1b" not in line else line for line in lines) + "\n\n")
    if taken.account.environment is None:
        desk.tell("This account is not in the configuration: it can be read, and never changed.\n\n")


def advise(taken: Inventory) -> Advice:
    """The smallest way that brings it back. Pure."""
    service = taken.service
    missing = [name(one.key) for one in taken.components if one.state in {State.MISSING, State.DRAINING}]
    stale = [name(one.key) for one in taken.components if one.state is State.STALE]
    left = sum(one.there and one.state is not State.DRAINING for one in taken.components)
    match taken.diagnosis.state:
        case Health.HEALTHY:
            return Advice(
                f"{service} is healthy.",
                "There is nothing to recover.",
                "save a snapshot, so that there is a good one when it is needed.",
                Way.SNAPSHOT,
            )
        case Health.GONE:
            return Advice(
                f"Nothing of {service} is left: {_some(missing)}.",
                "Clients get errors, and the deployer has nothing to update.",
                "rebuild it from its tombstone, snapshots and configuration; the plan says what comes from where.",
                Way.REBUILD,
            )
        case Health.HALF_DELETED:
            return Advice(
                f"Part of {service} is gone: {_some(missing)}; {left} pieces are there.",
                "A deployer that trusts its state entry fails on what is missing, so deploying again does not help.",
                "rebuild only what is missing, and keep the rest. Remove what is left only where your deployer "
                "has to start afresh; then keep the state entry (--keep state-entry) if you rebuild here afterwards.",
                Way.REBUILD,
            )
        case Health.DRIFTED:
            return Advice(
                f"All of {service} is there, but {_some(stale)} does not agree with the rest.",
                "It may serve, and the next deployment may fail.",
                "rebuild: it repoints what refers to something gone, and leaves the rest.",
                Way.REBUILD,
            )
        case Health.DEGRADED:
            return Advice(
                f"All of {service} is there, but it does not serve: {taken.diagnosis.summary}.",
                "Nothing is missing, so a rebuild would not change that.",
                "look at the details of what is not well, and mend its cause.",
                Way.DETAILS,
            )
        case Health.UNKNOWN:
            return Advice(
                f"Too little of {service} could be read to say what it is.",
                "Unreadable is not missing: nothing is changed on a guess.",
                "allow what the notes name, and look again.",
                Way.LOOK_AGAIN,
            )


def _some(names: list[str]) -> str:
    shown_names = names[:3]
    more = f" and {len(names) - 3} more" if len(names) > len(shown_names) else ""
    return ", ".join(shown_names) + more if names else "something"


_WORDS: Mapping[Way, str] = {
    Way.REBUILD: "Rebuild what is missing",
    Way.REMOVE: "Remove what is left",
    Way.DETAILS: "Show the details of a component",
    Way.SNAPSHOT: "Save a snapshot of what is there",
    Way.LOOK_AGAIN: "Look again",
    Way.QUIT: "Quit",
}


def _chosen(desk: Desk, advice: Advice) -> Way:
    """The recommended one stands first: choosing changes nothing, it leads to a plan and to the prompt."""
    ways = [advice.way, *(way for way in Way if way is not advice.way)]
    options = [Option(way, _WORDS[way] + ("  (recommended)" if way is advice.way else "")) for way in ways]
    try:
        return Way(desk.terminal.one_of("What now?", options))
    except (KeyboardInterrupt, EOFError):
        return Way.QUIT


def _details(desk: Desk, taken: Inventory) -> None:
    options = [Option(one, f"{name(one.key)}  {state_words(one)}") for one in taken.components]
    try:
        one = desk.terminal.one_of("Which one?", [*options, Option(None, "Back")])
    except (KeyboardInterrupt, EOFError):
        return
    if isinstance(one, Component):
        desk.tell(details(one))


def details(one: Component) -> str:
    """Everything that is known of a component, its secrets masked."""
    lines = [f"{name(one.key)}: {state_words(one)}", f"  {why(one)}", f"  ARN {one.arn}" if one.arn else ""]
    lines += [f"  named by {shown(lead.detail)}" for lead in one.leads]
    lines += [f"  needs {name(key)}" for key in one.depends_on]
    if isinstance(one.sighting, Unreadable):
        lines += [f"  {shown(str(failure))}: {shown(failure.message)}" for failure in one.sighting.failures]
    lines += [f"  {field} = {short(value)}" for field, value in sorted(flat(mask(one.facts)).items())]
    return "\n".join(line for line in lines if line.strip()) + "\n\n"


def _save(desk: Desk) -> None:
    try:
        _, saved = save_snapshot(desk.bench)
    except BreakglassError as error:
        desk.tell(three_lines(error, desk.style))
        return
    desk.tell(f"Saved as snapshot {saved.id}.\n\n")


def _go(desk: Desk, purpose: Purpose) -> None:
    """A whole journey. What ends it is told, and the guide goes on; only who we are is no matter of choosing again."""
    try:
        change(desk, Wish(purpose))
    except (WrongAccount, CredentialsError):
        raise
    except BreakglassError as error:
        error.hint = desk.pasted(error.hint)
        desk.tell("\n" + three_lines(error, desk.style) + "\n")
    except KeyboardInterrupt:
        desk.tell(three_lines(Interrupted("Stopped by Ctrl-C.", hint="Choose again."), desk.style))
