"""From a `[services.X]` table to a `Section`: the shape of every value is checked here."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from breakglass.config.expressions import why_no_expression
from breakglass.config.numbers import dynamodb_number
from breakglass.config.place import Place
from breakglass.config.section import (
    EVERY_SERVICE,
    PLACEHOLDER,
    Attribute,
    Dns,
    Ecs,
    KeyTemplate,
    Names,
    Row,
    Rows,
    Section,
    State,
    Written,
)
from breakglass.config.spelling import nearest, quoted
from breakglass.config.state_after import read_state_after
from breakglass.model.lead import Source

_SECTION_KEYS = (
    "state",
    "ecs",
    "task_definition",
    "load_balancer",
    "target_groups",
    "dns",
    "health_checks",
    "alarms",
    "tags",
    "components",
    "pointers",
    "state_after",
)
_POINTER_NAMES = (
    "ecs_cluster",
    "ecs_service",
    "task_definition",
    "load_balancer",
    "target_groups",
    "dns_names",
    "health_checks",
    "alarms",
    "scalable_target",
    "discovery_service",
    "security_groups",
)
_KIND_NAME = re.compile(r"[a-z][a-z0-9-]*")
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
# JMESPath has braces of its own, `{a: b}`; a single word in them is none of its forms.
_WORD_IN_BRACES = re.compile(r"\{\s*[A-Za-z_]\w*\s*\}")
_KEY_ATTRIBUTES = 2

TABLE_AND_KEY = "a table with table and key, or a list of these"
CLUSTER_AND_SERVICE = "a table with cluster and service, or a list of these"
ZONE_AND_NAMES = "a table with zone and names, or a list of these"


def read_sections(place: Place) -> tuple[Section, ...]:
    """The sections in file order, `"*"` among them; mistakes are noted."""
    return tuple(_section(name, entry) for name, entry in place.entries())


def unusable(name: str) -> bool:
    """Whether `name` cannot be a service's: no AWS resource is called like that."""
    return not name or EVERY_SERVICE in name or name != name.strip() or not name.isprintable()


def _section(name: str, place: Place) -> Section:
    if name != EVERY_SERVICE and unusable(name):
        place.wrong('a service\'s whole name, or "*" alone for every service', quoted(name))
    reading = _SectionReading(Source.CONVENTION if name == EVERY_SERVICE else Source.CONFIGURATION)
    said = place.fields(_SECTION_KEYS)

    def names(key: str, read: Callable[[Place], Names]) -> Names | None:
        return read(said[key]) if key in said else None

    return Section(
        name=name,
        state=_rows(said["state"], reading.state, TABLE_AND_KEY) if "state" in said else None,
        ecs=_rows(said["ecs"], reading.ecs, CLUSTER_AND_SERVICE) if "ecs" in said else None,
        dns=_rows(said["dns"], reading.dns, ZONE_AND_NAMES) if "dns" in said else None,
        task_definition=names("task_definition", reading.one),
        load_balancer=names("load_balancer", reading.one_or_many),
        target_groups=names("target_groups", reading.many),
        health_checks=names("health_checks", reading.many),
        alarms=names("alarms", reading.many),
        tags=reading.tags(said["tags"]) if "tags" in said else None,
        components=reading.components(said["components"]) if "components" in said else {},
        pointers=reading.pointers(said["pointers"]) if "pointers" in said else {},
        state_after=read_state_after(said["state_after"]) if "state_after" in said else {},
    )


def _rows(place: Place, read: Callable[[Place], Row], expected: str) -> Rows[Row]:
    if isinstance(place.value, dict):
        return Rows((read(place),), alone=True)
    return Rows(tuple(read(item) for item in place.items(expected)), alone=False)


@dataclass(frozen=True, slots=True)
class _SectionReading:
    """Reads the values of one section, marking each with where it came from."""

    source: Source

    def state(self, place: Place) -> State:
        said = place.fields(("table", "key"))
        return State(
            at=place.key,
            table=self._written(said["table"]) if "table" in said else None,
            key=self._key(said["key"]) if "key" in said else None,
        )

    def ecs(self, place: Place) -> Ecs:
        said = place.fields(("cluster", "service"))
        return Ecs(
            at=place.key,
            cluster=self._written(said["cluster"]) if "cluster" in said else None,
            service=self._written(said["service"]) if "service" in said else None,
        )

    def dns(self, place: Place) -> Dns:
        said = place.fields(("zone", "names"))
        return Dns(
            at=place.key,
            zone=self._written(said["zone"]) if "zone" in said else None,
            names=self.many(said["names"]) if "names" in said else None,
        )

    def one(self, place: Place) -> Names:
        return (self._written(place),)

    def many(self, place: Place) -> Names:
        return tuple(self._written(item) for item in place.items("a list of strings"))

    def one_or_many(self, place: Place) -> Names:
        if isinstance(place.value, list):
            return self.many(place)
        return (self._written(place, "a string or a list of strings"),)

    def components(self, place: Place) -> dict[str, Names]:
        said = {}
        for kind, entry in place.entries("a table of kinds"):
            if not _KIND_NAME.fullmatch(kind):
                meant = [name for name in [kind.lower().replace("_", "-")] if _KIND_NAME.fullmatch(name)]
                guess = "".join(f" (did you mean {name}?)" for name in meant)
                entry.wrong("a kind's name, such as listener-rule", quoted(kind) + guess)
            said[kind] = self.many(entry)
        return said

    def tags(self, place: Place) -> dict[str, Written]:
        said = {}
        for name, entry in place.entries("a table of tags and their values"):
            if not name:
                entry.wrong("a tag's name", "an empty one")
            said[name] = self._written(entry)
        return said

    def pointers(self, place: Place) -> dict[str, Written]:
        said = {}
        for name, entry in place.entries("a table of JMESPath expressions"):
            if name not in _POINTER_NAMES and not _KIND_NAME.fullmatch(name):
                entry.unknown([*_POINTER_NAMES, "a kind's name"], nearest(name, _POINTER_NAMES)[:1])
            said[name] = self._expression(entry)
        return said

    def _key(self, place: Place) -> KeyTemplate:
        attributes = tuple(self._attribute(name, entry) for name, entry in place.entries("a table of one or two keys"))
        if isinstance(place.value, dict) and not 1 <= len(attributes) <= _KEY_ATTRIBUTES:
            place.wrong("the one or two attributes of the table's key", str(len(attributes)))
        return KeyTemplate(attributes, place.key, self.source)

    def _attribute(self, name: str, place: Place) -> Attribute:
        if not name:
            place.wrong("an attribute's name", "an empty one")
        match place.value:
            case bool():
                place.wrong("a string or a number")
            case int() | float() as number:
                text = dynamodb_number(number)
                if text is None:
                    place.wrong("a number that DynamoDB can hold", "one outside of its range")
                return Attribute(name, "N", Written(text or "", place.key, self.source))
            case _:
                return Attribute(name, "S", self._written(place, "a string or a number"))
        return Attribute(name, "S", Written("", place.key, self.source))

    def _written(self, place: Place, expected: str = "a string") -> Written:
        text = place.text(expected)
        for braces in _BRACES.findall(text):
            if braces != PLACEHOLDER:
                place.wrong(f"{PLACEHOLDER} as the only placeholder", quoted(braces))
        return Written(text, place.key, self.source)

    def _expression(self, place: Place) -> Written:
        expected = "a JMESPath expression"
        text = place.value if isinstance(place.value, str) else place.text(expected)
        for braces in _WORD_IN_BRACES.findall(text):
            if braces != PLACEHOLDER:
                place.wrong(f"{PLACEHOLDER} as the only placeholder", quoted(braces))
                return Written(text, place.key, self.source)
        if isinstance(place.value, str) and (why := why_no_expression(text.replace(PLACEHOLDER, "service"))):
            place.wrong(expected, f"{quoted(text)} ({why})")
        return Written(text, place.key, self.source)
