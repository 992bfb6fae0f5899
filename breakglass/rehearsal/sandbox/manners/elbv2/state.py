"""What the load-balancing area remembers in one account and region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape

from .targets import Target


@dataclass
class LoadBalancer:
    """A load balancer as AWS shows it, but for its state, which depends on the time."""

    shape: AwsShape
    attributes: dict[str, str]
    active_at: float
    request: AwsShape


@dataclass
class Listener:
    """A listener; its default actions are also the actions of its default rule."""

    shape: AwsShape
    default_rule_arn: str
    certificates: list[str]
    attributes: dict[str, str]


@dataclass
class TargetGroup:
    """A target group, and what is or was registered with it."""

    shape: AwsShape
    attributes: dict[str, str]
    targets: list[Target] = field(default_factory=list)

    @property
    def deregistration_delay(self) -> float:
        """Seconds for which a deregistered target drains (default 300)."""
        return float(self.attributes["deregistration_delay.timeout_seconds"])


@dataclass
class Balancing:
    """All of Elastic Load Balancing v2 in one account and region, by ARN."""

    load_balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    rules: dict[str, AwsShape] = field(default_factory=dict)
    target_groups: dict[str, TargetGroup] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    ailments: dict[str, AwsShape] = field(default_factory=dict)
    endpoint_services: dict[str, AwsShape] = field(default_factory=dict)

    def load_balancer(self, arn: str) -> LoadBalancer:
        """A load balancer by its ARN, else LoadBalancerNotFound."""
        try:
            return self.load_balancers[arn]
        except KeyError:
            raise Refused("LoadBalancerNotFound", f"Load balancer '{arn}' not found") from None

    def listener(self, arn: str) -> Listener:
        """A listener by its ARN, else ListenerNotFound."""
        try:
            return self.listeners[arn]
        except KeyError:
            raise Refused("ListenerNotFound", "One or more listeners not found") from None

    def target_group(self, arn: str) -> TargetGroup:
        """A target group by its ARN, else TargetGroupNotFound."""
        try:
            return self.target_groups[arn]
        except KeyError:
            raise Refused("TargetGroupNotFound", "One or more target groups not found") from None

    def listeners_of(self, load_balancer_arn: str) -> list[Listener]:
        """The listeners of a load balancer."""
        return [item for item in self.listeners.values() if item.shape["LoadBalancerArn"] == load_balancer_arn]

    def rules_of(self, listener_arn: str) -> list[AwsShape]:
        """A listener's rules by priority, the default rule last, as DescribeRules lists them."""
        listener = self.listener(listener_arn)
        own = [rule for arn, rule in self.rules.items() if listener_of_rule(arn) == listener_arn]
        own.sort(key=lambda rule: int(rule["Priority"]))
        default: AwsShape = {
            "RuleArn": listener.default_rule_arn,
            "Priority": "default",
            "Conditions": [],
            "Actions": listener.shape["DefaultActions"],
            "IsDefault": True,
        }
        return [*own, default]

    def load_balancers_of(self, target_group_arn: str) -> list[str]:
        """The load balancers of which any listener or rule forwards to a target group."""
        using = dict.fromkeys(
            listener.shape["LoadBalancerArn"]
            for listener, actions in self._forwarding()
            if target_group_arn in forwarded_to(actions)
        )
        return list(using)

    def target_groups_of(self, load_balancer_arn: str) -> list[str]:
        """The target groups to which any listener or rule of a load balancer forwards."""
        used: dict[str, None] = {}
        for listener, actions in self._forwarding():
            if listener.shape["LoadBalancerArn"] == load_balancer_arn:
                used.update(dict.fromkeys(forwarded_to(actions)))
        return list(used)

    def endpoint_services_of(self, load_balancer_arn: str) -> list[str]:
        """The VPC endpoint services that stand in front of a load balancer."""
        return [
            known_as
            for known_as, service in self.endpoint_services.items()
            if load_balancer_arn in service["NetworkLoadBalancerArns"]
        ]

    def allocations(self) -> set[str]:
        """The elastic IP addresses that load balancers have."""
        return {
            address["AllocationId"]
            for balancer in self.load_balancers.values()
            for zone in balancer.shape["AvailabilityZones"]
            for address in zone["LoadBalancerAddresses"]
            if "AllocationId" in address
        }

    def _forwarding(self) -> Iterator[tuple[Listener, list[AwsShape]]]:
        for listener in self.listeners.values():
            yield listener, listener.shape["DefaultActions"]
        for arn, rule in self.rules.items():
            yield self.listeners[listener_of_rule(arn)], rule["Actions"]


def listener_of_rule(rule_arn: str) -> str:
    """The ARN of the listener to which a rule belongs."""
    return rule_arn.replace(":listener-rule/", ":listener/").rpartition("/")[0]


def forwarded_to(actions: list[AwsShape]) -> list[str]:
    """The target groups that a list of actions names."""
    named: dict[str, None] = {}
    for action in actions:
        if arn := action.get("TargetGroupArn"):
            named[arn] = None
        for group in action.get("ForwardConfig", {}).get("TargetGroups", []):
            named[group["TargetGroupArn"]] = None
    return list(named)
