"""Every kind there is, enrolled by being there: what is asked of each, of what the sandbox has of it.

Nothing here names a kind. A new one is asked all of this as soon as its file exists.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakglass.aws.shapes import Shapes, stand_in
from breakglass.kinds import all_kinds
from breakglass.model.component import Absent, Present, State, Unreadable
from breakglass.model.plan import Call, Purpose, Settle, Until, filled, outputs_in
from breakglass.model.reading import Denied, Refused, Throttled, Unreachable
from breakglass.model.world import Recipe, deep_strings
from breakglass.planning.fingerprint import fingerprint
from breakglass.planning.order import edges, order
from breakglass.planning.rebuild import rebuild
from breakglass.planning.removal import LAST, Request, removal
from breakglass.running.state_dir import StateDir
from breakglass.ui.plan_report_document import Lines, plan_document
from breakglass.ui.reports.document import document
from breakglass.ui.reports.markdown import markdown
from breakglass.ui.reports.mermaid import mermaid
from breakglass.ui.reports.table import table, wide
from breakglass.ui.terminal import Style
from tests.kinds.everything import RUN, Everything, look_at_everything

ROOT = Path(__file__).parents[2]
KINDS = [pytest.param(kind, id=name) for name, kind in all_kinds().items()]
REMOVABLE = [one for one in KINDS if one.values[0].removable]
MAKEABLE = [one for one in KINDS if one.values[0].makeable]
TOKENS = {"clientToken", "ClientToken", "ClientRequestToken", "CreatorRequestId", "CallerReference"}
"""How AWS's APIs call what makes a request the same request again."""
FAILURES = (Denied, Throttled, Unreachable, Refused)
SECRET = "hunter2Planted"  # noqa: S105 - planted
SHAPES = Shapes()
TYPED = {"S", "N", "B", "M", "L", "SS", "NS", "BS", "BOOL", "NULL"}


@pytest.fixture(scope="module")
def everything(running) -> Everything:
    return look_at_everything(running)


def calls(actions):
    return [action for action in actions if isinstance(action, Call)]


def wrong(call):
    """What the SDK would refuse of a call, and what it would silently not send."""
    unknown = SHAPES.unknown_members(call.service, call.operation, call.params)
    return (*SHAPES.check(call, lambda output: stand_in(output, "111122223333", "eu-west-1")), *unknown)


def text_of(*patterns):
    return "\n".join(path.read_text() for pattern in patterns for path in sorted(ROOT.glob(pattern)))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_one_file_that_says_what_it_is_and_where_that_is_documented(kind):
    module = sys.modules[type(kind).__module__]
    assert module.__name__ == f"breakglass.kinds.{kind.name.replace('-', '_')}"
    assert module.KIND is kind
    assert "https://docs.aws.amazon.com/" in Path(module.__file__).read_text()
    assert module.__doc__
    assert type(kind).__doc__
    assert kind.title
    assert kind.names | kind.namesakes | kind.drawn_from <= all_kinds().keys()
    assert kind.stands_on is None or kind.stands_on in all_kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_people_can_read_of_it(kind):
    assert f"`{kind.name}`" in text_of("runbooks/RB-*.md"), "a runbook says what it means that one is missing"
    assert f"`{kind.name}`" in text_of("README.md", "docs/*.md")


@pytest.mark.parametrize("kind", KINDS)
def test_the_sandbox_has_one_in_good_order(kind, everything):
    states = {one.key: (one.state, one.reason) for one in everything.components(kind)}
    assert states
    assert {state for state, _ in states.values()} == {State.OK}, states


@pytest.mark.parametrize("kind", KINDS)
def test_the_copy_of_it_is_whole(kind, everything):
    for one in everything.components(kind):
        assert one.sighting.unread == ()
        assert one.users.unread == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_look_up_is_said_and_never_absence(kind, everything):
    """Each operation that looking at it takes is refused, in each way: it is there, or nobody can say."""
    found = [one for one in everything.found if one.key.kind == kind.name and isinstance(one.sighting, Present)]
    leads = list(dict.fromkeys(lead for one in found for lead in one.leads))
    everything.reader.asked.clear()
    there = {one.key for one in kind.find(leads, everything.look()) if isinstance(one.sighting, Present)}
    operations = sorted(set(everything.reader.asked))
    assert there >= {one.key for one in found}
    assert operations
    for operation in operations:
        for failure in FAILURES:
            reader = everything.reader.without(operation, failure)
            seen = kind.find(leads, everything.look(reader))
            gone = [one for one in seen if isinstance(one.sighting, Absent) and one.key in there]
            assert not gone, f"{operation} failed, and {gone[0].key} counts as absent"
            said = [
                failed.operation
                for one in seen
                for failed in (one.sighting.failures if isinstance(one.sighting, Unreadable) else one.sighting.unread)
                if isinstance(one.sighting, (Unreadable, Present))
            ] + [failed.operation for one in seen for failed in one.handles_unread]
            missed = there - {one.key for one in seen}
            assert said or not missed, f"{operation} failed, and nothing is said of {missed}"


def test_the_order_has_no_circle_and_a_removal_goes_the_other_way_round(everything):
    inventory, kinds = everything.inventory, all_kinds()
    before = edges(inventory.components, kinds)
    made = order([one.key for one in inventory.components], before, kinds)
    place = {key: at for at, key in enumerate(made)}
    circles = [(str(key), str(first)) for key in made for first in before[key] if place.get(first, -1) > place[key]]
    assert not circles, "made after what has to be there before it"
    taken = [step.component for step in removal(inventory, kinds, Request(RUN)).steps]
    assert len(taken) > len(kinds)
    assert [key for key in taken if key.kind != LAST] == [
        key for key in reversed(made) if key in taken and key.kind != LAST
    ]
    assert taken[-1].kind == LAST


@pytest.mark.parametrize("kind", REMOVABLE)
def test_a_removal_can_be_sent_where_it_lives_and_ends_in_seeing_that_it_is_gone(kind, everything):
    for one in everything.components(kind):
        actions = kind.remove(one, everything.world())
        assert actions == kind.remove(one, everything.world()), "plans are pure"
        assert calls(actions)
        assert [wrong(call) for call in calls(actions)] == [()] * len(calls(actions))
        assert {call.region for call in calls(actions)} == {one.region}
        assert not [output for call in calls(actions) for output in outputs_in(call.params)]
        last = actions[-1]
        assert isinstance(last, Settle)
        assert (last.until, last.component) == (Until.ABSENT, one.key)


@pytest.mark.parametrize("kind", [pytest.param(one, id=one.name) for one in all_kinds().values() if not one.removable])
def test_what_is_never_removed_is_kept_and_said(kind, everything):
    plan = removal(everything.inventory, all_kinds(), Request(RUN))
    assert not [step for step in plan.steps if step.component.kind == kind.name]
    kept = {one.component: one.why for one in plan.kept}
    assert all("never removed" in kept[one.key] for one in everything.components(kind))


@pytest.mark.parametrize("kind", MAKEABLE)
def test_a_rebuild_can_be_sent_and_waits_for_what_it_made(kind, everything):
    for one in everything.components(kind):
        making = kind.rebuild(everything.recipe(one), everything.world())
        assert making == kind.rebuild(everything.recipe(one), everything.world()), "plans are pure"
        assert not making.blockers
        assert calls(making.actions)
        assert [wrong(call) for call in calls(making.actions)] == [()] * len(calls(making.actions))
        waits = [action for action in making.actions if isinstance(action, Settle) and action.component == one.key]
        assert [wait for wait in waits if wait.until is not Until.ABSENT]


@pytest.mark.parametrize("kind", MAKEABLE)
def test_a_request_is_the_same_request_again_after_a_crash(kind, everything):
    """Wherever the API has a token for that, it is sent: the same in one run, another in another."""
    for one in everything.components(kind):
        recipe, world = everything.recipe(one), everything.world()
        made, again = (calls(kind.rebuild(recipe, replace(world, run=run)).actions) for run in (RUN, f"{RUN}x"))
        for call, other in zip(made, again, strict=True):
            for name in tokens_of(call) & TOKENS:
                assert call.params.get(name), f"{call.operation} has {name}, and sends none"
                assert call.params[name] != other.params[name]


def tokens_of(call):
    return set(SHAPES._operation(call.service, call.operation).input_shape.members)


@pytest.mark.parametrize("kind", MAKEABLE)
def test_what_is_made_names_nothing_old(kind, everything):
    """With everything else to be made again, too, all that it named is named by its new value."""
    renewals = everything.renewals
    for one in everything.components(kind):
        making = kind.rebuild(everything.recipe(one), everything.world(renewals))
        sent = {text for call in calls(making.actions) for text in deep_strings(call.params)}
        assert not [old for old in renewals if old in sent], one.key


@pytest.mark.parametrize("kind", MAKEABLE)
def test_of_nothing_comes_nothing_that_is_not_said(kind, everything):
    """Where no source tells anything of it, it is not made; or something is, and what is lost is said."""
    for one in everything.components(kind):
        making = kind.rebuild(Recipe(one.key, {}), everything.world())
        assert bool(making.actions) != bool(making.blockers) or not making.actions
        assert making.blockers or making.lost or not making.actions
        assert all("--" in blocker.hint for blocker in making.blockers)


@pytest.mark.parametrize("kind", KINDS)
def test_what_moves_by_itself_is_no_configuration(kind, everything):
    for one in everything.components(kind):
        stable = kind.stable(one.facts)
        assert not kind.volatile & stable.keys()
        assert one.facts.keys() - kind.volatile <= stable.keys(), "all else is"


@pytest.mark.parametrize("kind", MAKEABLE)
def test_a_call_that_made_it_is_recognised_by_what_is_there(kind, everything):
    """After a lost answer: not done while it is absent, done once it looks as it was sent."""
    for one in everything.components(kind):
        first = calls(kind.rebuild(everything.recipe(one), everything.world()).actions)[0]
        first = replace(
            first, params=filled(first.params, lambda output: stand_in(output, "111122223333", "eu-west-1"))
        )
        assert not kind.done(first, Absent("gone"))
        assert kind.done(first, one.sighting), first


@pytest.mark.parametrize("kind", REMOVABLE)
def test_a_call_that_removed_it_is_recognised_by_its_absence(kind, everything):
    for one in everything.components(kind):
        last = calls(kind.remove(one, everything.world()))[-1]
        assert kind.done(last, Absent("gone"))
        assert not kind.done(last, one.sighting)


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_in_its_facts_comes_out(kind, everything, tmp_path):
    """Planted beside every field at any depth: under a name that promises one, and in what containers are given."""
    inventory = planted(everything.inventory, kind)
    plans = (
        removal(inventory, all_kinds(), Request(RUN)),
        rebuild(replace(everything, inventory=inventory).without(lambda key: key.kind == kind.name), all_kinds(),
                Request(RUN), replace(everything, inventory=inventory).sources),
    )  # fmt: skip
    assert SECRET in repr(inventory)
    shown = [render(inventory) for render in (markdown, mermaid)]
    shown += [render(inventory, Style(width=200)) for render in (table, wide)]
    shown += [json.dumps(document(inventory))]
    shown += [json.dumps(plan_document(plan, Lines(plan, StateDir(tmp_path)))) for plan in plans]
    assert [text for text in shown if SECRET in text] == []
    assert {plan.purpose for plan in plans} == {Purpose.REMOVE, Purpose.REBUILD}


def is_typed(value):
    """Whether it is a value as DynamoDB writes it."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in TYPED


def plant(value):
    match value:
        case dict() if is_typed(value):
            return {tag: plant(item) for tag, item in value.items()}
        case dict() if all(map(is_typed, value.values())):
            return {**{name: plant(item) for name, item in value.items()}, "sessionToken": {"S": SECRET}}
        case dict():
            more = {"sessionToken": SECRET, "environment": [{"name": "GREETING", "value": SECRET}]}
            return {**{name: item if name == "Key" else plant(item) for name, item in value.items()}, **more}
        case list():
            return [plant(item) for item in value]
        case _:
            return value


def planted(inventory, kind):
    """The inventory with a secret beside every field of that kind's components, but for the keys of a table."""
    components = (
        replace(one, sighting=replace(one.sighting, facts=plant(one.facts))) if one.key.kind == kind.name else one
        for one in inventory.components
    )
    return replace(inventory, components=tuple(components))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0, 2**64 - 1))
def test_whatever_part_of_it_is_missing_is_made_once_and_in_order(everything, which):
    """From the snapshot in which all was there: nothing blocks, and what anything refers to is there before it."""
    makeable = [one.key for one in everything.inventory.components if all_kinds()[one.key.kind].makeable]
    gone = {key for at, key in enumerate(makeable) if which >> at & 1}
    plan = rebuild(everything.without(gone.__contains__), all_kinds(), Request(RUN), everything.sources)
    assert plan.blockers == ()
    made = [step.component for step in plan.steps if step.goal is Until.THERE]
    assert sorted(made) == sorted(gone)
    place = {key: at for at, key in enumerate(made)}
    needs = {key: everything.inventory.get(key).depends_on for key in made if key.kind != LAST}
    assert not [(key, one) for key, ones in needs.items() for one in ones if place.get(one, -1) > place[key]]
    assert [problem for call in plan.calls for problem in wrong(call)] == []


def test_a_fingerprint_tells_who_was_here_and_not_how_it_is_doing(everything, running):
    """Tasks die and others start, events are written, time goes by: nothing of that is a change."""
    running.control.chaos("fail-tasks", service=everything.settings.service, kill=True)
    running.control.advance(60)
    running.control.chaos("heal-tasks", service=everything.settings.service)
    running.control.advance(900)
    later = look_at_everything(running, afresh=False)
    prints = [
        {one.key: fingerprint(one, all_kinds()[one.key.kind]) for one in inventory.components}
        for inventory in (everything.inventory, later.inventory)
    ]
    assert prints[0] == prints[1]
    moved = [one for one in later.inventory.components if one.facts != everything.inventory.get(one.key).facts]
    assert {one.key.kind for one in moved} >= {"ecs-service"}
