"""Route 53 records that lead clients to a service: CNAME, A and AAAA, plain, alias, and of every routing policy.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from breakglass.model import record_looks, record_making, record_places
from breakglass.model.arn import normal_dns
from breakglass.model.component import (
    Absent,
    Component,
    Facts,
    Found,
    Present,
    Sighting,
    Unreadable,
    User,
    Users,
)
from breakglass.model.hosted_zones import (
    PROTECTION,
    Zone,
    all_records,
    protection,
    zones_for,
)
from breakglass.model.inventory import Claim
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.model.plan import Action, Blocker, Call
from breakglass.model.reading import AwsError, Reader
from breakglass.model.record_sets import (
    EXACTLY,
    TYPES,
    ZONE_IN_ID,
    described,
    made_by_policy,
    place_of,
    record_id,
    references,
)
from breakglass.model.world import Making, Recipe, World


class DnsRecord(Kind):
    """A record set.

    A lead's `ref` is the record's name, which means all records of that name, or `record:ID`, which means one;
    its `within` is the zone's name or id, or empty.
    """

    name = "dns-record"
    read_at = 80
    decides = True
    title = "DNS record"
    names = frozenset({"load-balancer", "classic-load-balancer", "health-check"})
    turn = 100

    def identify(self, ref: str, within: str = "") -> str | None:
        """The id, where one record is meant; which records a name has, only AWS can tell."""
        return ref.removeprefix(EXACTLY) if ref.startswith(EXACTLY) else None

    def retrace(self, key: Key, references: Sequence[Reference]) -> tuple[str, str]:
        """Its id, and the zone where the id says it."""
        zone = ZONE_IN_ID.search(key.id)
        return f"{EXACTLY}{key.id}", zone[1] if zone else ""

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """The zones of each name, then their records, by listing the whole zone where that is no more pages."""
        wanted: dict[record_looks.Asked, list[Lead]] = defaultdict(list)
        for lead in leads:
            wanted[record_looks.asked_by(lead)].append(lead)
        zones = record_looks.zones_of(list(wanted), look.reader)
        records = record_looks.records_in(zones, look.reader)
        found: dict[str, Found] = {}
        for asked, some in wanted.items():
            sightings = list(record_looks.sightings_of(asked[0], zones[asked], records, look.reader.region))
            beside = record_looks.beside_it(asked[0], zones[asked], records)
            if look.detail is Detail.COPY and self._gone(some, sightings):
                beside = [*beside, *record_looks.protecting_it(asked[0], zones[asked], look.reader)]
            for known_as, sighting, to_it in self._each(some, sightings, beside):
                one = self._found(known_as, asked[0], sighting, to_it)
                found[known_as] = _together(found[known_as], one) if known_as in found else one
        return self.tell(self._spelt_out(found).values())

    def _gone(self, leads: Sequence[Lead], sightings: Sequence[tuple[str, Sighting]]) -> bool:
        """Whether a record that a lead means is not among those that there are."""
        meant = {self.identify(lead.ref) for lead in leads}
        return bool(meant - {None, *dict(sightings)})

    def _each(
        self, leads: Sequence[Lead], sightings: Sequence[tuple[str, Sighting]], beside: Sequence[Reference]
    ) -> Iterator[tuple[str, Sighting, Sequence[Lead]]]:
        """The records of one name with the leads to each. One that a lead means, and that is not listed, is gone."""
        meant = {lead: self.identify(lead.ref) for lead in leads}
        unread = next((seen for _, seen in sightings if isinstance(seen, Unreadable)), None)
        for known_as, seen in sightings:
            if to_it := [lead for lead in leads if meant[lead] in {None, known_as}]:
                yield known_as, seen, to_it
        for known_as in dict.fromkeys(filter(None, meant.values())):
            if known_as not in dict(sightings):
                to_it = [lead for lead in leads if meant[lead] == known_as]
                yield known_as, unread or Absent(f"no record {known_as}", references=tuple(beside)), to_it

    def _spelt_out(self, found: Mapping[str, Found]) -> Mapping[str, Found]:
        """Where records of a name are known to be gone, the name alone stands for these and for none besides."""
        gone: dict[str, list[str]] = defaultdict(list)
        for known_as, one in found.items():
            if isinstance(one.sighting, Absent) and any(self.identify(lead.ref) == known_as for lead in one.leads):
                gone[known_as.partition(" ")[0]].append(known_as)
        spelt = dict(found)
        for name, ids in gone.items():
            if name in ids or name not in found or not isinstance(found[name].sighting, Absent):
                continue
            vague = spelt.pop(name)
            spelt |= {known_as: _together(found[known_as], vague) for known_as in ids}
        return spelt

    def _found(self, known_as: str, name: str, sighting: Sighting, leads: Sequence[Lead]) -> Found:
        spelt = [sighting.facts["Name"]] if isinstance(sighting, Present) else []
        handles = frozenset([name, f"{name}.", *spelt, EXACTLY + place_of(known_as)])
        return Found(Key(self.name, known_as), sighting, tuple(leads), handles=handles)

    def users(self, found: Found, look: Look) -> Users:
        """The other records of its zone that lead to it, and what protects its name and type against changes."""
        if not isinstance(found.sighting, Present):
            return Users()
        facts = found.sighting.facts
        zone = Zone(facts["HostedZoneId"])
        try:
            records = all_records(look.reader, zone)
        except AwsError as error:
            return Users(unread=(error.unread,))
        by = [
            User(self.name, normal_dns(record["Name"]), f"record {record_id(record)}", zone.id)
            for record in record_places.leading_to(facts, records)
        ]
        if look.detail is Detail.COPY and (words := protection(look.reader, zone, facts)):
            by.append(User(PROTECTION, "", words))
        return Users(tuple(by))

    def claims(self, found: Found, look: Look) -> Sequence[Claim]:
        """What all other records of its zones name; who leads to the record itself is told by `users`."""
        asked = dict.fromkeys(record_looks.asked_by(lead) for lead in found.leads)
        zones = dict.fromkeys(zone for name, within in asked for zone in zones_for(look.reader, name, within))
        ours = {name for name, _ in asked}
        return [
            Claim(by, Lead(ref.kind, ref.ref, Source.LIVE, f"{by} {ref.path}", ref.within, giver=by))
            for zone in zones
            for record in all_records(look.reader, zone)
            if record["Type"] not in TYPES or normal_dns(record["Name"]) not in ours
            for by in [Key(self.name, record_id(record, zone))]
            for ref in references(record, zone, look.reader.region)
            if ref.kind != self.name
        ]

    def describe(self, key: Key, sighting: Present) -> str:
        """Name, type, what it leads to, and how it is chosen among others of the name."""
        zone = sighting.facts.get("HostedZoneId", "")
        return " ".join(filter(None, (described(sighting.facts), f"({zone})" if key.id.endswith(f" ({zone})") else "")))

    def scope(self, key: Key, facts: Facts, region: str) -> str:
        """Its zone."""
        return str(facts.get("HostedZoneId", ""))

    def needs(self, component: Component, others: Sequence[Component]) -> Iterable[Key]:
        """All records of the name that it leads to: the name alone does not say which."""
        return record_places.led_through(component, others)

    def after(self, component: Component, others: Sequence[Component]) -> Iterable[Key]:
        """The ECS services, for clients are led to what serves; the records that it will lead to."""
        yield from (other.key for other in others if other.key.kind == "ecs-service")
        yield from record_places.led_through(component, others)

    def untouchable(self, key: Key, facts: Facts) -> str | None:
        """One that a traffic policy made."""
        return made_by_policy(facts)

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DELETE of exactly what was read, and its TTL where targets are registered."""
        return record_making.removing(component, world)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CREATE, which is refused where somebody has made one meanwhile."""
        return record_making.making(recipe, world)

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """DELETE of exactly what was read and CREATE of the new one, in one batch."""
        return record_making.repointing(component, world)

    def obstacle(self, component: Component, was: Facts, world: World) -> Blocker | None:
        """One that leads elsewhere, while none of its name leads to the service."""
        return record_places.obstacle(component, was, world)

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether the record is what the batch makes of it."""
        return record_making.effect(call, sighting)

    def already(self, call: Call, code: str) -> bool:
        """A batch whose records are not what it says: they may be what it makes of them."""
        return code == "InvalidChangeBatch"

    def remedy(self, code: str, message: str) -> str:
        """A record-set protection that could not be listed says so only once it refuses."""
        protected = code == "InvalidChangeBatch" and "protect" in message.lower()
        return "A record-set protection refuses every change of it: delete that by hand." if protected else ""

    def receipt(self, answer: Mapping[str, Any]) -> str | None:
        """The id of the change."""
        change: str | None = answer.get("ChangeInfo", {}).get("Id")
        return change

    def in_force(self, receipt: str, reader: Reader) -> bool:
        """Whether all name servers have it."""
        change = reader.call("route53", "GetChange", {"Id": receipt.removeprefix("/change/")})
        return bool(change["ChangeInfo"]["Status"] == "INSYNC")


def _together(before: Found, after: Found) -> Found:
    """Two leads to one record: what was seen counts more than that it could not be looked up, and this than nothing."""
    order = (Present, Unreadable, Absent)
    best = min(before, after, key=lambda found: order.index(type(found.sighting)))
    return replace(best, leads=tuple(dict.fromkeys((*before.leads, *after.leads))))


KIND = DnsRecord()
