"""Small AWS worlds in which a kind finds what its leads name, and empty ones in which it is not there.

Whoever adds a kind adds its worlds here: the tests over all kinds enrol it by that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from breakglass.kinds import all_kinds
from breakglass.model.arn import normal_dns
from breakglass.model.dynamodb import spell_key
from breakglass.model.kind import Kind
from breakglass.model.lead import Lead
from breakglass.model.reading import NotFound, Refused
from tests.kinds.fake_reader import ACCOUNT, REGION, Answer, Params, Sent, World, lead

RecordSet = Mapping[str, Any]
Item = Mapping[str, Mapping[str, Any]]


def answering(answer: Mapping[str, Any]) -> Answer:
    return lambda _: answer


def state_table(
    *items: Item, key: Mapping[str, str] = MappingProxyType({"name": "S"}), table: str = "wonderland-services"
) -> World:
    """A table whose key attributes, partition first, have these types."""
    names = list(key)

    def insist(params: Params) -> None:
        if params["TableName"] != table:
            raise NotFound("dynamodb:any", "ResourceNotFoundException", "Requested resource not found")

    def get(ask: Sent) -> Mapping[str, Any]:
        insist(ask.params)
        if {name: tuple(typed) for name, typed in ask.params["Key"].items()} != {
            name: (tag,) for name, tag in key.items()
        }:
            message = "The provided key element does not match the schema"
            raise Refused("dynamodb:GetItem", "ValidationException", message)
        wanted = spell_key(ask.params["Key"])
        found = [item for item in items if spell_key({name: item[name] for name in names}) == wanted]
        return {"Item": found[0]} if found else {}

    def query(ask: Sent) -> Mapping[str, Any]:
        insist(ask.params)
        name, value = (
            ask.params["ExpressionAttributeNames"]["#partition"],
            ask.params["ExpressionAttributeValues"][":partition"],
        )
        assert name == names[0]
        return {"Items": [item for item in items if item[name] == value]}

    def scan(ask: Sent) -> Mapping[str, Any]:
        insist(ask.params)
        return {"Items": list(items)}

    def describe(ask: Sent) -> Mapping[str, Any]:
        insist(ask.params)
        schema = [{"AttributeName": name, "KeyType": "RANGE" if at else "HASH"} for at, name in enumerate(names)]
        types = [{"AttributeName": name, "AttributeType": tag} for name, tag in key.items()]
        return {"Table": {"KeySchema": schema[::-1], "AttributeDefinitions": types}}

    return {
        ("dynamodb", "GetItem"): get,
        ("dynamodb", "Query"): query,
        ("dynamodb", "Scan"): scan,
        ("dynamodb", "DescribeTable"): describe,
    }


@dataclass(frozen=True)
class HostedZone:
    id: str
    name: str
    records: Sequence[RecordSet] = ()
    private: bool = False
    says_it_has: int | None = None

    def listed(self) -> Mapping[str, Any]:
        return {
            "Id": f"/hostedzone/{self.id}",
            "Name": f"{self.name}.",
            "Config": {"PrivateZone": self.private},
            "ResourceRecordSetCount": len(self.records) if self.says_it_has is None else self.says_it_has,
        }


def reversed_labels(name: str) -> list[str]:
    """Route 53's order of names: by their labels from the right, `*` as `\\052`."""
    return normal_dns(name).replace("*", r"\052").split(".")[::-1]


def _record_order(record: RecordSet) -> tuple[list[str], str, str]:
    return reversed_labels(record["Name"]), record["Type"], record.get("SetIdentifier", "")


def route53(*zones: HostedZone, page: int = 300) -> World:
    """Hosted zones as Route 53 lists them: a name is where the listing starts, and no more than that."""

    def zone_of(params: Params, field: str) -> HostedZone:
        for zone in zones:
            if zone.id == params[field]:
                return zone
        raise NotFound("route53:any", "NoSuchHostedZone", f"No hosted zone found with ID: {params[field]}")

    def by_name(ask: Sent) -> Mapping[str, Any]:
        start = reversed_labels(ask.params["DNSName"]), ask.params.get("HostedZoneId", "")
        ordered = sorted(zones, key=lambda zone: (reversed_labels(zone.name), zone.id))
        rest = [zone for zone in ordered if (reversed_labels(zone.name), zone.id) >= start]
        answer: dict[str, Any] = {"HostedZones": [zone.listed() for zone in rest[:2]], "IsTruncated": len(rest) > 2}
        if rest[2:]:
            answer |= {"NextDNSName": f"{rest[2].name}.", "NextHostedZoneId": rest[2].id}
        return answer

    def records(ask: Sent) -> Mapping[str, Any]:
        ordered = sorted(zone_of(ask.params, "HostedZoneId").records, key=_record_order)
        if "MaxItems" not in ask.params:
            return {"ResourceRecordSets": ordered, "IsTruncated": False}
        start = (
            reversed_labels(ask.params["StartRecordName"]),
            ask.params.get("StartRecordType", ""),
            ask.params.get("StartRecordIdentifier", ""),
        )
        size = min(page, int(ask.params["MaxItems"]))
        rest = [record for record in ordered if _record_order(record) >= start]
        answer: dict[str, Any] = {"ResourceRecordSets": rest[:size], "IsTruncated": len(rest) > size}
        if rest[size:]:
            following = rest[size]
            answer |= {"NextRecordName": following["Name"], "NextRecordType": following["Type"]}
            if "SetIdentifier" in following:
                answer["NextRecordIdentifier"] = following["SetIdentifier"]
        return answer

    return {
        ("route53", "ListHostedZonesByName"): by_name,
        ("route53", "GetHostedZone"): lambda ask: {"HostedZone": zone_of(ask.params, "Id").listed()},
        ("route53", "ListResourceRecordSets"): records,
    }


def health_checks(*checks: Mapping[str, Any], tags: Mapping[str, Mapping[str, str]] | None = None) -> World:
    by_id = {check["Id"]: check for check in checks}

    def get(ask: Sent) -> Mapping[str, Any]:
        if ask.params["HealthCheckId"] not in by_id:
            raise NotFound("route53:GetHealthCheck", "NoSuchHealthCheck", "A health check with this id does not exist.")
        return {"HealthCheck": by_id[ask.params["HealthCheckId"]]}

    def list_tags(ask: Sent) -> Mapping[str, Any]:
        assert len(ask.params["ResourceIds"]) <= 10
        return {
            "ResourceTagSets": [
                {
                    "ResourceType": "healthcheck",
                    "ResourceId": one,
                    "Tags": [{"Key": name, "Value": value} for name, value in (tags or {}).get(one, {}).items()],
                }
                for one in ask.params["ResourceIds"]
            ]
        }

    return {
        ("route53", "GetHealthCheck"): get,
        ("route53", "ListTagsForResources"): list_tags,
        ("route53", "ListHealthChecks"): answering({"HealthChecks": list(checks)}),
    }


def health_check(known_as: str, **config: Any) -> Mapping[str, Any]:
    usual = {
        "Type": "HTTPS",
        "FullyQualifiedDomainName": "deployer-api.example.com",
        "ResourcePath": "/health",
        "Port": 443,
    }
    return {
        "Id": known_as,
        "CallerReference": f"made-{known_as}",
        "HealthCheckVersion": 1,
        "HealthCheckConfig": config or usual,
    }


def alarm(name: str, region: str = REGION, **fields: Any) -> Mapping[str, Any]:
    arn = f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}"
    return {"AlarmName": name, "AlarmArn": arn, "StateValue": "OK", **fields}


def alarms(here: Mapping[str, Sequence[Mapping[str, Any]]], page: int = 100) -> World:
    """Alarms by region."""

    def describe(ask: Sent) -> Mapping[str, Any]:
        assert len(ask.params["AlarmNames"]) <= 100
        found = [one for one in here.get(ask.region, []) if one["AlarmName"] in ask.params["AlarmNames"]]
        start = int(ask.params.get("NextToken", 0))
        some = found[start : start + min(page, ask.params["MaxRecords"])]
        more = {"NextToken": str(start + len(some))} if start + len(some) < len(found) else {}
        return {
            "MetricAlarms": [one for one in some if "AlarmRule" not in one],
            "CompositeAlarms": [one for one in some if "AlarmRule" in one],
            **more,
        }

    def for_metric(ask: Sent) -> Mapping[str, Any]:
        metric = {name: ask.params[name] for name in ("Namespace", "MetricName", "Dimensions")}
        return {"MetricAlarms": [one for one in here.get(ask.region, []) if metric.items() <= one.items()]}

    return {
        ("cloudwatch", "DescribeAlarms"): describe,
        ("cloudwatch", "DescribeAlarmsForMetric"): for_metric,
        ("cloudwatch", "ListTagsForResource"): answering({"Tags": [{"Key": "team", "Value": "platform"}]}),
    }


def scalable_target(resource: str, **fields: Any) -> Mapping[str, Any]:
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1,
        "MaxCapacity": 6,
        "ScalableTargetARN": f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/of-{resource[8:]}",
        **fields,
    }


def autoscaling(
    *targets: Mapping[str, Any],
    policies: Sequence[Mapping[str, Any]] = (),
    actions: Sequence[Mapping[str, Any]] = (),
) -> World:
    """Scalable targets, whose ids are compared as loosely as some endpoints do."""

    def describe(ask: Sent) -> Mapping[str, Any]:
        wanted = ask.params.get("ResourceIds")
        assert wanted is None or len(wanted) <= 50
        return {
            "ScalableTargets": [
                target
                for target in targets
                if wanted is None or any(target["ResourceId"].startswith(one) for one in wanted)
            ]
        }

    def of_resource(field: str, things: Sequence[Mapping[str, Any]]) -> Answer:
        return lambda ask: {field: [one for one in things if ask.params["ResourceId"] in one["ResourceId"]]}

    return {
        ("application-autoscaling", "DescribeScalableTargets"): describe,
        ("application-autoscaling", "DescribeScalingPolicies"): of_resource("ScalingPolicies", policies),
        ("application-autoscaling", "DescribeScheduledActions"): of_resource("ScheduledActions", actions),
        ("application-autoscaling", "ListTagsForResource"): answering({"Tags": {"team": "platform"}}),
    }


def task_definitions(*revisions: str, status: str = "ACTIVE") -> World:
    def describe(ask: Sent) -> Mapping[str, Any]:
        family, _, number = ask.params["taskDefinition"].partition(":")
        known = [
            one for one in revisions if one == f"{family}:{number}" or (not number and one.startswith(f"{family}:"))
        ]
        if not known:
            raise NotFound("ecs:DescribeTaskDefinition", "ClientException", "Unable to describe task definition.")
        family, _, number = known[-1].partition(":")
        return {
            "taskDefinition": {
                "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{known[-1]}",
                "family": family,
                "revision": int(number),
                "status": status,
                "containerDefinitions": [{"name": "api"}, {"name": "proxy"}],
                "requiresCompatibilities": ["FARGATE"],
            },
            "tags": [{"key": "team", "value": "platform"}] if "TAGS" in ask.params["include"] else [],
        }

    return {("ecs", "DescribeTaskDefinition"): describe}


def cloud_map(
    *services: Mapping[str, Any],
    namespaces: Mapping[str, str] = MappingProxyType({"ns-1": "wonderland.local"}),
    instances: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
) -> World:
    """Cloud Map services, and namespaces by id, as AWS tells of them: a listing does not say a service's namespace."""
    by_id = {one["Id"]: one for one in services}

    def service(ask: Sent, field: str = "Id") -> Mapping[str, Any]:
        if ask.params[field] not in by_id:
            raise NotFound(ask.iam_action, "ServiceNotFound", f"No service with ID {ask.params[field]}")
        return by_id[ask.params[field]]

    def namespace(ask: Sent) -> Mapping[str, Any]:
        if ask.params["Id"] not in namespaces:
            raise NotFound(ask.iam_action, "NamespaceNotFound", ask.params["Id"])
        return {"Namespace": {"Id": ask.params["Id"], "Name": namespaces[ask.params["Id"]], "Type": "DNS_PRIVATE"}}

    def filtered(ask: Sent) -> Sequence[str] | None:
        return ask.params["Filters"][0]["Values"] if "Filters" in ask.params else None

    def listed(ask: Sent) -> Mapping[str, Any]:
        wanted = filtered(ask)
        some = [one for one in services if wanted is None or one["NamespaceId"] in wanted]
        return {"Services": [{name: value for name, value in one.items() if name != "NamespaceId"} for one in some]}

    def spaces(ask: Sent) -> Mapping[str, Any]:
        wanted = filtered(ask)
        some = namespaces.items()
        return {"Namespaces": [{"Id": at, "Name": name} for at, name in some if wanted is None or name in wanted]}

    return {
        ("servicediscovery", "GetService"): lambda ask: {"Service": service(ask)},
        ("servicediscovery", "GetNamespace"): namespace,
        ("servicediscovery", "ListNamespaces"): spaces,
        ("servicediscovery", "ListServices"): listed,
        ("servicediscovery", "ListInstances"): lambda ask: {
            "Instances": instances.get(service(ask, "ServiceId")["Id"], [])
        },
        ("servicediscovery", "ListTagsForResource"): answering({"Tags": [{"Key": "team", "Value": "platform"}]}),
        ("servicediscovery", "GetServiceAttributes"): lambda ask: {
            "ServiceAttributes": {"ServiceArn": service(ask, "ServiceId")["Arn"], "Attributes": {}}
        },
    }


def discovery_service(known_as: str, name: str = "deployer-api", namespace: str = "ns-1") -> Mapping[str, Any]:
    return {
        "Id": known_as,
        "Arn": f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:service/{known_as}",
        "Name": name,
        "NamespaceId": namespace,
        "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 60}]},
    }


def security_groups(
    *groups: Mapping[str, Any], interfaces: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({})
) -> World:
    """Security groups, and the network interfaces in them: one id that is not known fails a whole batch."""
    by_id = {group["GroupId"]: group for group in groups}

    def let_in(group: Mapping[str, Any]) -> set[str]:
        return {pair["GroupId"] for rule in group.get("IpPermissions", []) for pair in rule.get("UserIdGroupPairs", [])}

    def describe(ask: Sent) -> Mapping[str, Any]:
        ids = ask.params.get("GroupIds", [])
        for known_as in ids:
            if not known_as.startswith("sg-"):
                raise Refused(ask.iam_action, "InvalidGroupId.Malformed", f'Invalid id: "{known_as}"')
            if known_as not in by_id:
                message = f"The security group '{known_as}' does not exist"
                raise NotFound(ask.iam_action, "InvalidGroup.NotFound", message)
        if ids:
            return {"SecurityGroups": [by_id[known_as] for known_as in ids]}
        (asked,) = ask.params["Filters"]
        matches = {
            "group-name": lambda group: group["GroupName"] in asked["Values"],
            "ip-permission.group-id": lambda group: let_in(group) & set(asked["Values"]),
        }[asked["Name"]]
        return {"SecurityGroups": [group for group in groups if matches(group)]}

    def used_by(ask: Sent) -> Mapping[str, Any]:
        (asked,) = ask.params["Filters"]
        assert asked["Name"] == "group-id"
        return {"NetworkInterfaces": [one for known_as in asked["Values"] for one in interfaces.get(known_as, [])]}

    return {("ec2", "DescribeSecurityGroups"): describe, ("ec2", "DescribeNetworkInterfaces"): used_by}


def security_group(known_as: str, name: str = "tasks", *lets_in: str) -> Mapping[str, Any]:
    pairs = [{"GroupId": other, "UserId": ACCOUNT} for other in lets_in]
    rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": pairs}
    return {"GroupId": known_as, "GroupName": name, "VpcId": "vpc-1", "IpPermissions": [rule] if pairs else []}


@dataclass(frozen=True)
class Scene:
    """A kind, leads for it, the world in which they lead to something, and the one in which AWS knows none of it."""

    kind: Kind
    leads: Sequence[Lead]
    full: World
    empty: World


def _scene(name: str, full: World, empty: World, *refs: tuple[str, str]) -> Callable[[], Scene]:
    def scene() -> Scene:
        kind = all_kinds()[name]
        return Scene(kind, [lead(kind, ref, within) for ref, within in refs], full, empty)

    return scene


def classic_balancers(*names: str, **fields: Any) -> World:
    """Classic load balancers with one instance each."""

    def insist(ask: Sent) -> str:
        (name,) = ask.params.get("LoadBalancerNames") or [ask.params["LoadBalancerName"]]
        if name not in names:
            raise NotFound("elasticloadbalancing:any", "LoadBalancerNotFound", f"no Load Balancer named '{name}'")
        return str(name)

    def describe(ask: Sent) -> Mapping[str, Any]:
        name = insist(ask)
        shape = {
            "LoadBalancerName": name,
            "DNSName": f"{name}-123456.{REGION}.elb.amazonaws.com",
            "ListenerDescriptions": [{"Listener": {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 8080}}],
            "Instances": [{"InstanceId": "i-1"}],
            "SecurityGroups": ["sg-1"],
        }
        return {"LoadBalancerDescriptions": [{**shape, **fields}]}

    def part(answer: Mapping[str, Any]) -> Answer:
        return lambda ask: answer if insist(ask) else {}

    return {
        ("elb", "DescribeLoadBalancers"): describe,
        ("elb", "DescribeInstanceHealth"): part({"InstanceStates": [{"InstanceId": "i-1", "State": "InService"}]}),
        ("elb", "DescribeTags"): part({"TagDescriptions": [{"Tags": [{"Key": "team", "Value": "platform"}]}]}),
        ("elb", "DescribeLoadBalancerAttributes"): part({"LoadBalancerAttributes": {}}),
        ("elb", "DescribeLoadBalancerPolicies"): part({"PolicyDescriptions": []}),
    }


RECORD = {
    "Name": "deployer-api.example.com.",
    "Type": "CNAME",
    "TTL": 60,
    "ResourceRecords": [{"Value": "elsewhere.net"}],
}
TARGET = "service/wonderland/deployer-api"
SCENES: Mapping[str, Callable[[], Scene]] = {
    "state-entry": _scene(
        "state-entry",
        state_table({"name": {"S": "deployer-api"}}),
        state_table(),
        ('{"name":{"S":"deployer-api"}}', "wonderland-services"),
    ),
    "state-entry of a partition": _scene(
        "state-entry",
        state_table({"name": {"S": "deployer-api"}, "env": {"S": "prod"}}, key={"name": "S", "env": "S"}),
        state_table(key={"name": "S", "env": "S"}),
        ('{"name":{"S":"deployer-api"}}', "wonderland-services"),
    ),
    "dns-record": _scene(
        "dns-record",
        route53(HostedZone("Z1", "example.com", [RECORD])),
        route53(HostedZone("Z1", "example.com")),
        ("deployer-api.example.com", "example.com"),
    ),
    "dns-record without a zone": _scene(
        "dns-record",
        route53(HostedZone("Z1", "example.com", [RECORD])),
        route53(HostedZone("Z1", "example.com")),
        ("deployer-api.example.com", ""),
    ),
    "health-check": _scene("health-check", health_checks(health_check("abc")), health_checks(), ("abc", "")),
    "classic-load-balancer": _scene(
        "classic-load-balancer", classic_balancers("api-elb"), classic_balancers(), ("api-elb", "")
    ),
    "alarm": _scene("alarm", alarms({REGION: [alarm("api-5xx")]}), alarms({}), ("api-5xx", "")),
    "scalable-target": _scene("scalable-target", autoscaling(scalable_target(TARGET)), autoscaling(), (TARGET, "")),
    "task-definition": _scene(
        "task-definition", task_definitions("deployer-api:41"), task_definitions(), ("deployer-api:41", "")
    ),
    "discovery-service": _scene("discovery-service", cloud_map(discovery_service("srv-1")), cloud_map(), ("srv-1", "")),
    "discovery-service by name": _scene(
        "discovery-service",
        cloud_map(discovery_service("srv-1")),
        cloud_map(),
        ("wonderland.local/deployer-api", "srv-0"),
    ),
    "security-group": _scene(
        "security-group", security_groups(security_group("sg-1")), security_groups(), ("sg-1", "")
    ),
}
