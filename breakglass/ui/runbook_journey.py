"""`breakglass runbook run`: which runbook, for which service, from which step on, and how the walk ended."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from breakglass.config import load
from breakglass.config.spelling import quoted
from breakglass.errors import NOTHING_CHANGED, BreakglassError, Interrupted, StoppedPartWay, UsageError
from breakglass.model.runbook import SERVICE, VERIFY, Runbook, Sort
from breakglass.planning.runbook_walk import Stop, Task, from_step, stops
from breakglass.running.runbook_reading import parse
from breakglass.running.runbooks import Shelf, Volume
from breakglass.ui.asking import Terminal, insist_on_terminal, terminal_stream
from breakglass.ui.common import Common
from breakglass.ui.runbook_opening import opened
from breakglass.ui.runbook_page import head
from breakglass.ui.runbook_walking import Walk, summary, verified
from breakglass.ui.terminal import say, style_of

_BY_COMMANDS = "What was changed is what the commands above say."


def walked(shelf: Shelf, common: Common, known_as: str, service: str | None, start: str | None) -> int:
    """Walk a runbook in this terminal, and return 0 where its end was reached and Verify ended well.

    Raises `UsageError`, `CannotPrompt`, `StoppedPartWay`, `Interrupted`, and `BreakglassError` for what Verify found.
    """
    volume = shelf.find(known_as)
    runbook = parse(opened(volume, service))
    ahead = _ahead(volume, runbook, service, start)
    profile = _profile(common)
    insist_on_terminal(
        "Each step of a runbook is asked for", f"Run it on a terminal, or read it: breakglass runbook show {volume.id}"
    )
    with terminal_stream() as screen:
        style = style_of(screen, os.environ, no_color=common.no_color)
        say("".join(f"{line}\n" for line in head(runbook, style, datetime.now(UTC).date())), screen)
        walk = Walk(runbook, common, profile, Terminal(no_color=common.no_color), screen, style)
        ended: BreakglassError | None = None
        try:
            if not walk.go(ahead):
                ended = StoppedPartWay("", hint="")
        except (KeyboardInterrupt, EOFError):
            ended = Interrupted("", hint="")
    say(f"\n{summary(walk, ahead, style_of(sys.stdout, os.environ, no_color=common.no_color))}", sys.stdout)
    changed = _BY_COMMANDS if walk.touched else NOTHING_CHANGED
    if ended:
        at = _stopped_at(walk, ahead)
        again = _again(common, volume, service, at)
        raise type(ended)(f"Stopped at {at}. What was not reached was not done.", changed=changed, hint=again)
    if failed := verified(walk):
        again = _again(common, volume, service, VERIFY)
        raise BreakglassError(f"{VERIFY} ended with {failed}.", changed=changed, hint=again)
    return 0


def _stopped_at(walk: Walk, ahead: Sequence[Stop]) -> str:
    """The step at which the walk ended before its end: where to go on."""
    todo = [stop for stop in ahead if isinstance(stop, Task) and stop.command.line not in walk.outcomes]
    return (walk.stopped_at or todo[0]).step.name if walk.stopped_at or todo else VERIFY


def _ahead(volume: Volume, runbook: Runbook, service: str | None, start: str | None) -> list[Stop]:
    """What there is to walk. Raises `UsageError` where that is nothing, or for which service is not said."""
    everything = list(stops(runbook))
    names = list(dict.fromkeys(stop.step.name for stop in everything if isinstance(stop, Task)))
    if not names or runbook.sort is not Sort.RUNBOOK:
        raise UsageError(f"{volume.id} has no steps to walk.", hint=f"Read it: breakglass runbook show {volume.id}")
    if service is None and runbook.has_word(SERVICE):
        raise UsageError(
            f"{volume.id} is about any service.", hint=f"Say which: breakglass runbook run {volume.id} --service NAME"
        )
    if start is None:
        return everything
    ahead = from_step(everything, start)
    if ahead is None:
        raise UsageError(f"{volume.id} has no step {quoted(start)}.", hint=f"Its steps: {', '.join(names)}")
    return ahead


def _profile(common: Common) -> str | None:
    """The profile that was chosen, by itself or by its account. Raises `UsageError` for an account that is unknown."""
    if common.account is None:
        return common.profile
    account = load(common.config, os.environ, Path.cwd()).account_named(common.account)
    return common.profile or account.profile


def _again(common: Common, volume: Volume, service: str | None, step: str) -> str:
    named = f" --service {service}" if service else ""
    return f"Go on there: {common.repeated(f'breakglass runbook run {volume.id}{named} --from {quote(step)}')}"
