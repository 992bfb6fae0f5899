"""What goes wrong in AWS without any API call: tasks that die, services that stick, sessions that end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.core.base_backend import BackendDict

from .accounts import PRODUCTION, REGION
from .manners import Manners
from .manners.ecs.state import Ecs, Service
from .manners.ecs.task import Failure
from .manners.elbv2.state import Balancing
from .manners.iam import Ruling, Simulation
from .manners.limits import limits_of
from .state import GLOBAL, World

_ROLE_IS_GONE = (
    "failed to deregister targets in (target-group {groups}) with (error ECS was unable to assume the role "
    "that was provided for this service. Please verify that the role being passed has the proper trust relationship "
    "and permissions)"
)


class Chaos:
    """Named mishaps and their repairs. Each takes the account's id, production's unless another is given."""

    def __init__(self, world: World, manners: Manners) -> None:
        self._world = world
        self._manners = manners

    def mishaps(self) -> Mapping[str, Callable[..., None]]:
        """Name to mishap."""
        return {
            "stuck-draining": self.stuck_draining,
            "unstick": self.unstick,
            "fail-tasks": self.fail_tasks,
            "heal-tasks": self.heal_tasks,
            "ail-targets": self.ail_targets,
            "heal-targets": self.heal_targets,
            "expire-credentials": self.expire_credentials,
            "renew-credentials": self.renew_credentials,
            "forget-tombstone": self.forget_tombstone,
            "deny": self.deny,
            "allow": self.allow,
            "limit": self.limit,
            "empty": self.empty,
            "number-revisions": self.number_revisions,
        }

    def stuck_draining(
        self,
        service: str,
        account: str = PRODUCTION.id,
        reason: str | None = None,
        cluster: str = "wonderland",
    ) -> None:
        """When this service is deleted it stays DRAINING: its role has vanished and targets cannot be deregistered.

        The way out is AWS's own: `unstick` (the role is back) or StopTask on every task that remains.
        """
        found = self._service(service, account, cluster)
        groups = ", ".join(entry.get("targetGroupArn", "") for entry in found.settings["loadBalancers"])
        found.stuck = reason or _ROLE_IS_GONE.format(groups=groups)

    def unstick(self, service: str, account: str = PRODUCTION.id) -> None:
        """The role is back: the service goes on draining."""
        self._service(service, account).stuck = None
        self._manners.scheduler.settle(account, REGION)

    def fail_tasks(
        self,
        service: str,
        account: str = PRODUCTION.id,
        *,
        reason: str | None = None,
        code: str = "TaskFailedToStart",
        exit_code: int | None = None,
        kill: bool = False,
    ) -> None:
        """New tasks of a service fail: without an exit code its image cannot be pulled, with one its container exits.

        With `kill`, those that run now fail too. It stays so when the service is made again under its name.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
        """
        found = self._service(service, account)
        image = found.rollouts[0].definition["containerDefinitions"][0]["image"]
        if exit_code is None:
            missing = f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {image}: not found"
            found.failure = Failure(reason or missing, code, None, None)
        else:
            found.failure = Failure(
                reason or "Essential container in task exited", "EssentialContainerExited", exit_code
            )
        if kill:
            now = self._world.clock.now()
            for task in found.tasks:
                task.fail(found.failure, now)
            self._manners.scheduler.settle(account, REGION)

    def heal_tasks(self, service: str, account: str = PRODUCTION.id) -> None:
        """New tasks of a service start again."""
        self._service(service, account).failure = None

    def ail_targets(
        self,
        target_group: str,
        account: str = PRODUCTION.id,
        state: str = "unhealthy",
        reason: str = "Target.ResponseCodeMismatch",
        description: str = "Health checks failed with these codes: [502]",
    ) -> None:
        """All targets of a target group, named by its name or ARN, fail their health checks."""
        ailment = {"State": state, "Reason": reason, "Description": description}
        self._balancing(account).ailments[self._group_arn(target_group, account)] = ailment

    def heal_targets(self, target_group: str, account: str = PRODUCTION.id) -> None:
        """The targets of a target group pass their health checks again."""
        self._balancing(account).ailments.pop(self._group_arn(target_group, account), None)

    def expire_credentials(self, account: str = PRODUCTION.id) -> None:
        """Every session of an account has ended: each call is answered with ExpiredToken."""
        self._world.credentials.expire(account)

    def renew_credentials(self, account: str = PRODUCTION.id) -> None:
        """The sessions of an account are valid again."""
        self._world.credentials.renew(account)

    def forget_tombstone(self, service: str, account: str = PRODUCTION.id, cluster: str = "wonderland") -> None:
        """An INACTIVE service can no longer be described: it is MISSING."""
        self._manners.scheduler.settle(account, REGION)
        if self._service(service, account, cluster).status != "INACTIVE":
            raise ValueError(f"{service} is not INACTIVE: only a tombstone can be forgotten")
        del self._world.state(Ecs, account, REGION).services[cluster, service]

    def deny(
        self,
        *,
        actions: list[str],
        account: str = PRODUCTION.id,
        resource: str = "*",
        missing: Sequence[str] = (),
        scp: bool = False,
    ) -> None:
        """IAM's simulator says implicitDeny for these actions on a resource (wildcards allowed); see `iam.Ruling`."""
        rulings = (Ruling(action, resource, tuple(missing), scp) for action in actions)
        self._world.state(Simulation, account, GLOBAL).denied.update(rulings)

    def allow(self, *, account: str = PRODUCTION.id) -> None:
        """IAM's simulator says allowed for everything again."""
        self._world.state(Simulation, account, GLOBAL).denied.clear()

    def limit(self, limit: str, value: int, account: str = PRODUCTION.id) -> None:
        """There may be so many of something in an account, by AWS's name for that limit; see `manners.limits`."""
        limits_of(self._world, account).set[limit] = value

    def empty(self, *, account: str = PRODUCTION.id) -> None:
        """Nothing is left of an account but its credentials: room for somebody's own world."""
        self._world.forget(account)
        for backends in list(vars(BackendDict)["_instances"]):  # as moto's own reset, which spares no account
            if account in backends:
                backends[account].reset()

    def number_revisions(self, family: str, revision: int, account: str = PRODUCTION.id) -> None:
        """The next revision of a task definition's family gets this number."""
        self._world.state(Ecs, account, REGION).last_revisions[family] = revision - 1

    def _service(self, name: str, account: str, cluster: str = "wonderland") -> Service:
        services = self._world.state(Ecs, account, REGION).services
        if (cluster, name) not in services:
            raise ValueError(f"there is no service {name} in cluster {cluster} of {account}")
        return services[cluster, name]

    def _group_arn(self, name_or_arn: str, account: str) -> str:
        for arn, group in self._balancing(account).target_groups.items():
            if name_or_arn in (arn, group.shape["TargetGroupName"]):
                return arn
        raise ValueError(f"there is no target group {name_or_arn} in {account}")

    def _balancing(self, account: str) -> Balancing:
        return self._world.state(Balancing, account, REGION)


def call_mishap(chaos: Chaos, name: str, args: dict[str, Any]) -> None:
    """Let a mishap happen; ValueError or TypeError where there is none by that name, or not with those arguments."""
    mishaps = chaos.mishaps()
    if name not in mishaps:
        raise ValueError(f"no mishap is called {name!r}: there are {', '.join(mishaps)}")
    mishaps[name](**args)
