"""State entries: the DynamoDB items in which a deployer remembers what it deployed.

An entry is the last pointer to everything else. What its fields mean is the configuration's to say: each
pointer is a JMESPath expression into the entry's plain JSON form.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeGuard

from breakglass.model import entry_making
from breakglass.model.arn import normal_dns, parse_arn
from breakglass.model.component import Absent, Component, Facts, Found, Present, Sighting, Unread, Unreadable
from breakglass.model.dynamodb import Typed, key_words, plain_item, read_key
from breakglass.model.inventory import Claim
from breakglass.model.kind import Kind, Look
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.model.making import without_source
from breakglass.model.plan import Action, Call, Settle, Until
from breakglass.model.reading import AwsError, NotFound, Reader
from breakglass.model.settings import Settings
from breakglass.model.state_tables import Answer, Table, all_items, items_by_key, items_under, schema
from breakglass.model.world import Making, Recipe, World

KIND_OF_POINTER: Mapping[str, str] = {
    "ecs_service": "ecs-service",
    "task_definition": "task-definition",
    "load_balancer": "load-balancer",
    "target_groups": "target-group",
    "dns_names": "dns-record",
    "health_checks": "health-check",
    "alarms": "alarm",
    "scalable_target": "scalable-target",
    "discovery_service": "discovery-service",
    "security_groups": "security-group",
}
CLUSTER_POINTER = "ecs_cluster"

MANY = 20
"""From so many wanted entries of one table on, one Scan (1 MB a page) takes fewer calls than a GetItem each."""


class StateEntry(Kind):
    """An item of a state table. A lead's `ref` is the typed key as compact JSON, its `within` the table."""

    name = "state-entry"
    title = "state entry"
    names = frozenset(KIND_OF_POINTER.values())
    turn = 200

    def identify(self, ref: str, within: str = "") -> str | None:
        """`TABLE/VALUE`, for a composite key `TABLE/VALUE/VALUE` by attribute name."""
        key = read_key(ref)
        return f"{Table.of(within).name}/{key_words(key) if key else ref}" if within else None

    def retrace(self, key: Key, references: Sequence[Reference]) -> tuple[str, str]:
        """The key as it is written, within the table."""
        table, _, words = key.id.partition("/")
        return words, table

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """GetItem for each key, one Scan for many; Query where the key has only some of its attributes."""
        wanted = self.by_id(leads)
        asks = [_ask(some) for some in wanted.values()]
        known = _known(asks, look.reader)
        answers = look.reader.gather(
            [partial(items_under, look.reader, table, ref, known.get(table, {})) for table, ref in asks]
        )
        found = [
            Found(
                Key(self.name, its_id), seen, tuple(some), handles=frozenset({its_id}), region=_elsewhere(table, look)
            )
            for (known_as, some), (table, _), answer in zip(wanted.items(), asks, answers, strict=True)
            for its_id, seen in _sightings(table, known_as, answer, look)
        ]
        return self.tell(self.merged([*found, *self._nowhere(leads)]))

    def _nowhere(self, leads: Sequence[Lead]) -> Iterator[Found]:
        """Leads without a table: nobody can look them up."""
        for lead in leads:
            if not lead.within:
                unread = Unread("dynamodb:GetItem", "ValidationException", f"no table is named for {lead.ref}")
                yield Found(Key(self.name, lead.ref), Unreadable((unread,)), (lead,))

    def claims(self, found: Found, look: Look) -> Sequence[Claim]:
        """What all other entries of the table point at, by one Scan; nothing without pointers."""
        if not look.settings.pointers:
            return ()
        return [
            Claim(by, Lead(ref.kind, ref.ref, Source.STATE_ENTRY, f"{by} {ref.path}", ref.within, giver=by))
            for table, key, item in _siblings(found, look.reader)
            if (by := Key(self.name, f"{table.name}/{key_words(key)}")) != found.key
            for ref in references(item, look.settings)
        ]

    def neighbours(self, found: Found, look: Look) -> Sequence[str]:
        """The names that the table's entries have where ours has its service's name."""
        names: dict[str, None] = {}
        for _, key, _ in _siblings(found, look.reader):
            ours = [name for lead in found.leads for name in _named_after(look.settings.service, lead)]
            at = next((name for name in ours if name in key), next(iter(key)))
            names[key_words({at: key[at]})] = None
        return list(names)

    def scope(self, key: Key, facts: Facts, region: str) -> str:
        """Its table, spelt as an ARN where that is in another region."""
        table = key.id.partition("/")[0]
        return f"arn:aws:dynamodb:{region}::table/{table}" if region else table

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteItem of what was read."""
        why = "only if all its attributes still say what was read; that none was added cannot be asked"
        call = Call("dynamodb", "DeleteItem", entry_making.deletion(component.facts), why, region=component.region)
        return call, Settle(component.key, Until.ABSENT, "the entry is gone", deadline=60)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """PutItem with the new ARNs and ids where the old ones stood, if nobody has put one there."""
        if not recipe.facts.get("Item"):
            hint = "Name a snapshot that has it with --snapshot, or leave it to the deployer: --keep state-entry."
            return without_source(recipe.key, hint)
        missing = world.inventory.get(recipe.key)
        put = Call(
            "dynamodb",
            "PutItem",
            entry_making.putting(recipe.facts, world.refer),
            "only if there is none",
            region=missing.region if missing else "",
        )
        return Making((put, Settle(recipe.key, Until.THERE, "the entry is there", deadline=60)))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """UpdateItem of the values that name something gone, if they still do."""
        params = entry_making.correction(component.facts, world.refer)
        if params is None:
            return Making(())
        why = "only these values, and only if they still say what was read"
        return Making((Call("dynamodb", "UpdateItem", params, why, region=component.region),))

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether the item is, or holds, what was written."""
        match call.operation, sighting:
            case "DeleteItem", _:
                return isinstance(sighting, Absent)
            case "PutItem", Present(facts=facts):
                return entry_making.same_item(facts["Item"], call.params["Item"])
            case "UpdateItem", Present(facts=facts):
                return entry_making.corrected(call.params, facts["Item"])
            case _:
                return False


def references(item: Typed, settings: Settings) -> Sequence[Reference]:
    """What an entry points at, in the order of the configured pointers. Raises nothing."""
    entry = plain_item(item)
    named = {pointer.name: _strings(pointer.expression, entry) for pointer in settings.pointers}
    clusters = [ref for _, ref in named.pop(CLUSTER_POINTER, [])] or _configured_scopes("ecs-service", settings)
    found = []
    for pointer, strings in named.items():
        kind = KIND_OF_POINTER.get(pointer, pointer.replace("_", "-"))
        for path, ref in strings:
            found.append(Reference(path, kind, ref, _scope(kind, ref, clusters, settings)))
    return found


def _scope(kind: str, ref: str, clusters: Sequence[str], settings: Settings) -> str:
    """Where a thing is to be looked up: a service in its cluster, a record in the configured zone it belongs to."""
    match kind:
        case "ecs-service":
            arn = parse_arn(ref)
            says_its_cluster = arn is not None and arn.resource.count("/") == 2  # noqa: PLR2004 - service/CLUSTER/NAME
            return clusters[0] if clusters and not says_its_cluster else ""
        case "dns-record":
            zones = _configured_scopes("dns-record", settings)
            return next((zone for zone in zones if f".{normal_dns(ref)}".endswith(f".{normal_dns(zone)}")), "")
        case _:
            return ""


def _configured_scopes(kind: str, settings: Settings) -> list[str]:
    return [lead.within for lead in settings.leads if lead.kind == kind and lead.within]


def _strings(expression: str, entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each string that a pointer leads to, with its place. An entry that lacks what it asks for has none."""
    import jmespath  # noqa: PLC0415 - keeps the start fast

    try:
        value = jmespath.search(expression, entry)
    except jmespath.exceptions.JMESPathError:
        return []
    if isinstance(value, list):
        return [(f"{expression}[{at}]", text) for at, text in enumerate(_flat(value)) if _is_name(text)]
    return [(expression, value)] if _is_name(value) else []


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value)


def _ask(leads: Sequence[Lead]) -> tuple[Table, str]:
    """Table and key of leads to one entry: spelt with its types where any of them has these, which saves a call."""
    ref = next((lead.ref for lead in leads if read_key(lead.ref)), leads[0].ref)
    return Table.of(leads[0].within), ref


def _known(asks: Sequence[tuple[Table, str]], reader: Reader) -> Mapping[Table, Mapping[str, Typed]]:
    counts = Counter(table for table, _ in asks)
    return {table: items_by_key(reader, table) for table, count in counts.items() if count >= MANY}


def _elsewhere(table: Table, look: Look) -> str:
    return table.region if table.region and table.region != look.reader.region else ""


def _sightings(table: Table, known_as: str, answer: Answer | AwsError, look: Look) -> Iterator[tuple[str, Sighting]]:
    match answer:
        case NotFound():
            yield known_as, Absent(f"the table {table.name} does not exist in {table.region or look.reader.region}")
        case AwsError():
            yield known_as, Unreadable((answer.unread,))
        case Answer(items=[]):
            words = known_as.partition("/")[2]
            yield known_as, Absent(f"no item {words} in the table {table.name}")
        case Answer():
            for item in answer.items:
                key = {name: item[name] for name in answer.key_names}
                facts = {"TableName": table.name, "Key": key, "Item": item}
                yield f"{table.name}/{key_words(key)}", Present(facts, tuple(references(item, look.settings)))


def _siblings(found: Found, reader: Reader) -> Iterator[tuple[Table, Typed, Typed]]:
    """Every item of each table that the leads name, with its key; none where there is no such table."""
    for table in dict.fromkeys(Table.of(lead.within) for lead in found.leads if lead.within):
        try:
            names = _key_names(found, table, reader)
            items = all_items(reader, table)
        except NotFound:
            continue
        for item in items:
            yield table, {name: item[name] for name in names}, item


def _key_names(found: Found, table: Table, reader: Reader) -> Sequence[str]:
    """What is there shows its key; what a lead spells may lack an attribute, so the table itself has to say."""
    if isinstance(found.sighting, Present):
        return tuple(found.sighting.facts["Key"])
    return schema(reader, table).names


def _named_after(service: str, lead: Lead) -> Iterator[str]:
    for name, typed in (read_key(lead.ref) or {}).items():
        if service in typed.values():
            yield name


KIND = StateEntry()
