"""Record sets: how Route 53 writes them, orders them and tells them apart."""

from __future__ import annotations

import re

from breakglass.rehearsal.sandbox.state import AwsShape

Key = tuple[tuple[str, ...], str, str]
"""Labels from the right, type, set identifier: the identity and the order of a record set."""

_PLAIN = re.compile(r"[a-z0-9_.-]")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def written_name(name: str) -> str:
    """A name as Route 53 returns it: lower case, with the final dot, unusual characters as three octal digits.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    """
    plain = _plain_name(name)
    return "".join(char if _PLAIN.match(char) else f"\\{ord(char):03o}" for char in plain)


def key_of(record: AwsShape) -> Key:
    """The identity of a record set."""
    return labels_of(record["Name"]), record["Type"], record.get("SetIdentifier", "")


def labels_of(name: str) -> tuple[str, ...]:
    """A name's labels from the right: the order in which record sets and zones are listed."""
    return tuple(reversed(_plain_name(name).rstrip(".").split(".")))


def written(record: AwsShape) -> AwsShape:
    """A record set as Route 53 keeps and returns it."""
    kept = {key: value for key, value in record.items() if value is not None and value != []}
    kept["Name"] = written_name(record["Name"])
    if target := kept.get("AliasTarget"):
        kept["AliasTarget"] = {**target, "DNSName": written_name(target["DNSName"])}
    return kept


def is_same(one: AwsShape, other: AwsShape) -> bool:
    """Whether two written record sets agree in everything, the order of their values apart."""
    return _comparable(one) == _comparable(other)


def described(record: AwsShape) -> str:
    """A record set as Route 53's error messages name it."""
    parts = [f"name='{record['Name']}'", f"type='{record['Type']}'"]
    if identifier := record.get("SetIdentifier"):
        parts.append(f"set-identifier='{identifier}'")
    return f"[{', '.join(parts)}]"


def _comparable(record: AwsShape) -> AwsShape:
    values = sorted(item["Value"] for item in record.get("ResourceRecords", []))
    return {**record, "ResourceRecords": values}


def _plain_name(name: str) -> str:
    unescaped = _ESCAPED.sub(lambda match: chr(int(match.group(1), 8)), name.lower())
    return unescaped if unescaped.endswith(".") else unescaped + "."
