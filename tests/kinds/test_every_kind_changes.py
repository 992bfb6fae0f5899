"""Over the examples, which have what the sandbox has not: what is planned can be sent, and names nothing old.

Every kind is asked the same of what the sandbox has of it in test_every_kind.
"""

from copy import deepcopy
from dataclasses import replace

import pytest

from breakglass.kinds import all_kinds
from breakglass.model.component import Absent, Present
from breakglass.model.plan import Call, Settle, Until, filled, outputs_in
from breakglass.model.world import Recipe, deep_strings
from tests.kinds.changing import MADE, Example, calls, example, examples, made_again, new_value, shapes, world, wrong

EXAMPLES = [pytest.param(one, id=str(one.key)) for one in examples() if one.kind.makeable]
REMOVABLE = [one for one in EXAMPLES if one.values[0].kind.removable]
DANGLING = [one for one in EXAMPLES if one.values[0].refers]

UNTOUCHED_BY_RENEWAL = frozenset({"task-definition"})
"""Made before everything else, so that nothing in it can name what is made later."""


@pytest.mark.parametrize("one", REMOVABLE)
def test_a_removal_can_be_sent_and_ends_in_seeing_that_it_is_gone(one: Example):
    actions = one.kind.remove(one.component(), world(one.component()))
    assert calls(actions)
    assert [wrong(call) for call in calls(actions)] == [()] * len(calls(actions))
    last = actions[-1]
    assert isinstance(last, Settle)
    assert (last.until, last.component) == (Until.ABSENT, one.key)
    assert not [output for call in calls(actions) for output in outputs_in(call.params)]


@pytest.mark.parametrize("one", REMOVABLE)
def test_a_removal_goes_to_the_region_where_it_lives(one: Example):
    calls_there = calls(one.kind.remove(one.component(), world()))
    assert {call.region for call in calls_there} == {one.region}


@pytest.mark.parametrize("one", EXAMPLES)
def test_a_rebuild_can_be_sent(one: Example):
    making = one.kind.rebuild(one.recipe, made_again())
    assert not making.blockers
    assert calls(making.actions)
    assert [wrong(call) for call in calls(making.actions)] == [()] * len(calls(making.actions))


@pytest.mark.parametrize("one", EXAMPLES)
def test_a_rebuild_waits_for_what_it_made_before_it_names_it(one: Example):
    actions = one.kind.rebuild(one.recipe, made_again()).actions
    seen = False
    for action in actions:
        if isinstance(action, Call):
            own = [output for output in outputs_in(action.params) if output.component == one.key]
            assert seen or not own
        seen = seen or (isinstance(action, Settle) and action.component == one.key and action.until is not Until.ABSENT)
    assert seen


@pytest.mark.parametrize("one", EXAMPLES)
def test_what_is_made_names_nothing_old(one: Example):
    if one.key.kind in UNTOUCHED_BY_RENEWAL:
        return
    for call in calls(one.kind.rebuild(one.recipe, made_again()).actions):
        strings = set(deep_strings(call.params))
        assert not strings & set(MADE)
        assert not [text for text in strings for old in MADE if old in text]


@pytest.mark.parametrize("one", EXAMPLES)
def test_what_outlives_its_neighbours_names_them_as_they_were(one: Example):
    """With nothing made again, a rebuild names all that it named."""
    sent = list(calls(one.kind.rebuild(one.recipe, world()).actions))
    strings = {text for call in sent for text in deep_strings(call.params)}
    known = {reference.ref for reference in one.refers}
    assert not [ref for ref in known if not any(ref in text for text in strings)]


@pytest.mark.parametrize("one", EXAMPLES)
def test_plans_are_pure(one: Example):
    before = deepcopy(one.facts)
    there, everything = one.component(), made_again(one.component())
    first = one.kind.rebuild(one.recipe, everything), one.kind.removable and one.kind.remove(there, everything)
    again = one.kind.rebuild(one.recipe, everything), one.kind.removable and one.kind.remove(there, everything)
    assert first == again
    assert one.facts == before


@pytest.mark.parametrize("one", EXAMPLES)
def test_nothing_is_made_of_nothing(one: Example):
    making = one.kind.rebuild(Recipe(one.key, {}), world())
    assert not making.actions
    assert [blocker.component for blocker in making.blockers] == [one.key]
    assert all("--" in blocker.hint for blocker in making.blockers)


@pytest.mark.parametrize("one", DANGLING)
def test_repointing_can_be_sent_and_names_nothing_old(one: Example):
    making = one.kind.repoint(one.component(), one.refers, made_again(one.component()))
    assert calls(making.actions)
    for call in calls(making.actions):
        assert wrong(call) == ()
        assert list(outputs_in(call.params))


@pytest.mark.parametrize("one", DANGLING)
def test_repointing_goes_to_the_region_where_it_lives(one: Example):
    making = one.kind.repoint(one.component(), one.refers, made_again())
    assert {call.region for call in calls(making.actions)} == {one.region}


ALWAYS_REPOINTED = frozenset({"ecs-service", "listener", "listener-rule"})
"""What only sets fields, and is never asked where nothing changed."""


@pytest.mark.parametrize("one", [one for one in DANGLING if one.values[0].key.kind not in ALWAYS_REPOINTED])
def test_where_nothing_changed_nothing_is_repointed(one: Example):
    assert not one.kind.repoint(one.component(), one.refers, world(one.component())).actions


@pytest.mark.parametrize("one", EXAMPLES)
def test_a_call_that_made_it_is_recognised_by_what_is_there(one: Example):
    """After a lost answer: not done while it is absent, done once it looks as it was sent."""
    making = one.kind.rebuild(one.recipe, world())
    first = replace(calls(making.actions)[0])
    first = replace(first, params=filled(first.params, new_value))
    facts = {**one.facts, **({"status": "ACTIVE"} if "status" in one.facts else {})}
    if one.key.kind == "scalable-target":
        facts["ScheduledActions"] = facts["ScheduledActions"][:1]
    assert not one.kind.done(first, Absent("gone"))
    assert one.kind.done(first, Present(facts))


@pytest.mark.parametrize("one", REMOVABLE)
def test_a_call_that_removed_it_is_recognised_by_its_absence(one: Example):
    call = calls(one.kind.remove(one.component(), world()))[0]
    assert one.kind.done(call, Absent("gone"))
    assert not one.kind.done(call, Present(one.facts))


@pytest.mark.parametrize("old", MADE)
def test_what_refers_to_something_made_again_learns_its_new_value_in_the_form_of_the_old(old: str):
    kind, known_as = MADE[old]
    name, form = all_kinds()[kind].field_of(old) or ("", None)
    there = next((one.facts for one in examples() if (one.key.kind, one.key.id) == (kind, known_as)), {"Id": known_as})
    value = all_kinds()[kind].value(there, name)
    assert value is not None
    assert form is not None
    assert form.of(value) == old


def test_the_place_in_the_order_is_that_of_the_contract():
    turns = {name: kind.turn for name, kind in all_kinds().items()}
    assert min(turns, key=turns.__getitem__) == "task-definition"
    assert max(turns, key=turns.__getitem__) == "state-entry"
    assert turns["ecs-service"] < turns["scalable-target"] < turns["health-check"] < turns["dns-record"]
    assert turns["health-check"] < turns["alarm"] < turns["dns-record"]


def test_a_component_that_somebody_changed_is_told_apart_from_one_that_only_lives_on():
    """Volatile fields are no configuration, and all others are."""
    for one in examples():
        stable = one.kind.stable(one.facts)
        assert not set(stable) & one.kind.volatile
        assert set(one.facts) - one.kind.volatile <= set(stable)


TELLS = {
    "alarm": ("cloudwatch", "DescribeAlarms", "MetricAlarms"),
    "ecs-service": ("ecs", "DescribeServices", "services"),
    "health-check": ("route53", "GetHealthCheck", "HealthCheck"),
    "listener": ("elbv2", "DescribeListeners", "Listeners"),
    "listener-rule": ("elbv2", "DescribeRules", "Rules"),
    "load-balancer": ("elbv2", "DescribeLoadBalancers", "LoadBalancers"),
    "scalable-target": ("application-autoscaling", "DescribeScalableTargets", "ScalableTargets"),
    "target-group": ("elbv2", "DescribeTargetGroups", "TargetGroups"),
    "task-definition": ("ecs", "DescribeTaskDefinition", "taskDefinition"),
    "dns-record": ("route53", "ListResourceRecordSets", "ResourceRecordSets"),
}
"""Where AWS tells of a component of each kind: service, operation and field. A state entry is what people make it."""


@pytest.mark.parametrize("kind", TELLS)
def test_of_all_that_aws_can_tell_nothing_is_sent_that_it_does_not_take(kind):
    """Every field that the SDK knows of the answer, at whatever depth, is sent in a form it knows, or left out."""
    service, operation, name = TELLS[kind]
    told = shapes().example(service, operation)[name]
    told = told[0] if isinstance(told, list) else told
    one = example(kind)
    facts = {**told, **{field: value for field, value in one.facts.items() if field not in told}}
    facts |= {
        field: one.facts[field]
        for field in ("Priority", "HostedZoneId", "AlarmName", "AlarmArn", "tags")
        if field in one.facts
    }
    making = one.kind.rebuild(Recipe(one.key, facts), world())
    assert calls(making.actions)
    for call in calls(making.actions):
        assert shapes().unknown_members(call.service, call.operation, call.params) == ()
