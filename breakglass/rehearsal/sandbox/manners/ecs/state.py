"""What the ECS area remembers in one account and region."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape

from .task import Failure, Task

_EVENTS_KEPT = 100
"""AWS shows the latest 100 events of a service."""


@dataclass
class Deployment:
    """One deployment of a service: the configuration its tasks are started with, and how its rollout goes.

    A task set is one too: its tasks are `scale` percent of the service's desired count, and `request` is what made it.
    """

    id: str
    revision: str
    settings: AwsShape
    definition: AwsShape
    desired: int
    created_at: float
    updated_at: float
    status: str = "PRIMARY"
    rollout: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    next_start: float = 0.0
    finished_at: float | None = None
    scale: float = 100.0
    external_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    request: AwsShape = field(default_factory=dict)

    @property
    def task_definition(self) -> str:
        """The ARN of the revision that its tasks run."""
        return str(self.settings["taskDefinition"])


@dataclass
class Service:
    """A service: `settings` are CreateService's own fields with AWS's defaults, as they are now."""

    name: str
    cluster: str
    arn: str
    settings: AwsShape
    desired: int
    created_at: float
    created_by: str
    request: AwsShape
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    sets: list[Deployment] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    events: deque[AwsShape] = field(default_factory=lambda: deque(maxlen=_EVENTS_KEPT))
    tags: dict[str, str] = field(default_factory=dict)
    reviewed_at: float = 0.0
    inactive_at: float | None = None
    steady: bool = False
    failure: Failure | None = None
    stuck: str | None = None

    @property
    def primary(self) -> Deployment:
        """The deployment that new tasks belong to."""
        return self.deployments[0]

    @property
    def controller(self) -> str:
        """Who deploys it: ECS itself, CODE_DEPLOY or EXTERNAL."""
        return str(self.settings["deploymentController"]["type"])

    @property
    def in_sets(self) -> bool:
        """Whether its tasks belong to task sets, and it has no deployments."""
        return self.controller != "ECS"

    @property
    def rollouts(self) -> list[Deployment]:
        """Its deployments, or its task sets."""
        return [*self.deployments, *self.sets]

    @property
    def primary_set(self) -> Deployment | None:
        """The task set that serves production traffic, if one was made primary."""
        return next((one for one in self.sets if one.status == "PRIMARY"), None)

    @property
    def is_replica(self) -> bool:
        """Whether a number of tasks was asked for, not one on each instance."""
        return bool(self.settings["schedulingStrategy"] == "REPLICA")

    def tasks_of(self, deployment: Deployment) -> list[Task]:
        """The tasks that a deployment has started, stopped ones included."""
        return [task for task in self.tasks if task.started_by == deployment.id]


@dataclass
class Ecs:
    """ECS in one account and region: services by cluster and name, task definitions by family and revision.

    `last_revisions` holds the highest number that each family has ever had.
    """

    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    lone_tasks: list[Task] = field(default_factory=list)
    definitions: dict[str, dict[int, AwsShape]] = field(default_factory=dict)
    definition_tags: dict[str, dict[str, str]] = field(default_factory=dict)
    last_revisions: dict[str, int] = field(default_factory=dict)
    addresses_given: int = 0

    def service(self, cluster: str, name: str) -> Service:
        """A service in any state, else ServiceNotFoundException."""
        try:
            return self.services[cluster, name]
        except KeyError:
            raise Refused("ServiceNotFoundException", "Service not found.") from None

    def tasks(self) -> list[Task]:
        """Every task that is still remembered."""
        return [task for service in self.services.values() for task in service.tasks] + self.lone_tasks


def short_name(name_or_arn: str) -> str:
    """The last part of an ARN, or the name itself."""
    return name_or_arn.rpartition("/")[2]
