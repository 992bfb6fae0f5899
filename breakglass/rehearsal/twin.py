"""A twin: somebody's own service, made in the sandbox from a snapshot, with the neighbours that it shares things with.

It is a rebuild: planned from that snapshot in an account that has nothing of it, and carried out by the real executor.
What services stand on (network, roles, certificates, cluster, table, zone) is made first.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from breakglass.aws.writer import AwsWriter
from breakglass.errors import BreakglassError
from breakglass.model.inventory import Health, Inventory
from breakglass.model.journal import Event
from breakglass.model.kind import Detail
from breakglass.model.permit import Permit
from breakglass.model.plan import Form
from breakglass.model.snapshot import Snapshot
from breakglass.planning.removal import Choice
from breakglass.rehearsal.ground import Ground
from breakglass.rehearsal.sandbox import Control, Sandbox
from breakglass.rehearsal.sandbox.accounts import PRODUCTION, REGION
from breakglass.rehearsal.sandbox.configuration import breakglass_toml, write_private
from breakglass.rehearsal.stage import Stage
from breakglass.rehearsal.translation import Translation
from breakglass.running.documents import sealed_snapshot
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild
from breakglass.running.state_dir import Place, StateDir
from breakglass.running.tools import Operator
from breakglass.running.vault import Vault, place_of

NEIGHBOURS = 10
"""At most so many neighbours are made."""
_SETTLED = 180.0


@dataclass(frozen=True, slots=True)
class Original:
    """The snapshot of the service, those of its neighbours, and the configuration by which all are found."""

    snapshot: Snapshot
    neighbours: tuple[Snapshot, ...] = ()
    config: Path | None = None


class SandboxTime:
    """The sandbox's clock: waiting puts it forward, so that nobody waits for a twin to grow."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._waited = 0.0

    def now(self) -> datetime:
        """The time of day there, UTC."""
        return datetime.fromtimestamp(self._control.now(), UTC)

    def elapsed(self) -> float:
        """Seconds waited so far."""
        return self._waited

    def wait(self, seconds: float) -> None:
        """Put it forward."""
        self._waited += seconds
        self._control.advance(seconds)


def original(state: StateDir, known_as: str, service: str, config: Path | None) -> Original:
    """The snapshot by its id, and the newest healthy ones of services that share something with it.

    Raises `UsageError` where there is none by that id, `BreakglassError` where it is of another service.
    """
    vault = Vault(state)
    found = vault.find(known_as)
    if found.service != service:
        raise BreakglassError(
            f"{found.name or found.id} is of {found.service}, not of {service}.",
            hint=f"breakglass rehearse {found.service} --from-snapshot {known_as}",
        )
    if found.health is not Health.HEALTHY or not found.complete:
        what = f"was {found.health}" if found.complete else "could not be read completely"
        raise BreakglassError(
            f"{service} {what} when {found.name or found.id} was taken, so its twin would not be steady.",
            hint=f"Choose a healthy one: breakglass snapshot list {service}",
        )
    shared = {saved.key for saved in found.components if saved.ownership == "shared"}
    near = [one for one in _others(vault, found) if shared & {saved.key for saved in one.components}]
    return Original(found, tuple(near[:NEIGHBOURS]), config)


def _others(vault: Vault, found: Snapshot) -> Iterator[Snapshot]:
    folder = vault.state.snapshots / place_of(found).folder.parent
    for path in sorted(folder.glob("*")):
        if path.name != place_of(found).folder.name:
            every = vault.all_of(Place(found.account, found.region, path.name))
            yield from [one for one in every if one.health is Health.HEALTHY][:1]


def make(sandbox: Sandbox, of: Original) -> Path:
    """Make the twin and its neighbours in the sandbox's empty production account; returns the configuration for it.

    To be called inside `within`. Raises `BreakglassError` where it cannot be made, with the reason.
    """
    sandbox.control.chaos("empty", account=PRODUCTION.id)
    translation = Translation((of.snapshot.account, PRODUCTION.id), (of.snapshot.region, REGION))
    every = (of.snapshot, *of.neighbours)
    with Stage.of(sandbox, of.snapshot.service) as stage:
        translation = Ground(stage.aws, sandbox.control).lay(every, translation)
    file = _configuration(sandbox, of, translation)
    for one in every:
        made = _rebuild(Stage(sandbox, one.service, file), sealed_snapshot(translation.snapshot(one)))
        translation = translation.knowing(dict(_now(one, made, translation)))
    sandbox.control.advance(_SETTLED)
    return file


def _now(one: Snapshot, made: Inventory, translation: Translation) -> Iterator[tuple[str, str]]:
    """What the ARNs and DNS names of shared things have become: neighbours refer to the same ones."""
    for saved in one.components:
        live = made.get(translation.key(saved.key))
        if live and live.arn and saved.arn and saved.ownership == "shared":
            yield saved.arn, live.arn
            yield Form.DIMENSION.of(saved.arn), Form.DIMENSION.of(live.arn)
            if "DNSName" in saved.facts:
                yield saved.facts["DNSName"], live.facts["DNSName"]


def _rebuild(stage: Stage, snapshot: Snapshot) -> Inventory:
    with stage:
        bench = replace(stage.bench(), state=StateDir(stage.sandbox.folder / "twin"), clock=SandboxTime(stage.control))
        Vault(bench.state).save(snapshot)
        prepared = prepare_rebuild(bench, Choice(), named=snapshot.id)
        if prepared.plan.blockers:
            one = prepared.plan.blockers[0]
            raise BreakglassError(
                f"The twin of {snapshot.service} cannot be made: {one.component}: {one.message}.", hint=one.hint
            )
        run = open_run(bench, prepared)
        permit = Permit(bench.account.id, bench.account.caller, bench.clock.now(), "rehearsal")
        entries = list(carry_out(bench, run, permit, AwsWriter(stage.connection, run.id), Operator()))
        if entries[-1].event is not Event.FINISHED:
            raise BreakglassError(f"The twin of {snapshot.service} could not be finished.", hint="Rehearse another.")
        return bench.look(Detail.LOOK)


def _configuration(sandbox: Sandbox, of: Original, translation: Translation) -> Path:
    """Their conventions, with the sandbox's accounts; the sandbox's own where they have none."""
    ours: dict[str, Any] = tomllib.loads(breakglass_toml())
    if of.config is not None:
        theirs = tomllib.loads(of.config.read_text(encoding="utf-8-sig"))
        ours["services"] = translation.value(theirs.get("services", {}))
    file = sandbox.folder / "breakglass.toml"
    write_private(file, "".join(f"{name} = {_toml(value)}\n" for name, value in ours.items()))
    return file


def _toml(value: Any) -> str:
    """A value of a configuration as TOML on one line (https://toml.io/en/v1.0.0#inline-table)."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{json.dumps(name)} = {_toml(item)}" for name, item in value.items()) + "}"
        case str():
            return json.dumps(value)
        case Sequence():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
