"""Services of one name in several clusters: who is meant is said by whoever names one exactly, and else by nobody."""

import pytest

from breakglass.model.lead import Key
from tests.survey.test_states import only

NAME, TABLE = "hello", "wonderland-services"
HERE, THERE = Key("ecs-service", f"wonderland/{NAME}"), Key("ecs-service", f"looking-glass/{NAME}")
BOTH = 'ecs = [{ cluster = "wonderland", service = "{service}" }, { cluster = "looking-glass", service = "{service}" }]'


@pytest.fixture
def hello(aws, world, sandbox):
    """`hello(cluster)`: a service without a load balancer, of the same name in every cluster."""
    aws("ecs").create_cluster(clusterName="looking-glass")
    like = world.service("billing-api")

    def make(*clusters):
        for cluster in clusters:
            aws("ecs").create_service(
                cluster=cluster,
                serviceName=NAME,
                desiredCount=1,
                launchType="FARGATE",
                taskDefinition=like["taskDefinition"],
                networkConfiguration=like["networkConfiguration"],
            )
        sandbox.control.advance(60)

    return make


@pytest.fixture
def entry(aws):
    """`entry(service="hello", cluster="wonderland")`: a state entry that names those."""

    def put(**pointers):
        ecs = {"M": {name: {"S": value} for name, value in pointers.items()}}
        aws("dynamodb").put_item(TableName=TABLE, Item={"name": {"S": NAME}, "ecs": ecs})

    return put


@pytest.fixture
def look(sandbox, look_at, tmp_path):
    """`look(everywhere="…", own="…", cluster="…")`: with these conventions, and with that said of this service."""

    def look(everywhere="", own="", cluster=""):
        text = (sandbox.folder / "breakglass.toml").read_text()
        if everywhere:
            assert 'ecs = { cluster = "wonderland", service = "{service}" }' in text
            text = text.replace('ecs = { cluster = "wonderland", service = "{service}" }', everywhere)
        file = tmp_path / "breakglass.toml"
        file.write_text(
            f"{text}\n[services.{NAME}]\nload_balancer = []\ntarget_groups = []\ndns = []\nalarms = []\n{own}\n"
        )
        return look_at(NAME, file=file, cluster=cluster)

    return look


def services(inventory):
    return {one.key: one.state for one in inventory.of_kind("ecs-service")}


def codes(inventory):
    return {one.code for one in inventory.findings} & {"ambiguous-service", "namesake-service"}


def test_what_the_state_entry_names_wins_over_a_convention(hello, entry, look):
    hello("wonderland", "looking-glass")
    entry(cluster="looking-glass", service=NAME)
    inventory = look()
    assert services(inventory) == {THERE: "ok"}
    (finding,) = [one for one in inventory.findings if one.code == "namesake-service"]
    assert str(HERE) in finding.message
    assert "--cluster wonderland" in finding.hint
    assert not [one for one in inventory.components if "wonderland/hello" in one.key.id]


def test_what_is_said_of_the_very_service_wins_over_a_convention(hello, look):
    hello("wonderland", "looking-glass")
    inventory = look(own='ecs = { cluster = "looking-glass" }')
    assert services(inventory) == {THERE: "ok"}
    assert codes(inventory) == set(), "a convention that its own section replaces leads nowhere"


def test_configuration_and_state_entry_that_name_different_ones_name_none(hello, entry, look):
    hello("wonderland", "looking-glass")
    entry(cluster="looking-glass", service=NAME)
    inventory = look(own='ecs = { cluster = "wonderland" }')
    assert services(inventory) == {HERE: "ok", THERE: "ok"}
    (finding,) = [one for one in inventory.findings if one.code == "ambiguous-service"]
    assert finding.severity == "critical"
    for said in (HERE.id, THERE.id, "breakglass.toml", "ecs.service"):
        assert said in finding.message
    assert "--cluster wonderland or --cluster looking-glass" in finding.hint
    assert f"[services.{NAME}]" in finding.hint


def test_conventions_that_lead_to_both_name_none(hello, entry, look):
    hello("wonderland", "looking-glass")
    assert codes(look(BOTH)) == {"ambiguous-service"}
    entry(service=NAME)
    assert codes(look(BOTH)) == {"ambiguous-service"}, "an entry that does not say its cluster names none"
    entry(cluster="wonderland", service=NAME)
    assert services(look(BOTH)) == {HERE: "ok"}


def test_a_service_that_is_said_to_run_in_both_does(hello, entry, look):
    hello("wonderland", "looking-glass")
    entry(cluster="wonderland", service=NAME)
    inventory = look(own=BOTH)
    assert services(inventory) == {HERE: "ok", THERE: "ok"}
    assert codes(inventory) == set()


def test_where_only_one_is_there_nobody_has_to_choose(hello, look):
    hello("looking-glass")
    inventory = look(BOTH)
    assert services(inventory) == {THERE: "ok"}
    assert codes(inventory) == set()


def test_a_configured_one_that_is_gone_is_a_mistake_where_the_entry_names_a_living_one(hello, entry, look):
    hello("looking-glass")
    entry(cluster="looking-glass", service=NAME)
    inventory = look(own='ecs = { cluster = "wonderland" }')
    assert services(inventory) == {THERE: "ok"}
    assert "configuration-outdated" in {one.code for one in inventory.findings}


def test_an_entry_whose_service_is_gone_beside_a_configured_living_one_names_none(hello, entry, look):
    """A rebuild would put a second one beside it."""
    hello("wonderland")
    entry(cluster="looking-glass", service=NAME)
    assert codes(look(own='ecs = { cluster = "wonderland" }')) == {"ambiguous-service"}


@pytest.mark.parametrize(("cluster", "meant"), [("wonderland", HERE), ("looking-glass", THERE)])
def test_the_operator_names_one(hello, entry, look, cluster, meant):
    hello("wonderland", "looking-glass")
    entry(cluster="looking-glass", service=NAME)
    inventory = look(own='ecs = { cluster = "wonderland" }', cluster=cluster)
    assert services(inventory) == {meant: "ok"}
    assert codes(inventory) == {"namesake-service"}
    shared = getattr(only(inventory, "state-entry").ownership, "by", ())
    assert bool(shared) == (meant == HERE), "the last pointer to the other one is not this one's alone"


def test_a_cluster_that_nobody_has_heard_of_names_none(hello, look):
    hello("wonderland")
    assert codes(look(cluster="wonderlnd")) == {"ambiguous-service"}


def test_traffic_that_goes_to_another_one_than_is_named_names_none(sandbox, hello, look_at, aws, world, tmp_path):
    """The state entry names one, and its target group has the tasks of the other."""
    like = world.service("billing-api")
    kept = ("taskDefinition", "launchType", "networkConfiguration")
    aws("ecs").create_service(
        cluster="looking-glass", serviceName="billing-api", desiredCount=1, **{name: like[name] for name in kept}
    )
    aws("dynamodb").update_item(
        TableName=TABLE,
        Key={"name": {"S": "billing-api"}},
        UpdateExpression="SET ecs.#c = :c",
        ExpressionAttributeNames={"#c": "cluster"},
        ExpressionAttributeValues={":c": {"S": "looking-glass"}},
    )
    assert codes(look_at("billing-api")) == {"ambiguous-service"}
    assert codes(look_at("billing-api", cluster="looking-glass")) == {"ambiguous-service"}
    inventory = look_at("billing-api", cluster="wonderland")
    assert services(inventory) == {Key("ecs-service", "wonderland/billing-api"): "ok"}
    assert codes(inventory) == {"namesake-service"}


def test_one_that_was_deleted_in_one_of_two_clusters_may_be_the_one_that_is_meant(hello, look, aws, sandbox):
    """The outage: its tombstone is in one cluster, and a living service of that name in the other."""
    hello("wonderland", "looking-glass")
    aws("ecs").delete_service(cluster="wonderland", service=NAME, force=True)
    sandbox.control.advance(900)
    assert codes(look(BOTH)) == {"ambiguous-service"}
    assert services(look(BOTH, cluster="wonderland")) == {HERE: "missing"}
