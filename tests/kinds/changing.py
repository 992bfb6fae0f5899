"""What the tests over changes share: a component of each kind with all that AWS tells, and a world around it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from breakglass.aws.shapes import Shapes, stand_in
from breakglass.kinds import all_kinds
from breakglass.model.account import Account
from breakglass.model.component import Absent, Component, Owned, Present, State
from breakglass.model.inventory import Diagnosis, Health, Inventory
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Reference
from breakglass.model.plan import Action, Call, Output
from breakglass.model.world import Recipe, World

ACCOUNT, REGION, RUN = "111122223333", "eu-west-1", "20261123T031209Z-7f3a"
NOW = datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC)
THEN = datetime(2026, 9, 5, 9, 27, tzinfo=UTC)

ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
BALANCER = f"{ELB}:loadbalancer/app/deployer-api/50dc6c495c0c9188"
GROUP = f"{ELB}:targetgroup/deployer-api/73e2d6bc24d8a067"
LISTENER = f"{ELB}:listener/app/deployer-api/50dc6c495c0c9188/f2f7dc8efc522ab2"
RULE = f"{ELB}:listener-rule/app/deployer-api/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
DNS_NAME = "deployer-api-1234567890.eu-west-1.elb.amazonaws.com"
CLASSIC_DNS_NAME = "classic-api-1234567890.eu-west-1.elb.amazonaws.com"
CHECK = "3f2b6b0a-6a4e-4f6a-9d55-0a1f5d1f7c11"
CHILD = "77777777-6a4e-4f6a-9d55-0a1f5d1f7c11"
REGISTRY = f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:service/srv-2f6e3qxmpl7y4zyq"
DEFINITION = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/deployer-api:41"
POLICY = (
    f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:6d8972f3:"
    "resource/ecs/service/wonderland/deployer-api:policyName/out"
)
LABEL = "app/deployer-api/50dc6c495c0c9188/targetgroup/deployer-api/73e2d6bc24d8a067"
TAGS = [{"Key": "team", "Value": "werkzeugschmiede"}, {"Key": "aws:cloudformation:stack-name", "Value": "old"}]
SCALED = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/wonderland/deployer-api",
    "ScalableDimension": "ecs:service:DesiredCount",
}

MADE: Mapping[str, tuple[str, str]] = {
    BALANCER: ("load-balancer", "deployer-api"),
    DNS_NAME: ("load-balancer", "deployer-api"),
    "app/deployer-api/50dc6c495c0c9188": ("load-balancer", "deployer-api"),
    CLASSIC_DNS_NAME: ("classic-load-balancer", "classic-api"),
    GROUP: ("target-group", "deployer-api"),
    "targetgroup/deployer-api/73e2d6bc24d8a067": ("target-group", "deployer-api"),
    LISTENER: ("listener", "deployer-api:443"),
    CHECK: ("health-check", CHECK),
    CHILD: ("health-check", CHILD),
    REGISTRY: ("discovery-service", "wonderland.local/deployer-api"),
    REGISTRY.rpartition("/")[2]: ("discovery-service", "wonderland.local/deployer-api"),
    DEFINITION: ("task-definition", "deployer-api:41"),
    POLICY: ("scalable-target", SCALED["ResourceId"]),
}
"""Every value by which one of these components can be referred to, and which it is."""


@dataclass(frozen=True)
class Example:
    """A component as AWS tells of it, and the references by which it can dangle."""

    key: Key
    facts: Mapping[str, Any]
    refers: Sequence[Reference] = ()
    region: str = ""

    @property
    def kind(self) -> Kind:
        return all_kinds()[self.key.kind]

    @property
    def recipe(self) -> Recipe:
        return Recipe(self.key, self.facts)

    def component(self, **other: Any) -> Component:
        arns = (name for name in self.facts if name.lower().endswith("arn"))
        known: dict[str, Any] = {
            "key": self.key,
            "sighting": Present(self.facts, tuple(self.refers)),
            "leads": (),
            "state": State.OK,
            "reason": "",
            "ownership": Owned(()),
            "arn": next((self.facts[name] for name in arns if "Arn" in name), None),
            "region": self.region,
        }
        return Component(**(known | other))


def gone(key: Key) -> Component:
    return Component(key, Absent("gone"), (), State.MISSING, "gone", Owned(()))


def inventory(*components: Component, region: str = REGION) -> Inventory:
    account = Account(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ana")
    diagnosis = Diagnosis(Health.HALF_DELETED, "")
    return Inventory("deployer-api", account, region, NOW, diagnosis, components, (), complete=True, api_calls=0)


def world(*components: Component, serving: bool = True, **renewals: str | Output) -> World:
    return World(RUN, inventory(*components), renewals, serving, all_kinds())


def made_again(*components: Component) -> World:
    """A world in which everything that could be referred to has to be made again."""
    return World(RUN, inventory(*components), {old: output_of(old) for old in MADE}, serving=True, traits=all_kinds())


def output_of(old: str) -> Output:
    kind, known_as = MADE[old]
    field_and_form = all_kinds()[kind].field_of(old)
    assert field_and_form, old
    return Output(Key(kind, known_as), *field_and_form)


def new_value(output: Output) -> str:
    """What an output is once it is made: in shape like AWS's own, and equal to nothing old."""
    return stand_in(output, ACCOUNT, REGION)


@cache
def shapes() -> Shapes:
    return Shapes()


def calls(actions: Sequence[Action]) -> list[Call]:
    return [action for action in actions if isinstance(action, Call)]


def wrong(call: Call) -> tuple[str, ...]:
    """What the SDK would refuse of a call, and what it would silently not send."""
    unknown = shapes().unknown_members(call.service, call.operation, call.params)
    return (*shapes().check(call, new_value), *unknown)


def dimensions() -> list[dict[str, str]]:
    return [
        {"Name": "LoadBalancer", "Value": "app/deployer-api/50dc6c495c0c9188"},
        {"Name": "TargetGroup", "Value": "targetgroup/deployer-api/73e2d6bc24d8a067"},
    ]


def examples() -> Iterator[Example]:
    """With all that AWS can tell of them."""
    yield from _of_elbv2()
    yield _classic_load_balancer()
    yield from _of_ecs()
    yield from _of_route53()
    yield from _of_cloudwatch()
    yield _scalable_target()
    yield _state_entry()
    yield _discovery_service()
    yield _security_group()


def example(kind: str, known_as: str | None = None) -> Example:
    return next(one for one in examples() if one.key.kind == kind and known_as in (None, one.key.id))


def _of_elbv2() -> Iterator[Example]:
    yield Example(
        Key("load-balancer", "deployer-api"),
        {
            "LoadBalancerArn": BALANCER,
            "DNSName": DNS_NAME,
            "CanonicalHostedZoneId": "Z32O12XQLNTSW2",
            "CreatedTime": THEN,
            "LoadBalancerName": "deployer-api",
            "Scheme": "internet-facing",
            "VpcId": "vpc-1",
            "State": {"Code": "active"},
            "Type": "application",
            "AvailabilityZones": [{"ZoneName": "eu-west-1a", "SubnetId": "subnet-1", "LoadBalancerAddresses": []}],
            "SecurityGroups": ["sg-1"],
            "IpAddressType": "ipv4",
            "Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "120"}],
            "Tags": TAGS,
        },
    )
    yield Example(
        Key("target-group", "deployer-api"),
        {
            "TargetGroupArn": GROUP,
            "TargetGroupName": "deployer-api",
            "Protocol": "HTTP",
            "Port": 8080,
            "VpcId": "vpc-1",
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            "HealthCheckPath": "/health",
            "Matcher": {"HttpCode": "200-299"},
            "LoadBalancerArns": [BALANCER],
            "TargetType": "ip",
            "ProtocolVersion": "HTTP1",
            "IpAddressType": "ipv4",
            "TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": "healthy"}}],
            "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
            "Tags": TAGS,
        },
    )
    forward = {
        "Type": "forward",
        "TargetGroupArn": GROUP,
        "Order": 1,
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": GROUP, "Weight": 1}]},
    }
    yield Example(
        Key("listener", "deployer-api:443"),
        {
            "ListenerArn": LISTENER,
            "LoadBalancerArn": BALANCER,
            "Port": 443,
            "Protocol": "HTTPS",
            "Certificates": [{"CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1"}],
            "AllCertificates": [
                {"CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1", "IsDefault": True},
                {"CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/2", "IsDefault": False},
            ],
            "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "DefaultActions": [forward],
            "MutualAuthentication": {"Mode": "off"},
            "Attributes": [{"Key": "routing.http.response.server.enabled", "Value": "true"}],
            "Tags": TAGS,
        },
        [Reference("DefaultActions", "target-group", GROUP)],
    )
    yield Example(
        Key("listener-rule", "deployer-api:443/10"),
        {
            "RuleArn": RULE,
            "Priority": "10",
            "Conditions": [
                {
                    "Field": "host-header",
                    "Values": ["deployer-api.example.com"],
                    "HostHeaderConfig": {"Values": ["deployer-api.example.com"]},
                }
            ],
            "Actions": [forward],
            "IsDefault": False,
            "ListenerArn": LISTENER,
            "Tags": TAGS,
        },
        [Reference("Actions", "target-group", GROUP)],
    )


def _classic_load_balancer() -> Example:
    listener = {"LoadBalancerPort": 443, "InstanceProtocol": "HTTP", "InstancePort": 8080}
    policies = {
        "followed": ("SSLNegotiationPolicyType", {"Reference-Security-Policy": "ELBSecurityPolicy-TLS-1-2-2017-01"}),
        "proxied": ("ProxyProtocolPolicyType", {"ProxyProtocol": "true"}),
        "by-session": ("AppCookieStickinessPolicyType", {"CookieName": "session"}),
    }
    return Example(
        Key("classic-load-balancer", "classic-api"),
        {
            "LoadBalancerName": "classic-api",
            "DNSName": CLASSIC_DNS_NAME,
            "CanonicalHostedZoneName": CLASSIC_DNS_NAME,
            "CanonicalHostedZoneNameID": "Z32O12XQLNTSW2",
            "ListenerDescriptions": [
                {
                    "Listener": {
                        **listener,
                        "Protocol": "HTTPS",
                        "SSLCertificateId": "arn:aws:iam::1:server-certificate/a",
                    },
                    "PolicyNames": ["by-session", "followed"],
                }
            ],
            "Policies": {
                "AppCookieStickinessPolicies": [{"PolicyName": "by-session", "CookieName": "session"}],
                "LBCookieStickinessPolicies": [{"PolicyName": "by-hour", "CookieExpirationPeriod": 3600}],
                "OtherPolicies": ["followed", "proxied"],
            },
            "PolicyDescriptions": [
                {
                    "PolicyName": name,
                    "PolicyTypeName": kind,
                    "PolicyAttributeDescriptions": [
                        {"AttributeName": key, "AttributeValue": value} for key, value in says.items()
                    ],
                }
                for name, (kind, says) in policies.items()
            ],
            "BackendServerDescriptions": [{"InstancePort": 8080, "PolicyNames": ["proxied"]}],
            "AvailabilityZones": ["eu-west-1a", "eu-west-1b"],
            "Subnets": ["subnet-1", "subnet-2"],
            "VPCId": "vpc-1",
            "Instances": [{"InstanceId": "i-1"}],
            "InstanceStates": [{"InstanceId": "i-1", "State": "InService", "ReasonCode": "N/A", "Description": "N/A"}],
            "HealthCheck": {
                "Target": "HTTP:8080/health",
                "Interval": 5,
                "Timeout": 2,
                "UnhealthyThreshold": 2,
                "HealthyThreshold": 2,
            },
            "SourceSecurityGroup": {"OwnerAlias": ACCOUNT, "GroupName": "default"},
            "SecurityGroups": ["sg-1"],
            "CreatedTime": THEN,
            "Scheme": "internal",
            "LoadBalancerAttributes": {
                "CrossZoneLoadBalancing": {"Enabled": True},
                "AccessLog": {"Enabled": False},
                "ConnectionDraining": {"Enabled": True, "Timeout": 60},
                "ConnectionSettings": {"IdleTimeout": 120},
                "AdditionalAttributes": [{"Key": "elb.http.desyncmitigationmode", "Value": "strictest"}],
            },
            "Tags": TAGS,
        },
    )


def _of_ecs() -> Iterator[Example]:
    yield Example(
        Key("task-definition", "deployer-api:41"),
        {
            "taskDefinitionArn": DEFINITION,
            "family": "deployer-api",
            "revision": 41,
            "status": "INACTIVE",
            "containerDefinitions": [
                {
                    "name": "app",
                    "image": "deployer-api:r41",
                    "essential": True,
                    "environment": [{"name": "TOKEN", "value": "do-not-show"}],
                    "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                    "mountPoints": [],
                    "volumesFrom": [],
                }
            ],
            "taskRoleArn": "arn:aws:iam::111122223333:role/task",
            "executionRoleArn": "arn:aws:iam::111122223333:role/execution",
            "networkMode": "awsvpc",
            "volumes": [],
            "placementConstraints": [],
            "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
            "compatibilities": ["EC2", "FARGATE"],
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "registeredAt": THEN,
            "registeredBy": "arn:aws:iam::111122223333:user/ana",
            "deregisteredAt": THEN,
            "tags": [{"key": "team", "value": "werkzeugschmiede"}, {"key": "breakglass:token", "value": "earlier"}],
        },
    )
    yield Example(
        Key("ecs-service", "wonderland/deployer-api"),
        {
            "serviceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/wonderland/deployer-api",
            "serviceName": "deployer-api",
            "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/wonderland",
            "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 8080}],
            "serviceRegistries": [],
            "status": "INACTIVE",
            "desiredCount": 2,
            "runningCount": 0,
            "pendingCount": 0,
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "taskDefinition": DEFINITION,
            "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
            "deployments": [{"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": False}}],
            "roleArn": "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "events": [{"id": "1", "message": "has reached a steady state."}],
            "createdAt": THEN,
            "createdBy": "arn:aws:iam::111122223333:user/ana",
            "placementConstraints": [],
            "placementStrategy": [],
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
            "healthCheckGracePeriodSeconds": 45,
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "enableECSManagedTags": True,
            "propagateTags": "SERVICE",
            "enableExecuteCommand": True,
            "tags": [{"key": "team", "value": "werkzeugschmiede"}],
        },
        [
            Reference("taskDefinition", "task-definition", DEFINITION),
            Reference("loadBalancers[0].targetGroupArn", "target-group", GROUP),
        ],
    )


def _of_route53() -> Iterator[Example]:
    zone = {"HostedZoneId": "Z1EXAMPLE", "HostedZoneName": "example.com"}
    check = Reference("HealthCheckId", "health-check", CHECK)
    yield Example(
        Key("dns-record", "deployer-api.example.com live"),
        {
            "Name": "deployer-api.example.com.",
            "Type": "CNAME",
            "SetIdentifier": "live",
            "Weight": 100,
            "TTL": 300,
            "ResourceRecords": [{"Value": DNS_NAME}],
            "HealthCheckId": CHECK,
            **zone,
        },
        [Reference("ResourceRecords[0].Value", "load-balancer", DNS_NAME), check],
    )
    yield Example(
        Key("dns-record", "*.deployer-api.example.com AAAA"),
        {
            "Name": r"\052.deployer-api.example.com.",
            "Type": "AAAA",
            "AliasTarget": {
                "HostedZoneId": "Z32O12XQLNTSW2",
                "DNSName": f"dualstack.{DNS_NAME}.",
                "EvaluateTargetHealth": True,
            },
            **zone,
        },
        [Reference("AliasTarget.DNSName", "load-balancer", DNS_NAME)],
    )
    yield Example(
        Key("health-check", CHECK),
        {
            "Id": CHECK,
            "CallerReference": "made-long-ago",
            "HealthCheckVersion": 3,
            "HealthCheckConfig": {
                "Type": "CALCULATED",
                "ChildHealthChecks": [CHILD, "99999999-6a4e-4f6a-9d55-0a1f5d1f7c11"],
                "HealthThreshold": 1,
                "Inverted": False,
                "Disabled": False,
            },
            "CloudWatchAlarmConfiguration": {"MetricName": "x"},
            "Tags": TAGS,
        },
        [Reference("HealthCheckConfig.ChildHealthChecks[0]", "health-check", CHILD)],
    )


def _of_cloudwatch() -> Iterator[Example]:
    usual = {
        "AlarmConfigurationUpdatedTimestamp": THEN,
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [POLICY, "arn:aws:sns:eu-west-1:111122223333:on-call"],
        "InsufficientDataActions": [],
        "StateValue": "ALARM",
        "StateReason": "crossed",
        "StateReasonData": "{}",
        "StateUpdatedTimestamp": THEN,
        "StateTransitionedTimestamp": THEN,
        "Tags": TAGS,
    }
    yield Example(
        Key("alarm", "deployer-api-5xx"),
        {
            **usual,
            "AlarmName": "deployer-api-5xx",
            "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:deployer-api-5xx",
            "AlarmDescription": "answers with errors",
            "MetricName": "HTTPCode_Target_5XX_Count",
            "Namespace": "AWS/ApplicationELB",
            "Statistic": "Sum",
            "Dimensions": dimensions(),
            "Period": 60,
            "EvaluationPeriods": 5,
            "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
        [
            Reference("Dimensions[0].Value", "load-balancer", "app/deployer-api/50dc6c495c0c9188"),
            Reference("Dimensions[1].Value", "target-group", "targetgroup/deployer-api/73e2d6bc24d8a067"),
            Reference("AlarmActions[0]", "scalable-target", POLICY),
        ],
    )
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Dimensions": dimensions()}
    stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    yield Example(
        Key("alarm", "deployer-api-ratio"),
        {
            **usual,
            "AlarmName": "deployer-api-ratio",
            "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:deployer-api-ratio",
            "Dimensions": [],
            "Metrics": [
                {"Id": "e1", "Expression": "m1 / 60", "ReturnData": True},
                {"Id": "m1", "MetricStat": stat, "ReturnData": False},
            ],
            "EvaluationPeriods": 5,
            "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanThreshold",
        },
        [Reference("Metrics[1].MetricStat.Metric.Dimensions[0].Value", "load-balancer", dimensions()[0]["Value"])],
        region="us-east-1",
    )
    yield Example(
        Key("alarm", "deployer-api-down"),
        {
            **usual,
            "AlarmName": "deployer-api-down",
            "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:deployer-api-down",
            "AlarmRule": 'ALARM("deployer-api-5xx") OR ALARM("deployer-api-ratio")',
            "ActionsSuppressedBy": "Alarm",
            "ActionsSuppressedReason": "x",
        },
        [Reference("AlarmActions[0]", "scalable-target", POLICY)],
    )


def _scalable_target() -> Example:
    tracking = {
        "TargetValue": 1000.0,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "ALBRequestCountPerTarget",
            "ResourceLabel": LABEL,
        },
    }
    steps = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        "Cooldown": 60,
    }
    path = "ScalingPolicies[0].TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.ResourceLabel"
    return Example(
        Key("scalable-target", SCALED["ResourceId"]),
        {
            **SCALED,
            "MinCapacity": 2,
            "MaxCapacity": 6,
            "RoleARN": "arn:aws:iam::111122223333:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/X",
            "CreationTime": THEN,
            "SuspendedState": {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": False},
            "ScalableTargetARN": f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/0ec5",
            "PredictedCapacity": 3,
            "Tags": {"team": "werkzeugschmiede", "aws:cloudformation:stack-name": "old"},
            "ScalingPolicies": [
                {
                    **SCALED,
                    "PolicyARN": POLICY.replace("/out", "/requests"),
                    "PolicyName": "requests",
                    "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": tracking,
                    "Alarms": [{"AlarmName": "TargetTracking-x", "AlarmARN": "arn:x"}],
                    "CreationTime": THEN,
                },
                {
                    **SCALED,
                    "PolicyARN": POLICY,
                    "PolicyName": "out",
                    "PolicyType": "StepScaling",
                    "StepScalingPolicyConfiguration": steps,
                    "Alarms": [{"AlarmName": "deployer-api-5xx", "AlarmARN": "arn:y"}],
                    "CreationTime": THEN,
                },
            ],
            "ScheduledActions": [
                scheduled("morning", "cron(0 6 ? * MON-FRI *)", Timezone="Europe/Berlin", StartTime=THEN),
                scheduled("launch", "at(2026-09-05T09:27:00)"),
            ],
        },
        [
            Reference(path, "load-balancer", "app/deployer-api/50dc6c495c0c9188"),
            Reference(path, "target-group", "targetgroup/deployer-api/73e2d6bc24d8a067"),
        ],
    )


def scheduled(name: str, schedule: str, **more: Any) -> dict[str, Any]:
    return {
        **SCALED,
        "ScheduledActionName": name,
        "ScheduledActionARN": f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scheduledAction:1:{name}",
        "Schedule": schedule,
        "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 6},
        "CreationTime": THEN,
        **more,
    }


def _state_entry() -> Example:
    item = {
        "name": {"S": "deployer-api"},
        "revision": {"N": "41"},
        "ecs": {"M": {"taskDefinition": {"S": DEFINITION}, "cluster": {"S": "wonderland"}}},
        "loadBalancer": {"S": BALANCER},
        "targetGroups": {"L": [{"S": GROUP}]},
        "healthCheckId": {"S": CHECK},
        "checks": {"SS": [CHECK, "another"]},
        "cname": {"S": "deployer-api.example.com"},
        "digest": {"B": b"\x00\xff"},
        "deleted": {"BOOL": False},
        "note": {"NULL": True},
    }
    return Example(
        Key("state-entry", "wonderland-services/deployer-api"),
        {"TableName": "wonderland-services", "Key": {"name": {"S": "deployer-api"}}, "Item": item},
        [Reference("loadBalancer", "load-balancer", BALANCER), Reference("healthCheckId", "health-check", CHECK)],
    )


def _discovery_service() -> Example:
    return Example(
        Key("discovery-service", "wonderland.local/deployer-api"),
        {
            "Id": REGISTRY.rpartition("/")[2],
            "Arn": REGISTRY,
            "ResourceOwner": "SELF",
            "Name": "deployer-api",
            "NamespaceId": "ns-abcdefghij123456",
            "Description": "the deployer",
            "InstanceCount": 1,
            "DnsConfig": {
                "NamespaceId": "ns-abcdefghij123456",
                "RoutingPolicy": "MULTIVALUE",
                "DnsRecords": [{"Type": "A", "TTL": 60}],
            },
            "Type": "DNS_HTTP",
            "HealthCheckCustomConfig": {"FailureThreshold": 1},
            "CreateDate": THEN,
            "CreatorRequestId": "made-long-ago",
            "CreatedByAccount": ACCOUNT,
            "Namespace": {"Id": "ns-abcdefghij123456", "Name": "wonderland.local", "Type": "DNS_PRIVATE"},
            "Tags": TAGS,
            "ServiceAttributes": {"team": "werkzeugschmiede"},
            "Instances": [
                {
                    "Id": "0d1ac0a1",
                    "Attributes": {"ECS_CLUSTER_NAME": "wonderland", "ECS_SERVICE_NAME": "deployer-api"},
                }
            ],
        },
    )


def _security_group() -> Example:
    return Example(
        Key("security-group", "sg-0a1b2c3d4e5f60718"),
        {
            "GroupId": "sg-0a1b2c3d4e5f60718",
            "GroupName": "wonderland-tasks",
            "Description": "from the load balancers",
            "VpcId": "vpc-1",
            "OwnerId": ACCOUNT,
            "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": []}],
            "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            "Tags": TAGS,
        },
    )
