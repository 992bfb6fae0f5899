"""A task's life: provisioning, pending, running, and the ways in which it ends.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from breakglass.rehearsal.sandbox.clock import instant
from breakglass.rehearsal.sandbox.state import AwsShape

SECONDS_TO_PENDING = 2.0
SECONDS_TO_RUNNING = 6.0
SECONDS_TO_FAIL = 5.0
SECONDS_TO_STOP = 3.0
SECONDS_TO_DEPROVISION = 2.0
SECONDS_TO_UNANNOUNCE = 15.0
SECONDS_REMEMBERED = 3600.0
"""DescribeTasks shows a stopped task for about an hour."""


@dataclass(frozen=True)
class Failure:
    """How a service's new tasks fail: `exit_code` where a container ran at all, None where it never started."""

    reason: str
    code: str = "TaskFailedToStart"
    exit_code: int | None = None
    container_reason: str | None = None


@dataclass
class Task:
    """One task. What it is doing is worked out from the moments kept here."""

    id: str
    arn: str
    cluster_arn: str
    group: str
    started_by: str
    definition: AwsShape
    settings: AwsShape
    tags: dict[str, str]
    attachment: AwsShape
    zone: str
    address: str
    created_at: float
    host_arn: str = ""
    bindings: dict[str, list[AwsShape]] = field(default_factory=dict)
    failure: Failure | None = None
    drain_until: float | None = None
    stopping_at: float | None = None
    dies_at: float | None = None
    stop_code: str = ""
    stop_reason: str = ""
    registered: list[tuple[str, int]] = field(default_factory=list)
    instances: list[str] = field(default_factory=list)
    announced: bool = False
    counted: bool = False

    def fail(self, failure: Failure, at: float) -> None:
        """Let a task that is starting or running end on its own now."""
        if not self.is_leaving(at):
            self.failure, self.dies_at = failure, at

    def port_of(self, container: str, port: int) -> int:
        """Where others reach a container's port: at the same one, or at the host port that it is bound to."""
        bound = (item for item in self.bindings.get(container, []) if item["containerPort"] == port)
        return next((int(item["hostPort"]) for item in bound), port)

    @property
    def running_at(self) -> float:
        """When its containers start, or would have started."""
        return self.created_at + SECONDS_TO_RUNNING

    @property
    def fails_at(self) -> float | None:
        """When it ends on its own: before it runs, or right after where its container exits."""
        if self.failure is None:
            return None
        if self.dies_at is not None:
            return self.dies_at
        if self.failure.exit_code is None:
            return self.created_at + SECONDS_TO_FAIL
        return self.running_at + SECONDS_TO_FAIL

    @property
    def stopped_at(self) -> float | None:
        """When it is STOPPED: after draining from its load balancers, SIGTERM and the release of its interface."""
        ends = []
        if self.fails_at is not None:
            ends.append(self.fails_at + SECONDS_TO_DEPROVISION)
        if self.stopping_at is not None:
            drained = max(self.stopping_at, self.drain_until or 0.0)
            ends.append(drained + SECONDS_TO_STOP + SECONDS_TO_DEPROVISION)
        return min(ends) if ends else None

    @property
    def unannounced_at(self) -> float | None:
        """When ECS takes its Cloud Map instances away: some time after it has stopped."""
        return None if self.stopped_at is None else self.stopped_at + SECONDS_TO_UNANNOUNCE

    def is_stopped(self, now: float) -> bool:
        """Whether it has come to its end."""
        return self.stopped_at is not None and now >= self.stopped_at

    def is_leaving(self, now: float) -> bool:
        """Whether it has been told to stop, has failed, or has stopped."""
        return self.stopping_at is not None or (self.fails_at is not None and now >= self.fails_at)

    def is_running(self, now: float) -> bool:
        """Whether it counts as running: also while it drains."""
        return self.status(now) in ("RUNNING", "DEACTIVATING")

    def failed(self, now: float) -> bool:
        """Whether it has ended on its own."""
        return self.fails_at is not None and now >= self.fails_at and self.stopping_at is None

    def status(self, now: float) -> str:
        """LastStatus at a moment."""
        if self.is_stopped(now):
            return "STOPPED"
        if self.fails_at is not None and now >= self.fails_at:
            return "DEPROVISIONING"
        if self.stopping_at is not None and now >= self.stopping_at:
            drained = max(self.stopping_at, self.drain_until or 0.0)
            if now < drained:
                return "DEACTIVATING"
            return "STOPPING" if now < drained + SECONDS_TO_STOP else "DEPROVISIONING"
        if now < self.created_at + SECONDS_TO_PENDING:
            return "PROVISIONING"
        return "PENDING" if now < self.running_at else "RUNNING"

    def moments(self) -> list[float]:
        """The moments at which something about it changes."""
        known = [self.running_at, self.fails_at, self.stopped_at, self.drain_until, self.unannounced_at]
        return [moment for moment in known if moment is not None]

    def shown(self, now: float, *, with_tags: bool) -> AwsShape:
        """The task as DescribeTasks gives it."""
        status = self.status(now)
        shape: AwsShape = {
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition["taskDefinitionArn"],
            "group": self.group,
            "startedBy": self.started_by,
            "launchType": "EC2" if self.host_arn else self.settings.get("launchType", "FARGATE"),
            "lastStatus": status,
            "desiredStatus": "STOPPED" if self.is_leaving(now) else "RUNNING",
            "connectivity": "CONNECTED",
            "cpu": self.definition.get("cpu", "256"),
            "memory": self.definition.get("memory", "512"),
            "availabilityZone": self.zone,
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "enableExecuteCommand": bool(self.settings.get("enableExecuteCommand")),
            "healthStatus": "UNKNOWN",
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
            "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
            "attachments": [self.attachment] if self.attachment else [],
            "createdAt": instant(self.created_at),
            "version": 1,
            "containers": self._containers(now, status),
            "tags": [{"key": k, "value": v} for k, v in self.tags.items()] if with_tags else [],
        }
        if self.host_arn:
            shape["containerInstanceArn"] = self.host_arn
        if now >= self.running_at and (self.fails_at is None or self.fails_at > self.running_at):
            shape["startedAt"] = instant(self.running_at)
        if self.is_leaving(now):
            shape |= self._ending(now)
        return shape

    def _ending(self, now: float) -> AwsShape:
        own = self.failed(now) and self.failure is not None
        code, reason = (self.failure.code, self.failure.reason) if own and self.failure else (
            self.stop_code, self.stop_reason)  # fmt: skip
        began = self.fails_at if own else self.stopping_at
        ending: AwsShape = {"stopCode": code, "stoppedReason": reason}
        if began is not None:
            ending["stoppingAt"] = instant(began)
        if self.is_stopped(now) and self.stopped_at is not None:
            ending |= {"stoppedAt": instant(self.stopped_at), "executionStoppedAt": instant(self.stopped_at)}
        return ending

    def _containers(self, now: float, status: str) -> list[AwsShape]:
        shown = []
        for container in self.definition.get("containerDefinitions", []):
            shape: AwsShape = {
                "containerArn": f"{self.arn.replace(':task/', ':container/')}/{container['name']}",
                "taskArn": self.arn,
                "name": container["name"],
                "image": container.get("image", ""),
                "lastStatus": "STOPPED" if status in ("STOPPED", "DEPROVISIONING") else "RUNNING"
                if status in ("RUNNING", "DEACTIVATING", "STOPPING") else "PENDING",
                "networkInterfaces": [],
                "healthStatus": "UNKNOWN",
                "cpu": str(container.get("cpu", 0)),
            }  # fmt: skip
            if self.attachment:
                shape["networkInterfaces"] = [
                    {"attachmentId": self.attachment["id"], "privateIpv4Address": self.address}
                ]
            if bound := self.bindings.get(container["name"]):
                shape["networkBindings"] = bound
            if shape["lastStatus"] == "STOPPED":
                shape |= self._exit(now)
            shown.append(shape)
        return shown

    def _exit(self, now: float) -> AwsShape:
        if not self.failed(now) or self.failure is None:
            return {"exitCode": 143}
        known = {"exitCode": self.failure.exit_code, "reason": self.failure.container_reason}
        return {key: value for key, value in known.items() if value is not None}
