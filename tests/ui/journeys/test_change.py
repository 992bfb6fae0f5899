"""Removing and rebuilding on a terminal: what refuses it, what it does, and how it says what was reached."""

import json
import os
import re
import signal
import time

import pytest

from breakglass.model.inventory import Finding, Severity
from breakglass.rehearsal.sandbox.accounts import ACCOUNTS
from breakglass.ui.confirm_gates import refusals_of

ID, STAGING = "111122223333", "444455556666"
REMOVAL = ("remove", "deployer-api", "--account", "production")


def health(night):
    return json.loads(night.run("inventory", "deployer-api", "-o", "json").stdout)["diagnosis"]["state"]


def until_settled(night, seconds=30):
    """The journal's last event, once nobody writes on it any more."""
    last, until = None, time.monotonic() + seconds
    while time.monotonic() < until:
        events = night.journal()
        if events and last == events[-1]:
            return events
        last = events[-1] if events else None
        time.sleep(1)
    return night.journal()


# What refuses a change


def refused(night, *arguments, words, code=5):
    screen = night.on_terminal(*arguments)
    assert screen.ends() == code, screen.text
    assert words in " ".join(screen.text.split())
    assert "account ID to" not in screen.text
    assert "Nothing was changed." in screen.text
    assert night.changes() == []
    return screen


def test_what_serves_is_only_removed_from_a_protected_account_that_was_named(night):
    screen = refused(night, "remove", "deployer-api", words="is serving")
    assert re.search(r"DO NOW +If you mean it: breakglass remove deployer-api --account production", screen.text)
    night.account = "staging"
    on_staging = night.on_terminal("remove", "deployer-api").sees("account ID").types("\x03")
    assert on_staging.ends() == 130


def test_the_account_that_was_named_is_the_one_or_nothing_else_is_read(night):
    refused(night, "rebuild", "deployer-api", "--account", "staging", "--profile", "sandbox-production", words="means")
    assert {call["service"] for call in night.control.calls()} == {"sts"}


@pytest.fixture(name="configured")
def _configured(night):
    def write(old, new):
        text = (night.sandbox.folder / "breakglass.toml").read_text()
        assert old in text
        path = night.folder / "breakglass.toml"
        path.write_text(text.replace(old, new))
        night.more["BREAKGLASS_CONFIG"] = str(path)

    return write


def test_an_account_that_is_not_configured_is_read_and_never_changed(night, configured):
    night.delete_service()
    configured(f'id = "{ID}"', 'id = "123456789012"')
    screen = refused(night, "rebuild", "deployer-api", words="not in the configuration")
    assert "PLAN" not in screen.text
    dry = night.run("rebuild", "deployer-api", "--dry-run", "-o", "json")
    assert dry.returncode == 0
    assert json.loads(dry.stdout)["account"]["environment"] is None
    assert "a run would be refused" in dry.stderr
    on_terminal = night.on_terminal("rebuild", "deployer-api", "--dry-run")
    assert on_terminal.ends() == 0
    assert "account ID to" not in on_terminal.text


def test_changes_in_other_regions_than_the_account_s_are_refused(night, configured):
    configured('regions = ["eu-west-1"]', 'regions = ["eu-central-1"]')
    refused(night, "rebuild", "deployer-api", words="not among the regions of production: eu-central-1")


def test_exported_keys_and_a_profile_together_need_a_word_which_is_meant(night):
    night.delete_service()
    held = ACCOUNTS[0]
    night.more = {
        "AWS_ACCESS_KEY_ID": held.access_key,
        "AWS_SECRET_ACCESS_KEY": held.secret_key,
        "AWS_SESSION_TOKEN": held.session_token,
    }
    refused(night, "rebuild", "deployer-api", words="Exported keys and AWS_PROFILE are both set")
    said = night.on_terminal("rebuild", "deployer-api", "--account", "production").answers(ID)
    assert said.ends() == 0


def test_resources_of_another_account_refuse_every_change():
    class Taken:
        findings = (
            Finding(Severity.INFO, "shared", "Shared.", "Kept."),
            Finding(Severity.CRITICAL, "other-account", "It names 123456789012.", "Look."),
        )

    (one,) = refusals_of(Taken())
    assert (one.exit_code, one.what) == (5, "It names 123456789012.")


def test_where_there_is_nothing_to_do_nothing_is_asked(night):
    for ended in (night.run("rebuild", "deployer-api"), night.run("rebuild", "deployer-api", "--dry-run")):
        assert ended.returncode == 0
        assert "account ID to" not in ended.stderr
    screen = night.on_terminal("rebuild", "deployer-api")
    assert screen.ends() == 0
    assert "Nothing to do" in screen.text
    assert not list((night.state / "runs").glob("*"))


def test_nothing_to_do_is_not_said_of_what_could_not_be_read(night):
    night.control.add_fault("route53", "GetHealthCheck", code="AccessDenied", status=403)
    screen = night.on_terminal("rebuild", "deployer-api")
    assert screen.ends() == 8
    assert "account ID to" not in screen.text


# What is done


def test_an_outage_ends_with_a_rebuild(night):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api")
    for words in ("ACCOUNT", "half-deleted", "PLAN", "Nothing has changed yet"):
        screen.sees(words)
    screen.answers(ID)
    assert screen.ends() == 0
    assert "deployer-api is recovered: " in screen.text
    assert re.search(r"ECS service wonderland/deployer-api +missing +-> +ok", screen.text)
    assert health(night) == "healthy"
    assert night.changes() == ["ecs:CreateService"]
    events = [entry["event"] for entry in night.journal()]
    assert events[:2] == ["planned", "confirmed"]
    assert events[-1] == "finished"
    assert events.count("intent") == events.count("result") == 1


def test_what_was_removed_is_rebuilt_from_the_run(night):
    screen = night.on_terminal(*REMOVAL).answers(ID)
    screen.sees("Enter ends this wait").types("\r")
    assert screen.ends() == 0
    assert health(night) == "gone"
    assert "is removed" in screen.text
    back = re.search(r"Way back: +breakglass (rebuild deployer-api --snapshot \S+) --account production", screen.text)
    screen = night.on_terminal(*back[1].split()).answers(ID)
    assert screen.ends() == 0
    assert "deployer-api is recovered" in screen.text
    assert health(night) == "healthy"
    assert [entry["event"] for entry in night.journal()][-1] == "finished"


def test_enter_pressed_before_the_wait_does_not_end_it(night):
    screen = night.on_terminal(*REMOVAL, "--only", "dns-record").answers(ID)
    screen.sees("Route 53's name servers all have the change").types("\r\r\r")
    screen.sees("Enter ends this wait")
    time.sleep(3)
    assert night.journal()[-1]["event"] == "waiting"
    screen.types("\r")
    assert screen.ends() == 0


def test_the_second_time_there_is_nothing_left_to_do(night):
    night.delete_service()
    assert night.on_terminal("rebuild", "deployer-api").answers(ID).ends() == 0
    night.control.clear_calls()
    assert night.on_terminal("rebuild", "deployer-api").ends() == 0
    assert night.changes() == []


def test_json_at_the_end_of_a_run_is_alone_on_standard_output(night):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api", "-o", "json", line="{} >out").answers(ID)
    assert screen.ends() == 0
    said = json.loads((night.folder / "out").read_text())
    assert said["run"] == night.run_id()
    assert {"component": "ecs-service wonderland/deployer-api", "before": "missing", "after": "ok"} in said[
        "components"
    ]


def test_recovered_is_not_said_where_a_step_was_skipped(night):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api", "--step").answers(ID)
    screen.sees("Step 1 of 1").types("skip\r")
    assert screen.ends() == 0
    assert "deployer-api is not recovered yet. It is half-deleted: " in " ".join(screen.text.split())
    assert "deployer-api is recovered" not in screen.text
    assert night.journal()[-1]["outcome"] == "finished"


# Choosing


def test_pick_takes_out_what_is_not_wanted(night):
    screen = night.on_terminal("remove", "deployer-api", "--account", "production", "--only", "alarm", "--pick")
    screen.sees("What to remove").types(" \r")
    screen.answers(ID)
    assert screen.ends() == 0
    assert night.changes() == ["cloudwatch:DeleteAlarms"]
    assert "not picked" in screen.text


def test_nothing_picked_is_nothing_to_do(night):
    screen = night.on_terminal("remove", "deployer-api", "--account", "production", "--only", "alarm", "--pick")
    screen.sees("What to remove").types("a\r")
    assert screen.ends() == 0
    assert "account ID to" not in screen.text
    assert night.changes() == []


def test_step_by_step_each_can_be_skipped_and_nothing_is_the_default(night):
    screen = night.on_terminal(
        "remove", "deployer-api", "--account", "production", "--only", "alarm", "--step"
    ).answers(ID)
    screen.sees("Step 1 of 2").types("\r")
    screen.sees("Step 1 of 2").types("y\r")
    screen.sees("Step 1 of 2").types("skip\r")
    screen.sees("Step 2 of 2").types("go\r")
    assert screen.ends() == 0
    assert night.changes() == ["cloudwatch:DeleteAlarms"]
    assert [entry["event"] for entry in night.journal()].count("skipped") == 1


@pytest.mark.parametrize("answer", ["stop\r", "\x03", "\x04"])
def test_step_by_step_the_run_can_be_stopped_and_resumed(night, answer):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api", "--step").answers(ID)
    screen.sees("Step 1 of 1").types(answer)
    assert screen.ends() == 130
    assert night.changes() == []
    assert "breakglass resume" in screen.text
    assert night.on_terminal("resume").answers(ID).ends() == 0
    assert health(night) == "healthy"


def test_a_signal_while_a_step_is_asked_about_stops_the_run(night):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api", "--step").answers(ID)
    screen.sees("Step 1 of 1")
    time.sleep(0.3)
    screen.child.kill(signal.SIGTERM)
    assert screen.ends() == 130
    assert night.journal()[-1]["event"] == "interrupted"
    assert night.changes() == []


@pytest.mark.parametrize("option", ["--pick", "--step"])
def test_questions_need_a_terminal(night, option):
    night.delete_service()
    assert night.run("rebuild", "deployer-api", option).returncode == 3
    assert night.changes() == []


# Stopping


@pytest.mark.parametrize("stop", ["ctrl-c", signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_says_how_to_go_on_and_goes_on(night, stop):
    night.control.set_rate(0.5)
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api").answers(ID)
    screen.sees("waiting until")
    if stop == "ctrl-c":
        screen.child.sendintr()
    else:
        screen.child.kill(stop)
    screen.sees("stopping after the call in flight", timeout=3)
    assert screen.ends() == 130
    run = night.run_id()
    assert f"breakglass resume {run}" in screen.text
    assert f"breakglass rebuild deployer-api --snapshot {run}" in screen.text
    assert [entry["event"] for entry in night.journal()][-1] == "interrupted"
    night.control.set_rate(60)
    night.control.clear_calls()
    again = night.on_terminal("resume").answers(ID)
    assert again.ends() == 0
    assert "deployer-api is recovered" in again.text
    assert night.changes() == []


def test_ctrl_c_twice_leaves_at_once(night):
    night.delete_service()
    night.control.add_fault("ecs", "CreateService", "delay", seconds=20)
    screen = night.on_terminal("rebuild", "deployer-api").answers(ID)
    screen.sees("sending ecs:CreateService")
    time.sleep(0.3)
    screen.child.sendintr()
    screen.sees("stopping after the call in flight", timeout=3)
    screen.child.sendintr()
    began = time.monotonic()
    assert screen.ends() == 130
    assert time.monotonic() - began < 5
    assert [entry["event"] for entry in night.journal()][-1] == "intent"


def test_closing_the_terminal_is_like_ctrl_c(night):
    night.control.set_rate(0.5)
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api").answers(ID)
    screen.sees("waiting until")
    os.close(screen.child.child_fd)
    screen.child.child_fd = -1
    screen.child.closed = True
    assert until_settled(night)[-1]["event"] == "interrupted"


def test_a_run_that_ignores_hang_ups_goes_on_without_its_terminal(night):
    night.control.set_rate(0.5)
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api", line="trap '' HUP; exec {}").answers(ID)
    screen.sees("waiting until")
    os.close(screen.child.child_fd)
    screen.child.child_fd = -1
    screen.child.closed = True
    night.control.set_rate(60)
    until = time.monotonic() + 60
    while time.monotonic() < until and night.journal()[-1]["event"] != "finished":
        time.sleep(1)
    assert night.journal()[-1]["outcome"] == "recovered"


def test_a_run_that_was_killed_goes_on_without_doing_anything_twice(night):
    night.control.set_rate(0.5)
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api").answers(ID)
    screen.sees("waiting until")
    screen.child.kill(signal.SIGKILL)
    assert screen.ends() == -signal.SIGKILL
    night.control.set_rate(60)
    again = night.on_terminal("resume").answers(ID)
    assert again.ends() == 0
    assert night.changes() == ["ecs:CreateService"]
    assert health(night) == "healthy"


def test_the_hint_leads_to_the_same_place(night):
    night.delete_service()
    elsewhere = night.folder / "elsewhere"
    night.control.add_fault("ecs", "CreateService", code="AccessDeniedException", status=400)
    screen = night.on_terminal(
        "rebuild", "deployer-api", "--account", "production", "--state-dir", str(elsewhere)
    ).answers(ID)
    assert screen.ends() == 7
    line = re.search(r"breakglass (resume \S+ --account production --state-dir \S+)", screen.text)
    night.control.clear_faults()
    assert night.on_terminal(*line[1].split()).answers(ID).ends() == 0
    assert health(night) == "healthy"
