"""What CreateService and UpdateService make of their parameters."""

from __future__ import annotations

import copy
import secrets

from breakglass.rehearsal.sandbox.state import AwsShape, Call

from .state import Deployment, Service

NOT_SETTINGS = ("cluster", "serviceName", "service", "clientToken", "tags", "desiredCount", "role",
                "forceNewDeployment")  # fmt: skip
ONLY_IN_DEPLOYMENTS = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
"""DescribeServices shows these in the PRIMARY deployment and nowhere else (botocore's model of Service)."""

ONLY_IN_REVISIONS = ("gatewayConnectors", "monitoring")
"""Only DescribeServiceRevisions shows these (botocore's model of ServiceRevision)."""

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
