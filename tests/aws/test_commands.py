"""Every printed line is run: by bash, by the AWS CLI itself, and compared with what the Writer sends."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from botocore.parsers import RpcV2CBORParser
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from breakglass.aws.commands import CliLine, cli
from breakglass.aws.session import Connection
from breakglass.aws.variables import variable
from breakglass.aws.writer import AwsWriter
from breakglass.model.plan import Call, Joined, filled, outputs_in
from tests.aws.bash import VERSION, Bash, shown, started
from tests.aws.calls import (
    BINARY,
    CALLS,
    DNS_NAME,
    HEALTH_CHECK,
    ITEM,
    REGION,
    TARGET,
    TARGET_GROUP,
    TASK_DEFINITION,
    value,
)
from tests.aws.conftest import Asked, Reply, Wire

Sent = Callable[[], list["Request"]]


@pytest.fixture(scope="module")
def bash() -> Iterator[Bash]:
    with started() as bash:
        yield bash


def no_secrets(facts: Any) -> Any:
    return facts


def hush(facts: Any) -> Any:
    """Hides what looks like a secret to a test: every string with `hush` in it, and binary values."""
    match facts:
        case Mapping():
            return {name: hush(item) for name, item in facts.items()}
        case list():
            return [hush(item) for item in facts]
        case str():
            return "***" if "hush" in facts else facts
        case bytes():
            return "***"
        case _:
            return facts


@dataclass(frozen=True)
class Request:
    """What of a request makes it another call."""

    target: str
    path: str
    region: str
    body: Any


@pytest.fixture
def sent(wire: Wire) -> Sent:
    """The requests that came in since it was asked last."""
    handler = wire.server.RequestHandlerClass
    handler.do_DELETE = handler.do_POST
    wire.answer = _empty_answer

    def take() -> list[Request]:
        taken, wire.asked[:] = list(wire.asked), []
        return [
            Request(
                asked.headers.get("x-amz-target", asked.method),
                asked.path,
                asked.headers["authorization"].split("/")[2],
                _body(asked),
            )
            for asked in taken
        ]

    return take


def _empty_answer(asked: Asked) -> Reply:
    if "smithy-protocol" in asked.headers:
        return Reply(b"\xa0", headers={"smithy-protocol": "rpc-v2-cbor"})
    if "x-amz-target" in asked.headers:
        return Reply()
    name = asked.operation or "Anything"
    return Reply(f"<{name}Response><{name}Result/></{name}Response>")


def _body(asked: Asked) -> Any:
    if "smithy-protocol" in asked.headers:
        parser = RpcV2CBORParser()
        return parser.parse_data_item(parser.get_peekable_stream_from_bytes(asked.body))
    if "x-amz-target" in asked.headers:
        return json.loads(asked.body)
    return asked.body if asked.body.startswith(b"<") else sorted(parse_qsl(asked.body.decode(), keep_blank_values=True))


def asked_for(call: Call) -> list[Any]:
    return list(dict.fromkeys(outputs_in(call.params)))


def line_of(call: Call, mask: Callable[[Any], Any] = no_secrets, secrets: Path = Path("/no/secrets")) -> CliLine:
    return cli(call, region=REGION, mask=mask, secrets=secrets)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.service}-{call.operation}")
def test_the_cli_sends_what_the_writer_sends(call: Call, bash: Bash, sent: Sent, connection: Connection) -> None:
    line = line_of(call)
    done = bash.run(line.line, *asked_for(call))
    assert done.returncode == 0, done.stdout + done.stderr
    by_cli = sent()
    AwsWriter(connection, "r1").send(
        call.service, call.operation, filled(call.params, value), region=call.region or None
    )
    assert by_cli == sent()
    assert len(by_cli) == 1


def test_lines_are_read_as_people_write_them() -> None:
    deletion = CALLS[1]
    assert line_of(deletion).line == (
        "aws ecs delete-service --region eu-west-1 --cluster wonderland --service deployer-api --force"
    )
    mine = cli(deletion, region="eu-west-2", mask=no_secrets, secrets=Path("/x"), profile="acme prod")
    assert mine.line.startswith("aws ecs delete-service --region eu-west-2 --profile 'acme prod' --cluster")
    repoint = Call("elbv2", "DeleteTargetGroup", {"TargetGroupArn": TARGET_GROUP})
    assert line_of(repoint).line.endswith('--target-group-arn "${TARGET_GROUP_DEPLOYER_API_ARN:?}"')


@pytest.mark.usefixtures("connection")
def test_nothing_is_sent_while_a_variable_is_not_set(bash: Bash, sent: Sent) -> None:
    for call in (call for call in CALLS if asked_for(call)):
        assert bash.run(line_of(call).line).returncode != 0
    assert sent() == []


def test_binary_values_are_for_version_2_and_refused_by_version_1(
    bash: Bash, sent: Sent, connection: Connection
) -> None:
    done = bash.run(line_of(BINARY).line)
    if VERSION.startswith("aws-cli/1"):
        assert done.returncode != 0
        assert "--cli-binary-format" in done.stderr
        assert sent() == []
    else:
        by_cli = sent()
        AwsWriter(connection, "r1").send(BINARY.service, BINARY.operation, BINARY.params)
        assert by_cli == sent()


SECRETS = [
    Call(
        "ecs",
        "RegisterTaskDefinition",
        {**TASK_DEFINITION, "taskRoleArn": "r", "tags": [{"key": "k", "value": "hush"}]},
    ),
    Call("dynamodb", "PutItem", {"TableName": "t", "Item": {**ITEM, "password": {"S": "hush@x|&\\ $x 'y'\n"}}}),
    Call(
        "route53",
        "ChangeTagsForResource",
        {
            "ResourceType": "healthcheck",
            "ResourceId": HEALTH_CHECK,
            "AddTags": [{"Key": "x", "Value": Joined(("hush ", DNS_NAME))}, {"Key": "y", "Value": DNS_NAME}],
        },
    ),
]


@pytest.mark.parametrize("call", SECRETS, ids=lambda call: call.operation)
def test_a_secret_is_read_from_a_file(
    call: Call, bash: Bash, sent: Sent, connection: Connection, tmp_path: Path
) -> None:
    """Also where an output stands beside the secret: then the file is read through sed."""
    line = line_of(call, hush, tmp_path / "it's a secret.json")
    assert "hush" not in line.line
    assert line.file == tmp_path / "it's a secret.json"
    assert line.content is not None
    line.file.write_text(line.content, encoding="utf-8")
    done = bash.run(line.line, *asked_for(call))
    assert done.returncode == 0, done.stdout + done.stderr
    by_cli = sent()
    AwsWriter(connection, "r1").send(call.service, call.operation, filled(call.params, value))
    assert by_cli == sent()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.filled")} <= {0o600}


def test_what_is_no_secret_stays_readable() -> None:
    line = line_of(SECRETS[0], hush, Path("/state/run/3.json"))
    assert "--family deployer-api" in line.line
    assert "--network-mode awsvpc" in line.line
    assert line.line.endswith("--cli-input-json file:///state/run/3.json")
    assert json.loads(line.content or "") == {"tags": [{"key": "k", "value": "hush"}]}


def test_only_values_that_a_call_takes() -> None:
    with pytest.raises(TypeError):
        line_of(Call("ecs", "CreateService", {"cluster": {"no": object()}}))


LINES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.one_of(
    LINES,
    st.sampled_from(["file://x", "http://x", "https://[", "-", "--force", "''", "!!", "$(id)", "a\\", "~", "{", "[1"]),
    st.builds(Joined, st.lists(st.one_of(LINES, st.sampled_from([TARGET_GROUP, DNS_NAME])), max_size=3).map(tuple)),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SCALARS, SCALARS, st.sampled_from([no_secrets, lambda _: None]))
@example("@", "hush @ @@", lambda _: None)
def test_quoting_survives_any_string(tmp_path: Path, scalar: Any, nested: Any, mask: Callable[[Any], Any]) -> None:
    """bash gives the CLI exactly the parameters back, wherever they stand."""
    params = {"AlarmName": scalar, "Tags": [{"Key": "k", "Value": nested}]}
    call = Call("cloudwatch", "PutMetricAlarm", params)
    line = line_of(call, mask, tmp_path / "s")
    if line.content is not None:
        (tmp_path / "s").write_text(line.content, encoding="utf-8")
    aws = """aws() { while [ $# -gt 0 ]; do
        case "$1" in file://*) cat "${1#file://}";; *) printf %s "$1";; esac; printf '\\0'; shift; done; }"""
    known = {variable(output): shown(output) for output in (TARGET_GROUP, DNS_NAME)}
    done = subprocess.run(
        ["bash", "-c", f"{aws}\n{line.line}"], capture_output=True, check=True, env={**os.environ, **known}
    )
    words = done.stdout.decode().split("\0")[2:-1]
    assert _params(words) == filled(params, value)


def _params(words: list[str]) -> dict[str, Any]:
    options = dict(_pairs(words))
    assert options.pop("--region") == REGION
    found = json.loads(options.pop("--cli-input-json", "{}"))
    if "--alarm-name" in options:
        found["AlarmName"] = options.pop("--alarm-name")
    if "--tags" in options:
        found["Tags"] = json.loads(options.pop("--tags"))
    assert options == {}
    return dict(found)


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    rest = iter(words)
    for word in rest:
        name, sign, given_value = word.partition("=")
        yield (name, given_value) if sign else (word, next(rest))


@pytest.mark.usefixtures("connection")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SCALARS, SCALARS)
def test_the_cli_takes_any_string_for_what_it_is(bash: Bash, sent: Sent, scalar: Any, nested: Any) -> None:
    params = {**TARGET, "PolicyName": scalar, "StepScalingPolicyConfiguration": {"AdjustmentType": nested}}
    call = Call("application-autoscaling", "PutScalingPolicy", params)
    if not filled(scalar, value):
        return  # the SDK refuses an empty name
    done = bash.run(line_of(call).line, TARGET_GROUP, DNS_NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    (request,) = sent()
    assert request.body == filled(params, value)
