"""The plan: as JSON off a terminal, as screens on one; and that a dry run changes nothing, whatever is answered."""

import json
import re
import stat
from pathlib import Path

import pytest

from breakglass.kinds import all_kinds

ID = "111122223333"
KEYS = {"schema_version", "action", "service", "region", "account", "steps", "kept", "blockers", "lost"}
STEP = {"id", "kind", "component", "title", "why", "waits_for", "calls"}
CALL = {"service", "operation", "region", "params", "cli"}


def planned(night, *arguments, code=0):
    ended = night.run(*arguments, "--dry-run", "-o", "json")
    assert ended.returncode == code, ended.stderr
    assert night.changes() == []
    return json.loads(ended.stdout)


def kinds_of(plan):
    return [step["kind"] for step in plan["steps"]]


@pytest.mark.parametrize("command", ["remove", "rebuild"])
def test_a_plan_has_the_promised_shape(night, command):
    if command == "rebuild":
        night.delete_service()
    plan = planned(night, command, "deployer-api")
    assert plan.keys() >= KEYS
    assert (plan["schema_version"], plan["action"], plan["service"], plan["region"]) == (
        1,
        command,
        "deployer-api",
        "eu-west-1",
    )
    assert plan["account"] == {
        "id": ID, "alias": "acme-prod", "name": "production", "environment": "production",
        "caller": f"arn:aws:sts::{ID}:assumed-role/BreakGlass/ana",
    }  # fmt: skip
    assert [step["id"] for step in plan["steps"]] == list(range(1, len(plan["steps"]) + 1))
    for step in plan["steps"]:
        assert step.keys() >= STEP
        assert step["component"].startswith(f"{step['kind']} ")
        assert step["waits_for"]
        for call in step["calls"]:
            assert call.keys() >= CALL
            assert call["cli"].startswith(f"aws {call['service']} ")
            assert f"--region {call['region']}" in call["cli"]
            assert "\n" not in call["cli"]
    for kept in plan["kept"]:
        assert kept.keys() >= {"kind", "component", "why"}
        assert kept["why"]


def test_off_a_terminal_a_dry_run_prints_json_and_asks_nothing(night):
    ended = night.run("remove", "deployer-api", "--dry-run")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["action"] == "remove"
    assert "account ID to" not in ended.stderr
    assert "targets registered" in ended.stderr  # it serves, and no --account was given: only said
    assert night.changes() == []


def test_on_a_terminal_json_asks_nothing_either(night):
    screen = night.on_terminal("remove", "deployer-api", "--dry-run", "-o", "json", line="{} 2>/dev/null")
    assert screen.ends() == 0
    assert "account ID to" not in screen.text
    assert night.changes() == []


def test_a_removal_goes_from_what_refers_to_what_is_referred_to(night):
    plan = planned(night, "remove", "deployer-api")
    kinds = kinds_of(plan)
    order = ["dns-record", "health-check"], ["scalable-target", "ecs-service"], ["ecs-service", "target-group"]
    for first, second in order:
        assert kinds.index(first) < kinds.index(second)
    assert kinds[-1] == "state-entry"
    assert {one["kind"] for one in plan["kept"]} >= {"load-balancer", "task-definition", "listener"}
    assert not {"load-balancer", "task-definition", "security-group"} & set(kinds)


def test_keep_and_only_leave_out_what_they_name(night):
    kept = planned(night, "remove", "deployer-api", "--keep", "dns-record", "--keep", "state-entry")
    assert not {"dns-record", "state-entry"} & set(kinds_of(kept))
    assert set(kinds_of(planned(night, "remove", "deployer-api", "--only", "alarm"))) == {"alarm"}


@pytest.mark.parametrize("option", ["--only", "--keep"])
def test_a_kind_that_there_is_not_is_a_usage_error_with_the_nearest(night, option):
    ended = night.run("remove", "deployer-api", option, "target-grup", "--dry-run")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Did you mean target-group?" in ended.stderr
    assert all(kind in ended.stderr for kind in all_kinds())
    assert night.control.calls() == []


@pytest.mark.parametrize(
    "text", ["deployer-api", "deployer-api:", ":41", "deployer-api:latest", "deployer-api:4\u0661"]
)
def test_task_definition_needs_a_revision(night, text):
    assert night.run("rebuild", "deployer-api", "--task-definition", text).returncode == 2


def test_another_task_definition_is_what_the_service_will_run(night):
    night.delete_service()
    plan = planned(night, "rebuild", "deployer-api", "--task-definition", "deployer-api:40")
    (create,) = [call for step in plan["steps"] for call in step["calls"] if call["operation"] == "CreateService"]
    assert str(create["params"]["taskDefinition"]).endswith("deployer-api:40")


def test_what_only_exists_later_is_a_variable(night):
    assert night.run("snapshot", "deployer-api").returncode == 0
    night.delete_service()
    elbv2 = night.aws("elbv2")
    (group,) = elbv2.describe_target_groups(Names=["deployer-api"])["TargetGroups"]
    listener = next(
        one
        for one in elbv2.describe_listeners(LoadBalancerArn=group["LoadBalancerArns"][0])["Listeners"]
        if one["Port"] == 443
    )
    rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    rule = next(one for one in rules if one["Actions"][0].get("TargetGroupArn") == group["TargetGroupArn"])
    elbv2.delete_rule(RuleArn=rule["RuleArn"])
    elbv2.delete_target_group(TargetGroupArn=group["TargetGroupArn"])
    night.control.clear_calls()
    plan = planned(night, "rebuild", "deployer-api")
    (create,) = [call for step in plan["steps"] for call in step["calls"] if call["operation"] == "CreateService"]
    variable = create["params"]["loadBalancers"][0]["targetGroupArn"]
    assert re.fullmatch(r"\$[A-Z][A-Z0-9_]*", variable)
    assert f"${{{variable[1:]}:?}}" in create["cli"]
    assert create["variables"][variable[1:]].startswith(f"{variable[1:]}=$(aws elbv2 describe-target-groups")


def secrets_of(night):
    """A state entry with secrets in it, of every kind that names and looks give away."""
    table = night.aws("dynamodb")
    table.update_item(
        TableName="wonderland-services", Key={"name": {"S": "deployer-api"}},
        UpdateExpression="SET apiToken = :t, nested = :n",
        ExpressionAttributeValues={":t": {"S": "open-sesame"}, ":n": {"M": {"password": {"S": "swordfish"}}}},
    )  # fmt: skip
    night.control.clear_calls()
    return "open-sesame", "swordfish"


def test_secrets_are_masked_in_params_and_lines_and_lie_in_a_private_file(night):
    hidden = secrets_of(night)
    ended = night.run("remove", "deployer-api", "--dry-run", "-o", "json")
    assert not any(secret in ended.stdout + ended.stderr for secret in hidden)
    plan = json.loads(ended.stdout)
    (line,) = [call["cli"] for step in plan["steps"] for call in step["calls"] if call["service"] == "dynamodb"]
    path = re.search(r"file://([^ '\"]+\.json)", line)
    assert path is not None, line
    assert path[1].startswith(str(night.state))
    content = Path(path[1]).read_text(encoding="utf-8")
    assert all(secret in content for secret in hidden)
    for one in [night.state, *night.state.rglob("*")]:
        assert stat.S_IMODE(one.stat().st_mode) == (0o700 if one.is_dir() else 0o600), one
    screen = night.on_terminal("remove", "deployer-api", "--dry-run").answers(ID)
    assert screen.ends() == 0
    assert not any(secret in screen.text for secret in hidden)


@pytest.mark.parametrize("answer", [ID, "no"])
def test_a_dry_run_on_a_terminal_walks_the_same_screens_and_sends_nothing(night, answer):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api", "--dry-run")
    for words in ("ACCOUNT", "half-deleted", "PLAN", "account ID"):
        screen.sees(words)
    screen.types(f"{answer}\r")
    if answer != ID:
        for _ in range(2):
            screen.sees("not the ID").answers(answer)
    assert screen.ends() == (0 if answer == ID else 5)
    assert ("aws ecs create-service" in screen.text) == (answer == ID)
    assert night.changes() == []
    assert not (night.state / "runs").exists() or not list((night.state / "runs").iterdir())


def test_blockers_end_with_exit_9_and_nothing_is_asked(night):
    night.delete_service()
    elbv2 = night.aws("elbv2")
    (group,) = elbv2.describe_target_groups(Names=["deployer-api"])["TargetGroups"]
    for listener in elbv2.describe_listeners(LoadBalancerArn=group["LoadBalancerArns"][0])["Listeners"]:
        for rule in elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
            if rule["Actions"][0].get("TargetGroupArn") == group["TargetGroupArn"]:
                elbv2.delete_rule(RuleArn=rule["RuleArn"])
    elbv2.delete_target_group(TargetGroupArn=group["TargetGroupArn"])
    night.control.clear_calls()
    plan = planned(night, "rebuild", "deployer-api", "--keep", "target-group", code=9)
    assert plan["blockers"]
    assert all(one.keys() >= {"component", "message", "hint"} for one in plan["blockers"])
    screen = night.on_terminal("rebuild", "deployer-api", "--keep", "target-group")
    assert screen.ends() == 9
    assert "BLOCKED" in screen.text
    assert "account ID to" not in screen.text
    assert night.changes() == []


def test_what_could_not_be_read_is_kept_and_told(night):
    night.control.add_fault("route53", "GetHealthCheck", code="AccessDenied", status=403)
    plan = planned(night, "remove", "deployer-api", code=8)
    assert "health-check" not in kinds_of(plan)
    (kept,) = [one for one in plan["kept"] if one["kind"] == "health-check"]
    assert "unreadable" in kept["why"]


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("command", ["remove", "rebuild"])
def test_no_line_of_a_screen_is_wider_than_the_terminal(night, command, columns):
    if command == "rebuild":
        night.delete_service()
    screen = night.on_terminal(command, "deployer-api", "--dry-run", columns=columns)
    screen.sees("account ID")
    lines = screen.text.splitlines()
    assert max(map(len, lines)) <= columns, max(lines, key=len)
    assert any(line.startswith("PLAN  ") for line in lines)
    assert ID not in screen.text.partition("PLAN")[2]
    screen.types("\x03")
    assert screen.ends() == 130


def test_screens_are_ascii_where_the_terminal_is(night):
    night.more = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api").answers(ID)
    assert screen.ends() == 0
    assert screen.text.isascii()
    assert "recovered" in screen.text


def test_where_the_state_directory_cannot_be_written_no_run_begins(night):
    night.delete_service()
    (night.folder / "state").write_text("a file")
    screen = night.on_terminal("rebuild", "deployer-api")
    assert screen.ends() == 1
    assert "account ID to" not in screen.text
    assert night.changes() == []
