"""One service of the ECS scheduler, moment after moment: tasks start, register, drain, fail and stop.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

from __future__ import annotations

from math import ceil

from breakglass.rehearsal.sandbox.clock import instant
from breakglass.rehearsal.sandbox.manners.elbv2.state import Balancing, TargetGroup
from breakglass.rehearsal.sandbox.manners.elbv2.target_health import deregister, register
from breakglass.rehearsal.sandbox.manners.elbv2.targets import Target
from breakglass.rehearsal.sandbox.state import AwsShape

from . import registry
from .launch import launch
from .state import Deployment, Ecs, Service
from .task import Task

_BACKOFF = (10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
_STEPS_AT_ONCE = 20_000


class Review:
    """One service's way from when it was last looked at until now."""

    def __init__(self, ecs: Ecs, balancing: Balancing, account: str, region: str, service: Service) -> None:
        self._ecs = ecs
        self._balancing = balancing
        self._account = account
        self._region = region
        self._service = service

    def run_until(self, now: float) -> None:
        """Look at it at every moment until `now`, in seconds, at which something changes."""
        service = self._service
        self._review(service.reviewed_at)
        for _ in range(_STEPS_AT_ONCE):
            upcoming = [moment for moment in self._moments() if service.reviewed_at < moment <= now]
            if not upcoming:
                break
            service.reviewed_at = min(upcoming)
            self._review(service.reviewed_at)
        service.reviewed_at = max(service.reviewed_at, now)

    def _moments(self) -> list[float]:
        moments = [moment for task in self._service.tasks for moment in task.moments()]
        moments += [target.healthy_at for task in self._service.tasks for target in self._targets_of(task)]
        moments += [deployment.next_start for deployment in self._service.rollouts]
        return moments

    def _review(self, at: float) -> None:
        service = self._service
        self._unannounce(at)
        if service.status == "INACTIVE":
            return
        self._announce(at)
        self._register_running(at)
        self._count_failures(at)
        if service.status == "DRAINING":
            self._drain(at)
            return
        if service.in_sets:
            self._keep_sets(at)
            return
        self._stop_superseded(at)
        self._keep_count(at)
        self._conclude(at)

    def _drain(self, at: float) -> None:
        service = self._service
        if service.stuck is None:
            for task in service.tasks:
                self._stop(task, at, "ServiceSchedulerInitiated",
                           f"Scaling activity initiated by deployment {task.started_by}")  # fmt: skip
        elif not any(service.stuck in event["message"] for event in service.events):
            self._say(at, service.stuck)
        if all(task.is_stopped(at) for task in service.tasks):
            service.status = "INACTIVE"
            service.inactive_at = at
            for deployment in service.rollouts:
                deployment.finished_at = deployment.finished_at or at

    def _announce(self, at: float) -> None:
        for task in self._service.tasks:
            if not task.announced and not task.is_leaving(at) and at >= task.running_at:
                task.announced = True
                registry.register(self._account, self._region, self._service, task)

    def _unannounce(self, at: float) -> None:
        for task in self._service.tasks:
            if task.instances and task.unannounced_at is not None and at >= task.unannounced_at:
                registry.deregister(self._account, self._region, task)

    def _register_running(self, at: float) -> None:
        for task in self._service.tasks:
            if task.is_leaving(at) or at < task.running_at or task.registered:
                continue
            for group, entry in self._target_groups(task):
                port = task.port_of(entry["containerName"], int(entry["containerPort"]))
                register(group, task.address, port, task.zone, task.running_at)
                task.registered.append((group.shape["TargetGroupArn"], port))
                self._say(at, f"registered 1 targets in (target-group {group.shape['TargetGroupArn']})")

    def _count_failures(self, at: float) -> None:
        for deployment in self._service.rollouts:
            fresh = [task for task in self._service.tasks_of(deployment) if task.failed(at) and not task.counted]
            for task in fresh:
                task.counted = True
                self._deregister(task, at)
                deployment.failed_tasks += 1
                wait = _BACKOFF[min(deployment.failed_tasks // max(1, deployment.desired), len(_BACKOFF) - 1)]
                deployment.next_start = max(deployment.next_start, at + wait)
                deployment.updated_at = at
            if fresh and deployment.failed_tasks >= 2 * max(1, deployment.desired):
                self._say(at, "is unable to consistently start tasks successfully. For more information, see the "
                              "Troubleshooting section of the Amazon ECS Developer Guide.")  # fmt: skip
            if fresh:
                self._trip_breaker(deployment, at)

    def _trip_breaker(self, deployment: Deployment, at: float) -> None:
        """Half of the desired count, at least 3 and at most 200 failures, fail a deployment.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
        """
        breaker = deployment.settings["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
        threshold = min(200, max(3, deployment.desired // 2))
        if not breaker.get("enable") or deployment.rollout != "IN_PROGRESS" or deployment.failed_tasks < threshold:
            return
        deployment.rollout = "FAILED"
        deployment.reason = "ECS deployment circuit breaker: tasks failed to start."
        deployment.finished_at = at
        self._say(at, f"(deployment {deployment.id}) deployment failed: tasks failed to start.")
        earlier = next((item for item in self._service.deployments if item.rollout == "COMPLETED"), None)
        if breaker.get("rollback") and earlier is not None and deployment is self._service.primary:
            self._roll_back(deployment, earlier, at)

    def _roll_back(self, failed: Deployment, earlier: Deployment, at: float) -> None:
        self._say(at, f"rolling back to (deployment {earlier.id}).")
        failed.status = "ACTIVE"
        self._service.deployments.remove(earlier)
        self._service.deployments.insert(0, earlier)
        self._service.settings |= earlier.settings
        earlier.status = "PRIMARY"
        earlier.rollout = "IN_PROGRESS"
        earlier.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {earlier.id}."
        earlier.desired = self._service.desired
        self._service.failure = None

    def _stop_superseded(self, at: float) -> None:
        service, primary = self._service, self._service.primary
        if primary.rollout == "FAILED" and len(service.deployments) == 1:
            return
        replaced = self._serving(primary, at) >= service.desired
        for deployment in service.deployments[1:]:
            if replaced or deployment.rollout == "FAILED":
                for task in service.tasks_of(deployment):
                    self._stop(task, at, "ServiceSchedulerInitiated",
                               f"Scaling activity initiated by deployment {primary.id}")  # fmt: skip
            if all(task.is_leaving(at) for task in service.tasks_of(deployment)) and (
                replaced or deployment.rollout == "FAILED"
            ):
                deployment.finished_at = deployment.finished_at or at
                service.deployments.remove(deployment)

    def _keep_count(self, at: float) -> None:
        service, primary = self._service, self._service.primary
        if primary.rollout == "FAILED":
            return
        live = [task for task in service.tasks_of(primary) if not task.is_leaving(at)]
        missing = service.desired - len(live)
        if missing > 0 and at >= primary.next_start:
            for _ in range(missing):
                service.tasks.append(launch(self._ecs, self._account, self._region, service, primary, at))
            service.steady = False
            named = " ".join(f"(task {task.id})" for task in service.tasks[-missing:])
            self._say(at, f"has started {missing} tasks: {named}.")
        for task in live[service.desired :]:
            self._stop(task, at, "ServiceSchedulerInitiated", f"Scaling activity initiated by deployment {primary.id}")

    def _keep_sets(self, at: float) -> None:
        """Each task set has its part of the desired count, rounded up; one that is deleted has none, and goes.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
        """
        service = self._service
        for one in list(service.sets):
            wanted = 0 if one.status == "DRAINING" else ceil(service.desired * one.scale / 100)
            live = [task for task in service.tasks_of(one) if not task.is_leaving(at)]
            if wanted > len(live) and at >= one.next_start:
                missing = wanted - len(live)
                new = [launch(self._ecs, self._account, self._region, service, one, at) for _ in range(missing)]
                service.tasks += new
                self._say(at, f"has started {missing} tasks: {' '.join(f'(task {task.id})' for task in new)}.")
            for task in live[wanted:]:
                self._stop(task, at, "ServiceSchedulerInitiated", f"Scaling activity initiated by task set {one.id}")
            steady = len(live) <= wanted <= self._serving(one, at)
            rollout = "COMPLETED" if steady else "IN_PROGRESS"
            if (one.desired, one.rollout) != (wanted, rollout):
                one.desired, one.rollout, one.updated_at = wanted, rollout, at
            if one.status == "DRAINING" and all(task.is_stopped(at) for task in service.tasks_of(one)):
                service.sets.remove(one)

    def _conclude(self, at: float) -> None:
        service, primary = self._service, self._service.primary
        if primary.rollout == "FAILED" or self._serving(primary, at) < service.desired:
            return
        if len(service.deployments) > 1 or service.steady:
            return
        if primary.rollout == "IN_PROGRESS":
            primary.rollout = "COMPLETED"
            primary.reason = f"ECS deployment {primary.id} completed."
            primary.finished_at = primary.updated_at = at
            self._say(at, f"(deployment {primary.id}) deployment completed.")
        service.steady = True
        self._say(at, "has reached a steady state.")

    def _serving(self, deployment: Deployment, at: float) -> int:
        """Tasks that run and, behind a load balancer, are healthy."""
        return sum(1 for task in self._service.tasks_of(deployment) if self._is_serving(task, at))

    def _is_serving(self, task: Task, at: float) -> bool:
        if task.is_leaving(at) or task.status(at) != "RUNNING":
            return False
        targets = self._targets_of(task)
        ailing = any(arn in self._balancing.ailments for arn, _ in task.registered)
        return not ailing and all(at >= target.healthy_at for target in targets)

    def _targets_of(self, task: Task) -> list[Target]:
        return [
            target
            for arn, port in task.registered
            if arn in self._balancing.target_groups
            for target in self._balancing.target_groups[arn].targets
            if (target.id, target.port) == (task.address, port)
        ]

    def _stop(self, task: Task, at: float, code: str, reason: str) -> None:
        if task.is_leaving(at):
            return
        task.stopping_at, task.stop_code, task.stop_reason = at, code, reason
        task.drain_until = self._deregister(task, at)
        self._say(at, f"has stopped 1 running tasks: (task {task.id}).")

    def _deregister(self, task: Task, at: float) -> float | None:
        drained = None
        for arn, port in task.registered:
            if group := self._balancing.target_groups.get(arn):
                deregister(group, task.address, port, at)
                drained = max(drained or 0.0, at + group.deregistration_delay)
                self._say(at, f"deregistered 1 targets in (target-group {arn})")
        if drained is not None:
            self._say(at, "has begun draining connections on 1 tasks.")
        return drained

    def _target_groups(self, task: Task) -> list[tuple[TargetGroup, AwsShape]]:
        entries = task.settings.get("loadBalancers", [])
        groups = self._balancing.target_groups
        return [(groups[entry["targetGroupArn"]], entry) for entry in entries if entry.get("targetGroupArn") in groups]

    def _say(self, at: float, what: str) -> None:
        service = self._service
        event_id = f"{int(at * 1000):x}-{len(service.events)}-{hash((what, at)) & 0xFFFFFF:06x}"
        service.events.appendleft(
            {"id": event_id, "createdAt": instant(at), "message": f"(service {service.name}) {what}"}
        )
