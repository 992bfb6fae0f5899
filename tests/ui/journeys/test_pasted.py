"""The lines of a plan, pasted one after the other into a shell: they do by hand what the program does."""

import json

import pytest

from breakglass.rehearsal.sandbox.accounts import PRODUCTION
from tests.aws.bash import started
from tests.recovery.worlds import differences

LONGER_THAN_ANY_WAIT = 400


@pytest.fixture(name="paste", scope="module")
def _paste():
    keys = {
        "AWS_ACCESS_KEY_ID": PRODUCTION.access_key,
        "AWS_SECRET_ACCESS_KEY": PRODUCTION.secret_key,
        "AWS_SESSION_TOKEN": PRODUCTION.session_token,
    }
    with started(**keys) as bash:
        yield bash.run


def without_binaries(dynamodb, service):
    """Version 1 of the CLI cannot say them; tests/aws/test_commands.py holds that."""
    entry = {"TableName": "wonderland-services", "Key": {"name": {"S": service}}}
    item = dynamodb.get_item(**entry)["Item"]
    for name in [name for name, typed in item.items() if "'B'" in str(typed)]:
        removed = {"UpdateExpression": "REMOVE #name", "ExpressionAttributeNames": {"#name": name}}
        dynamodb.update_item(**entry, **removed)


@pytest.mark.parametrize("service", ["deployer-api", "image-api"])
def test_by_hand_a_service_is_removed_and_comes_back(night, paste, monkeypatch, service):
    monkeypatch.setenv("AWS_ENDPOINT_URL", night.sandbox.url)
    night.control.set_rate(0)
    without_binaries(night.aws("dynamodb"), service)
    night.control.clear_calls()
    before = night.control.world()["settled"]
    snapshot = night.run("snapshot", service)
    assert snapshot.returncode == 0, snapshot.stderr

    def by_hand(*arguments):
        planned = night.run(*arguments, "--dry-run", "-o", "json")
        assert planned.returncode == 0, planned.stderr
        calls = [call for step in json.loads(planned.stdout)["steps"] for call in step["calls"]]
        assert night.changes() == []
        for call in calls:
            known = [f"{line} || exit" for line in call["variables"].values()]
            pasted = paste("\n".join([*known, call["cli"]]))
            assert pasted.returncode == 0, (call["cli"], pasted.stderr)
            night.control.advance(LONGER_THAN_ANY_WAIT)
        assert len(night.changes()) == len(calls) > 5
        night.control.clear_calls()

    by_hand("remove", service)
    assert f"{service} is gone" in night.run("inventory", service).stdout
    night.control.clear_calls()
    by_hand("rebuild", service, "--snapshot", snapshot.stdout.strip())
    assert differences(before, night.control.world()["settled"]) == []
