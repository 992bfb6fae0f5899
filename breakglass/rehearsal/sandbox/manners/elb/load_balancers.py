"""Classic load balancers themselves: creation, description, attributes, health check, tags and deletion.

https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_CreateLoadBalancer.html
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.clock import instant
from breakglass.rehearsal.sandbox.manners.elbv2.load_balancers import CANONICAL_ZONES
from breakglass.rehearsal.sandbox.manners.elbv2.tags import tags_from
from breakglass.rehearsal.sandbox.network import default_security_group, find_subnet, security_group_exists
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .instances import Instances
from .policies import DEFAULT_SSL_POLICY, SECURE, reference_policy
from .state import Classic, ClassicBalancing, classic_of

_PAGE = 400
_DRAINING_TIMEOUT = 300


class LoadBalancers:
    """All of a load balancer but its policies and instances."""

    def __init__(self, world: World, instances: Instances) -> None:
        self._world = world
        self._instances = instances

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateLoadBalancer": self._create,
            "DescribeLoadBalancers": self._describe,
            "DeleteLoadBalancer": self._delete,
            "DescribeLoadBalancerAttributes": self._describe_attributes,
            "ModifyLoadBalancerAttributes": self._modify_attributes,
            "ConfigureHealthCheck": self._configure_health_check,
            "AddTags": self._add_tags,
            "RemoveTags": self._remove_tags,
            "DescribeTags": self._describe_tags,
        }

    def _create(self, call: Call) -> AwsShape:
        """A name that is taken is refused; the DNS name is new each time; subnets or zones, not both.

        A secure listener needs a certificate, and begins with AWS's own policy of that day.
        """
        state = self._state(call)
        name = call.params["LoadBalancerName"]
        if name in state.load_balancers:
            raise Refused("DuplicateLoadBalancerName", f"The load balancer name '{name}' is taken")
        placed = _placed(call)
        scheme = call.params.get("Scheme") or "internet-facing"
        dns_name = _dns_name(name, scheme, call.region)
        listeners = [_listener(given) for given in call.params["Listeners"]]
        groups = call.params.get("SecurityGroups") or [
            default_security_group(call.account, call.region, placed["VPCId"])
        ]
        for group in groups:
            if not security_group_exists(call.account, call.region, group):
                raise Refused("InvalidSecurityGroup", f"Security group '{group}' does not exist")
        shape: AwsShape = {
            "LoadBalancerName": name,
            "DNSName": dns_name,
            "CanonicalHostedZoneName": dns_name,
            "CanonicalHostedZoneNameID": CANONICAL_ZONES.get((call.region, "application"), "ZSANDBOX0000000"),
            "ListenerDescriptions": listeners,
            "BackendServerDescriptions": [],
            **placed,
            "HealthCheck": {
                "Target": f"TCP:{listeners[0]['Listener']['InstancePort']}",
                "Interval": 30,
                "Timeout": 5,
                "UnhealthyThreshold": 2,
                "HealthyThreshold": 10,
            },
            "SecurityGroups": list(groups),
            "SourceSecurityGroup": {"OwnerAlias": call.account, "GroupName": "default"},
            "CreatedTime": instant(self._world.clock.now()),
            "Scheme": scheme,
        }
        made = Classic(shape, _attributes(), tags_from(call.params.get("Tags")))
        if any(one["PolicyNames"] for one in listeners):
            made.policies[DEFAULT_SSL_POLICY] = reference_policy(DEFAULT_SSL_POLICY, DEFAULT_SSL_POLICY)
        state.load_balancers[name] = made
        return {"DNSName": dns_name}

    def _describe(self, call: Call) -> AwsShape:
        """One name that does not exist fails the whole call."""
        state = self._state(call)
        names = call.params.get("LoadBalancerNames") or list(state.load_balancers)
        chosen = [state.named(name) for name in names]
        shown, marker = page(chosen, call.params.get("Marker"), int(call.params.get("PageSize") or _PAGE))
        return {"LoadBalancerDescriptions": [self._shown(call, one) for one in shown], "NextMarker": marker}

    def _shown(self, call: Call, one: Classic) -> AwsShape:
        instances = [{"InstanceId": known_as} for known_as in self._instances.registered(call, one)]
        return {**one.shape, "Policies": one.policies_shown(), "Instances": instances}

    def _delete(self, call: Call) -> AwsShape:
        """Deletion of one that does not exist, or has been deleted already, succeeds.

        https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DeleteLoadBalancer.html
        """
        self._state(call).load_balancers.pop(call.params["LoadBalancerName"], None)
        return {}

    def _describe_attributes(self, call: Call) -> AwsShape:
        return {"LoadBalancerAttributes": classic_of(self._world, call).attributes}

    def _modify_attributes(self, call: Call) -> AwsShape:
        """What is not named stays; draining without a timeout gets 300 seconds."""
        found = classic_of(self._world, call)
        found.attributes |= call.params["LoadBalancerAttributes"]
        draining = found.attributes["ConnectionDraining"]
        found.attributes["ConnectionDraining"] = {"Timeout": _DRAINING_TIMEOUT, **draining}
        return {"LoadBalancerName": call.params["LoadBalancerName"], "LoadBalancerAttributes": found.attributes}

    def _configure_health_check(self, call: Call) -> AwsShape:
        check = dict(call.params["HealthCheck"])
        if check["Timeout"] >= check["Interval"]:
            raise Refused("ValidationError", "HealthCheck timeout must be less than interval")
        classic_of(self._world, call).shape["HealthCheck"] = check
        return {"HealthCheck": check}

    def _add_tags(self, call: Call) -> AwsShape:
        for found in self._tagged(call):
            found.tags |= tags_from(call.params["Tags"])
        return {}

    def _remove_tags(self, call: Call) -> AwsShape:
        for found in self._tagged(call):
            for tag in call.params["Tags"]:
                found.tags.pop(tag["Key"], None)
        return {}

    def _describe_tags(self, call: Call) -> AwsShape:
        return {
            "TagDescriptions": [
                {
                    "LoadBalancerName": found.shape["LoadBalancerName"],
                    "Tags": [{"Key": key, "Value": value} for key, value in found.tags.items()],
                }
                for found in self._tagged(call)
            ]
        }

    def _tagged(self, call: Call) -> list[Classic]:
        return [self._state(call).named(name) for name in call.params["LoadBalancerNames"]]

    def _state(self, call: Call) -> ClassicBalancing:
        return self._world.state(ClassicBalancing, call.account, call.region)


def _attributes() -> AwsShape:
    return {
        "CrossZoneLoadBalancing": {"Enabled": False},
        "AccessLog": {"Enabled": False},
        "ConnectionDraining": {"Enabled": False, "Timeout": _DRAINING_TIMEOUT},
        "ConnectionSettings": {"IdleTimeout": 60},
        "AdditionalAttributes": [{"Key": "elb.http.desyncmitigationmode", "Value": "defensive"}],
    }


def _listener(given: AwsShape) -> AwsShape:
    """A listener as it is shown: the instances are spoken to as clients speak to it, unless something else is said."""
    protocol = given["Protocol"].upper()
    secure = protocol in SECURE
    if secure and not given.get("SSLCertificateId"):
        raise Refused("CertificateNotFound", f"A certificate must be specified for {protocol} listeners")
    plain = "TCP" if protocol in ("TCP", "SSL") else "HTTP"
    shown = {**given, "Protocol": protocol, "InstanceProtocol": given.get("InstanceProtocol") or plain}
    return {"Listener": shown, "PolicyNames": [DEFAULT_SSL_POLICY] if secure else []}


def _placed(call: Call) -> AwsShape:
    subnets, zones = call.params.get("Subnets") or [], call.params.get("AvailabilityZones") or []
    if bool(subnets) == bool(zones):
        raise Refused("ValidationError", "Only one of SubnetIds or AvailabilityZones may be specified")
    known = [find_subnet(call.account, call.region, subnet) for subnet in subnets]
    if None in known:
        raise Refused("SubnetNotFound", f"The subnet ID '{subnets[known.index(None)]}' does not exist")
    found = [subnet for subnet in known if subnet is not None]
    return {
        "Subnets": list(subnets),
        "AvailabilityZones": [subnet.zone for subnet in found] or list(zones),
        "VPCId": found[0].vpc if found else "",
    }


def _dns_name(name: str, scheme: str, region: str) -> str:
    visible = f"internal-{name}" if scheme == "internal" else name
    return f"{visible}-{secrets.randbelow(1_900_000_000) + 100_000_000}.{region}.elb.amazonaws.com"
