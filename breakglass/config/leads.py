"""From a service's section to the model's words: leads in a fixed order, and pointers.

The order is that of the contract's example: state entry, ECS service, task definition, load balancer, target
groups, records, health checks, alarms, then the further kinds by name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from breakglass.config.expressions import why_no_expression
from breakglass.config.section import Dns, Ecs, Names, Section, State, Written
from breakglass.config.spelling import quoted
from breakglass.config.state_after import after
from breakglass.errors import UsageError
from breakglass.model.dynamodb import spell_key
from breakglass.model.lead import Lead, Origin, Source
from breakglass.model.settings import Pointer, Settings, Tags

_HOSTED_ZONE = "/hostedzone/"


def settings_of(section: Section, service: str, file: Path) -> Settings:
    """What `section` says of `service`. Raises `UsageError` where a pointer makes no sense for its name."""
    leads: dict[tuple[str, str, str], Lead] = {}
    for lead in _Leads(service, file).all(section):
        leads.setdefault((lead.kind, lead.ref, lead.within), lead)
    pointers = tuple(_pointer(name, written, service, file) for name, written in section.pointers.items())
    said = after(section.state_after, service)
    return Settings(service, tuple(leads.values()), pointers, _tags(section, service, file), state_after=said)


def typed_key(state: State, service: str) -> dict[str, dict[str, str]]:
    """The key of one service's state entry in DynamoDB's typed form."""
    attributes = state.key.attributes if state.key else ()
    return {attribute.name: {attribute.type: attribute.value.of(service)} for attribute in attributes}


def zone_of(dns: Dns, service: str) -> str:
    """The hosted zone's name without trailing dot and in lower case, or its bare id."""
    zone = dns.zone.of(service).removeprefix(_HOSTED_ZONE) if dns.zone else ""
    return _domain(zone) if "." in zone else zone


def record_names(dns: Dns, service: str) -> tuple[tuple[Written, str], ...]:
    """The record names, each with where it was written."""
    return tuple((written, _domain(written.of(service))) for written in dns.names or ())


@dataclass(frozen=True, slots=True)
class _Leads:
    """Makes the leads to one service, each saying where in the file it was written."""

    service: str
    file: Path

    def all(self, section: Section) -> Iterator[Lead]:
        yield from self._states(section.state.complete() if section.state else ())
        yield from self._ecs(section.ecs.complete() if section.ecs else ())
        yield from self._named("task-definition", section.task_definition)
        yield from self._named("load-balancer", section.load_balancer)
        yield from self._named("target-group", section.target_groups)
        yield from self._records(section.dns.complete() if section.dns else ())
        yield from self._named("health-check", section.health_checks)
        yield from self._named("alarm", section.alarms)
        for kind in sorted(section.components):
            yield from self._named(kind, section.components[kind])

    def _states(self, states: Sequence[State]) -> Iterator[Lead]:
        for state in states:
            if state.table and state.key:
                ref = spell_key(typed_key(state, self.service))
                key = state.key.at.removesuffix(".key")
                yield self._lead("state-entry", ref, state.key.source, key, state.table.of(self.service))

    def _ecs(self, services: Sequence[Ecs]) -> Iterator[Lead]:
        for ecs in services:
            if ecs.cluster and ecs.service:
                ref, cluster = ecs.service.of(self.service), ecs.cluster.of(self.service)
                own = (one for one in (ecs.service, ecs.cluster) if one.source is Source.CONFIGURATION)
                said = next(own, ecs.service)
                key = said.key.removesuffix(".service").removesuffix(".cluster")
                yield self._lead("ecs-service", ref, said.source, key, cluster)

    def _records(self, zones: Sequence[Dns]) -> Iterator[Lead]:
        for dns in zones:
            for written, name in record_names(dns, self.service):
                yield self._lead("dns-record", name, written.source, written.key, zone_of(dns, self.service))

    def _named(self, kind: str, names: Names | None) -> Iterator[Lead]:
        for written in names or ():
            yield self._lead(kind, written.of(self.service), written.source, written.key)

    def _lead(self, kind: str, ref: str, source: Source, key: str, within: str = "") -> Lead:
        origin = Origin(str(self.file), key)
        return Lead(kind, ref, source, f"{self.file.name} {key}", within=within, origin=origin)


def _tags(section: Section, service: str, file: Path) -> Tags | None:
    """None where no tag is named: a service may say that it goes without, `tags = {}`."""
    said = section.tags or {}
    wanted = tuple((name, written.of(service)) for name, written in said.items())
    places = (f"{name} = {value} ({file.name} {said[name].key})" for name, value in wanted)
    return Tags(wanted, ", ".join(places)) if wanted else None


def _pointer(name: str, written: Written, service: str, file: Path) -> Pointer:
    expression = written.of(service)
    if expression != written.value and (why := why_no_expression(expression)):
        raise UsageError(
            f"{file}: {written.key}: expected a JMESPath expression, found {quoted(expression)} ({why}) "
            f"for the service {quoted(service)}.",
            hint=f"Correct {file}: within JMESPath, a name with other characters than letters, digits and _ stands "
            "in double quotes, such as 'services.\"{service}\".cluster'.",
        )
    return Pointer(name, expression)


def _domain(name: str) -> str:
    return name.removesuffix(".").lower()
