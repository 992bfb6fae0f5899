"""The sandbox's own promises: faults, log, clock, witness, reset, isolation."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from breakglass.rehearsal.sandbox import Sandbox, SandboxError
from breakglass.rehearsal.sandbox.accounts import PRODUCTION

EVERY_PROTOCOL = [
    ("dynamodb", "DescribeTable", {"TableName": "wonderland-services"}),
    ("ecs", "DescribeServices", {"cluster": "wonderland", "services": ["deployer-api"]}),
    ("elbv2", "DescribeLoadBalancers", {}),
    ("route53", "ListHostedZones", {}),
    ("ec2", "DescribeVpcs", {}),
    ("cloudwatch", "DescribeAlarms", {}),
    ("servicediscovery", "ListServices", {}),
    ("sts", "GetCallerIdentity", {}),
]


def call(client, operation, params):
    return client._make_api_call(operation, params)


@pytest.mark.parametrize(("service", "operation", "params"), EVERY_PROTOCOL)
def test_a_refusal_can_be_ordered_in_every_protocol(aws, sandbox, refused, service, operation, params):
    sandbox.control.add_fault(service, operation, code="AccessDenied", message="not <you>", status=403, times=1)
    with refused("AccessDenied", "not <you>"):
        call(aws(service), operation, params)
    assert call(aws(service), operation, params)["ResponseMetadata"]["RequestId"]
    refusal, answer = sandbox.control.calls()
    assert (refusal["operation"], refusal["status"], refusal["mutating"]) == (operation, 403, False)
    assert (answer["service"], answer["status"], answer["account"]) == (service, 200, PRODUCTION.id)
    assert answer["request_id"]


@pytest.mark.parametrize("service", ["cloudwatch", "servicediscovery"])
def test_cbor_is_spoken_too(sandbox, refused, service, monkeypatch):
    """botocore prefers JSON where a service offers both; other SDKs, and later botocores, speak CBOR."""
    monkeypatch.setattr("botocore.client.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", ("smithy-rpc-v2-cbor",), raising=False)
    monkeypatch.setattr("botocore.utils.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", ("smithy-rpc-v2-cbor",))
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", ("smithy-rpc-v2-cbor",), raising=False)
    session = boto3.Session(PRODUCTION.access_key, PRODUCTION.secret_key, PRODUCTION.session_token)
    client = session.client(service, "eu-west-1", endpoint_url=sandbox.url)
    assert client.meta.service_model.resolved_protocol == "smithy-rpc-v2-cbor"
    if service == "cloudwatch":
        alarm = client.describe_alarms(AlarmNames=["image-api-5xx"])["MetricAlarms"][0]
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (10.0, 5)
        assert alarm["StateUpdatedTimestamp"].year > 2000
        client.put_metric_alarm(
            AlarmName="new",
            Namespace="N",
            MetricName="M",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.5,
            ComparisonOperator="LessThanThreshold",
            Statistic="Sum",
        )
        assert client.describe_alarms(AlarmNames=["new"])["MetricAlarms"][0]["Threshold"] == 0.5
    else:
        assert [one["Name"] for one in client.list_services()["Services"]] == ["looking-glass-api"]
    sandbox.control.add_fault(service, code="AccessDeniedException", status=400)
    with refused("AccessDeniedException"):
        client.list_tags_for_resource(ResourceARN="arn:aws:cloudwatch:eu-west-1:111122223333:alarm:new")
    assert sandbox.control.calls()[-1]["operation"] == "ListTagsForResource"


def test_a_fault_hits_what_it_is_meant_for(aws, sandbox, refused):
    sandbox.control.add_fault("dynamodb", "GetItem", match='"billing-api"', account=PRODUCTION.id)
    key = {"name": {"S": "deployer-api"}}
    assert aws("dynamodb").get_item(TableName="wonderland-services", Key=key)["Item"]
    key = {"name": {"S": "billing-api"}}
    with refused("AccessDeniedException"):
        aws("dynamodb").get_item(TableName="wonderland-services", Key=key)
    assert aws("dynamodb", "staging").get_item(TableName="wonderland-services", Key=key)["Item"]


def test_a_lost_request_changes_nothing_and_a_lost_answer_does(aws, sandbox, world):
    ecs = aws("ecs")
    for kind, status in (("drop-before", "ACTIVE"), ("drop-after", "DRAINING")):
        sandbox.control.add_fault("ecs", "DeleteService", kind, times=1)
        with pytest.raises(ConnectionClosedError):
            ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)
        assert world.service()["status"] == status
    lost = [item for item in sandbox.control.calls() if item["operation"] == "DeleteService"]
    assert [(item["status"], item["mutating"]) for item in lost] == [(0, True), (0, True)]


def test_a_call_can_hang_and_be_late(sandbox):
    session = boto3.Session(PRODUCTION.access_key, PRODUCTION.secret_key, PRODUCTION.session_token)
    hasty = Config(read_timeout=0.3, retries={"total_max_attempts": 1})
    sts = session.client("sts", "eu-west-1", endpoint_url=sandbox.url, config=hasty)
    fault = sandbox.control.add_fault("sts", kind="hang")
    with pytest.raises(ReadTimeoutError):
        sts.get_caller_identity()
    sandbox.control.remove_fault(fault)
    sandbox.control.add_fault("sts", kind="delay", seconds=0.1)
    began = time.monotonic()
    sts.get_caller_identity()
    assert time.monotonic() - began >= 0.1


def test_throttling_is_retried_by_botocore(sandbox):
    session = boto3.Session(PRODUCTION.access_key, PRODUCTION.secret_key, PRODUCTION.session_token)
    patient = Config(retries={"mode": "standard", "total_max_attempts": 3})
    ecs = session.client("ecs", "eu-west-1", endpoint_url=sandbox.url, config=patient)
    sandbox.control.add_fault("ecs", "ListClusters", code="ThrottlingException", times=1)
    assert ecs.list_clusters()["ResponseMetadata"]["RetryAttempts"] == 1
    assert [item["status"] for item in sandbox.control.calls()] == [400, 200]


def test_a_senseless_order_is_refused_with_a_sentence(sandbox):
    with pytest.raises(SandboxError, match="kind"):
        sandbox.control.add_fault("ecs", kind="explode")
    with pytest.raises(SandboxError, match="no mishap is called"):
        sandbox.control.chaos("earthquake")
    with pytest.raises(SandboxError, match="put back"):
        sandbox.control.advance(-1)


def test_the_log_tells_everything(aws, sandbox):
    aws("dynamodb").get_item(TableName="wonderland-services", Key={"name": {"S": "deployer-api"}})
    logged = sandbox.control.calls()[-1]
    assert logged["params"] == {"TableName": "wonderland-services", "Key": {"name": {"S": "deployer-api"}}}
    assert "Boto3" in logged["user_agent"]
    assert logged["region"] == "eu-west-1"
    sandbox.control.clear_calls()
    assert sandbox.control.calls() == []


def test_the_witness_sees_one_change_and_nothing_else(aws, sandbox):
    before = sandbox.control.world()["settled"]
    assert sandbox.control.world()["settled"] == before
    aws("dynamodb").delete_item(TableName="wonderland-services", Key={"name": {"S": "image-api"}})
    after = sandbox.control.world()["settled"]
    gone = before[PRODUCTION.id]["eu-west-1"]["item"].pop("wonderland-services image-api")
    assert gone["owner"] == {"S": "bildwerk"}
    assert after == before


def test_reset_brings_back_the_very_same_world(aws, sandbox):
    before = sandbox.control.world()["settled"]
    aws("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.add_fault("ecs")
    sandbox.control.advance(1000)
    began = time.monotonic()
    sandbox.control.reset()
    assert time.monotonic() - began < 0.5
    assert sandbox.control.world()["settled"] == before
    assert sandbox.control.calls() == []
    assert sandbox.control.faults() == []
    assert abs(sandbox.control.now() - time.time()) < 60


def test_the_clock_follows_its_rate(sandbox):
    sandbox.control.set_rate(0)
    now = sandbox.control.now()
    assert sandbox.control.now() == now
    assert sandbox.control.advance(5) == pytest.approx(now + 5, abs=0.01)
    sandbox.control.set_rate(1000)
    time.sleep(0.05)
    assert sandbox.control.now() > now + 20


def test_neighbours_are_complete(sandbox, world):
    names = sandbox.control.neighbours(25)
    assert len(names) == 25
    assert sandbox.control.neighbours(1) == ["neighbour-0040"]
    service = world.service(names[0])
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (1, "COMPLETED")
    assert [item["TargetHealth"]["State"] for item in world.health(names[0])] == ["healthy"]
    assert world.records(f"{names[0]}.example.com.")


def test_calls_are_answered_side_by_side(aws, sandbox):
    sandbox.control.add_fault("sts", kind="delay", seconds=0.3, times=1)
    late = threading.Thread(target=aws("sts").get_caller_identity)
    late.start()
    time.sleep(0.05)
    began = time.monotonic()
    aws("ecs").list_clusters()
    assert time.monotonic() - began < 0.25
    late.join()


def test_the_environment_leads_here_and_nowhere_else(sandbox):
    exported = {"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_ENDPOINT_URL_STS": "https://sts.amazonaws.com", "HOME": "/root"}
    environ = sandbox.applied(exported, "staging")
    assert "AWS_ACCESS_KEY_ID" not in environ
    assert "AWS_ENDPOINT_URL_STS" not in environ
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "arn:aws:sts::444455556666:assumed-role/BreakGlass/ana"
    assert oct(Path(environ["AWS_SHARED_CREDENTIALS_FILE"]).stat().st_mode & 0o777) == "0o600"
    assert oct(sandbox.folder.stat().st_mode & 0o777) == "0o700"
    assert 'profile = "sandbox-staging"' in Path(environ["BREAKGLASS_CONFIG"]).read_text()


def test_it_listens_on_this_machine_alone(sandbox):
    port = int(sandbox.url.rpartition(":")[2])
    listening = [
        fields[1].split(":")[0]
        for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        if fields[3] == "0A" and int(fields[1].split(":")[1], 16) == port
    ]
    assert listening == ["0100007F"]


def test_it_ends_with_the_process_that_started_it():
    script = (
        "import os; from breakglass.rehearsal.sandbox import Sandbox; "
        "s = Sandbox.start(); print(s.pid, s.url, flush=True); os._exit(1)"
    )
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    pid = int(done.stdout.split()[0])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{pid}").exists()


def test_starting_and_stopping_leaves_nothing_behind():
    with Sandbox.start(rate=60) as sandbox:
        folder = sandbox.folder
        assert sandbox.control.now() > 0
    assert not folder.exists()
