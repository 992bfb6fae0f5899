"""Looking up records by name: their zones, what these hold, and what is known of a name that has none.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from breakglass.model import record_places
from breakglass.model.arn import normal_dns
from breakglass.model.component import Absent, Condition, Present, Sighting, Unreadable
from breakglass.model.hosted_zones import RecordSet, Zone, protected_types, records_named, zones_for
from breakglass.model.lead import Lead, Reference
from breakglass.model.reading import AwsError, Reader
from breakglass.model.record_sets import EXACTLY, TYPES, in_zone, made_by_policy, record_id, references

Asked = tuple[str, str]
"""A record's name as it is compared, and what a lead says of its zone."""


def asked_by(lead: Lead) -> Asked:
    """The name and the zone that a lead asks for."""
    return normal_dns(lead.ref.removeprefix(EXACTLY).partition(" ")[0]), lead.within


def zones_of(wanted: Sequence[Asked], reader: Reader) -> Mapping[Asked, Sequence[Zone] | AwsError]:
    """The zones that may have each name, or why nobody can tell."""
    answers = reader.gather([partial(zones_for, reader, *asked) for asked in wanted])
    return dict(zip(wanted, answers, strict=True))


Records = Mapping[Zone, Mapping[str, Sequence[RecordSet]] | AwsError]
"""For each zone its records by name, or why they could not be listed."""


def records_in(zones: Mapping[Asked, Sequence[Zone] | AwsError], reader: Reader) -> Records:
    """The records of each name in each of its zones."""
    names: dict[Zone, dict[str, None]] = defaultdict(dict)
    for (name, _), some in zones.items():
        for zone in some if not isinstance(some, AwsError) else ():
            names[zone][name] = None
    answers = reader.gather([partial(records_named, reader, zone, list(some)) for zone, some in names.items()])
    return dict(zip(names, answers, strict=True))


def sightings_of(
    name: str, zones: Sequence[Zone] | AwsError, records: Records, region: str
) -> Iterator[tuple[str, Sighting]]:
    """Every record of that name. That there is none is said only where all its zones could be read."""
    if isinstance(zones, AwsError):
        yield name, Unreadable((zones.unread,))
        return
    anything = False
    for zone in zones:
        answer = records[zone]
        if isinstance(answer, AwsError):
            anything = True
            yield in_zone(name, zone), Unreadable((answer.unread,))
            continue
        for record in answer[name]:
            if record["Type"] in TYPES:
                anything = True
                yield record_id(record, zone), _present(record, zone, region)
    if not anything:
        where = " or ".join(zone.name or zone.id for zone in zones if not zone.twin)
        yield name, Absent(f"no CNAME, A or AAAA record of that name in the zone {where}")


def beside_it(name: str, zones: Sequence[Zone] | AwsError, records: Records) -> Sequence[Reference]:
    """What stands at that name, whatever its type."""
    answers = [(zone, records[zone]) for zone in zones] if not isinstance(zones, AwsError) else []
    return [
        reference
        for zone, answer in answers
        if not isinstance(answer, AwsError)
        for reference in record_places.beside(answer[name], zone)
    ]


def protecting_it(name: str, zones: Sequence[Zone] | AwsError, reader: Reader) -> Iterator[Reference]:
    """What keeps records of that name from being made."""
    for zone in zones if not isinstance(zones, AwsError) else ():
        yield from record_places.protected(protected_types(reader, zone, name), zone)


def _present(record: RecordSet, zone: Zone, region: str) -> Present:
    of_zone = {"HostedZoneId": zone.id, **({"HostedZoneName": zone.name} if zone.name else {})}
    condition = Condition(reason=made_by_policy(record) or "")
    return Present({**record, **of_zone}, tuple(references(record, zone, region)), condition)
