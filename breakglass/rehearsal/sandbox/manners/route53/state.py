"""What the Route 53 area remembers in one account."""

from __future__ import annotations

from dataclasses import dataclass, field

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape

from .records import Key

ProtectedName = tuple[tuple[str, ...], str, str]
"""Labels from the right, type, and the name as it is written."""


@dataclass
class HealthCheck:
    """A health check as AWS shows it."""

    shape: AwsShape
    request: AwsShape


@dataclass
class Dns:
    """Route 53 in one account: record sets by zone, health checks by id, changes by id with their time."""

    record_sets: dict[str, dict[Key, AwsShape]] = field(default_factory=dict)
    health_checks: dict[str, HealthCheck] = field(default_factory=dict)
    protections: dict[str, dict[ProtectedName, AwsShape]] = field(default_factory=dict)
    references_used: dict[str, str] = field(default_factory=dict)
    changes: dict[str, tuple[float, str]] = field(default_factory=dict)
    tags: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def health_check(self, check_id: str) -> HealthCheck:
        """A health check by its id, else NoSuchHealthCheck."""
        try:
            return self.health_checks[check_id]
        except KeyError:
            raise Refused("NoSuchHealthCheck", f"No health check exists with the ID: {check_id}", 404) from None


def bare_id(zone_or_change_id: str) -> str:
    """An id without the /hostedzone/ or /change/ before it."""
    return zone_or_change_id.rpartition("/")[2]
