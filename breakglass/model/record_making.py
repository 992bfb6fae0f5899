"""How record sets are taken away, made again and changed: by batches that say what they expect, never by UPSERT.

A DELETE has to match the whole record set, or all of its batch is refused; so does a CREATE where there is one.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from breakglass.model.arn import normal_dns
from breakglass.model.component import Absent, Component, Facts, Present, Sighting, State
from breakglass.model.hosted_zones import PROTECTION
from breakglass.model.lead import Key
from breakglass.model.making import without_source
from breakglass.model.plan import Action, Blocker, Call, Output, Settle, Until
from breakglass.model.record_places import in_the_way, protects
from breakglass.model.world import Making, Recipe, World

OURS = frozenset({"HostedZoneId", "HostedZoneName"})
"""Which zone it is in: told beside the record set, no part of it."""

ALIAS_TTL = 60
"""Seconds for which the answer of an alias to a load balancer is kept.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
"""
IN_FORCE = "Route 53's name servers all have the change"
PASSING = (("PriorRequestNotComplete", ""),)


def record_of(facts: Facts) -> Mapping[str, Any]:
    """The record set exactly as AWS gave it."""
    return {name: value for name, value in facts.items() if name not in OURS}


def removing(component: Component, world: World) -> Sequence[Action]:
    """DELETE of the exact record, then the wait until no client has it in its cache any more."""
    facts = component.facts
    ttl = int(facts.get("TTL", ALIAS_TTL))
    delete = {"Action": "DELETE", "ResourceRecordSet": record_of(facts)}
    if not world.serving:
        why = f"no target is registered, so its TTL of {ttl} s is not waited for"
        return (
            _batch(facts, [delete], world, why),
            _in_force(component.key),
            Settle(component.key, Until.ABSENT, f"the record is gone; {why}", deadline=120),
        )
    return (
        _batch(facts, [delete], world, "before anything that it leads to, or the name dangles"),
        _in_force(component.key),
        Settle(
            component.key,
            Until.ABSENT,
            f"its TTL of {ttl} s is over, for which clients keep what it said",
            deadline=120,
            hold=ttl,
            protects_traffic=True,
        ),
    )


def making(recipe: Recipe, world: World) -> Making:
    """CREATE of the record with what took the place of all that it named."""
    if not recipe.facts.get("HostedZoneId"):
        return Making(()) if any(_of_that_name(recipe.key, world)) else without_source(recipe.key)
    if theirs := in_the_way(recipe.key, recipe.facts, world):
        message = f"{theirs} has its name and points elsewhere: both cannot be there"
        hint = f"Remove {theirs} by hand once nobody needs it, or leave records out with --keep dns-record."
        return Making((), blockers=(Blocker(recipe.key, message, hint),))
    if words := protects(recipe.key, recipe.facts, world):
        message = f"{recipe.key} is kept from being made by {words}"
        hint = "Delete that protection by hand, or leave records out with --keep dns-record."
        return Making((), blockers=(Blocker(recipe.key, message, hint),))
    create = {"Action": "CREATE", "ResourceRecordSet": renewed(record_of(recipe.facts), world)}
    return Making(
        (
            *_served(world),
            _batch(recipe.facts, [create], world, "it is missing; CREATE overwrites nobody's record"),
            _in_force(recipe.key),
        )
    )


def repointing(component: Component, world: World) -> Making:
    """DELETE of the exact record and CREATE of the new one in one batch: both happen, or neither."""
    old = record_of(component.facts)
    new = renewed(old, world)
    if new == old:
        return Making(())
    if protection := next((user.words for user in component.users.by if user.kind == PROTECTION), None):
        message = f"{component.key} leads to something gone, and is kept from being changed by {protection}"
        hint = "Delete that protection by hand, or leave records out with --keep dns-record."
        return Making((), blockers=(Blocker(component.key, message, hint),))
    changes = [{"Action": "DELETE", "ResourceRecordSet": old}, {"Action": "CREATE", "ResourceRecordSet": new}]
    return Making(
        (
            *_served(world),
            _batch(component.facts, changes, world, "it leads to something gone; both changes happen, or neither"),
            _in_force(component.key),
        )
    )


def renewed(record: Mapping[str, Any], world: World) -> Mapping[str, Any]:
    """The record with what it leads to, and the health check that it obeys, as they are now."""
    new = dict(record)
    if "ResourceRecords" in record:
        new["ResourceRecords"] = world.renewed(record["ResourceRecords"])
    if "HealthCheckId" in record:
        new["HealthCheckId"] = world.refer(record["HealthCheckId"])
    if alias := record.get("AliasTarget"):
        target = world.refer(alias["DNSName"])
        new["AliasTarget"] = {**alias, "DNSName": target}
        if target != alias["DNSName"]:
            new["AliasTarget"]["HostedZoneId"] = _zone_of(target, world) or alias["HostedZoneId"]
    return new


def effect(call: Call, sighting: Sighting) -> bool:
    """Whether a batch (its outputs filled in) is what is there now."""
    created = [_created(change) for change in call.params["ChangeBatch"]["Changes"] if change["Action"] == "CREATE"]
    match sighting:
        case Absent():
            return not created
        case Present(facts=facts):
            return _plain(record_of(facts)) in created
        case _:
            return False


def _batch(facts: Facts, changes: Sequence[Mapping[str, Any]], world: World, why: str) -> Call:
    batch = {"Comment": f"breakglass {world.run}", "Changes": list(changes)}
    params = {"HostedZoneId": facts["HostedZoneId"], "ChangeBatch": batch}
    return Call("route53", "ChangeResourceRecordSets", params, why, passing=PASSING)


def _served(world: World) -> Iterator[Settle]:
    """Clients are led there once targets are healthy. For those of a service that is made, its own step waits."""
    living = [one for one in world.of_kind("ecs-service") if one.there and one.state is not State.DRAINING]
    if not living:
        return
    classic = (key for one in living for key in one.depends_on if key.kind == "classic-load-balancer")
    for key in dict.fromkeys((*(group.key for group in world.of_kind("target-group")), *classic)):
        words = f"all targets in {key.id} are healthy, so that clients are led to what serves"
        yield Settle(key, Until.SERVING, words, deadline=900)


def _in_force(key: Key) -> Settle:
    return Settle(key, Until.IN_SYNC, IN_FORCE, deadline=300)


def _zone_of(target: str | Output, world: World) -> str | Output | None:
    """The zone that an alias to a load balancer names: the one of its sort and region."""
    if isinstance(target, Output):
        field = world.trait(target.component.kind).alias_zone
        return Output(target.component, field) if field else None
    for component in world.inventory.components:
        field = world.trait(component.key.kind).alias_zone
        if field and normal_dns(target).removeprefix("dualstack.") in map(normal_dns, component.handles):
            zone: str | None = component.facts.get(field)
            return zone
    return None


def _of_that_name(key: Key, world: World) -> Iterator[Key]:
    """The other records of a name that stands for all of them."""
    name = key.id.partition(" ")[0]
    return (one.key for one in world.of_kind(key.kind) if one.key != key and one.key.id.partition(" ")[0] == name)


def _created(change: Mapping[str, Any]) -> Any:
    return _plain(change["ResourceRecordSet"])


def _plain(value: Any) -> Any:
    """A record as it is compared: names as DNS does, values in no order."""
    match value:
        case str():
            return normal_dns(value)
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return sorted((_plain(item) for item in value), key=repr)
        case _:
            return value
