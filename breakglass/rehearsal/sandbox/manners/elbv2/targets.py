"""A target's life in its target group: initial, healthy or not, draining, gone.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from dataclasses import dataclass

from breakglass.rehearsal.sandbox.state import AwsShape

SECONDS_TO_HEALTHY = 10.0
"""How long a target stays `initial`: two checks of the seed's five-second interval."""


@dataclass
class Target:
    """One registration of an address and port, from `registered_at` to `deregistered_at`."""

    id: str
    port: int
    zone: str | None
    registered_at: float
    deregistered_at: float | None = None

    @property
    def healthy_at(self) -> float:
        """When the first health checks will have passed."""
        return self.registered_at + SECONDS_TO_HEALTHY

    def is_gone(self, now: float, delay: float) -> bool:
        """Whether it was deregistered so long ago that it has finished draining."""
        return self.deregistered_at is not None and now >= self.deregistered_at + delay

    def health(self, now: float, ailment: AwsShape | None, *, served: bool) -> AwsShape:
        """State, Reason and Description as DescribeTargetHealth gives them.

        `served` says whether any load balancer forwards to the group: where none does its targets are `unused`.
        """
        if self.deregistered_at is not None:
            return _state("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
        if not served:
            return _state(
                "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
            )
        if now < self.healthy_at:
            return _state("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
        return ailment or {"State": "healthy"}


def _state(state: str, reason: str, description: str) -> AwsShape:
    return {"State": state, "Reason": reason, "Description": description}
