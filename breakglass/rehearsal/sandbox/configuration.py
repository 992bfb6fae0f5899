"""The files that lead into the sandbox: breakglass.toml, and AWS's own configuration and credentials."""

from __future__ import annotations

import os
from pathlib import Path

from .accounts import ACCOUNTS, PRODUCTION, REGION, STAGING

_TOML = """\
# The two accounts of the embedded sandbox. Nothing in here reaches AWS.

[accounts.production]
id = "{production.id}"
environment = "production"
profile = "{production.profile}"
regions = ["{region}"]

[accounts.staging]
id = "{staging.id}"
environment = "rehearsal"
profile = "{staging.profile}"
regions = ["{region}"]

[services."*"]
state = {{ table = "wonderland-services", key = {{ name = "{{service}}" }} }}
ecs = {{ cluster = "wonderland", service = "{{service}}" }}
load_balancer = "{{service}}"
target_groups = ["{{service}}"]
dns = {{ zone = "example.com", names = ["{{service}}.example.com"] }}
alarms = ["{{service}}-5xx"]

[services."*".pointers]
ecs_cluster = "ecs.cluster"
ecs_service = "ecs.service"
task_definition = "ecs.taskDefinition"
load_balancer = "loadBalancer"
target_groups = "targetGroups"
dns_names = "cname"
health_checks = "healthCheckId"

[services.looking-glass-api]
alarms = ["{{service}}-5xx", "{{service}}-ratio", "{{service}}-old", "{{service}}-page"]
"""


def breakglass_toml() -> str:
    """The configuration for the sandbox's world, in the format that the project promises."""
    return _TOML.format(production=PRODUCTION, staging=STAGING, region=REGION)


def write_aws_files(folder: Path) -> tuple[Path, Path]:
    """Write the configuration and credentials files with the sandbox's profiles; return their paths."""
    config, credentials = folder / "aws-config", folder / "aws-credentials"
    write_private(
        config,
        "\n".join(f"[profile {a.profile}]\nregion = {REGION}\noutput = json\n" for a in ACCOUNTS),
    )
    write_private(
        credentials,
        "\n".join(
            f"[{a.profile}]\naws_access_key_id = {a.access_key}\naws_secret_access_key = {a.secret_key}\n"
            f"aws_session_token = {a.session_token}\n"
            for a in ACCOUNTS
        ),
    )
    return config, credentials


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
