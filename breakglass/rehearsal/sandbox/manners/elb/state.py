"""What the area remembers in one account and region."""

from __future__ import annotations

from dataclasses import dataclass, field

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

POLICIES = {
    "AppCookieStickinessPolicyType": "AppCookieStickinessPolicies",
    "LBCookieStickinessPolicyType": "LBCookieStickinessPolicies",
}
"""Where DescribeLoadBalancers lists policies of a type; all others by name alone under OtherPolicies."""


@dataclass
class Classic:
    """A classic load balancer: `shape` without policies and instances, which are worked out when it is shown."""

    shape: AwsShape
    attributes: AwsShape
    tags: dict[str, str]
    policies: dict[str, AwsShape] = field(default_factory=dict)
    """PolicyDescription by name."""
    instances: dict[str, float] = field(default_factory=dict)
    """When each instance was registered by hand."""

    def policies_shown(self) -> AwsShape:
        """`Policies` as DescribeLoadBalancers has them."""
        shown: AwsShape = {name: [] for name in (*POLICIES.values(), "OtherPolicies")}
        for name, policy in self.policies.items():
            attributes = {one["AttributeName"]: one["AttributeValue"] for one in policy["PolicyAttributeDescriptions"]}
            match policy["PolicyTypeName"]:
                case "AppCookieStickinessPolicyType" as of:
                    shown[POLICIES[of]].append({"PolicyName": name, "CookieName": attributes["CookieName"]})
                case "LBCookieStickinessPolicyType" as of:
                    period = attributes.get("CookieExpirationPeriod")
                    lasts = {"CookieExpirationPeriod": int(period)} if period else {}
                    shown[POLICIES[of]].append({"PolicyName": name, **lasts})
                case _:
                    shown["OtherPolicies"].append(name)
        return shown


@dataclass
class ClassicBalancing:
    """All classic load balancers of an account and region, by name."""

    load_balancers: dict[str, Classic] = field(default_factory=dict)

    def named(self, name: str) -> Classic:
        """A load balancer by its name, else LoadBalancerNotFound: the code of AccessPointNotFoundException."""
        if name not in self.load_balancers:
            raise Refused("LoadBalancerNotFound", f"There is no ACTIVE Load Balancer named '{name}'")
        return self.load_balancers[name]


def classic_of(world: World, call: Call) -> Classic:
    """The load balancer that a call names."""
    return world.state(ClassicBalancing, call.account, call.region).named(call.params["LoadBalancerName"])
