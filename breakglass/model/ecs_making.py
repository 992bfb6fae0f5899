"""How an ECS service is made again from what DescribeServices told of it.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from collections.abc import Mapping
from typing import Any

from breakglass.model.component import Condition, Facts
from breakglass.model.inventory import Inventory
from breakglass.model.lead import Key
from breakglass.model.plan import Action, Blocker, Call, Hopeless, Loss, Settle, Until
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
    facts = recipe.facts
    if not facts.get("taskDefinition"):
        hint = "Name one with --task-definition FAMILY:REVISION, or a snapshot with --snapshot."
        return Making((), blockers=(Blocker(recipe.key, "no source says which task definition it ran", hint),))
    controller = facts.get("deploymentController", {}).get("type", "ECS")
    lost = []
    if controller != "ECS":
        lost.append(Loss(recipe.key, f"task sets of its {controller} deployment controller: deploy through it again"))
    params = world.renewed(parameters(recipe, world))
    actions: list[Action] = [
        Settle(recipe.key, Until.ABSENT, "nothing of the old one drains any more", deadline=900),
        Call("ecs", "CreateService", params, "it is missing", passing=PASSING),
    ]
    if controller == "EXTERNAL":
        actions.append(Settle(recipe.key, Until.THERE, "the service is there", deadline=120))
    else:
        actions.append(Settle(recipe.key, Until.SERVING, SERVES, deadline=900))
        actions += [
            Settle(key, Until.SERVING, f"all targets in {key.id} are healthy", deadline=900)
            for key in _targets_in(facts)
        ]
    return Making(tuple(actions), lost=tuple(lost))


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
    return params


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
    for balancer in facts.get("loadBalancers", []):
        arn = balancer.get("targetGroupArn", "")
        if ":targetgroup/" in arn:
            places[Key("target-group", arn.rpartition(":")[2].split("/")[1])] = None
        elif name := balancer.get("loadBalancerName"):
            places[Key("classic-load-balancer", name)] = None
    return list(places)


def awaited(facts: Facts, condition: Condition) -> str | None:
    """What is still missing before the service serves. Raises `Hopeless` for a failed deployment."""
    deployments = facts.get("deployments", [])
    primary = _primary(facts)
    if primary.get("rolloutState") == "FAILED":
        said = (primary.get("rolloutStateReason") or "its deployment failed", *condition.troubles[:WHYS])
        raise Hopeless("; ".join(dict.fromkeys(said)))
    running, desired = facts.get("runningCount", 0), facts.get("desiredCount", 0)
    complete = primary.get("rolloutState", "COMPLETED") == "COMPLETED"
    if complete and len(deployments) <= 1 and running >= desired:
        return None
    return "; ".join(dict.fromkeys((f"{running} of {desired} tasks run", *condition.troubles[1:3])))
