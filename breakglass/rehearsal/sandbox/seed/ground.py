"""What the services stand on: network, roles, cluster, state table, zone, shared load balancers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from breakglass.rehearsal.sandbox.accounts import ROLE, Account
from breakglass.rehearsal.sandbox.annexes import all_annexes
from breakglass.rehearsal.sandbox.manners.ecs.state import Ecs
from breakglass.rehearsal.sandbox.state import AwsShape, World

from .caller import Caller

CLUSTER = "wonderland"
TABLE = "wonderland-services"
ZONE = "example.com."

_NETWORKS = {"111122223333": "10.11", "444455556666": "10.44"}
_TASKS_MAY_ASSUME = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
_PEOPLE_MAY_ASSUME = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
)


@dataclass(frozen=True)
class Ground:
    """The things that every service of an account needs to name."""

    call: Caller
    ecs: Ecs
    vpc: str
    subnets: list[str]
    balancer_group: str
    task_group: str
    zone_id: str
    certificate: str
    execution_role: str

    def role(self, name: str) -> str:
        """Make a role that tasks may assume and return its ARN."""
        made = self.call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=_TASKS_MAY_ASSUME)
        return str(made["Role"]["Arn"])

    def deploy(self, operation: str, **params: Any) -> AwsShape:
        """The answer to a call to ECS, sent once what single kinds have of a service is there."""
        for annex in all_annexes():
            annex.plant(self, params)
        return self.call("ecs", operation, **params)

    def balancer(
        self, name: str, owner: str, default: AwsShape, groups: list[str] | None = None
    ) -> tuple[AwsShape, str]:
        """Make an ALB that sends port 80 to HTTPS and begins port 443 with `default`.

        Returns the load balancer and the ARN of its HTTPS listener. `groups` are its security groups, the shared one
        where none are given.
        """
        tags = [{"Key": "service", "Value": name}, {"Key": "team", "Value": owner}]
        made = self.call(
            "elbv2", "CreateLoadBalancer", Name=name, Subnets=self.subnets, Scheme="internet-facing",
            SecurityGroups=groups or [self.balancer_group], Type="application", IpAddressType="ipv4", Tags=tags,
        )  # fmt: skip
        balancer: AwsShape = made["LoadBalancers"][0]
        arn = balancer["LoadBalancerArn"]
        self.call(
            "elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=arn,
            Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "120"}],
        )  # fmt: skip
        to_https = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
        self.call(
            "elbv2", "CreateListener", LoadBalancerArn=arn, Port=80, Protocol="HTTP",
            DefaultActions=[{"Type": "redirect", "RedirectConfig": to_https}], Tags=tags,
        )  # fmt: skip
        listener = self.call(
            "elbv2", "CreateListener", LoadBalancerArn=arn, Port=443, Protocol="HTTPS",
            Certificates=[{"CertificateArn": self.certificate}], SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            DefaultActions=[default], Tags=tags,
        )  # fmt: skip
        return balancer, str(listener["Listeners"][0]["ListenerArn"])


NOT_FOUND: AwsShape = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no such service"},
}


def lay_ground(world: World, call: Caller, account: Account) -> Ground:
    """Make everything that services of an account share, but for the load balancers."""
    vpc, subnets, balancer_group, task_group = _network(account, call.region)
    call("iam", "CreateAccountAlias", AccountAlias=account.alias)
    call("ecs", "CreateCluster", clusterName=CLUSTER, capacityProviders=["FARGATE", "FARGATE_SPOT"])
    call(
        "dynamodb", "CreateTable", TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
    )  # fmt: skip
    zone = call("route53", "CreateHostedZone", Name=ZONE, CallerReference=f"zone-of-{account.name}")
    zone_id = zone["HostedZone"]["Id"].rpartition("/")[2]
    _extra_records(call, zone_id)
    call("iam", "CreateRole", RoleName=ROLE, AssumeRolePolicyDocument=_PEOPLE_MAY_ASSUME)
    role = call("iam", "CreateRole", RoleName="ecsTaskExecutionRole", AssumeRolePolicyDocument=_TASKS_MAY_ASSUME)
    requested = call("acm", "RequestCertificate", DomainName="*.example.com", ValidationMethod="DNS")
    certificate = str(requested["CertificateArn"])
    ecs = world.state(Ecs, call.account, call.region)
    return Ground(call, ecs, vpc, subnets, balancer_group, task_group, zone_id, certificate, str(role["Role"]["Arn"]))


def _network(account: Account, region: str) -> tuple[str, list[str], str, str]:
    ec2 = ec2_backends[account.id][region]
    prefix = _NETWORKS[account.id]
    vpc = ec2.create_vpc(f"{prefix}.0.0/16")
    subnets = [
        ec2.create_subnet(vpc.id, f"{prefix}.{16 * position}.0/20", availability_zone=f"{region}{zone}").id
        for position, zone in enumerate("abc")
    ]
    outside = ec2.create_security_group("wonderland-balancers", "HTTP and HTTPS from everywhere", vpc.id)
    inside = ec2.create_security_group("wonderland-tasks", "from the load balancers", vpc.id)
    for port in ("80", "443"):
        ec2.authorize_security_group_ingress(outside.id, "tcp", port, port, [{"CidrIp": "0.0.0.0/0"}])
    ec2.authorize_security_group_ingress(inside.id, "tcp", "8080", "8080", [], source_groups=[{"GroupId": outside.id}])
    return str(vpc.id), subnets, str(outside.id), str(inside.id)


def _extra_records(call: Caller, zone_id: str) -> None:
    """Records that belong to no service, for whoever takes a start position for a filter."""
    texts = {
        ("example.com.", "MX"): "10 mx.example.net.",
        ("_dmarc.example.com.", "TXT"): '"v=DMARC1; p=none"',
        ("*.preview.example.com.", "CNAME"): "preview.example.net",
        ("deployer.example.com.", "TXT"): '"owned by ops"',
    }
    records: list[AwsShape] = [
        {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}]}
        for (name, kind), value in texts.items()
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    call("route53", "ChangeResourceRecordSets", HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
