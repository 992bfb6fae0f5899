"""Records and health checks: whatever else is in the zone stays as it is, byte by byte, and what is ours comes back."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from breakglass.errors import StoppedPartWay
from breakglass.model.arn import normal_dns
from breakglass.model.inventory import Health
from breakglass.model.kind import Detail
from breakglass.model.plan import Settle
from breakglass.planning.rebuild import rebuild
from breakglass.planning.recipes import Sources
from breakglass.planning.removal import Choice, Request, removal
from breakglass.planning.retrace import leads_in
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, prepare_removal, save_snapshot
from breakglass.running.tools import Operator
from breakglass.running.vault import snapshot_of
from tests.recovery.test_crashes import MODES, Unlucky, carried_out
from tests.recovery.worlds import differences, ids, of_others

OURS = ("image-api.example.com", "image-api-eu.example.com")
OTHERS = (
    "image.example.com",
    "image-api-2.example.com",
    "www.image-api.example.com",
    "*.image-api.example.com",
    "api.example.com",
)


def naming(names):
    return f"""
[services.image-api]
dns = {{ zone = "example.com", names = {list(names)} }}
"""


TWO_NAMES = naming(OURS)
RECORDS = Choice(only=frozenset({"dns-record"}))
SET_IDS = ("live", "canary", "AAAA", "x (Z1)", "live 2")
ROUTING = {
    "simple": [{}],
    "weighted": [{"Weight": 0}, {"Weight": 200}, {"Weight": 1}],
    "failover": [{"Failover": "PRIMARY"}, {"Failover": "SECONDARY"}],
    "latency": [{"Region": "eu-west-1"}, {"Region": "us-east-1"}],
    "geolocation": [{"GeoLocation": {"ContinentCode": "EU"}}, {"GeoLocation": {"CountryCode": "*"}}],
    "geoproximity": [{"GeoProximityLocation": {"AWSRegion": "eu-west-1", "Bias": -5}}],
    "cidr": [{"CidrRoutingConfig": {"CollectionId": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "LocationName": "*"}}],
    "multivalue": [{"MultiValueAnswer": True}],
}
LEADING = ("ours", "ours", "theirs", "elsewhere", "another name")


class Zone:
    """A hosted zone whose records can be put as a test wants them."""

    def __init__(self, route53, known_as):
        self.route53, self.id = route53, known_as.rpartition("/")[2]

    def records(self):
        pages = self.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.id)
        return [record for page in pages for record in page["ResourceRecordSets"]]

    def change(self, action, *records):
        changes = [{"Action": action, "ResourceRecordSet": record} for record in records]
        if changes:
            self.route53.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch={"Changes": changes})

    def put(self, records):
        self.change("DELETE", *(one for one in self.records() if one["Type"] not in {"NS", "SOA"}))
        self.change("CREATE", *records)


@pytest.fixture
def zones(aws, world):
    """The public zone, and a private one of the same name."""
    route53, public = aws("route53"), world.zone()
    private = route53.create_hosted_zone(
        Name="example.com",
        CallerReference="private",
        VPC={"VPCRegion": "eu-west-1", "VPCId": aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]},
        HostedZoneConfig={"PrivateZone": True},
    )
    return Zone(route53, public), Zone(route53, private["HostedZone"]["Id"])


def alias(name, kind, balancer, **more):
    target = {
        "HostedZoneId": balancer["CanonicalHostedZoneId"],
        "DNSName": f"dualstack.{balancer['DNSName'].lower()}.",
        "EvaluateTargetHealth": True,
    }
    return {"Name": f"{name}.", "Type": kind, "AliasTarget": target, **more}


def alias_within(name, kind, zone, target, **more):
    to = {"HostedZoneId": zone, "DNSName": f"{target}.", "EvaluateTargetHealth": False}
    return {"Name": f"{name}.", "Type": kind, "AliasTarget": to, **more}


def values(name, kind, *several, **more):
    return {"Name": f"{name}.", "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": v} for v in several], **more}


@st.composite
def plots(draw):
    """What to put into a zone: name, type, set identifier, routing and where it leads, as Route 53 would take it."""
    plot = []
    for name in draw(st.lists(st.sampled_from((*OURS, *OURS, *OTHERS)), unique=True, max_size=5)):
        kinds = draw(st.sampled_from([("CNAME",), ("A",), ("AAAA",), ("A", "AAAA"), ("A", "AAAA", "TXT")]))
        for kind in kinds:
            policy = draw(st.sampled_from(sorted(ROUTING)))
            if kind == "CNAME" and policy == "multivalue":
                policy = "weighted"
            several = draw(st.integers(1, len(ROUTING[policy])))
            for chosen_by, routing in zip(draw(st.permutations(SET_IDS)), ROUTING[policy][:several], strict=False):
                plot.append((name, kind, chosen_by, routing, draw(st.sampled_from(LEADING)), draw(st.booleans())))
    return plot


def planted(plot, zone, ours, theirs, check):
    """The records of a plot. What leads to another name leads to one of these, so that it is there."""
    records = []
    for name, kind, chosen_by, routing, leading, checked in plot:
        more = {"SetIdentifier": chosen_by, **routing} if routing else {}
        if routing and checked and kind != "TXT":
            more["HealthCheckId"] = check
        balancer = ours if leading == "ours" else theirs
        before = [one["Name"].rstrip(".") for one in records if one["Type"] == kind and one["Name"] != f"{name}."]
        if kind == "TXT":
            record = values(name, kind, '"v=1"', **more)
        elif "MultiValueAnswer" in more or (leading == "elsewhere" and kind != "CNAME"):
            record = values(name, kind, *(["192.0.2.1", "192.0.2.2"] if kind == "A" else ["2001:db8::1"]), **more)
        elif leading == "another name" and before and kind != "CNAME":
            record = alias_within(name, kind, zone, before[-1], **more)
        elif kind != "CNAME":
            record = alias(name, kind, balancer, **more)
        else:
            far = (before or ["elsewhere.example.net"])[-1]
            record = values(name, kind, balancer["DNSName"] if leading in {"ours", "theirs"} else far, **more)
        records.append(record)
    return records


def names_led_to(record):
    alias_of = record.get("AliasTarget", {}).get("DNSName")
    led_to = [alias_of] if alias_of else [one["Value"] for one in record["ResourceRecords"]]
    return {normal_dns(name) for name in led_to}


def to_go(records, ours):
    """Which of a zone's records a removal takes: an oracle that knows nothing of how the program decides."""
    own_names, own_balancer = set(OURS), f"dualstack.{ours['DNSName'].lower()}"
    named = {id(one): normal_dns(one["Name"]) for one in records}

    def is_ours(one):
        if named[id(one)] not in own_names or one["Type"] not in {"CNAME", "A", "AAAA"}:
            return False
        led_to = names_led_to(one)
        return "SetIdentifier" not in one or bool(
            led_to & {own_balancer, own_balancer.removeprefix("dualstack."), *own_names}
        )

    stays = [one for one in records if not is_ours(one)]
    goes = [one for one in records if is_ours(one)]
    while kept := [one for one in goes if any(_leads_to(other, named[id(one)]) for other in stays)]:
        stays += kept
        goes = [one for one in goes if one not in kept]
    return goes


def _leads_to(record, name):
    return (
        record["Type"] in {"CNAME", "A", "AAAA"} and normal_dns(record["Name"]) != name and name in names_led_to(record)
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plots(), plots())
@example(
    [(OURS[0], "A", "live", {"Weight": 1}, "ours", True), (OURS[0], "A", "canary", {"Weight": 1}, "theirs", True)], []
)
def test_removed_and_rebuilt_the_zone_is_byte_by_byte_as_before(
    bench_of, writer_for, aws, zones, world, public, private
):
    if OURS[0] not in {name for name, *_ in public}:
        public = [*public, (OURS[0], "A", "", {}, "ours", False)]
    ours, theirs = world.balancer("image-api"), world.balancer("wonderland-web")
    check = aws("route53").list_health_checks()["HealthChecks"][0]["Id"]
    for zone, plot in zip(zones, (public, private), strict=True):
        zone.put(planted(plot, zone.id, ours, theirs, check))
    before = [zone.records() for zone in zones]
    there = [name for name in OURS if name in {name for name, *_ in (*public, *private)}]
    bench = bench_of("image-api", naming(there))

    seen = bench.look(Detail.COPY)
    plan = removal(seen, bench.kinds, Request("20261123T031209Z-0001", choice=RECORDS))
    send(plan, writer_for)
    goes = [to_go(records, ours) for records in before]
    assert [zone.records() for zone in zones] == [
        [one for one in records if one not in going] for records, going in zip(before, goes, strict=True)
    ]
    assert len(plan.steps) == sum(map(len, goes))

    snapshot = snapshot_of(seen, "20261123T031209Z-0001", datetime.now(UTC))
    again = bench.look(Detail.COPY, list(leads_in(snapshot, bench.kinds)))
    sources = Sources(datetime.now(UTC), (snapshot,))
    back = rebuild(again, bench.kinds, Request("20261123T031209Z-0002", choice=RECORDS), sources)
    assert back.blockers == ()
    send(back, writer_for)
    assert [zone.records() for zone in zones] == before


def send(plan, writer_for):
    assert {action for call in plan.calls for action in actions_of(call)} <= {"CREATE", "DELETE"}
    writer = writer_for(plan.run)
    for call in plan.calls:
        writer.send(call.service, call.operation, call.params)


def actions_of(call):
    return [change["Action"] for change in call.params["ChangeBatch"]["Changes"]]


# One service with everything


@pytest.fixture
def rich(sandbox, aws, world, zones):
    """image-api under two names, in two zones, of several routing policies, with a parent check of three children."""
    route53, (public, private), balancer = aws("route53"), zones, world.balancer("image-api")
    theirs = world.balancer("wonderland-web")
    entry = aws("dynamodb").get_item(TableName="wonderland-services", Key={"name": {"S": "image-api"}})["Item"]
    config = {
        "Type": "HTTPS_STR_MATCH",
        "FullyQualifiedDomainName": "image-api.example.com",
        "ResourcePath": "/ready",
        "SearchString": "all tokens fine",
        "Regions": ["eu-west-1", "us-east-1", "us-west-1"],
        "EnableSNI": True,
        "MeasureLatency": True,
        "Disabled": True,
    }
    metric = {
        "Type": "CLOUDWATCH_METRIC",
        "AlarmIdentifier": {"Region": "eu-west-1", "Name": "image-api-5xx"},
        "InsufficientDataHealthStatus": "LastKnownStatus",
        "Inverted": True,
    }
    children = [entry["healthCheckId"]["S"], made(route53, "child", config), made(route53, "metric", metric)]
    parent = made(route53, "parent", {"Type": "CALCULATED", "ChildHealthChecks": children, "HealthThreshold": 1})
    secondary = {"SetIdentifier": "two", "Failover": "SECONDARY"}
    public.change(
        "CREATE",
        alias(OURS[1], "A", balancer, SetIdentifier="one", Failover="PRIMARY", HealthCheckId=parent),
        alias(OURS[1], "A", balancer, **secondary),
        alias(OURS[1], "AAAA", balancer, SetIdentifier="live", Weight=100, HealthCheckId=children[0]),
        alias(OURS[1], "AAAA", theirs, SetIdentifier="canary", Weight=0),
        values("image-api-2.example.com", "CNAME", "elsewhere.example.net", SetIdentifier="live", Weight=1),
    )
    private.change("CREATE", alias(OURS[0], "A", balancer), values(OURS[0], "TXT", '"ours"'))
    private.change("CREATE", alias_within(OURS[1], "A", private.id, OURS[0]))
    return {"parent": parent, "children": children}


def made(route53, name, config):
    check = route53.create_health_check(CallerReference=name, HealthCheckConfig=config)["HealthCheck"]["Id"]
    tags = [{"Key": "service", "Value": "image-api"}, {"Key": "Name", "Value": name}]
    route53.change_tags_for_resource(ResourceType="healthcheck", ResourceId=check, AddTags=tags)
    return check


def run(bench, prepared, permit_for, writer_for):
    folder = open_run(bench, prepared)
    return list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))


def test_everything_is_taken_away_in_order_and_comes_back(rich, sandbox, bench_of, permit_for, writer_for):
    before = sandbox.control.world()["settled"]
    bench = bench_of("image-api", TWO_NAMES)
    plan = prepare_removal(bench, Choice())
    kinds = [step.component.kind for step in plan.plan.steps]
    last_record = max(at for at, kind in enumerate(kinds) if kind == "dns-record")
    assert kinds.count("dns-record") == 7
    assert kinds.count("health-check") == 4
    assert last_record < min(kinds.index("health-check"), kinds.index("load-balancer"))
    ordered = [step.component.id for step in plan.plan.steps if step.component.kind == "health-check"]
    assert ordered[0] == rich["parent"]
    assert at(plan.plan, rich["children"][2]) < at(plan.plan, "image-api-5xx")
    kept = {str(one.component): one.why for one in plan.plan.kept}
    assert "load-balancer wonderland-web" in kept[f"dns-record {OURS[1]} AAAA canary"]
    run(bench, plan, permit_for, writer_for)
    between = sandbox.control.world()["settled"]
    assert of_others(differences(before, between), "image-api") == []
    assert canary_of(between) == canary_of(before)

    back = prepare_rebuild(bench, Choice(), named=plan.plan.run)
    assert back.plan.blockers == ()
    made_first = [step.component.id for step in back.plan.steps if step.component.kind == "health-check"]
    assert made_first[-1] == rich["parent"]
    assert at(back.plan, "image-api-5xx") < at(back.plan, rich["children"][2])
    entries = run(bench, back, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    after = sandbox.control.world()["settled"]
    assert differences(before, after) == []
    dead = ids(before) - ids(between)
    assert {rich["parent"], *rich["children"]} <= dead
    assert not dead & ids(after), "something still names what is gone"


def at(plan, known_as):
    return next(step.id for step in plan.steps if step.component.id == known_as)


def canary_of(settled):
    records = settled["111122223333"]["global"]["record-set"]
    return [record for record in records.values() if record.get("SetIdentifier") == "canary"]


@pytest.mark.parametrize("mode", MODES)
def test_it_converges_wherever_it_is_stopped(rich, mode, sandbox, bench_of, permit_for, writer_for):
    before = sandbox.control.world()["settled"]
    bench = bench_of("image-api", TWO_NAMES)
    taken = prepare_removal(bench, Choice())
    for journey in ("remove", "rebuild"):
        plan = taken if journey == "remove" else prepare_rebuild(bench, Choice(), named=taken.plan.run)
        writer = Unlucky(writer_for(plan.plan.run), mode)
        entries, killed = carried_out(bench, plan, permit_for, writer)
        assert killed == (2 * len(list(plan.plan.calls)) if mode == "killed" else 0)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED
    assert differences(before, sandbox.control.world()["settled"]) == []


def test_only_the_checks_are_gone_and_everything_learns_of_the_new_ones(
    rich, sandbox, aws, bench_of, permit_for, writer_for
):
    """Records, parent, alarm and state entry name the new ids; nothing else of them changes."""
    bench = bench_of("image-api", TWO_NAMES)
    save_snapshot(bench)
    before = sandbox.control.world()["settled"]
    for child in rich["children"]:
        aws("route53").delete_health_check(HealthCheckId=child)
    plan = prepare_rebuild(bench, Choice())
    assert plan.plan.blockers == ()
    assert {call.operation for call in plan.plan.calls} == {
        "CreateHealthCheck",
        "ChangeTagsForResource",
        "UpdateHealthCheck",
        "ChangeResourceRecordSets",
        "UpdateItem",
    }
    run(bench, plan, permit_for, writer_for)
    after = sandbox.control.world()["settled"]
    assert differences(without_versions(before), without_versions(after)) == []
    assert not set(rich["children"]) & ids(after)


def without_versions(settled):
    for check in settled["111122223333"]["global"]["health-check"].values():
        del check["HealthCheckVersion"]
    return settled


# What stands in the way


def blockers(bench):
    return {str(one.component): one.message for one in prepare_rebuild(bench, Choice()).plan.blockers}


@pytest.fixture
def without_service(sandbox, aws, bench_of):
    """image-api with a snapshot of its good days and no ECS service."""
    bench = bench_of("image-api", TWO_NAMES)
    save_snapshot(bench)
    aws("ecs").delete_service(cluster="wonderland", service="image-api", force=True)
    sandbox.control.advance(900)
    return bench


@pytest.mark.parametrize("kind", ["A", "CNAME"])
def test_a_record_that_somebody_led_elsewhere_is_a_blocker(without_service, world, kind):
    """A colleague's emergency page: what is rebuilt would get no clients, and nobody overwrites it."""
    for record in world.records("image-api.example.com."):
        world.change(("DELETE", record))
    page = {"A": "192.0.2.1", "CNAME": "sorry.example.net"}
    world.change(("CREATE", values(OURS[0], kind, page[kind])))
    said = blockers(without_service)
    assert page[kind] in said[f"dns-record {OURS[0]}"]
    assert "image-api" in said[f"dns-record {OURS[0]}"]
    left = prepare_rebuild(without_service, Choice(keep=frozenset({"dns-record"}))).plan
    assert left.blockers == ()
    assert left.steps


def test_a_missing_record_whose_name_a_cname_has_is_a_blocker(without_service, world):
    *_, quad = world.records("image-api.example.com.")
    for record in world.records("image-api.example.com."):
        world.change(("DELETE", record))
    world.change(("CREATE", values(OURS[0], "CNAME", "sorry.example.net")))
    assert quad["Type"] == "AAAA"
    assert "has its name" in blockers(without_service)[f"dns-record {OURS[0]} AAAA"]


def test_a_text_at_the_name_of_a_missing_cname_is_a_blocker(aws, sandbox, world, bench_of):
    bench = bench_of("deployer-api")
    save_snapshot(bench)
    world.change(("DELETE", world.records("deployer-api.example.com.")[0]))
    world.change(("CREATE", values("deployer-api.example.com", "TXT", '"here"')))
    (message,) = blockers(bench).values()
    assert "the TXT record deployer-api.example.com" in message


def test_where_nothing_is_to_be_made_a_record_that_leads_elsewhere_is_no_blocker(sandbox, world, bench_of):
    bench = bench_of("image-api")
    save_snapshot(bench)
    for record in world.records("image-api.example.com."):
        world.change(("DELETE", record))
    world.change(("CREATE", values(OURS[0], "A", "192.0.2.1")), ("CREATE", values(OURS[0], "AAAA", "2001:db8::1")))
    assert blockers(bench) == {}


@pytest.fixture
def canary(world):
    """A weighted record of the service's, and one of that name that leads to another team's load balancer."""
    for record in world.records("image-api.example.com."):
        world.change(("DELETE", record))
    ours = alias(OURS[0], "A", world.balancer("image-api"), SetIdentifier="live", Weight=200)
    theirs = alias(OURS[0], "A", world.balancer("wonderland-web"), SetIdentifier="canary", Weight=5)
    world.change(("CREATE", ours), ("CREATE", theirs))
    return world.records("image-api.example.com.")


def test_a_canary_of_another_team_is_shown_and_no_drift(canary, bench_of):
    seen = bench_of("image-api").look(Detail.LOOK)
    assert {one.key.id: (str(one.state), getattr(one.ownership, "by", ())) for one in seen.of_kind("dns-record")} == {
        f"{OURS[0]} live": ("ok", ()),
        f"{OURS[0]} canary": ("ok", ("the endpoint load-balancer wonderland-web",)),
    }
    assert seen.diagnosis.state is Health.HEALTHY


@pytest.mark.parametrize("ours", ["there", "gone"])
def test_a_canary_of_another_team_stays_whatever_became_of_ours(ours, canary, world, bench_of):
    if ours == "gone":
        world.change(("DELETE", next(record for record in canary if record["SetIdentifier"] == "live")))
    plan = prepare_removal(bench_of("image-api"), Choice()).plan
    taken = {step.component.id for step in plan.steps if step.component.kind == "dns-record"}
    assert taken == ({f"{OURS[0]} live"} if ours == "there" else set())


def test_a_canary_that_leads_elsewhere_keeps_no_rebuild_from_being_made(canary, aws, sandbox, bench_of):
    bench = bench_of("image-api")
    save_snapshot(bench)
    aws("ecs").delete_service(cluster="wonderland", service="image-api", force=True)
    sandbox.control.advance(900)
    assert blockers(bench) == {}


def test_a_protected_record_stays_with_all_that_it_leads_to(aws, world, sandbox, bench_of):
    """Only a plan asks for protections: an inventory costs no more calls."""
    route53 = aws("route53")
    protected = {"RecordName": "image-api.example.com.", "RecordType": "A", "Comment": "frozen for the audit"}
    route53.create_resource_record_set_protections(HostedZoneId=world.zone(), Protections=[protected])
    sandbox.control.clear_calls()
    bench_of("image-api").look(Detail.LOOK)
    assert "ListResourceRecordSetProtections" not in {call["operation"] for call in sandbox.control.calls()}
    plan = prepare_removal(bench_of("image-api"), Choice()).plan
    kept = {str(one.component): one.why for one in plan.kept}
    assert "frozen for the audit" in kept["dns-record image-api.example.com"]
    assert "load-balancer image-api" in kept
    assert "dns-record image-api.example.com AAAA" in {str(step.component) for step in plan.steps}


def test_a_protected_name_blocks_a_rebuild_of_its_record_before_aws_refuses_it(aws, world, bench_of):
    """A protection needs no record: it refuses to create one as well."""
    bench = bench_of("image-api")
    save_snapshot(bench)
    records = world.records("image-api.example.com.")
    world.change(*(("DELETE", record) for record in records))
    protected = {"RecordName": "image-api.example.com.", "RecordType": "AAAA", "Comment": "frozen for the audit"}
    aws("route53").create_resource_record_set_protections(HostedZoneId=world.zone(), Protections=[protected])
    (blocker,) = prepare_rebuild(bench, Choice()).plan.blockers
    assert str(blocker.component) == "dns-record image-api.example.com AAAA"
    assert "frozen for the audit" in blocker.message
    assert "--keep dns-record" in blocker.hint
    aws("route53").delete_resource_record_set_protections(
        HostedZoneId=world.zone(), Protections=[{name: protected[name] for name in ("RecordName", "RecordType")}]
    )
    assert prepare_rebuild(bench, Choice()).plan.blockers == ()


def test_a_protection_that_nobody_may_ask_for_is_told_once_aws_refuses(
    sandbox, aws, world, bench_of, permit_for, writer_for
):
    """Not listed, the first thing that is heard of it is the refusal: it says what it is, and can be gone on with."""
    sandbox.control.add_fault("route53", "ListResourceRecordSetProtections", code="AccessDenied", status=403)
    protected = {"RecordName": "image-api.example.com.", "RecordType": "A"}
    bench = bench_of("image-api")
    removal = prepare_removal(bench, RECORDS)
    aws("route53").create_resource_record_set_protections(HostedZoneId=world.zone(), Protections=[protected])
    folder = open_run(bench, removal)
    with pytest.raises(StoppedPartWay) as stopped:
        list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))
    assert stopped.value.exit_code == 7
    assert "is protected" in stopped.value.what
    assert "record-set protection" in stopped.value.hint
    aws("route53").delete_resource_record_set_protections(HostedZoneId=world.zone(), Protections=[protected])
    list(carry_out(bench, folder, permit_for(bench), writer_for(folder.id), Operator()))
    assert world.records("image-api.example.com.") == []


def test_a_traffic_policys_record_stays(world, bench_of):
    first, _ = world.records("image-api.example.com.")
    world.change(("DELETE", first), ("CREATE", {**first, "TrafficPolicyInstanceId": "tp-1"}))
    plan = prepare_removal(bench_of("image-api"), Choice()).plan
    assert "tp-1" in {str(one.component): one.why for one in plan.kept}["dns-record image-api.example.com"]


def test_a_foreign_parent_makes_a_child_shared_and_its_own_does_not(rich, aws, bench_of):
    child, other, metric = rich["children"]
    config = {"Type": "CALCULATED", "ChildHealthChecks": [other], "HealthThreshold": 1}
    foreign = made(aws("route53"), "foreign", config)
    seen = bench_of("image-api", TWO_NAMES).look(Detail.LOOK)
    shared = {one.key.id: getattr(one.ownership, "by", ()) for one in seen.of_kind("health-check")}
    assert shared == {rich["parent"]: (), child: (), metric: (), other: (f"health-check {foreign}",)}


def test_where_clients_may_notice_the_ttl_is_waited_for_and_else_it_is_said(rich, bench_of):
    plan = prepare_removal(bench_of("image-api", TWO_NAMES), Choice()).plan
    waits = [
        action
        for step in plan.steps
        if step.component.kind == "dns-record"
        for action in step.actions
        if isinstance(action, Settle) and action.protects_traffic
    ]
    assert len(waits) == 7
    assert {wait.hold for wait in waits} == {60}
