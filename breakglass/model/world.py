"""The world that a plan is made in: what is there, what was there, and what a value of then is now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from breakglass.model.arn import normal_dns
from breakglass.model.component import Component, Facts
from breakglass.model.inventory import Inventory
from breakglass.model.lead import Key
from breakglass.model.plan import Action, Blocker, Form, Joined, Loss, Output
from breakglass.model.settings import After
from breakglass.model.traits import Traits

DUALSTACK = "dualstack."


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a missing component is made of.

    `facts` are AWS's own fields as they were when it was there, merged from the best source of each; `sources`
    says for each field where it is from and how old that is. References inside are still the old values:
    `World.renewed` replaces them.
    """

    key: Key
    facts: Facts
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Making:
    """How a component is made (again), and what is to be known before: what is lost, what stands in the way."""

    actions: tuple[Action, ...]
    notes: tuple[str, ...] = ()
    lost: tuple[Loss, ...] = ()
    blockers: tuple[Blocker, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """Frozen, and all that the pure decisions of a kind are given.

    `renewals` maps every value by which something could be referred to (an old ARN, DNS name, id) to what it
    is now: the live value, or an `Output` where the thing is still to be made. `traits` are those of every kind;
    `after` is what a state entry has to say once the service is rebuilt.
    """

    run: str
    inventory: Inventory
    renewals: Mapping[str, str | Output] = field(default_factory=dict)
    serving: bool = False
    traits: Mapping[str, Traits] = field(default_factory=dict)
    after: tuple[After, ...] = ()

    def trait(self, kind: str) -> Traits:
        """What is said of a kind as such; of one that nobody knows, what is said of most."""
        return self.traits.get(kind) or Traits()

    def of_kind(self, kind: str) -> Sequence[Component]:
        """The components of one kind."""
        return self.inventory.of_kind(kind)

    def refer(self, value: str) -> str | Output:
        """What an old reference is now; itself where nothing took its place.

        DNS names are compared as DNS does, and keep the `dualstack.` that alias records put before them.
        """
        if value in self.renewals:
            return self.renewals[value]
        spelt = normal_dns(value)
        if spelt in self.renewals:
            return self.renewals[spelt]
        match self.renewals.get(spelt.removeprefix(DUALSTACK)):
            case Output(component=component, field=name, form=Form.WHOLE):
                return Output(component, name, Form.DUALSTACK)
            case str() as live:
                return Form.DUALSTACK.of(live)
            case _:
                return value

    def renewed(self, value: Any) -> Any:
        """A parameter with every string in it that equals an old reference replaced, however deep."""
        match value:
            case str():
                return self.refer(value)
            case Mapping():
                return {name: self.renewed(item) for name, item in value.items()}
            case list() | tuple():
                return [self.renewed(item) for item in value]
            case _:
                return value

    def token(self, key: Key) -> str:
        """The idempotency token for making `key` in this run: the same again after a crash."""
        return token(self.run, key)


def token(run: str, key: Key) -> str:
    """An idempotency token for making `key` in a run, 32 hexadecimal characters."""
    return sha256(f"{run} {key}".encode()).hexdigest()[:32]


def deep_strings(value: Any) -> Iterator[str]:
    """Every string inside a fact."""
    match value:
        case str():
            yield value
        case Mapping():
            for item in value.values():
                yield from deep_strings(item)
        case list() | tuple():
            for item in value:
                yield from deep_strings(item)
        case Joined(parts=parts):
            yield from (part for part in parts if isinstance(part, str))
        case _:
            return
