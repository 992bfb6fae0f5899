"""Classic load balancers: which names mean one, who is behind it, and how every part of it is made again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.kinds import all_kinds
from breakglass.model.component import Absent, Present, State
from breakglass.model.kind import Detail, Look
from breakglass.model.lead import Key, Lead, Source
from breakglass.model.plan import Call, Settle, Until
from breakglass.model.reading import NotOffered
from breakglass.model.world import Recipe
from tests.kinds.changing import TAGS, Example, calls, example, gone, world, wrong
from tests.kinds.fake_reader import FakeReader, find, lead, settings
from tests.kinds.worlds import classic_balancers

KIND = all_kinds()["classic-load-balancer"]
ELB = "arn:aws:elasticloadbalancing:eu-west-1:111122223333"
TOLD = {"ELBSecurityPolicy-2016-08", "by-session", "by-hour", "own"}


def sent(facts, operation=None):
    actions = KIND.rebuild(Recipe(Key(KIND.name, "classic-api"), facts), world()).actions
    assert [wrong(call) for call in calls(actions)] == [()] * len(calls(actions))
    return [call.params for call in calls(actions) if operation in (None, call.operation)]


def changed(**fields):
    return {**example(KIND.name).facts, **fields}


@pytest.mark.parametrize(
    ("ref", "means"),
    [
        ("api", "api"),
        ("api-2", "api-2"),
        ("api-1234567890.eu-west-1.elb.amazonaws.com", "api"),
        ("dualstack.API-1234567890.eu-west-1.elb.amazonaws.com.", "api"),
        ("internal-my-api-1234567890.eu-west-1.elb.amazonaws.com", "my-api"),
        ("my-api.us-east-1.elb.amazonaws.com", "my-api"),
        (f"{ELB}:loadbalancer/api", "api"),
        (f"{ELB}:loadbalancer/app/api/50dc6c495c0c9188", None),
        (f"{ELB}:targetgroup/api/50dc6c495c0c9188", None),
        ("api-50dc6c495c0c9188.elb.eu-west-1.amazonaws.com", None),
        ("app/api/50dc6c495c0c9188", None),
        ("api.example.com", None),
    ],
)
def test_a_name_means_one_where_no_other_sort_is_spelt_so(ref, means):
    assert KIND.identify(ref) == means


def test_lead_of_another_kind_is_only_a_question():
    """An endpoint without classic load balancers knows none of that name; asked about exactly, it is unreadable."""
    vague = Lead("load-balancer", "api", Source.STATE_ENTRY, "the entry")
    look = {"elasticloadbalancing:DescribeLoadBalancers": NotOffered}
    (found,) = KIND.find([vague], Look(FakeReader({}, failing=look), settings()))
    assert isinstance(found.sighting, Absent)
    assert found.leads == (vague,)
    (found,) = KIND.find([vague, lead(KIND, "api")], Look(FakeReader({}, failing=look), settings()))
    assert not isinstance(found.sighting, Absent | Present)


def test_an_endpoint_that_answers_for_another_version_knows_none():
    reader = FakeReader({("elb", "DescribeLoadBalancers"): lambda _: {}})
    assert isinstance(find(KIND, reader, lead(KIND, "api"))["api"].sighting, Absent)


def test_side_questions_that_an_endpoint_does_not_know_are_left_out():
    world = classic_balancers("api")
    names = ("DescribeInstanceHealth", "DescribeTags", "DescribeLoadBalancerAttributes", "DescribeLoadBalancerPolicies")
    failing = {f"elasticloadbalancing:{name}": NotOffered for name in names}
    found = find(KIND, FakeReader(world, failing=failing), lead(KIND, "api"), detail=Detail.COPY)["api"]
    assert not found.sighting.unread
    assert found.sighting.condition.serving is None
    assert KIND.awaited(Until.SERVING, found.sighting) is None


def test_it_takes_three_calls_to_look():
    reader = FakeReader(classic_balancers("api"))
    dns_name = "api-123456.eu-west-1.elb.amazonaws.com"
    found = find(KIND, reader, lead(KIND, "api"), lead(KIND, dns_name))
    assert sum(reader.counted().values()) == 3
    assert found["api"].handles == {"api", dns_name}
    references = found["api"].sighting.references
    assert [(ref.kind, ref.ref) for ref in references if not ref.hint] == [("security-group", "sg-1")]
    assert [(ref.kind, ref.ref) for ref in references if ref.hint] == [("ecs-service", "i-1:8080")]
    users = KIND.users(found["api"], Look(reader, settings()))
    assert [(user.kind, user.ref) for user in users.by] == [("ecs-service", "i-1:8080")]


def state(known_as, state="InService", description="N/A"):
    return {"InstanceId": known_as, "State": state, "ReasonCode": "ELB", "Description": description}


LEAVING = "Instance deregistration currently in progress."


@pytest.mark.parametrize(
    ("states", "serves", "all_serve", "drained"),
    [
        ([], False, False, True),
        ([state("i-1")], True, True, True),
        ([state("i-1"), state("i-2", "OutOfService", "it failed")], True, False, True),
        ([state("i-1"), state("i-2", "InService", LEAVING)], True, True, False),
        ([state("i-1", "OutOfService", "it failed")], False, False, True),
        ([state("i-1", "InService", LEAVING)], False, False, False),
    ],
)
def test_it_serves_with_one_instance_in_service(states, serves, all_serve, drained):
    described = classic_balancers("api", Instances=[{"InstanceId": one["InstanceId"]} for one in states])
    told = {**described, ("elb", "DescribeInstanceHealth"): lambda _: {"InstanceStates": states}}
    found = find(KIND, FakeReader(told), lead(KIND, "api"))["api"]
    condition = found.sighting.condition
    assert condition.serving == serves
    assert bool(condition.troubles) != serves
    assert (KIND.awaited(Until.SERVING, found.sighting) is None) == all_serve
    assert (KIND.awaited(Until.DRAINED, found.sighting) is None) == drained
    staying = {f"{one['InstanceId']}:8080" for one in states if one["Description"] != LEAVING}
    assert {user.ref for user in KIND.users(found, Look(FakeReader(told), settings())).by} == staying


def test_every_port_of_every_instance_has_to_be_ours():
    listeners = [{"Listener": {"InstancePort": port}} for port in (8080, 8081, 8080)]
    reader = FakeReader(classic_balancers("api", ListenerDescriptions=listeners))
    found = find(KIND, reader, lead(KIND, "api"))["api"]
    assert [user.ref for user in KIND.users(found, Look(reader, settings())).by] == ["i-1:8080", "i-1:8081"]


def test_subnets_say_their_zones_and_without_them_zones_are_sent():
    """CreateLoadBalancer takes one or the other."""
    (params,) = sent(changed(), "CreateLoadBalancer")
    assert params["Subnets"] == ["subnet-1", "subnet-2"]
    assert "AvailabilityZones" not in params
    (params,) = sent(changed(Subnets=[]), "CreateLoadBalancer")
    assert params["AvailabilityZones"] == ["eu-west-1a", "eu-west-1b"]
    assert "Subnets" not in params


def test_a_field_that_aws_adds_next_year_is_not_lost():
    facts = {**example(KIND.name).facts, "aFieldOfNextYear": "x"}
    making = KIND.rebuild(Recipe(Key(KIND.name, "classic-api"), facts), world())
    params = calls(making.actions)[0].params
    assert params["aFieldOfNextYear"] == "x"
    assert TAGS[0] in params["Tags"]
    assert not [tag for tag in params["Tags"] if tag["Key"].startswith("aws:")]


def test_all_that_is_a_call_of_its_own_is_made_again():
    facts = changed()
    (attributes,) = sent(facts, "ModifyLoadBalancerAttributes")
    assert attributes["LoadBalancerAttributes"] == facts["LoadBalancerAttributes"]
    (check,) = sent(facts, "ConfigureHealthCheck")
    assert check["HealthCheck"] == facts["HealthCheck"]
    (by_app,) = sent(facts, "CreateAppCookieStickinessPolicy")
    assert (by_app["PolicyName"], by_app["CookieName"]) == ("by-session", "session")
    (by_lb,) = sent(facts, "CreateLBCookieStickinessPolicy")
    assert by_lb["CookieExpirationPeriod"] == 3600
    assert [one["PolicyName"] for one in sent(facts, "CreateLoadBalancerPolicy")] == ["followed", "proxied"]
    (backend,) = sent(facts, "SetLoadBalancerPoliciesForBackendServer")
    assert (backend["InstancePort"], backend["PolicyNames"]) == (8080, ["proxied"])
    (instances,) = sent(facts, "RegisterInstancesWithLoadBalancer")
    assert instances["Instances"] == [{"InstanceId": "i-1"}]


def described(name, kind, **says):
    attributes = [{"AttributeName": key.replace("_", "-"), "AttributeValue": value} for key, value in says.items()]
    return {"PolicyName": name, "PolicyTypeName": kind, "PolicyAttributeDescriptions": attributes}


def test_a_policy_that_follows_one_of_aws_says_only_that():
    """AWS shows all that it means, and does not take both."""
    shown = described(
        "p", "SSLNegotiationPolicyType", Reference_Security_Policy="ELBSecurityPolicy-2016-08", RC4="false"
    )
    facts = changed(PolicyDescriptions=[shown], Policies={"OtherPolicies": ["p"]})
    (policy,) = sent(facts, "CreateLoadBalancerPolicy")
    reference = {"AttributeName": "Reference-Security-Policy", "AttributeValue": "ELBSecurityPolicy-2016-08"}
    assert policy["PolicyAttributes"] == [reference]


def test_a_public_key_is_there_before_the_policy_that_names_it():
    names = ["auth", "key"]
    policies = [
        described("auth", "BackendServerAuthenticationPolicyType", PublicKeyPolicyName="key"),
        described("key", "PublicKeyPolicyType", PublicKey="MII"),
    ]
    facts = changed(PolicyDescriptions=policies, Policies={"OtherPolicies": names})
    assert [one["PolicyName"] for one in sent(facts, "CreateLoadBalancerPolicy")] == ["key", "auth"]


def test_what_a_policy_says_is_lost_where_nothing_tells_it_but_for_those_of_aws():
    facts = changed(Policies={"OtherPolicies": ["ELBSecurityPolicy-2015-05", "secret"]}, PolicyDescriptions=[])
    (policy,) = sent(facts, "CreateLoadBalancerPolicy")
    assert policy["PolicyAttributes"][0]["AttributeValue"] == "ELBSecurityPolicy-2015-05"
    lost = KIND.rebuild(Recipe(Key(KIND.name, "classic-api"), facts), world()).lost
    assert any("secret" in loss.what for loss in lost)


names = st.lists(st.sampled_from(sorted(TOLD)), unique=True)


@given(st.lists(st.tuples(st.sampled_from(["HTTP", "HTTPS", "TCP", "SSL"]), names), min_size=1, max_size=4))
def test_each_listener_gets_its_policies_back_after_they_are_made(listeners):
    """A secure listener begins with a policy of AWS's own: what was bound replaces it, also where that was nothing."""
    facts = changed(
        Policies={
            "AppCookieStickinessPolicies": [{"PolicyName": "by-session", "CookieName": "s"}],
            "LBCookieStickinessPolicies": [{"PolicyName": "by-hour"}],
            "OtherPolicies": ["ELBSecurityPolicy-2016-08", "own"],
        },
        PolicyDescriptions=[described("own", "SSLNegotiationPolicyType", Protocol="true")],
        BackendServerDescriptions=[],
        ListenerDescriptions=[
            {
                "Listener": {"Protocol": protocol, "LoadBalancerPort": port, "InstancePort": 8080},
                "PolicyNames": bound,
            }
            for port, (protocol, bound) in enumerate(listeners, 80)
        ],
    )
    there: set[str] = set()
    bound = {
        port: ["ELBSecurityPolicy-2016-08"] if protocol in {"HTTPS", "SSL"} else []
        for port, (protocol, _) in enumerate(listeners, 80)
    }
    for params in sent(facts):
        if "PolicyNames" in params:
            assert set(params["PolicyNames"]) <= there
            bound[params["LoadBalancerPort"]] = params["PolicyNames"]
        elif "PolicyName" in params:
            assert params["PolicyName"] not in there
            there.add(params["PolicyName"])
    assert there == TOLD
    assert bound == {port: wanted for port, (_, wanted) in enumerate(listeners, 80)}


@pytest.mark.parametrize(
    ("balancers", "registers"),
    [
        ([{"loadBalancerName": "classic-api"}], False),
        ([{"loadBalancerName": "another"}], True),
        ([{"targetGroupArn": f"{ELB}:targetgroup/api/1"}], True),
    ],
)
def test_instances_are_registered_only_where_ecs_does_not(balancers, registers):
    one = example(KIND.name)
    service = Key("ecs-service", "wonderland/api")
    facts = {"loadBalancers": balancers}
    draining = world(Example(service, facts).component(state=State.DRAINING, handles=frozenset({"i-9:8080"})))
    for recipe in (
        KIND.completed(one.recipe, draining.inventory, {}),
        KIND.completed(one.recipe, world(gone(service)).inventory, {service: facts}),
    ):
        made = calls(KIND.rebuild(recipe, world()).actions)
        assert ("RegisterInstancesWithLoadBalancer" in [call.operation for call in made]) == registers


def test_the_hosts_of_tasks_that_run_are_registered():
    """ECS registers an instance when a task starts there; where they run now counts, and not where they ran."""
    one = example(KIND.name)
    handles = frozenset({"api", "wonderland/api", "10.0.0.1", "i-8:8080", "i-7:8080", "i-8:9090"})
    service = Example(Key("ecs-service", "wonderland/api"), {"loadBalancers": [{"loadBalancerName": "classic-api"}]})
    recipe = KIND.completed(one.recipe, world(service.component(handles=handles)).inventory, {})
    (params,) = sent(recipe.facts, "RegisterInstancesWithLoadBalancer")
    assert params["Instances"] == [{"InstanceId": "i-7"}, {"InstanceId": "i-8"}]
    assert "run" in recipe.sources["Instances"]


@pytest.mark.parametrize(
    ("serving", "enabled", "waits"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_connections_are_let_end_where_it_serves(serving, enabled, waits):
    draining = {"ConnectionDraining": {"Enabled": enabled, "Timeout": 45}}
    one = Example(Key(KIND.name, "classic-api"), changed(LoadBalancerAttributes=draining))
    actions = KIND.remove(one.component(), world(serving=serving))
    first = actions[0]
    assert isinstance(first, Settle) == waits
    if isinstance(first, Settle):
        assert (first.until, first.protects_traffic) == (Until.DRAINED, True)
        assert "45 s" in first.words
    assert KIND.awaited(Until.DRAINED, Absent("gone")) is None


def test_a_lost_answer_is_looked_for_part_by_part():
    """That the load balancer is there says nothing of its policies and instances."""
    one = example(KIND.name)
    for call in calls(KIND.rebuild(one.recipe, world()).actions):
        bare = {**one.facts, "Policies": {}, "Instances": [], "InstanceStates": []}
        assert not KIND.done(call, Absent("gone")), call.operation
        sets_fields = call.operation.startswith(("Set", "Modify", "Configure"))
        assert KIND.done(call, Present(one.facts)) != sets_fields, call.operation
        assert KIND.done(call, Present(bare)) == (call.operation == "CreateLoadBalancer")


def test_only_a_policy_may_be_there_already():
    assert KIND.already(Call("elb", "CreateLoadBalancerPolicy", {}), "DuplicatePolicyName")
    assert not KIND.already(Call("elb", "CreateLoadBalancer", {}), "DuplicateLoadBalancerName")
