"""Which component a reference means, and whether it means it as it is now."""

from collections.abc import Iterator, Mapping

from breakglass.model.component import Found, Present, Unreadable
from breakglass.model.inventory import Survey
from breakglass.model.kind import Kind
from breakglass.model.lead import Key, Reference
from breakglass.planning.namesakes import meanings


def spelling(ref: str) -> str:
    """A reference as it is compared: DNS names know no case and may end in a dot, ARNs and ids never differ so."""
    return ref.rstrip(".").casefold()


class Links:
    """The references between the components of one survey, resolved.

    `entrances` are the kinds that clients come in by, and that records lead to.
    """

    def __init__(self, seen: Survey, kinds: Mapping[str, Kind]) -> None:
        self.found = {found.key: found for found in seen.found}
        self._kinds = kinds
        self.entrances = frozenset(name for name, kind in kinds.items() if kind.alias_zone)
        self._resolved = {(lead.kind, lead.ref, lead.within): keys for lead, keys in seen.resolved.items() if keys}
        self._asked = {(lead.kind, lead.ref, lead.within) for lead in seen.resolved}
        self._handles: dict[tuple[str, str], Key] = {}
        for found in seen.found:
            for handle in found.handles:
                self._handles.setdefault((found.key.kind, spelling(handle)), found.key)

    def behind(self, kind: str) -> bool:
        """Whether components of that kind are where entrances send clients."""
        return kind in self._kinds and self._kinds[kind].behind

    def serving_entrances(self) -> Iterator[Key]:
        """Those that send clients to this service: named by what stands behind them, or naming that themselves.

        What they name need only be told: instances, say, on which tasks of the service run.
        """
        for found in self.found.values():
            if isinstance(found.sighting, Present):
                for one in found.sighting.references:
                    led_to = self.resolve(one.kind, one.ref, one.within)
                    if self.behind(found.key.kind) and one.kind in self.entrances:
                        yield from led_to
                    elif found.key.kind in self.entrances and self.behind(one.kind) and led_to:
                        yield found.key

    def resolve(self, kind: str, ref: str, within: str = "") -> tuple[Key, ...]:
        """The components that `ref` means, of that kind or of one that shares its names; none where it means no one."""
        if keys := self._resolved.get((kind, ref, within)):
            return keys
        for one in meanings(kind, self._kinds):
            if key := self._handles.get((one, spelling(ref))):
                return (key,)
            known_as = self._kinds[one].identify(ref, within) if one in self._kinds else None
            if known_as is not None and Key(one, known_as) in self.found:
                return (Key(one, known_as),)
        return ()

    def targets(self, found: Found) -> Iterator[tuple[Reference, Found]]:
        """What a component depends on: each reference that gives order, with the component it means."""
        if isinstance(found.sighting, Unreadable):
            return
        for reference in found.sighting.references:
            if reference.hint:
                continue
            for key in self.resolve(reference.kind, reference.ref, reference.within):
                if key != found.key:
                    yield reference, self.found[key]

    def unanswered(self, found: Found) -> Iterator[Reference]:
        """What a living component depends on by a value that nothing answers to, and that does not say what it was.

        AWS was asked: had it not answered, something unreadable would stand for the value.
        """
        if isinstance(found.sighting, Present):
            for one in found.sighting.references:
                question = (one.kind, one.ref, one.within)
                if not one.hint and not one.expects and question in self._asked and not self.resolve(*question):
                    yield one

    def referrers(self, key: Key) -> Iterator[Found]:
        """The living components that refer to one, other than in passing."""
        for found in self.found.values():
            if isinstance(found.sighting, Present) and any(target.key == key for _, target in self.targets(found)):
                yield found

    @staticmethod
    def outdated(reference: Reference, target: Found) -> bool:
        """Whether a reference means an earlier component of the same name: an old ARN, an old DNS name."""
        if not isinstance(target.sighting, Present) or not target.handles:
            return False
        return spelling(reference.ref) not in {spelling(handle) for handle in target.handles}
