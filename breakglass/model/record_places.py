"""Records beside each other: who leads to whom, what stands in whose place, and which leads past the service."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from breakglass.model.arn import load_balancer_of, normal_dns, without_dualstack
from breakglass.model.component import Component, Facts, State
from breakglass.model.hosted_zones import RecordSet, Zone
from breakglass.model.lead import Key, Reference
from breakglass.model.plan import Blocker
from breakglass.model.record_sets import leads_to, made_by_policy, place_of, shortened, targets
from breakglass.model.world import World

BESIDE = "Name"
"""The field by which a record that is gone still tells of others of its name: as a hint, and of these the type."""


PROTECTED = "Protection "
"""The beginning of the field by which a record that is gone tells, as a hint, that its type is protected, by what."""


def protected(types: Mapping[str, str], zone: Zone) -> Iterator[Reference]:
    """What keeps records of a name from being made, by type."""
    for kind, words in types.items():
        path = f"{PROTECTED}{words}"
        yield Reference(path, "dns-record", kind, within=zone.id, follow=False, hint=True, expects=False)


def protects(key: Key, ours: Facts, world: World) -> str | None:
    """What keeps a record that is gone from being made again, in words."""
    gone = world.inventory.get(key)
    for reference in gone.references if gone and not gone.there else ():
        if reference.path.startswith(PROTECTED) and (reference.ref, reference.within) == (
            ours["Type"],
            ours["HostedZoneId"],
        ):
            return reference.path.removeprefix(PROTECTED)
    return None


def beside(records: Iterable[RecordSet], zone: Zone) -> Iterator[Reference]:
    """What stands at the name of a record that is gone."""
    for record in records:
        sort = f"{record['Type']} {record.get('SetIdentifier', '')}".rstrip()
        yield Reference(BESIDE, "dns-record", sort, within=zone.id, follow=False, hint=True, expects=False)


def in_the_way(key: Key, ours: Facts, world: World) -> str | None:
    """The record of that name and zone beside which ours cannot be, in words.

    A CNAME stands alone, and simple records do not mix with those that have a set identifier.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat
    """
    for one in world.of_kind(key.kind):
        if one.there and one.key != key and _same_name(one.facts, ours) and _excludes(ours, one.facts):
            return str(one.key)
    gone = world.inventory.get(key)
    for reference in gone.references if gone and not gone.there else ():
        kind, _, chosen_by = reference.ref.partition(" ")
        theirs = {"Type": kind, **({"SetIdentifier": chosen_by} if chosen_by else {})}
        if reference.path == BESIDE and reference.within == ours["HostedZoneId"] and _excludes(ours, theirs):
            return f"the {kind} record {normal_dns(ours['Name'])}"
    return None


def _excludes(ours: Facts, theirs: Facts) -> bool:
    if (ours["Type"] == "CNAME") != (theirs["Type"] == "CNAME"):
        return True
    return bool(ours["Type"] == theirs["Type"] and ("SetIdentifier" in ours) != ("SetIdentifier" in theirs))


def _same_name(one: Facts, other: Facts) -> bool:
    same_zone = one["HostedZoneId"] == other["HostedZoneId"]
    return bool(same_zone and normal_dns(one["Name"]) == normal_dns(other["Name"]))


def leading_to(ours: Facts, records: Sequence[RecordSet]) -> Iterator[RecordSet]:
    """The records of other names that lead to this one; to a wildcard those that lead to a name nobody else has."""
    name = normal_dns(ours["Name"])
    names = {normal_dns(record["Name"]) for record in records}
    for record in records:
        led_to = (normal_dns(target) for _, target in targets(record))
        if normal_dns(record["Name"]) != name and any(_answers(name, target, names) for target in led_to):
            yield record


def _answers(name: str, asked: str, names: set[str]) -> bool:
    """Whether a record of that name answers for what is asked."""
    if not name.startswith("*."):
        return asked == name
    return asked == name or (asked.endswith(name[1:]) and asked not in names)


def led_through(component: Component, others: Sequence[Component]) -> Iterator[Key]:
    """The records of the service that this one leads to, by what it refers to or will refer to.

    An alias is refused where there is none of its type. What it depends on names only one of a place.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
    """
    kind = component.key.kind
    places = {place_of(key.id) for key in component.depends_on if key.kind == kind}
    for other in others:
        if other.key.kind == kind and other.key != component.key and place_of(other.key.id) in places:
            yield other.key


def obstacle(component: Component, was: Facts, world: World) -> Blocker | None:
    """Why what is rebuilt would get no clients through a living record's name; None where it would.

    `was` are the record's facts when it was last seen in order, empty where nobody knows. One that leads where it
    has always led is no news, and neither is one whose siblings lead to the service: they share its clients.
    """
    place = place_of(component.key.id)
    siblings = [one for one in world.of_kind(component.key.kind) if one.key != component.key]
    if any(_leads_here(one, world) for one in siblings if place_of(one.key.id) == place):
        return None
    if (theirs := made_by_policy(component.facts)) and component.outdated:
        message = f"{component.key} leads to something gone, and is {theirs}"
        hint = f"Change the traffic policy, or leave the record as it is with --keep {component.key.kind}."
        return Blocker(component.key, message, hint)
    now = (leads_to(component.facts) or ["nothing"])[0]
    if was and not (led_to := _balancers(was)):
        return None
    if was:
        meant = " or ".join(sorted(map(shortened, led_to)))
        if _leads_here(component, world) or _targets(was) == _targets(component.facts):
            return None
    elif component.state is State.STALE and not component.outdated and not _leads_here(component, world):
        meant = "the service"
    else:
        return None
    message = f"{component.key} leads to {shortened(now)} and not to {meant}: what is rebuilt would get no clients"
    hint = f"Point it back by hand once that is wanted, or leave it as it is with --keep {component.key.kind}."
    return Blocker(component.key, message, hint)


def _leads_here(component: Component, world: World) -> bool:
    """Whether it leads to a load balancer that sends traffic to this service, or that is still to be made."""
    if component.state is State.MISSING:
        return True  # it is made in this very rebuild, or its being left out is said
    handles = {normal_dns(target) for target in map(without_dualstack, leads_to(component.facts))}
    if any(world.refer(target) != target for target in handles):
        return True
    return bool(handles & set(_serving(world)))


def _serving(world: World) -> Iterator[str]:
    """Every name of the load balancers that forward to this service's target groups, or that ECS registers with."""
    routing = [one for one in world.inventory.components if world.trait(one.key.kind).routes]
    used = {
        reference.ref.lower()
        for one in routing
        for reference in one.references
        if world.trait(reference.kind).alias_zone
    }
    behind = {handle for one in routing if world.trait(one.key.kind).behind for handle in one.handles}
    for one in world.inventory.components:
        if world.trait(one.key.kind).alias_zone:
            sends_to = {reference.ref for reference in one.references}
            if {handle.lower() for handle in one.handles} & used or sends_to & behind:
                yield from map(normal_dns, one.handles)


def _targets(record: Facts) -> set[str]:
    return {without_dualstack(target) for target in leads_to(record)}


def _balancers(record: Mapping[str, object]) -> list[str]:
    return [target for target in leads_to(record) if load_balancer_of(target)]
