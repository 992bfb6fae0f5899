"""Starting a task: its identity, its network interface, the tags it inherits."""

from __future__ import annotations

import secrets
import uuid

from breakglass.rehearsal.sandbox.annexes import kept_from_starting
from breakglass.rehearsal.sandbox.network import find_subnet
from breakglass.rehearsal.sandbox.state import AwsShape

from .creation import on_fargate
from .hosts import bindings, hosts_of
from .state import Deployment, Ecs, Service
from .task import Failure, Task


def launch(ecs: Ecs, account: str, region: str, service: Service, deployment: Deployment, at: float) -> Task:
    """A new task of one of a service's deployments or task sets."""
    task = new_task(ecs, account, region, service.cluster, deployment.definition, deployment.settings, at)
    place(task, [item for item in service.tasks if not item.is_leaving(at)], account, region, service.cluster)
    task.group = f"service:{service.name}"
    task.started_by = deployment.id
    task.failure = service.failure or _cannot_start(account, region, deployment.definition)
    match service.settings.get("propagateTags"):
        case "SERVICE":
            task.tags = dict(service.tags)
        case "TASK_DEFINITION":
            task.tags = dict(ecs.definition_tags[deployment.task_definition])
    if service.settings.get("enableECSManagedTags"):
        task.tags |= {"aws:ecs:clusterName": service.cluster, "aws:ecs:serviceName": service.name}
    return task


def _cannot_start(account: str, region: str, definition: AwsShape) -> Failure | None:
    reason = kept_from_starting(account, region, definition)
    return Failure(reason) if reason else None


def new_task(
    ecs: Ecs, account: str, region: str, cluster: str, definition: AwsShape, settings: AwsShape, at: float
) -> Task:
    """A task that belongs to nobody yet, with an interface of its own where its network mode is awsvpc."""
    task_id = uuid.uuid4().hex
    attachment, zone, address = _interface(ecs, account, region, settings)
    return Task(
        id=task_id,
        arn=f"arn:aws:ecs:{region}:{account}:task/{cluster}/{task_id}",
        cluster_arn=f"arn:aws:ecs:{region}:{account}:cluster/{cluster}",
        group=f"family:{definition['family']}",
        started_by="",
        definition=definition,
        settings=settings,
        tags={},
        attachment=attachment,
        zone=zone,
        address=address,
        created_at=at,
        bindings=bindings(definition, ecs.addresses_given) if not attachment else {},
    )


def place(task: Task, others: list[Task], account: str, region: str, cluster: str) -> None:
    """Put a task that does not run on Fargate on the host with the fewest `others`.

    Without an interface of its own it is reached at its host: a target of type `instance`.
    """
    if on_fargate(task.settings):
        return
    busy = [other.host_arn for other in others]
    host = min(hosts_of(account, region, cluster), key=lambda one: busy.count(one.arn))
    task.host_arn = host.arn
    if not task.attachment:
        task.zone, task.address = host.zone, host.instance


def _interface(ecs: Ecs, account: str, region: str, settings: AwsShape) -> tuple[AwsShape, str, str]:
    wanted = settings.get("networkConfiguration", {}).get("awsvpcConfiguration")
    ecs.addresses_given += 1
    if not wanted:
        return {}, f"{region}a", ""
    subnet_id = wanted["subnets"][ecs.addresses_given % len(wanted["subnets"])]
    subnet = find_subnet(account, region, subnet_id)
    prefix, zone = (subnet.prefix, subnet.zone) if subnet else ("10.0.0", f"{region}a")
    row, host = divmod(ecs.addresses_given, 240)
    octets = prefix.split(".")
    address = f"{octets[0]}.{octets[1]}.{(int(octets[2]) + row) % 256}.{host + 10}"
    details = {
        "subnetId": subnet_id,
        "networkInterfaceId": f"eni-{secrets.token_hex(8)}1",
        "macAddress": ":".join(f"{octet:02x}" for octet in (2, *secrets.token_bytes(5))),
        "privateDnsName": f"ip-{address.replace('.', '-')}.{region}.compute.internal",
        "privateIPv4Address": address,
    }
    attachment = {
        "id": str(uuid.uuid4()),
        "type": "ElasticNetworkInterface",
        "status": "ATTACHED",
        "details": [{"name": name, "value": value} for name, value in details.items()],
    }
    return attachment, zone, address
