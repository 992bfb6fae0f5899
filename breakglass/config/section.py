"""`[services.X]` as written: what one section says, and how a service's own section wins over `"*"`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

from breakglass.model.lead import Source
from breakglass.model.settings import Path

PLACEHOLDER = "{service}"
EVERY_SERVICE = "*"


@dataclass(frozen=True, slots=True)
class Written:
    """A string of the file, the dotted `key` it stands at, and whether that is a convention or a service's own."""

    value: str
    key: str
    source: Source

    def of(self, service: str) -> str:
        """The string for one service."""
        return self.value.replace(PLACEHOLDER, service)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a DynamoDB key: its name, DynamoDB's type (`S` or `N`) and its value."""

    name: str
    type: str
    value: Written


@dataclass(frozen=True, slots=True)
class KeyTemplate:
    """A DynamoDB key of one or two attributes. Another key is another key: it is never merged."""

    attributes: tuple[Attribute, ...]
    at: str
    source: Source


@dataclass(frozen=True, slots=True)
class State:
    """`state = { table, key }`; `at` is the dotted key of the table that it was written as."""

    at: str
    table: Written | None = None
    key: KeyTemplate | None = None


@dataclass(frozen=True, slots=True)
class Ecs:
    """`ecs = { cluster, service }`."""

    at: str
    cluster: Written | None = None
    service: Written | None = None


@dataclass(frozen=True, slots=True)
class Dns:
    """`dns = { zone, names }`."""

    at: str
    zone: Written | None = None
    names: tuple[Written, ...] | None = None


Row = TypeVar("Row", State, Ecs, Dns)


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """One table (`alone`), or a list of them. Only a table is completed by another; a list is replaced whole."""

    rows: tuple[Row, ...]
    alone: bool

    def over(self, common: "Rows[Row]") -> "Rows[Row]":
        """These where they say something, `common` elsewhere."""
        if not (self.alone and common.alone):
            return self
        (own,), (convention,) = self.rows, common.rows
        said = {name: value for name in _names(own) if (value := getattr(own, name)) is not None}
        return Rows((replace(convention, **said),), alone=True)

    def gaps(self) -> tuple[tuple[str, str], ...]:
        """What is left out: dotted key of the table, and the name that it lacks."""
        return tuple((row.at, name) for row in self.rows for name in _names(row) if getattr(row, name) is None)

    def complete(self) -> tuple[Row, ...]:
        """The rows that leave nothing out."""
        return tuple(row for row in self.rows if all(getattr(row, name) is not None for name in _names(row)))


Names = tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A value that a state entry has to have, typed as DynamoDB has it, and the dotted `key` that it was written at."""

    value: Mapping[str, Any]
    key: str


def overlap(one: Path, other: Path) -> bool:
    """Whether one path leads to what the other leads to, or into it."""
    return all(step == beside for step, beside in zip(one, other, strict=False))


@dataclass(frozen=True, slots=True)
class Section:
    """What is said of one service; None and missing names are what is not said."""

    name: str
    state: Rows[State] | None = None
    ecs: Rows[Ecs] | None = None
    dns: Rows[Dns] | None = None
    task_definition: Names | None = None
    load_balancer: Names | None = None
    target_groups: Names | None = None
    health_checks: Names | None = None
    alarms: Names | None = None
    tags: Mapping[str, Written] | None = None
    components: Mapping[str, Names] = field(default_factory=dict)
    pointers: Mapping[str, Written] = field(default_factory=dict)
    state_after: Mapping[Path, Said] = field(default_factory=dict)

    def over(self, common: "Section") -> "Section":
        """This section where it says something, the `common` one elsewhere."""
        return Section(
            name=self.name,
            state=_over(self.state, common.state),
            ecs=_over(self.ecs, common.ecs),
            dns=_over(self.dns, common.dns),
            task_definition=_own_or(self.task_definition, common.task_definition),
            load_balancer=_own_or(self.load_balancer, common.load_balancer),
            target_groups=_own_or(self.target_groups, common.target_groups),
            health_checks=_own_or(self.health_checks, common.health_checks),
            alarms=_own_or(self.alarms, common.alarms),
            tags=common.tags if self.tags is None else self.tags,
            components={**common.components, **self.components},
            pointers={**common.pointers, **self.pointers},
            state_after={**self._not_said(common.state_after), **self.state_after},
        )

    def _not_said(self, common: Mapping[Path, Said]) -> Mapping[Path, Said]:
        return {path: said for path, said in common.items() if not any(overlap(path, own) for own in self.state_after)}


def _over(own: Rows[Row] | None, common: Rows[Row] | None) -> Rows[Row] | None:
    return own.over(common) if own and common else own or common


def _own_or(own: Names | None, common: Names | None) -> Names | None:
    """An empty list is something said: this service has none."""
    return common if own is None else own


def _names(row: State | Ecs | Dns) -> tuple[str, ...]:
    return tuple(each.name for each in fields(row))
