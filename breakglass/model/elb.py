"""What is known of classic load balancers: names, what their instances tell, and the calls that make one again.

https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/Welcome.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from breakglass.model.arn import load_balancer_of, normal_dns, parse_arn
from breakglass.model.component import Component, Condition, Facts
from breakglass.model.elbv2 import new_tags
from breakglass.model.plan import Action, Call, Settle, Until
from breakglass.model.world import Recipe, World

DEREGISTERING = "deregistration currently in progress"
"""In the description of an instance whose connections are being wound up. (botocore's model of InstanceState)"""

READ_ONLY = frozenset(
    {"LoadBalancerName", "DNSName", "CanonicalHostedZoneName", "CanonicalHostedZoneNameID", "ListenerDescriptions"}
    | {"Policies", "PolicyDescriptions", "BackendServerDescriptions", "VPCId", "Instances", "InstanceStates"}
    | {"HealthCheck", "SourceSecurityGroup", "CreatedTime", "LoadBalancerAttributes", "Tags"}
)
"""What AWS tells of a classic load balancer and CreateLoadBalancer does not take, or takes in another shape."""

REFERENCE = "Reference-Security-Policy"
SSL_POLICY_TYPE = "SSLNegotiationPolicyType"
PUBLIC_KEY_TYPE = "PublicKeyPolicyType"
PREDEFINED = "ELBSecurityPolicy-"
SECURE = frozenset({"HTTPS", "SSL"})


def balancer_name(ref: str) -> str | None:
    """The name that a name, a DNS name or an ARN has for a classic one; None where only an ALB or NLB is called so.

    ARNs of classic ones are `…:loadbalancer/NAME`; NLB's DNS names have `elb` before the region.
    """
    if arn := parse_arn(ref):
        kind, _, name = arn.resource.partition("/")
        return name if kind == "loadbalancer" and "/" not in name else None
    if name_in_dns := load_balancer_of(ref):
        labels = normal_dns(ref).removeprefix("dualstack.").split(".")
        return None if labels[1] == "elb" else name_in_dns
    return None if "/" in ref or "." in ref else ref


def instance_ports(facts: Facts) -> Sequence[int]:
    """The ports of the instances that its listeners send to."""
    listeners = (one.get("Listener", {}) for one in facts.get("ListenerDescriptions", []))
    return list(dict.fromkeys(listener["InstancePort"] for listener in listeners if "InstancePort" in listener))


def registered(facts: Facts) -> Sequence[str]:
    """The instances that it sends to, without those that are being deregistered."""
    leaving = {state["InstanceId"] for state in deregistering(facts)}
    ids = [one["InstanceId"] for one in (*facts.get("Instances", []), *facts.get("InstanceStates", []))]
    return [one for one in dict.fromkeys(ids) if one not in leaving]


def deregistering(facts: Facts) -> Sequence[Mapping[str, Any]]:
    """The states of the instances whose connections are being wound up."""
    return [state for state in facts.get("InstanceStates", []) if DEREGISTERING in state.get("Description", "")]


def condition(facts: Facts, unread: Sequence[object]) -> Condition:
    """Serving with one instance in service; why not, instance by instance, where there is none."""
    if "InstanceStates" not in facts:
        return Condition(reason="; ".join(map(str, unread)))
    staying = _staying(facts)
    healthy = sum(state.get("State") == "InService" for state in staying)
    if not staying:
        none = "no instance is registered with it"
        return Condition(reason=none, serving=False, troubles=(none,))
    counts = f"{healthy} in service of {len(staying)}"
    if healthy:
        return Condition(reason=counts, serving=True)
    return Condition(reason=counts, serving=False, troubles=(counts, *dict.fromkeys(map(_why_not, staying))))


def unserved(facts: Facts) -> str | None:
    """What is missing before every registered instance, and at least one, is in service; None where nothing is."""
    if "InstanceStates" not in facts:
        return None  # this endpoint does not tell of instances
    staying = _staying(facts)
    out = [state for state in staying if state.get("State") != "InService"]
    if staying and not out:
        return None
    counts = f"{len(staying) - len(out)} in service of {len(staying)}"
    return "; ".join(dict.fromkeys((counts, *map(_why_not, out))))


def _staying(facts: Facts) -> Sequence[Mapping[str, Any]]:
    leaving = [state["InstanceId"] for state in deregistering(facts)]
    return [state for state in facts.get("InstanceStates", []) if state["InstanceId"] not in leaving]


def _why_not(state: Mapping[str, Any]) -> str:
    words = (state.get("State", "unknown"), state.get("ReasonCode"), state.get("Description"))
    return f"instance {state['InstanceId']} is " + ": ".join(word for word in words if word and word != "N/A")


def draining_timeout(facts: Facts) -> int:
    """Seconds for which connections to a deregistered instance may go on; 0 where they end at once."""
    draining = (facts.get("LoadBalancerAttributes") or {}).get("ConnectionDraining", {})
    return int(draining.get("Timeout", 300)) if draining.get("Enabled") else 0


def policy_names(facts: Facts) -> set[str]:
    """The names of all policies that it has, bound or not."""
    policies = facts.get("Policies", {})
    stickiness = (*policies.get("AppCookieStickinessPolicies", []), *policies.get("LBCookieStickinessPolicies", []))
    return {policy["PolicyName"] for policy in stickiness} | set(policies.get("OtherPolicies", []))


def making(recipe: Recipe, world: World) -> tuple[Action, ...]:
    """Everything that makes it again: itself, attributes, health check, policies, their bindings, its instances."""
    facts, name = recipe.facts, recipe.key.id
    return (
        Call("elb", "CreateLoadBalancer", _creation(recipe, world), "it is missing"),
        Settle(recipe.key, Until.THERE, "the load balancer is there", deadline=120),
        *_settings(name, facts),
        *_policies(name, facts),
        *_bindings(name, facts),
        *_instances(name, facts),
    )


def _creation(recipe: Recipe, world: World) -> Mapping[str, Any]:
    """In its subnets, which say their zones themselves, or in its zones: AWS takes one or the other."""
    facts = recipe.facts
    params = {name: value for name, value in facts.items() if name not in READ_ONLY and value not in (None, "", [])}
    if facts.get("Subnets"):
        params.pop("AvailabilityZones", None)
    listeners = [one["Listener"] for one in facts.get("ListenerDescriptions", [])]
    params |= {"LoadBalancerName": recipe.key.id, "Listeners": listeners, "Tags": new_tags(facts, world.run)}
    renewed: Mapping[str, Any] = world.renewed(params)
    return renewed


def _settings(name: str, facts: Facts) -> Iterator[Call]:
    if attributes := facts.get("LoadBalancerAttributes"):
        params = {"LoadBalancerName": name, "LoadBalancerAttributes": attributes}
        yield Call("elb", "ModifyLoadBalancerAttributes", params, "attributes are a call of their own")
    if check := facts.get("HealthCheck"):
        params = {"LoadBalancerName": name, "HealthCheck": check}
        yield Call("elb", "ConfigureHealthCheck", params, "so is the health check")


def _policies(name: str, facts: Facts) -> Iterator[Call]:
    """Each policy by the call of its own sort; public keys first, for other policies name them."""
    policies = facts.get("Policies", {})
    why = "policies are made first, and bound then"
    for one in policies.get("AppCookieStickinessPolicies", []):
        yield Call("elb", "CreateAppCookieStickinessPolicy", {"LoadBalancerName": name, **one}, why)
    for one in policies.get("LBCookieStickinessPolicies", []):
        yield Call("elb", "CreateLBCookieStickinessPolicy", {"LoadBalancerName": name, **one}, why)
    described = sorted(_other_policies(facts), key=lambda one: one["PolicyTypeName"] != PUBLIC_KEY_TYPE)
    for one in described:
        params = {
            "LoadBalancerName": name,
            "PolicyName": one["PolicyName"],
            "PolicyTypeName": one["PolicyTypeName"],
            "PolicyAttributes": list(_attributes(one)),
        }
        yield Call("elb", "CreateLoadBalancerPolicy", params, why)


def _other_policies(facts: Facts) -> Iterator[Mapping[str, Any]]:
    """What AWS describes of each; one of AWS's own is known by its name alone."""
    described = {one["PolicyName"]: one for one in facts.get("PolicyDescriptions", [])}
    for name in facts.get("Policies", {}).get("OtherPolicies", []):
        if name in described:
            yield described[name]
        elif name.startswith(PREDEFINED):
            yield {"PolicyName": name, "PolicyTypeName": SSL_POLICY_TYPE, "PolicyAttributeDescriptions": []}


def undescribed_policies(facts: Facts) -> Sequence[str]:
    """The policies of which nobody knows what they say, so that they cannot be made again."""
    known = {one["PolicyName"] for one in _other_policies(facts)}
    return [name for name in facts.get("Policies", {}).get("OtherPolicies", []) if name not in known]


def _attributes(policy: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """A policy that follows one of AWS's says so, and is read with all that this means; what is sent is that it does.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/ssl-config-update.html
    """
    attributes = [dict(one) for one in policy.get("PolicyAttributeDescriptions", [])]
    reference = [one for one in attributes if one["AttributeName"] == REFERENCE]
    if not attributes and policy["PolicyName"].startswith(PREDEFINED):
        reference = [{"AttributeName": REFERENCE, "AttributeValue": policy["PolicyName"]}]
    return reference or attributes


def _bindings(name: str, facts: Facts) -> Iterator[Call]:
    """Policies per listener and per backend port. AWS binds one of its own to a secure listener: also none is said."""
    lost = set(undescribed_policies(facts))
    for one in facts.get("ListenerDescriptions", []):
        names = [policy for policy in one.get("PolicyNames", []) if policy not in lost]
        if names or one["Listener"].get("Protocol", "").upper() in SECURE:
            params = {
                "LoadBalancerName": name,
                "LoadBalancerPort": one["Listener"]["LoadBalancerPort"],
                "PolicyNames": names,
            }
            yield Call("elb", "SetLoadBalancerPoliciesOfListener", params, "as they were bound to the listener")
    for one in facts.get("BackendServerDescriptions", []):
        if names := [policy for policy in one.get("PolicyNames", []) if policy not in lost]:
            params = {"LoadBalancerName": name, "InstancePort": one["InstancePort"], "PolicyNames": names}
            yield Call("elb", "SetLoadBalancerPoliciesForBackendServer", params, "as they were bound to that port")


def _instances(name: str, facts: Facts) -> Iterator[Call]:
    if instances := facts.get("Instances"):
        params = {"LoadBalancerName": name, "Instances": [{"InstanceId": one["InstanceId"]} for one in instances]}
        yield Call("elb", "RegisterInstancesWithLoadBalancer", params, "ECS does not register them by itself")


def registers_with(name: str, service: Facts) -> bool:
    """Whether an ECS service registers the instances of its tasks with the load balancer of that name."""
    return any(balancer.get("loadBalancerName") == name for balancer in service.get("loadBalancers", []))


def hosts_of(services: Sequence[Component]) -> Sequence[str]:
    """The instances that tasks of living ECS services run on: of each task's address the part before the port."""
    addresses = {handle for service in services for handle in service.handles if handle.startswith("i-")}
    return sorted({address.partition(":")[0] for address in addresses if ":" in address})
