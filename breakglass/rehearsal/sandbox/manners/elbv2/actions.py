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


_OIDC = "authenticate-oidc"
_OVER_HTTP = ("HTTP", "HTTPS")


def completed_actions(
    state: Balancing, load_balancer_arn: str, actions: list[AwsShape], before: list[AwsShape] | None = None
) -> list[AwsShape]:
    """Actions as AWS shows them afterwards, or a refusal.

    A forward to one target group is shown with both TargetGroupArn and ForwardConfig, a redirect with its defaults
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html). A target group can be
    used by one load balancer only: TargetGroupAssociationLimit. `before` are the actions that are being changed.
    """
    _keep_to_the_sort(state, load_balancer_arn, actions)
    for arn in forwarded_to(actions):
        if others := [other for other in state.load_balancers_of(arn) if other != load_balancer_arn]:
            raise Refused(
                "TargetGroupAssociationLimit",
                f"The following target groups cannot be associated with more than one load balancer: {arn} "
                f"(already with {others[0]})",
            )
    for action in actions:
        if action["Type"] == _OIDC:
            _must_have_secret(action["AuthenticateOidcConfig"], before)
    return [_completed(action) for action in actions]


def _keep_to_the_sort(state: Balancing, load_balancer_arn: str, actions: list[AwsShape]) -> None:
    """Network load balancers forward and nothing else, and to target groups that speak no HTTP.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html
    """
    network = state.load_balancer(load_balancer_arn).shape["Type"] == "network"
    if network and any(action["Type"] != "forward" for action in actions):
        raise Refused("InvalidLoadBalancerAction", "Only forward actions are supported for network load balancers")
    for arn in forwarded_to(actions):
        protocol = state.target_group(arn).shape.get("Protocol")
        if protocol and network == (protocol in _OVER_HTTP):
            raise Refused("IncompatibleProtocols", f"The target group '{arn}' has the protocol {protocol}")


def _must_have_secret(config: AwsShape, before: list[AwsShape] | None) -> None:
    """A secret is given, or there is one already and it is said to be kept: only a change can say so.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html
    """
    had = any(action["Type"] == _OIDC for action in before or [])
    if not config.get("ClientSecret") and not (had and config.get("UseExistingClientSecret")):
        raise Refused("ValidationError", "A client secret must be specified")


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
        case "authenticate-oidc":
            untold = ("ClientSecret", "UseExistingClientSecret")
            config = {name: value for name, value in action["AuthenticateOidcConfig"].items() if name not in untold}
            return {**action, "AuthenticateOidcConfig": config}
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
        patterns = condition.get("RegexValues") or condition.get(config, {}).get("RegexValues", [])
        values = condition.get("Values") or condition.get(config, {}).get("Values", [])
        if patterns and not values:
            shown.append({"Field": field, "RegexValues": patterns, config: {"RegexValues": patterns}})
            continue
        if not values:
            raise Refused("ValidationError", "A condition value must be specified")
        if condition.get("Values") and condition.get(config):
            raise Refused("ValidationError", f"You cannot specify both Values and {config}")
        full = {"Field": field, config: {**condition.get(config, {}), "Values": values}}
        if field in _HAS_PLAIN_VALUES:
            full["Values"] = values
        shown.append(full)
    return shown
