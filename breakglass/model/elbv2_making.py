"""Making load balancers, listeners and rules again: what is sent otherwise than it is read, and what is never told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from breakglass.model import elbv2
from breakglass.model.component import Facts
from breakglass.model.lead import Key
from breakglass.model.plan import Blocker, Call, Loss, Output
from breakglass.model.world import World

OIDC = "authenticate-oidc"
APPLICATION_PROTOCOLS = frozenset({"HTTP", "HTTPS"})
_OF_AN_ADDRESS = ("AllocationId", "PrivateIPv4Address", "IPv6Address")
ON_PRIVATE_LINK = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"


def places(facts: Facts) -> Mapping[str, Any]:
    """Where a load balancer stands: plain subnets, or mappings where any has something of its own (NLB).

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SubnetMapping.html
    """
    mappings = [_mapping(zone) for zone in facts.get("AvailabilityZones", [])]
    if not any(zone.get("LoadBalancerAddresses") for zone in facts.get("AvailabilityZones", [])) and all(
        len(mapping) == 1 for mapping in mappings
    ):
        return {"Subnets": [mapping["SubnetId"] for mapping in mappings]}
    return {"SubnetMappings": mappings}


def _mapping(zone: Mapping[str, Any]) -> Mapping[str, Any]:
    """A subnet with its fixed addresses; AWS's own choice of a public address cannot be asked for."""
    fixed = {
        name: address[name]
        for address in zone.get("LoadBalancerAddresses", [])
        for name in _OF_AN_ADDRESS
        if address.get(name)
    }
    if prefixes := zone.get("SourceNatIpv6Prefixes"):
        fixed["SourceNatIpv6Prefix"] = prefixes[0]
    return {"SubnetId": zone["SubnetId"], **fixed}


def elastic_addresses(facts: Facts) -> Sequence[str]:
    """The allocation ids of the elastic IP addresses that a load balancer stands on."""
    addresses = [one for zone in facts.get("AvailabilityZones", []) for one in zone.get("LoadBalancerAddresses", [])]
    return [one["AllocationId"] for one in addresses if one.get("AllocationId")]


def lost_with_balancer(key: Key, facts: Facts) -> Iterator[Loss]:
    """What a load balancer that is made again does not get back."""
    yield Loss(key, "the load balancer gets a new ARN and a new DNS name")
    yield Loss(key, "associations with WAF, Shield and Global Accelerator live elsewhere and are not made again")
    if facts.get("Type") == "network" and facts.get("Scheme") == "internet-facing" and not elastic_addresses(facts):
        yield Loss(key, "its public addresses were AWS's choice and change; firewalls that name them have to be told")


def private_link_rules(key: Key, facts: Facts) -> Iterator[Call]:
    """Whether security groups bind traffic from endpoint services: on unless said otherwise, in a call of its own.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html
    """
    if facts.get(ON_PRIVATE_LINK) == "off" and facts.get("SecurityGroups"):
        params = {
            "LoadBalancerArn": Output(key, "LoadBalancerArn"),
            "SecurityGroups": list(facts["SecurityGroups"]),
            ON_PRIVATE_LINK: "off",
        }
        yield Call("elbv2", "SetSecurityGroups", params, "its groups do not bind what comes by PrivateLink")


def changed(attributes: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The attributes that have a value: an empty one is what a new thing begins with, and is not taken."""
    return [one for one in attributes if one.get("Value")]


def mutual(authentication: Mapping[str, Any]) -> Mapping[str, Any]:
    """Mutual TLS as it is sent: nothing where it is off, and never how its trust store is doing."""
    if authentication.get("Mode", "off") == "off":
        return {}
    return {name: value for name, value in authentication.items() if name != "TrustStoreAssociationStatus"}


def actions_kept(actions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions as they are sent to a listener or rule that is there: it keeps the client secret that it has.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html
    """
    sent = elbv2.sendable(actions)
    for one in sent:
        if one.get("Type") == OIDC:
            one["AuthenticateOidcConfig"] = {**one.get("AuthenticateOidcConfig", {}), "UseExistingClientSecret": True}
    return sent


def secrets_untold(key: Key, actions: Sequence[Mapping[str, Any]]) -> tuple[tuple[Loss, ...], tuple[Blocker, ...]]:
    """AWS never tells an OIDC client's secret, and a new listener or rule cannot be made without it."""
    configs = [one.get("AuthenticateOidcConfig", {}) for one in actions if one.get("Type") == OIDC]
    issuers = ", ".join(dict.fromkeys(config.get("Issuer", "its identity provider") for config in configs))
    if not issuers:
        return (), ()
    what = f"the OIDC client secret of {issuers} cannot be read back"
    hint = f"Make it by hand with the secret from {issuers}, then plan again; or leave it out with --keep {key.kind}."
    return (Loss(key, what),), (Blocker(key, f"{key} signs people in, and {what}", hint),)


def unfit(key: Key, actions: Sequence[Mapping[str, Any]], protocol: str, world: World) -> Iterator[Blocker]:
    """Living target groups that a missing listener or rule could not forward to any more.

    A target group belongs to one load balancer (TargetGroupAssociationLimit), in its VPC and of its sort of
    protocols. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
    """
    name = key.id.partition(":")[0]
    balancer = world.inventory.get(Key("load-balancer", name))
    vpc = balancer.facts.get("VpcId") if balancer and balancer.there else None
    for arn in elbv2.forwards(actions):
        group = world.inventory.get(Key("target-group", elbv2.target_group_name(arn)))
        if group is None or not group.there:
            continue
        others = [elbv2.balancer_name(one) or one for one in group.facts.get("LoadBalancerArns", [])]
        if others := [other for other in others if other != name]:
            message = f"{group.key} belongs to the load balancer {others[0]}, and can belong to one only"
            yield Blocker(key, message, f"Take it off {others[0]}, or leave this out with --keep {key.kind}.")
        if vpc and group.facts.get("VpcId", vpc) != vpc:
            message = f"{group.key} is in {group.facts['VpcId']}, and the load balancer {name} in {vpc}"
            yield Blocker(key, message, f"Make one of them in the other's VPC, or use --keep {key.kind}.")
        spoken = group.facts.get("Protocol")
        if spoken and (spoken in APPLICATION_PROTOCOLS) != (protocol in APPLICATION_PROTOCOLS):
            message = f"{group.key} speaks {spoken}, and {key} takes {protocol}"
            yield Blocker(key, message, f"Make the target group again with a fitting protocol, or --keep {key.kind}.")
