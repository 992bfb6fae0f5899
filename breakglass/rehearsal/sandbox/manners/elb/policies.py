"""Policies of classic load balancers, and what they are bound to.

https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_CreateLoadBalancerPolicy.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .state import Classic, classic_of

DEFAULT_SSL_POLICY = "ELBSecurityPolicy-2016-08"
"""What AWS gives a secure listener: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-security-policy-table.html"""

SECURE = ("HTTPS", "SSL")
_REFERENCE = "Reference-Security-Policy"
_MEANS = (("Protocol-TLSv1.2", "true"), ("ECDHE-RSA-AES128-GCM-SHA256", "true"))
_TYPES = ("AppCookieStickinessPolicyType", "BackendServerAuthenticationPolicyType", "LBCookieStickinessPolicyType",
          "ProxyProtocolPolicyType", "PublicKeyPolicyType", "SSLNegotiationPolicyType")  # fmt: skip


class Policies:
    """Creation, description, binding and deletion of policies."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateLoadBalancerPolicy": self._create,
            "CreateAppCookieStickinessPolicy": self._create_app_cookie,
            "CreateLBCookieStickinessPolicy": self._create_lb_cookie,
            "DescribeLoadBalancerPolicies": self._describe,
            "DeleteLoadBalancerPolicy": self._delete,
            "SetLoadBalancerPoliciesOfListener": self._bind_to_listener,
            "SetLoadBalancerPoliciesForBackendServer": self._bind_to_backend,
        }

    def _create(self, call: Call) -> AwsShape:
        """A name is given once; one that follows AWS's own policy is shown with all that this means."""
        kind = call.params["PolicyTypeName"]
        if kind not in _TYPES:
            raise Refused("PolicyTypeNotFound", f"Policy type '{kind}' not found")
        attributes = [dict(one) for one in call.params.get("PolicyAttributes") or []]
        followed = next((one["AttributeValue"] for one in attributes if one["AttributeName"] == _REFERENCE), None)
        if followed and len(attributes) > 1:
            raise Refused("InvalidConfigurationRequest", f"{_REFERENCE} cannot be combined with other attributes")
        if followed:
            return self._add(call, reference_policy(call.params["PolicyName"], followed))
        known = classic_of(self._world, call).policies
        for one in attributes:
            if one["AttributeName"] == "PublicKeyPolicyName" and one["AttributeValue"] not in known:
                raise Refused("InvalidConfigurationRequest", f"There is no policy {one['AttributeValue']}")
        return self._add(call, _policy(call.params["PolicyName"], kind, attributes))

    def _create_app_cookie(self, call: Call) -> AwsShape:
        attributes = [{"AttributeName": "CookieName", "AttributeValue": call.params["CookieName"]}]
        return self._add(call, _policy(call.params["PolicyName"], "AppCookieStickinessPolicyType", attributes))

    def _create_lb_cookie(self, call: Call) -> AwsShape:
        period = call.params.get("CookieExpirationPeriod")
        attributes = [{"AttributeName": "CookieExpirationPeriod", "AttributeValue": str(period)}] if period else []
        return self._add(call, _policy(call.params["PolicyName"], "LBCookieStickinessPolicyType", attributes))

    def _add(self, call: Call, policy: AwsShape) -> AwsShape:
        found = classic_of(self._world, call)
        if policy["PolicyName"] in found.policies:
            raise Refused("DuplicatePolicyName", f"A policy with the name {policy['PolicyName']} already exists")
        found.policies[policy["PolicyName"]] = policy
        return {}

    def _describe(self, call: Call) -> AwsShape:
        found = classic_of(self._world, call)
        names = call.params.get("PolicyNames") or list(found.policies)
        _must_exist(found, names)
        return {"PolicyDescriptions": [found.policies[name] for name in names]}

    def _delete(self, call: Call) -> AwsShape:
        """A policy that is bound to a listener cannot be deleted."""
        found = classic_of(self._world, call)
        name = call.params["PolicyName"]
        if any(name in one["PolicyNames"] for one in found.shape["ListenerDescriptions"]):
            raise Refused("InvalidConfigurationRequest", f"The policy {name} is enabled for a listener")
        found.policies.pop(name, None)
        return {}

    def _bind_to_listener(self, call: Call) -> AwsShape:
        found = classic_of(self._world, call)
        _must_exist(found, call.params["PolicyNames"])
        port = call.params["LoadBalancerPort"]
        for one in found.shape["ListenerDescriptions"]:
            if one["Listener"]["LoadBalancerPort"] == port:
                one["PolicyNames"] = list(call.params["PolicyNames"])
                return {}
        raise Refused("ListenerNotFound", f"There is no listener on port {port}")

    def _bind_to_backend(self, call: Call) -> AwsShape:
        """A port without policies is not listed."""
        found = classic_of(self._world, call)
        names, port = call.params["PolicyNames"], call.params["InstancePort"]
        _must_exist(found, names)
        listeners = found.shape["ListenerDescriptions"]
        if port not in [one["Listener"]["InstancePort"] for one in listeners]:
            raise Refused("InvalidConfigurationRequest", f"No listener sends to the instance port {port}")
        others = [one for one in found.shape["BackendServerDescriptions"] if one["InstancePort"] != port]
        bound = [{"InstancePort": port, "PolicyNames": list(names)}] if names else []
        found.shape["BackendServerDescriptions"] = sorted([*others, *bound], key=lambda one: int(one["InstancePort"]))
        return {}


def reference_policy(name: str, followed: str) -> AwsShape:
    """A policy that follows one of AWS's own; what that means is shown beside it."""
    attributes = ((_REFERENCE, followed), *_MEANS)
    return _policy(
        name, "SSLNegotiationPolicyType", [{"AttributeName": key, "AttributeValue": value} for key, value in attributes]
    )


def _policy(name: str, kind: str, attributes: list[AwsShape]) -> AwsShape:
    return {"PolicyName": name, "PolicyTypeName": kind, "PolicyAttributeDescriptions": attributes}


def _must_exist(found: Classic, names: list[str]) -> None:
    if missing := [name for name in names if name not in found.policies]:
        raise Refused("PolicyNotFound", f"There is no policy with name {missing[0]} for this load balancer")
