"""Subnets, security groups and addresses, read from moto's EC2 backend."""

from __future__ import annotations

from dataclasses import dataclass

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends


@dataclass(frozen=True)
class Subnet:
    """Where a subnet lies; `prefix` holds the first three numbers of its IPv4 addresses."""

    id: str
    vpc: str
    zone: str
    prefix: str


def find_subnet(account: str, region: str, subnet_id: str) -> Subnet | None:
    """A subnet by its id; None where EC2 does not know it."""
    try:
        found = ec2_backends[account][region].get_subnet(subnet_id)
    except EC2ClientError:
        return None
    return Subnet(subnet_id, found.vpc_id, found.availability_zone, found.cidr_block.rpartition(".")[0])


def security_group_exists(account: str, region: str, group_id: str) -> bool:
    """Whether EC2 knows a security group."""
    return ec2_backends[account][region].get_security_group_from_id(group_id) is not None


def vpc_exists(account: str, region: str, vpc_id: str) -> bool:
    """Whether EC2 knows a VPC."""
    return vpc_id in ec2_backends[account][region].vpcs


def default_security_group(account: str, region: str, vpc_id: str) -> str:
    """The group that AWS gives a load balancer or task for which none was named."""
    group = ec2_backends[account][region].get_security_group_by_name_or_id("default", vpc_id)
    return str(group.id) if group is not None else ""
