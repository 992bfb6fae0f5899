"""Cloud Map instances of tasks: registered when a task runs, deregistered some time after it has stopped.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
"""

from __future__ import annotations

import contextlib

from moto.servicediscovery.exceptions import InstanceNotFound, ServiceNotFound
from moto.servicediscovery.models import servicediscovery_backends

from breakglass.rehearsal.sandbox.state import AwsShape

from .state import Service, short_name
from .task import Task


def register(account: str, region: str, service: Service, task: Task) -> None:
    """Make an instance of a running task in each registry of its service."""
    backend = servicediscovery_backends[account][region]
    for registry in task.settings.get("serviceRegistries", []):
        registry_id = short_name(registry["registryArn"])
        with contextlib.suppress(ServiceNotFound):
            backend.register_instance(registry_id, task.id, task.id, _attributes(region, service, task, registry))
            task.instances.append(registry_id)


def deregister(account: str, region: str, task: Task) -> None:
    """Take a stopped task's instances away; some may have been taken away by hand."""
    backend = servicediscovery_backends[account][region]
    for registry_id in task.instances:
        with contextlib.suppress(ServiceNotFound, InstanceNotFound):
            backend.deregister_instance(registry_id, task.id)
    task.instances.clear()


def _attributes(region: str, service: Service, task: Task, registry: AwsShape) -> dict[str, str]:
    attributes = {
        "AVAILABILITY_ZONE": task.zone,
        "AWS_INIT_HEALTH_STATUS": "HEALTHY",
        "AWS_INSTANCE_IPV4": task.address,
        "ECS_CLUSTER_NAME": service.cluster,
        "ECS_SERVICE_NAME": service.name,
        "ECS_TASK_DEFINITION_FAMILY": task.definition["family"],
        "REGION": region,
    }
    port = registry.get("containerPort") or registry.get("port")
    return attributes | ({"AWS_INSTANCE_PORT": str(port)} if port else {})
