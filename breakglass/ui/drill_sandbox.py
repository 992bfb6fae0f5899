"""`breakglass rehearse SERVICE` in the embedded sandbox: the outage on the screen, or the drill against the clock."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import randbelow
from typing import Any

from breakglass.config import load
from breakglass.kinds import all_kinds
from breakglass.rehearsal import scenarios
from breakglass.rehearsal.drill import ready
from breakglass.rehearsal.history import History, Subject
from breakglass.rehearsal.sandbox import Sandbox
from breakglass.rehearsal.shape import shape_of_snapshot
from breakglass.rehearsal.stage import Stage, within
from breakglass.rehearsal.twin import Original, make, original
from breakglass.running.state_dir import StateDir, locate
from breakglass.ui.asking import has_terminal
from breakglass.ui.drill import Terms, exit_code, play
from breakglass.ui.drill_report import print_record
from breakglass.ui.exercise import page
from breakglass.ui.options import Report
from breakglass.ui.sandboxed import Place, sandbox
from breakglass.ui.terminal import say, style_of

SPEED = 10.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks of a drill; see `commands.rehearse` for each. `limit` is in minutes."""

    scenario: str | None = None
    seed: int | None = None
    missing: str | None = None
    from_snapshot: str | None = None
    drill: bool = False
    shell: bool = False
    limit: float | None = None
    speed: float = SPEED
    output: Report = Report.TABLE
    config: Path | None = None
    state_dir: Path | None = None
    no_color: bool = False

    @property
    def drilled(self) -> bool:
        """Whether anything was said that only a drill has."""
        options = (self.scenario, self.missing, self.from_snapshot, self.limit)
        return self.drill or any(one is not None for one in options)


def rehearse_in_sandbox(service: str, wish: Wish) -> int:
    """The whole rehearsal, and its exit code. Raises `BreakglassError`."""
    choose, drawn = _chooser(wish)
    state = StateDir(locate(wish.state_dir, os.environ))
    twin = _original(state, wish.from_snapshot, service, wish.config) if wish.from_snapshot else None
    with ExitStack() as open_things:
        running = open_things.enter_context(sandbox())
        open_things.enter_context(within(running))
        subject = Subject()
        if twin:
            say(f"Making a twin of {service} in the sandbox, as it was in {wish.from_snapshot}.\n", sys.stderr)
            subject = _grow(running, twin)
        stage = open_things.enter_context(Stage.of(running, service))
        if not (wish.shell or (wish.drilled and has_terminal())):
            return _shown(stage, choose, no_color=wish.no_color)
        terms = Terms(choose, wish.shell, wish.limit, wish.speed, drawn, subject, no_color=wish.no_color)
        record = play(stage, terms, style_of(sys.stderr, os.environ, no_color=wish.no_color), History(state))
        print_record(record, wish.output, no_color=wish.no_color)
        return exit_code(record)


def listing() -> str:
    """Every scenario with its runbook, a line each."""
    width = max(len(one.name) for one in scenarios.LIBRARY)
    lines = [f"{one.name:<{width}}  {one.alert.runbook}  {one.happened}" for one in scenarios.LIBRARY]
    return "\n".join([*lines, "", "breakglass rehearse SERVICE --scenario NAME, or --missing KIND[,KIND]", ""])


def _chooser(wish: Wish) -> tuple[Any, int | None]:
    """What says which scenario it is, and the seed by which it is drawn. Raises `UsageError` for one there is not."""
    if wish.scenario == scenarios.RANDOM:
        by = randbelow(10_000) if wish.seed is None else wish.seed
        return (lambda _, scene: scenarios.drawn(by, scene)), by
    if wish.missing is not None:
        chosen = scenarios.without(wish.missing)
    else:
        chosen = scenarios.named(wish.scenario) if wish.scenario else scenarios.DEFAULT
    return (lambda _stage, _scene: chosen), None


def _original(state: StateDir, known_as: str, service: str, config: Path | None) -> Original:
    return original(state, known_as, service, load(config, os.environ, Path.cwd()).file)


def _grow(running: Sandbox, twin: Original) -> Subject:
    """Make the twin, and say whose it is."""
    make(running, twin)
    one = twin.snapshot
    return Subject(one.id, one.account, one.region, shape_of_snapshot(one, all_kinds()))


def _shown(stage: Stage, choose: Any, *, no_color: bool) -> int:
    """The alert, and what the inventory says."""
    steady = ready(stage)
    scenario: scenarios.Scenario = choose(stage, steady.scene)
    drill = steady.begin(scenario)
    say(page(drill.alert, style_of(sys.stderr, os.environ, no_color=no_color)), sys.stderr)
    options = ["--no-color"] if no_color else []
    code = Place(stage.sandbox, scenario.signed_in).run(["inventory", stage.service, *options])
    if not code:
        which = f"--scenario {scenario.name} " if scenario in scenarios.LIBRARY[1:] else ""
        say(f"\nGo on by hand in that world: breakglass rehearse {stage.service} {which}--drill\n", sys.stderr)
    return code
