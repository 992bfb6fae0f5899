"""`state_after`: what an entry has to say after a rebuild, by attribute path, in DynamoDB's types."""

import pytest

from breakglass.errors import UsageError

EVERY = '[services."*"]\nstate = { table = "t", key = { name = "{service}" } }\n[services."*".state_after]\n'


def after(config, service="x"):
    return {one.path: one.value for one in config.service(service).state_after}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('status = "running"', {("status",): {"S": "running"}}),
        ('by = "breakglass for {service}"', {("by",): {"S": "breakglass for x"}}),
        ('empty = ""', {("empty",): {"S": ""}}),
        ("""json = '{"a": 1}'""", {("json",): {"S": '{"a": 1}'}}),
        ("count = 2", {("count",): {"N": "2"}}),
        ("big = 12345678901234567890123456789012345678", {("big",): {"N": "12345678901234567890123456789012345678"}}),
        ("part = 0.50", {("part",): {"N": "0.5"}}),
        ("on = true", {("on",): {"BOOL": True}}),
        ("at = 2026-11-23T03:12:09Z", {("at",): {"S": "2026-11-23T03:12:09+00:00"}}),
        ('"ecs.state" = "live"', {("ecs", "state"): {"S": "live"}}),
        ('ecs.state = "live"', {("ecs", "state"): {"S": "live"}}),
        (
            'ecs = { state = "live", "deep.er" = 1 }',
            {("ecs", "state"): {"S": "live"}, ("ecs", "deep", "er"): {"N": "1"}},
        ),
        ('"history[0].state" = "done"', {("history", 0, "state"): {"S": "done"}}),
        ("""'"my.key"[10][2]."a\\"b"' = 1""", {("my.key", 10, 2, 'a"b'): {"N": "1"}}),
        ("ecs = {}", {("ecs",): {"M": {}}}),
        (
            'owners = ["{service}", 1, { name = "a" }, []]',
            {("owners",): {"L": [{"S": "x"}, {"N": "1"}, {"M": {"name": {"S": "a"}}}, {"L": []}]}},
        ),
    ],
)
def test_a_path_and_a_value(written, said, expected):
    assert after(written(EVERY + said)) == expected


def test_a_service_says_it_otherwise_where_it_says_something(written):
    text = EVERY + 'status = "running"\necs = { state = "live", wanted = 1 }\n'
    config = written(
        text + '[services.y.state_after]\n"ecs.state" = "mine"\n[services.z.state_after]\necs = ["flat"]\n'
    )
    common = {("status",): {"S": "running"}, ("ecs", "wanted"): {"N": "1"}}
    assert after(config, "y") == common | {("ecs", "state"): {"S": "mine"}}
    assert after(config, "z") == {("status",): {"S": "running"}, ("ecs",): {"L": [{"S": "flat"}]}}
    assert config.service("y").state_after[-1].key == 'services.y.state_after."ecs.state"'


@pytest.mark.parametrize(
    ("said", "key", "expected"),
    [
        ('"ecs..state" = 1', '"ecs..state"', "the path of an attribute, such as status or ecs.state"),
        ('"[0]" = 1', '"[0]"', "the path of an attribute"),
        ('"ecs[x]" = 1', '"ecs[x]"', "the path of an attribute"),
        ('"" = 1', '""', "the path of an attribute"),
        ('"status." = 1', '"status."', "the path of an attribute"),
        ("n = nan", "n", "a number that DynamoDB can hold, found one outside of its range"),
        ("n = 1e200", "n", "a number that DynamoDB can hold"),
        ('by = "{servce}"', "by", '{service} as the only placeholder, found "{servce}"'),
        ('"a.b" = 1\na = [1]', "a", 'one value for each attribute, services."*".state_after."a.b" has one'),
        ('name = "other"', "name", "an attribute that is no part of the entry's key"),
    ],
)
def test_mistakes_name_the_key_and_what_was_expected(written, said, key, expected):
    with pytest.raises(UsageError) as wrong:
        written(EVERY + said)
    assert f'breakglass.toml: services."*".state_after.{key}: expected {expected}' in wrong.value.what


def test_it_has_to_be_a_table(written):
    with pytest.raises(UsageError, match=r"state_after: expected a table of attributes' paths and their values"):
        written('[services.x]\nstate_after = ["status"]\n')
