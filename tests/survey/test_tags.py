"""Tags as leads, where they are configured."""

from collections import Counter

import pytest

from breakglass.kinds import all_kinds
from breakglass.model.component import Absent, Found, Owned, State
from breakglass.model.inventory import Survey
from breakglass.model.lead import Key, Lead, Source
from breakglass.planning.states import dropped

ACCOUNT = '[accounts.production]\nid = "111122223333"\n\n'
BY_TAG = 'tags = { service = "{service}" }\n'


@pytest.fixture
def tagged(sandbox, tmp_path):
    """The sandbox's configuration with tags beside the conventions."""
    text = (sandbox.folder / "breakglass.toml").read_text()
    file = tmp_path / "breakglass.toml"
    file.write_text(text.replace('[services."*"]\n', f'[services."*"]\n{BY_TAG}'))
    return file


@pytest.fixture
def only_tags(tmp_path):
    file = tmp_path / "only.toml"
    file.write_text(f'{ACCOUNT}[services."*"]\n{BY_TAG}')
    return file


def operations(sandbox):
    return Counter(call["operation"] for call in sandbox.control.calls())


def test_nothing_is_asked_unless_configured(sandbox, look_at, tagged):
    look_at("deployer-api")  # the first look also asks who is looking
    sandbox.control.clear_calls()
    look_at("deployer-api")
    plain = operations(sandbox)
    sandbox.control.clear_calls()
    look_at("deployer-api", file=tagged)
    with_tags = operations(sandbox)
    assert with_tags - plain == {"GetResources": 2}, "two questions, and no more"
    assert plain - with_tags == {}


def test_what_the_state_entry_does_not_know_turns_up(sandbox, look_at, aws, world, tagged):
    elbv2 = aws("elbv2")
    made = elbv2.create_target_group(
        Name="forgotten", Protocol="HTTP", Port=80, VpcId=world.balancer()["VpcId"], TargetType="ip",
        Tags=[{"Key": "service", "Value": "deployer-api"}],
    )["TargetGroups"][0]  # fmt: skip
    assert look_at("deployer-api").get(Key("target-group", "forgotten")) is None
    inventory = look_at("deployer-api", file=tagged)
    group = inventory.get(Key("target-group", "forgotten"))
    assert group.arn == made["TargetGroupArn"]
    assert [lead.source for lead in group.leads] == [Source.TAG]
    assert "service = deployer-api" in group.leads[0].detail
    assert isinstance(group.ownership, Owned)


def test_one_of_a_similar_name_is_somebody_elses(look_at, tagged):
    names = {one.key.id for one in look_at("deployer-api", file=tagged).components}
    assert not [name for name in names if "canary" in name]


def test_tags_alone_find_a_service(look_at, only_tags):
    inventory = look_at("image-api", file=only_tags)
    kinds = {one.key.kind for one in inventory.components}
    assert {"ecs-service", "load-balancer", "target-group", "listener", "health-check", "alarm"} <= kinds
    assert {one.state for one in inventory.components} <= {State.OK, State.ORPHANED}, inventory.diagnosis


def test_health_checks_are_found_where_route_53_is(sandbox, look_at, only_tags):
    sandbox.control.clear_calls()
    inventory = look_at("deployer-api", file=only_tags)
    (check,) = inventory.of_kind("health-check")
    assert Source.TAG in {lead.source for lead in check.leads}
    asked = {call["region"] for call in sandbox.control.calls() if call["operation"] == "GetResources"}
    assert asked == {"eu-west-1", "us-east-1"}


@pytest.mark.parametrize(("source", "news"), [(Source.TAG, False), (Source.STATE_ENTRY, True)])
def test_what_is_gone_and_still_told_of_is_not_missing(source, news):
    """GetResources tells of "tagged or previously tagged resources": a tag alone makes nothing missing."""
    key = Key("target-group", "gone")
    lead = Lead("target-group", "gone", source, "x")
    seen = Survey((Found(key, Absent("AWS knows none"), (lead,)),), {lead: (key,)}, {})
    assert (key not in dropped(seen, all_kinds())) is news


def test_a_question_that_is_denied_makes_the_answer_incomplete(sandbox, look_at, tagged):
    sandbox.control.add_fault("resourcegroupstaggingapi", "GetResources")
    inventory = look_at("deployer-api", file=tagged)
    assert not inventory.complete
    assert any("GetResources" in one.message for one in inventory.findings)
    assert inventory.get(Key("ecs-service", "wonderland/deployer-api")).there


def test_a_service_that_nothing_is_tagged_with_is_unknown(look_at, only_tags):
    with pytest.raises(Exception, match="Nobody knows a service ghost"):
        look_at("ghost", file=only_tags)
