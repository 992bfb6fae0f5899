"""One drill: a steady world, a mishap, the clock, and what it came to.

A drill on a world that is not steady is refused: whatever it ended with would prove nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from breakglass.errors import BreakglassError
from breakglass.model.inventory import Inventory
from breakglass.rehearsal.alerts import Alert
from breakglass.rehearsal.evidence import (
    Anchor,
    Evidence,
    later_than,
    mine,
    read_commands,
    runs_of,
    saved_since,
    sent_calls,
    touched,
)
from breakglass.rehearsal.scenarios import Scenario
from breakglass.rehearsal.stage import Scene, Stage
from breakglass.rehearsal.steady import unsteady
from breakglass.rehearsal.watch import Desk
from breakglass.running.recovery import save_snapshot


@dataclass(frozen=True, slots=True)
class Ready:
    """A steady world before anything happens, with last night's snapshot in the operator's state directory."""

    stage: Stage
    before: Inventory

    @property
    def scene(self) -> Scene:
        """What a mishap may break."""
        return Scene(self.stage, self.before)

    def begin(self, scenario: Scenario, speed: float = 1.0) -> "Drill":
        """Let it happen, and start the clock.

        From here on `speed` seconds pass in the sandbox for each of ours. Raises `BreakglassError` where the
        scenario does not fit the service.
        """
        scene = self.scene
        if not scenario.fits(scene):
            raise BreakglassError(
                f"{scenario.name} cannot be played on {scene.service}: it has no such pieces.",
                hint="Choose another: breakglass rehearse --list",
            )
        scenario.play(scene)
        control = self.stage.control
        control.set_rate(speed)
        control.clear_calls()
        world = control.world()
        began = datetime.now(UTC)
        anchor = Anchor(began, float(world["at"]), speed)
        alert = scenario.alert.about(scene.service, scene.host)
        return Drill(self, scenario, alert, anchor, world["settled"], Desk(self.stage.sandbox.folder / "drill"))


def ready(stage: Stage) -> Ready:
    """Look at the world, insist that it is steady, and keep last night's snapshot of it.

    Raises `BreakglassError` where it is not.
    """
    insist_on_steady(stage.look())
    before, _ = save_snapshot(stage.bench())
    insist_on_steady(before)
    return Ready(stage, before)


def insist_on_steady(taken: Inventory) -> None:
    """Raises `BreakglassError` with the reason, where the service is not steady."""
    if why := unsteady(taken):
        raise BreakglassError(
            f"{taken.service} is not steady, so there is no drill: {why}.",
            changed="Nothing outside the sandbox was changed, and nothing was recorded.",
            hint="A drill begins with a service that is well: rehearse another, or a snapshot taken when it was.",
        )


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill that has begun."""

    ready: Ready
    scenario: Scenario
    alert: Alert
    anchor: Anchor
    broken: Mapping[str, Any]
    desk: Desk
    began: float = field(default_factory=monotonic)

    def look(self) -> str | None:
        """Why the service is not steady now; None where it is."""
        return unsteady(self.ready.stage.look(), self.ready.before)

    def evidence(self, steady_since: float | None) -> Evidence:
        """Everything that the drill left behind so far; `steady_since` by `monotonic`."""
        stage, began = self.ready.stage, self.anchor.ours
        account = self.ready.before.account.id
        now = stage.control.world()["settled"]
        runs = tuple(runs_of(stage.state))
        since = None if steady_since is None else began + timedelta(seconds=steady_since - self.began)
        return Evidence(
            began=began,
            account=account,
            sent=sent_calls(stage.control.calls(), self.anchor),
            typed=read_commands(self.desk.commands),
            runs=runs,
            saved=later_than(began, saved_since(stage.state, began)),
            touched=tuple(touched(self.broken, now, account, mine(self.ready.before))),
            steady_since=since,
        )

    def restore(self) -> None:
        """Put the sandbox back to where it was before any of this: a reset is all it takes."""
        self.ready.stage.control.reset()
