"""Services on EC2 container instances, as AWS's documentation shows them."""

from tests.recovery.definitions.shape import ACCOUNT, EXECUTION_ROLE, Behind, Definition, logs_to

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"

BRIDGE = Definition(
    "bridge",
    f"{API}/API_CreateService.html#API_CreateService_Examples",
    {
        "networkMode": "bridge",
        "executionRoleArn": EXECUTION_ROLE,
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.instance-type =~ t3.*"}],
        "containerDefinitions": [
            {
                "name": "wordpress",
                "image": "public.ecr.aws/docker/library/wordpress:6",
                "essential": True,
                "cpu": 10,
                "memory": 500,
                "links": ["mysql:db"],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                "extraHosts": [{"hostname": "intranet", "ipAddress": "10.0.0.8"}],
                "dnsServers": ["10.0.0.2"],
                "dnsSearchDomains": ["example.internal"],
                "dockerSecurityOptions": ["no-new-privileges"],
                "hostname": "web",
                "privileged": False,
                "disableNetworking": False,
            },
            {
                "name": "mysql",
                "image": "public.ecr.aws/docker/library/mysql:8",
                "essential": True,
                "cpu": 10,
                "memory": 500,
                "environment": [{"name": "MYSQL_ROOT_PASSWORD", "value": "password"}],
                "mountPoints": [
                    {"sourceVolume": "database", "containerPath": "/var/lib/mysql"},
                    {"sourceVolume": "shared", "containerPath": "/shared"},
                ],
                "resourceRequirements": [{"type": "GPU", "value": "1"}],
                "linuxParameters": {
                    "devices": [{"hostPath": "/dev/zero", "containerPath": "/dev/null", "permissions": ["read"]}],
                    "sharedMemorySize": 64,
                    "swappiness": 0,
                    "maxSwap": 0,
                    "tmpfs": [{"containerPath": "/tmp", "size": 64, "mountOptions": ["noexec"]}],  # noqa: S108
                },
            },
        ],
        "volumes": [
            {"name": "database", "host": {"sourcePath": "/ecs/database"}},
            {
                "name": "shared",
                "dockerVolumeConfiguration": {
                    "scope": "shared",
                    "autoprovision": True,
                    "driver": "rexray/ebs",
                    "driverOpts": {"volumetype": "gp2", "size": "5"},
                    "labels": {"team": "shop"},
                },
            },
        ],
    },
    {
        "desiredCount": 2,
        "launchType": "EC2",
        "role": f"arn:aws:iam::{ACCOUNT}:role/ecsServiceRole",
        "placementConstraints": [
            {"type": "distinctInstance"},
            {"type": "memberOf", "expression": "attribute:stack == production"},
        ],
        "placementStrategy": [
            {"type": "spread", "field": "attribute:ecs.availability-zone"},
            {"type": "binpack", "field": "memory"},
        ],
        "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 50},
        "healthCheckGracePeriodSeconds": 120,
    },
    (Behind("wordpress", 80),),
)

DYNAMIC_PORTS = Definition(
    "dynamic",
    f"{GUIDE}/specify-ports.html",
    {
        "requiresCompatibilities": ["EC2"],
        "ipcMode": "task",
        "pidMode": "host",
        "containerDefinitions": [
            {
                "name": "web",
                "image": "public.ecr.aws/nginx/nginx:1.27",
                "memoryReservation": 128,
                "portMappings": [{"containerPort": 8080, "hostPort": 0}],
                "logConfiguration": logs_to("/ecs/dynamic"),
            }
        ],
    },
    {
        "desiredCount": 3,
        "launchType": "EC2",
        "placementStrategy": [{"type": "random"}],
        "enableECSManagedTags": True,
    },
    (Behind("web", 8080),),
)

DAEMON = Definition(
    "daemon",
    f"{GUIDE}/ecs_services.html#service_scheduler_daemon",
    {
        "networkMode": "host",
        "requiresCompatibilities": ["EC2"],
        "containerDefinitions": [
            {
                "name": "agent",
                "image": "public.ecr.aws/datadog/agent:7",
                "cpu": 10,
                "memory": 256,
                "mountPoints": [{"sourceVolume": "cgroup", "containerPath": "/host/sys/fs/cgroup", "readOnly": True}],
            }
        ],
        "volumes": [{"name": "cgroup", "host": {"sourcePath": "/sys/fs/cgroup/"}}],
    },
    {
        "schedulingStrategy": "DAEMON",
        "launchType": "EC2",
        "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 33},
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
    },
)

ANYWHERE = Definition(
    "anywhere",
    f"{GUIDE}/ecs-anywhere-taskdefinition.html",
    {
        "networkMode": "bridge",
        "requiresCompatibilities": ["EXTERNAL"],
        "executionRoleArn": EXECUTION_ROLE,
        "containerDefinitions": [
            {
                "name": "nginx",
                "image": "public.ecr.aws/nginx/nginx:1.27",
                "memory": 256,
                "cpu": 256,
                "essential": True,
                "portMappings": [{"containerPort": 80, "hostPort": 8080, "protocol": "tcp"}],
            }
        ],
    },
    {"desiredCount": 2, "launchType": "EXTERNAL", "deploymentController": {"type": "ECS"}},
)

OWN_CAPACITY = Definition(
    "capacity",
    f"{GUIDE}/cluster-auto-scaling.html",
    DYNAMIC_PORTS.task,
    {
        "desiredCount": 3,
        "capacityProviderStrategy": [
            {"capacityProvider": "on-demand", "weight": 1, "base": 1},
            {"capacityProvider": "spot", "weight": 4, "base": 0},
        ],
        "availabilityZoneRebalancing": "ENABLED",
    },
    (Behind("web", 8080),),
)

ALL = (BRIDGE, DYNAMIC_PORTS, DAEMON, ANYWHERE, OWN_CAPACITY)
