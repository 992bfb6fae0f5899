"""Tags of load balancers, listeners, rules and target groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .state import Balancing, listener_of_rule

_TAGGED_AT_ONCE = 20


class Tags:
    """AddTags, RemoveTags and DescribeTags."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"AddTags": self._add, "RemoveTags": self._remove, "DescribeTags": self._describe}

    def _add(self, call: Call) -> AwsShape:
        state = self._checked(call)
        for arn in call.params["ResourceArns"]:
            state.tags.setdefault(arn, {}).update(tags_from(call.params["Tags"]))
        return {}

    def _remove(self, call: Call) -> AwsShape:
        state = self._checked(call)
        for arn in call.params["ResourceArns"]:
            for key in call.params["TagKeys"]:
                state.tags.get(arn, {}).pop(key, None)
        return {}

    def _describe(self, call: Call) -> AwsShape:
        """At most 20 resources a call; one that does not exist fails the whole call.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
        """
        state = self._checked(call)
        return {
            "TagDescriptions": [
                {"ResourceArn": arn, "Tags": [{"Key": k, "Value": v} for k, v in state.tags.get(arn, {}).items()]}
                for arn in call.params["ResourceArns"]
            ]
        }

    def _checked(self, call: Call) -> Balancing:
        state = self._world.state(Balancing, call.account, call.region)
        arns = call.params["ResourceArns"]
        if len(arns) > _TAGGED_AT_ONCE:
            raise Refused("ValidationError", f"Up to {_TAGGED_AT_ONCE} resources can be described at once")
        for arn in arns:
            _must_exist(state, arn)
        return state


def _must_exist(state: Balancing, arn: str) -> None:
    if ":loadbalancer/" in arn:
        state.load_balancer(arn)
    elif ":targetgroup/" in arn:
        state.target_group(arn)
    elif ":listener-rule/" in arn:
        listener = state.listener(listener_of_rule(arn))
        if arn not in state.rules and arn != listener.default_rule_arn:
            raise Refused("RuleNotFound", "One or more rules not found")
    elif ":listener/" in arn:
        state.listener(arn)
    else:
        raise Refused("ValidationError", f"'{arn}' is not a valid ARN")


def tags_from(given: list[AwsShape] | None) -> dict[str, str]:
    """The tags of a creating request by key."""
    return {tag["Key"]: tag.get("Value", "") for tag in given or []}
