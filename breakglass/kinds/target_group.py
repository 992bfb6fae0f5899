"""Target groups of ELB v2, with the health of their targets.

A target group is found by its name, which is unique in an account and region and outlives its ARN when it is
made again. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from breakglass.model import elbv2
from breakglass.model.arn import parse_arn
from breakglass.model.component import (
    Absent,
    Component,
    Condition,
    Found,
    Present,
    Sighting,
    Unread,
    User,
    Users,
)
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.plan import Action, Blocker, Call, Form, Output, Settle, Until
from breakglass.model.world import Making, Recipe, World


def dimension(arn: str) -> str:
    """`targetgroup/NAME/SUFFIX`, as CloudWatch's dimensions name it."""
    return arn.rpartition(":")[2]


class TargetGroup(Kind):
    """A target group."""

    name = "target-group"
    turn = 30
    title = "target group"
    names = frozenset({"load-balancer", "listener", "listener-rule"})
    used = True
    volatile = frozenset({"TargetHealthDescriptions", "LoadBalancerArns"})

    def identify(self, ref: str, within: str = "") -> str | None:
        """Its name."""
        return elbv2.target_group_name(ref)

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """One DescribeTargetGroups for each name (one bad name would fail a whole batch), then health and tags."""
        wanted = self.by_id(leads)
        sightings = self.sight_each(wanted, partial(self._look_up, look), look.reader)
        return [self._found(name, wanted[name], sighting) for name, sighting in sightings.items()]

    def _look_up(self, look: Look, name: str) -> Sighting:
        groups = look.reader.call("elbv2", "DescribeTargetGroups", {"Names": [name]})["TargetGroups"]
        group = next((group for group in groups if group["TargetGroupName"] == name), None)
        return _look_closer(group, look) if group else Absent(f"AWS knows no target group {name}")

    def _found(self, name: str, leads: Sequence[Lead], sighting: Sighting) -> Found:
        facts = sighting.facts if isinstance(sighting, Present) else {}
        arn = facts.get("TargetGroupArn")
        return Found(
            key=Key(self.name, name),
            sighting=sighting,
            leads=tuple(leads),
            arn=arn,
            handles=frozenset({name, arn, dimension(arn)} if arn else {name}),
            tags=elbv2.tags_of(facts),
        )

    def users(self, found: Found, look: Look) -> Users:
        """Whoever has targets in it, and the rules and default actions that forward to it."""
        if not isinstance(found.sighting, Present):
            return Users()
        return Users(tuple(_users(found.key, found.sighting)), found.sighting.unread)

    def describe(self, key: Key, sighting: Present) -> str:
        """Name, protocol and port."""
        facts = sighting.facts
        return f"{key.id}  {facts.get('Protocol', '')}:{facts.get('Port', '')}".removesuffix("  :")

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """An ARN or dimension is of this very one; a name outlives it."""
        if parse_arn(ref):
            return "TargetGroupArn", Form.WHOLE
        return ("TargetGroupArn", Form.DIMENSION) if ref.startswith("targetgroup/") else None

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteTargetGroup, refused for up to two minutes after the last listener or rule has gone."""
        call = Call(
            "elbv2",
            "DeleteTargetGroup",
            {"TargetGroupArn": component.arn},
            "nothing forwards to it any more",
            passing=(("ResourceInUse", ""),),
        )
        return call, Settle(component.key, Until.ABSENT, "the target group is gone", deadline=180)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateTargetGroup from everything but AWS's own fields, then its attributes."""
        if not recipe.facts:
            return Making((), blockers=(Blocker(recipe.key, "no source says what it was", elbv2.NO_SOURCE),))
        params = {name: value for name, value in recipe.facts.items() if name not in READ_ONLY}
        params |= {"Name": recipe.key.id, "Tags": elbv2.new_tags(recipe.facts, world.run)}
        arn = Output(recipe.key, "TargetGroupArn")
        actions: list[Action] = [
            Call("elbv2", "CreateTargetGroup", world.renewed(params), "it is missing"),
            Settle(recipe.key, Until.THERE, "the target group is there", deadline=120),
        ]
        if attributes := recipe.facts.get("Attributes"):
            change = {"TargetGroupArn": arn, "Attributes": list(attributes)}
            actions.append(Call("elbv2", "ModifyTargetGroupAttributes", change, "attributes are a call of their own"))
        return Making(tuple(actions))

    def awaited(self, until: Until, sighting: Sighting) -> str | None:
        """Serving: as many healthy targets as are registered, and at least one."""
        match until, sighting:
            case Until.SERVING, Present(facts=facts, condition=condition):
                targets = [
                    target for target in facts.get("TargetHealthDescriptions", []) if _state(target) != "draining"
                ]
                healthy = sum(_state(target) == "healthy" for target in targets)
                if targets and healthy == len(targets):
                    return None
                return "; ".join(dict.fromkeys((f"{healthy} healthy of {len(targets)}", *condition.troubles[1:])))
            case _:
                return super().awaited(until, sighting)


READ_ONLY = frozenset(
    {"TargetGroupArn", "TargetGroupName", "LoadBalancerArns", "TargetHealthDescriptions", "Attributes", "Tags"}
)
"""What AWS tells of a target group and CreateTargetGroup does not take."""


def _state(target: Mapping[str, Any]) -> str:
    return str(target.get("TargetHealth", {}).get("State", "unknown"))


def _look_closer(group: Mapping[str, Any], look: Look) -> Present:
    arn = group["TargetGroupArn"]
    asks: dict[str, tuple[str, Mapping[str, Any]]] = {
        "TargetHealthDescriptions": ("DescribeTargetHealth", {"TargetGroupArn": arn}),
        "TagDescriptions": ("DescribeTags", {"ResourceArns": [arn]}),
    }
    if look.detail is Detail.COPY:
        asks["Attributes"] = ("DescribeTargetGroupAttributes", {"TargetGroupArn": arn})
    parts, unread = elbv2.parts(look.reader, asks)
    facts = {**group, **parts}
    return Present(facts, tuple(_references(group)), _condition(facts, unread), tuple(unread))


def _references(group: Mapping[str, Any]) -> Iterator[Reference]:
    for at, balancer in enumerate(group.get("LoadBalancerArns", [])):
        yield Reference(f"LoadBalancerArns[{at}]", "load-balancer", balancer, hint=True)
        for kind in ("listener-rule", "listener"):
            yield Reference(
                f"LoadBalancerArns[{at}]", kind, group["TargetGroupArn"], within=balancer, hint=True, expects=False
            )


def _condition(facts: Mapping[str, Any], unread: Sequence[Unread]) -> Condition:
    if "TargetHealthDescriptions" not in facts:
        return Condition(reason="; ".join(str(failure) for failure in unread))
    targets = facts["TargetHealthDescriptions"]
    states = Counter(target.get("TargetHealth", {}).get("State", "unknown") for target in targets)
    counts = f"{states['healthy']} healthy of {len(targets)}"
    if not facts.get("LoadBalancerArns"):
        return Condition(reason=counts, serving=False, troubles=("no listener or rule forwards to it",))
    if states["healthy"]:
        return Condition(reason=counts, serving=True)
    return Condition(reason=counts, serving=False, troubles=(counts, *dict.fromkeys(_why_unhealthy(targets))))


def _why_unhealthy(targets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for target in targets:
        health = target.get("TargetHealth", {})
        if health.get("State") not in {"healthy", "draining"}:
            words = filter(None, (health.get("State"), health.get("Reason"), health.get("Description")))
            yield f"target {_address(target)} is " + ": ".join(words)


def _address(target: Mapping[str, Any]) -> str:
    return f"{target['Target']['Id']}:{target['Target'].get('Port', '')}".removesuffix(":")


def _users(key: Key, sighting: Present) -> Iterator[User]:
    for target in sighting.facts.get("TargetHealthDescriptions", []):
        if target.get("TargetHealth", {}).get("State") == "draining":
            continue  # on its way out, and its task may be gone already
        whose = target["Target"]["Id"]
        if whose.startswith("i-"):
            whose = _address(target)
        yield User("ecs-service", whose, f"target {_address(target)} in {key.id}")
    for balancer in sighting.facts.get("LoadBalancerArns", []):
        yield User("load-balancer", balancer, f"forwarded to by {balancer}")


KIND = TargetGroup()
