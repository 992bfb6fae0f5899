"""What the configuration says about one service, in the words of the model."""

from dataclasses import dataclass

from breakglass.model.lead import Lead


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


@dataclass(frozen=True, slots=True)
class Settings:
    """One service as configured: the leads that its conventions and own settings give, and the pointers.

    `tags` is None where nothing is said of tags: then nobody is asked about them.
    """

    service: str
    leads: tuple[Lead, ...]
    pointers: tuple[Pointer, ...] = ()
    tags: Tags | None = None
