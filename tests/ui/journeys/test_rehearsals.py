"""Rehearsals in a real account, on a terminal: the account ID is typed, and the guide recovers what was broken."""

import json
import time

from tests.recovery.worlds import differences
from tests.ui.journeys.conftest import PRODUCTION, STAGING


def test_a_dry_run_asks_for_the_account_as_the_real_thing_does(night):
    screen = night.on_terminal("rehearse", "deployer-api", "--account", "production")
    screen.answers(STAGING).sees("That is not the ID").answers(PRODUCTION)
    assert screen.ends() == 0
    shown = screen.text
    assert (
        shown.index("PLAN  remove") < shown.index("PLAN  rebuild") < shown.index("nothing that is typed here changes")
    )
    assert "nothing would have failed tonight" in shown
    assert PRODUCTION not in shown.replace(f"{PRODUCTION}", "", 1), "only as it was typed"
    assert night.changes() == []


def test_a_live_rehearsal_is_recovered_with_the_guide(night):
    night.account = "staging"
    night.control.set_rate(600)
    before = night.control.world()["settled"]
    screen = night.on_terminal("rehearse", "deployer-api", "--account", "staging", "--live")
    screen.answers(STAGING).sees("DOWN  deployer-api").sees("How do you go on?").types("\r")
    screen.sees("What now?").types("\r").answers(STAGING).sees("deployer-api is recovered")
    screen.sees("What now?").types("\x03")
    assert screen.ends() == 0, screen.text
    assert "deployer-api is recovered: live:ecs-service" in screen.text
    assert differences(before, night.control.world()["settled"]) == []
    (drill,) = [json.loads(path.read_text()) for path in (night.state / "drills").glob("*.json")]
    assert (drill["kind"], drill["how"], drill["outcome"]) == ("live", "guide", "recovered")
    assert drill["subject"]["account"] == STAGING


def test_a_terminal_that_is_closed_restores_what_was_broken(night):
    night.account = "staging"
    night.control.set_rate(600)
    before = night.control.world()["settled"]
    screen = night.on_terminal("rehearse", "deployer-api", "--account", "staging", "--live")
    screen.answers(STAGING).sees("How do you go on?")
    screen.child.ptyproc.fileobj.close()
    while screen.child.isalive():
        time.sleep(0.2)
    assert night.changes()[-1] == "application-autoscaling:PutScheduledAction", "the last that had to be made again"
    assert differences(before, night.control.world()["settled"]) == []
