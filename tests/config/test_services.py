"""What the configuration says of a service: leads, where they came from, pointers, state tables."""

import json

import pytest

from breakglass.errors import UsageError
from breakglass.model.dynamodb import read_key
from breakglass.model.lead import Lead, Origin, Source
from breakglass.model.settings import Pointer

EVERY = 'services."*"'


def where(lead: Lead) -> str:
    file, _, key = lead.detail.partition(" ")
    assert file == "breakglass.toml"
    return key


def short(lead: Lead) -> tuple[str, str, str]:
    return lead.kind, lead.ref, lead.within


def leads(config, service="deployer-api"):
    return [short(lead) for lead in config.service(service).leads]


def test_the_contracts_example_gives_these_leads_in_this_order(written, contract):
    settings = written(contract).service("deployer-api")
    assert [(*short(lead), lead.source, where(lead)) for lead in settings.leads] == [
        ("state-entry", '{"name":{"S":"deployer-api"}}', "wonderland-services", Source.CONVENTION, f"{EVERY}.state"),
        ("ecs-service", "deployer-api", "wonderland", Source.CONVENTION, f"{EVERY}.ecs"),
        ("load-balancer", "deployer-api", "", Source.CONVENTION, f"{EVERY}.load_balancer"),
        ("target-group", "deployer-api", "", Source.CONVENTION, f"{EVERY}.target_groups[0]"),
        ("dns-record", "deployer-api.example.com", "example.com", Source.CONVENTION, f"{EVERY}.dns.names[0]"),
        (
            "health-check",
            "3f2b0000-0000-4000-8000-000000000000",
            "",
            Source.CONFIGURATION,
            "services.deployer-api.health_checks[0]",
        ),
        ("alarm", "deployer-api-5xx", "", Source.CONVENTION, f"{EVERY}.alarms[0]"),
    ]


def test_every_lead_says_where_it_was_written_and_expects_an_answer(written, contract):
    config = written(contract)
    for lead in config.service("deployer-api").leads:
        assert lead.origin == Origin(str(config.file), where(lead))
        assert lead.expects
        assert lead.giver is None


def test_pointers_in_file_order(written, contract):
    assert written(contract).service("deployer-api").pointers == (
        Pointer("ecs_cluster", "ecs.cluster"),
        Pointer("ecs_service", "ecs.service"),
        Pointer("task_definition", "ecs.taskDefinition"),
        Pointer("load_balancer", "loadBalancer"),
        Pointer("target_groups", "targetGroups"),
        Pointer("dns_names", "cname"),
        Pointer("health_checks", "healthCheckId"),
    )


def test_a_service_without_a_section_has_the_conventions_alone(written, contract):
    config = written(contract)
    assert leads(config, "billing-api") == [
        ("state-entry", '{"name":{"S":"billing-api"}}', "wonderland-services"),
        ("ecs-service", "billing-api", "wonderland"),
        ("load-balancer", "billing-api", ""),
        ("target-group", "billing-api", ""),
        ("dns-record", "billing-api.example.com", "example.com"),
        ("alarm", "billing-api-5xx", ""),
    ]
    assert config.service_names() == ("deployer-api",)
    assert config.is_configured("deployer-api")
    assert not config.is_configured("billing-api")
    assert not config.is_configured("*")


COMMON = """
[services."*"]
state = { table = "common", key = { name = "{service}" } }
ecs = { cluster = "common", service = "{service}" }
load_balancer = ["{service}", "{service}-internal"]
target_groups = ["{service}", "{service}-two"]
dns = { zone = "example.com", names = ["{service}.example.com", "{service}.eu.example.com"] }
health_checks = ["common"]
alarms = ["{service}-5xx", "{service}-latency"]
task_definition = "{service}:1"
[services."*".components]
listener-rule = ["common-rule"]
discovery-service = ["{service}"]
[services."*".pointers]
ecs_cluster = "ecs.cluster"
alarms = "alarms"
[services.x]
"""

PRECEDENCE = [
    ("", "alarm", [("x-5xx", "", Source.CONVENTION), ("x-latency", "", Source.CONVENTION)]),
    ('alarms = ["mine"]', "alarm", [("mine", "", Source.CONFIGURATION)]),
    ("alarms = []", "alarm", []),
    ('load_balancer = "mine"', "load-balancer", [("mine", "", Source.CONFIGURATION)]),
    ("load_balancer = []", "load-balancer", []),
    ('task_definition = "{service}:7"', "task-definition", [("x:7", "", Source.CONFIGURATION)]),
    ('ecs = { cluster = "mine" }', "ecs-service", [("x", "mine", Source.CONFIGURATION)]),
    ('ecs.service = "mine"', "ecs-service", [("mine", "common", Source.CONFIGURATION)]),
    ("ecs = []", "ecs-service", []),
    (
        'ecs = [{ cluster = "a", service = "{service}" }, { cluster = "b", service = "{service}-b" }]',
        "ecs-service",
        [("x", "a", Source.CONFIGURATION), ("x-b", "b", Source.CONFIGURATION)],
    ),
    ('state.table = "mine"', "state-entry", [('{"name":{"S":"x"}}', "mine", Source.CONVENTION)]),
    (
        'state.key = { id = 7, env = "{service}" }',
        "state-entry",
        [('{"env":{"S":"x"},"id":{"N":"7"}}', "common", Source.CONFIGURATION)],
    ),
    ('dns.names = ["Mine.Example.com."]', "dns-record", [("mine.example.com", "example.com", Source.CONFIGURATION)]),
    (
        'dns.zone = "/hostedzone/Z0123ABC"',
        "dns-record",
        [("x.example.com", "Z0123ABC", Source.CONVENTION), ("x.eu.example.com", "Z0123ABC", Source.CONVENTION)],
    ),
    ('components.listener-rule = ["mine"]', "discovery-service", [("x", "", Source.CONVENTION)]),
    ('components.listener-rule = ["mine"]', "listener-rule", [("mine", "", Source.CONFIGURATION)]),
]


@pytest.mark.parametrize(("own", "kind", "expected"), PRECEDENCE)
def test_a_services_own_settings_win_key_by_key(written, own, kind, expected):
    found = written(COMMON + own).service("x").leads
    assert [(lead.ref, lead.within, lead.source) for lead in found if lead.kind == kind] == expected


@pytest.mark.parametrize("own", sorted({own for own, _, _ in PRECEDENCE}))
def test_what_a_service_does_not_say_stays_as_it_is(written, own):
    """A section of one key changes the leads of one kind."""
    with_it, without = written(COMMON + own).service("x").leads, written(COMMON).service("x").leads
    kinds = {lead.kind for lead in {*with_it} ^ {*without}}
    assert len(kinds) == (1 if own else 0)
    assert [lead for lead in with_it if lead.kind not in kinds] == [lead for lead in without if lead.kind not in kinds]


def test_a_list_is_replaced_whole_also_by_a_table(written):
    config = written(
        """
        services."*".ecs = [{ cluster = "common", service = "{service}" }]
        services.x.ecs = { cluster = "mine", service = "x" }
        services.y.ecs = [{ cluster = "mine", service = "y" }]
        """
    )
    assert leads(config, "x") == [("ecs-service", "x", "mine")]
    assert leads(config, "y") == [("ecs-service", "y", "mine")]
    with pytest.raises(UsageError, match=r"services\.x\.ecs\.service: expected an ECS service's name, found nothing"):
        written(
            """
            services."*".ecs = [{ cluster = "common", service = "{service}" }]
            services.x.ecs = { cluster = "mine" }
            """
        )


def test_pointers_win_one_by_one_and_keep_their_place(written):
    config = written(COMMON + '[services.x.pointers]\nlistener-rule = "rule"\necs_cluster = "other"')
    assert config.service("x").pointers == (
        Pointer("ecs_cluster", "other"),
        Pointer("alarms", "alarms"),
        Pointer("listener-rule", "rule"),
    )
    assert config.service("y").pointers == (Pointer("ecs_cluster", "ecs.cluster"), Pointer("alarms", "alarms"))


def test_several_state_entries_and_zones(written):
    config = written(
        """
        [services.x]
        dns = [{ zone = "Example.COM.", names = ["a.example.com", "A.example.com."] },
               { zone = "Z1", names = ["b.example.net", "*.example.net"] }]
        [[services.x.state]]
        table = "deploys"
        key = { name = "{service}", kind = "deploy" }
        [[services.x.state]]
        table = "locks"
        key = { id = "lock#{service}" }
        """
    )
    assert leads(config, "x") == [
        ("state-entry", '{"kind":{"S":"deploy"},"name":{"S":"x"}}', "deploys"),
        ("state-entry", '{"id":{"S":"lock#x"}}', "locks"),
        ("dns-record", "a.example.com", "example.com"),
        ("dns-record", "b.example.net", "Z1"),
        ("dns-record", "*.example.net", "Z1"),
    ]
    assert config.service("x").leads[1].detail == "breakglass.toml services.x.state[1]"
    assert leads(config, "y") == []


@pytest.mark.parametrize(
    ("number", "text"),
    [("7", "7"), ("-7", "-7"), ("0", "0"), ("-0.0", "0"), ("1.0", "1"), ("1.50", "1.5"), ("1e3", "1000")],
)
def test_numbers_are_spelt_as_dynamodb_gives_them_back(written, number, text):
    (lead,) = written(f'[services.x]\nstate = {{ table = "t", key = {{ id = {number} }} }}').service("x").leads
    assert json.loads(lead.ref) == {"id": {"N": text}}
    assert read_key(lead.ref) == {"id": {"N": text}}


def test_what_is_named_twice_is_one_lead(written):
    config = written('[services.x]\nalarms = ["a", "b", "a"]\ncomponents.alarm = ["b", "c"]')
    assert [(lead.ref, lead.detail) for lead in config.service("x").leads] == [
        ("a", "breakglass.toml services.x.alarms[0]"),
        ("b", "breakglass.toml services.x.alarms[1]"),
        ("c", "breakglass.toml services.x.components.alarm[1]"),
    ]


def test_a_convention_may_leave_out_what_each_service_says(written):
    config = written(
        """
        services."*".ecs.cluster = "wonderland"
        services.a.ecs.service = "a-v2"
        services.b.alarms = ["b"]
        """
    )
    assert leads(config, "a") == [("ecs-service", "a-v2", "wonderland")]
    assert leads(config, "b") == [("alarm", "b", "")]


def test_keys_that_toml_must_quote_are_quoted_in_details(written):
    (lead,) = written('[services."billing.api v2"]\nalarms = ["a"]').service("billing.api v2").leads
    assert lead.detail == 'breakglass.toml services."billing.api v2".alarms[0]'


@pytest.mark.parametrize("name", ["", " ", "*", "deployer-*", "x\n", " x", "\x1b[2J"])
def test_what_is_no_services_name_is_refused(written, contract, name):
    with pytest.raises(UsageError, match="is no service's name") as error:
        written(contract).service(name)
    assert error.value.what.isprintable()


def test_a_services_name_is_put_in_once(written):
    """A name that looks like the placeholder is a name."""
    config = written('[services."*"]\nalarms = ["{service}-{service}"]')
    assert leads(config, "{service}") == [("alarm", "{service}-{service}", "")]
    assert leads(config, "a") == [("alarm", "a-a", "")]


def test_a_pointer_may_hold_the_services_name_where_jmespath_can_take_it(written):
    config = written(
        "[services.\"*\".pointers]\nload_balancer = 'services.\"{service}\".lb'\nalarms = '{service}.alarms'"
    )
    assert config.service("api").pointers == (
        Pointer("load_balancer", 'services."api".lb'),
        Pointer("alarms", "api.alarms"),
    )
    with pytest.raises(UsageError) as error:
        config.service("deployer-api")
    assert error.value.what == (
        f'{config.file}: services."*".pointers.alarms: expected a JMESPath expression, found "deployer-api.alarms" '
        "(Unknown token '-' at character 9) for the service \"deployer-api\"."
    )


def test_jmespaths_own_braces_are_no_placeholders(written):
    config = written("[services.x.pointers]\ntarget_groups = 'groups[].{arn: arn}.arn'")
    assert config.service("x").pointers[0].expression == "groups[].{arn: arn}.arn"


class TestAdvice:
    def test_none_is_needed_where_there_are_leads(self, written, contract):
        assert written(contract).advice("anything") is None

    def test_without_services(self, written):
        config = written('[accounts.a]\nid = "111122223333"')
        assert config.service("x").leads == ()
        assert config.advice("x") == (
            f'Say in {config.file}, [services."*"], where the pieces of services are, '
            'such as ecs = { cluster = "wonderland", service = "{service}" }.'
        )

    def test_a_name_that_is_nearly_configured(self, written):
        config = written('[services.deployer-api]\nalarms = ["a"]\n[services.billing-api]\nalarms = ["a"]')
        assert (config.advice("deployr-api") or "").startswith("Did you mean deployer-api? If not: Say in /")

    def test_a_section_that_says_nothing(self, written):
        assert ", [services.x], where its pieces are" in (written("[services.x]").advice("x") or "")

    def test_its_example_works(self, written):
        example = (written("").advice("x") or "").partition("such as ")[2].rstrip(".")
        assert leads(written(f'[services."*"]\n{example}'), "x") == [("ecs-service", "x", "wonderland")]


class TestStateTables:
    def test_the_contracts(self, written, contract):
        config = written(contract)
        (table,) = config.state_tables()
        assert (table.table, table.key, table.service) == (
            "wonderland-services",
            {"name": {"S": "{service}"}},
            None,
        )
        assert table.origin == Origin(str(config.file), f"{EVERY}.state")

    def test_the_services_that_a_table_has_are_those_that_lead_there(self, written):
        """The way from a name to its entry, walked back."""
        config = written(
            """
            [services."*"]
            state = [{ table = "t", key = { pk = "svc#{service}", sk = "v1#{service}" } },
                     { table = "u", key = { id = "{service}", version = 1 } },
                     { table = "v", key = { id = "{service}-{service}" } }]
            """
        )
        for name in ("a", "deployer-api", "a#b", "svc#", "(.+)", "a-a"):
            for table, lead in zip(config.state_tables(), config.service(name).leads, strict=True):
                assert table.table == lead.within
                assert table.service_of({**(read_key(lead.ref) or {}), "other": {"M": {}}}) == name

    @pytest.mark.parametrize(
        "item",
        [
            {},
            {"pk": {"S": "svc#a"}},
            {"pk": {"S": "svc#a"}, "sk": {"S": "v1#b"}},
            {"pk": {"S": "svc#"}, "sk": {"S": "v1#"}},
            {"pk": {"S": "xsvc#a"}, "sk": {"S": "v1#a"}},
            {"pk": {"S": "svc#a"}, "sk": {"N": "1"}},
            {"pk": {"B": b"svc#a"}, "sk": {"S": "v1#a"}},
        ],
    )
    def test_an_item_of_another_sort_is_no_services(self, written, item):
        config = written('services."*".state = { table = "t", key = { pk = "svc#{service}", sk = "v1#{service}" } }')
        assert config.state_tables()[0].service_of(item) is None

    def test_services_of_their_own_tables(self, written):
        config = written(
            """
            services."*".state = { table = "common", key = { name = "{service}" } }
            services.a.state.table = "own"
            services.b.alarms = []
            services.c.state = []
            """
        )
        common, own = config.state_tables()
        assert (common.table, common.service) == ("common", None)
        assert (own.table, own.service, own.key) == ("own", "a", {"name": {"S": "a"}})
        assert own.service_of({"name": {"S": "a"}}) == "a"
        assert own.service_of({"name": {"S": "b"}}) is None

    def test_a_table_for_each_service(self, written):
        config = written(
            """
            services."*".state = { table = "{service}-state", key = { id = "current" } }
            services.a = {}
            services.b = {}
            """
        )
        assert [(each.table, each.service) for each in config.state_tables()] == [("a-state", "a"), ("b-state", "b")]
        assert config.state_tables()[0].service_of({"id": {"S": "current"}}) == "a"
