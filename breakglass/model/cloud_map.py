"""What is known of Cloud Map beyond its services' own fields: how one is named, found by name, made and left alone.

A service is known by `NAMESPACE/NAME`: its id and ARN are new each time it is made. Listings take a filter that not
every endpoint heeds, so what comes back is compared again.
https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateService.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from breakglass.model.arn import parse_arn
from breakglass.model.component import Facts, Unread
from breakglass.model.making import RUN_TAG, tags_again
from breakglass.model.reading import AwsError, NotFound, NotOffered, Reader, Refused

SERVICE = "servicediscovery"
NAMESPACE = "namespace"
"""What a namespace is called in a reference; it is no component, for nothing here makes or removes one."""

READ_ONLY = frozenset(
    {"Id", "Arn", "ResourceOwner", "InstanceCount", "CreateDate", "CreatorRequestId", "CreatedByAccount"}
    | {"Namespace", "Instances", "Tags", "ServiceAttributes", "Type"}
)
"""What is told of a service and CreateService does not take, or takes differently."""
NEEDED_INSIDE = {"DnsConfig": "DnsRecords", "HealthCheckConfig": "Type"}
"""Parts that some endpoints show empty where there are none, and the member without which they cannot be sent."""


def service_id(ref: str) -> str | None:
    """`srv-…`, given that or an ARN; None for a name."""
    arn = parse_arn(ref)
    if arn and arn.service == SERVICE:
        return arn.resource.removeprefix("service/")
    return ref if ref.startswith("srv-") else None


def split(name: str) -> tuple[str, str]:
    """Namespace and name of `NAMESPACE/NAME`; the namespace is empty where only a name is given."""
    namespace, _, own = name.rpartition("/")
    return namespace, own


def registrant(instance: Mapping[str, Any]) -> tuple[str, str] | None:
    """Cluster and name of the ECS service that registered an instance; None where it was somebody else.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
    """
    attributes = instance.get("Attributes", {})
    cluster, service = attributes.get("ECS_CLUSTER_NAME"), attributes.get("ECS_SERVICE_NAME")
    return (cluster, service) if cluster and service else None


def namespace_id(service: Facts) -> str:
    """The id of a service's namespace, which older answers give with its DNS records only."""
    return str(service.get("NamespaceId") or service.get("DnsConfig", {}).get("NamespaceId", ""))


@dataclass(frozen=True, slots=True)
class Place:
    """What goes by a name: the service as GetService tells of it, if there is one, and the namespaces so called."""

    service: Mapping[str, Any] | None
    namespaces: tuple[str, ...]


def look_up(reader: Reader, known_as: str) -> Mapping[str, Any] | None:
    """GetService by id or ARN; None where it is not there. Raises `AwsError`."""
    try:
        service: Mapping[str, Any] = reader.call(SERVICE, "GetService", {"Id": known_as})["Service"]
    except NotFound:
        return None
    return service


def look_for(reader: Reader, name: str) -> Place:
    """A service by `NAMESPACE/NAME`, or by its name alone in whatever namespace.

    Raises `AwsError`, Refused with the code Ambiguous where several services bear the name.
    """
    namespace, own = split(name)
    spaces = _namespaces(reader, namespace) if namespace else ()
    listings = [partial(_listed, reader, space) for space in (spaces if namespace else ("",))]
    ids = [one["Id"] for some in _all(reader, listings) for one in some if one.get("Name") == own]
    services = _all(reader, [partial(look_up, reader, known_as) for known_as in dict.fromkeys(ids)])
    there = [one for one in services if one and (not namespace or namespace_id(one) in spaces)]
    if len(there) > 1:
        which = ", ".join(str(one["Id"]) for one in there)
        raise Refused(f"{SERVICE}:ListServices", "Ambiguous", f"several services are called {name}: {which}")
    return Place(there[0] if there else None, spaces)


def namespace_there(reader: Reader, ref: str) -> None:
    """Ask for a namespace by its name or ARN. Raises `AwsError`, NotFound where there is none."""
    if arn := parse_arn(ref):
        reader.call(SERVICE, "GetNamespace", {"Id": arn.resource.removeprefix("namespace/")})
    elif not _namespaces(reader, ref):
        raise NotFound(f"{SERVICE}:ListNamespaces", "NamespaceNotFound", f"no namespace is called {ref}")


def _namespaces(reader: Reader, name: str) -> tuple[str, ...]:
    if name.startswith("ns-"):
        return (name,)
    ask = {"Filters": [{"Name": "NAME", "Values": [name], "Condition": "EQ"}]}
    found = reader.pages(SERVICE, "ListNamespaces", "Namespaces", ask)
    return tuple(one["Id"] for one in found if one.get("Name") == name)


def _listed(reader: Reader, space: str = "") -> Sequence[Mapping[str, Any]]:
    ask = {"Filters": [{"Name": "NAMESPACE_ID", "Values": [space], "Condition": "EQ"}]} if space else None
    return reader.pages(SERVICE, "ListServices", "Services", ask)


def _all(reader: Reader, asks: Sequence[Any]) -> list[Any]:
    answers = reader.gather(asks)
    for answer in answers:
        if isinstance(answer, AwsError):
            raise answer
    return list(answers)


def parts(reader: Reader, service: Facts, *, closely: bool) -> tuple[Mapping[str, Any], tuple[Unread, ...]]:
    """Its namespace and instances, `closely` also its tags and attributes; second, what failed.

    What went away meanwhile, or cannot be asked for at all, it does not have.
    """
    asks: dict[str, tuple[str, Mapping[str, Any]]] = {}
    if space := namespace_id(service):
        asks["Namespace"] = "GetNamespace", {"Id": space}
    if closely:
        asks["Tags"] = "ListTagsForResource", {"ResourceARN": service["Arn"]}
        asks["ServiceAttributes"] = "GetServiceAttributes", {"ServiceId": service["Id"]}
    calls: list[Callable[[], Any]] = [partial(_part, reader, part, *ask) for part, ask in asks.items()]
    calls.append(partial(reader.pages, SERVICE, "ListInstances", "Instances", {"ServiceId": service["Id"]}))
    facts: dict[str, Any] = {}
    unread: list[Unread] = []
    for part, answer in zip([*asks, "Instances"], reader.gather(calls), strict=True):
        if not isinstance(answer, AwsError):
            facts[part] = answer
        elif not isinstance(answer, NotFound | NotOffered):
            unread.append(answer.unread)
        elif part == "Instances":
            facts[part] = []
    return facts, tuple(unread)


def _part(reader: Reader, part: str, operation: str, params: Mapping[str, Any]) -> Any:
    answer = reader.call(SERVICE, operation, params).get(part, {})
    return answer.get("Attributes", {}) if part == "ServiceAttributes" else answer


def parameters(facts: Facts, namespace: str, token: str, run: str) -> dict[str, Any]:
    """CreateService's parameters: all that was told of it, in a namespace given by its id.

    `Type` can only be sent as HTTP, for a service without records in a namespace that has a hosted zone. The
    namespace goes beside the records, no longer among them.
    """
    params = {field: value for field, value in facts.items() if field not in READ_ONLY and value not in (None, "")}
    for part, needed in NEEDED_INSIDE.items():
        if part in params and not params[part].get(needed):
            del params[part]
    if "DnsConfig" in params:
        params["DnsConfig"] = {name: value for name, value in params["DnsConfig"].items() if name != "NamespaceId"}
    if facts.get("Type") == "HTTP" and facts.get("Namespace", {}).get("Type", "HTTP") != "HTTP":
        params["Type"] = "HTTP"
    tags = tags_again(facts.get("Tags", []), {RUN_TAG: run})
    return {**params, "NamespaceId": namespace, "CreatorRequestId": token, "Tags": tags}
