"""Services on Fargate, as AWS's developer guide shows them."""

from tests.recovery.definitions.shape import (
    ACCOUNT,
    AWSVPC,
    REGION,
    TASK_ROLE,
    Behind,
    Definition,
    fargate,
    logs_to,
)

GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"

WEBSERVER = Definition(
    "webserver",
    f"{GUIDE}/example_task_definitions.html#example_task_definition-webserver",
    fargate(
        {
            "name": "sample-fargate-app",
            "image": "public.ecr.aws/docker/library/httpd:2.4",
            "essential": True,
            "entryPoint": ["sh", "-c"],
            "command": ["/bin/sh -c \"echo '<h1>Sample App</h1>' > /usr/local/apache2/htdocs/index.html\""],
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            "logConfiguration": logs_to("/ecs/fargate-task-definition"),
        },
        runtimePlatform={"operatingSystemFamily": "LINUX"},
    ),
    {
        "desiredCount": 2,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "healthCheckGracePeriodSeconds": 30,
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "propagateTags": "TASK_DEFINITION",
        "availabilityZoneRebalancing": "ENABLED",
        **AWSVPC,
    },
    (Behind("sample-fargate-app", 80),),
)

SPOT = Definition(
    "spot",
    f"{GUIDE}/fargate-capacity-providers.html",
    fargate({"name": "worker", "image": "public.ecr.aws/docker/library/busybox:1.36", "command": ["sleep", "3600"]}),
    {
        "desiredCount": 4,
        "capacityProviderStrategy": [
            {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
            {"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0},
        ],
        "propagateTags": "SERVICE",
        **AWSVPC,
    },
)

TWO_GROUPS = Definition(
    "two-groups",
    f"{GUIDE}/register-multiple-targetgroups.html",
    fargate(
        {
            "name": "web",
            "image": "public.ecr.aws/nginx/nginx:1.27",
            "portMappings": [{"containerPort": 80}, {"containerPort": 443, "appProtocol": "http2", "name": "tls"}],
        },
        {
            "name": "metrics",
            "image": "public.ecr.aws/nginx/nginx-prometheus-exporter:1.3",
            "essential": False,
            "portMappings": [{"containerPort": 9113, "protocol": "tcp"}],
        },
    ),
    {"desiredCount": 1, "launchType": "FARGATE", "healthCheckGracePeriodSeconds": 0, **AWSVPC},
    (Behind("web", 443), Behind("metrics", 9113)),
)

EFS = Definition(
    "efs",
    f"{GUIDE}/specify-efs-config.html",
    fargate(
        {
            "name": "container-using-efs",
            "image": "public.ecr.aws/amazonlinux/amazonlinux:2023",
            "entryPoint": ["sh", "-c"],
            "command": ["ls -la /mount/efs"],
            "mountPoints": [{"sourceVolume": "my-efs-volume", "containerPath": "/mount/efs", "readOnly": True}],
        },
        {
            "name": "writer",
            "image": "public.ecr.aws/amazonlinux/amazonlinux:2023",
            "essential": False,
            "volumesFrom": [{"sourceContainer": "container-using-efs", "readOnly": False}],
        },
        taskRoleArn=TASK_ROLE,
        volumes=[
            {
                "name": "my-efs-volume",
                "efsVolumeConfiguration": {
                    "fileSystemId": "fs-0123456789abcdef0",
                    "rootDirectory": "/",
                    "transitEncryption": "ENABLED",
                    "transitEncryptionPort": 2999,
                    "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
                },
            },
            {"name": "scratch", "host": {}},
        ],
    ),
    {"desiredCount": 1, "launchType": "FARGATE", "platformVersion": "1.4.0", **AWSVPC},
)

SECRETS = Definition(
    "secrets",
    f"{GUIDE}/secrets-envvar-secrets-manager.html",
    fargate(
        {
            "name": "app",
            "image": "registry.example.com/team/app:1",
            "repositoryCredentials": {"credentialsParameter": f"{SECRET}:registry-AbCdEf"},
            "environment": [{"name": "REGION", "value": REGION}, {"name": "EMPTY", "value": ""}],
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::example-bucket/app.env"}],
            "secrets": [
                {"name": "PASSWORD", "valueFrom": f"{SECRET}:appauthexample-AbCdEf:password::"},
                {"name": "STAGED", "valueFrom": f"{SECRET}:appauthexample-AbCdEf::AWSPREVIOUS:"},
                {"name": "LEVEL", "valueFrom": f"{PARAMETER}/app/level"},
            ],
            "logConfiguration": {
                "logDriver": "splunk",
                "options": {"splunk-url": "https://splunk.example.com"},
                "secretOptions": [{"name": "splunk-token", "valueFrom": f"{PARAMETER}/splunk-token"}],
            },
        },
        taskRoleArn=TASK_ROLE,
    ),
    {"desiredCount": 2, "launchType": "FARGATE", **AWSVPC},
)

SIDECARS = Definition(
    "sidecars",
    f"{GUIDE}/firelens-taskdef.html",
    fargate(
        {
            "name": "log_router",
            "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
            "essential": True,
            "user": "0",
            "firelensConfiguration": {
                "type": "fluentbit",
                "options": {
                    "enable-ecs-log-metadata": "true",
                    "config-file-type": "file",
                    "config-file-value": "/x.conf",
                },
            },
            "logConfiguration": logs_to("firelens-container", "firelens"),
            "memoryReservation": 50,
            "restartPolicy": {"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 180},
        },
        {
            "name": "envoy",
            "image": "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29.12.1-prod",
            "essential": True,
            "healthCheck": {
                "command": ["CMD-SHELL", "curl -s http://localhost:9901/server_info | grep state | grep -q LIVE"],
                "interval": 5,
                "timeout": 2,
                "retries": 3,
                "startPeriod": 10,
            },
        },
        {
            "name": "app",
            "image": "public.ecr.aws/nginx/nginx:1.27",
            "cpu": 128,
            "memory": 256,
            "dependsOn": [
                {"containerName": "log_router", "condition": "START"},
                {"containerName": "envoy", "condition": "HEALTHY"},
            ],
            "startTimeout": 60,
            "stopTimeout": 120,
            "ulimits": [{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}],
            "linuxParameters": {
                "capabilities": {"add": ["SYS_PTRACE"], "drop": ["NET_RAW"]},
                "initProcessEnabled": True,
            },
            "systemControls": [{"namespace": "net.ipv4.tcp_keepalive_time", "value": "500"}],
            "dockerLabels": {"com.example.team": "shop", "empty": ""},
            "readonlyRootFilesystem": True,
            "workingDirectory": "/srv",
            "interactive": True,
            "pseudoTerminal": True,
            "versionConsistency": "disabled",
            "logConfiguration": {
                "logDriver": "awsfirelens",
                "options": {"Name": "firehose", "region": REGION, "delivery_stream": "my-stream", "retry_limit": "2"},
            },
        },
        taskRoleArn=TASK_ROLE,
    ),
    {"desiredCount": 2, "launchType": "FARGATE", "enableExecuteCommand": True, **AWSVPC},
)

ARM = Definition(
    "arm",
    f"{GUIDE}/ecs-arm-specifying.html",
    fargate(
        {"name": "arm64", "image": "public.ecr.aws/docker/library/busybox:1.36", "cpu": 100, "memory": 100},
        runtimePlatform={"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"},
        ephemeralStorage={"sizeInGiB": 100},
        pidMode="task",
        enableFaultInjection=True,
        cpu="1024",
        memory="8192",
    ),
    {"desiredCount": 1, "launchType": "FARGATE", **AWSVPC},
)

MESH = Definition(
    "mesh",
    "https://docs.aws.amazon.com/app-mesh/latest/userguide/getting-started-ecs.html",
    fargate(
        {"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [{"containerPort": 9080}]},
        {
            "name": "envoy",
            "image": "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29.12.1-prod",
            "user": "1337",
            "environment": [{"name": "APPMESH_RESOURCE_ARN", "value": "mesh/apps/virtualNode/serviceB"}],
        },
        taskRoleArn=TASK_ROLE,
        proxyConfiguration={
            "type": "APPMESH",
            "containerName": "envoy",
            "properties": [
                {"name": "IgnoredUID", "value": "1337"},
                {"name": "IgnoredGID", "value": ""},
                {"name": "AppPorts", "value": "9080"},
                {"name": "ProxyIngressPort", "value": "15000"},
                {"name": "ProxyEgressPort", "value": "15001"},
                {"name": "EgressIgnoredIPs", "value": "169.254.170.2,169.254.169.254"},
            ],
        },
    ),
    {"desiredCount": 1, "launchType": "FARGATE", **AWSVPC},
    registries=({"containerName": "app", "containerPort": 9080},),
)

IN_DISCOVERY = Definition(
    "discovered",
    f"{GUIDE}/create-service-discovery.html",
    fargate(
        {
            "name": "sample-app",
            "image": "public.ecr.aws/docker/library/httpd:2.4",
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            "essential": True,
        },
    ),
    {"desiredCount": 1, "launchType": "FARGATE", "platformVersion": "LATEST", **AWSVPC},
    registries=({},),
)

ALL = (WEBSERVER, SPOT, TWO_GROUPS, EFS, SECRETS, SIDECARS, ARM, MESH, IN_DISCOVERY)
