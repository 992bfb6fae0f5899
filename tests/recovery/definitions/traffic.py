"""Services whose traffic and deployments are configured in fields of their own."""

from tests.recovery.definitions.shape import (
    ACCOUNT,
    AWSVPC,
    INFRASTRUCTURE_ROLE,
    REGION,
    TASK_ROLE,
    Behind,
    Definition,
    fargate,
    logs_to,
)

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
NAMED_PORT = {
    "name": "webserver",
    "image": "public.ecr.aws/docker/library/nginx:1.27",
    "portMappings": [{"name": "nginx", "containerPort": 80, "hostPort": 80, "protocol": "tcp", "appProtocol": "http"}],
}

CONNECTED = Definition(
    "connected",
    f"{GUIDE}/create-service-connect.html",
    fargate(NAMED_PORT, taskRoleArn=TASK_ROLE),
    {
        "desiredCount": 1,
        "launchType": "FARGATE",
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 0},
        "deploymentController": {"type": "ECS"},
        "serviceConnectConfiguration": {
            "enabled": True,
            "namespace": f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:namespace/ns-0123456789abcdef",
            "services": [
                {
                    "portName": "nginx",
                    "discoveryName": "nginx-internal",
                    "clientAliases": [{"port": 80, "dnsName": "nginx.internal"}],
                    "ingressPortOverride": 15000,
                    "timeout": {"idleTimeoutSeconds": 0, "perRequestTimeoutSeconds": 15},
                    "tls": {
                        "issuerCertificateAuthority": {
                            "awsPcaAuthorityArn": f"arn:aws:acm-pca:{REGION}:{ACCOUNT}:certificate-authority/0a1b"
                        },
                        "kmsKey": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd",
                        "roleArn": INFRASTRUCTURE_ROLE,
                    },
                }
            ],
            "logConfiguration": logs_to("/ecs/service-connect-proxy", "service-connect"),
            "accessLogConfiguration": {"format": "JSON", "includeQueryParameters": "DISABLED"},
        },
        **AWSVPC,
    },
)

CONNECTED_CLIENT = Definition(
    "client",
    f"{GUIDE}/service-connect-concepts.html",
    fargate({"name": "client", "image": "public.ecr.aws/docker/library/busybox:1.36", "command": ["sleep", "1d"]}),
    {
        "desiredCount": 1,
        "launchType": "FARGATE",
        "serviceConnectConfiguration": {"enabled": True, "namespace": "service-connect"},
        "monitoring": {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]},
        **AWSVPC,
    },
)

EBS = Definition(
    "ebs",
    f"{GUIDE}/configure-ebs-volume.html",
    fargate(
        {
            "name": "mycontainer",
            "image": "public.ecr.aws/nginx/nginx:1.27",
            "mountPoints": [{"sourceVolume": "myEBSVolume", "containerPath": "/mount/ebs", "readOnly": False}],
        },
        volumes=[{"name": "myEBSVolume", "configuredAtLaunch": True}],
    ),
    {
        "desiredCount": 2,
        "launchType": "FARGATE",
        "volumeConfigurations": [
            {
                "name": "myEBSVolume",
                "managedEBSVolume": {
                    "roleArn": INFRASTRUCTURE_ROLE,
                    "volumeType": "gp3",
                    "sizeInGiB": 10,
                    "iops": 3000,
                    "throughput": 125,
                    "filesystemType": "xfs",
                    "encrypted": True,
                    "kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd",
                    "snapshotId": "snap-0123456789abcdef0",
                    "volumeInitializationRate": 200,
                    "tagSpecifications": [
                        {
                            "resourceType": "volume",
                            "propagateTags": "SERVICE",
                            "tags": [{"key": "purpose", "value": "cache"}],
                        }
                    ],
                },
            }
        ],
        **AWSVPC,
    },
)

LATTICE = Definition(
    "lattice",
    f"{GUIDE}/ecs-vpc-lattice-create-service.html",
    fargate(NAMED_PORT),
    {
        "desiredCount": 1,
        "launchType": "FARGATE",
        "healthCheckGracePeriodSeconds": 90,
        "vpcLatticeConfigurations": [
            {
                "portName": "nginx",
                "roleArn": INFRASTRUCTURE_ROLE,
                "targetGroupArn": f"arn:aws:vpc-lattice:{REGION}:{ACCOUNT}:targetgroup/tg-0123456789abcdef0",
            }
        ],
        **AWSVPC,
    },
)

GUARDED = Definition(
    "guarded",
    f"{GUIDE}/deployment-alarm-failure.html",
    fargate(NAMED_PORT),
    {
        "desiredCount": 3,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": False},
            "alarms": {"alarmNames": ["alarm1Name", "alarm2Name"], "enable": True, "rollback": True},
            "maximumPercent": 150,
            "minimumHealthyPercent": 67,
        },
        **AWSVPC,
    },
    (Behind("webserver", 80),),
)

BLUE_GREEN = Definition(
    "blue-green",
    f"{API}/API_AdvancedConfiguration.html",
    fargate(NAMED_PORT),
    {
        "desiredCount": 2,
        "launchType": "FARGATE",
        "deploymentConfiguration": {
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 2,
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "lifecycleHooks": [
                {
                    "hookTargetArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:validate",
                    "roleArn": INFRASTRUCTURE_ROLE,
                    "lifecycleStages": ["POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT"],
                    "hookDetails": {"suite": "smoke"},
                }
            ],
        },
        **AWSVPC,
    },
    (Behind("webserver", 80, alternate=True),),
)

EXTERNAL = Definition(
    "external",
    f"{GUIDE}/deployment-type-external.html",
    fargate(NAMED_PORT, taskRoleArn=TASK_ROLE),
    {
        "desiredCount": 2,
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "EXTERNAL"},
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
        "healthCheckGracePeriodSeconds": 30,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        **AWSVPC,
    },
    (Behind("webserver", 80),),
)

EXTERNAL_IN_TWO = Definition(
    "two-sets",
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateTaskSet.html",
    EXTERNAL.task,
    {
        **{name: value for name, value in EXTERNAL.service.items() if name not in {"launchType", "platformVersion"}},
        "desiredCount": 3,
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}],
    },
    (Behind("webserver", 80), Behind("webserver", 80)),
    registries=({"containerName": "webserver", "containerPort": 80},),
)

CODE_DEPLOY = Definition(
    "code-deploy",
    f"{GUIDE}/create-blue-green.html",
    fargate(NAMED_PORT),
    {
        "desiredCount": 2,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "CODE_DEPLOY"},
        **AWSVPC,
    },
    (Behind("webserver", 80),),
)

ALL = (EXTERNAL, EXTERNAL_IN_TWO, CODE_DEPLOY, CONNECTED, CONNECTED_CLIENT, EBS, LATTICE, GUARDED, BLUE_GREEN)
