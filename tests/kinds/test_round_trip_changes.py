"""All kinds together, against the sandbox: whatever is taken away comes back, and what stayed is led to it again."""

import os
import shutil
from datetime import UTC, datetime

import boto3
import pytest

from breakglass.aws.identity import whoami
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import connect
from breakglass.aws.writer import AwsWriter
from breakglass.config import load
from breakglass.kinds import all_kinds
from breakglass.model.account import Account, Environment
from breakglass.model.inventory import Health, Inventory
from breakglass.model.permit import Permit
from breakglass.model.plan import Call
from breakglass.planning.removal import Choice
from breakglass.rehearsal.sandbox.configuration import breakglass_toml
from breakglass.running.recovery import Bench, carry_out, open_run, prepare_rebuild, prepare_removal, save_snapshot
from breakglass.running.state_dir import StateDir
from breakglass.running.tools import Caller, Operator

CHANGES_BY_ITSELF = {
    "ecs-service": {"loadBalancers", "taskDefinition"},
    "alarm": {"Dimensions"},
    "target-group": {"TargetGroupArn"},
    "load-balancer": {"LoadBalancerArn", "DNSName", "CreatedTime"},
    "listener": {"ListenerArn", "LoadBalancerArn", "DefaultActions"},
    "listener-rule": {"RuleArn", "ListenerArn", "Actions"},
    "scalable-target": {"CreationTime", "ScalableTargetARN", "ScalingPolicies", "ScheduledActions"},
    "dns-record": {"HealthCheckId", "AliasTarget", "ResourceRecords"},
    "state-entry": {"Item"},
}
"""Fields that AWS gives anew, or that name what AWS gives anew; everything else has to come back as it was."""


class SandboxClock:
    """The sandbox's own time: waiting puts it forward."""

    def __init__(self, sandbox):
        self._control = sandbox.control

    def now(self):
        return datetime.fromtimestamp(self._control.now(), UTC)

    def elapsed(self):
        return self._control.now()

    def wait(self, seconds):
        self._control.advance(max(seconds, 0.05))


class Site:
    """One service of the sandbox, and everything to work on it with."""

    def __init__(self, sandbox, folder, environ, service):
        self.sandbox, self.service = sandbox, service
        file = folder / "breakglass.toml"
        file.write_text(breakglass_toml())
        self.connection = connect(profile=None, account_profile=None, region=None, environ=environ, named_account=True)
        caller = whoami(self.connection)
        account = Account(caller.account, caller.arn, name="production", environment=Environment.PRODUCTION)
        self.bench = Bench(
            account=account,
            settings=load(file, {}, folder).service(service),
            kinds=all_kinds(),
            region=self.connection.region.name,
            reader=AwsReader(self.connection, caller.account).fresh,
            identify=lambda: Caller(caller.account, caller.arn),
            api_calls=lambda: self.connection.sent,
            state=StateDir(folder / "state"),
            clock=SandboxClock(sandbox),
        )
        self.permit = Permit(caller.account, caller.arn, self.bench.clock.now(), "typed")

    def carry_out(self, prepared):
        assert not prepared.plan.blockers
        writer = AwsWriter(self.connection, prepared.plan.run)
        return list(carry_out(self.bench, open_run(self.bench, prepared), self.permit, writer, Operator()))

    def client(self, service, region=None):
        return boto3.Session().client(service, region_name=region or self.connection.region.name)

    def facts(self, inventory, kind):
        return next(one.facts for one in inventory.components if one.key.kind == kind and one.there)


@pytest.fixture
def site(running, tmp_path, monkeypatch):
    running.control.reset()
    running.control.set_rate(0)
    environ = running.applied(dict(os.environ))
    for name in set(os.environ) - set(environ):
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    sites = []

    def of(service):
        shutil.rmtree(tmp_path / "state", ignore_errors=True)
        sites.append(Site(running, tmp_path, os.environ, service))
        return sites[-1]

    yield of
    for one in sites:
        one.connection.close()


def as_configured(inventory: Inventory):
    """The configuration of every component, but for what AWS gives anew."""
    return {
        component.key: {
            name: untagged(value)
            for name, value in all_kinds()[component.key.kind].stable(component.facts).items()
            if name not in CHANGES_BY_ITSELF.get(component.key.kind, set())
        }
        for component in inventory.components
        if component.key.kind not in {"health-check", "task-definition"}
    }


def untagged(value):
    """Without the mark that a run leaves."""
    if isinstance(value, list):
        return [one for one in value if not (isinstance(one, dict) and "breakglass:run" in one.values())]
    return value


@pytest.mark.parametrize("service", ["deployer-api", "image-api", "wonderland-web"])
def test_a_service_that_was_taken_away_comes_back_as_it_was(site, service):
    place = site(service)
    before, _ = save_snapshot(place.bench)
    assert before.diagnosis.state is Health.HEALTHY

    taken = prepare_removal(place.bench, Choice(unprotect=True))
    place.sandbox.control.clear_calls()
    place.carry_out(taken)
    refused = [
        call["operation"] for call in place.sandbox.control.calls() if call["mutating"] and call["status"] >= 400
    ]
    assert set(refused) <= {"DeleteTargetGroup"}  # in use for a while: documented as eventual consistency
    gone = place.bench.look(leads=taken.plan.leads)
    assert gone.diagnosis.state is Health.GONE

    place.sandbox.control.clear_calls()
    entries = place.carry_out(prepare_rebuild(place.bench, Choice()))
    assert entries[-1].detail["outcome"] == "recovered"
    refused = [
        call["operation"] for call in place.sandbox.control.calls() if call["mutating"] and call["status"] >= 400
    ]
    assert not refused

    after = place.bench.look()
    assert after.diagnosis.state is Health.HEALTHY
    assert as_configured(after) == as_configured(before)
    assert len(after.of_kind("health-check")) == 1
    assert not prepare_rebuild(place.bench, Choice()).plan.steps


def drop_load_balancer(place, before):
    arn = place.facts(before, "load-balancer")["LoadBalancerArn"]
    place.client("elbv2").delete_load_balancer(LoadBalancerArn=arn)


def drop_health_check(place, before):
    place.client("route53").delete_health_check(HealthCheckId=place.facts(before, "health-check")["Id"])


def drop_task_definition(place, before):
    arn = place.facts(before, "task-definition")["taskDefinitionArn"]
    place.client("ecs").deregister_task_definition(taskDefinition=arn)


def drop_service(place, before):
    name = place.facts(before, "ecs-service")["serviceName"]
    place.client("ecs").delete_service(cluster="wonderland", service=name, force=True)
    place.sandbox.control.advance(300)


def drop_records(place, before, *kinds):
    for one in before.of_kind("dns-record"):
        record = {name: value for name, value in one.facts.items() if not name.startswith("HostedZone")}
        if not kinds or record["Type"] in kinds:
            place.client("route53").change_resource_record_sets(
                HostedZoneId=one.facts["HostedZoneId"],
                ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]},
            )


def drop_a(place, before):
    drop_records(place, before, "A")


def drop_aaaa(place, before):
    drop_records(place, before, "AAAA")


def drop_alarms(place, before):
    for one in before.of_kind("alarm"):
        place.client("cloudwatch", one.region).delete_alarms(AlarmNames=[one.key.id])


def drop_scaling(place, before):
    target = place.facts(before, "scalable-target")
    place.client("application-autoscaling").deregister_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=target["ResourceId"],
        ScalableDimension=target["ScalableDimension"],
    )


def drop_entry(place, before):
    entry = place.facts(before, "state-entry")
    place.client("dynamodb").delete_item(TableName=entry["TableName"], Key=entry["Key"])


@pytest.mark.parametrize(
    ("service", "drops"),
    [
        ("deployer-api", [drop_health_check]),
        ("deployer-api", [drop_task_definition, drop_service]),
        ("deployer-api", [drop_service]),
        ("deployer-api", [drop_scaling, drop_alarms]),
        ("deployer-api", [drop_health_check, drop_records, drop_entry]),
        ("image-api", [drop_load_balancer]),
        ("image-api", [drop_a]),
        ("image-api", [drop_aaaa]),
        ("image-api", [drop_load_balancer, drop_records, drop_entry]),
        ("image-api", [drop_load_balancer, drop_health_check, drop_alarms]),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(drop.__name__[5:] for drop in value),
)
def test_a_half_deleted_service_comes_back_and_nothing_is_left_to_do(site, service, drops):
    place = site(service)
    before, _ = save_snapshot(place.bench)
    for drop in drops:
        drop(place, before)
    prepared = prepare_rebuild(place.bench, Choice())
    entries = place.carry_out(prepared)
    assert entries[-1].detail["outcome"] == "recovered"
    assert not [entry for entry in entries if entry.event == "failed"]
    after = place.bench.look(leads=prepared.plan.leads)
    assert after.diagnosis.state is Health.HEALTHY
    assert as_configured(after) == as_configured(before)
    assert not prepare_rebuild(place.bench, Choice()).plan.steps


def test_a_deregistered_task_definition_under_a_living_service_is_left_alone(site):
    """Its tasks run, and to register it again would redeploy a service that serves."""
    place = site("deployer-api")
    before, _ = save_snapshot(place.bench)
    drop_task_definition(place, before)
    assert prepare_rebuild(place.bench, Choice()).plan.steps == ()


def test_what_refers_to_something_made_again_is_changed_in_that_field_alone(site):
    """Each repointing is one call of a step of its own."""
    place = site("image-api")
    before, _ = save_snapshot(place.bench)
    drop_load_balancer(place, before)
    plan = prepare_rebuild(place.bench, Choice()).plan
    repoints = [step for step in plan.steps if step.title.startswith("repoint")]
    assert sorted(step.component.kind for step in repoints) == ["alarm", "dns-record", "dns-record", "state-entry"]
    assert [len([action for action in step.actions if isinstance(action, Call)]) for step in repoints] == [1] * 4
    assert plan.steps[-1].component.kind == "state-entry"
