"""What the components of a service add up to, and what to do next."""

from collections.abc import Iterable, Mapping, Sequence

from breakglass.model.component import Component, Present, Shared, State
from breakglass.model.inventory import Diagnosis, Health
from breakglass.model.kind import Kind


def diagnose(service: str, components: Sequence[Component], kinds: Mapping[str, Kind], *, complete: bool) -> Diagnosis:
    """One word, one sentence, and the next commands.

    What is missing weighs most, for it is certain whatever could not be read; then what could not be read,
    then what does not serve, then what merely disagrees.
    """
    missing = [component for component in components if component.state in {State.MISSING, State.DRAINING}]
    left = [component for component in components if _counts_as_left(component, kinds)]
    unreadable = [component for component in components if component.state is State.UNREADABLE]
    if missing and not left and not unreadable:
        return Diagnosis(Health.GONE, f"none of its {len(missing)} known pieces is left", _next(service, "rebuild"))
    if missing:
        return Diagnosis(Health.HALF_DELETED, _half(missing, left, kinds), _next(service, "rebuild"))
    if unreadable or not components:
        names = ", ".join(_titles(unreadable, kinds)) or "anything"
        return Diagnosis(Health.UNKNOWN, f"could not read enough to say: {names}", _next(service, "inventory"))
    if troubles := list(_troubles(components)):
        return Diagnosis(Health.DEGRADED, f"all is there, but {troubles[0]}", _next(service, "inventory -o wide"))
    if odd := [component for component in components if component.state in {State.STALE, State.ORPHANED}]:
        summary = f"all is there, but the {_titles(odd, kinds)[0]} {odd[0].reason}"
        return Diagnosis(Health.DRIFTED, summary, _next(service, "rebuild"))
    if not complete:
        return Diagnosis(Health.UNKNOWN, "all that was read is well, but not all could be", _next(service, "inventory"))
    return Diagnosis(Health.HEALTHY, f"all {len(components)} pieces are there and agree")


def _counts_as_left(component: Component, kinds: Mapping[str, Kind]) -> bool:
    """Things that no removal would take are not what is left of a service."""
    if component.state is State.DRAINING or not component.there:
        return False
    return kinds[component.key.kind].removable and not isinstance(component.ownership, Shared)


def _half(missing: Sequence[Component], left: Sequence[Component], kinds: Mapping[str, Kind]) -> str:
    titles = _titles(missing, kinds)
    names = " and ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)
    going = all(component.state is State.DRAINING for component in missing)
    verb = "being deleted" if going else "gone"
    be = "is" if len(titles) == 1 else "are"
    count = f"{len(left)} pieces of it are" if len(left) != 1 else "1 piece of it is"
    return f"the {names} {be} {verb}, {count} left"


def _titles(components: Iterable[Component], kinds: Mapping[str, Kind]) -> list[str]:
    return list(dict.fromkeys(kinds[component.key.kind].title for component in components))


def _troubles(components: Sequence[Component]) -> Iterable[str]:
    for component in components:
        match component.sighting:
            case Present(condition=condition) if condition.serving is False and not idle(component, components):
                yield f"{component.key}: {condition.troubles[0] if condition.troubles else condition.reason}"
            case _:
                pass


def idle(component: Component, components: Iterable[Component]) -> bool:
    """Whether it is the half of a blue/green pair that waits: no target in it, and all in another one of its kind.

    ECS registers a service's tasks with the target groups of one side only.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
    """
    if component.key.kind != "target-group" or component.facts.get("TargetHealthDescriptions"):
        return False
    return any(other.key.kind == component.key.kind and _serves(other) for other in components)


def _serves(component: Component) -> bool:
    return isinstance(component.sighting, Present) and bool(component.sighting.condition.serving)


def _next(service: str, command: str) -> tuple[str, ...]:
    verb, _, options = command.partition(" ")
    return (" ".join(filter(None, ("breakglass", verb, service, options))),)
