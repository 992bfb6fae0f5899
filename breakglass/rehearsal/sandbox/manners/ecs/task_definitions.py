"""Task definitions: families of numbered revisions, ACTIVE until they are deregistered."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .state import Ecs, short_name

_PAGE = 100
_CONTAINER_DEFAULTS: AwsShape = {
    "cpu": 0, "portMappings": [], "essential": True, "environment": [], "mountPoints": [], "volumesFrom": [],
    "systemControls": [],
}  # fmt: skip
_FARGATE_ATTRIBUTES = (
    "com.amazonaws.ecs.capability.logging-driver.awslogs",
    "ecs.capability.execution-role-awslogs",
    "com.amazonaws.ecs.capability.docker-remote-api.1.18",
    "ecs.capability.task-eni",
)


class TaskDefinitions:
    """Registration, description, listing and deregistration of task definitions."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "RegisterTaskDefinition": self._register,
            "DescribeTaskDefinition": self._describe,
            "DeregisterTaskDefinition": self._deregister,
            "DeleteTaskDefinitions": self._delete,
            "ListTaskDefinitions": self._list,
            "ListTaskDefinitionFamilies": self._list_families,
        }

    def find(self, call: Call, name: str) -> AwsShape:
        """A revision by ARN or family:revision, or a family's latest ACTIVE one; else ClientException."""
        ecs = self._ecs(call)
        family, _, revision = short_name(name).partition(":")
        revisions = ecs.definitions.get(family, {})
        if revision.isdigit() and int(revision) in revisions:
            return revisions[int(revision)]
        active = [number for number, item in revisions.items() if item["status"] == "ACTIVE"]
        if not revision and active:
            return revisions[max(active)]
        raise Refused("ClientException", "Unable to describe task definition.")

    def _register(self, call: Call) -> AwsShape:
        """Every field that was sent is kept; the revision is one more than the family has ever had.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
        """
        ecs = self._ecs(call)
        sent = copy.deepcopy(call.params)
        tags = sent.pop("tags", [])
        if any(tag["key"].lower().startswith("aws:") for tag in tags):
            raise Refused("InvalidParameterException", "Tag keys beginning with aws: are reserved.")
        fargate = "FARGATE" in sent.get("requiresCompatibilities", [])
        if fargate and not (sent.get("cpu") and sent.get("memory")):
            raise Refused("ClientException", "Fargate requires that 'cpu' and 'memory' be defined at the task level.")
        family = sent["family"]
        revision = ecs.last_revisions.get(family, 0) + 1
        ecs.last_revisions[family] = revision
        arn = f"arn:aws:ecs:{call.region}:{call.account}:task-definition/{family}:{revision}"
        definition: AwsShape = {
            "volumes": [],
            "placementConstraints": [],
            **sent,
            "containerDefinitions": [{**_CONTAINER_DEFAULTS, **item} for item in sent["containerDefinitions"]],
            "taskDefinitionArn": arn,
            "revision": revision,
            "status": "ACTIVE",
            "compatibilities": ["EC2", "FARGATE"] if fargate else ["EC2"],
            "requiresAttributes": [{"name": name} for name in _FARGATE_ATTRIBUTES],
            "registeredAt": self._world.clock.moment(),
            "registeredBy": f"arn:aws:sts::{call.account}:assumed-role/Deployer/deployer-api",
        }
        ecs.definitions.setdefault(family, {})[revision] = definition
        ecs.definition_tags[arn] = {tag["key"]: tag.get("value", "") for tag in tags}
        return {"taskDefinition": definition, "tags": tags}

    def _describe(self, call: Call) -> AwsShape:
        """An INACTIVE revision can still be described; tags come beside it, and only when asked for.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html
        """
        found = self.find(call, call.params["taskDefinition"])
        answer: AwsShape = {"taskDefinition": found}
        if "TAGS" in call.params.get("include", []):
            kept = self._ecs(call).definition_tags[found["taskDefinitionArn"]]
            answer["tags"] = [{"key": key, "value": value} for key, value in kept.items()]
        return answer

    def _deregister(self, call: Call) -> AwsShape:
        """The revision becomes INACTIVE: running tasks go on, a new or changed service refuses it.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html
        """
        found = self.find(call, call.params["taskDefinition"])
        found["status"] = "INACTIVE"
        found["deregisteredAt"] = self._world.clock.moment()
        return {"taskDefinition": found}

    def _delete(self, call: Call) -> AwsShape:
        """Only INACTIVE revisions, which are then DELETE_IN_PROGRESS while anything still uses them.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html
        """
        deleted, failures = [], []
        for name in call.params["taskDefinitions"]:
            found = self.find(call, name)
            if found["status"] == "ACTIVE":
                reason = "The specified task definition is still in ACTIVE status."
                failures.append({"arn": found["taskDefinitionArn"], "reason": reason})
                continue
            found["status"] = "DELETE_IN_PROGRESS"
            deleted.append(found)
        return {"taskDefinitions": deleted, "failures": failures}

    def _list(self, call: Call) -> AwsShape:
        status, prefix = call.params.get("status") or "ACTIVE", call.params.get("familyPrefix")
        arns = [
            item["taskDefinitionArn"]
            for family, revisions in sorted(self._ecs(call).definitions.items())
            if prefix in (None, family)
            for _, item in sorted(revisions.items(), reverse=call.params.get("sort") == "DESC")
            if item["status"] == status
        ]
        shown, token = page(arns, call.params.get("nextToken"), int(call.params.get("maxResults") or _PAGE))
        return {"taskDefinitionArns": shown, "nextToken": token}

    def _list_families(self, call: Call) -> AwsShape:
        status, prefix = call.params.get("status") or "ACTIVE", call.params.get("familyPrefix") or ""
        families = [
            family
            for family, revisions in sorted(self._ecs(call).definitions.items())
            if family.startswith(prefix)
            and (status == "ALL" or any(item["status"] == status for item in revisions.values()))
        ]
        shown, token = page(families, call.params.get("nextToken"), int(call.params.get("maxResults") or _PAGE))
        return {"families": shown, "nextToken": token}

    def _ecs(self, call: Call) -> Ecs:
        return self._world.state(Ecs, call.account, call.region)
