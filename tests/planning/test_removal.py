"""What every removal plan keeps to, over many inventories. The kinds here do nothing but say their names."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from breakglass.model.account import Account, Environment
from breakglass.model.component import Absent, Component, Owned, Present, Shared, State, Unproven, Unread, Unreadable
from breakglass.model.inventory import Diagnosis, Health, Inventory
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Lead, Source
from breakglass.model.plan import Call, Settle, Until
from breakglass.planning.order import edges, order
from breakglass.planning.removal import LAST, Choice, Request, removal

NAMES = ("state-entry", "record", "check", "service", "rule", "group", "balancer", "definition")


def kind(of, at):
    class Plain(Kind):
        name = of
        title = of
        turn = 10 * at
        removable = of != "definition"

        def identify(self, ref, within=""):
            return ref

        def find(self, leads, look):
            return ()

        def protection(self, component):
            return "it is protected" if component.facts.get("protected") else None

        def unprotect(self, component, world):
            return (Call("x", "Modify", {}),)

        def remove(self, component, world):
            return Call("x", "Delete", {"Id": component.key.id}), Settle(component.key, Until.ABSENT, "gone")

    return Plain()


KINDS = {name: kind(name, len(NAMES) - at) for at, name in enumerate(NAMES)}
ACCOUNT = Account(
    "111122223333", "arn:aws:sts::111122223333:assumed-role/BreakGlass/ana", None, "production", Environment.PRODUCTION
)


@st.composite
def inventories(draw):
    """Components of all sorts, each referring to any of those drawn before it: no circles, as in AWS."""
    components = []
    for at, name in enumerate(draw(st.lists(st.sampled_from(NAMES), max_size=9))):
        key = Key(name, f"{name}-{at}")
        refers = (
            draw(st.lists(st.sampled_from(components), max_size=3, unique_by=lambda one: one.key)) if components else []
        )
        sighting, state = draw(
            st.sampled_from(
                [
                    (Present({}), State.OK),
                    (Present({}), State.OK),
                    (Present({"protected": True}), State.OK),
                    (Present({}), State.STALE),
                    (Absent("gone"), State.MISSING),
                    (Unreadable((Unread("x:Describe", "AccessDenied", "no"),)), State.UNREADABLE),
                ]
            )
        )
        ownership = draw(
            st.sampled_from([Owned(("convention",)), Owned(("entry",)), Shared(("other",)), Unproven("who knows")])
        )
        lead = Lead(name, key.id, Source.CONVENTION, "convention")
        depends_on = tuple(component.key for component in refers)
        components.append(Component(key, sighting, (lead,), state, "because", ownership, depends_on))
    diagnosis = Diagnosis(Health.UNKNOWN, "")
    return Inventory(
        "api",
        ACCOUNT,
        "eu-west-1",
        datetime(2026, 11, 23, tzinfo=UTC),
        diagnosis,
        tuple(components),
        (),
        complete=True,
        api_calls=0,
    )


choices = st.builds(
    Choice,
    only=st.frozensets(st.sampled_from(NAMES), max_size=2),
    keep=st.frozensets(st.sampled_from(NAMES), max_size=2),
    unprotect=st.booleans(),
)


@given(inventories(), choices)
def test_only_what_is_owned_there_and_chosen_is_removed(inventory, choice):
    plan = removal(inventory, KINDS, Request("run", choice=choice))
    for step in plan.steps:
        component = inventory.get(step.component)
        assert component.there
        assert isinstance(component.ownership, Owned)
        assert component.state is not State.UNREADABLE
        assert choice.excludes(component.key) is None
        assert KINDS[component.key.kind].removable
        assert choice.unprotect or "protected" not in component.facts


@given(inventories(), choices)
def test_whatever_is_there_is_either_removed_or_kept_with_a_reason(inventory, choice):
    plan = removal(inventory, KINDS, Request("run", choice=choice))
    going, kept = {step.component for step in plan.steps}, {one.component: one.why for one in plan.kept}
    assert not going & kept.keys()
    assert all(kept.values())
    assert going | kept.keys() == {
        component.key for component in inventory.components if component.there or component.state is State.UNREADABLE
    }


@given(inventories(), choices)
def test_what_stays_is_never_left_pointing_at_something_removed(inventory, choice):
    plan = removal(inventory, KINDS, Request("run", choice=choice))
    going = {step.component for step in plan.steps}
    for component in inventory.components:
        if component.there and component.key not in going and component.key.kind != LAST:
            assert not going & set(component.depends_on)


@given(inventories(), choices)
def test_a_component_goes_before_what_it_refers_to_and_the_state_entry_last(inventory, choice):
    plan = removal(inventory, KINDS, Request("run", choice=choice))
    sequence = [step.component for step in plan.steps]
    last = {key: at for at, key in enumerate(sequence)}
    for component in inventory.components:
        for other in component.depends_on:
            if component.key in last and other in last and LAST not in {component.key.kind, other.kind}:
                assert last[component.key] < last[other]
    kinds = [key.kind == LAST for key in sequence]
    assert kinds == sorted(kinds)
    assert [step.id for step in plan.steps] == list(range(1, len(plan.steps) + 1))


@given(inventories())
def test_a_protection_is_taken_off_in_a_step_of_its_own(inventory):
    plan = removal(inventory, KINDS, Request("run", choice=Choice(unprotect=True)))
    operations = [[call.operation for _, call in step.calls] for step in plan.steps]
    for step, called in zip(plan.steps, operations, strict=True):
        assert called in (["Modify"], ["Delete"])
        if called == ["Modify"]:
            following = plan.steps[step.id]
            assert following.component == step.component


@given(inventories(), st.randoms())
def test_the_order_does_not_depend_on_the_order_of_discovery(inventory, random):
    keys = [component.key for component in inventory.components]
    before = edges(inventory.components, KINDS)
    shuffled = list(keys)
    random.shuffle(shuffled)
    assert order(keys, before, KINDS) == order(shuffled, before, KINDS)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_circles_are_cut_and_nothing_is_lost(pairs):
    keys = [Key("check", str(at)) for at in range(6)]
    before = {key: frozenset(keys[b] for a, b in pairs if keys[a] == key and a != b) for key in keys}
    assert sorted(order(keys, before, KINDS)) == keys
