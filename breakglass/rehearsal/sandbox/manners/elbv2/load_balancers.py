"""Application and network load balancers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.clock import instant
from breakglass.rehearsal.sandbox.network import default_security_group, security_group_exists
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .addresses import placed, security_group_rules
from .state import Balancing, LoadBalancer
from .tags import tags_from

SECONDS_TO_ACTIVE = 20.0
_NAMED_AT_ONCE = 20
_PAGE = 400

CANONICAL_ZONES = {
    ("eu-west-1", "application"): "Z32O12XQLNTSW2",
    ("eu-west-1", "network"): "Z2IFOLAFXWLO4F",
    ("us-east-1", "application"): "Z35SXDOTRQ7X7K",
    ("us-east-1", "network"): "Z26RNL4JYFTOTI",
}
"""https://docs.aws.amazon.com/general/latest/gr/elb.html"""

_ARN_KIND = {"application": "app", "network": "net", "gateway": "gwy"}

_APPLICATION_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
_NETWORK_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "dns_record.client_routing_policy": "any_availability_zone",
    "load_balancing.cross_zone.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
_DESCRIBES_THE_REQUEST = ("Subnets", "SubnetMappings", "SecurityGroups", "Scheme", "Type", "IpAddressType")
_AS_GIVEN = ("CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools")


class LoadBalancers:
    """Creation, description, attributes and deletion of load balancers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateLoadBalancer": self._create,
            "DescribeLoadBalancers": self._describe,
            "DeleteLoadBalancer": self._delete,
            "DescribeLoadBalancerAttributes": self._describe_attributes,
            "ModifyLoadBalancerAttributes": self._modify_attributes,
            "SetSecurityGroups": self._set_security_groups,
            "SetSubnets": self._set_subnets,
            "SetIpAddressType": self._set_ip_address_type,
        }

    def _create(self, call: Call) -> AwsShape:
        """A name is unique among ALBs and NLBs of an account and region.

        The same request again returns the load balancer that is there, another one by its name is refused with
        DuplicateLoadBalancerName. ARN and DNS name are never given twice. It begins as `provisioning`.
        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
        """
        state = self._state(call)
        name = call.params["Name"]
        request = {key: call.params[key] for key in _DESCRIBES_THE_REQUEST if call.params.get(key)}
        for existing in state.load_balancers.values():
            if existing.shape["LoadBalancerName"] == name:
                if existing.request == request:
                    return {"LoadBalancers": [self._shown(existing)]}
                raise Refused(
                    "DuplicateLoadBalancerName",
                    f"A load balancer with the same name '{name}' exists, but with different settings",
                )
        kind = call.params.get("Type") or "application"
        zones, vpc = placed(call, state, kind)
        scheme = call.params.get("Scheme") or "internet-facing"
        now = self._world.clock.now()
        suffix = f"{_ARN_KIND[kind]}/{name}/{secrets.token_hex(8)}"
        arn = f"arn:aws:elasticloadbalancing:{call.region}:{call.account}:loadbalancer/{suffix}"
        shape: AwsShape = {
            "LoadBalancerArn": arn,
            "DNSName": _dns_name(name, kind, scheme, call.region),
            "CanonicalHostedZoneId": CANONICAL_ZONES.get((call.region, kind), "ZSANDBOX0000000"),
            "CreatedTime": instant(now),
            "LoadBalancerName": name,
            "Scheme": scheme,
            "VpcId": vpc,
            "Type": kind,
            "AvailabilityZones": zones,
            "IpAddressType": call.params.get("IpAddressType") or "ipv4",
        }
        shape |= {key: call.params[key] for key in _AS_GIVEN if call.params.get(key)}
        groups = call.params.get("SecurityGroups") or []
        if kind == "application":
            groups = groups or [default_security_group(call.account, call.region, vpc)]
        if groups:
            shape["SecurityGroups"] = _known_groups(call, groups)
        shape |= security_group_rules(shape)
        attributes = dict(_NETWORK_ATTRIBUTES if kind == "network" else _APPLICATION_ATTRIBUTES)
        created = LoadBalancer(shape, attributes, now + SECONDS_TO_ACTIVE, request)
        state.load_balancers[arn] = created
        state.tags[arn] = tags_from(call.params.get("Tags"))
        return {"LoadBalancers": [self._shown(created)]}

    def _describe(self, call: Call) -> AwsShape:
        """One name or ARN that does not exist fails the whole call with LoadBalancerNotFound; at most 20 of them.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
        """
        state = self._state(call)
        arns, names = call.params.get("LoadBalancerArns") or [], call.params.get("Names") or []
        if len(arns) > _NAMED_AT_ONCE or len(names) > _NAMED_AT_ONCE:
            raise Refused("ValidationError", f"Up to {_NAMED_AT_ONCE} load balancers can be described at once")
        by_name = {item.shape["LoadBalancerName"]: item for item in state.load_balancers.values()}
        if missing := [name for name in names if name not in by_name]:
            raise Refused("LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found")
        if arns or names:
            chosen = [state.load_balancer(arn) for arn in arns] + [by_name[name] for name in names]
        else:
            chosen = list(state.load_balancers.values())
        shown, marker = page(chosen, call.params.get("Marker"), int(call.params.get("PageSize") or _PAGE))
        return {"LoadBalancers": [self._shown(item) for item in shown], "NextMarker": marker}

    def _delete(self, call: Call) -> AwsShape:
        """Deletion protection forbids it; its listeners and rules go with it; a missing one is no error.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
        """
        state = self._state(call)
        arn = call.params["LoadBalancerArn"]
        found = state.load_balancers.get(arn)
        if found is None:
            return {}
        if found.attributes["deletion_protection.enabled"] == "true":
            raise Refused(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        if holding := state.endpoint_services_of(arn):
            raise Refused(
                "ResourceInUse",
                f"Load balancer '{arn}' cannot be deleted because it is currently associated with another service "
                f"({', '.join(holding)})",
            )
        for listener in state.listeners_of(arn):
            listener_arn = listener.shape["ListenerArn"]
            for rule in state.rules_of(listener_arn):
                state.rules.pop(rule["RuleArn"], None)
                state.tags.pop(rule["RuleArn"], None)
            del state.listeners[listener_arn]
            state.tags.pop(listener_arn, None)
        del state.load_balancers[arn]
        state.tags.pop(arn, None)
        return {}

    def _describe_attributes(self, call: Call) -> AwsShape:
        return {"Attributes": as_list(self._found(call).attributes)}

    def _modify_attributes(self, call: Call) -> AwsShape:
        found = self._found(call)
        changed = {item["Key"]: item.get("Value", "") for item in call.params["Attributes"]}
        if unknown := sorted(set(changed) - set(found.attributes)):
            raise Refused(
                "InvalidConfigurationRequest", f"Load balancer attribute key '{unknown[0]}' is not recognized"
            )
        found.attributes.update(changed)
        return {"Attributes": as_list(found.attributes)}

    def _set_security_groups(self, call: Call) -> AwsShape:
        """A network load balancer that was made without security groups never gets any.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
        """
        found = self._found(call)
        if found.shape["Type"] == "network" and not found.shape.get("SecurityGroups"):
            raise Refused("InvalidConfigurationRequest", "It was created without security groups")
        found.shape["SecurityGroups"] = _known_groups(call, call.params["SecurityGroups"])
        found.shape |= security_group_rules({**found.shape, **call.params})
        return {"SecurityGroupIds": found.shape["SecurityGroups"]}

    def _set_subnets(self, call: Call) -> AwsShape:
        found = self._found(call)
        found.shape["AvailabilityZones"], _ = placed(call, self._state(call), found.shape["Type"])
        return {"AvailabilityZones": found.shape["AvailabilityZones"]}

    def _set_ip_address_type(self, call: Call) -> AwsShape:
        found = self._found(call)
        found.shape["IpAddressType"] = call.params["IpAddressType"]
        return {"IpAddressType": found.shape["IpAddressType"]}

    def _shown(self, found: LoadBalancer) -> AwsShape:
        active = self._world.clock.now() >= found.active_at
        return {**found.shape, "State": {"Code": "active" if active else "provisioning"}}

    def _found(self, call: Call) -> LoadBalancer:
        return self._state(call).load_balancer(call.params["LoadBalancerArn"])

    def _state(self, call: Call) -> Balancing:
        return self._world.state(Balancing, call.account, call.region)


def _known_groups(call: Call, groups: list[str]) -> list[str]:
    for group in groups:
        if not security_group_exists(call.account, call.region, group):
            raise Refused("InvalidSecurityGroup", f"Security group '{group}' does not exist")
    return list(groups)


def _dns_name(name: str, kind: str, scheme: str, region: str) -> str:
    visible = f"internal-{name}" if scheme == "internal" else name
    if kind == "network":
        return f"{visible}-{secrets.token_hex(8)}.elb.{region}.amazonaws.com"
    return f"{visible}-{secrets.randbelow(1_900_000_000) + 100_000_000}.{region}.elb.amazonaws.com"


def as_list(attributes: dict[str, str]) -> list[AwsShape]:
    """Attributes as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in attributes.items()]
