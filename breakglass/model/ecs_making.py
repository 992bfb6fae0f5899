"""How an ECS service is made again from what DescribeServices told of it.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from breakglass.model import ecs_task_sets
from breakglass.model.component import Condition, Facts
from breakglass.model.inventory import Inventory
from breakglass.model.lead import Key
from breakglass.model.plan import Action, Blocker, Call, Hopeless, Settle, Until
from breakglass.model.world import Making, Recipe, World

WHYS = 4
"""So many reasons are told of a failed deployment: AWS's own word for it alone says nothing that helps."""
SERVES = "its new deployment is complete and all its tasks run"
REPAIR = (
    "where it stays so, give back the role or the load balancer that its events miss, "
    "or stop what is left: aws ecs stop-task --cluster {cluster} --task ID"
)
READ_ONLY = frozenset(
    {"serviceArn", "clusterArn", "serviceName", "status", "runningCount", "pendingCount", "deployments", "events"}
    | {"createdAt", "createdBy", "roleArn", "taskSets", "platformFamily", "currentServiceDeployment"}
    | {"currentServiceRevisions", "serviceRevisions", "tags", "resourceManagementType"}
)
"""What AWS tells of a service and CreateService does not take, or takes under another name."""

ONLY_IN_DEPLOYMENT = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
ONLY_IN_REVISION = ("gatewayConnectors", "monitoring")
PASSING = (
    ("InvalidParameterException", "still Draining"),
    ("InvalidParameterException", "Unable to assume the service linked role"),
    ("InvalidParameterException", "does not have an associated load balancer"),
)


def making(recipe: Recipe, world: World) -> Making:
    """The calls, what is lost, and what stands in the way."""
    facts = ecs_task_sets.whole(recipe.facts)
    if not facts.get("taskDefinition"):
        hint = "Name one with --task-definition FAMILY:REVISION, or a snapshot with --snapshot."
        return Making((), blockers=(Blocker(recipe.key, "no source says which task definition it ran", hint),))
    params = world.renewed(parameters(Recipe(recipe.key, facts, recipe.sources), world))
    actions: list[Action] = [
        Settle(recipe.key, Until.ABSENT, "nothing of the old one drains any more", deadline=900),
        Call("ecs", "CreateService", params, "it is missing", passing=PASSING),
    ]
    if ecs_task_sets.controller(facts) == ecs_task_sets.EXTERNAL:
        actions.append(Settle(recipe.key, Until.THERE, "the service is there", deadline=120))
        actions += ecs_task_sets.making(recipe.key, facts, world)
    actions.append(Settle(recipe.key, Until.SERVING, SERVES, deadline=900))
    actions += [
        Settle(key, Until.SERVING, f"all targets in {key.id} are healthy", deadline=900) for key in _targets_in(facts)
    ]
    lost = (ecs_task_sets.lost(recipe.key, facts),) if ecs_task_sets.in_sets(facts) else ()
    return Making(tuple(actions), lost=lost)


def completed(recipe: Recipe, inventory: Inventory, remembered: Mapping[Key, Facts]) -> Recipe:
    """The recipe with a task definition and a desired count.

    The count of a draining or deleted service is never asked for; without a snapshot the scalable target's
    minimum is taken, then 1, and that is a guess. The state entry may name the task definition.
    """
    facts, sources = dict(recipe.facts), dict(recipe.sources)
    if "taskDefinition" not in facts:
        named = [lead for one in inventory.of_kind("task-definition") if one.there for lead in one.leads[:1]]
        for lead in named[:1]:
            facts["taskDefinition"], sources["taskDefinition"] = lead.ref, lead.detail
    if not facts.get("desiredCount") and facts.get("schedulingStrategy") != "DAEMON":
        count, source = _count(recipe.key, inventory, remembered)
        facts["desiredCount"], sources["desiredCount"] = count, source
    return Recipe(recipe.key, facts, sources)


def _count(key: Key, inventory: Inventory, remembered: Mapping[Key, Facts]) -> tuple[int, str]:
    target = Key("scalable-target", f"service/{key.id}")
    live = inventory.get(target)
    facts = live.facts if live and live.there else remembered.get(target, {})
    if least := facts.get("MinCapacity"):
        return int(least), "a guess: the scalable target's minimum"
    return 1, "a guess: no source says how many"


def parameters(recipe: Recipe, world: World) -> dict[str, Any]:
    """CreateService's parameters: everything that AWS told, but what is its own."""
    facts = recipe.facts
    cluster, _, name = recipe.key.id.partition("/")
    params = {field: value for field, value in facts.items() if field not in READ_ONLY and value not in (None, [], {})}
    params |= {"cluster": cluster, "serviceName": name, "clientToken": world.token(recipe.key)}
    params |= {field: value for field in ONLY_IN_DEPLOYMENT if (value := _primary(facts).get(field))}
    revision: Mapping[str, Any] = max(facts.get("serviceRevisions", []), key=_made_at, default={})
    params |= {field: value for field in ONLY_IN_REVISION if (value := revision.get(field))}
    params["tags"] = [tag for tag in facts.get("tags", []) if not tag["key"].startswith(("aws:", "breakglass:"))]
    params["tags"].append({"key": "breakglass:run", "value": world.run})
    if params.get("capacityProviderStrategy"):
        params.pop("launchType", None)
    if facts.get("schedulingStrategy") == "DAEMON":
        params.pop("desiredCount", None)
    if not params.get("healthCheckGracePeriodSeconds"):
        params.pop("healthCheckGracePeriodSeconds", None)  # 0 says nothing, and is refused where nothing is checked
    if role := _role(facts):
        params["role"] = role
    return ecs_task_sets.deployed(params, facts) if ecs_task_sets.in_sets(facts) else params


def taken_back(calls: Sequence[Call], facts: Facts) -> str | None:
    """What these calls asked the service for and it does not have any more, in words; None where it has.

    A roll-back ends stable, with the task definition and the target groups of the deployment before. As long as
    anything is being deployed, traffic may still be on its way from one group to the other.
    """
    deploying = len(facts.get("deployments", [])) > 1 or _primary(facts).get("rolloutState") == "IN_PROGRESS"
    for of_task, words in _differing(calls, ecs_task_sets.whole(facts)):
        if of_task or not deploying:
            return f"{ROLLED_BACK}: {words}"
    return None


def has(calls: Sequence[Call], facts: Facts) -> bool:
    """Whether a service has the task definition and the target groups that these calls ask for."""
    return not any(_differing(calls, ecs_task_sets.whole(facts)))


def _differing(calls: Sequence[Call], facts: Facts) -> Iterator[tuple[bool, str]]:
    """In what a service differs from what was asked for, in words, and whether that is what its tasks run."""
    for call in calls:
        if call.operation not in {"CreateService", "UpdateService"}:
            continue
        if asked := call.params.get("taskDefinition"):
            runs = str(_primary(facts).get("taskDefinition") or facts.get("taskDefinition", ""))
            if not _same_revision(str(asked), runs):
                yield True, f"it runs {_revision(runs)}, and {_revision(str(asked))} was asked for"
        if "loadBalancers" in call.params and (wrong := _led_by(call.params) ^ _led_by(facts)):
            yield False, f"it is not behind what was asked for any more ({', '.join(sorted(wrong))})"


ROLLED_BACK = "its new deployment was rolled back, or replaced by another one"


def _led_by(facts: Facts) -> set[str]:
    """The ARNs and names by which a service is behind load balancers."""
    balancers = facts.get("loadBalancers", [])
    places = (place for one in balancers for place in (one, one.get("advancedConfiguration", {})))
    return {value for place in places for name, value in place.items() if name in LED_BY and value}


LED_BY = frozenset(
    {"targetGroupArn", "loadBalancerName", "alternateTargetGroupArn", "productionListenerRule", "testListenerRule"}
)


def _same_revision(asked: str, runs: str) -> bool:
    """Whether a revision is the one that was asked for; a family alone means its newest one, whichever that is."""
    family, _, revision = _revision(asked).partition(":")
    return _revision(runs) == f"{family}:{revision}" if revision else _revision(runs).partition(":")[0] == family


def _revision(ref: str) -> str:
    """`FAMILY:REVISION` of an ARN, or the same again."""
    return ref.rpartition("/")[2]


def _is_newer(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return str(one.get("createdAt", "")) > str(other.get("createdAt", ""))


def _made_at(revision: Mapping[str, Any]) -> str:
    """When a revision was made: in the middle of a deployment there are two, and the newer one was wanted."""
    return str(revision.get("createdAt", ""))


def _primary(facts: Facts) -> Mapping[str, Any]:
    deployments = facts.get("deployments", [])
    return next((one for one in deployments if one.get("status") == "PRIMARY"), {})


def _role(facts: Facts) -> str | None:
    """The role, but where ECS wants its service-linked one: awsvpc, Cloud Map, several target groups."""
    role = facts.get("roleArn", "")
    linked = "/aws-service-role/" in role or facts.get("networkConfiguration") or facts.get("serviceRegistries")
    return role if role and not linked and len(facts.get("loadBalancers", [])) == 1 else None


def _targets_in(facts: Facts) -> list[Key]:
    """Where ECS registers its tasks, or, at a classic load balancer, the instances that they run on."""
    places: dict[Key, None] = {}
    filled = [one for one in ecs_task_sets.living(facts) if one.get("scale", {}).get("value")]
    for balancer in (entry for one in (facts, *filled) for entry in one.get("loadBalancers", [])):
        arn = balancer.get("targetGroupArn", "")
        if ":targetgroup/" in arn:
            places[Key("target-group", arn.rpartition(":")[2].split("/")[1])] = None
        elif name := balancer.get("loadBalancerName"):
            places[Key("classic-load-balancer", name)] = None
    return list(places)


def awaited(facts: Facts, condition: Condition) -> str | None:
    """What is still missing before the service serves. Raises `Hopeless` for a deployment that failed.

    One that failed after the PRIMARY one was made has been rolled back to it: what runs then is not what was asked for.
    """
    if ecs_task_sets.in_sets(facts):
        return ecs_task_sets.awaited(facts)
    deployments = facts.get("deployments", [])
    primary = _primary(facts)
    if primary.get("rolloutState") == "FAILED":
        said = (primary.get("rolloutStateReason") or "its deployment failed", *condition.troubles[:WHYS])
        raise Hopeless("; ".join(dict.fromkeys(said)))
    if newer := [one for one in deployments if one.get("rolloutState") == "FAILED" and _is_newer(one, primary)]:
        said = (ROLLED_BACK, newer[0].get("rolloutStateReason") or "", *condition.troubles[:WHYS])
        raise Hopeless("; ".join(dict.fromkeys(filter(None, said))))
    running, desired = facts.get("runningCount", 0), facts.get("desiredCount", 0)
    complete = primary.get("rolloutState", "COMPLETED") == "COMPLETED"
    if complete and len(deployments) <= 1 and running >= desired:
        return None
    return "; ".join(dict.fromkeys((f"{running} of {desired} tasks run", *condition.troubles[1:3])))
