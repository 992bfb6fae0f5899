"""Calls such as plans hold, with everything in them that is hard to say on a command line."""

from dataclasses import replace
from datetime import UTC, datetime

from breakglass.aws.shapes import stand_in
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Form, Joined, Output

ACCOUNT, REGION = "111122223333", "eu-west-1"

TARGET_GROUP = Output(Key("target-group", "deployer-api"), "TargetGroupArn")
BALANCER = Output(Key("load-balancer", "public"), "LoadBalancerArn")
LISTENER = Output(Key("listener", "public:443"), "ListenerArn")
DNS_NAME = Output(Key("load-balancer", "public"), "DNSName", Form.DUALSTACK)
HEALTH_CHECK = Output(Key("health-check", "3f2b0000-0000-4000-8000-000000000000"), "Id")


def value(output: Output) -> str:
    return stand_in(output, ACCOUNT, REGION)


SERVICE = {
    "cluster": "wonderland",
    "serviceName": "deployer-api",
    "taskDefinition": "deployer-api:41",
    "loadBalancers": [{"targetGroupArn": TARGET_GROUP, "containerName": "api", "containerPort": 8080}],
    "serviceRegistries": [{"registryArn": f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:service/srv-1"}],
    "desiredCount": 2,
    "clientToken": "0123456789abcdef",
    "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 1}],
    "platformVersion": "1.4.0",
    "role": "ecsServiceRole",
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": True, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "alarms": {"alarmNames": ["it's down", 'a "quoted" one'], "rollback": True, "enable": False},
    },
    "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux && x != $y"}],
    "placementStrategy": [{"type": "spread", "field": "attribute:ecs.availability-zone"}],
    "networkConfiguration": {
        "awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": [], "assignPublicIp": "DISABLED"}
    },
    "healthCheckGracePeriodSeconds": 0,
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "tags": [{"key": "team", "value": "wonder & land; rm -rf *"}, {"key": "empty", "value": ""}],
    "enableECSManagedTags": True,
    "propagateTags": "SERVICE",
    "enableExecuteCommand": False,
    "availabilityZoneRebalancing": "ENABLED",
    "serviceConnectConfiguration": {"enabled": True, "namespace": "wonder", "services": [{"portName": "http"}]},
    "volumeConfigurations": [
        {"name": "data", "managedEBSVolume": {"roleArn": "arn:aws:iam::111122223333:role/ebs", "sizeInGiB": 10}}
    ],
}
TASK_DEFINITION = {
    "family": "deployer-api",
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "requiresCompatibilities": ["FARGATE"],
    "containerDefinitions": [
        {
            "name": "api",
            "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/deployer-api:41",
            "essential": True,
            "command": ["sh", "-c", "echo \"$HOME\" `id`; exec 'api' --x=\\n\n"],
            "environment": [{"name": "GREETING", "value": "grüß Gott, don't panic\t☃"}],
            "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/deployer-api"}},
        }
    ],
    "tags": [{"key": "team", "value": "wonderland"}],
}
RECORD = {
    "Name": "deployer-api.example.com.",
    "Type": "A",
    "SetIdentifier": "blue's",
    "Weight": 100,
    "HealthCheckId": HEALTH_CHECK,
    "AliasTarget": {"HostedZoneId": "Z32O12XQLNTSW2", "DNSName": DNS_NAME, "EvaluateTargetHealth": True},
}
ITEM = {
    "name": {"S": "deployer-api"},
    "revision": {"N": "41"},
    "loadBalancer": {"S": BALANCER},
    "targetGroups": {"L": [{"S": TARGET_GROUP}]},
    "regions": {"SS": ["eu-west-1", "us-east-1"]},
    "ports": {"NS": ["80", "443"]},
    "ecs": {"M": {"cluster": {"S": "wonderland"}, "enabled": {"BOOL": True}, "note": {"NULL": True}}},
}
ALARM = {
    "AlarmName": "deployer-api-5xx",
    "AlarmDescription": "https://wiki.example.com/deployer-api",
    "ActionsEnabled": False,
    "AlarmActions": [f"arn:aws:sns:{REGION}:{ACCOUNT}:pager"],
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "HTTPCode_Target_5XX_Count",
    "Dimensions": [
        {"Name": "LoadBalancer", "Value": replace(BALANCER, form=Form.DIMENSION)},
        {"Name": "TargetGroup", "Value": replace(TARGET_GROUP, form=Form.DIMENSION)},
    ],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": -1.5,
    "ComparisonOperator": "GreaterThanThreshold",
}
TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/wonderland/deployer-api",
    "ScalableDimension": "ecs:service:DesiredCount",
}

CALLS = [
    Call("ecs", "CreateService", SERVICE),
    Call("ecs", "DeleteService", {"cluster": "wonderland", "service": "deployer-api", "force": True}),
    Call(
        "ecs",
        "UpdateService",
        {"cluster": "wonderland", "service": "deployer-api", "enableExecuteCommand": True, "forceNewDeployment": False},
    ),
    Call("ecs", "RegisterTaskDefinition", TASK_DEFINITION),
    Call("elbv2", "CreateLoadBalancer", {"Name": "public", "Subnets": ["subnet-1", "subnet-2"], "Scheme": "internal"}),
    Call(
        "elbv2",
        "CreateTargetGroup",
        {
            "Name": "deployer-api",
            "Port": 8080,
            "HealthCheckEnabled": True,
            "HealthCheckPath": "/health?x=1&y=2",
            "Matcher": {"HttpCode": "200-299"},
            "Tags": [{"Key": "a", "Value": "b"}],
        },
    ),
    Call(
        "elbv2",
        "ModifyTargetGroupAttributes",
        {
            "TargetGroupArn": TARGET_GROUP,
            "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
        },
    ),
    Call(
        "elbv2",
        "ModifyLoadBalancerAttributes",
        {"LoadBalancerArn": BALANCER, "Attributes": [{"Key": "deletion_protection.enabled", "Value": "false"}]},
    ),
    Call(
        "elbv2",
        "CreateListener",
        {
            "LoadBalancerArn": BALANCER,
            "Protocol": "HTTPS",
            "Port": 443,
            "Certificates": [{"CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1"}],
            "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        },
    ),
    Call(
        "elbv2",
        "CreateRule",
        {
            "ListenerArn": LISTENER,
            "Priority": 10,
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}}],
            "Actions": [{"Type": "forward", "TargetGroupArn": TARGET_GROUP}],
        },
    ),
    Call("elbv2", "DeleteLoadBalancer", {"LoadBalancerArn": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:x"}),
    Call(
        "elb",
        "CreateLoadBalancer",
        {"LoadBalancerName": "old", "Listeners": [{"Protocol": "http", "LoadBalancerPort": 80, "InstancePort": 80}]},
    ),
    Call(
        "route53",
        "ChangeResourceRecordSets",
        {
            "HostedZoneId": "Z0123456789",
            "ChangeBatch": {
                "Comment": "run 1",
                "Changes": [
                    {"Action": "DELETE", "ResourceRecordSet": {**RECORD, "HealthCheckId": "old"}},
                    {"Action": "CREATE", "ResourceRecordSet": RECORD},
                    {
                        "Action": "CREATE",
                        "ResourceRecordSet": {
                            "Name": r"\052.example.com.",
                            "Type": "TXT",
                            "TTL": 60,
                            "ResourceRecords": [{"Value": '"it\'s; a `test` $(x)"'}],
                        },
                    },
                ],
            },
        },
    ),
    Call(
        "route53",
        "CreateHealthCheck",
        {
            "CallerReference": "0123456789abcdef",
            "HealthCheckConfig": {
                "Type": "HTTPS",
                "FullyQualifiedDomainName": Output(Key("load-balancer", "public"), "DNSName"),
                "Port": 443,
                "Inverted": False,
                "Regions": ["eu-west-1", "us-east-1", "us-west-1"],
            },
        },
    ),
    Call(
        "route53",
        "ChangeTagsForResource",
        {"ResourceType": "healthcheck", "ResourceId": HEALTH_CHECK, "AddTags": [{"Key": "Name", "Value": "api"}]},
    ),
    Call("route53", "DeleteHealthCheck", {"HealthCheckId": "3f2b0000-0000-4000-8000-000000000000"}),
    Call(
        "dynamodb",
        "PutItem",
        {"TableName": "services", "Item": ITEM, "ConditionExpression": "attribute_not_exists(#k)"}
        | {"ExpressionAttributeNames": {"#k": "name"}},
    ),
    Call(
        "dynamodb",
        "UpdateItem",
        {
            "TableName": "services",
            "Key": {"name": {"S": "deployer-api"}},
            "UpdateExpression": "SET #a.#b = :new",
            "ConditionExpression": "#a.#b = :old",
            "ExpressionAttributeNames": {"#a": "ecs", "#b": "targetGroup"},
            "ExpressionAttributeValues": {":new": {"S": TARGET_GROUP}, ":old": {"S": "arn:old"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    ),
    Call("dynamodb", "DeleteItem", {"TableName": "services", "Key": {"name": {"S": "-x"}, "at": {"N": "-1"}}}),
    Call(
        "application-autoscaling",
        "RegisterScalableTarget",
        {**TARGET, "MinCapacity": 2, "MaxCapacity": 10, "SuspendedState": {"ScheduledScalingSuspended": True}},
    ),
    Call(
        "application-autoscaling",
        "PutScalingPolicy",
        {
            **TARGET,
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 0.75,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        },
    ),
    Call(
        "application-autoscaling",
        "PutScheduledAction",
        {
            **TARGET,
            "ScheduledActionName": "night",
            "Schedule": "cron(0 22 * * ? *)",
            "StartTime": datetime(2026, 11, 23, 3, 12, 9, tzinfo=UTC),
            "ScalableTargetAction": {"MinCapacity": 0},
        },
    ),
    Call("application-autoscaling", "DeregisterScalableTarget", TARGET),
    Call("cloudwatch", "PutMetricAlarm", ALARM),
    Call("cloudwatch", "PutMetricAlarm", {**ALARM, "AlarmDescription": "-1\t\n"}, region="us-east-1"),
    Call("cloudwatch", "DeleteAlarms", {"AlarmNames": ["deployer-api-5xx", "another"]}, region="us-east-1"),
    Call(
        "servicediscovery",
        "CreateService",
        {
            "Name": "deployer-api",
            "NamespaceId": "ns-1",
            "CreatorRequestId": "0123",
            "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 10}]},
        },
    ),
    Call("servicediscovery", "DeleteService", {"Id": "srv-1"}),
    Call(
        "cloudwatch",
        "TagResource",
        {
            "ResourceARN": Joined((f"arn:aws:cloudwatch:{REGION}:", ACCOUNT, ":alarm:", HEALTH_CHECK)),
            "Tags": [{"Key": "for", "Value": Joined(('the "', DNS_NAME, '" of us'))}],
        },
    ),
]

BINARY = Call(
    "dynamodb",
    "PutItem",
    {
        "TableName": "t",
        "Item": {"k": {"B": b"\xff\x00x"}, "all": {"BS": [b"a", b"\xfe"]}, "m": {"L": [{"B": b""}]}},
    },
)
