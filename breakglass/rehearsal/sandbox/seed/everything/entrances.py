"""How traffic reaches it: security groups, target groups, and a load balancer of each sort with all that is on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from breakglass.rehearsal.sandbox.manners.ecs.hosts import hosts_of
from breakglass.rehearsal.sandbox.seed.blueprint import Blueprint
from breakglass.rehearsal.sandbox.seed.ground import CLUSTER, Ground
from breakglass.rehearsal.sandbox.seed.running import PORT
from breakglass.rehearsal.sandbox.state import AwsShape

MIRROR_PORT = 9090
TLS_PORT, PLAIN_PORT = 443, 80


@dataclass(frozen=True)
class Entrances:
    """What the rest of the service has to name: target groups by purpose, load balancers as AWS shows them.

    `classic` is a name, for there is no ARN; `classic_shape` is what DescribeLoadBalancers says of it.
    """

    groups: dict[str, str]
    application: AwsShape
    network: AwsShape
    classic: str
    classic_shape: AwsShape


def make_entrances(ground: Ground, blueprint: Blueprint) -> Entrances:
    """Make all of them, with nothing behind them yet."""
    outside = _security_groups(ground, blueprint)
    groups = _target_groups(ground, blueprint)
    application, listener = ground.balancer(
        blueprint.name, blueprint.owner, _weighted(groups["api"], groups["mirror"]), [outside]
    )
    _rules(ground, blueprint, listener, groups)
    _side_door(ground, blueprint, application["LoadBalancerArn"], groups["mirror"])
    network = _network_balancer(ground, blueprint, outside, groups)
    _through_the_other(ground, application["LoadBalancerArn"], groups["alb"])
    classic = f"{blueprint.name}-old"
    return Entrances(groups, application, network, classic, _classic_balancer(ground, blueprint, classic, outside))


def _network(ground: Ground) -> Any:
    """Moto's EC2 itself, as for the rest of the ground: its API has a model that takes half a second to read."""
    return ec2_backends[ground.call.account][ground.call.region]


def _security_groups(ground: Ground, blueprint: Blueprint) -> str:
    """Two that name each other, so that neither could be deleted first; returns the load balancers'."""
    ec2 = _network(ground)
    doors, hosts = (
        ec2.create_security_group(name, f"{name} of mirrors", ground.vpc).id
        for name in (f"{blueprint.name}-doors", f"{blueprint.name}-hosts")
    )
    for group, other, port in ((hosts, doors, str(PORT)), (doors, hosts, str(TLS_PORT))):
        ec2.authorize_security_group_ingress(group, "tcp", port, port, [], source_groups=[{"GroupId": other}])
    return str(doors)


def _target_groups(ground: Ground, blueprint: Blueprint) -> dict[str, str]:
    """One for each container behind the ALB, one behind the NLB, and the one that has the ALB for its target."""
    http = {"Protocol": "HTTP", "TargetType": "instance", "HealthCheckPath": "/health", "Matcher": {"HttpCode": "200"}}
    wanted: dict[str, AwsShape] = {
        "api": {**http, "Port": PORT, "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2},
        "mirror": {**http, "Port": MIRROR_PORT, "ProtocolVersion": "HTTP2"},
        "tcp": {"Protocol": "TCP", "Port": PORT, "TargetType": "instance", "HealthCheckProtocol": "TCP"},
        "alb": {"Protocol": "TCP", "Port": PLAIN_PORT, "TargetType": "alb", "HealthCheckProtocol": "HTTP"},
    }
    attributes = {
        "api": {"stickiness.enabled": "true", "deregistration_delay.timeout_seconds": "30"},
        "mirror": {"slow_start.duration_seconds": "60", "deregistration_delay.timeout_seconds": "30"},
        "tcp": {"proxy_protocol_v2.enabled": "true", "deregistration_delay.timeout_seconds": "30"},
    }
    made = {}
    for purpose, given in wanted.items():
        name = blueprint.name if purpose == "api" else f"{blueprint.name}-{purpose}"
        answer = ground.call(
            "elbv2", "CreateTargetGroup", Name=name, VpcId=ground.vpc, Tags=blueprint.tagged(), **given
        )
        made[purpose] = str(answer["TargetGroups"][0]["TargetGroupArn"])
    for purpose, chosen in attributes.items():
        pairs = [{"Key": key, "Value": value} for key, value in chosen.items()]
        ground.call("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=made[purpose], Attributes=pairs)
    return made


def _weighted(most: str, rest: str) -> AwsShape:
    """Traffic shared between two target groups, each client always to the same one."""
    groups = [{"TargetGroupArn": most, "Weight": 90}, {"TargetGroupArn": rest, "Weight": 10}]
    sticky = {"Enabled": True, "DurationSeconds": 600}
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}}


def _rules(ground: Ground, blueprint: Blueprint, listener: str, groups: dict[str, str]) -> None:
    """Rules that let in whoever is known, or share traffic out, with conditions of each sort.

    None redirects or answers by itself: nobody could tell whose such a rule is, so that all would count as shared.
    """
    signed_in = {
        "UserPoolArn": f"arn:aws:cognito-idp:{ground.call.region}:{ground.call.account}:userpool/mirrors",
        "UserPoolClientId": "white-queen",
        "UserPoolDomain": "mirrors",
        "OnUnauthenticatedRequest": "authenticate",
    }
    cognito = {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": signed_in}
    forward = {"Type": "forward", "Order": 2, "TargetGroupArn": groups["api"]}
    issuer = "https://cheshire.example.com"
    token = {"JwksEndpoint": f"{issuer}/keys", "Issuer": issuer}
    bearer = {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": token}
    hosts = {"Field": "host-header", "HostHeaderConfig": {"Values": [f"admin.{blueprint.host}"]}}
    paths = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/v1/*", "/legacy/*"]}}
    asked = [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Mirror", "Values": ["*"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "side", "Value": "other"}]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "HEAD"]}},
    ]
    rules: list[tuple[int, list[AwsShape], list[AwsShape]]] = [
        (10, [hosts], [cognito, forward]),
        (20, [paths], [bearer, forward]),
        (30, asked, [_weighted(groups["mirror"], groups["api"])]),
    ]
    for priority, conditions, actions in rules:
        ground.call(
            "elbv2", "CreateRule", ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=actions,
            Tags=blueprint.tagged(),
        )  # fmt: skip


def _side_door(ground: Ground, blueprint: Blueprint, balancer: str, group: str) -> None:
    """A listener with a second certificate and an attribute of its own."""
    more = ground.call("acm", "RequestCertificate", DomainName=f"*.{blueprint.host}", ValidationMethod="DNS")
    made = ground.call(
        "elbv2", "CreateListener", LoadBalancerArn=balancer, Port=8443, Protocol="HTTPS",
        Certificates=[{"CertificateArn": ground.certificate}], SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}], Tags=blueprint.tagged(),
    )  # fmt: skip
    arn = made["Listeners"][0]["ListenerArn"]
    ground.call(
        "elbv2", "AddListenerCertificates", ListenerArn=arn, Certificates=[{"CertificateArn": more["CertificateArn"]}]
    )
    hidden = [{"Key": "routing.http.response.server.enabled", "Value": "false"}]
    ground.call("elbv2", "ModifyListenerAttributes", ListenerArn=arn, Attributes=hidden)


def _network_balancer(ground: Ground, blueprint: Blueprint, group: str, groups: dict[str, str]) -> AwsShape:
    """On elastic addresses, with a TLS listener of its own and a TCP one that leads to the ALB."""
    mappings = [
        {"SubnetId": subnet, "AllocationId": _network(ground).allocate_address("vpc").allocation_id}
        for subnet in ground.subnets[:2]
    ]
    made = ground.call(
        "elbv2", "CreateLoadBalancer", Name=f"{blueprint.name}-net", Type="network", Scheme="internet-facing",
        SubnetMappings=mappings, SecurityGroups=[group], Tags=blueprint.tagged(),
    )  # fmt: skip
    balancer: AwsShape = made["LoadBalancers"][0]
    arn = balancer["LoadBalancerArn"]
    across = [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]
    ground.call("elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=arn, Attributes=across)
    ground.call(
        "elbv2", "CreateListener", LoadBalancerArn=arn, Port=TLS_PORT, Protocol="TLS", AlpnPolicy=["HTTP2Preferred"],
        Certificates=[{"CertificateArn": ground.certificate}], SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": groups["tcp"]}], Tags=blueprint.tagged(),
    )  # fmt: skip
    ground.call(
        "elbv2", "CreateListener", LoadBalancerArn=arn, Port=PLAIN_PORT, Protocol="TCP",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": groups["alb"]}], Tags=blueprint.tagged(),
    )  # fmt: skip
    return balancer


def _through_the_other(ground: Ground, balancer: str, group: str) -> None:
    ground.call("elbv2", "RegisterTargets", TargetGroupArn=group, Targets=[{"Id": balancer, "Port": PLAIN_PORT}])


def _classic_balancer(ground: Ground, blueprint: Blueprint, name: str, group: str) -> AwsShape:
    """The one from before there were others: its instances were registered by hand, and its policies too."""
    elb = "elb"
    listeners = [
        {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": PORT},
        {"Protocol": "HTTPS", "LoadBalancerPort": 443, "InstanceProtocol": "HTTP", "InstancePort": PORT,
         "SSLCertificateId": ground.certificate},
    ]  # fmt: skip
    ground.call(
        elb, "CreateLoadBalancer", LoadBalancerName=name, Listeners=listeners, Subnets=ground.subnets,
        SecurityGroups=[group], Scheme="internet-facing", Tags=blueprint.tagged(),
    )  # fmt: skip
    check = {"Target": "HTTP:8080/health", "Interval": 5, "Timeout": 2, "UnhealthyThreshold": 2, "HealthyThreshold": 2}
    ground.call(elb, "ConfigureHealthCheck", LoadBalancerName=name, HealthCheck=check)
    ground.call(
        elb, "ModifyLoadBalancerAttributes", LoadBalancerName=name,
        LoadBalancerAttributes={
            "CrossZoneLoadBalancing": {"Enabled": True},
            "ConnectionDraining": {"Enabled": True, "Timeout": 30},
        },
    )  # fmt: skip
    ground.call(elb, "CreateLBCookieStickinessPolicy", LoadBalancerName=name, PolicyName="by-hour",
                CookieExpirationPeriod=3600)  # fmt: skip
    ground.call(elb, "SetLoadBalancerPoliciesOfListener", LoadBalancerName=name, LoadBalancerPort=80,
                PolicyNames=["by-hour"])  # fmt: skip
    hosts = hosts_of(ground.call.account, ground.call.region, CLUSTER)
    ground.call(elb, "RegisterInstancesWithLoadBalancer", LoadBalancerName=name,
                Instances=[{"InstanceId": host.instance} for host in hosts])  # fmt: skip
    told = ground.call(elb, "DescribeLoadBalancers", LoadBalancerNames=[name])
    shape: AwsShape = told["LoadBalancerDescriptions"][0]
    return shape
