"""What the rules of a security group say, in words a person can make them again from.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from breakglass.model.component import Facts

EVERY_PROTOCOL = "-1"
WITHOUT_PORTS = frozenset({EVERY_PROTOCOL, "icmp", "icmpv6"})
PEERS = {"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId", "UserIdGroupPairs": "GroupId"}
"""Where a rule keeps its sources or destinations, and what names one there."""


def in_words(facts: Facts) -> str:
    """Name, VPC and rules: `api-tasks in vpc-1: in tcp 8080 from sg-1; out all to 0.0.0.0/0`."""
    rules = [
        *(f"in {words} from {peer}" for words, peer in _rules(facts, "IpPermissions")),
        *(f"out {words} to {peer}" for words, peer in _rules(facts, "IpPermissionsEgress")),
    ]
    return f"{facts.get('GroupName', '')} in {facts.get('VpcId', '')}: " + ("; ".join(rules) or "no rules")


def named_in(facts: Facts) -> Iterator[tuple[str, str]]:
    """The security groups that its rules name, each with the field."""
    for part in ("IpPermissions", "IpPermissionsEgress"):
        for at, rule in enumerate(facts.get(part, [])):
            for place, pair in enumerate(rule.get("UserIdGroupPairs", [])):
                if group := pair.get("GroupId"):
                    yield f"{part}[{at}].UserIdGroupPairs[{place}].GroupId", group


def _rules(facts: Facts, part: str) -> Iterator[tuple[str, str]]:
    for rule in facts.get(part, []):
        peers = [str(one[name]) for field, name in PEERS.items() for one in rule.get(field, []) if one.get(name)]
        yield _traffic(rule), ", ".join(peers) or "nowhere"


def _traffic(rule: Mapping[str, Any]) -> str:
    protocol = str(rule.get("IpProtocol", EVERY_PROTOCOL))
    if protocol in WITHOUT_PORTS:
        return "all" if protocol == EVERY_PROTOCOL else protocol
    ports = list(dict.fromkeys(str(rule[end]) for end in ("FromPort", "ToPort") if end in rule))
    return " ".join(filter(None, (protocol, "-".join(ports))))
