"""What CreateService and UpdateService make of their parameters, and what they refuse."""

from __future__ import annotations

import copy
import secrets

from breakglass.rehearsal.sandbox.manners.elbv2.state import Balancing
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .state import Deployment, Service

NOT_SETTINGS = ("cluster", "serviceName", "service", "clientToken", "tags", "desiredCount", "role",
                "forceNewDeployment")  # fmt: skip
ONLY_IN_DEPLOYMENTS = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
"""DescribeServices shows these in the PRIMARY deployment and nowhere else (botocore's model of Service)."""

_SERVICE_LINKED_ROLE = "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def completed(call: Call, definition: AwsShape) -> AwsShape:
    """A new service's settings with AWS's defaults.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    """
    given = {key: value for key, value in copy.deepcopy(call.params).items() if key not in NOT_SETTINGS}
    settings: AwsShape = {
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "propagateTags": "NONE",
        "availabilityZoneRebalancing": "DISABLED",
        **given,
        "taskDefinition": definition["taskDefinitionArn"],
    }
    if "capacityProviderStrategy" not in given:
        settings["launchType"] = given.get("launchType", "EC2")
    if settings.get("launchType") == "FARGATE" or "capacityProviderStrategy" in given:
        settings.setdefault("platformVersion", "LATEST")
        settings["platformFamily"] = "Linux"
    if settings["loadBalancers"]:
        settings.setdefault("healthCheckGracePeriodSeconds", 0)
    settings["deploymentConfiguration"] = _deployment_configuration(given, settings["schedulingStrategy"])
    settings["networkConfiguration"] = _network(given)
    if not settings["networkConfiguration"]:
        del settings["networkConfiguration"]
    settings["roleArn"] = call.params.get("role") or f"arn:aws:iam::{call.account}:{_SERVICE_LINKED_ROLE}"
    return settings


def _deployment_configuration(given: AwsShape, scheduling: str) -> AwsShape:
    full, least = (100, 0) if scheduling == "DAEMON" else (200, 100)
    return {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": full,
        "minimumHealthyPercent": least,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        **given.get("deploymentConfiguration", {}),
    }


def _network(given: AwsShape) -> AwsShape:
    wanted = given.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if not wanted:
        return {}
    return {"awsvpcConfiguration": {"securityGroups": [], "assignPublicIp": "DISABLED", **wanted}}


def check(world: World, call: Call, settings: AwsShape, definition: AwsShape) -> None:
    """Refuse what ECS refuses when it compares a service with its task definition and load balancers.

    "does not have an associated load balancer" comes from a missing listener or rule, not from a missing load
    balancer: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshoot-service-load-balancers.html
    """
    if definition.get("status") == "INACTIVE":
        raise Refused("ClientException", "TaskDefinition is inactive")
    awsvpc = definition.get("networkMode") == "awsvpc"
    if awsvpc and "networkConfiguration" not in settings:
        raise Refused(
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )
    balancing = world.state(Balancing, call.account, call.region)
    for entry in settings["loadBalancers"]:
        _check_container(entry, definition)
        if arn := entry.get("targetGroupArn"):
            _check_target_group(balancing, arn, awsvpc=awsvpc)


def _check_container(entry: AwsShape, definition: AwsShape) -> None:
    container = next(
        (item for item in definition["containerDefinitions"] if item["name"] == entry.get("containerName")), None
    )
    if container is None:
        raise Refused(
            "InvalidParameterException",
            f"The container {entry.get('containerName')} does not exist in the task definition.",
        )
    ports = [mapping.get("containerPort") for mapping in container.get("portMappings", [])]
    if entry.get("containerPort") not in ports:
        raise Refused(
            "InvalidParameterException",
            f"The container {entry['containerName']} did not have a container port {entry.get('containerPort')} "
            "defined.",
        )


def _check_target_group(balancing: Balancing, arn: str, *, awsvpc: bool) -> None:
    group = balancing.target_groups.get(arn)
    if group is None:
        raise Refused("InvalidParameterException", f"The specified target group does not exist: {arn}")
    if awsvpc and group.shape["TargetType"] != "ip":
        raise Refused(
            "InvalidParameterException",
            f"The provided target group {arn} has target type {group.shape['TargetType']}, which is incompatible with "
            "the awsvpc network mode specified in the task definition.",
        )
    if not balancing.load_balancers_of(arn):
        raise Refused(
            "InvalidParameterException",
            f"The target group with targetGroupArn {arn} does not have an associated load balancer.",
        )


def new_deployment(service: Service, definition: AwsShape, at: float) -> Deployment:
    """A deployment of a service as its settings are now."""
    number = str(secrets.randbelow(9 * 10**18) + 10**18)
    prefix = service.arn.replace(":service/", ":service-revision/")
    return Deployment(
        id=f"ecs-svc/{number}",
        revision=f"{prefix}/{number}",
        settings=copy.deepcopy(service.settings),
        definition=definition,
        desired=service.desired,
        created_at=at,
        updated_at=at,
        reason=f"ECS deployment ecs-svc/{number} in progress.",
    )
