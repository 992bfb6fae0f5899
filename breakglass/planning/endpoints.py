"""Records that share a name with this service's, and lead to somebody else's endpoint.

Several record sets can have one name and type, each with a set identifier of its own: a canary of another team, a
page that says sorry. The name alone does not make those this service's.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html
"""

from collections.abc import Iterator

from breakglass.model.arn import normal_dns
from breakglass.model.component import Absent, Found, Present
from breakglass.model.lead import Key
from breakglass.model.record_sets import leads_to
from breakglass.planning.links import Links

RECORD = "dns-record"
ENTRY = "state-entry"


def other_endpoint(found: Found, links: Links) -> str | None:
    """Where one of several records of a name leads, if that is not this service; None where it is, or nobody can say.

    What leads to something gone is no endpoint: it was this service's, or nobody's.
    """
    if found.key.kind != RECORD or not isinstance(found.sighting, Present):
        return None
    facts = found.sighting.facts
    ours = set(_own_balancers(links))
    if "SetIdentifier" not in facts or not ours or _leads_to_a_record(found, links):
        return None
    led_to = set(_led_to(found, links))
    if ours & led_to or any(isinstance(links.found[key].sighting, Absent) for key in led_to):
        return None
    target = next(map(normal_dns, leads_to(facts)), "nothing")
    return f"the endpoint {next((str(key) for key in led_to), target)}"


def has_a_sibling_here(found: Found, links: Links) -> bool:
    """Whether another record of the same name, type and zone leads to this service."""
    ours = set(_own_balancers(links))
    place = _place(found)
    return place is not None and any(
        ours & set(_led_to(other, links))
        for other in links.found.values()
        if other.key != found.key and _place(other) == place
    )


def _place(found: Found) -> tuple[str, str, str] | None:
    if found.key.kind != RECORD or not isinstance(found.sighting, Present):
        return None
    facts = found.sighting.facts
    return facts["HostedZoneId"], normal_dns(facts["Name"]), facts["Type"]


def _led_to(found: Found, links: Links) -> Iterator[Key]:
    if isinstance(found.sighting, Present):
        for reference in found.sighting.references:
            if reference.kind in links.entrances:
                yield from links.resolve(reference.kind, reference.ref, reference.within)


def _leads_to_a_record(found: Found, links: Links) -> bool:
    """Whether it leads to another record that is known here, which says the rest."""
    return isinstance(found.sighting, Present) and any(
        reference.kind == RECORD and links.resolve(reference.kind, reference.ref, reference.within)
        for reference in found.sighting.references
    )


def _own_balancers(links: Links) -> Iterator[Key]:
    """The load balancers that this service's other components, its configuration or its state entry name."""
    for found in links.found.values():
        if found.key.kind in links.entrances and any(_tells(lead.giver, links) for lead in found.leads):
            yield found.key
    yield from links.serving_entrances()


def _tells(giver: Key | None, links: Links) -> bool:
    """Whether a lead to a load balancer makes it this service's: it is configured, or named by what is.

    What a record leads to, and what was only remembered of that, proves nothing.
    """
    return giver is None or giver.kind == ENTRY or links.behind(giver.kind)
