"""Leads and references: how one thing points at another."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where a lead was found."""

    CONFIGURATION = "configuration"
    STATE_ENTRY = "state-entry"
    LIVE = "live-resource"
    TOMBSTONE = "tombstone"
    SNAPSHOT = "snapshot"
    TAG = "tag"
    CONVENTION = "naming-convention"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """The identity of a component: its kind and the id that people use. Written `KIND ID`."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class Origin:
    """The place in a configuration file that a lead was written in: file and dotted key."""

    file: str
    key: str


@dataclass(frozen=True, slots=True)
class Lead:
    """A reference to a component, and where it was found.

    `ref` is whatever the source calls the component (name, ARN, DNS name, id), `within` the scope it needs
    to be looked up in (an ECS cluster, a hosted zone, a table, a load balancer), empty where it needs none.
    `detail` finishes the sentence "named by ...". A lead that does not `expect` anything is a question: that
    nothing answers to it is no news.
    """

    kind: str
    ref: str
    source: Source
    detail: str
    within: str = ""
    expects: bool = True
    origin: Origin | None = None
    giver: Key | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a component's own fields say about another one.

    `path` is the field (`loadBalancers[0].targetGroupArn`), `ref` its value. The one that refers is made
    after what it refers to, and removed before it, unless it is only a `hint`: AWS tells of the other
    (a target group knows its load balancer) without depending on it. `follow` says whether the survey
    may take the reference for a lead: what a shared listener forwards to is somebody else's.
    """

    path: str
    kind: str
    ref: str
    within: str = ""
    follow: bool = True
    hint: bool = False
    expects: bool = True
