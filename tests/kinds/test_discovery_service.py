"""Cloud Map services: found by id, ARN or name, ours by who registered, left until ECS has taken its tasks away."""

from dataclasses import replace

import pytest

from breakglass.kinds import all_kinds
from breakglass.model.component import Absent, Present, Unreadable
from breakglass.model.kind import Detail, Look
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.model.plan import Call, Settle, Until
from breakglass.model.reading import Denied, NotOffered
from breakglass.model.world import Recipe
from tests.kinds.changing import REGISTRY, calls, example, gone, made_again, output_of, world, wrong
from tests.kinds.fake_reader import ACCOUNT, REGION, FakeReader, find, lead, settings
from tests.kinds.worlds import cloud_map, discovery_service

KIND = all_kinds()["discovery-service"]
NAME = "wonderland.local/deployer-api"
ARN = f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:service/srv-1"
KEY = Key("discovery-service", NAME)
OURS = {"Id": "t1", "Attributes": {"ECS_CLUSTER_NAME": "wonderland", "ECS_SERVICE_NAME": "deployer-api"}}
THEIRS = {"Id": "t2", "Attributes": {"ECS_CLUSTER_NAME": "wonderland", "ECS_SERVICE_NAME": "billing-api"}}
NOBODYS = {"Id": "t3", "Attributes": {"AWS_INSTANCE_IPV4": "10.0.0.9"}}
SPACES = {"ns-1": "wonderland.local", "ns-2": "other.local"}


def snapshot_lead(known_as="srv-1", name=NAME):
    return Lead(KIND.name, name, Source.SNAPSHOT, "snapshot", within=known_as)


@pytest.mark.parametrize("ref", ["srv-1", ARN, NAME, "deployer-api"])
def test_every_spelling_leads_to_the_same_one(ref):
    reader = FakeReader(cloud_map(discovery_service("srv-1"), discovery_service("srv-2", "other")))
    (found,) = find(KIND, reader, lead(KIND, ref)).values()
    assert found.key == KEY
    assert {NAME, "srv-1", ARN} <= found.handles


def test_an_id_takes_three_calls_and_no_listing_of_the_account():
    reader = FakeReader(cloud_map(discovery_service("srv-1"), *(discovery_service(f"srv-x{at}") for at in range(9))))
    find(KIND, reader, lead(KIND, ARN), lead(KIND, "srv-1"))
    assert reader.counted() == {f"servicediscovery:{one}": 1 for one in ("GetService", "GetNamespace", "ListInstances")}


def test_a_name_is_of_one_namespace():
    reader = FakeReader(
        cloud_map(discovery_service("srv-1"), discovery_service("srv-2", namespace="ns-2"), namespaces=SPACES)
    )
    assert find(KIND, reader, lead(KIND, NAME))[NAME].arn == ARN


@pytest.mark.parametrize(("operation", "field"), [("ListServices", "Services"), ("ListNamespaces", "Namespaces")])
def test_a_filter_that_the_endpoint_does_not_heed_changes_nothing(operation, field):
    services = discovery_service("srv-1"), discovery_service("srv-2", namespace="ns-2")
    there = dict(cloud_map(*services, namespaces=SPACES))
    everything = {
        "Services": list(services),
        "Namespaces": [{"Id": known_as, "Name": name} for known_as, name in SPACES.items()],
    }
    there["servicediscovery", operation] = lambda _: {field: everything[field]}
    assert find(KIND, FakeReader(there), lead(KIND, NAME))[NAME].arn == ARN


def test_a_name_alone_that_two_bear_names_neither():
    reader = FakeReader(
        cloud_map(discovery_service("srv-1"), discovery_service("srv-2", namespace="ns-2"), namespaces=SPACES)
    )
    (found,) = find(KIND, reader, lead(KIND, "deployer-api")).values()
    assert isinstance(found.sighting, Unreadable)
    assert "srv-1" in found.sighting.failures[0].message


def test_an_old_arn_means_what_the_snapshot_knew_by_it():
    """One component, however many leads: gone, or made again since under another id."""
    gone_too = FakeReader(cloud_map())
    leads = (lead(KIND, ARN), snapshot_lead())
    (found,) = find(KIND, gone_too, *leads).values()
    assert found.key == KEY
    assert isinstance(found.sighting, Absent)
    assert {ARN, "srv-1", NAME} <= found.handles
    assert set(found.leads) == set(leads)
    (made,) = find(KIND, FakeReader(cloud_map(discovery_service("srv-9"))), *leads).values()
    assert made.key == KEY
    assert made.arn.endswith("srv-9")
    assert ARN not in made.handles, "a reference to the old one is outdated"


def test_the_snapshots_leads_are_known_to_a_look_that_is_not_given_them():
    reader = FakeReader(cloud_map())
    (found,) = find(KIND, reader, lead(KIND, ARN), configured=settings(snapshot_lead())).values()
    assert found.key == KEY


def test_an_arn_that_nobody_remembers_is_missing_under_its_id():
    (found,) = find(KIND, FakeReader(cloud_map()), lead(KIND, ARN)).values()
    assert found.key.id == "srv-1"
    assert isinstance(found.sighting, Absent)
    assert KIND.rebuild(Recipe(found.key, {}), world()).blockers


def test_a_namespace_that_cannot_be_read_is_no_reason_to_lose_the_name():
    reader = FakeReader(cloud_map(discovery_service("srv-1")), failing={"servicediscovery:GetNamespace": Denied})
    (found,) = find(KIND, reader, lead(KIND, ARN), snapshot_lead()).values()
    assert found.key == KEY
    assert found.sighting.unread
    (found,) = find(KIND, reader, lead(KIND, ARN)).values()
    assert found.key.id == "srv-1"


@pytest.mark.parametrize("operation", ["ListTagsForResource", "GetServiceAttributes", "ListInstances"])
def test_what_an_endpoint_does_not_offer_it_does_not_have(operation):
    failing = {f"servicediscovery:{operation}": NotOffered}
    reader = FakeReader(cloud_map(discovery_service("srv-1")), failing=failing)
    found = find(KIND, reader, lead(KIND, ARN), detail=Detail.COPY)[NAME]
    assert not found.sighting.unread
    assert not KIND.users(found, Look(reader, settings())).unread


def test_users_are_whoever_registered():
    reader = FakeReader(cloud_map(discovery_service("srv-1"), instances={"srv-1": [OURS, THEIRS, NOBODYS]}))
    found = find(KIND, reader, lead(KIND, ARN))[NAME]
    users = KIND.users(found, Look(reader, settings())).by
    assert [(user.kind, user.ref) for user in users] == [
        ("ecs-service", "wonderland/deployer-api"),
        ("ecs-service", "wonderland/billing-api"),
        ("", ""),
    ]
    assert "t3" in users[2].words


def removal(*others):
    one = example("discovery-service")
    component = one.component()
    return KIND.remove(component, world(component, *others))


def test_a_living_ecs_service_deregisters_its_tasks_itself():
    actions = removal(example("ecs-service").component())
    assert [call.operation for call in calls(actions)] == ["DeleteService"]
    wait = actions[0]
    assert isinstance(wait, Settle)
    assert wait.until is Until.UNUSED
    assert actions[1].passing == (("ResourceInUse", ""),)


def test_stragglers_of_one_that_is_gone_are_deregistered_by_name():
    actions = removal(gone(Key("ecs-service", "wonderland/deployer-api")))
    first = actions[0]
    assert isinstance(first, Call)
    assert (first.operation, first.params["InstanceId"]) == ("DeregisterInstance", "0d1ac0a1")
    facts = example("discovery-service").facts
    assert not KIND.done(first, Present(facts))
    assert KIND.done(first, Present({**facts, "Instances": []}))
    assert not KIND.done(first, Present({name: value for name, value in facts.items() if name != "Instances"}))
    assert KIND.done(first, Absent("gone"))
    assert [call.operation for call in calls(actions)] == ["DeregisterInstance", "DeleteService"]


def test_it_is_unused_once_nobody_is_registered_and_not_while_nobody_knows():
    facts = example("discovery-service").facts
    assert "0d1ac0a1" in KIND.awaited(Until.UNUSED, Present(facts))
    assert KIND.awaited(Until.UNUSED, Present({**facts, "Instances": []})) is None
    assert KIND.awaited(Until.UNUSED, Absent("gone")) is None
    assert "cannot be read" in KIND.awaited(Until.UNUSED, Present({"Id": "srv-1"}))


def absent(*namespaces):
    references = tuple(Reference("NamespaceId", "namespace", one, follow=False, hint=True) for one in namespaces)
    return replace(gone(KEY), sighting=Absent("gone", references=references))


def made(facts=None, *namespaces):
    recipe = Recipe(KEY, {**example("discovery-service").facts, **(facts or {})})
    return KIND.rebuild(recipe, world(absent(*namespaces)))


def test_it_is_made_as_it_was():
    making = made(None, "ns-abcdefghij123456")
    create, attributes = calls(making.actions)
    assert create.params == {
        "Name": "deployer-api",
        "NamespaceId": "ns-abcdefghij123456",
        "Description": "the deployer",
        "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 60}]},
        "HealthCheckCustomConfig": {"FailureThreshold": 1},
        "CreatorRequestId": world().token(KEY),
        "Tags": [{"Key": "team", "Value": "werkzeugschmiede"}, {"Key": "breakglass:run", "Value": world().run}],
    }
    assert attributes.params["Attributes"] == {"team": "werkzeugschmiede"}
    assert making.lost


@pytest.mark.parametrize(
    ("kind", "namespace", "sent"),
    [("HTTP", "DNS_PRIVATE", "HTTP"), ("HTTP", "HTTP", None), ("DNS_HTTP", "DNS_PRIVATE", None)],
)
def test_a_type_is_sent_only_where_it_says_something(kind, namespace, sent):
    facts = {"Type": kind, "Namespace": {"Id": "ns-a", "Name": "wonderland.local", "Type": namespace}}
    assert calls(made(facts, "ns-a").actions)[0].params.get("Type") == sent


@pytest.mark.parametrize("empty", [{}, {"NamespaceId": "ns-a"}])
def test_parts_that_are_shown_empty_are_not_sent(empty):
    params = calls(made({"DnsConfig": empty, "HealthCheckConfig": {}, "Description": ""}, "ns-a").actions)[0].params
    assert not {"DnsConfig", "HealthCheckConfig", "Description"} & set(params)


def test_a_custom_health_check_without_a_threshold_is_still_one():
    """FailureThreshold is no longer used; ECS registers with a custom check, and needs the service to have one."""
    assert calls(made({"HealthCheckCustomConfig": {}}, "ns-a").actions)[0].params["HealthCheckCustomConfig"] == {}


def test_a_namespace_made_again_under_its_name_is_the_one():
    assert calls(made(None, "ns-new").actions)[0].params["NamespaceId"] == "ns-new"
    assert calls(made(None, "ns-new", "ns-abcdefghij123456").actions)[0].params["NamespaceId"] == "ns-abcdefghij123456"


@pytest.mark.parametrize("namespaces", [(), ("ns-new", "ns-newer")])
def test_without_one_namespace_to_be_in_it_is_blocked(namespaces):
    making = made(None, *namespaces)
    assert not making.actions
    (blocker,) = making.blockers
    assert "wonderland.local" in blocker.message


def test_an_ecs_service_learns_of_the_new_one_and_starts_its_tasks_again():
    one = example("ecs-service")
    registries = [{"registryArn": REGISTRY, "containerName": "app", "containerPort": 8080}]
    facts = {**one.facts, "serviceRegistries": registries}
    reference = Reference("serviceRegistries[0].registryArn", "discovery-service", REGISTRY)
    making = one.kind.repoint(one.component(sighting=Present(facts)), [reference], made_again())
    (update,) = calls(making.actions)
    assert update.params["serviceRegistries"] == [{**registries[0], "registryArn": output_of(REGISTRY)}]
    assert update.params["forceNewDeployment"] is True
    assert wrong(update) == ()


def test_who_else_is_in_its_namespace_is_no_sign_that_somebody_was_here():
    facts = example("discovery-service").facts
    busier = {**facts, "Instances": [], "InstanceCount": 9, "Namespace": {**facts["Namespace"], "ServiceCount": 7}}
    assert KIND.stable(facts) == KIND.stable(busier)
    assert KIND.stable(facts) != KIND.stable({**facts, "DnsConfig": {"DnsRecords": []}})
