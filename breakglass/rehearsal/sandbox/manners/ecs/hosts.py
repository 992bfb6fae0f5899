"""The EC2 hosts of tasks that do not run on Fargate.

Every cluster has one container instance in each zone; nobody registers them, and nobody takes them away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from breakglass.rehearsal.sandbox.state import AwsShape

_ZONES = "abc"
HOSTS_A_CLUSTER = len(_ZONES)
FIRST_DYNAMIC_PORT = 32768
"""Where Docker's own choice of host ports begins on current hosts (API_PortMapping)."""


@dataclass(frozen=True)
class Host:
    """One container instance of a cluster."""

    arn: str
    instance: str
    zone: str


def hosts_of(account: str, region: str, cluster: str) -> list[Host]:
    """The container instances of a cluster, always the same."""
    return list(_hosts(account, region, cluster))


def _hosts(account: str, region: str, cluster: str) -> Iterator[Host]:
    for zone in _ZONES:
        known_as = sha256(f"{account} {region} {cluster} {zone}".encode()).hexdigest()
        arn = f"arn:aws:ecs:{region}:{account}:container-instance/{cluster}/{known_as[:32]}"
        yield Host(arn, f"i-0{known_as[-16:]}", f"{region}{zone}")


def bindings(definition: AwsShape, given: int) -> dict[str, list[AwsShape]]:
    """The host ports of each container: its own where it names one, else one that nobody has; `given` counts tasks."""
    if definition.get("networkMode") == "awsvpc":
        return {}
    bound: dict[str, list[AwsShape]] = {}
    free = FIRST_DYNAMIC_PORT + given * 10 % 20_000
    for container in definition["containerDefinitions"]:
        for mapping in container.get("portMappings", []):
            port = mapping["containerPort"] if definition.get("networkMode") == "host" else mapping.get("hostPort")
            free += 1
            bound.setdefault(container["name"], []).append(
                {
                    "bindIP": "0.0.0.0",  # noqa: S104 - what AWS shows, bound nowhere here
                    "containerPort": mapping["containerPort"],
                    "hostPort": port or free,
                    "protocol": mapping.get("protocol", "tcp"),
                }
            )
    return bound
