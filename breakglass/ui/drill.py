"""A drill in the sandbox on this terminal: played as any exercise, put back at its end, and remembered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from shlex import join
from typing import Any

from breakglass.rehearsal.drill import Drill, ready
from breakglass.rehearsal.evidence import Evidence
from breakglass.rehearsal.history import History, Record, Subject
from breakglass.rehearsal.scenarios import Scenario
from breakglass.rehearsal.score import Targets, findings_of, safety_of, times_of
from breakglass.rehearsal.stage import Stage
from breakglass.rehearsal.watch import Outcome
from breakglass.ui.exercise import Exercise, Task
from breakglass.ui.sandboxed import Place, write_tools
from breakglass.ui.terminal import Style

RECOVERED, NOT_RECOVERED, ABORTED = 0, 1, 130


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is played: `choose` says which scenario, `speed` seconds pass in the sandbox for each of ours."""

    choose: Callable[["Stage", Any], Scenario]
    shell: bool = False
    limit: float | None = None
    speed: float = 1.0
    seed: int | None = None
    subject: Subject = field(default_factory=Subject)
    no_color: bool = False


def play(stage: Stage, terms: Terms, style: Style, history: History) -> Record:
    """A whole drill, which is kept.

    Raises `BreakglassError` where the world is not steady, or the scenario does not fit.
    """
    steady = ready(stage)
    scenario = terms.choose(stage, steady.scene)
    drill = steady.begin(scenario, terms.speed)
    marks = {"abort": "Aborting: everything is put back."}
    if scenario.grant:
        marks["grant"] = "The account's owner has granted it."
    tools = write_tools(stage.sandbox.folder / "tools", drill.desk.commands, marks)
    service = drill.ready.before.service
    task = Task(
        service=service,
        alert=drill.alert,
        desk=drill.desk,
        look=drill.look,
        world=Place(stage.sandbox, scenario.signed_in, tools),
        began=drill.began,
        welcome=_welcome(service, grant=scenario.grant),
        grant=stage.control.clear_faults if scenario.grant else None,
        limit=terms.limit * 60 if terms.limit else None,
    )
    exercise = Exercise(task, style, terms.no_color)
    watch = exercise.play(shell=terms.shell)
    outcome = watch.outcome or Outcome.LEFT
    evidence = drill.evidence(watch.steady_since)
    if outcome is not Outcome.RECOVERED:
        drill.restore()
    kept, _ = history.save(_record(drill, terms, outcome, evidence, exercise.how))
    return kept


def _record(drill: Drill, terms: Terms, outcome: Outcome, evidence: Evidence, how: str) -> Record:
    times, targets, checks = times_of(evidence), Targets(), safety_of(evidence)
    scenario = drill.scenario
    return Record(
        id="",
        service=drill.ready.before.service,
        scenario=scenario.name,
        happened=scenario.happened,
        runbook=scenario.alert.runbook,
        outcome=outcome,
        restored=outcome is not Outcome.RECOVERED,
        began=evidence.began,
        ended=datetime.now(UTC),
        how=how,
        speed=terms.speed,
        times=times,
        targets=targets,
        safety=checks,
        findings=findings_of(times, targets, checks, recovered=outcome is Outcome.RECOVERED),
        commands=tuple(join(("breakglass", *one.arguments)) for one in evidence.typed),
        seed=terms.seed,
        subject=terms.subject,
    )


def exit_code(record: Record) -> int:
    """0 recovered, 130 aborted, 1 for every other end."""
    if record.recovered:
        return RECOVERED
    return ABORTED if record.outcome is Outcome.ABORTED else NOT_RECOVERED


def _welcome(service: str, *, grant: bool) -> str:
    said = {f"breakglass inventory {service}": "look"}
    if grant:
        said["grant"] = "what asking the account's owner for a permission does here"
    said |= {"abort": "put everything back, at any time", "exit": "leave; the sandbox goes with you"}
    width = max(len(command) for command in said)
    lines = "".join(f"  {command:<{width}}  {what}\n" for command, what in said.items())
    there = "This shell is in the sandbox: breakglass, aws and boto3 lead there and nowhere else. The clock runs."
    return f"\n{there}\n{lines}\n"
