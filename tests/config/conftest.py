"""A directory with a configuration in it and nothing of this machine's own, and any document as TOML."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from breakglass.config import Config, load

Written = Callable[[str], Config]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Loads a text as ./breakglass.toml."""

    def read(text: str) -> Config:
        (tmp_path / "breakglass.toml").write_text(text, encoding="utf-8")
        return load(None, {}, tmp_path, user_directory=tmp_path / "none")

    return read


CONTRACT = """
[accounts.production]
id = "111122223333"
environment = "production"
profile = "acme-prod"
regions = ["eu-west-1"]

[accounts.staging]
id = "444455556666"
environment = "rehearsal"

[services."*"]
state = { table = "wonderland-services", key = { name = "{service}" } }
ecs = { cluster = "wonderland", service = "{service}" }
load_balancer = "{service}"
target_groups = ["{service}"]
dns = { zone = "example.com", names = ["{service}.example.com"] }
alarms = ["{service}-5xx"]

[services."*".pointers]
ecs_cluster = "ecs.cluster"
ecs_service = "ecs.service"
task_definition = "ecs.taskDefinition"
load_balancer = "loadBalancer"
target_groups = "targetGroups"
dns_names = "cname"
health_checks = "healthCheckId"

[services.deployer-api]
health_checks = ["3f2b0000-0000-4000-8000-000000000000"]
"""


@pytest.fixture
def contract() -> str:
    """The contract's own example."""
    return CONTRACT


@pytest.fixture
def toml_text() -> Callable[[Mapping[str, Any]], str]:
    """The standard library only reads TOML; this writes it, a line for each top-level key."""
    return _toml


def _toml(document: Mapping[str, Any]) -> str:
    """`document` as TOML. Knows every type that `tomllib` gives."""
    return "".join(f"{_string(key)} = {_value(value)}\n" for key, value in document.items())


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _string(value)
        case int():
            return repr(value) if abs(value) < 10**18 else hex(value).replace("-0x", "0x")
        case float():
            return repr(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{_string(key)} = {_value(item)}' for key, item in value.items())}}}"
        case _:
            raise TypeError(value)


def _string(text: str) -> str:
    """JSON's strings are TOML's, but for the characters beyond the first plane and for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
