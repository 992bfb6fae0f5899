"""Scalable targets of ECS services, with their scaling policies and scheduled actions.

Deregistering a target deletes its policies and scheduled actions, so they are part of it.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from breakglass.model import scaling_making
from breakglass.model.arn import parse_arn
from breakglass.model.component import Absent, Component, Condition, Facts, Found, Present, Sighting, Unread, Unreadable
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.making import without_source
from breakglass.model.plan import Action, Call, Form, Settle, Until
from breakglass.model.reading import AwsError, NotOffered, Reader, batches
from breakglass.model.scaling_making import SERVICE
from breakglass.model.world import Making, Recipe, World

ECS = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
TARGETS_A_CALL = 50

FEW = 20
"""Up to so many targets at once are shown with policies and scheduled actions, which takes two calls each. A copy
has them of any number; that a target is there and belongs to a service shows without."""


FAILED_WITHOUT_A_WORD = "500"
"""Code of an endpoint that fails over a question without a word of AWS's."""


class ScalableTarget(Kind):
    """The scalable target of an ECS service. A lead names `service/CLUSTER/NAME`, or an ARN."""

    name = "scalable-target"
    title = "scalable target"
    names = frozenset({"ecs-service"})
    read_at = 100
    deployed = frozenset({"CreationTime"})
    turn = 75
    volatile = frozenset({"PredictedCapacity"})

    def identify(self, ref: str, within: str = "") -> str | None:
        """`service/CLUSTER/NAME`, from that, the ARN of the ECS service or of a policy, or a name within a cluster."""
        arn = parse_arn(ref)
        resource = arn.resource if arn else ref
        if arn and arn.service == "autoscaling":  # scalingPolicy:ID:resource/ecs/service/CLUSTER/NAME:policyName/POLICY
            resource = resource.partition(":resource/ecs/")[2].partition(":")[0]
        if arn is None and within and "/" not in ref:
            cluster = parse_arn(within)
            resource = f"service/{cluster.resource.removeprefix('cluster/') if cluster else within}/{ref}"
        is_resource_id = resource.startswith("service/") and resource.count("/") == 2  # noqa: PLR2004 - the form above
        return resource if is_resource_id else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """DescribeScalableTargets for 50 at a time, then policies and schedules of those that are there."""
        wanted = {known_as: list(some) for known_as, some in self.by_id(leads).items()}
        unnamed: list[Found] = []
        for lead in leads:
            if self.identify(lead.ref, lead.within) is None:
                match _by_own_arn(lead.ref, look.reader):
                    case str(known_as):
                        wanted.setdefault(known_as, []).append(lead)
                    case sighting:
                        unnamed.append(Found(Key(self.name, lead.ref), sighting, (lead,)))
        sightings = _look_up(list(wanted), look.reader)
        if look.detail is Detail.COPY or len(wanted) <= FEW:
            there = {known_as: seen for known_as, seen in sightings.items() if isinstance(seen, Present)}
            look_closer = [partial(_look_closer, known_as, seen, look) for known_as, seen in there.items()]
            sightings |= {
                known_as: Unreadable((seen.unread,)) if isinstance(seen, AwsError) else seen
                for known_as, seen in zip(there, look.reader.gather(look_closer), strict=True)
            }
        found = [self._found(known_as, sightings[known_as], some) for known_as, some in wanted.items()]
        return self.tell([*found, *unnamed])

    def _found(self, known_as: str, sighting: Sighting, leads: Sequence[Lead]) -> Found:
        facts = sighting.facts if isinstance(sighting, Present) else {}
        arn = facts.get("ScalableTargetARN")
        policies = [policy["PolicyARN"] for policy in facts.get("ScalingPolicies", [])]
        return Found(
            key=Key(self.name, known_as),
            sighting=sighting,
            leads=tuple(leads),
            arn=arn,
            handles=frozenset([known_as, *policies, *([arn] if arn else [])]),
            tags=facts.get("Tags"),
        )

    def describe(self, key: Key, sighting: Present) -> str:
        """Name, bounds, and how many policies and schedules move it between them."""
        facts = sighting.facts
        words = [f"{facts.get('MinCapacity')} to {facts.get('MaxCapacity')} tasks"]
        for field, noun, nouns in (
            ("ScalingPolicies", "policy", "policies"),
            ("ScheduledActions", "schedule", "schedules"),
        ):
            if count := len(facts.get(field, [])):
                words.append(f"{count} {noun if count == 1 else nouns}")
        return f"{key.id.removeprefix('service/')}  {', '.join(words)}"

    def stable(self, facts: Facts) -> Facts:
        """Its fields, and of its policies those that do not tell which alarms call them: these belong to the alarms."""
        policies = [{**policy, "Alarms": []} for policy in facts.get("ScalingPolicies", [])]
        return {**super().stable(facts), "ScalingPolicies": policies}

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """A policy's ARN is of this very one; the target itself is known by its service's name."""
        policy = scaling_making.policy_name(ref)
        return (f"{scaling_making.POLICY_ARN}{policy}", Form.WHOLE) if policy else None

    def value(self, facts: Facts, field: str) -> str | None:
        """Of policies the ARN, by their name."""
        if not field.startswith(scaling_making.POLICY_ARN):
            return super().value(facts, field)
        arns = {one["PolicyName"]: str(one["PolicyARN"]) for one in facts.get("ScalingPolicies", [])}
        return arns.get(field.removeprefix(scaling_making.POLICY_ARN))

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeregisterScalableTarget, which deletes its policies and scheduled actions."""
        params = {**ECS, "ResourceId": component.key.id}
        why = "before its service, or it raises the desired count again"
        call = Call(SERVICE, "DeregisterScalableTarget", params, why, passing=PASSING)
        return call, Settle(component.key, Until.ABSENT, "the scalable target is gone", deadline=120)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """RegisterScalableTarget, then each policy and each scheduled action that has something left to do."""
        facts, now = recipe.facts, world.inventory.read_at
        if "MinCapacity" not in facts:
            return without_source(recipe.key)
        actions: list[Action] = [
            scaling_making.registration(facts, world),
            Settle(recipe.key, Until.THERE, "the scalable target is there", deadline=120),
            *(scaling_making.policy(one, world) for one in facts.get("ScalingPolicies", [])),
            *(
                scaling_making.schedule(one, now)
                for one in facts.get("ScheduledActions", [])
                if not scaling_making.over(one, now)
            ),
        ]
        return Making(tuple(map(_patient, actions)), lost=tuple(scaling_making.lost(recipe.key, facts, now)))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """PutScalingPolicy over each policy that reads the metrics of something gone."""
        policies = component.facts.get("ScalingPolicies", [])
        why = "it scales by the metrics of something gone"
        calls = [scaling_making.policy(one, world, why) for one in policies]
        unchanged = [scaling_making.policy(one, World(world.run, world.inventory), why) for one in policies]
        return Making(tuple(_patient(new) for new, old in zip(calls, unchanged, strict=True) if new != old))

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether the target, policy or action is there as it was sent."""
        if not isinstance(sighting, Present):
            return call.operation == "DeregisterScalableTarget" and isinstance(sighting, Absent)
        match call.operation:
            case "RegisterScalableTarget":
                return _holds(sighting.facts, call)
            case "PutScalingPolicy":
                return any(_holds(one, call) for one in sighting.facts.get("ScalingPolicies", []))
            case "PutScheduledAction":
                return any(_holds(one, call) for one in sighting.facts.get("ScheduledActions", []))
            case _:
                return False


PASSING = (("ConcurrentUpdateException", ""),)
"""Another change of the same target is under way."""


def _patient(action: Action) -> Action:
    return replace(action, passing=PASSING) if isinstance(action, Call) else action


def _holds(facts: Facts, call: Call) -> bool:
    """Whether all that was sent is there; tags are not shown with it."""
    return all(facts.get(name) == value for name, value in call.params.items() if name != "Tags")


def _by_own_arn(arn: str, reader: Reader) -> str | Sighting:
    """The resource id of the target with that ARN, which only the listing tells."""
    try:
        targets = reader.pages(SERVICE, "DescribeScalableTargets", "ScalableTargets", ECS)
    except AwsError as error:
        return Unreadable((error.unread,))
    absent = Absent(f"AWS knows no scalable target {arn}")
    return next((target["ResourceId"] for target in targets if target.get("ScalableTargetARN") == arn), absent)


def _look_up(wanted: Sequence[str], reader: Reader) -> dict[str, Sighting]:
    some_at_once = list(batches(wanted, TARGETS_A_CALL))
    asks = [
        partial(reader.pages, SERVICE, "DescribeScalableTargets", "ScalableTargets", {**ECS, "ResourceIds": list(some)})
        for some in some_at_once
    ]
    return {
        known_as: _sighting(known_as, answer)
        for some, answer in zip(some_at_once, reader.gather(asks), strict=True)
        for known_as in some
    }


def _sighting(known_as: str, answer: Sequence[Facts] | AwsError) -> Sighting:
    if isinstance(answer, AwsError):
        return Unreadable((answer.unread,))
    target = next((target for target in answer if _is_of(target, known_as)), None)
    if target is None:
        return Absent(f"nothing is registered to scale {known_as}")
    return Present(target, tuple(_references(target)), _condition(target))


def _is_of(thing: Facts, known_as: str) -> bool:
    """Whether a target, policy or action is of that very resource: not every endpoint compares the whole id."""
    return (thing["ResourceId"], thing["ScalableDimension"]) == (known_as, ECS["ScalableDimension"])


def _look_closer(known_as: str, seen: Present, look: Look) -> Present:
    of_it = {**ECS, "ResourceId": known_as}
    asks: list[partial[Any]] = [
        partial(look.reader.pages, SERVICE, "DescribeScalingPolicies", "ScalingPolicies", of_it),
        partial(look.reader.pages, SERVICE, "DescribeScheduledActions", "ScheduledActions", of_it),
    ]
    arn = seen.facts.get("ScalableTargetARN")
    if look.detail is Detail.COPY and arn:
        asks.append(partial(look.reader.call, SERVICE, "ListTagsForResource", {"ResourceARN": arn}))
    facts: dict[str, Any] = dict(seen.facts)
    unread: list[Unread] = []
    parts = ("ScalingPolicies", "ScheduledActions", "Tags")
    for part, answer in zip(parts, look.reader.gather(asks), strict=False):
        if isinstance(answer, AwsError):
            if part != "Tags" or not _unoffered(answer):
                unread.append(answer.unread)
        elif part == "Tags":
            facts[part] = answer.get("Tags", {})
        else:
            facts[part] = [one for one in answer if _is_of(one, known_as)]
    return Present(facts, tuple(_references(facts)), seen.condition, tuple(unread))


def _references(facts: Facts) -> Iterator[Reference]:
    _, cluster, service = facts["ResourceId"].split("/")
    yield Reference("ResourceId", "ecs-service", service, within=cluster)
    for at, policy in enumerate(facts.get("ScalingPolicies", [])):
        if policy.get("PolicyType") == "TargetTrackingScaling":
            continue  # its alarms are AWS's own, and come and go with the policy
        for which, alarm in enumerate(policy.get("Alarms", [])):
            path = f"ScalingPolicies[{at}].Alarms[{which}].AlarmARN"
            yield Reference(path, "alarm", alarm["AlarmARN"], hint=True)
    yield from scaling_making.references(facts)


def _condition(target: Facts) -> Condition:
    suspended = [name for name, is_so in sorted(target.get("SuspendedState", {}).items()) if is_so]
    return Condition(reason=f"suspended: {', '.join(suspended)}" if suspended else "")


def _unoffered(error: AwsError) -> bool:
    """Whether the endpoint knows no tags of scalable targets: then none can have been put there, and none be lost."""
    return isinstance(error, NotOffered) or error.code == FAILED_WITHOUT_A_WORD


KIND = ScalableTarget()
