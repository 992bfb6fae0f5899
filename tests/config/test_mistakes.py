"""The words of the errors: each names the file, the key, what was expected and what was found."""

import pytest

from breakglass.errors import NOTHING_CHANGED, UsageError


def told(written, text: str, directory) -> str:
    with pytest.raises(UsageError) as error:
        written(text)
    assert error.value.changed == NOTHING_CHANGED
    assert error.value.hint == f"Correct {directory}/breakglass.toml, then run the same command again."
    return error.value.what.removeprefix(f"{directory}/breakglass.toml")


REPRESENTATIVE = {
    "a number for an account ID": (
        "[accounts.production]\nid = 111122223333",
        (
            ': accounts.production.id: expected an account ID of 12 digits in quotes, such as "111122223333", '
            "found an integer."
        ),
    ),
    "an unknown environment": (
        '[accounts.a]\nid = "111122223333"\nenvironment = "prod"',
        ': accounts.a.environment: expected production or rehearsal, found "prod" (did you mean production?).',
    ),
    "an unknown key": (
        '[services."*"]\necs = { clster = "wonderland", service = "{service}" }',
        ': services."*".ecs.clster: unknown key (did you mean cluster?), expected cluster or service.',
    ),
    "an unknown placeholder": (
        '[services.x]\ntarget_groups = ["{service}", "{servce}-two"]',
        ': services.x.target_groups[1]: expected {service} as the only placeholder, found "{servce}".',
    ),
    "no JMESPath": (
        '[services."*".pointers]\necs_cluster = "ecs..cluster"',
        (
            ': services."*".pointers.ecs_cluster: expected a JMESPath expression, '
            'found "ecs..cluster" (unexpected at character 5).'
        ),
    ),
    "several at once": (
        (
            '[account.a]\nid = "xy"\n[services.x]\nalarms = "a"\necs = { cluster = "c" }\n'
            'dns = { zone = "example.com", names = ["x.example.org"] }'
        ),
        (
            " has 5 mistakes:\n"
            "  account: unknown key (did you mean accounts?), expected accounts, services or runbooks.\n"
            '  account.a.id: expected an account ID of 12 digits in quotes, such as "111122223333", '
            "found a string of 2 characters, not all of them digits 0 to 9.\n"
            "  services.x.alarms: expected a list of strings, found a string.\n"
            "  services.x.ecs.service: expected an ECS service's name, found nothing.\n"
            '  services.x.dns.names[0]: expected a name in the zone example.com, found "x.example.org".'
        ),
    ),
}


@pytest.mark.parametrize("mistake", REPRESENTATIVE)
def test_representative_mistakes_word_for_word(written, tmp_path, mistake):
    text, expected = REPRESENTATIVE[mistake]
    assert told(written, text, tmp_path) == expected


A = '[accounts.a]\nid = "111122223333"\n'
X = "[services.x]\n"
TYPOS = [
    ("account.a = 1", "account", "accounts"),
    ("service.a = 1", "service", "services"),
    ("Accounts.a = 1", "Accounts", "accounts"),
    ('accounts.a.account_id = "111122223333"', "accounts.a.account_id", "id"),
    (f'{A}env = "production"', "accounts.a.env", "environment"),
    (f'{A}enviroment = "production"', "accounts.a.enviroment", "environment"),
    (f'{A}region = ["eu-west-1"]', "accounts.a.region", "regions"),
    (f'{A}aws_profile = "a"', "accounts.a.aws_profile", "profile"),
    (f'{X}load-balancer = "a"', "services.x.load-balancer", "load_balancer"),
    (f'{X}loadBalancer = "a"', "services.x.loadBalancer", "load_balancer"),
    (f'{X}load_balancers = ["a"]', "services.x.load_balancers", "load_balancer"),
    (f'{X}target_group = ["a"]', "services.x.target_group", "target_groups"),
    (f'{X}targetgroups = ["a"]', "services.x.targetgroups", "target_groups"),
    (f'{X}alarm = ["a"]', "services.x.alarm", "alarms"),
    (f'{X}healthchecks = ["a"]', "services.x.healthchecks", "health_checks"),
    (f'{X}health_check = ["a"]', "services.x.health_check", "health_checks"),
    (f'{X}taskdefinition = "a"', "services.x.taskdefinition", "task_definition"),
    (f"{X}pointer = {{}}", "services.x.pointer", "pointers"),
    (f"{X}component = {{}}", "services.x.component", "components"),
    (f'{X}ecs = {{ cluster_name = "a", service = "b" }}', "services.x.ecs.cluster_name", "cluster"),
    (f'{X}ecs = {{ cluster = "a", services = "b" }}', "services.x.ecs.services", "service"),
    (f'{X}state = {{ tabel = "a", key = {{ a = "b" }} }}', "services.x.state.tabel", "table"),
    (f'{X}state = {{ table = "a", keys = {{ a = "b" }} }}', "services.x.state.keys", "key"),
    (f'{X}dns = {{ hosted_zone = "Z1", names = ["a.b"] }}', "services.x.dns.hosted_zone", "zone"),
    (f'{X}dns = {{ zone = "Z1", name = ["a.b"] }}', "services.x.dns.name", "names"),
    (f'{X}pointers = {{ ecs_servce = "a" }}', "services.x.pointers.ecs_servce", "ecs_service"),
    (f'{X}pointers = {{ target_group = "a" }}', "services.x.pointers.target_group", "target_groups"),
    (f'{X}pointers = {{ dns_name = "a" }}', "services.x.pointers.dns_name", "dns_names"),
]


@pytest.mark.parametrize(("text", "key", "meant"), TYPOS)
def test_typical_typos_are_understood_and_not_called_missing_as_well(written, tmp_path, text, key, meant):
    what = told(written, text, tmp_path)
    assert f"{key}: unknown key (did you mean {meant}?), expected " in what
    assert "found nothing" not in what


def test_what_is_meant_by_nothing_known_is_not_guessed(written, tmp_path):
    assert "services.x.security_groups: unknown key, expected state, ecs, " in told(
        written, f"{X}security_groups = []", tmp_path
    )


SHAPES = [
    ("accounts = 3", "accounts: expected a table, found an integer"),
    ("services = []", "services: expected a table, found a list"),
    ("accounts.a = true", "accounts.a: expected a table, found a boolean"),
    ("accounts.a = {}", 'accounts.a.id: expected an account ID of 12 digits in quotes, such as "111122223333"'),
    ('accounts."" = { id = "111122223333" }', 'accounts."": expected an account name'),
    (f"{A}environment = 1", "accounts.a.environment: expected production or rehearsal, found an integer"),
    (f'{A}profile = ""', 'accounts.a.profile: expected a profile name that is not empty, found ""'),
    (f'{A}regions = "eu-west-1"', "accounts.a.regions: expected a list of regions"),
    ("services.x = 2026-11-23", "services.x: expected a table, found a date or time"),
    ('services."" = {}', 'services."": expected a service\'s whole name'),
    ('services."deployer-*" = {}', 'services."deployer-*": expected a service\'s whole name, or "*" alone'),
    (f"{X}task_definition = []", "services.x.task_definition: expected a string, found a list"),
    (f'{X}load_balancer = [""]', "services.x.load_balancer[0]: expected a string that is not empty"),
    (f"{X}load_balancer = 1.5", "services.x.load_balancer: expected a string or a list of strings, found a number"),
    (f'{X}target_groups = [["a"]]', "services.x.target_groups[0]: expected a string, found a list"),
    (f'{X}alarms = [" a"]', "services.x.alarms[0]: expected a string without control characters or white space"),
    (f'{X}alarms = ["\\u001b[2J"]', 'found "\\u001b[2J"'),
    (f'{X}alarms = ["{{service"]', "services.x.alarms[0]: expected {service} as the only placeholder"),
    (f'{X}ecs = "wonderland"', "services.x.ecs: expected a table with cluster and service, or a list of these"),
    (f'{X}ecs = ["wonderland"]', "services.x.ecs[0]: expected a table, found a string"),
    (f'{X}ecs = [{{ cluster = "a" }}]', "services.x.ecs[0].service: expected an ECS service's name, found nothing"),
    (f'{X}state = {{ table = "t" }}', "services.x.state.key: expected a table of one or two attributes, found nothing"),
    (f'{X}state = {{ table = "t", key = {{}} }}', "services.x.state.key: expected the one or two attributes"),
    (f'{X}state = {{ table = "t", key = {{ a=1, b=1, c=1 }} }}', "attributes of the table's key, found 3"),
    (f'{X}state = {{ table = "t", key = {{ a = true }} }}', "key.a: expected a string or a number, found a boolean"),
    (f'{X}state = {{ table = "t", key = {{ a = [] }} }}', "key.a: expected a string or a number, found a list"),
    (f'{X}state = {{ table = "t", key = {{ a = inf }} }}', "key.a: expected a number that DynamoDB can hold"),
    (f'{X}state = {{ table = "t", key = {{ "" = "a" }} }}', 'services.x.state.key."": expected an attribute\'s name'),
    (f'{X}dns = {{ zone = "Z1", names = "a" }}', "services.x.dns.names: expected a list of strings, found a string"),
    (f'{X}dns = {{ zone = "Z1", names = ["."] }}', "services.x.dns.names[0]: expected a record's name"),
    (f'{X}dns = {{ zone = "a.b", names = ["{{servce}}.c"] }}', "expected {service} as the only placeholder"),
    (f'{X}dns = {{ zone = "a.b", names = ["xa.b"] }}', "services.x.dns.names[0]: expected a name in the zone a.b"),
    (
        '[services."*"]\ndns = { zone = "a.b" }',
        'services."*".dns.names: expected a list of record names, found nothing',
    ),
    (f'{X}components = {{ listener_rule = ["a"] }}', "(did you mean listener-rule?)"),
    (f'{X}components = {{ listener-rule = "a" }}', "components.listener-rule: expected a list of strings"),
    (f'{X}pointers = {{ alarms = "" }}', "services.x.pointers.alarms: expected a JMESPath expression"),
    (f'{X}pointers = {{ alarms = "lenght(a)" }}', "(there is no function lenght)"),
    (f'{X}pointers = {{ alarms = "[lenght(a), length(b)]" }}', "(there is no function lenght)"),
    (f'{X}pointers = {{ alarms = "a[" }}', "(it ends too early)"),
    (f'{X}pointers = {{ alarms = "a-b" }}', "(Unknown token '-' at character 2)"),
    (f'{X}pointers = {{ alarms = "{{servce}}" }}', 'expected {service} as the only placeholder, found "{servce}"'),
    (f"{X}pointers = {{ alarms = ['a'] }}", "services.x.pointers.alarms: expected a JMESPath expression, found a list"),
]


@pytest.mark.parametrize(("text", "expected"), SHAPES)
def test_one_mistake_is_told_once_at_its_place(written, tmp_path, text, expected):
    what = told(written, text, tmp_path)
    assert expected in what
    assert what.startswith(": "), "a single mistake must not cause a second one"


def test_a_convention_is_checked_with_each_service_it_is_completed_by(written, tmp_path):
    """Neither section is wrong alone; together they name a record outside of its zone."""
    what = told(
        written,
        """
        services."*".dns = { zone = "example.com", names = ["{service}.example.com"] }
        services.x.dns.zone = "internal.example.com"
        """,
        tmp_path,
    )
    assert what == (
        ': services."*".dns.names[0]: expected a name in the zone internal.example.com, found "{service}.example.com".'
    )


def test_values_of_unknown_keys_are_nobodys_business(written, tmp_path):
    what = told(written, f'{A}secret_access_key = "hunter2hunter2"\n[services.x]\npassword = "hunter2"', tmp_path)
    assert "accounts.a.secret_access_key: unknown key" in what
    assert "hunter2" not in what
