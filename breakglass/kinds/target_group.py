"""Target groups of ELB v2, with the health of their targets.

A target group is found by its name, which is unique in an account and region and outlives its ARN when it is
made again. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from breakglass.model import elbv2, elbv2_making
from breakglass.model.arn import Arn, parse_arn
from breakglass.model.component import (
    Absent,
    Component,
    Condition,
    Facts,
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
    read_at = 30
    behind = routes = True
    tag_types = (elbv2.TAG_TYPE,)
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
        return self.tell(self._found(name, wanted[name], sighting) for name, sighting in sightings.items())

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

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if elbv2.is_a(arn, "targetgroup") else None

    def users(self, found: Found, look: Look) -> Users:
        """Whoever has targets in it, and the rules and default actions that forward to it."""
        if not isinstance(found.sighting, Present):
            return Users()
        return Users(tuple(_users(found.key, found.sighting)), found.sighting.unread)

    def describe(self, key: Key, sighting: Present) -> str:
        """Name, protocol and port."""
        facts = sighting.facts
        return f"{key.id}  {facts.get('Protocol', '')}:{facts.get('Port', '')}".removesuffix("  :")

    def stable(self, facts: Facts) -> Facts:
        """Its fields, and the load balancers that people have registered in it."""
        return {**super().stable(facts), "Targets": _balancers_in(facts)}

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
        if attributes := elbv2_making.changed(recipe.facts.get("Attributes", [])):
            change = {"TargetGroupArn": arn, "Attributes": attributes}
            actions.append(Call("elbv2", "ModifyTargetGroupAttributes", change, "attributes are a call of their own"))
        if targets := _balancers_in(recipe.facts):
            params = {"TargetGroupArn": arn, "Targets": world.renewed(targets)}
            actions.append(Call("elbv2", "RegisterTargets", params, "ECS registers tasks, and no load balancer"))
        return Making(tuple(actions))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """The load balancer registered in it, which takes one only: the earlier one out, the present one in."""
        old = [target for target in _balancers_in(component.facts) if world.refer(target["Id"]) != target["Id"]]
        if not old:
            return Making(())
        group = {"TargetGroupArn": component.arn}
        why = "the load balancer in it was made again"
        out = Call("elbv2", "DeregisterTargets", {**group, "Targets": old}, why)
        return Making((out, Call("elbv2", "RegisterTargets", {**group, "Targets": world.renewed(old)}, why)))

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether targets are registered or not, by those that there are; the rest as always."""
        if call.operation not in {"RegisterTargets", "DeregisterTargets"} or not isinstance(sighting, Present):
            return super().done(call, sighting)
        staying = {
            target["Target"]["Id"]
            for target in sighting.facts.get("TargetHealthDescriptions", [])
            if _state(target) != "draining"
        }
        meant = {target["Id"] for target in call.params["Targets"]}
        return meant <= staying if call.operation == "RegisterTargets" else not meant & staying

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


BALANCERS = "alb"
"""The type of target group whose target is an ALB: an NLB's."""
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
    return Present(facts, tuple(_references(facts)), _condition(facts, unread), tuple(unread))


def _references(group: Mapping[str, Any]) -> Iterator[Reference]:
    for at, balancer in enumerate(group.get("LoadBalancerArns", [])):
        yield Reference(f"LoadBalancerArns[{at}]", "load-balancer", balancer, hint=True)
        for kind in ("listener-rule", "listener"):
            yield Reference(
                f"LoadBalancerArns[{at}]", kind, group["TargetGroupArn"], within=balancer, hint=True, expects=False
            )
    for at, target in enumerate(_balancers_in(group)):
        path = f"TargetHealthDescriptions[{at}].Target.Id"
        yield Reference(path, "load-balancer", target["Id"])
        # AWS takes a load balancer for a target only where it listens on the target group's port.
        port = target.get("Port", group.get("Port"))
        yield Reference(path, "listener", f"{elbv2.balancer_name(target['Id'])}:{port}", follow=False)


def _balancers_in(group: Facts) -> Sequence[Mapping[str, Any]]:
    """The load balancers that are targets (TargetType `alb`), as they are registered.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/application-load-balancer-target.html
    """
    if group.get("TargetType") != BALANCERS:
        return []
    targets = [one for one in group.get("TargetHealthDescriptions", []) if _state(one) != "draining"]
    fields = ("Id", "Port")
    return [{name: one["Target"][name] for name in fields if name in one["Target"]} for one in targets]


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
        if sighting.facts.get("TargetType") == BALANCERS:
            yield User("load-balancer", whose, f"load-balancer {elbv2.balancer_name(whose)}, a target in {key.id}")
            continue
        if whose.startswith("i-"):
            whose = _address(target)
        yield User("ecs-service", whose, f"target {_address(target)} in {key.id}")
    for balancer in sighting.facts.get("LoadBalancerArns", []):
        yield User("load-balancer", balancer, f"forwarded to by {balancer}")


KIND = TargetGroup()
