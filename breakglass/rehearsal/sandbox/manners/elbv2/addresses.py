"""Where a load balancer stands, and the addresses that it has there."""

from __future__ import annotations

import secrets

from moto.ec2.models import ec2_backends

from breakglass.rehearsal.sandbox.network import find_subnet
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call

from .state import Balancing

_ON_PRIVATE_LINK = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
_READ_BACK = ("AllocationId", "PrivateIPv4Address", "IPv6Address")


def placed(call: Call, state: Balancing, kind: str) -> tuple[list[AwsShape], str]:
    """Zones as AWS shows them and the VPC. Only what was asked for is shown as an address.

    Elastic IP addresses and private addresses are for network load balancers; an address belongs to one thing.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SubnetMapping.html
    """
    mappings: list[AwsShape] = [{"SubnetId": subnet} for subnet in call.params.get("Subnets") or []]
    mappings += call.params.get("SubnetMappings") or []
    if not mappings:
        raise Refused("ValidationError", "You must specify subnets or subnet mappings")
    zones, vpc = [], ""
    for mapping in mappings:
        subnet = find_subnet(call.account, call.region, mapping["SubnetId"])
        if subnet is None:
            raise Refused("SubnetNotFound", f"The subnet ID '{mapping['SubnetId']}' does not exist")
        vpc = subnet.vpc
        zone = {"ZoneName": subnet.zone, "SubnetId": mapping["SubnetId"], "LoadBalancerAddresses": []}
        if fixed := {name: mapping[name] for name in _READ_BACK if mapping.get(name)}:
            if kind != "network":
                raise Refused("InvalidConfigurationRequest", f"Addresses are not supported for {kind} load balancers")
            zone["LoadBalancerAddresses"] = [{**fixed, **_public(call, state, fixed.get("AllocationId"))}]
        if prefix := mapping.get("SourceNatIpv6Prefix"):
            zone["SourceNatIpv6Prefixes"] = [prefix]
        zones.append(zone)
    return zones, vpc


def _public(call: Call, state: Balancing, allocation: str | None) -> AwsShape:
    """The address of an allocation: AllocationIdNotFound where there is none, ResourceInUse where it is taken."""
    if allocation is None:
        return {}
    known = {one.allocation_id: one for one in ec2_backends[call.account][call.region].addresses}
    if allocation not in known:
        raise Refused("AllocationIdNotFound", f"The allocation IDs '{allocation}' do not exist")
    if known[allocation].association_id or allocation in state.allocations():
        raise Refused("ResourceInUse", f"The allocation IDs '{allocation}' are not available for use")
    return {"IpAddress": str(known[allocation].public_ip)}


def security_group_rules(shape: AwsShape) -> AwsShape:
    """Network load balancers with security groups say whether these bind what comes by PrivateLink: on, at first.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html
    """
    if shape["Type"] != "network" or not shape.get("SecurityGroups"):
        return {}
    return {_ON_PRIVATE_LINK: shape.get(_ON_PRIVATE_LINK) or "on"}


def service_id() -> str:
    """An id as VPC endpoint services have it."""
    return f"vpce-svc-{secrets.token_hex(8)}1"
