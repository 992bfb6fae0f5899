"""Services whose tasks belong to task sets: those of an external deployment controller, and of CodeDeploy.

A task set decides what its tasks run, where, and behind what; the service shows what its primary one decided, and
has no deployments of its own. An external controller's are made and deleted by ECS's API; CodeDeploy's by nobody but
CodeDeploy, after the first, which comes with the service.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from breakglass.model.component import Facts
from breakglass.model.lead import Key
from breakglass.model.making import MARK, RUN_TAG, tags_again
from breakglass.model.plan import Action, Blocker, Call, Loss, Output
from breakglass.model.world import World, token

TaskSet = Mapping[str, Any]

EXTERNAL, CODE_DEPLOY = "EXTERNAL", "CODE_DEPLOY"
DECIDED = frozenset(
    {"taskDefinition", "networkConfiguration", "loadBalancers", "serviceRegistries", "launchType"}
    | {"capacityProviderStrategy", "platformVersion"}
)
"""What a task set decides: CreateService takes none of it for an external controller, UpdateService for neither."""
READ_ONLY = frozenset(
    {"id", "taskSetArn", "serviceArn", "clusterArn", "startedBy", "status", "computedDesiredCount", "pendingCount"}
    | {"runningCount", "createdAt", "updatedAt", "platformFamily", "stabilityStatus", "stabilityStatusAt", "tags"}
    | {"fargateEphemeralStorage"}
)
"""What AWS tells of a task set and CreateTaskSet does not take, or takes under another name."""
ONLY_ROLLING = frozenset(
    {"deploymentCircuitBreaker", "alarms", "strategy", "bakeTimeInMinutes", "lifecycleHooks"}
    | {"linearConfiguration", "canaryConfiguration"}
)
"""What configures ECS's own deployments, and no other controller's.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""
THE_PRIMARY = "taskSets[0].id"
"""The field of a service by which its primary task set's id is known; the only one's, where none is primary yet."""
WHOLE: TaskSet = {"scale": {"value": 100.0, "unit": "PERCENT"}, "status": "PRIMARY"}


def controller(facts: Facts) -> str:
    """Who deploys the service: `ECS`, `CODE_DEPLOY` or `EXTERNAL`."""
    return str(facts.get("deploymentController", {}).get("type", "ECS"))


def in_sets(facts: Facts) -> bool:
    """Whether its tasks belong to task sets."""
    return controller(facts) != "ECS"


def living(facts: Facts) -> list[TaskSet]:
    """Its task sets that are not on their way out, the primary one first."""
    sets = [one for one in facts.get("taskSets", []) if one.get("status") != "DRAINING"]
    return sorted(sets, key=lambda one: one.get("status") != "PRIMARY")


def wanted(facts: Facts) -> int:
    """How many tasks there should be: each task set has its part of the desired count."""
    sets = living(facts)
    return sum(int(one.get("computedDesiredCount", 0)) for one in sets) if sets else int(facts.get("desiredCount", 0))


def primary_id(facts: Facts) -> str | None:
    """The id of the primary task set; of the only one, where none is primary; None where nobody can tell."""
    sets = living(facts)
    primary = [one for one in sets if one.get("status") == "PRIMARY"] or (sets if len(sets) == 1 else [])
    return str(primary[0]["id"]) if primary else None


def configured(facts: Facts) -> list[Mapping[str, Any]]:
    """What people and their tools have decided in each task set, without counts, health and times."""
    moving = {"computedDesiredCount", "pendingCount", "runningCount", "updatedAt", "stabilityStatus"}
    return [
        {name: value for name, value in one.items() if name not in {*moving, "stabilityStatusAt"}}
        for one in living(facts)
    ]


def whole(facts: Facts) -> Facts:
    """The service with what its primary task set decides, where it does not show that itself."""
    sets = living(facts)
    decided = sets[0] if sets else {}
    return {**facts, **{name: decided[name] for name in DECIDED if decided.get(name) and not facts.get(name)}}


def deployed(params: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """CreateService's parameters without what the service's deployment controller does not take."""
    kind = controller(facts)
    left_out = {"role", *DECIDED} if kind == EXTERNAL else set()
    told = params.get("deploymentConfiguration", {})
    configuration = {name: value for name, value in told.items() if name not in ONLY_ROLLING}
    kept = {**params, "deploymentConfiguration": configuration} if configuration else dict(params)
    if not configuration:
        left_out.add("deploymentConfiguration")
    return {name: value for name, value in kept.items() if name not in left_out}


def making(key: Key, facts: Facts, world: World) -> list[Action]:
    """CreateTaskSet for each that there was, and that the first one is the primary, where one was.

    It is made primary before there is a second one, for until then nothing else can be meant.
    """
    sets = living(facts) or [{**WHOLE, **{name: facts[name] for name in DECIDED if facts.get(name)}}]
    actions: list[Action] = []
    cluster, _, name = key.id.partition("/")
    place = {"cluster": cluster, "service": name}
    for at, one in enumerate(sets):
        primary = one.get("status") == "PRIMARY"
        told = {**one, "taskDefinition": facts["taskDefinition"]} if primary and facts.get("taskDefinition") else one
        made_with = token(world.run, Key(key.kind, f"{key.id} {at}"))
        params = {field: value for field, value in told.items() if field not in READ_ONLY and value not in EMPTY}
        if params.get("capacityProviderStrategy"):
            params.pop("launchType", None)
        marks = {RUN_TAG: world.run, MARK: made_with}
        tags = tags_again(one.get("tags", []), marks, "key", "value")
        why = "the controller's task sets are gone with the service"
        actions.append(
            Call(
                "ecs",
                "CreateTaskSet",
                {**place, **world.renewed(params), "clientToken": made_with, "tags": tags},
                why,
                passing=PASSING,
            )
        )
        if primary:
            which = {**place, "primaryTaskSet": Output(key, THE_PRIMARY)}
            actions.append(Call("ecs", "UpdateServicePrimaryTaskSet", which, "it served production traffic"))
    return actions


EMPTY: tuple[object, ...] = (None, [], {})
PASSING = (("InvalidParameterException", "does not have an associated load balancer"),)


def lost(key: Key, facts: Facts) -> Loss:
    """What whoever deploys the service has to be told."""
    if controller(facts) == EXTERNAL:
        return Loss(key, "its task sets get new ids: tell the external deployment controller")
    ids = [str(one["externalId"]) for one in living(facts) if one.get("externalId")]
    last = f"; the last deployment was {ids[0]}" if ids else ""
    what = (
        "its CodeDeploy deployment group knows nothing of this: before the next deployment compare its target groups "
        f"and listener ARNs with what is there now (aws deploy get-deployment-group){last}"
    )
    return Loss(key, what)


def cannot_repoint(key: Key, facts: Facts, fields: Sequence[str]) -> Blocker:
    """UpdateService takes no field that a task set decides."""
    message = f"{key} names something made again in {', '.join(fields)}, which only a new task set can change"
    way = "through CodeDeploy" if controller(facts) == CODE_DEPLOY else "with its external deployment controller"
    return Blocker(key, message, f"Deploy it anew {way}, or leave it as it is with --keep {key.kind}.")


def made(call: Call, facts: Facts) -> bool:
    """Whether the task set that CreateTaskSet asked for is there: by its tag, else by what was sent."""
    sets = living(facts)
    tags = [{tag["key"]: tag.get("value") for tag in one.get("tags", [])} for one in sets]
    if any(tags):
        return any(one.get(MARK) == call.params["clientToken"] for one in tags)
    sent = {name: call.params.get(name) for name in ("externalId", "loadBalancers", "serviceRegistries", "launchType")}
    return any(
        all((one.get(name) or None) == (value or None) for name, value in sent.items())
        and str(one.get("taskDefinition", "")).endswith(str(call.params["taskDefinition"]).rpartition("/")[2])
        for one in sets
    )


def is_primary(call: Call, facts: Facts) -> bool:
    """Whether the task set that UpdateServicePrimaryTaskSet names is the primary one."""
    return any(one["id"] == call.params["primaryTaskSet"] and one.get("status") == "PRIMARY" for one in living(facts))


def awaited(facts: Facts) -> str | None:
    """What is still missing before every task set is steady; None once they are."""
    sets = living(facts)
    if not sets:
        return NONE
    for one in sets:
        running, meant = int(one.get("runningCount", 0)), int(one.get("computedDesiredCount", 0))
        empty = not meant and bool(facts.get("desiredCount")) and bool(one.get("scale", {}).get("value"))
        if empty or running < meant or one.get("stabilityStatus") != "STEADY_STATE":
            return f"{running} of {meant} tasks of the task set {one['id']} run"
    return None


NONE = "it has no task set, so that nothing runs: its deployment controller has to make one"
