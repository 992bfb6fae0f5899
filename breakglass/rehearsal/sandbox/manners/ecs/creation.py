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

SENT_FOR_A_SET = ("taskDefinition", "networkConfiguration", "loadBalancers", "serviceRegistries", "launchType",
                  "capacityProviderStrategy", "platformVersion")  # fmt: skip
"""What a task set decides and CreateService does not take where the deployment controller is EXTERNAL.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html
"""
OF_A_SET = (*SENT_FOR_A_SET, "platformFamily")

_SERVICE_LINKED_ROLE = "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def completed(call: Call, definition: AwsShape | None) -> AwsShape:
    """A new service's settings with AWS's defaults; one for an external controller has no task definition yet.

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
        **({"taskDefinition": definition["taskDefinitionArn"]} if definition else {}),
    }
    if "capacityProviderStrategy" not in given:
        settings["launchType"] = given.get("launchType", "EC2")
    if on_fargate(settings):
        settings.setdefault("platformVersion", "LATEST")
        settings["platformFamily"] = "Linux"
    if settings["loadBalancers"]:
        settings.setdefault("healthCheckGracePeriodSeconds", 0)
    settings["deploymentConfiguration"] = _deployment_configuration(given, settings)
    settings["networkConfiguration"] = _network(given)
    if not settings["networkConfiguration"]:
        del settings["networkConfiguration"]
    settings["roleArn"] = call.params.get("role") or f"arn:aws:iam::{call.account}:{_SERVICE_LINKED_ROLE}"
    return settings


def on_fargate(settings: AwsShape) -> bool:
    """Whether its tasks run on Fargate: capacity providers of one's own are EC2 instances."""
    strategy = settings.get("capacityProviderStrategy", [])
    providers = [item["capacityProvider"] for item in strategy]
    return settings.get("launchType") == "FARGATE" or any(name.startswith("FARGATE") for name in providers)


def _deployment_configuration(given: AwsShape, settings: AwsShape) -> AwsShape:
    full, least = (100, 0) if settings["schedulingStrategy"] == "DAEMON" else (200, 100)
    if settings["deploymentController"]["type"] != "ECS":
        return {"maximumPercent": full, "minimumHealthyPercent": least, **given.get("deploymentConfiguration", {})}
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


def new_set(service: Service, definition: AwsShape, chosen: AwsShape, at: float) -> Deployment:
    """A task set of a service with what it decides by itself."""
    one = new_deployment(service, definition, at)
    kept = {key: value for key, value in service.settings.items() if key not in OF_A_SET}
    one.settings = copy.deepcopy({**kept, "loadBalancers": [], "serviceRegistries": [], **chosen})
    one.settings["taskDefinition"] = definition["taskDefinitionArn"]
    if "capacityProviderStrategy" not in chosen:
        one.settings.setdefault("launchType", "EC2")
    if on_fargate(one.settings):
        one.settings.setdefault("platformVersion", "LATEST")
        one.settings["platformFamily"] = "Linux"
    if network := _network(chosen):
        one.settings["networkConfiguration"] = network
    one.desired, one.status = 0, "ACTIVE"
    return one


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
