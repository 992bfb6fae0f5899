"""Whose hands a thing is in besides ours: a CloudFormation stack, or another tool that says so in tags."""

from collections.abc import Mapping
from typing import Any

from breakglass.model.component import Component, Facts
from breakglass.model.lead import Key
from breakglass.model.plan import Loss

STACK_TAG = "aws:cloudformation:stack-name"
"""AWS's own, on all that a stack makes and that takes tags.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
"""
MANAGER_TAGS = ("managed-by", "managedby", "app.kubernetes.io/managed-by", "elbv2.k8s.aws/cluster")
STACK = "CloudFormation stack "


def managed_by(tags: Mapping[str, str]) -> str | None:
    """The tool that says in tags that it manages a thing: a CloudFormation stack, or another by name."""
    if stack := tags.get(STACK_TAG):
        return f"{STACK}{stack}"
    return next((value for tag, value in tags.items() if tag.lower() in MANAGER_TAGS), None)


def kept_for_its_stack(component: Component) -> str | None:
    """Why a removal leaves a stack's thing alone; None where it is no stack's."""
    if not (component.managed_by or "").startswith(STACK):
        return None
    return (
        f"managed by {component.managed_by}: its stack would make it again or fail; --managed removes it all the same"
    )


def lost_to_its_stack(key: Key, facts: Facts) -> Loss | None:
    """What a stack does not learn: that the thing which it made is another one now. None where it was no stack's."""
    stack = _tags(facts).get(STACK_TAG)
    if not stack:
        return None
    return Loss(
        key, f"the {STACK}{stack} made it, and does not know what is made in its place: its owners have to be told"
    )


def _tags(facts: Facts) -> Mapping[str, str]:
    """Tags as a mapping, however the API at hand spells them: a mapping, `Key` and `Value`, `key` and `value`."""
    tags: Any = facts.get("Tags") or facts.get("tags") or {}
    if isinstance(tags, Mapping):
        return tags
    return {
        str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", "")))
        for tag in tags
        if isinstance(tag, Mapping)
    }
