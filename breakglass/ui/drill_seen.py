"""Rehearsed when? What an inventory and a plan say about the last drill and the last dry run of the very service."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from breakglass.model.account import Environment
from breakglass.model.inventory import DryRehearsed, Inventory, Rehearsed
from breakglass.model.kind import Kind
from breakglass.running.state_dir import StateDir

_NAMED = 3
FOLDER = "drills"


def with_rehearsal(taken: Inventory, state: StateDir, kinds: Mapping[str, Kind]) -> Inventory:
    """The inventory with the last drill that was recovered and the last dry run, where the state directory has any."""
    if not (state.root / FOLDER).is_dir():
        return taken
    from breakglass.rehearsal.history import History  # noqa: PLC0415 - most state directories have no drills
    from breakglass.rehearsal.shape import changes, shape_of  # noqa: PLC0415

    history = History(state)
    if dry := history.dry_run(taken.service, taken.account.id, taken.region):
        taken = replace(taken, dry_run=DryRehearsed(dry.ended, dry.id, len(dry.failures)))
    record = history.of(taken.service, taken.account.id, taken.region)
    if record is None:
        return taken
    since = tuple(changes(record.subject.shape, shape_of(taken, kinds))) if record.subject.is_twin else None
    rehearsed = Rehearsed(record.ended, record.id, record.scenario, record.times.recover, since)
    return replace(taken, rehearsed=rehearsed)


def rehearsed_words(taken: Inventory) -> str:
    """A sentence or two; empty for a service that nobody needs to have rehearsed."""
    drill = _drill_words(taken)
    if taken.dry_run is None:
        return drill
    failures = taken.dry_run.failures
    things = {0: "nothing would have failed", 1: "1 thing would have failed"}.get(
        failures, f"{failures} things would have failed"
    )
    return " ".join(filter(None, (f"Dry run {_when(taken, taken.dry_run.at)}: {things}.", drill)))


def _drill_words(taken: Inventory) -> str:
    one = taken.rehearsed
    if one is None:
        production = taken.account.environment is Environment.PRODUCTION
        return f"Never rehearsed: breakglass rehearse {taken.service}" if production else ""
    took = f", recovered in {_minutes(one.recover)}" if one.recover is not None else ""
    return f"Rehearsed {_when(taken, one.at)} ({one.scenario}{took}); {_since(one)}."


def _when(taken: Inventory, at: datetime) -> str:
    days = max(0, (taken.read_at - at).days)
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


def _since(one: Rehearsed) -> str:
    if one.changes is None:
        return "on the sandbox's example, not on its own shape (--from-snapshot)"
    if not one.changes:
        return "its shape has not changed since"
    more = f" and {len(one.changes) - _NAMED} more" if len(one.changes) > _NAMED else ""
    return f"changed since: {', '.join(one.changes[:_NAMED])}{more}"


def _minutes(seconds: float) -> str:
    whole, rest = divmod(round(seconds), 60)
    return f"{whole} min {rest} s" if whole else f"{rest} s"
