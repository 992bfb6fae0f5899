"""Services as DescribeServices shows them."""

from __future__ import annotations

from breakglass.rehearsal.sandbox.clock import instant
from breakglass.rehearsal.sandbox.state import AwsShape

from .creation import OF_A_SET, ONLY_IN_DEPLOYMENTS, ONLY_IN_REVISIONS
from .state import Deployment, Service
from .task import Task

_SHOWN_IN_DEPLOYMENTS = ("taskDefinition", "launchType", "platformVersion", "platformFamily", "networkConfiguration",
                         "capacityProviderStrategy", *ONLY_IN_DEPLOYMENTS)  # fmt: skip

_NOT_IN_SERVICES = frozenset({*ONLY_IN_DEPLOYMENTS, *ONLY_IN_REVISIONS})


def service_shape(service: Service, now: float, *, with_tags: bool) -> AwsShape:
    """A service at a moment; a service that is gone keeps its configuration, and its counts are 0.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
    """
    shape: AwsShape = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.arn.replace(":service/", ":cluster/").rpartition("/")[0],
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": _running(service.tasks, now),
        "pendingCount": _pending(service.tasks, now),
        **{key: value for key, value in service.settings.items() if key not in _NOT_IN_SERVICES},
        "deployments": [deployment_shape(service, item, now) for item in service.deployments],
        "events": list(service.events),
        "createdAt": instant(service.created_at),
        "createdBy": service.created_by,
        "resourceManagementType": "CUSTOMER",
    }
    if service.in_sets:
        shape["deployments"] = []
        sets = [] if service.status == "INACTIVE" else service.sets
        shape["taskSets"] = [task_set_shape(service, item, now) for item in sets]
    elif service.status == "INACTIVE":
        shape["deployments"] = []
    else:
        shape["currentServiceRevisions"] = [
            {
                "arn": item.revision,
                "requestedTaskCount": item.desired,
                "runningTaskCount": _running(service.tasks_of(item), now),
                "pendingTaskCount": _pending(service.tasks_of(item), now),
            }
            for item in service.deployments
        ]
        shape["currentServiceDeployment"] = service_deployment_arn(service, service.primary)
    if with_tags:
        shape["tags"] = [{"key": key, "value": value} for key, value in service.tags.items()]
    return shape


def deployment_shape(service: Service, deployment: Deployment, now: float) -> AwsShape:
    """One of a service's deployments."""
    tasks = service.tasks_of(deployment)
    shape: AwsShape = {
        "id": deployment.id,
        "status": deployment.status,
        "desiredCount": deployment.desired if service.status == "ACTIVE" else 0,
        "pendingCount": _pending(tasks, now),
        "runningCount": _running(tasks, now),
        "failedTasks": deployment.failed_tasks,
        "createdAt": instant(deployment.created_at),
        "updatedAt": instant(deployment.updated_at),
        "rolloutState": deployment.rollout,
        "rolloutStateReason": deployment.reason,
        **{key: deployment.settings[key] for key in _SHOWN_IN_DEPLOYMENTS if key in deployment.settings},
    }
    if connected := deployment.settings.get("serviceConnectConfiguration", {}).get("services"):
        names = [item.get("discoveryName") or item["portName"] for item in connected]
        registry = service.arn.replace(":ecs:", ":servicediscovery:").partition(":service/")[0]
        shape["serviceConnectResources"] = [
            {"discoveryName": name, "discoveryArn": f"{registry}:service/srv-{name}"} for name in names
        ]
    return shape


def task_set_shape(service: Service, one: Deployment, now: float) -> AwsShape:
    """One of a service's task sets.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
    """
    tasks = service.tasks_of(one)
    shape: AwsShape = {
        "id": one.id,
        "taskSetArn": f"{service.arn.replace(':service/', ':task-set/')}/{one.id}",
        "serviceArn": service.arn,
        "clusterArn": service.arn.replace(":service/", ":cluster/").rpartition("/")[0],
        "status": one.status,
        "computedDesiredCount": one.desired if service.status == "ACTIVE" else 0,
        "pendingCount": _pending(tasks, now),
        "runningCount": _running(tasks, now),
        "createdAt": instant(one.created_at),
        "updatedAt": instant(one.updated_at),
        **{key: one.settings[key] for key in OF_A_SET if key in one.settings},
        "scale": {"value": one.scale, "unit": "PERCENT"},
        "stabilityStatus": "STEADY_STATE" if one.rollout == "COMPLETED" else "STABILIZING",
        "stabilityStatusAt": instant(one.updated_at),
        "tags": [{"key": key, "value": value} for key, value in one.tags.items()],
    }
    return {**shape, "externalId": one.external_id} if one.external_id else shape


def service_deployment_arn(service: Service, deployment: Deployment) -> str:
    """The ARN by which DescribeServiceDeployments knows a deployment."""
    number = deployment.id.rpartition("/")[2]
    return f"{service.arn.replace(':service/', ':service-deployment/')}/{number}"


def _running(tasks: list[Task], now: float) -> int:
    return sum(task.is_running(now) for task in tasks)


def _pending(tasks: list[Task], now: float) -> int:
    return sum(task.status(now) in ("PROVISIONING", "PENDING") for task in tasks)
