"""How clients find it, and how Route 53 knows whether they should: records of several policies, checks of each sort."""

from __future__ import annotations

from breakglass.rehearsal.sandbox.seed.blueprint import Blueprint
from breakglass.rehearsal.sandbox.seed.ground import Ground
from breakglass.rehearsal.sandbox.state import AwsShape

from .entrances import Entrances


def make_checks(ground: Ground, blueprint: Blueprint, entrances: Entrances, alarms: dict[str, str]) -> dict[str, str]:
    """Make them and return their ids by purpose: `all` is calculated from the others."""
    name = _check(
        ground, blueprint, "name", Type="HTTPS_STR_MATCH", FullyQualifiedDomainName=blueprint.host, Port=443,
        ResourcePath="/health", SearchString="mirror, mirror", RequestInterval=10, FailureThreshold=2,
        EnableSNI=True, Regions=["eu-west-1", "us-east-1", "us-west-2"],
    )  # fmt: skip
    network = _check(
        ground, blueprint, "network", Type="HTTP", FullyQualifiedDomainName=entrances.network["DNSName"], Port=80,
        ResourcePath="/health", RequestInterval=30, FailureThreshold=3, MeasureLatency=True,
    )  # fmt: skip
    alarm = _check(
        ground, blueprint, "alarm", Type="CLOUDWATCH_METRIC", InsufficientDataHealthStatus="LastKnownStatus",
        AlarmIdentifier={"Region": ground.call.region, "Name": alarms["5xx"]},
    )  # fmt: skip
    every = _check(
        ground, blueprint, "all", Type="CALCULATED", HealthThreshold=2, ChildHealthChecks=[name, network, alarm]
    )
    return {"name": name, "network": network, "alarm": alarm, "all": every}


def _check(ground: Ground, blueprint: Blueprint, purpose: str, **config: object) -> str:
    made = ground.call(
        "route53", "CreateHealthCheck", CallerReference=f"seed-{blueprint.name}-{purpose}", HealthCheckConfig=config
    )
    check = str(made["HealthCheck"]["Id"])
    tags = [{"Key": "Name", "Value": f"{blueprint.name}-{purpose}"}, *blueprint.tagged()]
    ground.call("route53", "ChangeTagsForResource", ResourceType="healthcheck", ResourceId=check, AddTags=tags)
    return check


def make_records(ground: Ground, blueprint: Blueprint, entrances: Entrances, checks: dict[str, str]) -> None:
    """Weighted aliases of both types, a failover pair, a plain CNAME, and a wildcard that leads to another record."""
    application, network, classic = entrances.application, entrances.network, entrances.classic_shape
    home = {"Name": f"{blueprint.host}.", "AliasTarget": _alias(application)}
    weighted = [
        {**home, "Type": "A", "SetIdentifier": "here", "Weight": 90, "HealthCheckId": checks["name"]},
        {**home, "Type": "AAAA", "SetIdentifier": "here", "Weight": 90},
        {"Name": f"{blueprint.host}.", "Type": "A", "SetIdentifier": "old", "Weight": 10,
         "AliasTarget": _alias(classic, "CanonicalHostedZoneNameID")},
    ]  # fmt: skip
    old = {"Name": f"old.{blueprint.host}.", "Type": "CNAME", "TTL": 60}
    failover = [
        {**old, "SetIdentifier": "first", "Failover": "PRIMARY", "HealthCheckId": checks["all"],
         "ResourceRecords": [{"Value": network["DNSName"]}]},
        {**old, "SetIdentifier": "second", "Failover": "SECONDARY",
         "ResourceRecords": [{"Value": classic["DNSName"]}]},
    ]  # fmt: skip
    plain = {"Name": f"net.{blueprint.host}.", "Type": "CNAME", "TTL": 300,
             "ResourceRecords": [{"Value": network["DNSName"]}]}  # fmt: skip
    to_home = {"HostedZoneId": ground.zone_id, "DNSName": f"{blueprint.host}.", "EvaluateTargetHealth": True}
    every_other = {"Name": f"*.{blueprint.host}.", "Type": "A", "SetIdentifier": "here", "Region": ground.call.region,
                   "AliasTarget": to_home}  # fmt: skip
    records = [*weighted, *failover, plain, every_other]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    ground.call("route53", "ChangeResourceRecordSets", HostedZoneId=ground.zone_id, ChangeBatch={"Changes": changes})


def _alias(balancer: AwsShape, zone: str = "CanonicalHostedZoneId") -> AwsShape:
    dns_name = f"dualstack.{balancer['DNSName']}."
    return {"HostedZoneId": balancer[zone], "DNSName": dns_name, "EvaluateTargetHealth": True}
