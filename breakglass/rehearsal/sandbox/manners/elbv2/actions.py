"""Listener and rule actions and rule conditions, as AWS completes them."""

from __future__ import annotations

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape

from .state import Balancing, forwarded_to

_CONDITION_CONFIG = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_HAS_PLAIN_VALUES = ("host-header", "path-pattern")
_REDIRECT_DEFAULTS = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}",
                      "Query": "#{query}"}  # fmt: skip


def completed_actions(state: Balancing, load_balancer_arn: str, actions: list[AwsShape]) -> list[AwsShape]:
    """Actions as AWS shows them afterwards, or a refusal.

    A forward to one target group is shown with both TargetGroupArn and ForwardConfig, a redirect with its defaults
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html). A target group can be
    used by one load balancer only: TargetGroupAssociationLimit.
    """
    for arn in forwarded_to(actions):
        state.target_group(arn)
        if others := [other for other in state.load_balancers_of(arn) if other != load_balancer_arn]:
            raise Refused(
                "TargetGroupAssociationLimit",
                f"The following target groups cannot be associated with more than one load balancer: {arn} "
                f"(already with {others[0]})",
            )
    return [_completed(action) for action in actions]


def _completed(action: AwsShape) -> AwsShape:
    match action["Type"]:
        case "forward":
            groups = [dict(group) for group in action.get("ForwardConfig", {}).get("TargetGroups", [])]
            groups = groups or [{"TargetGroupArn": action["TargetGroupArn"]}]
            for group in groups:
                group.setdefault("Weight", 1)
            stickiness = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig") or {"Enabled": False}
            shown = {**action, "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}}
            if len(groups) == 1:
                shown["TargetGroupArn"] = groups[0]["TargetGroupArn"]
            return shown
        case "redirect":
            return {**action, "RedirectConfig": {**_REDIRECT_DEFAULTS, **action["RedirectConfig"]}}
        case _:
            return dict(action)


def completed_conditions(conditions: list[AwsShape]) -> list[AwsShape]:
    """Conditions as AWS shows them: host and path conditions with both Values and their own configuration.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
    """
    shown = []
    for condition in conditions:
        field = condition.get("Field", "")
        if field not in _CONDITION_CONFIG:
            raise Refused(
                "ValidationError", f"Condition field '{field}' must be one of '[{', '.join(_CONDITION_CONFIG)}]'"
            )
        config = _CONDITION_CONFIG[field]
        values = condition.get("Values") or condition.get(config, {}).get("Values", [])
        if not values:
            raise Refused("ValidationError", "A condition value must be specified")
        if condition.get("Values") and condition.get(config):
            raise Refused("ValidationError", f"You cannot specify both Values and {config}")
        full = {"Field": field, config: {**condition.get(config, {}), "Values": values}}
        if field in _HAS_PLAIN_VALUES:
            full["Values"] = values
        shown.append(full)
    return shown
