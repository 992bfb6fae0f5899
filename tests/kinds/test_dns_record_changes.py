"""Records: DELETE of exactly what was read, CREATE that overwrites nobody, and the TTL where clients may notice."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds.dns_record import KIND
from breakglass.model.component import Absent, Present, State, Unreadable
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Form, Output, Settle, Until, filled
from breakglass.model.reading import Throttled
from tests.kinds.changing import (
    CHECK,
    DNS_NAME,
    Example,
    calls,
    example,
    examples,
    gone,
    made_again,
    new_value,
    output_of,
    world,
    wrong,
)
from tests.kinds.fake_reader import FakeReader, find, lead
from tests.kinds.worlds import HostedZone, route53

ZONE = {"HostedZoneId": "Z1EXAMPLE", "HostedZoneName": "example.com"}
NEW_NAME = "deployer-api-999.eu-west-1.elb.amazonaws.com"

routing = st.one_of(
    st.just({}),
    st.builds(lambda weight: {"SetIdentifier": "live", "Weight": weight}, st.integers(0, 255)),
    st.sampled_from(
        [
            {"SetIdentifier": "one", "Failover": "PRIMARY"},
            {"SetIdentifier": "ireland", "Region": "eu-west-1"},
            {"SetIdentifier": "europe", "GeoLocation": {"ContinentCode": "EU"}},
            {"SetIdentifier": "near", "GeoProximityLocation": {"AWSRegion": "eu-west-1", "Bias": 5}},
            {"SetIdentifier": "office", "CidrRoutingConfig": {"CollectionId": "c" * 36, "LocationName": "office"}},
            {"SetIdentifier": "any", "MultiValueAnswer": True},
        ]
    ),
)
named = st.sampled_from(["deployer-api.example.com.", r"\052.example.com.", "Deployer-API.example.com."])
cname = st.builds(
    lambda ttl, value: {"Type": "CNAME", "TTL": ttl, "ResourceRecords": [{"Value": value}]},
    st.integers(0, 86400),
    st.sampled_from([DNS_NAME, f"{DNS_NAME}.", DNS_NAME.upper(), "elsewhere.example.net"]),
)
addresses = st.builds(
    lambda ttl, values: {"Type": "A", "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]},
    st.integers(0, 86400),
    st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2"]), min_size=1, unique=True),
)
alias = st.builds(
    lambda kind, prefix, evaluate: {
        "Type": kind,
        "AliasTarget": {"HostedZoneId": "ZOLD", "DNSName": f"{prefix}{DNS_NAME}.", "EvaluateTargetHealth": evaluate},
    },
    st.sampled_from(["A", "AAAA"]),
    st.sampled_from(["", "dualstack."]),
    st.booleans(),
)
records = st.builds(
    lambda name, what, how, check: {"Name": name, **what, **how, **({"HealthCheckId": CHECK} if check else {})},
    named,
    st.one_of(cname, addresses, alias),
    routing,
    st.booleans(),
)


def of(record):
    return Example(Key("dns-record", "deployer-api.example.com"), {**record, **ZONE})


def changes_of(call):
    assert call.params["HostedZoneId"] == "Z1EXAMPLE"
    return call.params["ChangeBatch"]["Changes"]


@given(records)
def test_what_is_deleted_is_the_record_as_it_was_read(record):
    (call,) = calls(KIND.remove(of(record).component(), world()))
    assert changes_of(call) == [{"Action": "DELETE", "ResourceRecordSet": record}]
    assert wrong(call) == ()


@given(records)
def test_what_is_made_is_the_record_where_nothing_else_changed(record):
    (call,) = calls(KIND.rebuild(of(record).recipe, world()).actions)
    assert changes_of(call) == [{"Action": "CREATE", "ResourceRecordSet": record}]


@given(records)
def test_what_is_made_differs_only_by_what_was_made_again(record):
    renewals = {DNS_NAME: NEW_NAME, CHECK: "new-check"}
    (call,) = calls(KIND.rebuild(of(record).recipe, world(**renewals)).actions)
    made = deepcopy(changes_of(call)[0]["ResourceRecordSet"])
    for value in made.get("ResourceRecords", []):
        assert not value["Value"].lower().startswith("deployer-api-1234567890")
        value["Value"] = None
    if "AliasTarget" in made:
        assert made["AliasTarget"]["DNSName"].endswith(NEW_NAME)
        assert made["AliasTarget"]["DNSName"].startswith("dualstack.") == (
            record["AliasTarget"]["DNSName"].startswith("dualstack.")
        )
        made["AliasTarget"]["DNSName"] = None
    assert made.pop("HealthCheckId", "new-check") == "new-check"
    expected = deepcopy(record)
    expected.pop("HealthCheckId", None)
    for value in expected.get("ResourceRecords", []):
        value["Value"] = None
    if "AliasTarget" in expected:
        expected["AliasTarget"]["DNSName"] = None
    assert made == expected


@given(records)
def test_a_repointing_is_one_batch_that_takes_exactly_the_old_one_away(record):
    making = KIND.repoint(of(record).component(), (), made_again())
    if not making.actions:
        assert DNS_NAME not in str(record).lower()
        assert CHECK not in str(record)
        return
    (call,) = calls(making.actions)
    old, new = changes_of(call)
    assert old == {"Action": "DELETE", "ResourceRecordSet": record}
    assert new["Action"] == "CREATE"
    same = ("Name", "Type", "TTL", "SetIdentifier", "Weight", "Failover", "Region", "GeoLocation", "CidrRoutingConfig")
    assert [new["ResourceRecordSet"].get(name) for name in same] == [record.get(name) for name in same]
    assert making.actions[-1].until is Until.IN_SYNC


@given(records, records)
def test_a_batch_is_done_when_the_record_is_what_it_makes_of_it(record, other):
    making = KIND.repoint(of(record).component(), (), made_again())
    for call in calls(making.actions):
        sent = Call(call.service, call.operation, filled(call.params, new_value))
        made = changes_of(sent)[1]["ResourceRecordSet"]
        assert KIND.done(sent, Present({**made, **ZONE}))
        assert KIND.done(sent, Present({**made, **ZONE, "Name": made["Name"].upper()}))
        assert not KIND.done(sent, Present({**record, **ZONE}))
        assert not KIND.done(sent, Present({**other, **ZONE}))
        assert not KIND.done(sent, Absent("gone"))


def test_nothing_is_ever_upserted():
    for one in examples():
        if one.key.kind == "dns-record":
            actions = [*KIND.remove(one.component(), world()), *KIND.rebuild(one.recipe, made_again()).actions]
            actions += KIND.repoint(one.component(), one.refers, made_again()).actions
            assert {change["Action"] for call in calls(actions) for change in changes_of(call)} == {"CREATE", "DELETE"}


@given(records)
def test_where_targets_are_registered_its_ttl_is_waited_for(record):
    *_, in_force, hold = KIND.remove(of(record).component(), world(serving=True))
    ttl = record.get("TTL", 60)
    assert in_force.until is Until.IN_SYNC
    assert (hold.until, hold.hold, hold.protects_traffic) == (Until.ABSENT, ttl, True)
    assert f"{ttl} s" in hold.words


@given(records)
def test_where_none_is_registered_it_is_said_that_nothing_is_waited_for(record):
    actions = KIND.remove(of(record).component(), world(serving=False))
    waits = [action for action in actions if isinstance(action, Settle)]
    assert not [wait for wait in waits if wait.hold or wait.protects_traffic]
    assert "no target is registered" in waits[-1].words
    assert "no target is registered" in actions[0].why


def test_an_alias_names_the_zone_of_the_load_balancer_that_it_leads_to():
    one = example("dns-record", "*.deployer-api.example.com AAAA")
    (call,) = calls(KIND.rebuild(one.recipe, made_again()).actions)
    balancer = Key("load-balancer", "deployer-api")
    assert changes_of(call)[0]["ResourceRecordSet"]["AliasTarget"] == {
        "HostedZoneId": Output(balancer, "CanonicalHostedZoneId"),
        "DNSName": Output(balancer, "DNSName", Form.DUALSTACK),
        "EvaluateTargetHealth": True,
    }


def test_an_alias_to_a_load_balancer_that_somebody_made_again_as_another_sort_names_that_ones_zone():
    """An NLB's zone is not that of an ALB of the same region."""
    one = example("dns-record", "*.deployer-api.example.com AAAA")
    balancer = example("load-balancer")
    facts = {**balancer.facts, "DNSName": NEW_NAME, "CanonicalHostedZoneId": "Z2IFOLAFXWLO4F"}
    live = balancer.component(sighting=Present(facts), handles=frozenset({NEW_NAME}))
    making = KIND.repoint(one.component(), one.refers, world(live, **{DNS_NAME: NEW_NAME}))
    (call,) = calls(making.actions)
    assert changes_of(call)[1]["ResourceRecordSet"]["AliasTarget"]["HostedZoneId"] == "Z2IFOLAFXWLO4F"


def test_what_a_traffic_policy_made_is_left_to_it():
    facts = {**example("dns-record").facts, "TrafficPolicyInstanceId": "abc"}
    assert "abc" in KIND.untouchable(Key("dns-record", "x"), facts)
    assert KIND.untouchable(Key("dns-record", "x"), example("dns-record").facts) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "blocked"),
    [
        ({"Type": "CNAME", "SetIdentifier": "live", "Weight": 1}, {"Type": "CNAME"}, True),
        ({"Type": "AAAA"}, {"Type": "CNAME"}, True),
        ({"Type": "CNAME", "SetIdentifier": "live", "Weight": 1}, {"Type": "A"}, True),
        ({"Type": "AAAA"}, {"Type": "A"}, False),
        (
            {"Type": "CNAME", "SetIdentifier": "live", "Weight": 1},
            {"Type": "CNAME", "SetIdentifier": "canary", "Weight": 1},
            False,
        ),
    ],
)
@pytest.mark.parametrize("zone", ["Z1EXAMPLE", "Z2OTHER"])
def test_a_record_that_has_its_name_and_leads_elsewhere_is_a_blocker(ours, theirs, blocked, zone):
    usual = {"Name": "deployer-api.example.com.", "TTL": 60, "ResourceRecords": [{"Value": "elsewhere.net"}], **ZONE}
    other = Example(Key("dns-record", "other"), {**usual, **theirs, "HostedZoneId": zone}).component()
    making = KIND.rebuild(of({**usual, **ours}).recipe, world(other))
    assert bool(making.blockers) == (blocked and zone == "Z1EXAMPLE")
    assert bool(making.actions) != bool(making.blockers)


def test_a_name_that_stands_for_records_known_otherwise_is_no_record_of_its_own():
    """The configuration names it; the snapshot says that it was a weighted one."""
    known = gone(Key("dns-record", "deployer-api.example.com live"))
    making = KIND.rebuild(Example(Key("dns-record", "deployer-api.example.com"), {}).recipe, world(known))
    assert not making.actions
    assert not making.blockers


def test_it_is_made_after_what_serves_and_taken_away_before_that():
    service = example("ecs-service").component()
    everything = [service, example("load-balancer").component(), example("alarm").component()]
    assert list(KIND.after(example("dns-record").component(), everything)) == [service.key]


@pytest.mark.parametrize("state", [State.OK, State.STALE, State.DRAINING, State.MISSING])
def test_clients_are_led_to_what_serves(state):
    """Where the ECS service is made again, its own step waits for its targets; where it is left out, nobody does."""
    service = example("ecs-service")
    there = gone(service.key) if state is State.MISSING else service.component(state=state)
    around = world(there, example("target-group").component(), **{DNS_NAME: NEW_NAME})
    for making in (
        KIND.rebuild(example("dns-record").recipe, around),
        KIND.repoint(example("dns-record").component(), (), around),
    ):
        waits = [one for one in making.actions[:1] if isinstance(one, Settle)]
        assert [(one.component.kind, one.until) for one in waits] == (
            [("target-group", Until.SERVING)] if state in {State.OK, State.STALE} else []
        )


def test_a_change_is_in_force_when_route_53_says_insync():
    answer = {"ChangeInfo": {"Id": "/change/C123", "Status": "PENDING"}}
    receipt = KIND.receipt(answer)
    asked = []

    def get_change(ask):
        asked.append(ask.params["Id"])
        return {"ChangeInfo": {"Id": "/change/C123", "Status": "INSYNC" if len(asked) > 1 else "PENDING"}}

    seen = [KIND.in_force(receipt, FakeReader({("route53", "GetChange"): get_change})) for _ in range(2)]
    assert seen == [False, True]
    assert asked == ["C123", "C123"]


# Found again by its id


CNAME = {"Name": "deployer-api.example.com.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "x.net"}]}
A, AAAA = (
    {"Name": "deployer-api.example.com.", "Type": kind, "TTL": 60, "ResourceRecords": []} for kind in ("A", "AAAA")
)
WEIGHTED = [{**CNAME, "SetIdentifier": name, "Weight": 1} for name in ("live", "canary")]


def looked_up(known_as, *there, also=(), **more):
    ref, within = KIND.retrace(Key("dns-record", known_as), ())
    reader = FakeReader(route53(HostedZone("Z1EXAMPLE", "example.com", list(there))), **more)
    return find(KIND, reader, lead(KIND, ref, within), *(lead(KIND, name) for name in also))


@pytest.mark.parametrize(
    ("known_as", "there"),
    [
        ("deployer-api.example.com", [CNAME]),
        ("deployer-api.example.com", [A, AAAA]),
        ("deployer-api.example.com AAAA", [A, AAAA]),
        ("deployer-api.example.com live", WEIGHTED),
        ("deployer-api.example.com AAAA live", [{**AAAA, "SetIdentifier": "live", "Weight": 1}, A]),
    ],
)
def test_it_is_found_again_by_its_id_and_its_neighbours_are_not(known_as, there):
    found = looked_up(known_as, *there)
    assert list(found) == [known_as]
    assert isinstance(found[known_as].sighting, Present)
    assert KIND.identify(*KIND.retrace(Key("dns-record", known_as), ())) == known_as


@pytest.mark.parametrize(
    ("known_as", "there"),
    [
        ("deployer-api.example.com", []),
        ("deployer-api.example.com", [AAAA]),
        ("deployer-api.example.com AAAA", [A]),
        ("deployer-api.example.com live", WEIGHTED[1:]),
        ("deployer-api.example.com live", []),
    ],
)
def test_that_it_is_gone_is_seen_although_others_have_its_name(known_as, there):
    found = looked_up(known_as, *there)
    assert list(found) == [known_as]
    assert isinstance(found[known_as].sighting, Absent)


def test_a_name_alone_stands_for_the_records_that_are_known_to_be_gone():
    found = looked_up("deployer-api.example.com live", also=["deployer-api.example.com"])
    assert list(found) == ["deployer-api.example.com live"]
    assert len(found["deployer-api.example.com live"].leads) == 2


def test_a_name_alone_still_finds_what_is_there_beside_what_is_gone():
    found = looked_up("deployer-api.example.com AAAA", A, also=["deployer-api.example.com"])
    seen = {known_as: type(one.sighting) for known_as, one in found.items()}
    assert seen == {"deployer-api.example.com": Present, "deployer-api.example.com AAAA": Absent}


def test_what_cannot_be_read_is_not_gone():
    found = looked_up("deployer-api.example.com AAAA", A, failing={"route53:ListResourceRecordSets": Throttled})
    assert [type(one.sighting) for one in found.values()] == [Unreadable]


def test_it_is_looked_for_in_its_own_zone():
    one = example("dns-record")
    assert KIND.scope(one.key, one.facts, "") == "Z1EXAMPLE"
    assert KIND.scope(one.key, {}, "") == ""
    assert output_of(CHECK) == Output(Key("health-check", CHECK), "Id")
