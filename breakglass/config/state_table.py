"""The state tables as such: where to look for all services, or for the name that was meant."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from breakglass.config.leads import typed_key
from breakglass.config.section import EVERY_SERVICE, PLACEHOLDER, Section, State
from breakglass.model.lead import Origin


@dataclass(frozen=True, slots=True)
class StateTable:
    """A DynamoDB table that holds state entries, and how a service's entry is found in it.

    `key` is the key of an entry in DynamoDB's typed form, with `{service}` where the service's name stands:
    `{"name": {"S": "{service}"}}`. `service` is set where this is one service's own entry; the key is then
    complete, and the table may hold other things as well.
    """

    table: str
    key: Mapping[str, Mapping[str, str]]
    origin: Origin
    service: str | None = None

    def service_of(self, item: Mapping[str, Any]) -> str | None:
        """Whose entry this item is, told by its key alone; None where it is nobody's by this template.

        `item` is in DynamoDB's typed form and may have any further attributes.
        """
        names = set()
        for attribute, value in self.key.items():
            ((type_, template),) = value.items()
            found = item.get(attribute, {}).get(type_)
            match = _pattern(template, literal=self.service is not None).fullmatch(found) if found else None
            if match is None:
                return None
            names |= set(match.groups())
        if self.service is not None:
            return self.service
        return names.pop() if len(names) == 1 else None


def state_tables_of(effective: Mapping[str, Section], own: Mapping[str, Section], file: Path) -> Iterator[StateTable]:
    """The tables of the conventions, then those that services name for themselves.

    `effective` are the sections completed by the conventions, `own` those as written, both by name.
    A convention whose table's name depends on the service is one table for each configured service.
    """
    for state in _states(effective.get(EVERY_SERVICE)):
        if state.table and PLACEHOLDER not in state.table.value:
            yield _state_table(state, file, None)
    for name, section in effective.items():
        if name == EVERY_SERVICE:
            continue
        for state in _states(section):
            if state.table and (own[name].state is not None or PLACEHOLDER in state.table.value):
                yield _state_table(state, file, name)


def _states(section: Section | None) -> tuple[State, ...]:
    return section.state.complete() if section and section.state else ()


def _state_table(state: State, file: Path, service: str | None) -> StateTable:
    named = PLACEHOLDER if service is None else service
    table = state.table.of(named) if state.table else ""
    key = state.key.at.removesuffix(".key") if state.key else state.at
    return StateTable(table, typed_key(state, named), Origin(str(file), key), service)


def _pattern(template: str, *, literal: bool) -> re.Pattern[str]:
    """`template` as an expression whose one group is the service's name, the same wherever it stands."""
    if literal:
        return re.compile(re.escape(template))
    first, *others = template.split(PLACEHOLDER)
    named = "".join(("(.+)" if not at else r"\1") + re.escape(text) for at, text in enumerate(others))
    return re.compile(re.escape(first) + named, re.DOTALL)
