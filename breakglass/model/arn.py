"""Names inside names: what an ARN or an AWS DNS name says by its spelling alone."""

from dataclasses import dataclass

HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Arn:
    """`arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; region and account are empty for global things."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse_arn(text: str) -> Arn | None:
    """The parts of an ARN, None where the text is none."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":  # noqa: PLR2004 - an ARN has six parts
        return None
    return Arn(*parts[1:])


def normal_dns(name: str) -> str:
    r"""A DNS name as it is compared: lower case, no trailing dot, Route 53's `\052` read as `*`."""
    return name.rstrip(".").lower().replace(r"\052", "*")


def load_balancer_of(dns_name: str) -> str | None:
    """The name of the load balancer whose DNS name this is, None where it is not one of AWS's.

    ALB, classic: `[internal-]NAME-HASH.REGION.elb.amazonaws.com`; NLB: `NAME-HASH.elb.REGION.amazonaws.com`;
    aliases put `dualstack.` before it. A load balancer's own name never starts with `internal-`.
    Where something that stands in for AWS leaves the hash away, the whole label is the name.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
    """
    labels = normal_dns(dns_name).removeprefix("dualstack.").split(".")
    if "elb" not in labels[1:] or not any(label.startswith("amazonaws") for label in labels):
        return None
    label = labels[0].removeprefix("internal-")
    name, _, suffix = label.rpartition("-")
    return (name if name and suffix and HEXADECIMAL.issuperset(suffix) else label) or None


def without_dualstack(dns_name: str) -> str:
    """The DNS name that the load balancer itself answers with, as it is compared."""
    return normal_dns(dns_name).removeprefix("dualstack.")
