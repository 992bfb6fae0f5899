"""What goes wrong in the middle of a run: it stops where it should, says so, and goes on from there."""

import resource
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from breakglass.errors import (
    BreakglassError,
    CredentialsError,
    Interrupted,
    StoppedPartWay,
    WorldChanged,
    WrongAccount,
)
from breakglass.model.journal import Event
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import (
    carry_out,
    open_run,
    prepare_rebuild,
    prepare_removal,
    run_to_resume,
    save_snapshot,
)
from breakglass.running.tools import Caller, Decision, Operator
from tests.recovery.worlds import differences, of_others

BRIEF = "billing-api"
"""A service behind the shared load balancer, without scaling: nine calls away, and nine back."""
RECORDS = Choice(only=frozenset({"dns-record", "health-check"}))
UNTIL_IT_IS_GONE = 900


@dataclass
class Drill:
    """One run of one service: started, watched, resumed. What changed of anybody else's is asked at the end."""

    sandbox: object
    bench: object
    permit_for: object
    writer_for: object
    before: dict
    folder: object = None
    seen: list = field(default_factory=list)

    @property
    def control(self):
        return self.sandbox.control

    @property
    def service(self):
        return self.bench.settings.service

    def remove(self, choice=Choice()):
        return self._opened(prepare_removal(self.bench, choice))

    def rebuild(self, choice=Choice(), named=None):
        prepared = prepare_rebuild(self.bench, choice, named=named)
        assert prepared.plan.blockers == ()
        return self._opened(prepared)

    def _opened(self, prepared):
        assert prepared.plan.steps
        self.folder = open_run(self.bench, prepared)
        self.control.clear_calls()
        return prepared.plan

    def go(self, watch=lambda entry: None, operator=Operator(), bench=None):
        """Carry it out, or go on with it; `watch` sees each entry and may make trouble. Returns the outcome."""
        bench, entry = bench or self.bench, None
        writer = self.writer_for(self.folder.id)
        for entry in carry_out(bench, self.folder, self.permit_for(bench), writer, operator):
            self.seen.append(entry)
            watch(entry)
        return entry.detail["outcome"]

    def stops(self, error, watch=lambda entry: None, operator=Operator(), bench=None):
        """It stops with exactly this error, which says what is done, what is left, and how to go on."""
        with pytest.raises(BreakglassError) as caught:
            self.go(watch, operator, bench)
        assert type(caught.value) is error, repr(caught.value)
        assert caught.value.what
        assert caught.value.changed
        assert caught.value.hint
        return caught.value

    def can_be_resumed(self):
        found = run_to_resume(self.bench.state, self.bench.account.id, None)
        return found is not None and found.id == self.folder.id

    def sent(self, *operations):
        """The changing calls that reached AWS and were not refused, answered or not."""
        return [
            call["operation"]
            for call in self.control.calls()
            if call["mutating"] and call["status"] < 300 and (not operations or call["operation"] in operations)
        ]

    def tried(self, operation):
        return sum(call["operation"] == operation for call in self.control.calls())

    def gone(self):
        """Whether all of it is away, and nothing of anybody else's."""
        inventory = self.bench.look()
        left = [one for one in inventory.components if one.there and one.key.kind in REMOVED]
        return [str(one.key) for one in left if self.service in one.key.id or one.key.kind == "health-check"] == []


REMOVED = {"ecs-service", "target-group", "dns-record", "health-check", "alarm", "state-entry"}


@pytest.fixture
def drill_of(sandbox, bench_of, permit_for, writer_for):
    """`drill_of(service)`; once the test is over, the witness says that nothing of a neighbour has changed."""
    drills = []

    def drill(service=BRIEF):
        before = sandbox.control.world()["settled"]
        drills.append(Drill(sandbox, bench_of(service), permit_for, writer_for, before))
        return drills[-1]

    yield drill
    for one in drills:
        sandbox.control.clear_faults()
        assert of_others(differences(one.before, sandbox.control.world()["settled"]), one.service) == []


def once(event, do, number=1):
    """A watcher that does something when an event comes for the n-th time."""
    left = [number]

    def watch(entry):
        if entry.event is event:
            left[0] -= 1
            if left[0] == 0:
                do()

    return watch


def lost_service(drill, aws):
    """The outage: its ECS service is deleted, and nothing of it drains any more. Cron had saved a snapshot."""
    save_snapshot(drill.bench)
    aws("ecs").delete_service(cluster="wonderland", service=drill.service, force=True)
    drill.control.advance(UNTIL_IT_IS_GONE)


def test_credentials_expire_in_the_middle(drill_of):
    drill = drill_of()
    drill.remove()
    error = drill.stops(CredentialsError, once(Event.RESULT, lambda: drill.control.chaos("expire-credentials"), 2))
    assert error.exit_code == 4
    assert f"breakglass resume {drill.folder.id}" in error.hint
    assert "2 of" in error.changed or "1 of" in error.changed
    so_far = drill.sent()
    assert len(so_far) == 2
    drill.control.chaos("renew-credentials")
    assert drill.can_be_resumed()
    assert drill.go() == Outcome.FINISHED
    assert drill.gone()
    assert not [name for name, times in Counter(drill.sent("DeleteService", "DeleteRule")).items() if times > 1]


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ecs", "DeleteService", "AccessDeniedException"),
        ("elbv2", "DeleteTargetGroup", "AccessDenied"),
    ],
)
def test_a_denied_call_is_tried_twice_at_most(drill_of, service, operation, code):
    drill = drill_of()
    drill.remove()
    drill.control.add_fault(service, operation, code=code, status=403)
    error = drill.stops(StoppedPartWay)
    assert error.exit_code == 7
    prefix = "elasticloadbalancing" if service == "elbv2" else service
    assert f"{prefix}:{operation}" in error.what + error.hint
    assert drill.bench.account.caller in error.hint
    assert 1 <= drill.tried(operation) <= 2
    assert drill.seen[-1].event is Event.FAILED
    drill.control.clear_faults()
    assert drill.can_be_resumed()
    assert drill.go() == Outcome.FINISHED
    assert drill.gone()


@pytest.mark.parametrize(("code", "status", "times"), [("ThrottlingException", 400, 4), ("ServiceUnavailable", 503, 4)])
def test_every_call_is_refused_for_a_while(drill_of, code, status, times):
    """Reads and changes alike: rate limits and server errors are waited out, and nothing takes effect twice."""
    drill = drill_of()
    plan = drill.remove()
    drill.control.add_fault("*", code=code, status=status, times=times, message="Rate exceeded")
    assert drill.go() == Outcome.FINISHED
    assert not drill.control.faults()
    assert sorted(drill.sent()) == sorted(call.operation for call in plan.calls)
    assert drill.gone()


@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [(("elbv2", "DeleteRule"), "Throttling", 400), (("dynamodb", "DeleteItem"), "ServiceUnavailable", 503)],
)
def test_one_changing_call_is_refused_eight_times(drill_of, operation, code, status):
    drill = drill_of()
    plan = drill.remove()
    drill.control.add_fault(*operation, code=code, status=status, times=8)
    assert drill.go() == Outcome.FINISHED
    assert drill.tried(operation[1]) == 9
    assert sorted(drill.sent()) == sorted(call.operation for call in plan.calls)


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_the_connection_breaks_around_the_call_that_makes_the_service(drill_of, aws, kind):
    drill = drill_of("deployer-api")
    lost_service(drill, aws)
    drill.rebuild()
    drill.control.add_fault("ecs", "CreateService", kind, times=1)
    assert drill.go() == Outcome.RECOVERED
    assert len(drill.sent("CreateService")) == (2 if kind == "drop-before" else 1)
    assert differences(drill.before, drill.control.world()["settled"]) == []


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_the_connection_breaks_around_the_call_that_deletes_the_service(drill_of, kind):
    drill = drill_of()
    drill.remove()
    drill.control.add_fault("ecs", "DeleteService", kind, times=1)
    assert drill.go() == Outcome.FINISHED
    assert len(drill.sent("DeleteService")) == (2 if kind == "drop-before" else 1)
    assert drill.gone()


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_the_connection_breaks_around_records_and_checks(drill_of, kind):
    """Route 53 both ways: a record is never made twice, and no second health check is left behind."""
    drill = drill_of()
    lost = 2 if kind == "drop-before" else 1
    drill.control.add_fault("route53", "ChangeResourceRecordSets", kind, times=1)
    run = drill.remove(RECORDS).run
    assert drill.go() == Outcome.FINISHED
    assert len(drill.sent("ChangeResourceRecordSets")) == lost
    drill.control.add_fault("route53", "ChangeResourceRecordSets", kind, times=1)
    drill.control.add_fault("route53", "CreateHealthCheck", kind, times=1)
    drill.rebuild(named=run)
    assert drill.go() == Outcome.RECOVERED
    assert len(drill.sent("ChangeResourceRecordSets")) == lost
    assert len(drill.sent("CreateHealthCheck")) == lost
    assert differences(drill.before, drill.control.world()["settled"]) == []


class Nodding:
    """A clock that looks up seldom: a deadline of a quarter of an hour passes in a few looks."""

    def __init__(self, clock):
        self.now, self.elapsed, self._clock = clock.now, clock.elapsed, clock

    def wait(self, seconds):
        self._clock.wait(10 * seconds)


def test_a_service_that_sticks_in_draining_is_told_of_and_gone_on_with(drill_of):
    drill = drill_of()
    drill.bench = replace(drill.bench, clock=Nodding(drill.bench.clock))
    drill.control.chaos("stuck-draining", service=BRIEF)
    drill.remove()
    began = drill.bench.clock.elapsed()
    error = drill.stops(StoppedPartWay)
    assert drill.bench.clock.elapsed() - began >= 900
    assert "DRAINING" in error.what
    assert "2 tasks still run" in error.what
    assert "unable to assume the role" in error.what
    assert "DeleteTargetGroup" not in drill.sent()
    drill.control.chaos("unstick", service=BRIEF)
    assert drill.can_be_resumed()
    assert drill.go() == Outcome.FINISHED
    assert drill.sent("DeleteService") == ["DeleteService"]
    assert drill.gone()


def test_a_failed_deployment_ends_the_wait_at_once_and_says_why(drill_of, aws):
    drill = drill_of()
    lost_service(drill, aws)
    drill.control.chaos("fail-tasks", service=BRIEF)
    drill.rebuild()
    began = drill.bench.clock.elapsed()
    error = drill.stops(StoppedPartWay)
    assert drill.bench.clock.elapsed() - began < 300
    assert "circuit breaker" in error.what
    assert "CannotPullContainerError" in error.what, "a failed deployment alone says nothing that helps"
    drill.control.chaos("heal-tasks", service=BRIEF)
    aws("ecs").update_service(cluster="wonderland", service=BRIEF, forceNewDeployment=True)
    assert drill.go() == Outcome.RECOVERED
    assert drill.sent("CreateService") == ["CreateService"]
    assert differences(drill.before, drill.control.world()["settled"]) == []


def change_group(aws, world):
    aws("elbv2").modify_target_group(TargetGroupArn=world.group(BRIEF)["TargetGroupArn"], HealthCheckPath="/other")


def change_record(aws, world):
    (record,) = world.records(f"{BRIEF}.example.com.")
    world.change(("UPSERT", {**record, "Weight": 7}))


def change_entry(aws, world):
    aws("dynamodb").update_item(
        TableName="wonderland-services",
        Key={"name": {"S": BRIEF}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "deploying"}},
    )


def change_service(aws, world):
    aws("ecs").update_service(cluster="wonderland", service=BRIEF, enableExecuteCommand=False)


CHANGES = {
    "target-group": change_group,
    "dns-record": change_record,
    "state-entry": change_entry,
    "ecs-service": change_service,
}


BEFORE, AFTER = "before the first step", "after the first call"


@pytest.mark.parametrize(
    ("kind", "when"), [*((kind, BEFORE) for kind in CHANGES), ("target-group", AFTER), ("state-entry", AFTER)]
)
def test_somebody_else_changes_a_piece(drill_of, aws, world, kind, when):
    """The run ends before that piece, and is closed: nobody goes on with a plan of another world."""
    drill = drill_of()
    plan = drill.remove()

    def change():
        CHANGES[kind](aws, world)
        drill.control.clear_calls()

    error = drill.stops(WorldChanged, once(Event.RESULT if when is AFTER else Event.CONFIRMED, change))
    assert error.exit_code == 6
    at = next(step.id for step in plan.steps if step.component.kind == kind)
    calls = [call.operation for step in plan.steps if step.id < at for _, call in step.calls]
    assert drill.sent() == (calls if when is BEFORE else calls[1:])
    assert drill.seen[-1].event is Event.FINISHED
    assert drill.seen[-1].detail["outcome"] == Outcome.CHANGED
    assert not drill.can_be_resumed()
    assert drill.remove().steps, "planned afresh, it goes on with what is left"


def before_the_call(drill, operation, do):
    """A watcher that does something once the call is announced and before it is sent."""
    left = [1]

    def watch(entry):
        announced = entry.event is Event.INTENT and entry.detail["operation"].endswith(f":{operation}")
        if announced and left.pop():
            do()
            drill.control.clear_calls()
            left.append(0)

    return watch


@pytest.mark.parametrize(
    ("kind", "operation"), [("dns-record", "ChangeResourceRecordSets"), ("state-entry", "DeleteItem")]
)
def test_somebody_else_is_faster_by_a_moment(drill_of, aws, world, kind, operation):
    """After the look, before the call: AWS refuses what is no longer so, and a second look says who was there."""
    drill = drill_of()
    drill.remove()
    error = drill.stops(WorldChanged, before_the_call(drill, operation, lambda: CHANGES[kind](aws, world)))
    assert error.exit_code == 6
    assert drill.sent() == []
    assert drill.seen[-1].event is Event.FINISHED
    assert drill.seen[-1].detail["outcome"] == Outcome.CHANGED
    assert not drill.can_be_resumed()
    assert drill.remove().steps


def test_somebody_else_makes_it_in_the_same_moment(drill_of, aws, world):
    """A record of that name that leads elsewhere: nobody's is overwritten, and the run is closed."""
    drill = drill_of()
    run = drill.remove(RECORDS).run
    (was,) = world.records(f"{BRIEF}.example.com.")
    assert drill.go() == Outcome.FINISHED
    drill.rebuild(named=run)
    other = {**was, "ResourceRecords": [{"Value": world.balancer("image-api")["DNSName"]}]}
    other.pop("HealthCheckId")
    make = before_the_call(drill, "ChangeResourceRecordSets", lambda: world.change(("CREATE", other)))
    assert drill.stops(WorldChanged, make).exit_code == 6
    assert world.records(f"{BRIEF}.example.com.") == [other]
    assert not drill.can_be_resumed()


@pytest.mark.parametrize(("delete", "operation"), [("record", "ChangeResourceRecordSets"), ("entry", "DeleteItem")])
def test_somebody_else_does_the_same_in_that_moment(drill_of, aws, world, delete, operation):
    """AWS refuses to delete what is gone; it was to go anyway."""
    drill = drill_of()
    drill.remove()
    do = {"record": delete_record, "entry": delete_entry}[delete]
    assert drill.go(before_the_call(drill, operation, lambda: do(aws, world))) == Outcome.FINISHED
    assert operation not in drill.sent()
    assert drill.gone()


def test_what_aws_refuses_although_nobody_was_there_can_be_gone_on_with(drill_of):
    """A refusal alone is no sign of somebody else."""
    drill = drill_of()
    drill.remove()
    drill.control.add_fault("dynamodb", "DeleteItem", code="ConditionalCheckFailedException", status=400)
    assert drill.stops(StoppedPartWay).exit_code == 7
    drill.control.clear_faults()
    assert drill.can_be_resumed()
    assert drill.go() == Outcome.FINISHED


def delete_rule(aws, world):
    aws("elbv2").delete_rule(RuleArn=world.rule(BRIEF)["RuleArn"])


def delete_record(aws, world):
    (record,) = world.records(f"{BRIEF}.example.com.")
    world.change(("DELETE", record))


def delete_check(aws, world):
    (record,) = world.records(f"{BRIEF}.example.com.")
    delete_record(aws, world)
    aws("route53").delete_health_check(HealthCheckId=record["HealthCheckId"])


def delete_entry(aws, world):
    aws("dynamodb").delete_item(TableName="wonderland-services", Key={"name": {"S": BRIEF}})


def delete_service(aws, world):
    aws("ecs").delete_service(cluster="wonderland", service=BRIEF, force=True)


@pytest.mark.parametrize("delete", [delete_rule, delete_check, delete_entry, delete_service])
def test_somebody_else_deletes_a_piece(drill_of, aws, world, delete):
    """It was to go anyway: that is settled, and no error."""
    drill = drill_of()
    plan = drill.remove()
    delete(aws, world)
    drill.control.advance(UNTIL_IT_IS_GONE)
    drill.control.clear_calls()
    assert drill.go() == Outcome.FINISHED
    assert len(drill.sent()) < len(list(plan.calls))
    assert drill.gone()


def test_somebody_else_makes_it_again_first(drill_of, aws, world):
    drill = drill_of()
    was = world.service(BRIEF)
    lost_service(drill, aws)
    drill.rebuild()
    kept = ("loadBalancers", "networkConfiguration", "taskDefinition", "launchType")
    aws("ecs").create_service(
        cluster="wonderland", serviceName=BRIEF, desiredCount=2, **{name: was[name] for name in kept}
    )
    drill.control.advance(60)
    drill.control.clear_calls()
    assert drill.go() == Outcome.RECOVERED
    assert drill.sent() == []


@pytest.mark.parametrize(
    "other",
    [
        Caller("444455556666", "arn:aws:sts::444455556666:assumed-role/BreakGlass/mathias"),
        Caller("111122223333", "arn:aws:sts::111122223333:assumed-role/Somebody/else"),
    ],
    ids=["another account", "another caller"],
)
def test_the_credentials_become_somebody_elses(drill_of, other):
    """Told before the second step: nothing more is sent, and who resumes as before goes on."""
    drill = drill_of()
    plan = drill.remove()
    asked = []

    def identify():
        asked.append(1)
        return drill.bench.identify() if len(asked) == 1 else other

    error = drill.stops(WrongAccount, bench=replace(drill.bench, identify=identify))
    assert error.exit_code == 5
    assert other.arn in error.what
    assert drill.sent() == [call.operation for _, call in plan.steps[0].calls]
    assert drill.can_be_resumed()
    assert drill.go() == Outcome.FINISHED
    assert drill.gone()


@pytest.mark.parametrize("event", [Event.INTENT, Event.RESULT, Event.WAITING])
def test_the_operator_stops(drill_of, event):
    """Between calls, and in the middle of a wait: the call in flight is finished, and it can be gone on with."""
    drill = drill_of()
    drill.remove()
    wanted = []
    operator = Operator(stops=lambda: bool(wanted))
    error = drill.stops(Interrupted, once(event, lambda: wanted.append(1)), operator)
    assert error.exit_code == 130
    assert f"breakglass resume {drill.folder.id}" in error.hint
    assert f"--snapshot {drill.folder.id}" in error.hint
    so_far = drill.sent()
    assert len(so_far) <= 1
    assert drill.can_be_resumed()
    wanted.clear()
    assert drill.go(operator=operator) == Outcome.FINISHED
    assert drill.gone()
    assert all(times == 1 for name, times in Counter(drill.sent()).items() if name != "ChangeResourceRecordSets")


def test_the_operator_ends_a_wait_that_only_protects_traffic(drill_of):
    """The record's TTL, while targets are registered: the others are waited for all the same."""
    drill = drill_of()
    drill.remove()
    began = drill.bench.clock.elapsed()
    assert drill.go(operator=Operator(hurries=lambda: True)) == Outcome.FINISHED
    hurried = drill.bench.clock.elapsed() - began
    drill.control.reset()
    drill.control.set_rate(0)
    drill.remove()
    began = drill.bench.clock.elapsed()
    assert drill.go() == Outcome.FINISHED
    assert drill.bench.clock.elapsed() - began >= hurried + 55


@contextmanager
def full_disk(path):
    """No file of this process grows beyond what the journal has now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("event", "number", "error"),
    [(Event.CONFIRMED, 1, BreakglassError), (Event.INTENT, 2, StoppedPartWay), (Event.RESULT, 1, StoppedPartWay)],
)
def test_the_disk_is_full(drill_of, event, number, error):
    """What cannot be announced is not sent; what was sent and could not be noted is looked for afterwards."""
    drill = drill_of()
    drill.remove()
    journal = drill.folder.path / "journal.jsonl"
    undo = []

    def fill():
        full = full_disk(journal)
        full.__enter__()
        undo.append(full)

    try:
        stopped = drill.stops(error, once(event, fill, number))
    finally:
        for full in undo:
            full.__exit__(None, None, None)
    assert str(journal) in stopped.what
    intents = sum(entry.event is Event.INTENT for entry in drill.seen)
    assert len(drill.sent()) == intents
    if error is BreakglassError:
        assert drill.sent() == []
    assert drill.can_be_resumed()
    assert drill.go() == Outcome.FINISHED
    assert drill.gone()


def skipping(kind):
    return Operator(decides=lambda step: Decision.SKIP if step.component.kind == kind else Decision.GO_ON)


def test_what_a_skipped_step_leans_on_stays_too(drill_of):
    """A rule that stays would be left dangling without its target group."""
    drill = drill_of()
    plan = drill.remove()
    assert drill.go(operator=skipping("listener-rule")) == Outcome.FINISHED
    skipped = {entry.step for entry in drill.seen if entry.event is Event.SKIPPED}
    kinds = {step.component.kind for step in plan.steps if step.id in skipped}
    assert kinds == {"listener-rule", "target-group"}
    assert not drill.sent("DeleteRule", "DeleteTargetGroup")
    assert drill.bench.look().of_kind("target-group")[0].there
    assert drill.sent("DeleteService")


def test_nothing_is_made_on_what_was_skipped(drill_of):
    drill = drill_of()
    run = drill.remove(Choice(keep=frozenset({"dns-record", "health-check"}))).run
    assert drill.go() == Outcome.FINISHED
    drill.seen.clear()
    plan = drill.rebuild(named=run)
    assert drill.go(operator=skipping("target-group")) == Outcome.FINISHED, "it is not recovered"
    skipped = {entry.step for entry in drill.seen if entry.event is Event.SKIPPED}
    kinds = {step.component.kind for step in plan.steps if step.id in skipped}
    assert {"target-group", "listener-rule", "ecs-service"} <= kinds
    assert not drill.sent("CreateTargetGroup", "CreateRule", "CreateService")
    drill.rebuild(named=run)
    assert drill.go() == Outcome.RECOVERED, drill.bench.look().diagnosis
    assert differences(drill.before, drill.control.world()["settled"]) == []
