"""bash with the AWS CLI in it, started once, a second a line being too much.

With BREAKGLASS_AWS_CLI=/path/to/aws that executable runs the lines instead, which is how they are held against
version 2.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from breakglass.aws.variables import variable
from breakglass.model.plan import Form, Output
from tests.aws.calls import value

EXECUTABLE = os.environ.get("BREAKGLASS_AWS_CLI")
VERSION = (
    subprocess.run([EXECUTABLE, "--version"], capture_output=True, text=True, check=True).stdout
    if EXECUTABLE
    else "aws-cli/1"
)


class Bash:
    """bash, in which `aws` is the CLI."""

    def __init__(self, port: str) -> None:
        staying = f"""
            exec {{cli}}<>/dev/tcp/127.0.0.1/{port}; printf '%s\\0' "$AWS_ENDPOINT_URL" "$#" "$@" >&"$cli"
            read -r status <&"$cli"; IFS= read -r -d '' errors <&"$cli"; printf %s "$errors" >&2
            cat <&"$cli"; exec {{cli}}>&-; return "$status" """
        self._aws = f'{EXECUTABLE} "$@"' if EXECUTABLE else staying

    def run(self, script: str, *outputs: Output) -> subprocess.CompletedProcess[str]:
        """Run lines while the variables of `outputs` are set."""
        known = {variable(output): shown(output) for output in outputs}
        return subprocess.run(
            ["bash", "-c", f"aws() {{ {self._aws}; }}\n{script}"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **known, "AWS_PAGER": ""},
            timeout=120,
        )


def shown(output: Output) -> str:
    """What a variable holds: a DUALSTACK one the bare name."""
    form = Form.WHOLE if output.form is Form.DUALSTACK else output.form
    return form.of(value(output))


@contextmanager
def started(**more: str) -> Iterator[Bash]:
    """A bash whose CLI knows no configuration of this machine, and keys that open nothing, unless `more` has some."""
    nothing = "/nonexistent/aws"
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env = {
        **mine,
        "AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT",
        "AWS_SECRET_ACCESS_KEY": "hush",
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
        "AWS_EC2_METADATA_DISABLED": "true",
        **more,
    }
    server = [sys.executable, str(Path(__file__).with_name("staying_cli.py"))]
    with subprocess.Popen(server, env=env, stdout=subprocess.PIPE, text=True) as cli:
        assert cli.stdout is not None
        yield Bash(cli.stdout.readline().strip())
        cli.kill()
