"""Everything else that can be typed: in the README, in guides, within sentences, and on other nights."""

import shutil
from contextlib import contextmanager

import pytest

from breakglass.model.command_lines import words_of
from breakglass.ui.command_lines import wrong_with
from tests.documents.collecting import HEALTHY, documents, filled, left_to_type, unmet
from tests.recovery.worlds import differences
from tests.ui.journeys.conftest import STAGING

REMOVAL = "breakglass remove deployer-api --account production"
"""What RB-02 names for a service that is meant to go; in RB-08 it was the wrong account."""
SENTENCES = {
    "ACCOUNT": "production",
    "NAME": "production",
    "OTHER": "billing-api",
    "FAMILY": "deployer-api",
    "REV": "41",
}
"""What stands for the placeholders of commands within sentences."""
CANNOT_ASK = 3
RATE = 60
"""Seconds that pass in the sandbox for each of ours: a drill leaves it at its own."""
NOT_TYPED = {
    "aws configure": "is typed with its profile, out of the safe",
    "aws sso login": "the sandbox has no SSO",
    "breakglass runbook run RB-42": "an example; there is none of that number",
    "breakglass sandbox": "stays until Ctrl-C; every test here works in one",
}


@pytest.fixture(name="nights")
def _nights(operator, tmp_path):
    """The worlds that a comment before a block may name: each is made, and says what it was before, if that matters."""

    def removed():
        before = operator.control.world()["settled"]
        operator.control.set_rate(RATE)
        assert operator.confirms(REMOVAL, waits="Enter ends this wait").code == 0
        return before

    def safe():
        for name, file in (("AWS_CONFIG_FILE", "aws-config"), ("AWS_SHARED_CREDENTIALS_FILE", "aws-credentials")):
            operator.more[name] = str(shutil.copy(operator.sandbox.folder / file, tmp_path / file))

    return {HEALTHY: lambda: None, "removed": removed, "safe": safe}


@pytest.fixture(name="same_sandbox")
def _same_sandbox(sandbox, monkeypatch):
    """`rehearse` within this process plays in the sandbox that is there, in its first state."""

    @contextmanager
    def there():
        sandbox.control.reset()
        yield sandbox

    monkeypatch.setattr("breakglass.ui.sandboxed.sandbox", there)


@pytest.mark.parametrize(("path", "world"), sorted({(one.path, one.world) for one in left_to_type()}))
def test_each_line_does_what_is_said(path, world, operator, nights, same_sandbox):
    before = nights[world]()
    for one in left_to_type():
        if (one.path, one.world) == (path, world):
            operator.control.set_rate(RATE)
            ended = operator.follows(one)
            assert ended.code == one.exit, f"{one.place}: {one.filled}\n{ended.text}"
            assert not unmet(one.expect, ended.text), f"{one.place}: {unmet(one.expect, ended.text)}\n{ended.text}"
    if before is not None:
        assert differences(before, operator.control.world()["settled"]) == []


def sentences():
    """Every distinct command within a sentence that no block has, and where it stands first."""
    found = {}
    for one in documents():
        for line, text in one.inline:
            found.setdefault(text, f"{one.path}:{line}")
    typed = {one.key for every in documents() for one in every.typed}
    return {text: place for text, place in found.items() if text not in NOT_TYPED and filled(text, {}) not in typed}


def test_commands_within_sentences_work_too(operator):
    """With a run and a snapshot to speak of. A name alone, such as `breakglass recover`, only has to be one."""
    operator.control.set_rate(RATE)
    operator.account = "staging"
    assert operator.runs(f"breakglass remove deployer-api --only alarm --confirm-account {STAGING}").code == 0
    operator.account = "production"
    assert operator.runs("breakglass snapshot deployer-api").code == 0
    for text, place in sentences().items():
        line = filled(text, SENTENCES | operator.known | {"DIR": str(operator.state)})
        words = words_of(line)
        assert words, f"{place}: {line}"
        if wrong_with(words[1:]) is not None:
            assert wrong_with(words[1:], only_names=True) is None, f"{place}: {line}"
            continue
        ended = operator.runs(line)
        asks = words[1] == "remove" and "--dry-run" not in words
        assert ended.code == (CANNOT_ASK if asks else 0), f"{place}: {line}\n{ended.text}"
