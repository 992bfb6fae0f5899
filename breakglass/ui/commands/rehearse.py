"""`breakglass rehearse SERVICE`: a drill in the embedded sandbox."""

import os
import sys
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakglass.errors import UsageError
from breakglass.ui.terminal import say, style_of

if TYPE_CHECKING:
    from breakglass.rehearsal.history import Record, Subject
    from breakglass.rehearsal.sandbox import Sandbox
    from breakglass.rehearsal.scenarios import Scenario
    from breakglass.rehearsal.stage import Stage
    from breakglass.rehearsal.twin import Original
    from breakglass.running.state_dir import StateDir

SPEED = 10.0


class Output(StrEnum):
    """The forms of a drill's report."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="rehearse", no_args_is_help=True)(rehearse)


def rehearse(
    service: Annotated[
        str | None, typer.Argument(metavar="SERVICE", help="A service of the sandbox, e.g. deployer-api.")
    ] = None,
    *,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="What happens; `random` draws one. See --list.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Draws the same one again.")] = None,
    missing: Annotated[
        str | None, typer.Option("--missing", metavar="KIND[,KIND]", help="Instead: these pieces are gone.")
    ] = None,
    from_snapshot: Annotated[
        str | None, typer.Option("--from-snapshot", metavar="ID", help="On a twin of your own service, made of this.")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Run the clock: the guide or your shell, then a score.")
    ] = False,
    shell: Annotated[bool, typer.Option("--shell", help="The same, at once in your shell in that world.")] = False,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="MIN", min=0.01, help="End it after so many minutes.")
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", metavar="N", min=0.1, help="How much faster AWS's own waits pass.")
    ] = SPEED,
    output: Annotated[Output, typer.Option("--output", "-o", help="How to print the report.")] = Output.TABLE,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="For --from-snapshot: how your service is found.")
    ] = None,
    state_dir: Annotated[
        Path | None, typer.Option("--state-dir", metavar="DIR", help="Where drills and snapshots are kept.")
    ] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour.")] = False,
) -> None:
    """Rehearse an outage of SERVICE in the embedded sandbox: the alert, and what the inventory says.

    With --drill, or any option that says what is drilled, the clock runs on a terminal: you recover it, and get a
    score. Needs no AWS credentials and no network, and cannot reach a real account even where some are configured.
    """
    if list_them:
        say(_listing(), sys.stdout)
        return
    if service is None:
        raise UsageError("rehearse needs a service.", hint="For example: breakglass rehearse deployer-api")
    _insist_on_one(scenario, missing, seed)

    from breakglass.rehearsal.history import History, Subject  # noqa: PLC0415 - --help does not need these
    from breakglass.rehearsal.stage import Stage, within  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.running.state_dir import StateDir, locate  # noqa: PLC0415
    from breakglass.ui.asking import has_terminal  # noqa: PLC0415
    from breakglass.ui.drill import Terms, exit_code, play  # noqa: PLC0415
    from breakglass.ui.sandboxed import sandbox  # noqa: PLC0415

    choose, drawn = _chooser(scenario, missing, seed)
    state = StateDir(locate(state_dir, os.environ))
    style = style_of(sys.stderr, os.environ, no_color=no_color)
    twin = _original(state, from_snapshot, service, config) if from_snapshot else None
    with ExitStack() as open_things:
        running = open_things.enter_context(sandbox())
        open_things.enter_context(within(running))
        if twin:
            say(f"Making a twin of {service} in the sandbox, as it was in {from_snapshot}.\n", sys.stderr)
            subject = _grow(running, twin)
        stage = open_things.enter_context(Stage.of(running, service))
        drilled = drill or any(one is not None for one in (scenario, missing, from_snapshot, time_limit))
        if not (shell or (drilled and has_terminal())):
            code = _shown(stage, choose, no_color=no_color)
        else:
            terms = Terms(choose, shell, time_limit, speed, drawn, subject if twin else Subject(), no_color=no_color)
            record = play(stage, terms, style, History(state))
            _report(record, output, no_color=no_color)
            code = exit_code(record)
    if code:
        raise typer.Exit(code)


def _original(state: "StateDir", known_as: str, service: str, config: Path | None) -> "Original":
    from breakglass.config import load  # noqa: PLC0415 - --help does not need these
    from breakglass.rehearsal.twin import original  # noqa: PLC0415 - loads the AWS SDK

    return original(state, known_as, service, load(config, os.environ, Path.cwd()).file)


def _grow(running: "Sandbox", twin: "Original") -> "Subject":
    """Make the twin, and say whose it is."""
    from breakglass.kinds import all_kinds  # noqa: PLC0415 - --help does not need these
    from breakglass.rehearsal.history import Subject  # noqa: PLC0415
    from breakglass.rehearsal.shape import shape_of_snapshot  # noqa: PLC0415
    from breakglass.rehearsal.twin import make  # noqa: PLC0415

    make(running, twin)
    one = twin.snapshot
    return Subject(one.id, one.account, one.region, shape_of_snapshot(one, all_kinds()))


def _insist_on_one(scenario: str | None, missing: str | None, seed: int | None) -> None:
    if scenario and missing:
        raise UsageError("--scenario and --missing are two ways to say what happens.", hint="Give one of them.")
    if seed is not None and scenario != "random":
        raise UsageError("--seed draws a scenario, and none is drawn.", hint="Add --scenario random.")


def _chooser(scenario: str | None, missing: str | None, seed: int | None) -> tuple[Any, int | None]:
    """What says which scenario it is, and the seed by which it is drawn. Raises `UsageError` for one there is not."""
    from secrets import randbelow  # noqa: PLC0415 - --help does not need these

    from breakglass.rehearsal import scenarios  # noqa: PLC0415 - loads the AWS SDK

    if scenario == scenarios.RANDOM:
        by = randbelow(10_000) if seed is None else seed
        return (lambda _, scene: scenarios.drawn(by, scene)), by
    if missing is not None:
        chosen = scenarios.without(missing)
    else:
        chosen = scenarios.named(scenario) if scenario else scenarios.DEFAULT
    return (lambda _stage, _scene: chosen), None


def _shown(stage: "Stage", choose: Any, *, no_color: bool) -> int:
    """The alert, and what the inventory says."""
    from breakglass.rehearsal.drill import ready  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.ui.drill import page  # noqa: PLC0415
    from breakglass.ui.sandboxed import Place  # noqa: PLC0415

    steady = ready(stage)
    scenario: Scenario = choose(stage, steady.scene)
    drill = steady.begin(scenario)
    say(page(drill.alert, style_of(sys.stderr, os.environ, no_color=no_color)), sys.stderr)
    options = ["--no-color"] if no_color else []
    code = Place(stage.sandbox, scenario.signed_in).run(["inventory", stage.service, *options])
    if not code:
        say(f"\nGo on by hand in that world: breakglass rehearse {stage.service} --drill\n", sys.stderr)
    return code


def _report(record: "Record", output: Output, *, no_color: bool) -> None:
    from breakglass.rehearsal.history import text_of  # noqa: PLC0415 - --help does not need these
    from breakglass.ui.drill_report import drill_markdown, drill_table  # noqa: PLC0415

    match output:
        case Output.TABLE:
            say("\n" + drill_table(record, style_of(sys.stdout, os.environ, no_color=no_color)), sys.stdout)
        case Output.MARKDOWN:
            say(drill_markdown(record), sys.stdout)
        case Output.JSON:
            say(text_of(record), sys.stdout)


def _listing() -> str:
    from breakglass.rehearsal.scenarios import LIBRARY  # noqa: PLC0415 - loads the AWS SDK

    width = max(len(one.name) for one in LIBRARY)
    lines = [f"{one.name:<{width}}  {one.alert.runbook}  {one.happened}" for one in LIBRARY]
    return "\n".join([*lines, "", "breakglass rehearse SERVICE --scenario NAME, or --missing KIND[,KIND]", ""])
