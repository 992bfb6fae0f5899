"""ECS services: alive, draining, or only their tombstone.

Looked up with DescribeServices, at most 10 names of one cluster a call; a name it does not know comes back
under `failures` with HTTP 200. A deleted service is first DRAINING (gone from ListServices), then INACTIVE
for as long as AWS cares to remember it. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from breakglass.model import ecs, ecs_making, ecs_references, ecs_task_sets
from breakglass.model.arn import Arn
from breakglass.model.component import (
    Absent,
    Component,
    Condition,
    Facts,
    Found,
    Present,
    Sighting,
    State,
    Unread,
    Unreadable,
)
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.plan import Action, Call, Settle, Until
from breakglass.model.reading import AwsError, NotFound, Reader, batches
from breakglass.model.world import Making, Recipe, World

NAMES_A_CALL = 10


class EcsService(Kind):
    """A service of Amazon ECS."""

    name = "ecs-service"
    turn = 70
    title = "ECS service"
    read_at = 10
    behind = routes = decides = True
    tag_types = ("ecs:service",)
    deployed = frozenset({"taskDefinition", "desiredCount", "platformFamily", "createdBy"})
    single = True
    volatile = frozenset(
        {"events", "deployments", "desiredCount", "runningCount", "pendingCount", "taskSets", "createdAt"}
        | {"currentServiceDeployment", "currentServiceRevisions", "serviceRevisions"}
    )
    unreliable = frozenset({"desiredCount", "runningCount", "pendingCount", "deployments", "taskSets", "status"})
    names = frozenset(
        {"task-definition", "target-group", "load-balancer", "classic-load-balancer", "discovery-service"}
        | {"security-group", "scalable-target", "listener", "listener-rule"}
    )

    def identify(self, ref: str, within: str = "") -> str | None:
        """`CLUSTER/NAME`."""
        cluster, name = ecs.split(ref, within)
        return f"{cluster}/{name}" if cluster else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """One DescribeServices for 10 names of a cluster, and the tasks of those that run."""
        wanted: dict[tuple[str, str], list[Lead]] = defaultdict(list)
        for lead in leads:
            cluster, name = ecs.split(lead.ref, lead.within or home_cluster(look))
            wanted[cluster, name].append(lead)
        asks = [
            partial(self._describe, cluster, names, look)
            for cluster in dict.fromkeys(cluster for cluster, _ in wanted)
            for names in batches([name for place, name in wanted if place == cluster], NAMES_A_CALL)
        ]
        found: list[Found] = []
        for sightings in look.reader.gather(asks):
            if isinstance(sightings, AwsError):
                raise sightings  # _describe catches its own
            found += [self._found(place, wanted[place], *seen) for place, seen in sightings.items()]
        return found

    def _describe(
        self, cluster: str, names: Sequence[str], look: Look
    ) -> Mapping[tuple[str, str], tuple[Sighting, ecs.Tasks]]:
        ask = {"cluster": cluster, "services": list(names), "include": ["TAGS"]}
        try:
            answer = look.reader.call("ecs", "DescribeServices", ask)
        except NotFound:
            gone = Absent(f"the cluster {cluster} does not exist")
            return {(cluster, name): (gone, ecs.Tasks()) for name in names}
        except AwsError as error:
            return {(cluster, name): (Unreadable((error.unread,)), ecs.Tasks()) for name in names}
        services = {service["serviceName"]: service for service in answer.get("services", [])}
        failures = {ecs.split(failure.get("arn", ""))[1]: failure for failure in answer.get("failures", [])}
        return {(cluster, name): _sight(cluster, name, services, failures, look) for name in names}

    def _found(self, place: tuple[str, str], leads: Sequence[Lead], sighting: Sighting, tasks: ecs.Tasks) -> Found:
        cluster, name = place
        facts = sighting.facts if isinstance(sighting, Present) else {}
        arn = facts.get("serviceArn")
        handles = {name, f"{cluster}/{name}", *tasks.addresses} | ({arn} if arn else set())
        return Found(
            key=Key(self.name, f"{cluster}/{name}"),
            sighting=sighting,
            leads=tuple(leads),
            arn=arn,
            handles=frozenset(handles),
            tags={tag["key"]: tag.get("value", "") for tag in facts.get("tags", [])},
            handles_unread=tuple(tasks.unread),
        )

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if arn.service == "ecs" and arn.resource.startswith("service/") else None

    def retrace(self, key: Key, references: Sequence[Reference]) -> tuple[str, str]:
        """Its name within its cluster."""
        cluster, _, name = key.id.partition("/")
        return name, cluster

    def needs(self, component: Component, others: Sequence[Component]) -> Iterable[Key]:
        """The rules and listeners that forward to its target groups.

        Without one CreateService is refused: "The target group ... does not have an associated load balancer".
        """
        groups = {key for key in component.depends_on if key.kind == "target-group"}
        for other in others:
            if other.key.kind in {"listener", "listener-rule"} and groups & set(other.depends_on):
                yield other.key

    def value(self, facts: Facts, field: str) -> str | None:
        """Its fields; of its task sets the id of the primary one."""
        return ecs_task_sets.primary_id(facts) if field == ecs_task_sets.THE_PRIMARY else super().value(facts, field)

    def stable(self, facts: Facts) -> Facts:
        """Its fields, and what each task set decides."""
        return {**super().stable(facts), "decidedInTaskSets": ecs_task_sets.configured(facts)}

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """One DeleteService with force, so that no crash can leave its desired count at 0 behind.

        Task sets go with it: the primary one can be deleted in no other way.
        """
        cluster, _, name = component.key.id.partition("/")
        gone = Settle(component.key, Until.ABSENT, "its tasks have stopped and it is INACTIVE", deadline=900)
        if component.state is State.DRAINING:
            return (gone,)
        call = Call(
            "ecs",
            "DeleteService",
            {"cluster": cluster, "service": name, "force": True},
            "before its target groups and load balancer, or it sticks in DRAINING",
            passing=(("InvalidParameterException", "deployments are active"),),
        )
        return call, gone

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateService once nothing of the old one drains any more, then wait until the new one serves."""
        return ecs_making.making(recipe, world)

    def completed(self, recipe: Recipe, inventory: Inventory, remembered: Mapping[Key, Facts]) -> Recipe:
        """Its task definition, and how many tasks it should run, where its own sources do not say."""
        return ecs_making.completed(recipe, inventory, remembered)

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """UpdateService of the fields that name something gone, and of nothing else."""
        cluster, _, name = component.key.id.partition("/")
        fields = list(dict.fromkeys(reference.path.partition("[")[0].partition(".")[0] for reference in references))
        if ecs_task_sets.in_sets(component.facts):
            return Making((), blockers=(ecs_task_sets.cannot_repoint(component.key, component.facts, fields),))
        change = {field: world.renewed(component.facts[field]) for field in fields if field in component.facts}
        params = {"cluster": cluster, "service": name, **change}
        if "serviceRegistries" in change:
            params["forceNewDeployment"] = True  # running tasks are not registered again, also under the same ARN
        call = Call("ecs", "UpdateService", params, "it names something gone")
        return Making((call, Settle(component.key, Until.SERVING, ecs_making.SERVES, deadline=900)))

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether a task set is there, or the primary one, or a field is what was sent; the rest as always."""
        match call.operation, sighting:
            case "UpdateService", Present(facts=facts) if "forceNewDeployment" not in call.params:
                return ecs_making.has([call], facts)
            case "CreateTaskSet", Present(facts=facts):
                return ecs_task_sets.made(call, facts)
            case "UpdateServicePrimaryTaskSet", Present(facts=facts):
                return ecs_task_sets.is_primary(call, facts)
            case _:
                return super().done(call, sighting)

    def taken_back(self, calls: Sequence[Call], sighting: Sighting) -> str | None:
        """Another task definition than was asked for, or other target groups: a circuit breaker's work, say."""
        return ecs_making.taken_back(calls, sighting.facts) if isinstance(sighting, Present) else None

    def said(self, calls: Sequence[Call], sighting: Sighting) -> bool:
        """Whether it names what these calls let it name: of a rule that is gone, a look alone cannot tell."""
        return isinstance(sighting, Present) and ecs_making.has(calls, sighting.facts)

    def awaited(self, until: Until, sighting: Sighting) -> str | None:
        """Serving: the newest deployment complete, all its tasks running. "Stable" after a roll-back is not."""
        match until, sighting:
            case Until.SERVING, Present(facts=facts, condition=condition):
                return ecs_making.awaited(facts, condition)
            case Until.ABSENT, Present(facts=facts, condition=condition):
                cluster = ecs.cluster_name(facts.get("clusterArn", ""))
                return "; ".join((condition.reason, *condition.troubles, ecs_making.REPAIR.format(cluster=cluster)))
            case _:
                return super().awaited(until, sighting)


def home_cluster(look: Look) -> str:
    """The cluster that the operator or the service's own settings name, AWS's `default` where they name none."""
    clusters = (lead.within for lead in look.settings.leads if lead.kind == EcsService.name and lead.within)
    return look.settings.cluster or next(clusters, "default")


def _sight(
    cluster: str,
    name: str,
    services: Mapping[str, Mapping[str, Any]],
    failures: Mapping[str, Mapping[str, Any]],
    look: Look,
) -> tuple[Sighting, ecs.Tasks]:
    service = services.get(name)
    if service is None:
        reason = failures.get(name, {}).get("reason", "")
        if reason == "MISSING":
            return Absent(f"AWS knows no service {name} in the cluster {cluster}"), ecs.Tasks()
        unread = Unread("ecs:DescribeServices", reason or "NoAnswer", f"AWS gave no answer for {name}")
        return Unreadable((unread,)), ecs.Tasks()
    references = tuple(ecs_references.references(cluster, name, service))
    if service["status"] == "INACTIVE":
        return Absent("deleted (INACTIVE): its tombstone can still be read", service, references), ecs.Tasks()
    tasks = ecs.tasks_of(cluster, service, look.reader)
    unknown = list(tasks.unread) if ecs.unsteady(service) else []
    facts = dict(service)
    if look.detail is Detail.COPY:
        try:
            facts |= _revisions(service, look.reader)
        except AwsError as error:
            unknown.append(error.unread)
    return Present(facts, references, _condition(service, tasks), tuple(unknown)), tasks


def _condition(service: Mapping[str, Any], tasks: ecs.Tasks) -> Condition:
    running, desired = service.get("runningCount", 0), ecs_task_sets.wanted(service)
    counts = f"{running} of {desired} running"
    troubles = tuple(ecs.troubles(service, tasks))
    if service["status"] == "DRAINING":
        left = f"{running} tasks still run" if running else "no task runs any more"
        reason = f"being deleted (DRAINING): {left}"
        return Condition(State.DRAINING, reason, serving=False, troubles=(*tasks.left[: ecs.EVENTS_SHOWN], *troubles))
    if ecs_task_sets.in_sets(service) and not ecs_task_sets.living(service):
        return Condition(reason=counts, serving=False, troubles=(ecs_task_sets.NONE, *troubles))
    if ecs.unsteady(service):
        return Condition(reason=counts, serving=False, troubles=(counts, *troubles))
    if not desired and service.get("schedulingStrategy") != "DAEMON":
        return Condition(reason=counts, serving=False, troubles=("its desired count is 0: nothing is meant to run",))
    return Condition(reason=counts, serving=bool(running))


def _revisions(service: Mapping[str, Any], reader: Reader) -> Mapping[str, Any]:
    """The revisions that run: some fields are only there, and vanish with the service."""
    arns = [revision["arn"] for revision in service.get("currentServiceRevisions", []) if revision.get("arn")]
    if not arns:
        return {}
    answer = reader.call("ecs", "DescribeServiceRevisions", {"serviceRevisionArns": arns})
    return {"serviceRevisions": answer.get("serviceRevisions", [])}


KIND = EcsService()
