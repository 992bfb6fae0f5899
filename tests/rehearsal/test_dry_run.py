"""`rehearse --account NAME`: what would have failed tonight, in every form, and that nothing is ever changed."""

import re

import pytest

from breakglass.aws.permissions import permissions
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import connect
from breakglass.aws.writer import AwsWriter
from breakglass.model.account import Account
from breakglass.model.lead import Key
from breakglass.model.plan import Call, Output, Plan, Purpose
from breakglass.running.advice import lasting
from tests.rehearsal.commands import run
from tests.survey.conftest import lead_to

STAGING = "444455556666"
SERVICE = "ecs-service wonderland/deployer-api"


@pytest.fixture(autouse=True)
def _staging(sandbox, monkeypatch, tmp_path):
    lead_to(sandbox, "staging", monkeypatch)
    monkeypatch.setenv("BREAKGLASS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    sandbox.control.clear_calls()


@pytest.fixture(name="dry")
def _dry(capsys, sandbox, monkeypatch):
    """A dry run as JSON; whatever it comes to, nothing has made a writer, and no changing call has reached AWS."""

    def never(*_):
        pytest.fail("a dry run has no writer")

    monkeypatch.setattr(AwsWriter, "__init__", never)

    def rehearse(*options, account="staging", service="deployer-api"):
        sandbox.control.clear_calls()
        ended = run(capsys, "rehearse", service, "--account", account, "-o", "json", *options)
        assert [call for call in sandbox.control.calls() if call["mutating"]] == []
        return ended

    return rehearse


@pytest.fixture(name="staging")
def _staging_clients(aws):
    return lambda service: aws(service, "staging")


def test_a_healthy_service_would_go_and_come_back(dry, sandbox, capsys):
    ended = dry("--detailed-exitcode")
    calls = sandbox.control.calls()
    assert (ended.code, ended.failures()) == (0, [])
    plans = {plan["name"]: plan["steps"] for plan in ended.report["plans"]}
    assert list(plans) == ["removal", "rebuild after that removal"]
    assert {step["component"] for step in plans["removal"]} == {step["component"] for step in plans[list(plans)[1]]}
    assert ended.report["api_calls"] == len(calls)
    assert {call["account"] for call in calls} == {STAGING}
    asked = [call["params"] for call in calls if call["operation"] == "SimulatePrincipalPolicy"]
    actions = {action for params in asked for action in params["ActionNames"]}
    assert {"ecs:CreateService", "ecs:DeleteService", "elasticloadbalancing:AddTags", "iam:PassRole"} <= actions
    assert {params["PolicySourceArn"] for params in asked} == {f"arn:aws:iam::{STAGING}:role/BreakGlass"}
    assert "Dry run today: nothing would have failed." in run(capsys, "inventory", "deployer-api").stdout
    seen = run(capsys, "inventory", "deployer-api", "-o", "json").report["dry_run"]
    assert (seen["failures"], seen["id"]) == (0, ended.report["id"])


def test_it_is_for_production_too(dry):
    ended = dry(account="production")
    assert (ended.code, ended.report["account"]["id"]) == (0, "111122223333")


def test_what_iam_denies_would_have_failed(dry, sandbox):
    sandbox.control.chaos("deny", actions=["ecs:CreateService"], account=STAGING, resource="*/deployer-api")
    sandbox.control.chaos("deny", actions=["dynamodb:*"], account=STAGING, resource="*/billing-api")
    ended = dry("--detailed-exitcode")
    assert (ended.code, ended.failures()) == (10, [("permission", SERVICE)])
    assert "no policy allows it" in ended.report["failures"][0]["message"]
    assert dry().code == 0, "without --detailed-exitcode the report is the result"


def test_a_policy_for_single_resources_is_no_denial(dry, sandbox):
    """What is asked for `*` is denied by every policy that names its resources."""
    sandbox.control.chaos("deny", actions=["*"], account=STAGING, resource="[*]")
    failures = [one["message"] for one in dry().report["failures"]]
    assert all(message.startswith("route53:CreateHealthCheck:") for message in failures), failures


def test_conditions_are_told_what_is_known_and_doubted_otherwise(dry, sandbox):
    known = ["iam:PassedToService", "aws:RequestedRegion"]
    sandbox.control.chaos("deny", actions=["iam:PassRole"], account=STAGING, missing=known)
    sandbox.control.chaos("deny", actions=["ecs:DeleteService"], account=STAGING, missing=["aws:ResourceTag/team"])
    ended = dry()
    assert ended.failures() == []
    assert [words for words in ended.report["iam"]["unsure"] if "aws:ResourceTag/team" in words]
    assert not [words for words in ended.report["iam"]["unsure"] if "iam:PassRole" in words]


def test_the_organisation_is_named_where_it_says_no(dry, sandbox):
    sandbox.control.chaos("deny", actions=["route53:DeleteHealthCheck"], account=STAGING, scp=True)
    assert "service control policies" in dry().report["failures"][0]["message"]


def test_a_simulation_that_is_denied_is_a_note(dry, sandbox):
    sandbox.control.add_fault("iam", "SimulatePrincipalPolicy", code="AccessDenied", status=403)
    ended = dry("--detailed-exitcode")
    assert (ended.code, ended.failures()) == (0, [])
    assert [note for note in ended.report["notes"] if "iam:SimulatePrincipalPolicy is denied" in note]


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        (f"arn:aws:sts::{STAGING}:assumed-role/Oncall/ana", f"arn:aws:iam::{STAGING}:role/night/shift/Oncall"),
        (f"arn:aws:sts::{STAGING}:assumed-role/Unknown/ana", f"arn:aws:iam::{STAGING}:role/Unknown"),
        (f"arn:aws:iam::{STAGING}:user/people/ana", f"arn:aws:iam::{STAGING}:user/people/ana"),
        (f"arn:aws:iam::{STAGING}:root", None),
        (f"arn:aws:sts::{STAGING}:federated-user/ana", None),
    ],
)
def test_whose_policies_count(sandbox, staging, caller, principal):
    """An assumed role's ARN has lost the role's path; root and federated users are not simulated."""
    staging("iam").create_role(RoleName="Oncall", Path="/night/shift/", AssumeRolePolicyDocument="{}")
    environ = sandbox.applied({}, "staging")
    with connect(profile=None, account_profile=None, region=None, environ=environ, named_account=False) as connection:
        assert lasting(caller, AwsReader(connection, STAGING)) == principal


def test_a_role_that_is_gone_is_a_missing_prerequisite(dry, staging):
    staging("iam").delete_role(RoleName="deployer-api-task")
    ended = dry("--detailed-exitcode")
    assert (ended.code, ended.failures()) == (10, [("prerequisite", "task-definition deployer-api:41")])
    assert "role/deployer-api-task is not there any more" in ended.report["failures"][0]["message"]


def test_the_rebuild_of_what_is_missing_now_stands_on_something_too(dry, staging, sandbox):
    staging("ecs").delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(900)
    staging("ecr").batch_delete_image(repositoryName="deployer-api", imageIds=[{"imageTag": "r41"}])
    ended = dry()
    assert ended.report["plans"][-1]["name"] == "rebuild of what is missing now"
    assert ended.failures() == [("prerequisite", "task-definition deployer-api:41")]


def test_a_quota_that_is_used_up_would_have_failed(dry, sandbox, staging, capsys):
    assert run(capsys, "snapshot", "deployer-api").code == 0
    checks = staging("route53").list_health_checks()["HealthChecks"]
    mine = next(one for one in checks if "deployer-api.ex" in one["HealthCheckConfig"]["FullyQualifiedDomainName"])
    staging("route53").delete_health_check(HealthCheckId=mine["Id"])
    sandbox.control.chaos("limit", limit="MAX_HEALTH_CHECKS_BY_OWNER", value=4, account=STAGING)
    ended = dry("--detailed-exitcode")
    assert (ended.code, ended.failures()) == (10, [("quota", f"health-check {mine['Id']}")])
    (quota,) = [one for one in ended.report["quotas"] if one["name"] == "health checks in this account"]
    assert (quota["limit"], quota["used"], quota["more"]) == (4, 4, 1)


def test_a_limit_that_nobody_tells_is_a_note(dry, sandbox):
    sandbox.control.add_fault("route53", "GetAccountLimit", code="AccessDenied", status=403)
    sandbox.control.add_fault("service-quotas", code="UnknownOperationException")
    ended = dry("--detailed-exitcode")
    assert (ended.code, ended.failures()) == (0, [])
    assert sum("is not known" in note for note in ended.report["notes"]) == 2


def test_a_rebuild_that_is_blocked_would_have_failed(dry, staging):
    checks = staging("route53").list_health_checks()["HealthChecks"]
    mine = next(one for one in checks if "deployer-api.ex" in one["HealthCheckConfig"]["FullyQualifiedDomainName"])
    staging("route53").delete_health_check(HealthCheckId=mine["Id"])
    ended = dry("--detailed-exitcode")
    assert ended.code == 10
    assert ("blocked", f"health-check {mine['Id']}") in ended.failures(), "no snapshot says what it was"


def test_what_could_not_be_read_weighs_more(dry, sandbox):
    sandbox.control.add_fault("route53", "GetHealthCheck", code="AccessDenied", status=403)
    ended = dry("--detailed-exitcode")
    assert (ended.code, ended.report["complete"]) == (8, False)
    assert [words for words in ended.report["unread"] if "route53:GetHealthCheck" in words]


def test_a_prerequisite_that_may_not_be_read_is_not_missing(dry, sandbox):
    sandbox.control.add_fault("ecr", code="AccessDeniedException")
    ended = dry("--detailed-exitcode")
    assert (ended.code, ended.failures()) == (0, [])
    assert [words for words in ended.report["unread"] if "ecr:DescribeImages" in words]


def test_an_account_that_could_not_be_changed_is_told(dry):
    """Its records are in every region's view; changes there are refused by the configuration."""
    ended = dry("--region", "us-east-1", "--detailed-exitcode")
    assert ended.code == 10
    assert ended.failures()[0] == ("the account", None)
    assert "not among the regions of staging" in ended.report["failures"][0]["message"]


@pytest.mark.parametrize("output", ["table", "markdown"])
def test_off_a_terminal_the_report_is_printed_and_nothing_asked(capsys, sandbox, output):
    sandbox.control.chaos("deny", actions=["ecs:CreateService"], account=STAGING)
    sandbox.control.chaos("limit", limit="target-groups", value=4, account=STAGING)
    ended = run(capsys, "rehearse", "deployer-api", "--account", "staging", "-o", output)
    assert ended.code == 0
    plain = re.sub(r"[\s\\]+", " ", ended.stdout)
    assert "deployer-api: 2 things would have failed tonight" in plain
    assert "ecs:CreateService on service/wonderland/deployer-api: no policy allows it" in plain
    assert "target groups in this region: 4 are allowed, 5 there" in plain
    assert "simulator is advice" in plain
    assert "nothing was changed" in plain
    assert STAGING not in ended.stdout
    assert "If it were removed tonight:" in ended.stderr
    assert "account ID" not in ended.stderr


def test_a_report_that_cannot_be_kept_is_given_all_the_same(dry, tmp_path):
    (tmp_path / "file").write_text("")
    ended = dry("--state-dir", str(tmp_path / "file"))
    assert (ended.code, ended.report["id"]) == (0, "")
    assert "will not be remembered" in ended.stderr


def test_another_account_than_the_named_one_ends_it_at_once(dry, sandbox):
    ended = dry("--profile", "sandbox-production")
    assert ended.code == 5
    assert {call["operation"] for call in sandbox.control.calls()} == {"GetCallerIdentity"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--account", "staging", "--scenario", "throttled"], "--scenario"),
        (["--account", "staging", "--missing", "alarm"], "--live"),
        (["--account", "staging", "--from-snapshot", "2026"], "--from-snapshot"),
        (["--account", "staging", "--shell"], "--shell"),
        (["--account", "staging", "--seed", "0"], "--seed"),
        (["--account", "staging", "--live", "--speed", "3"], "--speed"),
        (["--account", "staging", "--live", "--detailed-exitcode"], "--detailed-exitcode"),
        (["--live"], "--account NAME"),
        (["--detailed-exitcode"], "--account NAME"),
        (["--profile", "sandbox-staging"], "--account NAME"),
        (["--account", "nobody"], "nobody"),
    ],
)
def test_what_makes_no_sense_together_is_said(capsys, sandbox, options, words):
    ended = run(capsys, "rehearse", "deployer-api", *options)
    assert ended.code == 2
    assert words in f"{ended.error.what} {ended.error.hint}"
    assert sandbox.control.calls() == []


BALANCER = f"arn:aws-cn:elasticloadbalancing:eu-west-1:{STAGING}:loadbalancer/app/public/50dc6c491c9188f2"
LISTENER = BALANCER.replace(":loadbalancer/", ":listener/") + "/1f2e3d4c5b6a7980"


@pytest.mark.parametrize(
    ("call", "needed"),
    [
        (
            Call("elbv2", "CreateRule", {"ListenerArn": LISTENER, "Tags": [{"Key": "a", "Value": "b"}]}),
            {
                f"elasticloadbalancing:CreateRule on {LISTENER.split(':', 5)[5]}",
                f"elasticloadbalancing:AddTags on {LISTENER.split(':', 5)[5]}".replace("listener/", "listener-rule/")
                + "/0000000000000000",
            },
        ),
        (
            Call("elbv2", "CreateListener", {"LoadBalancerArn": Output(Key("load-balancer", "lb"), "LoadBalancerArn")}),
            {"elasticloadbalancing:CreateListener on loadbalancer/app/lb/0000000000000000"},
        ),
        (
            Call("ecs", "RegisterTaskDefinition", {"family": "f", "taskRoleArn": "arn:aws-cn:iam::1:role/x/task"}),
            {"ecs:RegisterTaskDefinition on task-definition/f:1", "iam:PassRole on role/x/task"},
        ),
        (
            Call("route53", "ChangeResourceRecordSets", {"HostedZoneId": "/hostedzone/Z1"}),
            {"route53:ChangeResourceRecordSets on hostedzone/Z1", "route53:GetChange on change/C0000000000000000"},
        ),
        (
            Call("cloudwatch", "PutMetricAlarm", {"AlarmName": "5xx", "Tags": [{}]}, region="us-east-1"),
            {"cloudwatch:PutMetricAlarm on alarm:5xx", "cloudwatch:TagResource on alarm:5xx"},
        ),
        (
            Call("servicediscovery", "CreateService", {"Name": "x", "NamespaceId": "ns-1"}),
            {
                "servicediscovery:CreateService on namespace/ns-1",
                "servicediscovery:CreateService on service/srv-0000000000000000",
            },
        ),
        (Call("route53", "CreateHealthCheck", {"CallerReference": "x"}), {"route53:CreateHealthCheck"}),
        (
            Call("logs", "CreateLogGroup", {"logGroupName": "/x", "tags": {"a": "b"}}),
            {"logs:CreateLogGroup on log-group:/x:log-stream:", "logs:TagResource on log-group:/x:log-stream:"},
        ),
        (Call("wafv2", "AssociateWebACL", {"WebACLArn": "x"}), {"wafv2:AssociateWebACL"}),
        (Call("dynamodb", "PutItem", {"TableName": "t"}), {"dynamodb:PutItem on table/t"}),
        (
            Call("application-autoscaling", "PutScalingPolicy", {"ServiceNamespace": "ecs"}),
            {f"application-autoscaling:PutScalingPolicy on scalable-target/{'0' * 32}"},
        ),
        (
            Call("elb", "CreateLoadBalancer", {"LoadBalancerName": "old", "Tags": [{}]}),
            {
                "elasticloadbalancing:CreateLoadBalancer on loadbalancer/old",
                "elasticloadbalancing:AddTags on loadbalancer/old",
            },
        ),
    ],
)
def test_what_iam_has_to_allow_for_a_call(call, needed):
    """Actions and resource types of the Service Authorization Reference, in the caller's own partition and region."""
    account = Account(STAGING, f"arn:aws-cn:sts::{STAGING}:assumed-role/BreakGlass/ana")
    plan = Plan("run", Purpose.REBUILD, "deployer-api", account, "eu-west-1", ())
    found = permissions(call, plan)
    assert {one.words for one in found} == needed
    assert all(one.exact == (call.service != "wafv2") for one in found)
    assert all(one.resource == "*" or one.resource.startswith("arn:aws-cn:") for one in found)
    where = call.region or ("us-east-1" if call.service == "route53" else "eu-west-1")
    assert {one.region for one in found if one.action != "iam:PassRole"} == {where}
