"""What one record set says by itself: what it is called here, where it leads, and how it is chosen among others.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from breakglass.model.arn import load_balancer_of, normal_dns, without_dualstack
from breakglass.model.component import Facts
from breakglass.model.hosted_zones import RecordSet, Zone
from breakglass.model.lead import Reference

TYPES = frozenset({"CNAME", "A", "AAAA"})
OTHER_TYPES = frozenset(
    {"CAA", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"}
)
TARGET_SHOWN = 48
EXACTLY = "record:"
"""What a reference to a record begins with that means one by its id, or all of one place."""
ZONE_IN_ID = re.compile(r" \(([A-Z0-9]+)\)$")


def record_id(record: RecordSet, zone: Zone | None = None) -> str:
    """The record's name, with type, set identifier and zone only where the name alone would be another's too.

    A CNAME and an A record of one name exclude each other. A set identifier that ends as ids with a zone do makes
    the zone needed too.
    """
    chosen_by = record.get("SetIdentifier", "")
    plain = record["Type"] in {"CNAME", "A"} and chosen_by.partition(" ")[0] not in TYPES | OTHER_TYPES
    words = [normal_dns(record["Name"]), "" if plain else record["Type"], chosen_by]
    spelt = " ".join(filter(None, words))
    return in_zone(spelt, zone) if zone else spelt


def in_zone(spelt: str, zone: Zone) -> str:
    """An id with the zone, where the zone has a twin of its name."""
    return f"{spelt} ({zone.id})" if zone.twin or ZONE_IN_ID.search(spelt) else spelt


def place_of(known_as: str) -> str:
    """The part of an id that all records share of which a client is given one: name, type and zone.

    A CNAME and an A record exclude each other, and have one place.
    """
    zone = ZONE_IN_ID.search(known_as)
    name, _, more = known_as.partition(" ")
    kind = " AAAA" if more.partition(" ")[0] == "AAAA" else ""
    return f"{name}{kind}{zone[0] if zone else ''}"


def references(record: RecordSet, zone: Zone, region: str) -> Iterator[Reference]:
    """What it refers to: load balancers, other records of its zone, its health check."""
    for path, target in targets(record):
        if load_balancer_of(target):
            here = region in normal_dns(target).split(".")
            yield Reference(path, "load-balancer", without_dualstack(target), follow=here)
        elif _in(record, zone, target):
            kind = " AAAA" if record["Type"] == "AAAA" else ""
            ref = EXACTLY + in_zone(f"{normal_dns(target)}{kind}", zone)
            yield Reference(path, "dns-record", ref, within=zone.id, follow=False)
    if check := record.get("HealthCheckId"):
        yield Reference("HealthCheckId", "health-check", check)


def _in(record: RecordSet, zone: Zone, target: str) -> bool:
    """Whether the target is a name of the same zone: an alias says so itself."""
    if alias := record.get("AliasTarget"):
        return bool(alias["HostedZoneId"] == zone.id)
    return bool(zone.name) and f".{normal_dns(target)}".endswith(f".{zone.name}")


def targets(record: Facts) -> list[tuple[str, str]]:
    """The DNS names that it leads to, with the field of each."""
    if alias := record.get("AliasTarget"):
        return [("AliasTarget.DNSName", alias["DNSName"])]
    if record["Type"] != "CNAME":
        return []
    return [(f"ResourceRecords[{at}].Value", value) for at, value in enumerate(values(record))]


def values(record: Facts) -> list[str]:
    """Its values; an alias has none."""
    return [value["Value"] for value in record.get("ResourceRecords", [])]


def leads_to(record: Facts) -> list[str]:
    """All that it leads to, names or addresses."""
    return [target for _, target in targets(record)] or values(record)


def described(record: Facts) -> str:
    """Name, type, what it leads to, and how it is chosen among others of the name."""
    led_to = leads_to(record)
    words = [normal_dns(record["Name"]), record["Type"], "->", shortened(led_to[0]) if led_to else "nothing"]
    if len(led_to) > 1:
        words.append(f"and {len(led_to) - 1} more")
    return " ".join([*words, *_routing(record)])


def shortened(target: str) -> str:
    """A target as short as it can be and still be told apart."""
    name = without_dualstack(target)
    if load_balancer_of(name):
        name = name.partition(".amazonaws.")[0] + "…"
    return name if len(name) <= TARGET_SHOWN else name[: TARGET_SHOWN - 1] + "…"


def made_by_policy(record: Facts) -> str | None:
    """That a traffic policy made it, in words.

    Route 53 would let it be changed by itself, and the policy instance would be billed on and know nothing of it:
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html (TrafficPolicyInstanceId)
    """
    policy = record.get("TrafficPolicyInstanceId")
    return f"made by the traffic policy instance {policy}: it cannot be edited by itself" if policy else None


def _routing(record: Facts) -> Iterator[str]:
    match record:
        case {"Weight": weight}:
            yield f"weighted {weight}"
        case {"Failover": role}:
            yield f"failover {role}"
        case {"Region": region}:
            yield f"latency {region}"
        case {"GeoLocation": place}:
            yield f"geolocation {_place(place, 'ContinentCode', 'CountryCode', 'SubdivisionCode')}"
        case {"GeoProximityLocation": place}:
            yield f"geoproximity {_proximity(place)}"
        case {"CidrRoutingConfig": ranges}:
            yield f"CIDR {ranges.get('LocationName', '')}".rstrip()
        case {"MultiValueAnswer": True}:
            yield "multivalue"
    if chosen_by := record.get("SetIdentifier"):
        yield chosen_by


def _place(place: Mapping[str, Any], *fields: str) -> str:
    return "-".join(str(place[name]) for name in fields if place.get(name))


def _proximity(place: Mapping[str, Any]) -> str:
    at = place.get("Coordinates", {})
    where = _place(place, "AWSRegion", "LocalZoneGroup") or ",".join(filter(None, map(at.get, LATITUDE_FIRST)))
    bias = place.get("Bias")
    return f"{where} {bias:+d}" if bias else where


LATITUDE_FIRST = ("Latitude", "Longitude")
