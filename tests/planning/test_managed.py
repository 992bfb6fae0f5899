"""Whose a thing is by its tags, and what is said of a stack's things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.model.lead import Key
from breakglass.planning.managed import STACK_TAG, lost_to_its_stack, managed_by

KEY = Key("target-group", "deployer-api")
names = st.text("abc-", min_size=1)


@given(names, st.dictionaries(names, st.text()))
def test_a_stack_is_told_however_tags_are_spelt(stack, others):
    tags = {**others, STACK_TAG: stack}
    spelt = (
        {"Tags": tags},
        {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]},
        {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
    )
    for facts in spelt:
        assert stack in lost_to_its_stack(KEY, facts).what
    assert managed_by(tags) == f"CloudFormation stack {stack}"


@pytest.mark.parametrize("facts", [{}, {"Tags": []}, {"tags": None}, {"Tags": [{"Key": "team", "Value": "x"}]}])
def test_what_no_stack_made_is_lost_to_none(facts):
    assert lost_to_its_stack(KEY, facts) is None


def test_other_tools_are_told_by_name():
    assert managed_by({"Managed-By": "terraform"}) == "terraform"
    assert managed_by({"team": "kasse"}) is None
