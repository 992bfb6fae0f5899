"""What runs of a service, and how many of it: task definitions with their images, the ECS service, its scaling."""

from __future__ import annotations

import json

from breakglass.rehearsal.sandbox.state import AwsShape

from .blueprint import Blueprint
from .ground import CLUSTER, Ground

PORT = 8080


def task_definitions(ground: Ground, blueprint: Blueprint) -> str:
    """Register the family's revisions and return the last one's ARN; a family's numbers only ever grow."""
    call = ground.call
    role = ground.role(f"{blueprint.name}-task")
    secret = f"arn:aws:secretsmanager:{call.region}:{call.account}:secret:{blueprint.name}/database-AbCdEf"
    arn = ""
    call("ecr", "CreateRepository", repositoryName=blueprint.name)
    for revision in blueprint.revisions:
        image = push_image(ground, blueprint.name, revision)
        ground.ecs.last_revisions[blueprint.name] = revision - 1
        container: AwsShape = {
            "name": "app",
            "image": image,
            "essential": True,
            "cpu": 256,
            "portMappings": [{"containerPort": PORT, "hostPort": PORT, "protocol": "tcp", "name": "http"}],
            "environment": [
                {"name": "LOG_LEVEL", "value": "info"},
                {"name": "API_TOKEN", "value": f"token-of-{blueprint.name}-do-not-show"},
            ],
            "secrets": [{"name": "DATABASE_URL", "valueFrom": secret}],
            "stopTimeout": 30,
            "logConfiguration": logs_to(ground, f"/wonderland/{blueprint.name}", "app"),
        }
        made = ground.deploy(
            "RegisterTaskDefinition", family=blueprint.name, containerDefinitions=[container],
            networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512", taskRoleArn=role,
            executionRoleArn=ground.execution_role, tags=blueprint.tagged("key", "value"),
            runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        )  # fmt: skip
        arn = made["taskDefinition"]["taskDefinitionArn"]
    return arn


def push_image(ground: Ground, repository: str, revision: int) -> str:
    """Put an image into a repository that is there and return the name that tasks know it by."""
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{revision:064x}"}})
    ground.call(
        "ecr", "PutImage", repositoryName=repository, imageManifest=manifest, imageTag=f"r{revision}",
        imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
    )  # fmt: skip
    return f"{ground.call.account}.dkr.ecr.{ground.call.region}.amazonaws.com/{repository}:r{revision}"


def logs_to(ground: Ground, group: str, prefix: str) -> AwsShape:
    """A container's log configuration that writes to a log group."""
    options = {"awslogs-group": group, "awslogs-region": ground.call.region, "awslogs-stream-prefix": prefix}
    return {"logDriver": "awslogs", "options": options}


def ecs_service(ground: Ground, blueprint: Blueprint, definition: str, group: str) -> None:
    """Make the ECS service on Fargate, behind its target group."""
    ground.deploy(
        "CreateService", cluster=CLUSTER, serviceName=blueprint.name, taskDefinition=definition,
        desiredCount=blueprint.desired, launchType="FARGATE", platformVersion="1.4.0",
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": PORT}],
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": ground.subnets,
                "securityGroups": [ground.task_group],
                "assignPublicIp": "DISABLED",
            }
        },
        deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        },
        healthCheckGracePeriodSeconds=45, enableExecuteCommand=True, enableECSManagedTags=True,
        propagateTags="SERVICE", availabilityZoneRebalancing="ENABLED", tags=blueprint.tagged("key", "value"),
    )  # fmt: skip


def scaling(ground: Ground, blueprint: Blueprint, least: int, most: int) -> None:
    """Make its scalable target, with a target-tracking policy and a scheduled action."""
    where = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{CLUSTER}/{blueprint.name}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    area = "application-autoscaling"
    ground.call(area, "RegisterScalableTarget", **where, MinCapacity=least, MaxCapacity=most)
    ground.call(
        area, "PutScalingPolicy", **where, PolicyName=f"{blueprint.name}-cpu", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 60,
        },
    )  # fmt: skip
    ground.call(
        area, "PutScheduledAction", **where, ScheduledActionName=f"{blueprint.name}-morning",
        Schedule="cron(0 6 ? * MON-FRI *)", Timezone="Europe/Berlin",
        ScalableTargetAction={"MinCapacity": least, "MaxCapacity": most},
    )  # fmt: skip
