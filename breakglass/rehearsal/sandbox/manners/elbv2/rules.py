"""Listener rules."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .actions import completed_actions, completed_conditions
from .state import Balancing, listener_of_rule
from .tags import tags_from

_PAGE = 400


class Rules:
    """Creation, description, change and deletion of rules."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateRule": self._create,
            "DescribeRules": self._describe,
            "ModifyRule": self._modify,
            "DeleteRule": self._delete,
            "SetRulePriorities": self._set_priorities,
        }

    def _create(self, call: Call) -> AwsShape:
        """A priority is a number in the request and a string in the answer; one that is taken is PriorityInUse.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
        """
        state = self._state(call)
        listener_arn = call.params["ListenerArn"]
        listener = state.listener(listener_arn)
        priority = str(call.params["Priority"])
        _must_be_free(state, listener_arn, priority)
        arn = f"{listener_arn.replace(':listener/', ':listener-rule/')}/{secrets.token_hex(8)}"
        rule: AwsShape = {
            "RuleArn": arn,
            "Priority": priority,
            "Conditions": completed_conditions(call.params["Conditions"]),
            "Actions": completed_actions(state, listener.shape["LoadBalancerArn"], call.params["Actions"]),
            "IsDefault": False,
            "Transforms": call.params.get("Transforms") or [],
        }
        state.rules[arn] = rule
        state.tags[arn] = tags_from(call.params.get("Tags"))
        return {"Rules": [rule]}

    def _describe(self, call: Call) -> AwsShape:
        state = self._state(call)
        if listener_arn := call.params.get("ListenerArn"):
            chosen = state.rules_of(listener_arn)
        elif arns := call.params.get("RuleArns"):
            chosen = [self._found(state, arn) for arn in arns]
        else:
            raise Refused("ValidationError", "You must specify either listener rule ARNs or a listener ARN")
        shown, marker = page(chosen, call.params.get("Marker"), int(call.params.get("PageSize") or _PAGE))
        return {"Rules": shown, "NextMarker": marker}

    def _modify(self, call: Call) -> AwsShape:
        state = self._state(call)
        rule = self._found(state, call.params["RuleArn"])
        if rule["IsDefault"]:
            raise Refused("OperationNotPermitted", f"Default rule '{rule['RuleArn']}' cannot be modified")
        listener = state.listener(listener_of_rule(rule["RuleArn"]))
        if conditions := call.params.get("Conditions"):
            rule["Conditions"] = completed_conditions(conditions)
        if transforms := call.params.get("Transforms"):
            rule["Transforms"] = transforms
        if actions := call.params.get("Actions"):
            before = rule["Actions"]
            rule["Actions"] = completed_actions(state, listener.shape["LoadBalancerArn"], actions, before)
        return {"Rules": [rule]}

    def _delete(self, call: Call) -> AwsShape:
        """The default rule goes with its listener only.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteRule.html
        """
        state = self._state(call)
        rule = self._found(state, call.params["RuleArn"])
        if rule["IsDefault"]:
            raise Refused("OperationNotPermitted", f"Default rule '{rule['RuleArn']}' cannot be deleted")
        del state.rules[rule["RuleArn"]]
        state.tags.pop(rule["RuleArn"], None)
        return {}

    def _set_priorities(self, call: Call) -> AwsShape:
        state = self._state(call)
        wanted = {item["RuleArn"]: str(item["Priority"]) for item in call.params["RulePriorities"]}
        moved = [self._found(state, arn) for arn in wanted]
        for rule in moved:
            listener_arn = listener_of_rule(rule["RuleArn"])
            for other in state.rules_of(listener_arn):
                if other["RuleArn"] not in wanted and other["Priority"] == wanted[rule["RuleArn"]]:
                    raise Refused("PriorityInUse", f"Priority '{other['Priority']}' is currently in use")
        for rule in moved:
            rule["Priority"] = wanted[rule["RuleArn"]]
        return {"Rules": moved}

    def _found(self, state: Balancing, arn: str) -> AwsShape:
        if arn in state.rules:
            return state.rules[arn]
        if (listener_arn := listener_of_rule(arn)) in state.listeners:
            default = state.rules_of(listener_arn)[-1]
            if default["RuleArn"] == arn:
                return default
        raise Refused("RuleNotFound", "One or more rules not found")

    def _state(self, call: Call) -> Balancing:
        return self._world.state(Balancing, call.account, call.region)


def _must_be_free(state: Balancing, listener_arn: str, priority: str) -> None:
    if any(rule["Priority"] == priority for rule in state.rules_of(listener_arn)):
        raise Refused("PriorityInUse", f"Priority '{priority}' is currently in use")
