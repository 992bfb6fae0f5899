"""Tags as leads: how `tags` is written, and what becomes of it."""

import pytest

from breakglass.errors import UsageError

BASE = '[accounts.production]\nid = "111122223333"\n\n'


def tags(config, service="deployer-api"):
    found = config.service(service).tags
    return dict(found.wanted) if found else None


def test_without_the_key_nobody_is_asked(written, contract):
    assert written(contract).service("deployer-api").tags is None


def test_a_convention_holds_for_every_service(written):
    config = written(BASE + '[services."*"]\ntags = { service = "{service}", team = "platform" }\n')
    assert tags(config) == {"service": "deployer-api", "team": "platform"}
    assert tags(config, "billing-api") == {"service": "billing-api", "team": "platform"}
    detail = config.service("deployer-api").tags.detail
    assert 'service = deployer-api (breakglass.toml services."*".tags.service)' in detail


@pytest.mark.parametrize(("own", "expected"), [('{ app = "x" }', {"app": "x"}), ("{}", None)])
def test_a_service_says_it_otherwise_or_goes_without(written, own, expected):
    text = BASE + f'[services."*"]\ntags = {{ service = "{{service}}" }}\n[services.deployer-api]\ntags = {own}\n'
    assert tags(written(text)) == expected
    assert tags(written(text), "other") == {"service": "other"}


def test_tags_alone_are_enough_to_look(written):
    config = written(BASE + '[services."*"]\ntags = { service = "{service}" }\n')
    assert config.service("deployer-api").leads == ()
    assert config.advice("deployer-api") is None


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ('["service"]', "tags"),
        ('"service"', "tags"),
        ("{ service = 1 }", "tags.service"),
        ('{ service = ["a"] }', "tags.service"),
        ('{ service = "" }', "tags.service"),
        ('{ service = "{name}" }', "tags.service"),
        ('{ "" = "x" }', "tags"),
    ],
)
def test_mistakes_are_told_by_file_and_key(written, value, key):
    with pytest.raises(UsageError) as wrong:
        written(BASE + f'[services."*"]\ntags = {value}\n')
    assert f'services."*".{key}' in wrong.value.what
    assert "breakglass.toml" in wrong.value.what
