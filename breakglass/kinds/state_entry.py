"""State entries: the DynamoDB items in which a deployer remembers what it deployed.

An entry is the last pointer to everything else. What its fields mean is the configuration's to say: each
pointer is a JMESPath expression into the entry's plain JSON form.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from breakglass.model import entry_making, entry_saying
from breakglass.model.component import Absent, Component, Facts, Found, Present, Sighting, Unread, Unreadable
from breakglass.model.dynamodb import Typed, key_words, read_key
from breakglass.model.entry_pointers import KIND_OF_POINTER, references
from breakglass.model.inventory import Claim, Finding, Severity
from breakglass.model.kind import Kind, Look
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.model.making import without_source
from breakglass.model.plan import Action, Blocker, Call, Settle, Until
from breakglass.model.reading import AwsError, NotFound, Reader
from breakglass.model.state_partitions import spelt_out
from breakglass.model.state_tables import Answer, Table, all_items, items_by_key, items_under, schema, watchers
from breakglass.model.world import Making, Recipe, World

MANY = 20
"""From so many wanted entries of one table on, one Scan (1 MB a page) takes fewer calls than a GetItem each."""


class StateEntry(Kind):
    """An item of a state table. A lead's `ref` is the typed key as compact JSON, its `within` the table."""

    name = "state-entry"
    title = "state entry"
    read_at = 0
    deployed_whole = True
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
        return self.tell(self.merged([*spelt_out(found, look.reader), *self._nowhere(leads)]))

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

    def remarks(self, found: Found, look: Look) -> Iterable[Finding]:
        """Whoever learns of what is written to its table: the deployer may act on it."""
        hint = f"Know who reads that before {found.key} is changed, or leave it as it is with --keep {self.name}."
        for table in dict.fromkeys(Table.of(lead.within) for lead in found.leads if lead.within):
            shown, regions = watchers(look.reader, table)
            if shown:
                message = (
                    f"The table {table.name} has a stream ({shown}): the deployer may act on what is written to it."
                )
                yield Finding(Severity.WARNING, "table-stream", message, hint, found.key)
            if regions:
                message = f"The table {table.name} is replicated to {', '.join(regions)}: a change here is one there."
                yield Finding(Severity.WARNING, "table-replicas", message, hint, found.key)

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
            entry_making.putting(recipe.facts, world.refer, world.after),
            "only if there is none",
            region=missing.region if missing else "",
        )
        there = Settle(recipe.key, Until.THERE, "the entry is there", deadline=60)
        return Making((put, there), blockers=_unsayable(recipe.key, recipe.facts, world))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """UpdateItem of the values that name something gone, and of what it has to say, if they are what was read."""
        params = entry_making.correction(component.facts, world.refer, world.after)
        blockers = _unsayable(component.key, component.facts, world)
        if params is None:
            return Making((), blockers=blockers)
        why = "only these values, and only if they still say what was read"
        update = Call("dynamodb", "UpdateItem", params, why, region=component.region)
        return Making((update,), tuple(self.unsaid(component, world)), blockers=blockers)

    def unsaid(self, component: Component, world: World) -> Sequence[str]:
        """What the configuration says that it has to say after a rebuild."""
        return [f"{key} in the configuration" for key in entry_saying.unsaid(component.facts["Item"], world.after)]

    def said(self, calls: Sequence[Call], sighting: Sighting) -> bool:
        """Whether the item holds all the new values."""
        return all(self.done(call, sighting) for call in calls)

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

    def already(self, call: Call, code: str) -> bool:
        """A condition that does not hold: the item may be what was to be written, or gone as was meant."""
        return code == "ConditionalCheckFailedException"


def _unsayable(key: Key, facts: Facts, world: World) -> tuple[Blocker, ...]:
    """What the configuration wants of an entry of another shape."""
    hint = f"Correct the configuration, or leave the entry as it is with --keep {key.kind}."
    return tuple(Blocker(key, words, hint) for words in entry_saying.hindrances(facts["Item"], world.after))


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
