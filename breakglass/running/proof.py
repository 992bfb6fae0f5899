"""Before anything is taken away: could it be made again?

The removal is answered by the rebuild that would undo it, planned from the very snapshot that is saved, and from the
earlier ones for what is missing already, as a rebuild has them. Every call of that plan is checked against the SDK's
own model, and what the calls stand on (roles, subnets, security groups, certificates, images) is looked up where it
can be read (`ground`). Nothing here stops a removal: what cannot be made again as it was is said before the account ID
is typed. What could not be read proves nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from breakglass.aws.shapes import Shapes, stand_in
from breakglass.model.component import Absent, Component, State
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Kind
from breakglass.model.plan import Loss, Plan
from breakglass.model.reading import Reader
from breakglass.model.snapshot import Snapshot
from breakglass.planning.rebuild import rebuild
from breakglass.planning.recipes import Sources
from breakglass.planning.removal import Request
from breakglass.running.ground import Ground, ground_of_removal


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of the attempt to prove it: the rebuild that would undo the removal, and what is wrong with it.

    `refused` are its calls that the SDK would not send, `ground` is what they stand on.
    """

    back: Plan
    refused: tuple[Loss, ...]
    ground: Ground

    @property
    def losses(self) -> tuple[Loss, ...]:
        """What the removal takes away for good, or what could not be made again tonight."""
        blocked = (Loss(one.component, f"cannot be made again: {one.message}") for one in self.back.blockers)
        return tuple(dict.fromkeys((*self.back.lost, *blocked, *self.refused, *self.ground.missing)))


def prove(
    plan: Plan, before: Inventory, snapshots: Sequence[Snapshot], kinds: Mapping[str, Kind], reader: Reader
) -> Proof:
    """Plan the way back of a removal, check its calls, and look up what they stand on.

    `snapshots` begin with the one that is saved with it; there is at least that one.
    """
    back = _the_way_back(plan, before, snapshots, kinds)
    return Proof(back, tuple(refused_by_the_model(back)), ground_of_removal(plan, before, reader))


def _the_way_back(plan: Plan, before: Inventory, snapshots: Sequence[Snapshot], kinds: Mapping[str, Kind]) -> Plan:
    """The rebuild after this removal, planned in a world in which the removal is done."""
    going = {step.component for step in plan.steps}
    components = tuple(_gone(one) if one.key in going else one for one in before.components)
    afterwards = replace(before, components=components)
    return rebuild(afterwards, kinds, Request(plan.run), Sources(snapshots[0].taken_at, snapshots))


def _gone(component: Component) -> Component:
    why = "the removal takes it away"
    gone = Absent(why, references=component.references)
    return replace(component, sighting=gone, state=State.MISSING, reason=why, outdated=())


def refused_by_the_model(plan: Plan) -> Iterator[Loss]:
    """Calls of a plan that the SDK itself would refuse to send."""
    shapes = Shapes()
    for step in plan.steps:
        for _, call in step.calls:
            for problem in shapes.check(call, lambda output: stand_in(output, plan.account.id, plan.region)):
                yield Loss(step.component, f"{call.operation} as planned is refused by the SDK: {problem}")
