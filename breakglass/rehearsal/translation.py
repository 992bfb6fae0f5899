"""Somebody's own names and ids in the words of the sandbox: every value is replaced by value, wherever it stands. Pure.

Names, shapes and order stay theirs. Account ids, the region of ARNs and endpoints, and the ids of what the sandbox
makes anew (networks, certificates, zones) become the sandbox's.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from breakglass.model.component import Facts
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.snapshot import Saved, Snapshot
from breakglass.model.world import deep_strings

T = TypeVar("T")

ID = {name: re.compile(rf"(?<![\w-]){name}-[0-9a-f]{{8,17}}(?![\w-])") for name in ("vpc", "subnet", "sg")}
CERTIFICATE = re.compile(r"arn:aws[\w-]*:(?:acm|iam):[\w-]*:\d{12}:(?:certificate|server-certificate)/[\w/+=,.@-]+")
ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/([\w+=,.@/-]+)")
BALANCER_ZONES = {"application": "Z32O12XQLNTSW2", "network": "Z2IFOLAFXWLO4F"}
"""https://docs.aws.amazon.com/general/latest/gr/elb.html, of the sandbox's region."""


@dataclass(frozen=True, slots=True)
class Translation:
    """From one account and region to the sandbox's; `values` are replaced where they stand as a whole word."""

    account: tuple[str, str]
    region: tuple[str, str]
    values: Mapping[str, str] = field(default_factory=dict)

    def knowing(self, values: Mapping[str, str]) -> "Translation":
        """The same with more values."""
        return replace(self, values={**self.values, **values})

    def text(self, text: str) -> str:
        """One string."""
        if text in self.values:
            return self.values[text]
        for old, new in self.values.items():
            if old in text:
                text = re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", new, text)
        here, there = self.region
        if text.startswith("arn:") or "amazonaws.com" in text or re.fullmatch(rf"{re.escape(here)}[a-z]?", text):
            text = re.sub(rf"(?<![\w-]){re.escape(here)}(?=[a-z]?(?![\w-]))", there, text)
        return re.sub(rf"(?<!\d){self.account[0]}(?!\d)", self.account[1], text)

    def value(self, value: Any) -> Any:
        """A fact, however deep."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {name: self.value(item) for name, item in value.items()}
            case list():
                return [self.value(item) for item in value]
            case tuple():
                return tuple(self.value(item) for item in value)
            case set() | frozenset():
                return frozenset(self.value(item) for item in value)
            case _:
                return value

    def snapshot(self, one: Snapshot) -> Snapshot:
        """The same service in the sandbox's account. Its digest is that of before: seal it again."""
        return replace(
            one,
            account=self.account[1],
            region=self.region[1],
            components=tuple(self._saved(saved) for saved in one.components),
        )

    def _saved(self, saved: Saved) -> Saved:
        return replace(
            saved,
            key=self.key(saved.key),
            facts=self.value(saved.facts),
            references=tuple(self._reference(one) for one in saved.references),
            handles=frozenset(map(self.text, saved.handles)),
            arn=self.text(saved.arn) if saved.arn else None,
            region=self.text(saved.region) if saved.region else "",
            leads=tuple(self._lead(one) for one in saved.leads),
        )

    def key(self, key: Key) -> Key:
        """A component's identity."""
        return Key(key.kind, self.text(key.id))

    def _reference(self, one: Reference) -> Reference:
        return replace(one, ref=self.text(one.ref), within=self.text(one.within))

    def _lead(self, one: Lead) -> Lead:
        giver = self.key(one.giver) if one.giver else None
        return replace(one, ref=self.text(one.ref), within=self.text(one.within), giver=giver)


def ids_in(one: Snapshot, kind: str) -> list[str]:
    """The ids of VPCs (`vpc`), subnets or security groups (`sg`) that a snapshot names, in its order."""
    return list(dict.fromkeys(found for text in texts(one) for found in ID[kind].findall(text)))


def certificates_in(one: Snapshot) -> list[str]:
    """The certificates that it names."""
    return list(dict.fromkeys(found for text in texts(one) for found in CERTIFICATE.findall(text)))


def roles_in(one: Snapshot) -> list[str]:
    """The roles that it names, with their paths; AWS's own, which are there by themselves, apart."""
    found = (path for text in texts(one) for path in ROLE.findall(text))
    return [path for path in dict.fromkeys(found) if not path.startswith("aws-service-role/")]


def texts(one: Snapshot) -> Iterator[str]:
    """Every string in a snapshot's facts."""
    for saved in one.components:
        yield from deep_strings(saved.facts)


def facts_of(one: Snapshot, kind: str) -> list[Facts]:
    """The facts of the components of a kind that were there."""
    return [saved.facts for saved in one.components if saved.key.kind == kind and saved.there]
