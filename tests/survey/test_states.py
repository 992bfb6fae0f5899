"""Each diagnosis and each state, from a world in which just that is the case."""

import pytest

from breakglass.model.component import Owned, Shared, State, Unproven
from breakglass.model.inventory import Health
from breakglass.model.lead import Key

SERVICE = Key("ecs-service", "wonderland/deployer-api")
ENTRY = Key("state-entry", "wonderland-services/deployer-api")
GROUP = Key("target-group", "deployer-api")
PUBLIC = Key("load-balancer", "public")


def delete_service(aws, sandbox, name="deployer-api", wait=900):
    aws("ecs").delete_service(cluster="wonderland", service=name, force=True)
    sandbox.control.advance(wait)


def only(inventory, kind):
    (component,) = inventory.of_kind(kind)
    return component


@pytest.mark.parametrize(
    "service", ["deployer-api", "billing-api", "deployer-api-canary", "image-api", "wonderland-web"]
)
@pytest.mark.parametrize("account", ["production", "staging"])
def test_seeded_services_are_healthy(sandbox, look_at, service, account):
    try:
        inventory = look_at(service, account)
    except Exception as error:
        if account == "staging" and service != "deployer-api":
            pytest.fail(f"staging has no {service}: {error}")
        raise
    assert inventory.diagnosis.state is Health.HEALTHY, inventory.diagnosis
    assert inventory.complete
    assert {component.state for component in inventory.components} == {State.OK}


def test_the_outage_is_half_deleted(sandbox, look_at, aws):
    delete_service(aws, sandbox)
    inventory = look_at("deployer-api")
    assert inventory.diagnosis.state is Health.HALF_DELETED
    assert inventory.diagnosis.next == ("breakglass rebuild deployer-api",)
    service, entry = inventory.get(SERVICE), inventory.get(ENTRY)
    assert service.state is State.MISSING
    assert "tombstone" in service.reason
    assert entry.state is State.STALE
    assert str(SERVICE) in entry.reason
    assert inventory.get(GROUP).state is State.OK, "its rule still forwards to it"
    assert only(inventory, "scalable-target").state is State.STALE


def test_a_draining_service_is_draining_and_not_yet_missing(sandbox, look_at, aws):
    delete_service(aws, sandbox, wait=0)
    inventory = look_at("deployer-api")
    assert inventory.get(SERVICE).state is State.DRAINING
    assert inventory.get(ENTRY).state is State.STALE
    assert inventory.diagnosis.state is Health.HALF_DELETED


def test_a_forgotten_tombstone_still_leaves_the_pieces_found(sandbox, look_at, aws):
    delete_service(aws, sandbox)
    sandbox.control.chaos("forget-tombstone", service="deployer-api")
    inventory = look_at("deployer-api")
    assert inventory.get(SERVICE).state is State.MISSING
    assert inventory.get(GROUP).state is State.OK
    assert inventory.diagnosis.state is Health.HALF_DELETED


def test_a_tombstone_leads_on_where_the_state_entry_is_gone(sandbox, look_at, aws):
    """What only the deleted service named is found by what remains of it."""
    delete_service(aws, sandbox)
    aws("dynamodb").delete_item(TableName="wonderland-services", Key={"name": {"S": "deployer-api"}})
    inventory = look_at("deployer-api")
    sources = {lead.source for lead in inventory.get(GROUP).leads}
    assert "tombstone" in sources
    assert inventory.get(ENTRY).state is State.MISSING


def test_tasks_that_do_not_start_degrade_it_and_say_why(sandbox, look_at, aws):
    reason = "CannotPullContainerError: image not found"
    sandbox.control.chaos("fail-tasks", service="deployer-api", reason=reason, kill=True)
    sandbox.control.advance(300)
    inventory = look_at("deployer-api")
    assert inventory.diagnosis.state is Health.DEGRADED, inventory.diagnosis
    said = " ".join(finding.message for finding in inventory.findings if finding.code == "not-serving")
    assert "CannotPullContainerError" in said


def test_unhealthy_targets_degrade_it_and_say_why(sandbox, look_at):
    sandbox.control.chaos("ail-targets", target_group="deployer-api")
    inventory = look_at("deployer-api")
    assert inventory.diagnosis.state is Health.DEGRADED
    assert any("Target." in finding.message for finding in inventory.findings)


def test_another_revision_than_the_entry_says_is_drift(sandbox, look_at, aws):
    aws("ecs").update_service(cluster="wonderland", service="deployer-api", taskDefinition="deployer-api:40")
    sandbox.control.advance(600)
    inventory = look_at("deployer-api")
    assert inventory.diagnosis.state is Health.DRIFTED
    entry = inventory.get(ENTRY)
    assert entry.state is State.STALE
    assert "deployer-api:41" in entry.reason
    assert "deployer-api:40" in entry.reason


def test_a_record_that_leads_elsewhere_is_drift(sandbox, look_at, aws, world):
    record = world.records("deployer-api.example.com.")[0]
    other = world.balancer("image-api")["DNSName"]
    moved = {**record, "ResourceRecords": [{"Value": other}]}
    zone = world.zone()
    changes = [{"Action": "DELETE", "ResourceRecordSet": record}, {"Action": "CREATE", "ResourceRecordSet": moved}]
    aws("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    inventory = look_at("deployer-api")
    assert inventory.diagnosis.state is Health.DRIFTED
    assert only(inventory, "dns-record").state is State.STALE
    assert not isinstance(inventory.get(Key("load-balancer", "image-api")).ownership, Owned)


def test_nothing_left_is_gone(sandbox, look_at, aws, world, tmp_path):
    """With a section of its own in the configuration the service is known, also when nothing of it is there."""
    config = tmp_path / "breakglass.toml"
    text = (sandbox.folder / "breakglass.toml").read_text()
    config.write_text(text + '\n[services.ghost]\nalarms = ["ghost-alarm"]\n')
    inventory = look_at("ghost", file=config)
    assert inventory.diagnosis.state is Health.GONE
    assert {component.state for component in inventory.components} == {State.MISSING}


def test_a_service_nobody_knows_is_an_error_with_the_nearest_names(sandbox, look_at):
    with pytest.raises(Exception, match="Nobody knows a service deployer-app") as failed:
        look_at("deployer-app")
    assert "deployer-api" in failed.value.hint


def test_a_missing_health_check_makes_its_record_stale(sandbox, look_at, aws, world):
    record = world.records("deployer-api.example.com.")[0]
    aws("route53").delete_health_check(HealthCheckId=record["HealthCheckId"])
    inventory = look_at("deployer-api")
    assert only(inventory, "health-check").state is State.MISSING
    assert only(inventory, "dns-record").state is State.STALE
    assert inventory.diagnosis.state is Health.HALF_DELETED


def test_a_shared_load_balancer_says_who_uses_it(sandbox, look_at):
    balancer = look_at("deployer-api").get(PUBLIC)
    assert isinstance(balancer.ownership, Shared)
    assert any("billing-api" in user for user in balancer.ownership.by)


def test_a_dedicated_load_balancer_with_a_redirect_is_owned(sandbox, look_at):
    inventory = look_at("image-api")
    assert isinstance(inventory.get(Key("load-balancer", "image-api")).ownership, Owned)
    for listener in inventory.of_kind("listener"):
        assert isinstance(listener.ownership, Owned)


def test_foreign_targets_make_a_target_group_shared(sandbox, look_at, aws, world):
    arn = world.group()["TargetGroupArn"]
    aws("elbv2").register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.11.99.99", "Port": 8080}])
    group = look_at("deployer-api").get(GROUP)
    assert isinstance(group.ownership, Shared)
    assert any("10.11.99.99" in user for user in group.ownership.by)


def test_a_failed_reverse_look_up_leaves_ownership_unproven_and_the_answer_incomplete(sandbox, look_at):
    sandbox.control.add_fault("elbv2", "DescribeRules")
    inventory = look_at("image-api")
    assert isinstance(inventory.get(Key("load-balancer", "image-api")).ownership, Unproven)
    assert not inventory.complete
    assert any("DescribeRules" in finding.message for finding in inventory.findings)


def test_a_scan_that_is_denied_leaves_ownership_unproven(sandbox, look_at):
    sandbox.control.add_fault("dynamodb", "Scan")
    inventory = look_at("deployer-api")
    assert isinstance(inventory.get(GROUP).ownership, Unproven)
    assert not inventory.complete
    assert any("dynamodb:Scan" in finding.message for finding in inventory.findings)


def test_cloudformation_is_named(sandbox, look_at, aws, world):
    arn = world.group()["TargetGroupArn"]
    aws("elbv2").add_tags(ResourceArns=[arn], Tags=[{"Key": "aws:cloudformation:stack-name", "Value": "web"}])
    assert look_at("deployer-api").get(GROUP).managed_by == "CloudFormation stack web"


def test_a_zone_of_another_account_makes_records_unreadable(sandbox, look_at, tmp_path):
    config = tmp_path / "breakglass.toml"
    text = (sandbox.folder / "breakglass.toml").read_text()
    assert 'zone = "example.com"' in text
    config.write_text(
        text.replace('zone = "example.com"', 'zone = "example.org"').replace(".example.com", ".example.org")
    )
    inventory = look_at("deployer-api", file=config)
    records = {record.key.id: record.state for record in inventory.of_kind("dns-record")}
    assert records["deployer-api.example.org"] is State.UNREADABLE


def test_a_wrong_configured_id_is_a_finding_with_file_key_and_value(sandbox, look_at, tmp_path):
    config = tmp_path / "breakglass.toml"
    text = (sandbox.folder / "breakglass.toml").read_text()
    wrong = "11111111-2222-3333-4444-555555555555"
    config.write_text(text + f'\n[services.deployer-api]\nhealth_checks = ["{wrong}"]\n')
    inventory = look_at("deployer-api", file=config)
    live = only(inventory, "health-check")
    (finding,) = [finding for finding in inventory.findings if finding.code == "configuration-outdated"]
    assert str(config) in finding.message + finding.hint
    assert "health_checks" in finding.message
    assert live.key.id in finding.hint
    assert inventory.diagnosis.state is Health.HEALTHY


def test_an_endpoint_that_knows_neither_group_nor_subnet_proves_nothing(sandbox, look_at, aws):
    """AWS deletes neither while anything uses it: such an answer is not EC2's, and no piece is missing for it."""
    sandbox.control.add_fault("ec2", "DescribeSecurityGroups", code="InvalidGroup.NotFound")
    sandbox.control.add_fault("ec2", "DescribeSubnets", code="InvalidSubnetID.NotFound")
    inventory = look_at("deployer-api")
    assert inventory.of_kind("security-group") == ()
    assert inventory.diagnosis.state is Health.HEALTHY
    sandbox.control.clear_faults()
    sandbox.control.add_fault("ec2", "DescribeSecurityGroups", code="InvalidGroup.NotFound")
    assert {group.state for group in look_at("deployer-api").of_kind("security-group")} == {State.MISSING}
