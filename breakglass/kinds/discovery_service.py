"""Cloud Map services: where ECS registers the tasks of a service so that others find them.

Known by `NAMESPACE/NAME`, for one that is made again may get another id. A snapshot's lead names it so, with the id
that it had then as its `within`: an ARN that AWS does not know any more is told by that. The records and health
checks of its instances are Cloud Map's own; they come and go with the instances, and are not looked for.
https://docs.aws.amazon.com/cloud-map/latest/api/API_GetService.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from breakglass.model import cloud_map
from breakglass.model.arn import Arn, parse_arn
from breakglass.model.cloud_map import SERVICE
from breakglass.model.component import (
    Absent,
    Component,
    Condition,
    Facts,
    Found,
    Present,
    Sighting,
    Unreadable,
    User,
    Users,
)
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.making import without_source
from breakglass.model.plan import Action, Blocker, Call, Form, Loss, Output, Settle, Until
from breakglass.model.reading import AwsError, Reader
from breakglass.model.world import Making, Recipe, World

DEREGISTERED = "ECS has deregistered its tasks, and no instance is left"
PATIENCE = 600.0
IN_NAMESPACE = "NamespaceId"


class DiscoveryService(Kind):
    """A service of AWS Cloud Map. A lead names an id, an ARN, `NAMESPACE/NAME`, or a name that only one bears."""

    name = "discovery-service"
    title = "Cloud Map service"
    read_at = 120
    tag_types = ("servicediscovery:service",)
    used = True
    turn = 60
    volatile = frozenset({"Instances", "InstanceCount"})

    def identify(self, ref: str, within: str = "") -> str | None:
        """`NAMESPACE/NAME`; what an id or a name alone means, only AWS can tell."""
        return ref if "/" in ref and parse_arn(ref) is None else None

    def tagged_as(self, arn: Arn) -> str | None:
        """By its id."""
        return cloud_map.service_id(str(arn)) if arn.resource.startswith("service/") else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """GetService, its namespace and instances; by name only where there is no id, or none that AWS knows."""
        known = {
            known_as: lead.ref
            for lead in (*look.settings.leads, *leads)
            if lead.kind == self.name and (known_as := cloud_map.service_id(lead.within))
        }
        answers = look.reader.gather([partial(self._follow, look, lead, known) for lead in leads])
        found = [
            self._unreadable(lead, known, answer) if isinstance(answer, AwsError) else answer
            for lead, answer in zip(leads, answers, strict=True)
        ]
        return self.merged(_with_all_handles(found))

    def _follow(self, look: Look, lead: Lead, known: Mapping[str, str]) -> Found:
        """Where one lead leads: the service that has the id, else the one that now bears the name it had."""
        known_as = cloud_map.service_id(lead.ref) or cloud_map.service_id(lead.within)
        name = self._name_in(lead, known)
        if known_as:
            there = cloud_map.look_up(look.reader, _id_or_arn(lead.ref, known_as, look.reader))
            if there and (found := self._present(there, name, lead, look)).key.id == (name or found.key.id):
                return found
        if name is None:
            gone = Absent(f"AWS knows no {self.title} {known_as}")
            return Found(Key(self.name, known_as or lead.ref), gone, (lead,), handles=_handles(lead))
        place = cloud_map.look_for(look.reader, name)
        return self._present(place.service, name, lead, look) if place.service else self._absent(name, place, lead)

    def _name_in(self, lead: Lead, known: Mapping[str, str]) -> str | None:
        known_as = cloud_map.service_id(lead.ref)
        return known.get(known_as) if known_as else lead.ref

    def _absent(self, name: str, place: cloud_map.Place, lead: Lead) -> Found:
        """Gone. The namespaces it could be made in are all that it still refers to."""
        namespace, _ = cloud_map.split(name)
        reason = f"AWS knows no {self.title} {name}"
        if namespace and not place.namespaces:
            reason += f", and no namespace {namespace}"
        references = tuple(
            Reference(IN_NAMESPACE, cloud_map.NAMESPACE, space, follow=False, hint=True) for space in place.namespaces
        )
        absent = Absent(reason, references=references)
        return Found(Key(self.name, name), absent, (lead,), handles=_handles(lead) | {name})

    def _unreadable(self, lead: Lead, known: Mapping[str, str], error: AwsError) -> Found:
        known_as = self._name_in(lead, known) or cloud_map.service_id(lead.ref) or lead.ref
        return Found(Key(self.name, known_as), Unreadable((error.unread,)), (lead,), handles=_handles(lead))

    def _present(self, service: Mapping[str, Any], called: str | None, lead: Lead, look: Look) -> Found:
        parts, unread = cloud_map.parts(look.reader, service, closely=look.detail is Detail.COPY)
        facts = {**service, **parts}
        space = parts.get("Namespace", {}).get("Name") or cloud_map.namespace_id(service)
        name = f"{space}/{service['Name']}"
        if any(failed.operation == f"{SERVICE}:GetNamespace" for failed in unread):
            name = called if called and self.identify(called) else service["Id"]
        tags = {tag["Key"]: tag.get("Value", "") for tag in facts.get("Tags", [])}
        return Found(
            key=Key(self.name, name),
            sighting=Present(facts, (_stands_in(service),), _condition(facts), unread),
            leads=(lead,),
            arn=service["Arn"],
            handles=frozenset({name, service["Name"], service["Id"], service["Arn"]}),
            tags=tags,
        )

    def users(self, found: Found, look: Look) -> Users:
        """Whoever registered its instances; anything but an ECS service is somebody else's."""
        if not isinstance(found.sighting, Present):
            return Users()
        by = [_user(instance) for instance in found.sighting.facts.get("Instances", [])]
        return Users(tuple(dict.fromkeys(by)), found.sighting.unread)

    def describe(self, key: Key, sighting: Present) -> str:
        """Its records, or that it has none."""
        records = sighting.facts.get("DnsConfig", {}).get("DnsRecords", [])
        words = ", ".join(f"{record['Type']} (TTL {record['TTL']})" for record in records)
        return words or "no records, DiscoverInstances only"

    def scope(self, key: Key, facts: Facts, region: str) -> str:
        """The id it had, by which its old ARN is told."""
        return str(facts.get("Id", ""))

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """An ARN or id is of this very one; a name outlives it."""
        if parse_arn(ref):
            return "Arn", Form.WHOLE
        return ("Id", Form.WHOLE) if cloud_map.service_id(ref) else None

    def stable(self, facts: Facts) -> Facts:
        """Its fields, and of its namespace those that do not count what else is in it."""
        namespace = {name: value for name, value in facts.get("Namespace", {}).items() if name != "ServiceCount"}
        return {**super().stable(facts), "Namespace": namespace}

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteService once no instance is left: ECS takes its own away late, stragglers are taken away here.

        A straggler is an instance of an ECS service that is gone already: nobody will deregister it any more.
        """
        known_as = component.facts["Id"]
        stragglers = [
            Call(
                SERVICE,
                "DeregisterInstance",
                {"ServiceId": known_as, "InstanceId": instance["Id"]},
                "the ECS service that registered it is gone",
                passing=(("ResourceInUse", ""), ("DuplicateRequest", "")),
            )
            for instance in _stragglers(component, world)
        ]
        delete = Call(
            SERVICE,
            "DeleteService",
            {"Id": known_as},
            "no ECS service registers with it any more",
            passing=(("ResourceInUse", ""),),
        )
        gone = Settle(component.key, Until.ABSENT, "the Cloud Map service is gone", deadline=120)
        return *stragglers, Settle(component.key, Until.UNUSED, DEREGISTERED, deadline=PATIENCE), delete, gone

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateService in the namespace of that name, then its attributes."""
        facts = recipe.facts
        if not facts.get("Name") or self.identify(recipe.key.id) is None:
            return without_source(recipe.key)
        spaces = _namespaces(recipe, world)
        if len(spaces) != 1:
            return Making((), blockers=(_no_namespace(recipe.key, spaces),))
        params = cloud_map.parameters(facts, spaces[0], world.token(recipe.key), world.run)
        actions: list[Action] = [
            Call(SERVICE, "CreateService", params, "it is missing"),
            Settle(recipe.key, Until.THERE, "the Cloud Map service is there", deadline=120),
        ]
        if attributes := facts.get("ServiceAttributes"):
            change = {"ServiceId": Output(recipe.key, "Id"), "Attributes": dict(attributes)}
            actions.append(Call(SERVICE, "UpdateServiceAttributes", change, "attributes are a call of their own"))
        what = "it gets a new id and ARN, and is empty until ECS starts tasks that register with it"
        return Making(tuple(actions), lost=(Loss(recipe.key, what),))

    def awaited(self, until: Until, sighting: Sighting) -> str | None:
        """Unused: no instance is registered."""
        match until, sighting:
            case Until.UNUSED, Absent():
                return None
            case Until.UNUSED, Present(facts=facts, unread=unread):
                if "Instances" not in facts:
                    return "who is registered cannot be read: " + "; ".join(map(str, unread))
                still = ", ".join(_user(instance).words for instance in facts["Instances"])
                return f"still registered: {still}" if still else None
            case _:
                return super().awaited(until, sighting)

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether an instance is no longer registered; the rest as always. Attributes are simply sent again."""
        match call.operation, sighting:
            case "DeregisterInstance", Present(facts=facts):
                ids = [instance["Id"] for instance in facts.get("Instances", [])]
                return "Instances" in facts and call.params["InstanceId"] not in ids
            case _:
                return super().done(call, sighting)


def _id_or_arn(ref: str, known_as: str, reader: Reader) -> str:
    """What to ask GetService by: a service in a namespace that another account shares is known by its ARN only."""
    arn = parse_arn(ref)
    return ref if arn and arn.account not in {"", reader.account} else known_as


def _handles(lead: Lead) -> frozenset[str]:
    return frozenset(filter(None, (lead.ref, cloud_map.service_id(lead.ref), cloud_map.service_id(lead.within))))


def _with_all_handles(found: Sequence[Found]) -> Iterator[Found]:
    """Absent ones with every name that any lead has for them: that is how old ARNs and ids are told."""
    for one in found:
        if isinstance(one.sighting, Present):
            yield one
        else:
            alike = [other.handles for other in found if other.key == one.key]
            yield replace(one, handles=frozenset().union(*alike))


def _condition(facts: Facts) -> Condition:
    if "Instances" not in facts:
        return Condition()
    count = len(facts["Instances"])
    return Condition(reason=f"{count} instance{'s' if count != 1 else ''} registered")


def _user(instance: Mapping[str, Any]) -> User:
    whose = cloud_map.registrant(instance)
    if whose is None:
        return User("", "", f"instance {instance['Id']}, which no ECS service registered")
    cluster, service = whose
    return User("ecs-service", f"{cluster}/{service}", f"instance {instance['Id']} of {cluster}/{service}")


def _stragglers(component: Component, world: World) -> Iterator[Mapping[str, Any]]:
    alive = {one.key.id for one in world.of_kind("ecs-service") if one.there}
    for instance in component.facts.get("Instances", []):
        whose = cloud_map.registrant(instance)
        if whose is not None and "/".join(whose) not in alive:
            yield instance


def _stands_in(service: Facts) -> Reference:
    """Its namespace, which is no component."""
    return Reference(IN_NAMESPACE, cloud_map.NAMESPACE, cloud_map.namespace_id(service), follow=False, hint=True)


def _namespaces(recipe: Recipe, world: World) -> Sequence[str]:
    """Where it can be made again: the namespace it was in, if that is still there, else those of the same name."""
    was = cloud_map.namespace_id(recipe.facts)
    missing = world.inventory.get(recipe.key)
    if missing is None:
        return [was]
    now = [one.ref for one in missing.references if one.kind == cloud_map.NAMESPACE]
    return [was] if was in now else now


def _no_namespace(key: Key, spaces: Sequence[str]) -> Blocker:
    namespace, _ = cloud_map.split(key.id)
    if spaces:
        message = f"several namespaces are called {namespace}: {', '.join(spaces)}"
        return Blocker(key, message, "Make it by hand in the right one, then run this again.")
    return Blocker(key, f"its namespace {namespace} is gone", "Make the namespace first; then run this again.")


KIND = DiscoveryService()
