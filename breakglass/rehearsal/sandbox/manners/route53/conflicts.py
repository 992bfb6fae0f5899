"""What Route 53 has against a record set beside those that are there.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from breakglass.rehearsal.sandbox.state import AwsShape

from .records import Key, labels_of

_POLICIES = ("Weight", "Region", "Failover", "GeoLocation", "MultiValueAnswer", "CidrRoutingConfig",
             "GeoProximityLocation")  # fmt: skip

Records = Mapping[Key, AwsShape]


def conflict(draft: Records, record: AwsShape, key: Key, zone_id: str, zone: str) -> str | None:
    """The first thing that keeps a record set from being put into a zone, in Route 53's own words."""
    return next(_complaints(draft, record, key, zone_id, zone), None)


def _complaints(draft: Records, record: AwsShape, key: Key, zone_id: str, zone: str) -> Iterator[str]:
    yield from _with_itself(record, key, zone)
    yield from _with_its_target(draft, record, zone_id, zone)
    labels, kind, identifier = key
    for (other_labels, other_kind, other_identifier), other in draft.items():
        if other_labels == labels and (other_kind, other_identifier) != (kind, identifier):
            yield from _with_another(record, other, zone)


def _with_itself(record: AwsShape, key: Key, zone: str) -> Iterator[str]:
    labels, kind, identifier = key
    name, apex = record["Name"], labels_of(zone)
    if labels[: len(apex)] != apex:
        yield f"RRSet with DNS name {name} is not permitted in zone {zone}"
    if kind == "CNAME" and labels == apex:
        yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
    if not record.get("ResourceRecords") and "AliasTarget" not in record:
        yield "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]], found none"
    if bool(identifier) != bool(_policy(record)):
        yield f"Invalid request: a routing policy and a SetIdentifier go together in RRSet with DNS name {name}"
    if "MultiValueAnswer" in record and (kind == "CNAME" or "AliasTarget" in record):
        yield f"Invalid request: RRSet with DNS name {name}, type {kind} cannot be a multivalue answer"


def _with_its_target(draft: Records, record: AwsShape, zone_id: str, zone: str) -> Iterator[str]:
    """An alias to another record set of its own zone has to find one of its type there."""
    alias = record.get("AliasTarget")
    if not alias or alias["HostedZoneId"].rpartition("/")[2] != zone_id:
        return
    target, kind = labels_of(alias["DNSName"]), record["Type"]
    tried = f"Tried to create an alias that targets {alias['DNSName']}, type {kind} in zone {zone_id}, but"
    apex = labels_of(zone)
    if target[: len(apex)] != apex:
        yield f"{tried} the alias target name does not lie within the target zone"
    elif not any((labels, other) == (target, kind) for labels, other, _ in draft):
        yield f"{tried} that target was not found"


def _with_another(record: AwsShape, other: AwsShape, zone: str) -> Iterator[str]:
    """A CNAME stands alone; record sets of one name and type are all simple, or all of one routing policy."""
    name, kind, theirs = record["Name"], record["Type"], other["Type"]
    if kind == "CNAME" and theirs != "CNAME":
        yield (
            f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with "
            f"the same DNS name in zone {zone}"
        )
    if kind != "CNAME" and theirs == "CNAME":
        yield (
            f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type "
            f"CNAME with the same DNS name already exists in zone {zone}"
        )
    if kind != theirs:
        return
    if _policy(record) != _policy(other):
        identifier = record.get("SetIdentifier") or other.get("SetIdentifier")
        yield (
            f"RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier}: record sets of one name and type "
            "cannot be of different routing policies"
        )
    elif record.get("Failover") and record["Failover"] == other["Failover"]:
        yield f"RRSet with DNS name {name}, type {kind}: there is a {record['Failover']} failover record set already"


def _policy(record: AwsShape) -> str | None:
    return next((policy for policy in _POLICIES if policy in record), None)
