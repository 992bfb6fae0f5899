"""The interface of a component kind: everything that is known about one sort of AWS resource, in one place."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

from breakglass.model.arn import Arn
from breakglass.model.component import Absent, Component, Facts, Found, Present, Sighting, State, Unreadable, Users
from breakglass.model.inventory import Claim, Finding, Inventory
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.plan import Action, Blocker, Call, Form, Until
from breakglass.model.reading import AwsError, NotFound, Reader
from breakglass.model.settings import Settings
from breakglass.model.traits import Traits
from breakglass.model.world import Making, Recipe, World


class Detail(StrEnum):
    """How closely to look: enough to judge, or everything that making it again needs."""

    LOOK = "look"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one service: whom to ask, about what, how closely."""

    reader: Reader
    settings: Settings
    detail: Detail = Detail.LOOK


class Kind(Traits, ABC):
    """One kind of component. Kinds are stateless, and know nothing of each other but names."""

    @abstractmethod
    def identify(self, ref: str, within: str = "") -> str | None:
        """The id that `ref` means, by its spelling alone; None where only AWS can tell."""

    @abstractmethod
    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """Look up what the leads name: for each lead any number of components, each component once.

        Every failure to look up is part of what is returned, as `Unreadable` or as `Present.unread`; of the
        exceptions only `CredentialsError` gets out.
        """

    def users(self, found: Found, look: Look) -> Users:
        """Who uses a component that is there, found by reverse look-up. Includes this service's own."""
        return Users()

    def claims(self, found: Found, look: Look) -> Sequence[Claim]:
        """What this component's siblings name: other state entries, the other records of its zone.

        Called for present and absent ones alike; the siblings' listings are asked once for each `Reader`.
        Raises `AwsError`.
        """
        return ()

    def draws(self, found: Found) -> Sequence[Reference]:
        """What another kind's component says about components of this one, in fields that its own kind does not read.

        Asked for the kinds that it is `drawn_from`. The references count as that component's own: leads come from
        them, and so does order. Pure.
        """
        return ()

    def tagged_as(self, arn: Arn) -> str | None:
        """The `ref` of a lead to what has this ARN and bears the service's tags; None where it is another kind's."""
        return None

    def without(self, found: Found) -> frozenset[str]:
        """Kinds of which its own fields say that the service has none: a conventional name of theirs is only a name."""
        return frozenset()

    def neighbours(self, found: Found, look: Look) -> Sequence[str]:
        """Names of other services that are known where this component was looked up. Raises `AwsError`."""
        return ()

    def describe(self, key: Key, sighting: Present) -> str:
        """A few words on what it is and does, for the table; the id where there is nothing to add."""
        return key.id

    def remarks(self, found: Found, look: Look) -> Iterable[Finding]:
        """What has to be known before one is changed or made again, and no field of its own says.

        Raises `AwsError`: then there is nothing to say.
        """
        return ()

    def remembered_as(self, facts: Facts) -> str:
        """One that this tool does not make, for whoever makes it by hand; empty where there is nothing to say."""
        return ""

    def retrace(self, key: Key, references: Sequence[Reference]) -> tuple[str, str]:
        """`ref` and `within` of a lead that finds it by its natural key and what it refers to, without any ARN."""
        return key.id, ""

    def scope(self, key: Key, facts: Facts, region: str) -> str:
        """A better `within` for such a lead, once more than the key is known; `region` is empty for the one at hand."""
        return region

    def successor(self, key: Key, token: str) -> tuple[str, str]:
        """`ref` and `within` of a lead that finds what was made in place of `key` with this token.

        Differs from `retrace` where AWS gives what is made an id of its own.
        """
        return self.retrace(key, ())

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """The field and form that a reference to it is made of; None where the value outlives the thing (a name)."""
        return None

    def value(self, facts: Facts, field: str) -> str | None:
        """A field that an `Output` names, of the facts of what is there; None where it has none.

        Differs from the facts' own where a value that others refer to stands deeper in them.
        """
        return str(facts[field]) if field in facts else None

    def stable(self, facts: Facts) -> Facts:
        """The fields that are configuration: what only people and their tools change."""
        return {name: value for name, value in facts.items() if name not in self.volatile}

    def needs(self, component: Component, others: Sequence[Component]) -> Iterable[Key]:
        """What it cannot do without although no field of it says so: made before it, kept with it."""
        return ()

    def after(self, component: Component, others: Sequence[Component]) -> Iterable[Key]:
        """What is made before it and removed after it for the sake of those who use the service."""
        return ()

    def untouchable(self, key: Key, facts: Facts) -> str | None:
        """Why it is another's to make, change and remove (AWS's own, another API's), in words; None where it is not."""
        return None

    def protection(self, component: Component) -> str | None:
        """What keeps it from being deleted until it is taken off on purpose, in words."""
        return None

    def unprotect(self, component: Component, world: World) -> Sequence[Action]:
        """Takes that protection off."""
        return ()

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """Takes away a component that is there, ending in a `Settle` until it is absent. Pure."""
        raise NotImplementedError(f"{self.name} is never removed")

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """Makes a missing component again, ending in a `Settle` until it is there. Pure."""
        raise NotImplementedError(f"{self.name} is never made again")

    def completed(self, recipe: Recipe, inventory: Inventory, remembered: Mapping[Key, Facts]) -> Recipe:
        """The recipe with what the rest of the service tells about it: live neighbours, remembered ones. Pure."""
        return recipe

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """Changes those references, and nothing else, to what `world.refer` says they are now. Pure."""
        raise NotImplementedError(f"{self.name} has nothing to repoint")

    def unsaid(self, component: Component, world: World) -> Sequence[str]:
        """What one that is there has to say once the service is rebuilt and does not say yet, in words. Pure."""
        return ()

    def said(self, calls: Sequence[Call], sighting: Sighting) -> bool:
        """Whether one that points where it should says all that these calls (outputs filled in) let it say."""
        return True

    def obstacle(self, component: Component, was: Facts, world: World) -> Blocker | None:
        """Why what is made would not serve beside this living one, which stays as it is: it leads elsewhere. Pure.

        `was` are its facts in the best snapshot in which it was there, empty where there is none.
        """
        return None

    def awaited(self, until: Until, sighting: Sighting) -> str | None:
        """What is still missing before it is `until`; None once it is so.

        The default knows absence and presence; ACTIVE and SERVING take what the condition says. Raises
        `Hopeless` where waiting is of no use.
        """
        match until, sighting:
            case Until.ABSENT, Absent():
                return None
            case Until.ABSENT, Present(condition=condition):
                return condition.reason or "it is still there"
            case _, Unreadable(failures=failures):
                return "it cannot be read: " + "; ".join(map(str, failures))
            case _, Absent(reason=reason):
                return reason
            case ((Until.THERE | Until.IN_SYNC), Present()):
                return None
            case _, Present(condition=condition):
                return None if condition.serving is not False else "; ".join(condition.troubles) or condition.reason
        raise AssertionError(until)

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether a call (its outputs filled in) has had its effect, by what is there now.

        Asked after an answer was lost, before anything is sent again. What only sets fields may be sent twice.
        """
        if call.operation.startswith(("Delete", "Deregister")):
            return isinstance(sighting, Absent) or _draining(sighting)
        if call.operation.startswith(("Create", "Register", "Put")):
            return isinstance(sighting, Present) and not _draining(sighting)
        return False

    def taken_back(self, calls: Sequence[Call], sighting: Sighting) -> str | None:
        """What these calls (outputs filled in) have made and is not so any more, in words; None where it is.

        AWS itself, or somebody else, has taken it back: what is there may be well, and is not what was asked for.
        """
        return None

    def already(self, call: Call, code: str) -> bool:
        """Whether a refusal with that code may mean that what the call is for is so already: then it is looked for."""
        return False

    def remedy(self, code: str, message: str) -> str:
        """What to do about a refusal of AWS's, in a sentence; empty where nothing is known of it."""
        return ""

    def receipt(self, answer: Mapping[str, Any]) -> str | None:
        """What of the answer to a change has to be kept in order to ask later whether it is in force."""
        return None

    def in_force(self, receipt: str, reader: Reader) -> bool:
        """Whether a change has reached everywhere. Raises `AwsError`."""
        return True

    @staticmethod
    def merged(found: Iterable[Found]) -> Sequence[Found]:
        """Each component once, with all leads that led to it."""
        together: dict[Key, Found] = {}
        for one in found:
            leads = (*(together[one.key].leads if one.key in together else ()), *one.leads)
            together[one.key] = replace(one, leads=tuple(dict.fromkeys(leads)))
        return tuple(together.values())

    def by_id(self, leads: Sequence[Lead]) -> Mapping[str, Sequence[Lead]]:
        """The leads that say by their spelling which component they mean, together with the others of it."""
        together: dict[str, list[Lead]] = defaultdict(list)
        for lead in leads:
            if (known_as := self.identify(lead.ref, lead.within)) is not None:
                together[known_as].append(lead)
        return together

    def sight_each(
        self, ids: Iterable[str], look_up: Callable[[str], Sighting], reader: Reader
    ) -> Mapping[str, Sighting]:
        """Look up several at once. `look_up` may raise: NotFound is absence, every other failure is none."""
        wanted = list(ids)
        answers = reader.gather([partial(look_up, known_as) for known_as in wanted])
        return {known_as: self._sighting(known_as, seen) for known_as, seen in zip(wanted, answers, strict=True)}

    def _sighting(self, known_as: str, seen: Sighting | AwsError) -> Sighting:
        match seen:
            case NotFound():
                return Absent(f"AWS knows no {self.title} {known_as}")
            case AwsError():
                return Unreadable((seen.unread,))
            case _:
                return seen

    def tell(self, found: Iterable[Found]) -> Sequence[Found]:
        """What is worth telling: an absent one that no lead expected was only a question."""
        return [one for one in found if not isinstance(one.sighting, Absent) or any(lead.expects for lead in one.leads)]


def _draining(sighting: Sighting) -> bool:
    return isinstance(sighting, Present) and sighting.condition.state is State.DRAINING
