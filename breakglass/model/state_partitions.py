"""Several items under one partition key: a lead that names the partition only means all of them, there or not."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from breakglass.model.component import Absent, Found, Present
from breakglass.model.dynamodb import Typed, read_key, spell_key
from breakglass.model.lead import Lead
from breakglass.model.reading import AwsError, Reader
from breakglass.model.state_tables import Table, typed_key


def spelt_out(found: Sequence[Found], reader: Reader) -> Iterator[Found]:
    """Where items are known by their whole keys, their partition alone stands for these, and for none besides."""
    keys = {one.key: _key(one, reader) for one in found}
    for one in found:
        ours, others = keys[one.key], [other for other in found if _is_part(keys[one.key], keys[other.key])]
        if not isinstance(one.sighting, Absent) or not others:
            also = (lead for other in found if _is_part(keys[other.key], ours) for lead in _leads_to_nothing(other))
            yield replace(one, leads=tuple(dict.fromkeys((*one.leads, *also))))


def _leads_to_nothing(found: Found) -> tuple[Lead, ...]:
    return found.leads if isinstance(found.sighting, Absent) else ()


def _key(found: Found, reader: Reader) -> tuple[Table, Typed] | None:
    """Table and key of an item, there or not; None where the table does not say."""
    lead = next((lead for lead in found.leads if read_key(lead.ref)), found.leads[0])
    table = Table.of(lead.within)
    if isinstance(found.sighting, Present):
        return table, found.sighting.facts["Key"]
    try:
        return table, typed_key(reader, table, lead.ref)
    except AwsError:
        return None


def _is_part(one: tuple[Table, Typed] | None, other: tuple[Table, Typed] | None) -> bool:
    """Whether a key has only some of the attributes of another."""
    if one is None or other is None or one[0] != other[0]:
        return False
    return spell_key(one[1]) != spell_key(other[1]) and all(
        other[1].get(name) == value for name, value in one[1].items()
    )
