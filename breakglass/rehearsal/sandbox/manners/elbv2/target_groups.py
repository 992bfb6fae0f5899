"""Target groups and their attributes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.manners.limits import insist_on_room
from breakglass.rehearsal.sandbox.network import vpc_exists
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .load_balancers import as_list
from .state import Balancing, TargetGroup
from .tags import tags_from

_PAGE = 400
_OF_ALL = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "stickiness.enabled": "false",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
_OF_APPLICATION = {
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
}
_OF_NETWORK = {
    "deregistration_delay.connection_termination.enabled": "false",
    "preserve_client_ip.enabled": "false",
    "proxy_protocol_v2.enabled": "false",
    "stickiness.type": "source_ip",
    "target_health_state.unhealthy.connection_termination.enabled": "true",
    "target_health_state.unhealthy.draining_interval_seconds": "0",
}
_HTTP = ("HTTP", "HTTPS")
_HEALTH_CHECK = (
    "HealthCheckProtocol", "HealthCheckPort", "HealthCheckEnabled", "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "HealthCheckPath", "Matcher",
)  # fmt: skip


class TargetGroups:
    """Creation, description, change and deletion of target groups."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateTargetGroup": self._create,
            "DescribeTargetGroups": self._describe,
            "ModifyTargetGroup": self._modify,
            "DeleteTargetGroup": self._delete,
            "DescribeTargetGroupAttributes": self._describe_attributes,
            "ModifyTargetGroupAttributes": self._modify_attributes,
        }

    def _create(self, call: Call) -> AwsShape:
        """A name is unique in an account and region: the same request again returns the group that is there.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
        """
        state = self._state(call)
        name = call.params["Name"]
        shape = _completed(call)
        for existing in state.target_groups.values():
            if existing.shape["TargetGroupName"] == name:
                if all(existing.shape.get(key) == value for key, value in shape.items() if key != "TargetGroupArn"):
                    return {"TargetGroups": [self._shown(state, existing)]}
                raise Refused(
                    "DuplicateTargetGroupName",
                    f"A target group with the same name '{name}' exists, but with different settings",
                )
        insist_on_room(self._world, call, "target-groups", len(state.target_groups), "TooManyTargetGroups")
        created = TargetGroup(shape, _attributes(shape))
        state.target_groups[shape["TargetGroupArn"]] = created
        state.tags[shape["TargetGroupArn"]] = tags_from(call.params.get("Tags"))
        return {"TargetGroups": [self._shown(state, created)]}

    def _describe(self, call: Call) -> AwsShape:
        """By load balancer, ARNs or names; one that does not exist fails the call with TargetGroupNotFound.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
        """
        state = self._state(call)
        if arn := call.params.get("LoadBalancerArn"):
            state.load_balancer(arn)
            chosen = [state.target_groups[used] for used in state.target_groups_of(arn)]
        elif arns := call.params.get("TargetGroupArns"):
            chosen = [state.target_group(arn) for arn in arns]
        elif names := call.params.get("Names"):
            by_name = {item.shape["TargetGroupName"]: item for item in state.target_groups.values()}
            if any(name not in by_name for name in names):
                raise Refused("TargetGroupNotFound", "One or more target groups not found")
            chosen = [by_name[name] for name in names]
        else:
            chosen = list(state.target_groups.values())
        shown, marker = page(chosen, call.params.get("Marker"), int(call.params.get("PageSize") or _PAGE))
        return {"TargetGroups": [self._shown(state, item) for item in shown], "NextMarker": marker}

    def _modify(self, call: Call) -> AwsShape:
        state = self._state(call)
        found = state.target_group(call.params["TargetGroupArn"])
        found.shape.update({key: call.params[key] for key in _HEALTH_CHECK if call.params.get(key) is not None})
        return {"TargetGroups": [self._shown(state, found)]}

    def _delete(self, call: Call) -> AwsShape:
        """Refused with ResourceInUse while any listener or rule forwards to it.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html
        """
        state = self._state(call)
        arn = call.params["TargetGroupArn"]
        state.target_group(arn)
        if state.load_balancers_of(arn):
            raise Refused("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
        del state.target_groups[arn]
        state.tags.pop(arn, None)
        return {}

    def _describe_attributes(self, call: Call) -> AwsShape:
        return {"Attributes": as_list(self._state(call).target_group(call.params["TargetGroupArn"]).attributes)}

    def _modify_attributes(self, call: Call) -> AwsShape:
        found = self._state(call).target_group(call.params["TargetGroupArn"])
        changed = {item["Key"]: item.get("Value", "") for item in call.params["Attributes"]}
        if unknown := sorted(set(changed) - set(found.attributes)):
            raise Refused("ValidationError", f"Target group attribute key '{unknown[0]}' is not recognized")
        found.attributes.update(changed)
        return {"Attributes": as_list(found.attributes)}

    def _shown(self, state: Balancing, found: TargetGroup) -> AwsShape:
        arn = found.shape["TargetGroupArn"]
        return {**found.shape, "LoadBalancerArns": state.load_balancers_of(arn)}

    def _state(self, call: Call) -> Balancing:
        return self._world.state(Balancing, call.account, call.region)


def _attributes(shape: AwsShape) -> dict[str, str]:
    """What a new target group's attributes are, by its protocol and type.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
    """
    if shape.get("Protocol") in (None, *_HTTP):
        return {**_OF_ALL, **_OF_APPLICATION}
    keeps = shape["TargetType"] in ("instance", "alb") or shape["Protocol"] in ("UDP", "TCP_UDP")
    return {**_OF_ALL, **_OF_NETWORK, "preserve_client_ip.enabled": str(keeps).lower()}


def _completed(call: Call) -> AwsShape:
    given = call.params
    kind = given.get("TargetType") or "instance"
    name = given["Name"]
    if kind != "lambda":
        for key in ("Protocol", "Port", "VpcId"):
            if not given.get(key):
                raise Refused("ValidationError", f"A {'VPC ID' if key == 'VpcId' else key.lower()} must be specified")
        if not vpc_exists(call.account, call.region, given["VpcId"]):
            raise Refused("ValidationError", f"The VPC ID '{given['VpcId']}' is not found")
    protocol = given.get("Protocol")
    over_http = protocol in _HTTP
    suffix = f"targetgroup/{name}/{secrets.token_hex(8)}"
    shape: AwsShape = {
        "TargetGroupArn": f"arn:aws:elasticloadbalancing:{call.region}:{call.account}:{suffix}",
        "TargetGroupName": name,
        "TargetType": kind,
        "HealthCheckProtocol": protocol if over_http else "TCP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5 if over_http else 10,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "IpAddressType": given.get("IpAddressType") or "ipv4",
    }
    shape |= {key: given[key] for key in ("Protocol", "Port", "VpcId") if given.get(key)}
    if over_http:
        shape["ProtocolVersion"] = given.get("ProtocolVersion") or "HTTP1"
        shape |= {"HealthCheckPath": "/", "Matcher": {"HttpCode": "200"}}
    return shape | {key: given[key] for key in _HEALTH_CHECK if given.get(key) is not None}
