"""The score is pure, and speed and safety do not know of each other."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from breakglass.model.plan import Purpose
from breakglass.rehearsal.evidence import Anchor, Evidence, Ran, Sent, Typed, read_commands, sent_calls, touched
from breakglass.rehearsal.score import Targets, findings_of, safety_of, times_of, unplanned
from breakglass.rehearsal.steady import Holding

BEGAN = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
OURS, OTHER = "111122223333", "444455556666"
moments = st.integers(0, 4000).map(lambda seconds: BEGAN + timedelta(seconds=seconds))
maybe = st.none() | moments
calls = st.builds(
    Sent,
    at=moments,
    service=st.sampled_from(["ecs", "elbv2", "sts", "route53"]),
    operation=st.sampled_from(["DescribeServices", "DeleteService", "CreateService"]),
    account=st.sampled_from([OURS, OTHER]),
    mutating=st.booleans(),
    status=st.sampled_from([200, 400, 0]),
    request_id=st.sampled_from(["a", "b", "c"]),
    deletes=st.booleans(),
)
typed = st.builds(
    Typed,
    at=moments,
    arguments=st.sampled_from([("rebuild", "x"), ("rebuild", "x", "--dry-run"), ("inventory", "x"), ()]),
    code=st.sampled_from([0, 5, 7]),
    ended=maybe,
)
runs = st.builds(
    Ran,
    run=st.just("r"),
    purpose=st.just(Purpose.REBUILD),
    account=st.sampled_from([OURS, OTHER]),
    planned=maybe,
    confirmed=maybe,
    requests=st.frozensets(st.sampled_from(["a", "b", "c"])),
)
evidences = st.builds(
    Evidence,
    began=st.just(BEGAN),
    account=st.just(OURS),
    sent=st.lists(calls, max_size=5).map(tuple),
    typed=st.lists(typed, max_size=3).map(tuple),
    runs=st.lists(runs, max_size=2).map(tuple),
    saved=st.lists(moments, max_size=2).map(tuple),
    touched=st.lists(st.just("target-group billing-api"), max_size=1).map(tuple),
    steady_since=maybe,
)


def stretched(evidence, factor):
    """The same night, `factor` times as slow."""

    def at(moment):
        return None if moment is None else BEGAN + (moment - BEGAN) * factor

    return replace(
        evidence,
        sent=tuple(replace(one, at=at(one.at)) for one in evidence.sent),
        typed=tuple(replace(one, at=at(one.at), ended=at(one.ended)) for one in evidence.typed),
        runs=tuple(replace(one, planned=at(one.planned), confirmed=at(one.confirmed)) for one in evidence.runs),
        saved=tuple(map(at, evidence.saved)),
        steady_since=at(evidence.steady_since),
    )


@given(evidences)
def test_it_is_pure(evidence):
    assert times_of(evidence) == times_of(evidence)
    assert safety_of(evidence) == safety_of(evidence)


@given(evidences, st.integers(2, 9))
def test_a_slow_night_is_not_less_safe(evidence, factor):
    assert safety_of(stretched(evidence, factor)) == safety_of(evidence)


@given(evidences)
def test_harm_to_others_makes_no_night_slower(evidence):
    assert times_of(replace(evidence, touched=("alarm x",), saved=())) == times_of(evidence)


@given(evidences)
def test_a_deletion_is_planned_only_by_its_request(evidence):
    journaled = {request for run in evidence.runs for request in run.requests}
    for one in unplanned(evidence, deletes=True):
        assert one.request_id not in journaled
        assert one.status == 200
    check = next(one for one in safety_of(evidence) if one.name == "unplanned deletions")
    assert check.good is not bool(unplanned(evidence, deletes=True))


@given(evidences)
def test_every_rule_that_is_broken_is_a_finding(evidence):
    checks = safety_of(evidence)
    found = findings_of(times_of(evidence), Targets(), checks, recovered=True)
    broken = [check.name for check in checks if check.good is False]
    assert [name for name in broken if not any(one.text.startswith(f"{name}: ") for one in found)] == []
    assert all(one.owner == one.due == "" for one in found)


@given(st.lists(st.booleans(), max_size=12))
def test_steady_holds_after_three_in_a_row_and_from_the_first_of_them(looks):
    holding, row, since = Holding(), 0, None
    for at, steady in enumerate(looks):
        since = since if steady and row else (at if steady else None)
        row = row + 1 if steady else 0
        assert holding.look(at, None if steady else "it is gone") is (row >= 3)
        assert holding.since == since


def test_the_referees_own_calls_are_not_the_operators():
    one = {"at": 100.0, "service": "ecs", "operation": "DeleteService", "account": OURS, "mutating": True,
           "status": 200, "request_id": "a", "user_agent": "Boto3 app/breakglass-referee", "params": {}}  # fmt: skip
    anchor = Anchor(BEGAN, 50.0, 10.0)
    assert sent_calls([one], anchor) == ()
    (sent,) = sent_calls([{**one, "user_agent": "aws-cli"}], anchor)
    assert sent.at == BEGAN + timedelta(seconds=5)
    assert sent.deletes


def test_a_replaced_record_is_no_deletion():
    def batch(*changes):
        made = [{"Action": action, "ResourceRecordSet": {"Name": name}} for action, name in changes]
        one = {"at": 0.0, "service": "route53", "operation": "ChangeResourceRecordSets", "account": OURS,
               "mutating": True, "status": 200, "request_id": "a", "user_agent": "",
               "params": {"ChangeBatch": {"Changes": made}}}  # fmt: skip
        return sent_calls([one], Anchor(BEGAN, 0.0, 1.0))[0].deletes

    assert not batch(("DELETE", "a."), ("CREATE", "a."))
    assert batch(("DELETE", "a."), ("CREATE", "b."))


def test_others_are_whatever_does_not_name_us():
    then = {OURS: {"r": {"target-group": {"a": {"n": "api"}, "b": {"n": "api-canary"}}}}, OTHER: {"r": {"alarm": {}}}}
    ours = re.compile(r"(?<![\w-])api(?![\w-])")
    changed = {
        OURS: {"r": {"target-group": {"b": {"n": "api-canary", "x": 1}, "c": {"n": "new"}}}},
        OTHER: {"r": {"alarm": {"api": {}}}},
    }
    assert list(touched(then, then, OURS, ours)) == []
    assert set(touched(then, changed, OURS, ours)) == {"target-group b", f"alarm api in account {OTHER}"}


def test_what_was_typed_is_read_back(tmp_path):
    log = tmp_path / "commands"
    assert read_commands(log) == ()
    log.write_text("1\t2\t0\tinventory\tx\nbroken\n3\t4\t130\trebuild\tx\t--dry-run\n")
    assert [one.arguments for one in read_commands(log)] == [("inventory", "x"), ("rebuild", "x", "--dry-run")]
