"""Classic load balancers: listeners, policies and instances are all part of one thing that is known by its name.

There is no ARN; the name outlives the DNS name when one is made again.
https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DescribeLoadBalancers.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from breakglass.model import elb
from breakglass.model.arn import Arn, load_balancer_of, without_dualstack
from breakglass.model.component import Absent, Component, Facts, Found, Present, Sighting, State, Unread, User, Users
from breakglass.model.elbv2 import TAG_TYPE, parts, tags_of
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.making import without_source
from breakglass.model.plan import Action, Call, Form, Loss, Settle, Until
from breakglass.model.reading import NotOffered
from breakglass.model.world import Making, Recipe, World


class ClassicLoadBalancer(Kind):
    """A classic load balancer. It is also looked for by leads to a load balancer that ELB v2 does not know."""

    name = "classic-load-balancer"
    title = "classic load balancer"
    read_at = 70
    alias_zone = "CanonicalHostedZoneNameID"
    tag_types = (TAG_TYPE,)
    names = frozenset({"security-group"})
    turn = 22
    single = True
    used = True
    volatile = frozenset({"Instances", "InstanceStates"})

    def identify(self, ref: str, within: str = "") -> str | None:
        """Its name, from a name, a DNS name or an ARN."""
        return elb.balancer_name(ref)

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """One DescribeLoadBalancers for each name: one bad name would fail a whole batch."""
        wanted = self.by_id(leads)
        exactly = {name for name, some in wanted.items() if any(lead.kind == self.name for lead in some)}
        sightings = self.sight_each(
            wanted, lambda name: self._look_up(look, name, exactly=name in exactly), look.reader
        )
        return [self._found(name, wanted[name], sighting) for name, sighting in sightings.items()]

    def _look_up(self, look: Look, name: str, *, exactly: bool) -> Sighting:
        try:
            answer = look.reader.call("elb", "DescribeLoadBalancers", {"LoadBalancerNames": [name]})
        except NotOffered:
            if exactly:
                raise
            answer = {}  # where there are no classic ones, a name of another sort means none
        described = answer.get("LoadBalancerDescriptions", [])
        balancer = next((one for one in described if one["LoadBalancerName"] == name), None)
        if balancer is None:
            return Absent(f"AWS knows no classic load balancer {name}")
        facts, unread = _closer(look, balancer)
        return Present(facts, tuple(_references(facts)), elb.condition(facts, unread), unread)

    def _found(self, name: str, leads: Sequence[Lead], sighting: Sighting) -> Found:
        facts = sighting.facts if isinstance(sighting, Present) else {}
        dns_name = facts.get("DNSName", "")
        return Found(
            key=Key(self.name, name),
            sighting=sighting,
            leads=tuple(leads),
            handles=frozenset({name, dns_name, without_dualstack(dns_name)} - {""}),
            tags=tags_of(facts),
        )

    def tagged_as(self, arn: Arn) -> str | None:
        """By its name, which is all that its ARN says."""
        return elb.balancer_name(str(arn)) if arn.service == TAG_TYPE else None

    def without(self, found: Found) -> frozenset[str]:
        """Target groups: instances are registered with it directly."""
        named = isinstance(found.sighting, Present) or any(lead.kind == self.name for lead in found.leads)
        return frozenset({"target-group"} if named else ())

    def users(self, found: Found, look: Look) -> Users:
        """Whoever runs on the instances that it sends to, at the ports that it sends to."""
        if not isinstance(found.sighting, Present):
            return Users()
        places = _places(found.sighting.facts)
        by = tuple(User("ecs-service", place, f"instance {place} in {found.key.id}") for place in places)
        return Users(by, found.sighting.unread)

    def after(self, component: Component, others: Sequence[Component]) -> Iterable[Key]:
        """The ECS service whose tasks run on its instances, where ECS does not register these itself.

        Nothing else says whose such an instance is: it goes while the service still tells.
        """
        sends_to = {one.ref for one in component.references if one.path == INSTANCES}
        for other in others:
            if other.key.kind == "ecs-service" and sends_to & other.handles and component.key not in other.depends_on:
                yield other.key

    def describe(self, key: Key, sighting: Present) -> str:
        """Name, and its listeners."""
        listeners = [one.get("Listener", {}) for one in sighting.facts.get("ListenerDescriptions", [])]
        ports = [f"{listener.get('Protocol', '')}:{listener.get('LoadBalancerPort', '')}" for listener in listeners]
        return f"{key.id}  {', '.join(ports)}".rstrip()

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """A DNS name is of this very one; a name outlives it."""
        return ("DNSName", Form.WHOLE) if load_balancer_of(ref) else None

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteLoadBalancer, which succeeds for a missing one, once the connections of its instances have ended."""
        timeout = elb.draining_timeout(component.facts)
        skipped = timeout and not world.serving
        why = "no record leads to it any more" + ("; no instance is registered, so none is drained" if skipped else "")
        call = Call("elb", "DeleteLoadBalancer", {"LoadBalancerName": component.key.id}, why)
        gone = Settle(component.key, Until.ABSENT, "the load balancer is gone", deadline=300)
        if skipped or not timeout:
            return call, gone
        words = f"its connection draining, at most {timeout} s, is over"
        drained = Settle(component.key, Until.DRAINED, words, deadline=timeout + 60, protects_traffic=True)
        return drained, call, gone

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateLoadBalancer and all that is a call of its own."""
        if not recipe.facts.get("ListenerDescriptions"):
            return without_source(recipe.key)
        losses = ["the load balancer gets a new DNS name"]
        losses += [
            f"nothing tells what its policy {name} says: make it by hand"
            for name in elb.undescribed_policies(recipe.facts)
        ]
        lost = tuple(Loss(recipe.key, what) for what in losses)
        return Making(elb.making(recipe, world), lost=lost)

    def completed(self, recipe: Recipe, inventory: Inventory, remembered: Mapping[Key, Facts]) -> Recipe:
        """Without its instances where an ECS service registers them; of one that lives, those that its tasks run on.

        ECS registers an instance when a task starts there, and does not look after that.
        """
        ours = [one for one in inventory.of_kind("ecs-service") if elb.registers_with(recipe.key.id, one.facts)]
        once = (key for key, facts in remembered.items() if elb.registers_with(recipe.key.id, facts))
        if not ours and not any(key.kind == "ecs-service" for key in once):
            return recipe
        facts = {name: value for name, value in recipe.facts.items() if name not in self.volatile}
        sources = {name: said for name, said in recipe.sources.items() if name in facts}
        if hosts := elb.hosts_of([one for one in ours if one.there and one.state is not State.DRAINING]):
            facts["Instances"], sources["Instances"] = [{"InstanceId": host} for host in hosts], "the tasks that run"
        return Recipe(recipe.key, facts, sources)

    def awaited(self, until: Until, sighting: Sighting) -> str | None:
        """Serving: every registered instance in service, and at least one. Drained: none is being deregistered."""
        match until, sighting:
            case Until.SERVING, Present(facts=facts):
                return elb.unserved(facts)
            case Until.DRAINED, Absent():
                return None
            case Until.DRAINED, Present(facts=facts):
                leaving = [state["InstanceId"] for state in elb.deregistering(facts)]
                return f"connections to {', '.join(leaving)} are being wound up" if leaving else None
            case _:
                return super().awaited(until, sighting)

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Policies and instances are looked for by themselves: the load balancer was there before them."""
        match call.operation, sighting:
            case (("DeleteLoadBalancer" | "CreateLoadBalancer"), _):
                return super().done(call, sighting)
            case "RegisterInstancesWithLoadBalancer", Present(facts=facts):
                wanted = {one["InstanceId"] for one in call.params["Instances"]}
                return wanted <= set(elb.registered(facts))
            case _, Present(facts=facts) if call.operation.startswith("Create"):
                return call.params["PolicyName"] in elb.policy_names(facts)
            case _:
                return False

    def already(self, call: Call, code: str) -> bool:
        """AWS gives a new secure listener a policy of its own, which has the name that the old one had from AWS too."""
        return code == "DuplicatePolicyName" and call.operation.startswith("Create")


INSTANCES = "Instances"
"""The field that says what it sends to."""


def _closer(look: Look, balancer: Mapping[str, Any]) -> tuple[Facts, tuple[Unread, ...]]:
    """Its fields with health and tags, and all that making it again needs where that is asked for."""
    name = balancer["LoadBalancerName"]
    asks: dict[str, tuple[str, Mapping[str, Any]]] = {
        "InstanceStates": ("DescribeInstanceHealth", {"LoadBalancerName": name}),
        "TagDescriptions": ("DescribeTags", {"LoadBalancerNames": [name]}),
    }
    if look.detail is Detail.COPY:
        asks["LoadBalancerAttributes"] = ("DescribeLoadBalancerAttributes", {"LoadBalancerName": name})
        asks["PolicyDescriptions"] = ("DescribeLoadBalancerPolicies", {"LoadBalancerName": name})
    facts, unread = parts(look.reader, asks, "elb")
    return {**balancer, **facts}, unread


def _places(balancer: Mapping[str, Any]) -> Sequence[str]:
    """`INSTANCE:PORT` for all that it sends to."""
    return [f"{instance}:{port}" for instance in elb.registered(balancer) for port in elb.instance_ports(balancer)]


def _references(balancer: Mapping[str, Any]) -> Iterator[Reference]:
    subnets = ",".join(balancer.get("Subnets", []))
    for place in _places(balancer):
        yield Reference(INSTANCES, "ecs-service", place, follow=False, hint=True, expects=False)
    for at, group in enumerate(balancer.get("SecurityGroups", [])):
        yield Reference(f"SecurityGroups[{at}]", "security-group", group, within=subnets)


KIND = ClassicLoadBalancer()
