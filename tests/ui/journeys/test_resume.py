"""Going on with a run, and telling of runs afterwards."""

import json
import re

import pytest

ID, STAGING = "111122223333", "444455556666"


@pytest.fixture(name="stopped")
def _stopped(night):
    """A rebuild that was not allowed to do what it wanted."""
    night.delete_service()
    night.control.add_fault("ecs", "CreateService", code="AccessDeniedException", status=400)
    screen = night.on_terminal("rebuild", "deployer-api").answers(ID)
    assert screen.ends() == 7
    assert "ecs:CreateService" in screen.text
    night.control.clear_faults()
    night.control.clear_calls()
    return night


def test_there_is_nothing_to_resume_and_nothing_is_asked(night):
    ended = night.run("resume")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "Nothing to resume" in ended.stderr


def test_a_run_is_confirmed_again_and_goes_on(stopped):
    assert stopped.run("resume").returncode == 3
    screen = stopped.on_terminal("resume")
    screen.sees("PLAN").sees("Nothing has changed since").answers("no").sees("not the ID").answers(ID)
    assert screen.ends() == 0
    assert "deployer-api is recovered" in screen.text
    events = [entry["event"] for entry in stopped.journal()]
    assert "resumed" in events
    assert events[-1] == "finished"


def test_a_run_is_named_by_its_last_digits_and_goes_on_in_its_own_region(stopped):
    stopped.more = {"AWS_REGION": "eu-central-1"}
    screen = stopped.on_terminal("resume", stopped.run_id()[-4:]).answers(ID)
    assert screen.ends() == 0
    assert "eu-west-1" in screen.text
    assert stopped.run("resume", stopped.run_id(), "--region", "eu-central-1").returncode == 2


def test_a_run_of_another_account_is_left_alone(stopped):
    stopped.account = "staging"
    ended = stopped.run("resume", stopped.run_id())
    assert ended.returncode == 5
    assert stopped.run("resume").returncode == 0  # none of this account
    assert stopped.changes() == []


def test_leaving_the_prompt_leaves_the_run_as_it_was(stopped):
    before = stopped.journal()
    screen = stopped.on_terminal("resume").sees("account ID").types("\x03")
    assert screen.ends() == 130
    assert "Nothing more was changed" in screen.text
    assert stopped.journal() == before


def test_what_has_ended_is_not_gone_on_with(stopped):
    run = stopped.run_id()
    assert stopped.on_terminal("resume").answers(ID).ends() == 0
    again = stopped.run("resume", run)
    assert again.returncode == 0
    assert "Nothing to do" in again.stderr


def test_a_changed_world_closes_the_run_and_the_same_command_plans_afresh(night):
    removal = ("remove", "deployer-api", "--account", "production", "--only", "alarm")
    screen = night.on_terminal(*removal, "--step").answers(ID)
    screen.sees("Step 1 of 2").types("stop\r")
    assert screen.ends() == 130
    for region in ("eu-west-1", "us-east-1"):
        watch = night.aws("cloudwatch", region=region)
        for alarm in watch.describe_alarms(AlarmNamePrefix="deployer-api-")["MetricAlarms"]:
            kept = ("AlarmName", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "Dimensions")
            same = {name: alarm[name] for name in (*kept, "ComparisonOperator")}
            watch.put_metric_alarm(**same, Threshold=alarm["Threshold"] + 1)
    night.control.clear_calls()
    screen = night.on_terminal("resume").answers(ID)
    assert screen.ends() == 6
    assert night.changes() == []
    assert night.journal()[-1]["outcome"] == "closed: the world changed"
    again = night.run("resume", night.run_id())
    assert again.returncode == 6
    assert "Plan afresh: breakglass remove deployer-api" in again.stderr
    assert night.on_terminal(*removal).answers(ID).ends() == 0
    assert len(night.changes()) == 2


def test_a_run_that_nobody_confirmed_is_not_resumed(night):
    night.delete_service()
    assert night.on_terminal("rebuild", "deployer-api").sees("account ID").types("\x03").ends() == 130
    ended = night.run("resume", night.run_id())
    assert ended.returncode == 1
    assert "never confirmed" in ended.stderr
    assert "Nothing to resume" in night.run("resume").stderr


# Telling


def test_runs_are_listed_with_how_each_ended(stopped):
    listed = json.loads(stopped.run("runs", "-o", "json").stdout)["runs"]
    assert [(one["id"], one["outcome"], one["resumable"]) for one in listed] == [
        (stopped.run_id(), "stopped part-way", True)
    ]
    table = stopped.run("runs").stdout
    assert f"Go on: breakglass resume {stopped.run_id()}" in table
    assert ID not in table
    assert stopped.run("runs", "--state-dir", str(stopped.folder / "none")).stdout == "There are no runs.\n"


def test_a_timeline_tells_who_did_what_and_when(stopped):
    assert stopped.on_terminal("resume").answers(ID).ends() == 0
    calls = [call for call in stopped.control.calls() if call["mutating"]]
    told = json.loads(stopped.run("timeline", "-o", "json").stdout)
    assert told["outcome"] == "recovered"
    assert told["callers"] == [f"arn:aws:sts::{ID}:assumed-role/BreakGlass/ana"]
    assert [one["event"] for one in told["events"]] == [entry["event"] for entry in stopped.journal()]
    ids = {one["detail"].get("request_id") for one in told["events"]}
    assert {call["request_id"] for call in calls} <= ids
    for form in ("table", "markdown", "slack"):
        said = stopped.run("timeline", stopped.run_id(), "-o", form).stdout
        assert "ecs:CreateService" in said or form == "slack"
        assert "recovered" in said
    slack = stopped.run("timeline", "-o", "slack").stdout
    assert re.search(r"• \d\d:\d\d:\d\dZ \+ ECS service wonderland/deployer-api: step 1 is done", slack)


def test_a_postmortem_is_begun_with_what_the_journal_knows(stopped):
    said = stopped.run("timeline", "--postmortem").stdout
    for heading in (
        "# deployer-api outage postmortem",
        "## Impact",
        "## Root causes",
        "## Timeline",
        "## Action items",
    ):
        assert heading in said
    assert "AccessDenied" in said
    assert all(
        line.count("|") - line.count("\\|") == 3
        for line in said.partition("## Timeline")[2].splitlines()
        if line.startswith("|")
    )


def test_without_runs_a_timeline_is_a_usage_error(night):
    ended = night.run("timeline")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert night.control.calls() == []
