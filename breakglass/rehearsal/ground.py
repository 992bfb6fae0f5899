"""What a twin stands on: network, roles, certificates, cluster, table and zone, made for it in the sandbox."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from breakglass.model.component import Facts
from breakglass.model.snapshot import Snapshot
from breakglass.rehearsal.sandbox import Control
from breakglass.rehearsal.sandbox.accounts import PRODUCTION, REGION
from breakglass.rehearsal.translation import (
    BALANCER_ZONES,
    Translation,
    certificates_in,
    facts_of,
    ids_in,
    roles_in,
)

_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
_NETWORK = "10.77"
_ZONES = "abc"


@dataclass(frozen=True, slots=True)
class Ground:
    """Lays it by plain boto3: `aws` gives a client of the sandbox's account."""

    aws: Callable[[str], Any]
    control: Control

    def lay(self, snapshots: Sequence[Snapshot], translation: Translation) -> Translation:
        """Make everything once, and return the translation that knows the new ids."""
        self.aws("iam").create_account_alias(AccountAlias=PRODUCTION.alias)
        values: dict[str, str] = {}
        for one in snapshots:
            values |= dict(self._network(one, values))
            values |= dict(self._certificates(one, values))
            values |= dict(self._zones(one, values))
            values |= {
                facts["CanonicalHostedZoneId"]: BALANCER_ZONES[facts["Type"]]
                for facts in facts_of(one, "load-balancer")
                if facts.get("Type") in BALANCER_ZONES
            }
            self._roles(one)
            self._clusters(one)
            self._tables(one, translation)
            self._revisions(one)
        return translation.knowing(values)

    def _network(self, one: Snapshot, known: dict[str, str]) -> Iterator[tuple[str, str]]:
        """One VPC stands for all of theirs: what matters is which subnets and groups are the same."""
        ec2 = self.aws("ec2")
        vpc = next((new for new in known.values() if new.startswith("vpc-")), None)
        if vpc is None:
            vpc = ec2.create_vpc(CidrBlock=f"{_NETWORK}.0.0/16")["Vpc"]["VpcId"]
        yield from ((old, vpc) for old in ids_in(one, "vpc"))
        zones = {
            zone["SubnetId"]: zone["ZoneName"][-1]
            for facts in facts_of(one, "load-balancer")
            for zone in facts.get("AvailabilityZones", [])
        }
        taken = sum(old.startswith("subnet-") for old in known)
        for at, old in enumerate(old for old in ids_in(one, "subnet") if old not in known):
            number = taken + at
            zone = zones.get(old, _ZONES[number % 3])
            block = f"{_NETWORK}.{number}.0/24"
            made = ec2.create_subnet(
                VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{REGION}{zone if zone in _ZONES else 'a'}"
            )
            yield old, made["Subnet"]["SubnetId"]
        names = {facts.get("GroupId"): facts.get("GroupName") for facts in facts_of(one, "security-group")}
        for old in ids_in(one, "sg"):
            if old not in known:
                name = names.get(old) or old.replace("sg-", "group-")
                made = ec2.create_security_group(GroupName=name, Description=f"stands for {old}", VpcId=vpc)
                yield old, made["GroupId"]

    def _certificates(self, one: Snapshot, known: dict[str, str]) -> Iterator[tuple[str, str]]:
        for old in certificates_in(one):
            if old not in known:
                made = self.aws("acm").request_certificate(DomainName="*.example.com", ValidationMethod="DNS")
                yield old, made["CertificateArn"]

    def _zones(self, one: Snapshot, known: dict[str, str]) -> Iterator[tuple[str, str]]:
        for facts in facts_of(one, "dns-record"):
            old = facts["HostedZoneId"]
            if old not in known:
                made = self.aws("route53").create_hosted_zone(
                    Name=facts["HostedZoneName"], CallerReference=f"twin-{old}"
                )
                known[old] = made["HostedZone"]["Id"].rpartition("/")[2]
            yield old, known[old]

    def _roles(self, one: Snapshot) -> None:
        for path in roles_in(one):
            where, _, name = path.rpartition("/")
            under = f"/{where}/" if where else "/"
            _unless_there(
                partial(self.aws("iam").create_role, RoleName=name, Path=under, AssumeRolePolicyDocument=_TRUST)
            )

    def _clusters(self, one: Snapshot) -> None:
        for facts in facts_of(one, "ecs-service"):
            name = facts["clusterArn"].rpartition("/")[2]
            self.aws("ecs").create_cluster(clusterName=name, capacityProviders=["FARGATE", "FARGATE_SPOT"])

    def _tables(self, one: Snapshot, translation: Translation) -> None:
        for facts in facts_of(one, "state-entry"):
            _unless_there(partial(self.aws("dynamodb").create_table, **_table(facts, translation)))

    def _revisions(self, one: Snapshot) -> None:
        """The task definition that runs keeps its number."""
        for facts in facts_of(one, "task-definition"):
            self.control.chaos("number-revisions", family=facts["family"], revision=facts["revision"])


def _table(facts: Facts, translation: Translation) -> dict[str, Any]:
    key = facts["Key"]
    roles = ("HASH", "RANGE")
    return {
        "TableName": translation.text(facts["TableName"]),
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in zip(key, roles, strict=False)],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": next(iter(typed))} for name, typed in key.items()
        ],
    }


def _unless_there(create: Callable[[], Any]) -> None:
    try:
        create()
    except ClientError as refused:
        if refused.response["Error"]["Code"] not in {"EntityAlreadyExists", "ResourceInUseException"}:
            raise
