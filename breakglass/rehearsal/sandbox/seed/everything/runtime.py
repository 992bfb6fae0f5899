"""What runs of it: a task of four containers on EC2 hosts, found by others through Cloud Map and Service Connect."""

from __future__ import annotations

from breakglass.rehearsal.sandbox.seed.blueprint import Blueprint
from breakglass.rehearsal.sandbox.seed.ground import CLUSTER, Ground
from breakglass.rehearsal.sandbox.seed.running import PORT, logs_to, push_image
from breakglass.rehearsal.sandbox.state import AwsShape

from .entrances import MIRROR_PORT, Entrances

NAMESPACE = "looking-glass.cloud"
HOSTS = "wonderland-hosts"
"""The capacity provider of the cluster's EC2 hosts."""


def make_runtime(ground: Ground, blueprint: Blueprint, entrances: Entrances) -> str:
    """Make it, and return the ARN of the task definition that it runs."""
    definition = _task_definition(ground, blueprint)
    registry = _registry(ground, blueprint)
    ground.deploy(
        "CreateService", cluster=CLUSTER, serviceName=blueprint.name, taskDefinition=definition,
        desiredCount=blueprint.desired, capacityProviderStrategy=[{"capacityProvider": HOSTS, "weight": 1, "base": 1}],
        loadBalancers=[
            {"targetGroupArn": entrances.groups["api"], "containerName": "app", "containerPort": PORT},
            {"targetGroupArn": entrances.groups["tcp"], "containerName": "app", "containerPort": PORT},
            {"targetGroupArn": entrances.groups["mirror"], "containerName": "mirror", "containerPort": MIRROR_PORT},
        ],
        serviceRegistries=[{"registryArn": registry, "containerName": "app", "containerPort": PORT}],
        serviceConnectConfiguration=_connected(ground, blueprint),
        deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 150,
            "minimumHealthyPercent": 50,
        },
        placementStrategy=[{"type": "spread", "field": "attribute:ecs.availability-zone"}],
        placementConstraints=[{"type": "distinctInstance"}],
        healthCheckGracePeriodSeconds=60, enableExecuteCommand=True, enableECSManagedTags=True,
        propagateTags="TASK_DEFINITION", tags=blueprint.tagged("key", "value"),
    )  # fmt: skip
    return definition


def _task_definition(ground: Ground, blueprint: Blueprint) -> str:
    """Containers that wait for one another, secrets of both stores, a volume on EFS and one on the host."""
    call, name = ground.call, blueprint.name
    call("ecr", "CreateRepository", repositoryName=name)
    (revision,) = blueprint.revisions
    image = push_image(ground, name, revision)
    ground.ecs.last_revisions[name] = revision - 1
    store = f"arn:aws:secretsmanager:{call.region}:{call.account}:secret:{name}"
    app: AwsShape = {
        "name": "app",
        "image": image,
        "essential": True,
        "cpu": 256,
        "memory": 512,
        "portMappings": [{"name": "http", "containerPort": PORT, "hostPort": PORT, "protocol": "tcp",
                          "appProtocol": "http"}],
        "environment": [{"name": "SIDE", "value": "other"}, {"name": "SESSION_KEY", "value": f"key-of-{name}"}],
        "secrets": [
            {"name": "DATABASE_URL", "valueFrom": f"{store}/database-AbCdEf:url::"},
            {"name": "MIRROR_ID", "valueFrom": f"arn:aws:ssm:{call.region}:{call.account}:parameter/{name}/mirror"},
        ],
        "mountPoints": [{"sourceVolume": "reflections", "containerPath": "/reflections", "readOnly": False}],
        "dependsOn": [{"containerName": "setup", "condition": "SUCCESS"},
                      {"containerName": "router", "condition": "START"}],
        "healthCheck": {"command": ["CMD-SHELL", "curl -f localhost:8080/health"], "interval": 10, "timeout": 5,
                        "retries": 3, "startPeriod": 30},
        "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "firehose", "region": call.region}},
        "stopTimeout": 30,
    }  # fmt: skip
    mirror: AwsShape = {
        "name": "mirror",
        "image": image,
        "essential": True,
        "cpu": 128,
        "memory": 256,
        "portMappings": [{"name": "mirror", "containerPort": MIRROR_PORT, "hostPort": 0, "protocol": "tcp"}],
        "logConfiguration": logs_to(ground, f"/wonderland/{name}/mirror", "mirror"),
        "ulimits": [{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}],
    }
    setup: AwsShape = {
        "name": "setup",
        "image": "public.ecr.aws/docker/library/busybox:1.36",
        "essential": False,
        "memory": 64,
        "command": ["sh", "-c", "chown -R 1000 /reflections"],
        "logConfiguration": logs_to(ground, f"/wonderland/{name}", "setup"),
    }
    router: AwsShape = {
        "name": "router",
        "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
        "essential": True,
        "memory": 64,
        "firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}},
        "logConfiguration": logs_to(ground, f"/wonderland/{name}", "router"),
    }
    efs = {"fileSystemId": "fs-0123456789abcdef0", "transitEncryption": "ENABLED",
           "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"}}  # fmt: skip
    made = ground.deploy(
        "RegisterTaskDefinition", family=name, containerDefinitions=[app, mirror, setup, router],
        networkMode="bridge", requiresCompatibilities=["EC2"], taskRoleArn=ground.role(f"{name}-task"),
        executionRoleArn=ground.execution_role, tags=blueprint.tagged("key", "value"),
        volumes=[{"name": "reflections", "efsVolumeConfiguration": efs},
                 {"name": "scratch", "host": {"sourcePath": "/var/scratch"}}],
        placementConstraints=[{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
    )  # fmt: skip
    return str(made["taskDefinition"]["taskDefinitionArn"])


def _registry(ground: Ground, blueprint: Blueprint) -> str:
    """A Cloud Map service with SRV records in a namespace of its own."""
    area = "servicediscovery"
    ground.call(area, "CreatePrivateDnsNamespace", Name=NAMESPACE, Vpc=ground.vpc)
    spaces = ground.call(area, "ListNamespaces")["Namespaces"]
    space = next(one["Id"] for one in spaces if one["Name"] == NAMESPACE)
    made = ground.call(
        area, "CreateService", Name=blueprint.name, NamespaceId=space, Description="the other side",
        DnsConfig={"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "SRV", "TTL": 15}]},
        HealthCheckCustomConfig={"FailureThreshold": 1}, Tags=blueprint.tagged(),
    )["Service"]  # fmt: skip
    ground.call(area, "UpdateServiceAttributes", ServiceId=made["Id"], Attributes={"protocol": "http"})
    return str(made["Arn"])


def _connected(ground: Ground, blueprint: Blueprint) -> AwsShape:
    alias = {"port": PORT, "dnsName": blueprint.name}
    return {
        "enabled": True,
        "namespace": NAMESPACE,
        "services": [{"portName": "http", "discoveryName": f"{blueprint.name}-connect", "clientAliases": [alias]}],
        "logConfiguration": logs_to(ground, f"/wonderland/{blueprint.name}/connect", "connect"),
    }
