"""The prompt: what answers it, what does not, and that nothing reaches AWS before it is answered."""

import json
import signal
from datetime import UTC, datetime

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.errors import Interrupted, WrongAccount
from breakglass.model.account import Account, Environment
from breakglass.running.tools import Caller
from breakglass.ui.confirm import Confirmation, is_answer, question

ID, STAGING = "111122223333", "444455556666"
ARN = f"arn:aws:sts::{ID}:assumed-role/BreakGlass/ana"
UNICODE = "".join(chr(0x0660 + int(digit)) for digit in ID)
OTHER_DIGITS = "\u0660\u0661\u0662\u0663\uff14\uff15\uff16\uff17\u00b2\u07c1"
WIDE = "".join(chr(0xFF10 + int(digit)) for digit in ID)


# What is an answer


@given(st.text(), st.text(alphabet=" \t\n\r", max_size=5))
def test_only_the_twelve_digits_are_an_answer(text, space):
    assert is_answer(text, ID) == (text.strip() == ID)
    assert is_answer(f"{space}{ID}{space}", ID)


@given(st.lists(st.sampled_from(f"0123456789{OTHER_DIGITS}"), min_size=12, max_size=12).map("".join))
def test_digits_of_other_scripts_are_no_answer(text):
    as_number = "".join(str(int(character)) if character.isdecimal() else "2" for character in text)
    assert is_answer(text, as_number) == text.isascii()


class Answers:
    """An operator who answers one thing after the other."""

    def __init__(self, *answers):
        self.left = list(answers)
        self.asked = []

    def text(self, message):
        self.asked.append(message)
        answer = self.left.pop(0)
        if isinstance(answer, type):
            raise answer
        return answer


class Paper:
    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        """Nothing is kept back."""


def ask(*answers, environment=Environment.PRODUCTION, then=Caller(ID, ARN), given_id=None):
    account = Account(ID, ARN, "acme-prod", "production", environment)
    paper, operator = Paper(), Answers(*answers)
    asked = Confirmation(account, lambda: then, lambda: datetime(2026, 11, 23, tzinfo=UTC), operator, paper, given_id)
    return asked, operator, paper


@pytest.fixture(name="typing")
def _typing(monkeypatch):
    monkeypatch.setattr("breakglass.ui.confirm.insist_on_terminal", lambda *_: None)


@pytest.mark.parametrize("environment", [*Environment, None])
def test_the_prompt_says_account_id_and_environment_on_one_short_line(environment):
    account = Account(ID, ARN, "a" * 63, "production", environment)
    said = question(account)
    assert "account ID" in said
    assert len(f"? {said} {ID}") <= 80
    assert ID not in said
    plain = question(Account(ID, ARN, "acme-prod", "production", Environment.PRODUCTION))
    assert plain == "Type the account ID to change PRODUCTION (acme-prod):"


@pytest.mark.usefixtures("typing")
def test_three_tries_are_given_and_not_a_fourth():
    for wrong in range(3):
        asked, operator, paper = ask(*["no"] * wrong, ID)
        assert asked.permit().caller == ARN
        assert len(operator.asked) == wrong + 1
        assert ID not in paper.text
    asked, operator, paper = ask("no", STAGING, "", ID)
    with pytest.raises(WrongAccount) as refused:
        asked.permit()
    assert operator.left == [ID]
    assert ID not in paper.text + refused.value.what + refused.value.hint


@pytest.mark.usefixtures("typing")
@pytest.mark.parametrize("gone", [KeyboardInterrupt, EOFError])
def test_who_leaves_the_prompt_has_not_confirmed(gone):
    asked, _, _ = ask("no", gone)
    with pytest.raises(Interrupted) as left:
        asked.permit()
    assert left.value.exit_code == 130
    assert left.value.changed == "Nothing was changed."


@pytest.mark.usefixtures("typing")
@pytest.mark.parametrize("then", [Caller(STAGING, ARN), Caller(ID, ARN.replace("ana", "bob"))])
def test_who_we_are_is_asked_again_after_the_answer(then):
    asked, _, _ = ask(ID, then=then)
    with pytest.raises(WrongAccount) as refused:
        asked.permit()
    assert ID not in refused.value.what


@given(st.text(max_size=20))
def test_nothing_given_on_the_command_line_opens_a_protected_account(given_id):
    for environment in (Environment.PRODUCTION, None):
        for one in (given_id, ID):
            asked, operator, _ = ask(environment=environment, given_id=one)
            with pytest.raises(WrongAccount):
                asked.permit()
            assert operator.asked == []
    asked, _, _ = ask(environment=Environment.REHEARSAL, given_id=given_id)
    if given_id != ID:
        with pytest.raises(WrongAccount):
            asked.permit()


# The real prompt


@pytest.mark.parametrize(
    "wrong",
    [
        ("444455556666", "1111-2222-3333", "1111 2222 3333"),
        ("", UNICODE, WIDE),
        ("yes", "production", "11112222333"),
        ("1111222233334", "\x1b[31m444455556666", "'; rm -rf ~ #"),
        (f"{ID}x", f"x{ID}", "acme-prod"),
    ],
)
def test_wrong_answers_end_with_exit_5_and_nothing_is_sent(night, wrong):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api")
    for answer in wrong:
        screen.answers(answer).sees("not the ID of this account")
    assert screen.ends() == 5
    assert night.changes() == []
    said = screen.text
    if not any(ID in answer for answer in wrong):
        assert ID not in said
    assert "Nothing was changed." in said
    assert said.count("is not the ID of this account") == 3


def test_piped_standard_input_never_answers(night):
    night.delete_service()
    ended = night.run("rebuild", "deployer-api", stdin=f"{ID}\n" * 5)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "Nothing was changed." in ended.stderr
    assert "Traceback" not in ended.stderr
    screen = night.on_terminal("rebuild", "deployer-api", line=f"echo {ID} | {{}}")
    assert screen.ends() == 3
    assert "no terminal" in screen.text
    closed = night.on_terminal("rebuild", "deployer-api", line="{} <&-")
    assert closed.ends() == 3
    assert night.changes() == []


def test_a_bracketed_paste_with_its_newline_is_stripped(night):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api")
    screen.sees("account ID").types(f"\x1b[200~  {ID}\n\x1b[201~").types("\r")
    assert screen.ends() == 0
    assert night.changes() == ["ecs:CreateService"]


def test_what_was_typed_before_the_prompt_appeared_is_no_answer(night):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api")
    for _ in range(3):
        screen.child.send(f"{ID}\r")
    screen.sees("half-deleted")
    screen.child.send(f"{ID}\r")
    screen.sees("account ID")
    with pytest.raises(pexpect.TIMEOUT):
        screen.sees("confirmed by", timeout=2)
    screen.types("\x03")
    assert screen.ends() == 130
    assert night.changes() == []


def test_the_rest_of_a_wrong_answer_does_not_answer_again(night):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api")
    screen.sees("account ID").types(f"no\r{ID}\r{ID}\r")
    screen.sees("2 more tries")
    with pytest.raises(pexpect.TIMEOUT):
        screen.sees("confirmed by", timeout=2)
    screen.types("\x03")
    assert screen.ends() == 130
    assert night.changes() == []


@pytest.mark.parametrize(
    ("redirected", "form"),
    [(">out", "table"), (">out 2>err", "table"), (">out", "json"), ("| cat >out", "json")],
)
def test_the_prompt_is_on_the_terminal_wherever_the_output_goes(night, redirected, form):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api", "-o", form, line=f"{{}} {redirected}")
    screen.sees("PLAN").answers(ID)
    assert screen.ends() == 0
    result = (night.folder / "out").read_text()
    if form == "json":
        assert json.loads(result)["outcome"] == "recovered"
    else:
        assert result.lstrip().startswith("COMPONENT")
        assert "deployer-api is recovered" in result
    assert "account ID to" not in result


@pytest.mark.parametrize("keys", ["\x03", "\x04"])
def test_leaving_the_prompt_changes_nothing_and_leaves_the_terminal_as_it_was(night, keys):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api", line="{}; echo exit $?; stty -a")
    screen.sees("account ID").types(keys)
    screen.ends()
    assert "exit 130" in screen.text
    assert " icanon" in screen.text
    assert " echo " in screen.text
    assert night.changes() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_prompt_is_like_ctrl_c(night, number):
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api")
    screen.sees("account ID")
    screen.child.kill(number)
    assert screen.ends() == 130
    assert night.changes() == []


def test_a_script_may_confirm_a_rehearsal_account_and_no_other(night):
    night.delete_service()
    refused = night.run("rebuild", "deployer-api", "--confirm-account", ID)
    assert refused.returncode == 5
    assert "rehearsal" in refused.stderr
    night.delete_service(account="staging")
    night.account = "staging"
    wrong = night.run("rebuild", "deployer-api", "--confirm-account", ID)
    assert wrong.returncode == 5
    assert night.changes() == []
    right = night.run("rebuild", "deployer-api", "--confirm-account", STAGING, "-o", "json")
    assert right.returncode == 0, right.stderr
    assert json.loads(right.stdout)["outcome"] == "recovered"
    assert night.changes() == ["ecs:CreateService"]
    assert [entry.get("how") for entry in night.journal() if entry["event"] == "confirmed"] == ["confirm-account"]


def test_ctrl_c_while_aws_is_being_read_changes_nothing(night):
    night.delete_service()
    night.control.add_fault("ecs", "*", "delay", seconds=3)
    screen = night.on_terminal("rebuild", "deployer-api")
    screen.sees("ACCOUNT").types("\x03")
    assert screen.ends() == 130
    assert "Nothing was changed." in screen.text
    assert night.changes() == []


def test_a_quick_hand_is_heard_at_every_question(night):
    """Keys that are hit in the very moment in which the question is seen are its answer, also after a wrong one."""
    night.delete_service()
    screen = night.on_terminal("rebuild", "deployer-api")
    for _ in range(3):
        screen.sees("account ID")
        screen.child.send("999999999999\r")
    assert screen.ends(30) == 5
    assert screen.text.count("That is not the ID") == 3
    assert night.changes() == []
