"""What the configuration says about one service, in the words of the model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from breakglass.model.lead import Lead, Source


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a state entry names something: a JMESPath `expression` into the entry's plain JSON form.

    `name` is the configuration's word for it (`ecs_service`, `target_groups`, `cname`).
    """

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags that everything of one service bears, name and value; `detail` finishes "named by ..."."""

    wanted: tuple[tuple[str, str], ...]
    detail: str


Path = tuple[str | int, ...]
"""The way to a value inside an item: attribute names, and places in lists."""


@dataclass(frozen=True, slots=True)
class After:
    """A value, typed as DynamoDB has it, that a state entry has to have at a path once the service is rebuilt.

    `key` is the place in the configuration that says so.
    """

    path: Path
    value: Mapping[str, Any]
    key: str


@dataclass(frozen=True, slots=True)
class Settings:
    """One service as configured: the leads that its conventions and own settings give, and the pointers.

    `tags` is None where nothing is said of tags: then nobody is asked about them. `cluster` is the ECS cluster that
    the operator names, where several hold a service of that name; empty where none is named. `state_after` is what
    its state entry has to say after a rebuild.
    """

    service: str
    leads: tuple[Lead, ...]
    pointers: tuple[Pointer, ...] = ()
    tags: Tags | None = None
    cluster: str = ""
    state_after: tuple[After, ...] = ()

    def in_cluster(self, cluster: str, detail: str) -> "Settings":
        """The same, with a service of that cluster for the one that is meant; `detail` says who names it."""
        known = [lead for lead in self.leads if lead.kind == "ecs-service"]
        name = known[0].ref.rpartition("/")[2] if known else self.service
        lead = Lead("ecs-service", name, Source.CONFIGURATION, detail, within=cluster)
        leads = self.leads if any(one.within == cluster for one in known) else (*self.leads, lead)
        return replace(self, leads=leads, cluster=cluster)
