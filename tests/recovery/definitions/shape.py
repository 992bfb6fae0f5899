"""One published definition: what is registered and created, and what stands around it."""

from dataclasses import dataclass, field
from typing import Any

Facts = dict[str, Any]

ACCOUNT = "111122223333"
REGION = "eu-west-1"
EXECUTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole"
TASK_ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecsTaskRole"
INFRASTRUCTURE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecsInfrastructureRole"
AWSVPC: Facts = {"networkConfiguration": "awsvpc"}
"""Stands for the sandbox's own subnets and security group."""


@dataclass(frozen=True)
class Behind:
    """A target group behind the shared load balancer, and the container that its traffic goes to.

    With an `alternate` its rule shifts traffic between the two groups, and the service says so.
    """

    container: str
    port: int
    alternate: bool = False


@dataclass(frozen=True)
class Definition:
    """`task` and `service` are AWS's own fields; `page` is where a definition of this shape is published."""

    name: str
    page: str
    task: Facts
    service: Facts
    behind: tuple[Behind, ...] = ()
    registries: tuple[Facts, ...] = field(default=())

    @property
    def family(self):
        """The family, and the service's name: nothing else in the sandbox bears it."""
        return f"shape-{self.name}"


def fargate(*containers: Facts, **more: Any) -> Facts:
    """A task definition for Fargate with what every published one has."""
    return {
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": EXECUTION_ROLE,
        "containerDefinitions": list(containers),
        **more,
    }


def logs_to(group: str, prefix: str = "ecs") -> Facts:
    """The awslogs driver as the examples have it."""
    options = {"awslogs-group": group, "awslogs-region": REGION, "awslogs-stream-prefix": prefix}
    return {"logDriver": "awslogs", "options": options}
