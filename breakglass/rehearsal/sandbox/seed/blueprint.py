"""What there is of each service of the seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Blueprint:
    """One service, as the seed makes it.

    `balancer` names the load balancer that serves it: its own where the name is its own, else a shared one, on which
    it has a rule with `priority`. `record` says how its name is published: a weighted CNAME with the set identifier
    `live`, a plain CNAME, or alias A (and AAAA) records.
    """

    name: str
    owner: str
    balancer: str = "public"
    priority: int = 0
    desired: int = 2
    revisions: tuple[int, ...] = (1,)
    record: Literal["weighted", "plain", "alias"] = "plain"
    dual_stack: bool = False
    protected: bool = False
    scaling: tuple[int, int] | None = None
    health_alarm: bool = False

    @property
    def host(self) -> str:
        """Its name in DNS."""
        return f"{self.name}.example.com"

    def tagged(self, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
        """The tags that each of its pieces bears; `key` and `value` are how the API at hand spells these two."""
        return [{key: "service", value: self.name}, {key: "team", value: self.owner}]

    @property
    def has_own_balancer(self) -> bool:
        """Whether no other service is behind its load balancer."""
        return self.balancer == self.name


SERVICES = (
    Blueprint(
        "deployer-api", "werkzeugschmiede", priority=10, revisions=(40, 41), record="weighted", scaling=(2, 6),
        health_alarm=True,
    ),
    Blueprint("billing-api", "kasse", priority=20, revisions=(7,), record="weighted"),
    Blueprint("deployer-api-canary", "werkzeugschmiede", priority=30, desired=1, revisions=(3,), scaling=(1, 2)),
    Blueprint(
        "wonderland-web", "schaufenster", balancer="wonderland-web", revisions=(112,), record="alias", protected=True
    ),
    Blueprint(
        "image-api", "bildwerk", balancer="image-api", revisions=(18,), record="alias", dual_stack=True,
        scaling=(2, 4),
    ),
)  # fmt: skip


def neighbour(number: int) -> Blueprint:
    """One of many further services; twenty of them share a load balancer."""
    return Blueprint(
        f"neighbour-{number:04d}",
        "nachbarn",
        balancer=f"shared-{number // 20:03d}",
        priority=1 + number % 20,
        desired=1,
        record="weighted" if number % 2 else "plain",
        scaling=(1, 2) if number % 3 == 0 else None,
    )
