"""The guide, and snapshots."""

import json
import re

ID = "111122223333"


def test_off_a_terminal_the_guide_says_what_it_knows_and_ends_with_exit_3(night):
    night.delete_service()
    ended = night.run("recover", "deployer-api")
    assert (ended.returncode, ended.stdout) == (3, "")
    said = " ".join(ended.stderr.split())
    assert "Part of deployer-api is gone: ECS service wonderland/deployer-api; " in said
    assert "Recommended: rebuild only what is missing" in said
    assert "DO NOW breakglass rebuild deployer-api" in said
    assert night.changes() == []


def test_the_guide_leads_from_an_outage_to_a_healthy_service(night):
    night.delete_service()
    screen = night.on_terminal("recover", "deployer-api")
    screen.sees("What now?").types("\r").answers(ID)
    screen.sees("deployer-api is recovered")
    screen.sees("Recommended:").sees("save a snapshot").sees("What now?").types("\r")
    screen.sees("Saved as snapshot").sees("What now?").types("\x03")
    assert screen.ends() == 0
    assert night.changes() == ["ecs:CreateService"]
    assert len(list(night.state.glob("snapshots/*/*/*/*.json"))) == 1


def test_the_guide_goes_on_after_a_question_that_was_left(night):
    night.delete_service()
    screen = night.on_terminal("recover", "deployer-api")
    screen.sees("What now?").types("\r")
    screen.sees("account ID").types("\x03")
    screen.sees("was not confirmed").sees("What now?").types("\x1b[A\r")  # up from the first is the last: quit
    assert screen.ends() == 0
    assert night.changes() == []


def test_three_wrong_answers_end_the_guide_too(night):
    night.delete_service()
    screen = night.on_terminal("recover", "deployer-api")
    screen.sees("What now?").types("\r")
    for _ in range(3):
        screen.answers("no").sees("not the ID")
    assert screen.ends() == 5
    assert night.changes() == []


def test_details_are_masked(night):
    night.aws("dynamodb").update_item(
        TableName="wonderland-services", Key={"name": {"S": "deployer-api"}},
        UpdateExpression="SET apiToken = :t", ExpressionAttributeValues={":t": {"S": "open-sesame"}},
    )  # fmt: skip
    screen = night.on_terminal("recover", "deployer-api")
    screen.sees("What now?").types("\x1b[B\x1b[B\x1b[B\r").sees("Which one?").types("\r")
    screen.sees("What now?").types("\x03")
    assert screen.ends() == 0
    assert "open-sesame" not in screen.text


def test_a_snapshot_prints_its_id_alone(night):
    ended = night.run("snapshot", "deployer-api")
    assert ended.returncode == 0
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{4}\n", ended.stdout)
    known_as = ended.stdout.strip()
    assert night.changes() == []
    assert json.loads(night.run("snapshot", "list", "-o", "json").stdout)["snapshots"][0]["id"] == known_as
    assert known_as in night.run("snapshot", "list", "deployer-api").stdout
    assert known_as not in night.run("snapshot", "list", "billing-api").stdout


def test_snapshots_are_shown_and_compared_without_their_secrets(night):
    table = night.aws("dynamodb")

    def save(secret):
        table.update_item(
            TableName="wonderland-services", Key={"name": {"S": "deployer-api"}},
            UpdateExpression="SET apiToken = :t, revision = revision + :one",
            ExpressionAttributeValues={":t": {"S": secret}, ":one": {"N": "1"}},
        )  # fmt: skip
        return night.run("snapshot", "deployer-api").stdout.strip()

    first, second = save("open-sesame"), save("swordfish")
    said = [
        night.run("snapshot", *words, "-o", form).stdout
        for words in (["show", first], ["show", second], ["diff", first, second])
        for form in ("table", "json")
    ]
    assert all(said)
    assert not any(secret in one for one in said for secret in ("open-sesame", "swordfish"))
    changed = {one["field"] for one in json.loads(said[5])["differences"]}
    assert any("apiToken" in field for field in changed if field)
    assert any("revision" in field for field in changed if field)
    assert night.run("snapshot", "diff", first, first).stdout == "They do not differ.\n"


def test_cron_keeps_a_few_snapshots_and_the_last_healthy_one(night):
    healthy = night.run("snapshot", "deployer-api").stdout.strip()
    night.delete_service()
    for _ in range(3):
        assert night.run("snapshot", "deployer-api", "--keep", "1").returncode == 0
    left = [one["id"] for one in json.loads(night.run("snapshot", "list", "-o", "json").stdout)["snapshots"]]
    assert healthy in left
    assert len(left) == 2


def test_words_that_mean_nothing_are_a_usage_error(night):
    for words in (["show"], ["diff", "a"], ["list", "a", "b"], ["a", "b"], ["show", "nothing"]):
        assert night.run("snapshot", *words).returncode == 2
    assert night.control.calls() == []
