"""What is known of ECS beyond its services' own fields: names, and what the tasks of a service tell.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from breakglass.model import ecs_task_sets
from breakglass.model.arn import parse_arn
from breakglass.model.component import Unread
from breakglass.model.reading import AwsError, NotFound, Reader, batches

IN_A_CONFIGURED_CLUSTER = "(in a configured cluster)"
"""What the field of a reference ends with that names a service, and not its cluster."""
TASKS_A_CALL = 100
EVENTS_SHOWN = 3


def split(ref: str, within: str = "") -> tuple[str, str]:
    """Cluster name and service name of a service's name or ARN; the cluster is empty where nothing says it.

    Service ARNs come as `service/CLUSTER/NAME` and, from before 2018, as `service/NAME`.
    """
    arn = parse_arn(ref)
    parts = arn.resource.removeprefix("service/").split("/") if arn else ref.split("/")
    cluster = parts[0] if len(parts) > 1 else cluster_name(within)
    return cluster, parts[-1]


def cluster_name(ref: str) -> str:
    """The name of a cluster given by its name or ARN."""
    arn = parse_arn(ref)
    return arn.resource.removeprefix("cluster/") if arn else ref


@dataclass(slots=True)
class Tasks:
    """What the tasks of one service tell: where they run, and why others stopped."""

    addresses: set[str] = field(default_factory=set)
    stopped: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def unsteady(service: Mapping[str, Any]) -> bool:
    """Whether a service is on its way somewhere, or does not get there: then its stopped tasks say why."""
    return (
        service["status"] != "ACTIVE"
        or service.get("runningCount", 0) < ecs_task_sets.wanted(service)
        or any(deployment.get("rolloutState") == "FAILED" for deployment in service.get("deployments", []))
    )


def tasks_of(cluster: str, service: Mapping[str, Any], reader: Reader) -> Tasks:
    """Tasks that run, for their addresses; those that stopped only where it matters why."""
    tasks = Tasks()
    wanted = ("RUNNING", "STOPPED") if unsteady(service) else ("RUNNING",)
    ask = {"cluster": cluster, "serviceName": service["serviceName"]}
    try:
        arns = [
            arn
            for status in wanted
            for arn in reader.pages("ecs", "ListTasks", "taskArns", {**ask, "desiredStatus": status})
        ]
        described = [
            task
            for some in batches(arns, TASKS_A_CALL)
            for task in reader.call("ecs", "DescribeTasks", {"cluster": cluster, "tasks": list(some)})["tasks"]
        ]
        tasks.addresses |= {address for task in described for address in _own_addresses(task)}
        tasks.addresses |= _host_addresses(cluster, described, reader)
    except NotFound:
        return tasks  # the service went away while we looked
    except AwsError as error:
        tasks.unread.append(error.unread)
        return tasks
    tasks.left = [_still_there(task) for task in described if task.get("lastStatus") != "STOPPED"]
    tasks.stopped = list(dict.fromkeys(text for task in described if (text := _why_stopped(task))))
    return tasks


def _own_addresses(task: Mapping[str, Any]) -> Iterator[str]:
    """The private addresses of the task's own network interface (awsvpc): targets of type `ip`."""
    for attachment in task.get("attachments", []):
        for detail in attachment.get("details", []):
            if detail.get("name") in {"privateIPv4Address", "privateIPv6Address"}:
                yield detail["value"]
    for container in task.get("containers", []):
        for interface in container.get("networkInterfaces", []):
            yield from (interface[name] for name in ("privateIpv4Address", "ipv6Address") if interface.get(name))


def _host_addresses(cluster: str, tasks: Sequence[Mapping[str, Any]], reader: Reader) -> set[str]:
    """`INSTANCE-ID:PORT` for tasks that share their host's network: targets of type `instance`."""
    ports: dict[str, set[int]] = defaultdict(set)
    for task in tasks:
        for container in task.get("containers", []):
            for binding in container.get("networkBindings", []):
                if (host := task.get("containerInstanceArn")) and (port := binding.get("hostPort")):
                    ports[host].add(port)
    addresses = set()
    for hosts in batches(sorted(ports), TASKS_A_CALL):
        ask = {"cluster": cluster, "containerInstances": list(hosts)}
        for host in reader.call("ecs", "DescribeContainerInstances", ask).get("containerInstances", []):
            instance = host.get("ec2InstanceId")
            addresses |= {f"{instance}:{port}" for port in ports[host["containerInstanceArn"]]}
    return addresses


def _still_there(task: Mapping[str, Any]) -> str:
    known_as = task.get("taskArn", "").rpartition("/")[2]
    stopping = f", stopping since {task['stoppingAt']:%H:%M:%SZ}" if task.get("stoppingAt") else ""
    return f"task {known_as} is {task.get('lastStatus', 'unknown')}{stopping}"


def _why_stopped(task: Mapping[str, Any]) -> str | None:
    if task.get("lastStatus") != "STOPPED" or task.get("stopCode") == "ServiceSchedulerInitiated":
        return None
    exits = [
        f"{container.get('name')}: " + ", ".join(filter(None, [_exit_code(container), container.get("reason")]))
        for container in task.get("containers", [])
        if container.get("exitCode") or container.get("reason")
    ]
    return "a task stopped: " + "; ".join([task.get("stoppedReason") or "no reason given", *exits])


def _exit_code(container: Mapping[str, Any]) -> str | None:
    code = container.get("exitCode")
    return None if code is None else f"exit code {code}"


def troubles(service: Mapping[str, Any], tasks: Tasks) -> Iterator[str]:
    """Why it does not run as it should, most telling first: failed deployments, stopped tasks, recent events."""
    for deployment in service.get("deployments", []):
        if deployment.get("rolloutState") == "FAILED":
            yield deployment.get("rolloutStateReason") or f"deployment {deployment.get('id')} failed"
    yield from tasks.stopped[:EVENTS_SHOWN]
    yield from (event["message"] for event in service.get("events", [])[:EVENTS_SHOWN] if event.get("message"))
