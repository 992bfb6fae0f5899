"""What a state entry points at: each pointer is a JMESPath expression into its plain JSON form.

What its fields mean is the configuration's to say.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from breakglass.model.arn import normal_dns, parse_arn
from breakglass.model.dynamodb import Typed, plain_item
from breakglass.model.ecs import IN_A_CONFIGURED_CLUSTER
from breakglass.model.lead import Reference
from breakglass.model.settings import Settings

KIND_OF_POINTER: Mapping[str, str] = {
    "ecs_service": "ecs-service",
    "task_definition": "task-definition",
    "load_balancer": "load-balancer",
    "target_groups": "target-group",
    "dns_names": "dns-record",
    "health_checks": "health-check",
    "alarms": "alarm",
    "scalable_target": "scalable-target",
    "discovery_service": "discovery-service",
    "security_groups": "security-group",
}
CLUSTER_POINTER = "ecs_cluster"


def references(item: Typed, settings: Settings) -> Sequence[Reference]:
    """What an entry points at, in the order of the configured pointers. Raises nothing."""
    entry = plain_item(item)
    named = {pointer.name: _strings(pointer.expression, entry) for pointer in settings.pointers}
    told = [ref for _, ref in named.pop(CLUSTER_POINTER, [])]
    clusters = told or [settings.cluster] * bool(settings.cluster) or _configured_scopes("ecs-service", settings)
    found = []
    for pointer, strings in named.items():
        kind = KIND_OF_POINTER.get(pointer, pointer.replace("_", "-"))
        for path, ref in strings:
            within = _scope(kind, ref, clusters, settings)
            field = f"{path} {IN_A_CONFIGURED_CLUSTER}" if kind == "ecs-service" and within and not told else path
            found.append(Reference(field, kind, ref, within))
    return found


def _scope(kind: str, ref: str, clusters: Sequence[str], settings: Settings) -> str:
    """Where a thing is to be looked up: a service in its cluster, a record in the configured zone it belongs to."""
    match kind:
        case "ecs-service":
            arn = parse_arn(ref)
            says_its_cluster = arn is not None and arn.resource.count("/") == 2  # noqa: PLR2004 - service/CLUSTER/NAME
            return clusters[0] if clusters and not says_its_cluster else ""
        case "dns-record":
            zones = _configured_scopes("dns-record", settings)
            return next((zone for zone in zones if f".{normal_dns(ref)}".endswith(f".{normal_dns(zone)}")), "")
        case _:
            return ""


def _configured_scopes(kind: str, settings: Settings) -> list[str]:
    return [lead.within for lead in settings.leads if lead.kind == kind and lead.within]


def _strings(expression: str, entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each string that a pointer leads to, with its place. An entry that lacks what it asks for has none."""
    import jmespath  # noqa: PLC0415 - keeps the start fast

    try:
        value = jmespath.search(expression, entry)
    except jmespath.exceptions.JMESPathError:
        return []
    if isinstance(value, list):
        return [(f"{expression}[{at}]", text) for at, text in enumerate(_flat(value)) if _is_name(text)]
    return [(expression, value)] if _is_name(value) else []


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value)
