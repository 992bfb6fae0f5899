"""Which hosted zone a record is in, and what records it has.

A zone's name is no identity: a private zone, or a second public one, can have it too.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from breakglass.model.arn import normal_dns
from breakglass.model.reading import AwsError, NotFound, Reader, Refused

RecordSet = Mapping[str, Any]

PROTECTION = "record-set protection"
"""What a protection is called among the users of a record: it is no component of anybody's."""
ZONE_ID = re.compile(r"Z[A-Z0-9]+|[A-Z0-9]{10,32}")
"""AWS's ids begin with Z; those of other endpoints need not."""
RECORDS_A_PAGE = 300
SOME_RECORDS = "100"
"""How many to ask for from one name on: the API has this number as text."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A hosted zone: `id` without `/hostedzone/`, `name` as it is compared, empty where it could not be read.

    `records` is how many it has, None where that is not known. Of several zones of one name all but the first
    public one are a `twin`.
    """

    id: str
    name: str = ""
    private: bool = False
    records: int | None = None
    twin: bool = False


def zones_for(reader: Reader, name: str, within: str) -> Sequence[Zone]:
    """The zones that can have records of that name, at least one. `within` is a zone's id or name, or empty.

    Raises `AwsError`: `NotFound` with the code NoSuchHostedZone where this account has no such zone, which says
    nothing about whether there is such a record.
    """
    zone_id = within.removeprefix("/hostedzone/")
    if zone_id != within or ZONE_ID.fullmatch(zone_id):
        return [_by_id(reader, zone_id, name)]
    zones = _named(reader, within) if within else _above(reader, name)
    if not zones:
        what = f"this account has no hosted zone {within}" if within else f"this account has no hosted zone for {name}"
        raise NotFound("route53:ListHostedZonesByName", "NoSuchHostedZone", what)
    return zones


def _above(reader: Reader, name: str) -> Sequence[Zone]:
    """The nearest zones that the name can be in, up to a public one: private ones hide it only in their VPCs."""
    labels = normal_dns(name).split(".")
    found: list[Zone] = []
    for at in range(len(labels)):
        found += _named(reader, ".".join(labels[at:]))
        if any(not zone.private for zone in found):
            break
    return found


def _by_id(reader: Reader, zone_id: str, name: str) -> Zone:
    """The zone of that id. Mostly it is the name's parent, and one call tells all; else its own name has to be read."""
    parent = normal_dns(name).partition(".")[2]
    try:
        nearby = {zone.id: zone for zone in _named(reader, parent)}
    except AwsError:
        nearby = {}
    if zone_id in nearby:
        return nearby[zone_id]
    try:
        answer = reader.call("route53", "GetHostedZone", {"Id": zone_id})["HostedZone"]
    except NotFound as error:
        raise NotFound(error.operation, "NoSuchHostedZone", f"this account has no hosted zone {zone_id}") from error
    except AwsError:
        return Zone(zone_id)  # the listing of its records will tell whether it can be read
    zone = _zone(answer)
    try:
        return next((same for same in _named(reader, zone.name) if same.id == zone_id), zone)
    except AwsError:
        return zone


def _named(reader: Reader, name: str) -> Sequence[Zone]:
    """All zones of exactly that name, the first public one first. The listing starts there and goes on with others."""
    wanted = normal_dns(name)
    params: dict[str, Any] = {"DNSName": wanted}
    zones: list[Zone] = []
    while True:
        answer = reader.call("route53", "ListHostedZonesByName", params)
        page = [_zone(listed) for listed in answer["HostedZones"]]
        zones += [zone for zone in page if zone.name == wanted]
        following = {"DNSName": answer.get("NextDNSName"), "HostedZoneId": answer.get("NextHostedZoneId")}
        if not answer.get("IsTruncated") or normal_dns(following["DNSName"] or "") != wanted or following == params:
            break
        params = following
    zones.sort(key=lambda zone: zone.private)
    return [replace(zone, twin=at > 0) for at, zone in enumerate(zones)]


def _zone(listed: Mapping[str, Any]) -> Zone:
    return Zone(
        id=listed["Id"].removeprefix("/hostedzone/"),
        name=normal_dns(listed["Name"]),
        private=listed.get("Config", {}).get("PrivateZone", False),
        records=listed.get("ResourceRecordSetCount"),
    )


def all_records(reader: Reader, zone: Zone) -> Sequence[RecordSet]:
    """Every record set of the zone. Raises `AwsError`."""
    return reader.pages("route53", "ListResourceRecordSets", "ResourceRecordSets", {"HostedZoneId": zone.id})


def records_named(reader: Reader, zone: Zone, names: Sequence[str]) -> Mapping[str, Sequence[RecordSet]]:
    """The record sets of exactly these names, of every type. Raises `AwsError`.

    The whole zone is listed where that takes no more pages than there are names: it is asked for again to see
    what the other records name, and costs nothing then.
    """
    if zone.records is not None and zone.records <= RECORDS_A_PAGE * len(names):
        everything = all_records(reader, zone)
    else:
        everything = [record for name in names for record in _from(reader, zone, name)]
    return {name: [record for record in everything if normal_dns(record["Name"]) == normal_dns(name)] for name in names}


def _from(reader: Reader, zone: Zone, name: str) -> Iterator[RecordSet]:
    """Records from that name on, until a page ends with another: the name is only where the listing starts."""
    params: dict[str, Any] = {"HostedZoneId": zone.id, "StartRecordName": name, "MaxItems": SOME_RECORDS}
    while True:
        answer = reader.call("route53", "ListResourceRecordSets", params)
        page = answer["ResourceRecordSets"]
        yield from page
        following = {
            **params,
            "StartRecordName": answer.get("NextRecordName"),
            "StartRecordType": answer.get("NextRecordType"),
            "StartRecordIdentifier": answer.get("NextRecordIdentifier"),
        }
        following = {field: value for field, value in following.items() if value is not None}
        ends_with_it = bool(page) and normal_dns(page[-1]["Name"]) == normal_dns(name)
        if not answer.get("IsTruncated") or not ends_with_it:
            return
        if following == params:
            raise Refused("route53:ListResourceRecordSets", "NoProgress", f"the listing does not go on after {name}")
        params = following


def protection(reader: Reader, zone: Zone, record: RecordSet) -> str | None:
    """What keeps every record of that name and type from being made or changed, in words; None where nothing is known.

    Route 53 refuses a whole batch for it, so that nothing is lost where it could not be asked: endpoints without
    protections, and roles from before there were any, are not kept from a recovery by that.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSetProtections.html
    """
    return protected_types(reader, zone, record["Name"]).get(record["Type"])


def protected_types(reader: Reader, zone: Zone, name: str) -> Mapping[str, str]:
    """The types of records of that name that are protected, each with what protects it, in words. As `protection`."""
    listing = ("route53", "ListResourceRecordSetProtections", "ResourceRecordSetProtections")
    try:
        entries = reader.pages(*listing, {"HostedZoneId": zone.id})
    except AwsError:
        return {}
    words = "a record-set protection, which refuses every change"
    return {
        entry["RecordType"]: ": ".join(filter(None, (words, entry.get("Comment"))))
        for entry in entries
        if normal_dns(entry["RecordName"]) == normal_dns(name)
    }
