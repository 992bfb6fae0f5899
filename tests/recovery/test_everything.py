"""The service that has a component of every kind: taken away and brought back, whatever happens on the way."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field

import pytest

from breakglass.kinds import all_kinds
from breakglass.model.inventory import Health
from breakglass.model.kind import Detail
from breakglass.model.lead import Key
from breakglass.model.writing import Unclear
from breakglass.planning.removal import Choice
from breakglass.rehearsal.sandbox.seed.everything import NAME
from breakglass.running.progress import Outcome
from breakglass.running.recovery import prepare_rebuild, prepare_removal, save_snapshot
from breakglass.ui import journeys_story
from breakglass.ui.terminal import Style
from tests.recovery.test_crashes import ONCE, Killed, carried_out
from tests.recovery.test_journeys import run
from tests.recovery.worlds import differences, ids, of_others

REGISTRY_IDS = re.compile(r"\bsrv-[a-z0-9]+")
OF_THE_TASKS = {"instances", "InstanceCount", "CreateDate"}
SECRET = f"key-of-{NAME}"
"""What one of its containers has in its environment."""


def settled(sandbox):
    """The world without the instances that ECS itself puts into Cloud Map, whose services get a new id each time."""

    def plain(value):
        match value:
            case dict():
                return {name: plain(item) for name, item in value.items() if name not in OF_THE_TASKS}
            case list():
                return [plain(item) for item in value]
            case _:
                return value

    return json.loads(REGISTRY_IDS.sub("srv-ID", json.dumps(plain(sandbox.control.world()["settled"]))))


@dataclass
class Interrupted:
    """A writer under which the process dies after some calls, and that loses the answers to others, by position."""

    writer: object
    dies_after: set
    loses: set
    had_effect: list = field(default_factory=list)

    def send(self, service, operation, params, *, region=None):
        answer = self.writer.send(service, operation, params, region=region)
        at = len(self.had_effect)
        self.had_effect.append(operation)
        if at in self.dies_after:
            raise Killed
        if at in self.loses:
            raise Unclear(f"{service}:{operation}", "ReadTimeoutError", "no answer")
        return answer


def interrupted(writer, planned):
    """Twice killed and twice without an answer: early, in the middle, and at the very end."""
    return Interrupted(writer, {len(planned) // 4, len(planned) - 1}, {0, len(planned) // 2})


def test_taken_away_and_brought_back_by_fits_and_starts_the_world_is_as_before(
    sandbox, bench_of, permit_for, writer_for
):
    before = settled(sandbox)
    bench = bench_of(NAME)
    removal = prepare_removal(bench, Choice())
    assert {one.component.kind for one in removal.plan.kept} == {
        name for name, kind in all_kinds().items() if not kind.removable
    }
    assert not [one for one in removal.plan.lost if "cannot be made again" in one.what]
    for journey in ("remove", "rebuild"):
        prepared = removal if journey == "remove" else prepare_rebuild(bench, Choice(), named=removal.plan.run)
        assert prepared.plan.blockers == ()
        planned = [call.operation for call in prepared.plan.calls]
        writer = interrupted(writer_for(prepared.plan.run), planned)
        entries, killed = carried_out(bench, prepared, permit_for, writer)
        assert killed == 2
        assert entries[-1].detail["outcome"] == (Outcome.RECOVERED if journey == "rebuild" else Outcome.FINISHED)
        once, meant = (Counter(one for one in some if one.startswith(ONCE)) for some in (writer.had_effect, planned))
        assert not once - meant, "something took effect twice"
        between = settled(sandbox)
        if journey == "remove":
            dead = ids(before) - ids(between)
            left = {step.component for step in removal.plan.steps} & there(bench, removal)
            assert not left
            assert of_others(differences(before, between), NAME) == []
    assert differences(before, between) == []
    assert dead
    named = [text for text in strings(between) if ":certificate/" not in text and any(one in text for one in dead)]
    assert named == [], "something still names what is gone"


def strings(value):
    match value:
        case dict():
            for name, item in value.items():
                yield from (name, *strings(item))
        case list():
            for item in value:
                yield from strings(item)
        case str():
            yield value


def there(bench, prepared):
    return {one.key for one in bench.look(Detail.LOOK, prepared.plan.leads).components if one.there}


def gone_with_a_bad_deployment(aws, inventory):
    """The service, its revision, its scaling, and the old load balancer that led to it."""
    facts = {one.key.kind: one.facts for one in inventory.components if one.there}
    scaling = facts["scalable-target"]
    names = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    aws("application-autoscaling").deregister_scalable_target(**{name: scaling[name] for name in names})
    aws("elb").delete_load_balancer(LoadBalancerName=facts["classic-load-balancer"]["LoadBalancerName"])
    aws("ecs").delete_service(cluster="wonderland", service=NAME, force=True)
    aws("ecs").deregister_task_definition(taskDefinition=facts["task-definition"]["taskDefinitionArn"])
    return {"scalable-target", "classic-load-balancer", "ecs-service", "task-definition"}


def gone_in_the_console(aws, inventory):
    """The network load balancer with its listeners, the check that all depends on, an alarm, the deployer's memory."""
    balancer = inventory.get(Key("load-balancer", f"{NAME}-net"))
    aws("elbv2").delete_load_balancer(LoadBalancerArn=balancer.arn)
    calculated = next(
        one for one in inventory.of_kind("health-check") if one.facts["HealthCheckConfig"]["Type"] == "CALCULATED"
    )
    aws("route53").delete_health_check(HealthCheckId=calculated.key.id)
    aws("cloudwatch").delete_alarms(AlarmNames=[f"{NAME}-page"])
    aws("dynamodb").delete_item(TableName="wonderland-services", Key={"name": {"S": NAME}})
    return {"load-balancer", "listener", "health-check", "alarm", "state-entry"}


@pytest.mark.parametrize("mishap", [gone_with_a_bad_deployment, gone_in_the_console])
def test_half_of_it_missing_comes_back(sandbox, bench_of, permit_for, writer_for, aws, mishap):
    bench = bench_of(NAME)
    inventory, snapshot = save_snapshot(bench)
    before = settled(sandbox)
    gone = mishap(aws, inventory)
    sandbox.control.advance(900)
    assert bench.look(Detail.LOOK).diagnosis.state is Health.HALF_DELETED
    rebuild = prepare_rebuild(bench, Choice(), named=snapshot.id)
    assert rebuild.plan.blockers == ()
    made = {step.component.kind for step in rebuild.plan.steps if step.title.startswith("make ")}
    assert made == gone
    entries = run(bench, rebuild, permit_for, writer_for)
    assert entries[-1].detail["outcome"] == Outcome.RECOVERED, bench.look().diagnosis
    assert of_others(differences(before, settled(sandbox)), NAME) == []
    story = journeys_story.read(bench.state, rebuild.plan.run)
    told = [journeys_story.timeline_table(story, Style()), json.dumps(journeys_story.timeline_document(story))]
    told += [tell(story) for tell in (journeys_story.timeline_markdown, journeys_story.timeline_slack)]
    told += [journeys_story.postmortem(story)]
    assert SECRET in repr(snapshot)
    assert not [text for text in told if SECRET in text]
