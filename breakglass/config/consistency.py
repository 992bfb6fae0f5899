"""What can only be judged with a service's section and the conventions side by side."""

from collections.abc import Iterable, Mapping, Sequence

from breakglass.config.leads import record_names, zone_of
from breakglass.config.place import MISSING, Mistakes
from breakglass.config.section import EVERY_SERVICE, Dns, Row, Rows, Section, Written
from breakglass.config.spelling import quoted

_WANTED = {
    "table": "a table's name",
    "key": "a table of one or two attributes",
    "cluster": "a cluster's name",
    "service": "an ECS service's name",
    "zone": "a hosted zone's name or id",
    "names": "a list of record names",
}
# Stands for any service's name where only "*" is there to be checked.
_ANY_SERVICE = "service"


def effective(sections: Sequence[Section]) -> Mapping[str, Section]:
    """Every section by its service's name, completed by the conventions."""
    common = next((section for section in sections if section.name == EVERY_SERVICE), Section(EVERY_SERVICE))
    return {each.name: each if each.name == EVERY_SERVICE else each.over(common) for each in sections}


def check(sections: Sequence[Section], mistakes: Mistakes) -> None:
    """Note tables that nothing completes, and record names that are not in their zone."""
    whole = effective(sections)
    own = [section for section in sections if section.name != EVERY_SERVICE]
    common = next((section for section in sections if section.name == EVERY_SERVICE), None)
    for section in own:
        merged = whole[section.name]
        _note_gaps(merged.state if section.state else None, section.state, mistakes)
        _note_gaps(merged.ecs if section.ecs else None, section.ecs, mistakes)
        _note_gaps(merged.dns if section.dns else None, section.dns, mistakes)
    if common:
        _note_unless_completed(common.state, [(each.state, whole[each.name].state) for each in own], mistakes)
        _note_unless_completed(common.ecs, [(each.ecs, whole[each.name].ecs) for each in own], mistakes)
        _note_unless_completed(common.dns, [(each.dns, whole[each.name].dns) for each in own], mistakes)
    for section in whole.values():
        _note_keys(section, mistakes)
    for name, section in whole.items():
        for dns in section.dns.complete() if section.dns else ():
            _note_strays(dns, _ANY_SERVICE if name == EVERY_SERVICE else name, mistakes)


def _note_keys(section: Section, mistakes: Mistakes) -> None:
    """An entry's key is what it is found by: it never changes."""
    states = section.state.complete() if section.state else ()
    names = {attribute.name for state in states if state.key for attribute in state.key.attributes}
    for path, said in section.state_after.items():
        if path and path[0] in names and not mistakes.about(said.key):
            mistakes.expected(said.key, "an attribute that is no part of the entry's key", quoted(str(path[0])))


def _note_gaps(merged: Rows[Row] | None, own: Rows[Row] | None, mistakes: Mistakes) -> None:
    """The gaps are told where the service's own table stands, not where the conventions do."""
    if merged and own:
        at = own.rows[0].at if own.alone else ""
        for key, name in merged.gaps():
            _note_gap(at or key, name, mistakes)


def _note_unless_completed(
    common: Rows[Row] | None,
    own: Iterable[tuple[Rows[Row] | None, Rows[Row] | None]],
    mistakes: Mistakes,
) -> None:
    """A convention may leave out what each service says for itself, but some service has to say it."""
    if common and not any(said and said.alone and merged and not merged.gaps() for said, merged in own):
        for key, name in common.gaps():
            _note_gap(key, name, mistakes)


def _note_gap(key: str, name: str, mistakes: Mistakes) -> None:
    if not mistakes.about(key):  # what is no table at all lacks nothing in particular
        mistakes.expected(f"{key}.{name}", _WANTED[name], MISSING)


def _note_strays(dns: Dns, service: str, mistakes: Mistakes) -> None:
    zone = zone_of(dns, service)
    for written, name in record_names(dns, service):
        if not _usable(written, mistakes):
            continue
        if not name:
            mistakes.expected(written.key, "a record's name", quoted(written.value))
        elif _usable(dns.zone, mistakes) and "." in zone and name != zone and not name.endswith(f".{zone}"):
            mistakes.expected(written.key, f"a name in the zone {zone}", quoted(written.value))


def _usable(written: Written | None, mistakes: Mistakes) -> bool:
    return written is not None and not mistakes.about(written.key)
