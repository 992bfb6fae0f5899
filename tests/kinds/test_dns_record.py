from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from breakglass.kinds.dns_record import KIND, TYPES
from breakglass.model.arn import normal_dns
from breakglass.model.component import Absent, Present, Unreadable
from breakglass.model.kind import Detail, Look
from breakglass.model.lead import Reference
from breakglass.model.reading import AwsError, Denied, NotOffered, Refused
from tests.kinds.fake_reader import FakeReader, Sent, find, lead, settings
from tests.kinds.worlds import HostedZone, route53

NAME = "deployer-api.example.com"
ELB = "public-1234567890.eu-west-1.elb.amazonaws.com"
BIG = 30_000

Record = Mapping[str, Any]


def cname(name: str, value: str, **fields: Any) -> Record:
    return {"Name": f"{name}.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": value}], **fields}


def alias(name: str, target: str, rtype: str = "A", zone: str = "Z32O12XQLNTSW2", **fields: Any) -> Record:
    to = {"DNSName": f"{target}.", "HostedZoneId": zone, "EvaluateTargetHealth": False}
    return {"Name": f"{name}.", "Type": rtype, "AliasTarget": to, **fields}


def present(found: Any) -> Present:
    assert isinstance(found.sighting, Present)
    return found.sighting


LABELS = st.sampled_from(
    ["deployer-api", "deployer-api-2", "deployer", "a", "api", "*", r"\052", "_acme", "Deployer-API", "z"]
)
NAMES = st.lists(LABELS, max_size=2).map(lambda labels: ".".join([*labels, "example.com."]))
SET_IDS = st.sampled_from(["", "live", "canary", "AAAA", "A", "A b", "CNAME x", "b (Z1)", "b (Z9)", "b"])


@st.composite
def record_sets(draw: st.DrawFn) -> Sequence[Record]:
    """Records that a zone can have: either CNAMEs or others of a name, either one or a weighted set of a type."""
    found: dict[tuple[str, str, str], Record] = {}
    for name, rtype, set_id in draw(
        st.lists(st.tuples(NAMES, st.sampled_from(["CNAME", "A", "AAAA", "TXT", "MX"]), SET_IDS), max_size=14)
    ):
        known = normal_dns(name)
        same_name = [other for other in found if other[0] == known]
        if any((rtype == "CNAME") != (other[1] == "CNAME") for other in same_name):
            continue
        if any(other[1] == rtype and (not set_id or not other[2]) for other in same_name):
            continue
        weighted = {"SetIdentifier": set_id, "Weight": 1} if set_id else {}
        found[known, rtype, set_id] = {"Name": name, "Type": rtype, "TTL": 60, "ResourceRecords": [], **weighted}
    return list(found.values())


@given(record_sets(), record_sets(), NAMES, st.sampled_from([0, BIG]), st.integers(1, 3))
@example([cname("a.example.com", "x")], [], "deployer-api.example.com.", BIG, 1)
@example(
    [
        {"Name": f"{NAME}.", "Type": "AAAA", "TTL": 60, "ResourceRecords": []},
        {"Name": f"{NAME}.", "Type": "A", "TTL": 60, "ResourceRecords": [], "SetIdentifier": "AAAA", "Weight": 1},
    ],
    [],
    NAME,
    0,
    1,
)
def test_exactly_the_records_of_that_name_are_found(
    public: Sequence[Record], private: Sequence[Record], name: str, size: int, page: int
) -> None:
    world = route53(
        HostedZone("Z9", "example.com", public, says_it_has=size),
        HostedZone("Z1", "example.com", private, private=True, says_it_has=size),
        HostedZone("Z5", "a.example.com.org", public),
        page=page,
    )
    found = find(KIND, FakeReader(world), lead(KIND, name, "example.com"))
    wanted = [
        (zone, record)
        for zone, records in (("Z9", public), ("Z1", private))
        for record in records
        if record["Type"] in TYPES and normal_dns(record["Name"]) == normal_dns(name)
    ]
    if not wanted:
        assert [(key, type(one.sighting)) for key, one in found.items()] == [(normal_dns(name), Absent)]
        return
    facts = [present(one).facts for one in found.values()]
    seen = [(one["HostedZoneId"], one["Name"], one["Type"], one.get("SetIdentifier")) for one in facts]
    assert sorted(map(str, seen)) == sorted(
        str((zone, record["Name"], record["Type"], record.get("SetIdentifier"))) for zone, record in wanted
    )


@given(record_sets(), NAMES)
def test_an_id_leads_back_to_its_name(records: Sequence[Record], name: str) -> None:
    world = route53(HostedZone("Z9", "example.com", records), HostedZone("Z1", "example.com", records, private=True))
    reader = FakeReader(world)
    for known_as, one in find(KIND, reader, lead(KIND, name, "example.com")).items():
        again = find(KIND, reader, lead(KIND, *KIND.retrace(one.key, ())))
        assert known_as in again


def test_ids_say_only_what_is_needed() -> None:
    records = [
        alias(NAME, ELB, SetIdentifier="live", Weight=100),
        alias(NAME, ELB, SetIdentifier="canary", Weight=0),
        alias(NAME, ELB, "AAAA", SetIdentifier="live", Weight=100),
        cname("www.example.com", NAME),
    ]
    world = route53(
        HostedZone("Z1", "example.com", [cname(NAME, "10.example.net")], private=True),
        HostedZone("Z2", "example.com", records),
    )
    found = find(KIND, FakeReader(world), lead(KIND, NAME, "example.com"), lead(KIND, "www.example.com", "example.com"))
    assert set(found) == {
        f"{NAME} live",
        f"{NAME} canary",
        f"{NAME} AAAA live",
        f"{NAME} (Z1)",
        "www.example.com",
    }


ID = "6K3V7YSPKEXD0704OWH2BE"


@pytest.mark.parametrize("within", ["example.com", "example.com.", "EXAMPLE.com", ID, f"/hostedzone/{ID}", ""])
@pytest.mark.parametrize("size", [0, BIG])
def test_a_zone_is_known_by_name_by_id_or_by_the_record(within: str, size: int) -> None:
    zones = [HostedZone(f"Z{at}", f"{at}.example.com") for at in range(2, 9)]
    world = route53(HostedZone(ID, "example.com", [cname(NAME, ELB)], says_it_has=size), *zones)
    found = find(KIND, FakeReader(world), lead(KIND, NAME.upper(), within))
    facts = present(found[NAME]).facts
    assert (facts["HostedZoneId"], facts["HostedZoneName"]) == (ID, "example.com")


def test_a_zone_id_needs_no_listing_of_zones() -> None:
    world = route53(HostedZone("Z1", "example.com", [cname(NAME, ELB)]))
    reader = FakeReader(world, failing={"route53:ListHostedZonesByName": Denied, "route53:GetHostedZone": Denied})
    assert present(find(KIND, reader, lead(KIND, NAME, "Z1"))[NAME]).facts["HostedZoneId"] == "Z1"


def test_a_private_twin_has_one_id_however_it_is_named() -> None:
    world = route53(
        HostedZone("Z1", "example.com", [cname("a.b.example.com", ELB)], private=True), HostedZone("Z2", "example.com")
    )
    by_id = find(KIND, FakeReader(world), lead(KIND, "a.b.example.com", "Z1"))
    by_name = find(KIND, FakeReader(world), lead(KIND, "a.b.example.com", "example.com"))
    assert list(by_id) == list(by_name) == ["a.b.example.com (Z1)"]


@pytest.mark.parametrize("within", ["example.org", "Z404", ""])
def test_without_the_zone_nobody_can_say_that_a_record_is_missing(within: str) -> None:
    found = find(KIND, FakeReader(route53(HostedZone("Z1", "other.com"))), lead(KIND, NAME, within))
    sighting = found[NAME].sighting
    assert isinstance(sighting, Unreadable)
    assert sighting.failures[0].code == "NoSuchHostedZone"
    assert "this account has no hosted zone" in sighting.failures[0].message


@pytest.mark.parametrize("denied", ["Z1", "Z2"])
def test_one_of_two_twins_that_cannot_be_read_leaves_it_open(denied: str) -> None:
    world = route53(HostedZone("Z1", "example.com", private=True), HostedZone("Z2", "example.com"))

    def refuse(ask: Sent) -> Mapping[str, Any]:
        if ask.params["HostedZoneId"] == denied:
            raise Denied("route53:ListResourceRecordSets", "AccessDenied", "no")
        return world["route53", "ListResourceRecordSets"](ask)

    reader = FakeReader({**world, ("route53", "ListResourceRecordSets"): refuse})
    ((known_as, found),) = find(KIND, reader, lead(KIND, NAME, "example.com")).items()
    assert known_as == (NAME if denied == "Z2" else f"{NAME} (Z1)")
    assert isinstance(found.sighting, Unreadable)


def test_a_private_zone_does_not_hide_the_public_record() -> None:
    world = route53(
        HostedZone("Z1", "api.example.com", [], private=True),
        HostedZone("Z2", "example.com", [cname("v1.api.example.com", ELB)]),
    )
    assert present(find(KIND, FakeReader(world), lead(KIND, "v1.api.example.com"))["v1.api.example.com"])


def test_a_name_that_is_only_asked_about_may_be_missing() -> None:
    world = route53(HostedZone("Z1", "example.com"))
    assert not find(KIND, FakeReader(world), lead(KIND, NAME, "example.com", expects=False))


def test_a_small_zone_is_listed_once_for_everything() -> None:
    reader = FakeReader(route53(HostedZone("Z1", "example.com", [cname(NAME, ELB), cname("b.example.com", ELB)])))
    asked = lead(KIND, NAME, "example.com")
    found = find(KIND, reader, asked)[NAME]
    look = Look(reader, settings(asked))
    assert [(claim.by.id, claim.lead.ref) for claim in KIND.claims(found, look)] == [("b.example.com", ELB)]
    assert not KIND.users(found, look).by
    assert reader.counted() == {"route53:ListHostedZonesByName": 1, "route53:ListResourceRecordSets": 1}


def test_a_large_zone_is_not_read_for_one_name() -> None:
    reader = FakeReader(route53(HostedZone("Z1", "example.com", [cname(NAME, ELB)], says_it_has=BIG)))
    find(KIND, reader, lead(KIND, NAME, "example.com"))
    (listing,) = [ask for ask in reader.sent if ask.operation == "ListResourceRecordSets"]
    assert listing.params["StartRecordName"] == NAME


def test_references_are_those_of_its_fields() -> None:
    records = [
        alias("a.example.com", f"dualstack.{ELB}", HealthCheckId="abc", SetIdentifier="x", Failover="PRIMARY"),
        alias("b.example.com", "a.example.com", zone="Z1"),
        alias("c.example.com", "d111111abcdef8.cloudfront.net", zone="Z2FDTNDATAQYW2"),
        cname("d.example.com", "internal-far-1.us-east-1.elb.amazonaws.com"),
    ]
    leads = [lead(KIND, f"{label}.example.com", "example.com") for label in "abcd"]
    found = find(KIND, FakeReader(route53(HostedZone("Z1", "example.com", records))), *leads)
    assert present(found["a.example.com x"]).references == (
        Reference("AliasTarget.DNSName", "load-balancer", ELB),
        Reference("HealthCheckId", "health-check", "abc"),
    )
    assert present(found["b.example.com"]).references == (
        Reference("AliasTarget.DNSName", "dns-record", "record:a.example.com", within="Z1", follow=False),
    )
    assert not present(found["c.example.com"]).references
    far = Reference(
        "ResourceRecords[0].Value", "load-balancer", "internal-far-1.us-east-1.elb.amazonaws.com", follow=False
    )
    assert present(found["d.example.com"]).references == (far,)


@pytest.mark.parametrize("name", [NAME, "gone.example.com"])
def test_siblings_claim_what_they_name_whatever_their_type(name: str) -> None:
    records = [
        cname("other.example.com", ELB, HealthCheckId="abc", SetIdentifier="x", Weight=1),
        {"Name": f"{name}.", "Type": "TXT", "TTL": 1, "ResourceRecords": [], "HealthCheckId": "abc"},
        *([cname(NAME, ELB)] if name == NAME else []),
    ]
    reader = FakeReader(route53(HostedZone("Z1", "example.com", records)))
    asked = lead(KIND, name, "example.com")
    (found,) = find(KIND, reader, asked).values()
    claims = KIND.claims(found, Look(reader, settings(asked)))
    assert {(claim.by.id, claim.lead.kind, claim.lead.ref) for claim in claims} == {
        ("other.example.com x", "load-balancer", ELB),
        ("other.example.com x", "health-check", "abc"),
        (f"{name} TXT", "health-check", "abc"),
    }


def test_records_that_lead_to_it_use_it() -> None:
    records = [cname(NAME, ELB), cname("www.example.com", f"{NAME}."), alias("example.com", NAME, zone="Z1")]
    reader = FakeReader(route53(HostedZone("Z1", "example.com", records)))
    asked = lead(KIND, NAME, "example.com")
    found = find(KIND, reader, asked)[NAME]
    users = KIND.users(found, Look(reader, settings(asked)))
    assert {user.ref for user in users.by} == {"www.example.com", "example.com"}
    denied = FakeReader(reader.world, failing={"route53:ListResourceRecordSets": Denied})
    assert KIND.users(found, Look(denied, settings(asked))).unread


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (cname(NAME, ELB), f"{NAME} CNAME -> public-1234567890.eu-west-1.elb…"),
        (
            alias(NAME, f"dualstack.{ELB}", SetIdentifier="live", Weight=100),
            f"{NAME} A -> public-1234567890.eu-west-1.elb… weighted 100 live",
        ),
        (
            {"Name": f"{NAME}.", "Type": "A", "ResourceRecords": [{"Value": "192.0.2.1"}], "TTL": 1},
            f"{NAME} A -> 192.0.2.1",
        ),
        (
            alias(NAME, "x.example.net", SetIdentifier="one", Failover="SECONDARY"),
            f"{NAME} A -> x.example.net failover SECONDARY one",
        ),
    ],
)
def test_it_says_where_it_leads(record: Record, words: str) -> None:
    found = find(KIND, FakeReader(route53(HostedZone("Z1", "example.com", [record]))), lead(KIND, NAME, "example.com"))
    (one,) = found.values()
    assert KIND.describe(one.key, present(one)) == words


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"Weight": 0}, "weighted 0"),
        ({"Region": "eu-west-1"}, "latency eu-west-1"),
        ({"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "CA"}}, "geolocation US-CA"),
        ({"GeoProximityLocation": {"AWSRegion": "eu-west-1", "Bias": -5}}, "geoproximity eu-west-1 -5"),
        (
            {"GeoProximityLocation": {"Coordinates": {"Latitude": "53.5", "Longitude": "10.0"}}},
            "geoproximity 53.5,10.0",
        ),
        ({"CidrRoutingConfig": {"CollectionId": "c" * 36, "LocationName": "office"}}, "CIDR office"),
        ({"MultiValueAnswer": True}, "multivalue"),
    ],
)
def test_it_says_how_it_is_chosen_and_in_which_zone(how: Record, words: str) -> None:
    record = {"Name": f"{NAME}.", "Type": "AAAA", "TTL": 1, "ResourceRecords": [{"Value": "2001:db8::1"}]}
    zones = [
        HostedZone(known_as, "example.com", [{**record, "SetIdentifier": "one", **how}], private=known_as == "Z1")
        for known_as in ("Z1", "Z2")
    ]
    found = find(KIND, FakeReader(route53(*zones)), lead(KIND, NAME, "example.com"))
    told = {known_as: KIND.describe(one.key, present(one)) for known_as, one in found.items()}
    assert told == {
        f"{NAME} AAAA one": f"{NAME} AAAA -> 2001:db8::1 {words} one",
        f"{NAME} AAAA one (Z1)": f"{NAME} AAAA -> 2001:db8::1 {words} one (Z1)",
    }


def test_an_alias_finds_its_target_among_names_types_and_zones() -> None:
    """A name has one place for A and CNAME and one for AAAA, in each of the zones that bear the name."""
    both = [alias("a.example.com", ELB), alias("a.example.com", ELB, "AAAA", SetIdentifier="x", Weight=1)]
    public, private = (
        [
            *both,
            alias("b.example.com", "a.example.com", zone=zone),
            alias("b.example.com", "a.example.com", "AAAA", zone),
        ]
        for zone in ("Z2", "Z1")
    )
    world = route53(HostedZone("Z1", "example.com", private, private=True), HostedZone("Z2", "example.com", public))
    leads = [lead(KIND, name, "example.com") for name in ("a.example.com", "b.example.com")]
    found = find(KIND, FakeReader(world), *leads)
    led_to = {
        known_as: [other for other, one in found.items() for ref in present(here).references if ref.ref in one.handles]
        for known_as, here in found.items()
        if known_as.startswith("b.")
    }
    assert led_to == {
        "b.example.com": ["a.example.com"],
        "b.example.com AAAA": ["a.example.com AAAA x"],
        "b.example.com (Z1)": ["a.example.com (Z1)"],
        "b.example.com AAAA (Z1)": ["a.example.com AAAA x (Z1)"],
    }


def test_whoever_leads_to_a_name_under_a_wildcard_uses_it_unless_the_name_has_its_own() -> None:
    records = [
        cname(r"\052.api.example.com", ELB),
        cname("own.api.example.com", "elsewhere.example.net"),
        cname("one.example.com", "v1.api.example.com."),
        cname("two.example.com", "own.api.example.com"),
        cname("three.example.com", "api.example.com"),
        cname("four.example.com", "xapi.example.com"),
    ]
    reader = FakeReader(route53(HostedZone("Z1", "example.com", records)))
    asked = lead(KIND, "*.api.example.com", "example.com")
    found = find(KIND, reader, asked)["*.api.example.com"]
    assert [user.ref for user in KIND.users(found, Look(reader, settings(asked))).by] == ["one.example.com"]


@pytest.mark.parametrize("failure", [NotOffered, Refused, Denied])
def test_where_protections_cannot_be_asked_for_nothing_is_taken_to_be_protected(failure: type[AwsError]) -> None:
    """An older role, another partition: a protected record would make its batch fail as a whole, and lose nothing."""
    protections = "route53:ListResourceRecordSetProtections"
    reader = FakeReader(route53(HostedZone("Z1", "example.com", [cname(NAME, ELB)])), failing={protections: failure})
    asked = lead(KIND, NAME, "example.com")
    found = find(KIND, reader, asked, detail=Detail.COPY)[NAME]
    users = KIND.users(found, Look(reader, settings(asked), Detail.COPY))
    assert not users.by
    assert not users.unread
    assert reader.counted()[protections] == 1


def test_a_protection_of_another_type_or_name_is_not_ours() -> None:
    def listed(ask: Sent) -> Mapping[str, Any]:
        names = {"A": NAME, "AAAA": f"{NAME}.", "CNAME": f"x.{NAME}."}
        return {"ResourceRecordSetProtections": [{"RecordName": name, "RecordType": k} for k, name in names.items()]}

    world = route53(HostedZone("Z1", "example.com", [alias(NAME, ELB, "AAAA")]))
    reader = FakeReader({**world, ("route53", "ListResourceRecordSetProtections"): listed})
    asked = lead(KIND, NAME, "example.com")
    found = find(KIND, reader, asked, detail=Detail.COPY)[f"{NAME} AAAA"]
    (user,) = KIND.users(found, Look(reader, settings(asked), Detail.COPY)).by
    assert user.ref == ""
    assert not KIND.users(found, Look(reader, settings(asked))).by
    cname_only = FakeReader({**reader.world, **route53(HostedZone("Z1", "example.com", [cname(NAME, ELB)]))})
    found = find(KIND, cname_only, asked)[NAME]
    assert not KIND.users(found, Look(cname_only, settings(asked), Detail.COPY)).by


def test_a_traffic_policys_record_says_so() -> None:
    world = route53(HostedZone("Z1", "example.com", [cname(NAME, ELB, TrafficPolicyInstanceId="tp-1")]))
    found = find(KIND, FakeReader(world), lead(KIND, NAME, "example.com"))
    assert "tp-1" in present(found[NAME]).condition.reason
