"""The DynamoDB tables in which a deployer remembers what it deployed: reading items by whatever is known of their keys.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from breakglass.model.arn import parse_arn
from breakglass.model.dynamodb import Typed, read_key, read_words, spell_key
from breakglass.model.reading import AwsError, Reader, Refused


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and the region to ask for it: None for the one at hand."""

    name: str
    region: str | None = None

    @classmethod
    def of(cls, within: str) -> "Table":
        """The table that a lead's scope means: a name, or an ARN, which also names the region."""
        arn = parse_arn(within)
        return cls(arn.resource.removeprefix("table/"), arn.region) if arn else cls(within)


@dataclass(frozen=True, slots=True)
class Schema:
    """The attributes of a table's primary key, the partition key first, and the type of each: S, N or B."""

    names: tuple[str, ...]
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a table has under one key: the items, and which attributes are the key of each."""

    items: Sequence[Typed]
    key_names: Sequence[str]


def watchers(reader: Reader, table: Table) -> tuple[str, Sequence[str]]:
    """Who learns of what is written to the table: what its stream shows, empty for none, and its other regions.

    Raises `AwsError`. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
    """
    described = _described(reader, table)
    stream = described.get("StreamSpecification", {})
    regions = [str(one.get("RegionName", "")) for one in described.get("Replicas", [])]
    here = table.region or reader.region
    shown = str(stream.get("StreamViewType", "changes")) if stream.get("StreamEnabled") else ""
    return shown, [region for region in regions if region != here]


def _described(reader: Reader, table: Table) -> Mapping[str, Any]:
    answer = reader.call("dynamodb", "DescribeTable", {"TableName": table.name}, region=table.region)
    described: Mapping[str, Any] = answer["Table"]
    return described


def schema(reader: Reader, table: Table) -> Schema:
    """What the table says of its key. Raises `AwsError`."""
    described = _described(reader, table)
    parts = sorted(described["KeySchema"], key=lambda part: part["KeyType"] != "HASH")
    types = {one["AttributeName"]: one["AttributeType"] for one in described["AttributeDefinitions"]}
    return Schema(tuple(part["AttributeName"] for part in parts), types)


def all_items(reader: Reader, table: Table) -> Sequence[Typed]:
    """Every item of the table, 1 MB a page. Raises `AwsError`."""
    params = {"TableName": table.name, "ConsistentRead": True}
    return reader.pages("dynamodb", "Scan", "Items", params, region=table.region)


def items_by_key(reader: Reader, table: Table) -> Mapping[str, Typed]:
    """Every item by its spelt key; none where the table cannot be listed. It shows what is there, not what is not."""
    try:
        names = schema(reader, table).names
        return {spell_key({name: item[name] for name in names}): item for item in all_items(reader, table)}
    except AwsError:
        return {}


def items_under(reader: Reader, table: Table, ref: str, known: Mapping[str, Typed]) -> Answer:
    """What the table has under a key, spelt as compact JSON or as people write it. `known` are items read before.

    GetItem, and Query where the key has the partition's attribute only. Raises `AwsError`, `NotFound` where
    there is no such table.
    """
    key = typed_key(reader, table, ref)
    if item := known.get(spell_key(key)):
        return Answer([item], tuple(key))
    params = {"TableName": table.name, "Key": key, "ConsistentRead": True}
    try:
        found = reader.call("dynamodb", "GetItem", params, region=table.region).get("Item")
    except Refused as refused:
        if refused.code != "ValidationException":
            raise
        return _partition(reader, table, key, refused)
    return Answer([found] if found else [], tuple(key))


def typed_key(reader: Reader, table: Table, ref: str) -> Typed:
    """The key that is spelt or written so: the table knows the attributes that people leave out. Raises `AwsError`."""
    return read_key(ref) or _typed(reader, table, ref)


def _typed(reader: Reader, table: Table, words: str) -> Typed:
    of_table = schema(reader, table)
    key = read_words(words, of_table.names, of_table.types)
    if key is None:
        raise Refused("dynamodb:GetItem", "ValidationException", f"{words} is no key of the table {table.name}")
    return key


def _partition(reader: Reader, table: Table, key: Typed, refused: Refused) -> Answer:
    """All items of a partition, where the key does not say which of them; the refusal where it does not fit at all."""
    names = schema(reader, table).names
    if set(key) != {names[0]} or len(names) == 1:
        raise refused
    params = {
        "TableName": table.name,
        "ConsistentRead": True,
        "KeyConditionExpression": "#partition = :partition",
        "ExpressionAttributeNames": {"#partition": names[0]},
        "ExpressionAttributeValues": {":partition": key[names[0]]},
    }
    return Answer(reader.pages("dynamodb", "Query", "Items", params, region=table.region), names)
