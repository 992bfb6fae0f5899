"""ECS services and tasks behave as AWS documents them; moto's have no tasks and no states."""

import pytest

LIFE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"


def recreate(service, **changes):
    """CreateService's parameters for a service as DescribeServices shows it."""
    keep = (
        "taskDefinition",
        "loadBalancers",
        "launchType",
        "platformVersion",
        "networkConfiguration",
        "deploymentConfiguration",
        "healthCheckGracePeriodSeconds",
        "enableExecuteCommand",
        "propagateTags",
        "enableECSManagedTags",
        "serviceRegistries",
    )
    kept = {key: service[key] for key in keep if service.get(key)}
    return {"cluster": "wonderland", "serviceName": service["serviceName"], "desiredCount": 2, **kept, **changes}


def test_at_most_ten_services_are_described_at_once(aws, refused):
    """DescribeServices: "You may specify up to 10 services to describe in a single operation."."""
    with refused("InvalidParameterException"):
        aws("ecs").describe_services(cluster="wonderland", services=[f"s{n}" for n in range(11)])


def test_missing_services_are_failures(aws):
    """A service that is not there is no error: it comes back in `failures` (API_Failure)."""
    answer = aws("ecs").describe_services(cluster="wonderland", services=["nobody", "deployer-api"])
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    assert answer["failures"][0]["arn"].endswith("service/wonderland/nobody")
    assert [service["serviceName"] for service in answer["services"]] == ["deployer-api"]


def test_unknown_clusters_are_refused(aws, refused):
    """Every service call names a cluster that exists, else ClusterNotFoundException (API_DescribeServices)."""
    with refused("ClusterNotFoundException"):
        aws("ecs").describe_services(cluster="elsewhere", services=["deployer-api"])


def test_tags_come_only_when_asked_for(world):
    """DescribeServices: tags are left out unless `include` holds TAGS."""
    assert not world.service().get("tags")
    assert {"key": "service", "value": "deployer-api"} in world.service(include=["TAGS"])["tags"]


def test_every_field_is_kept(world):
    """What CreateService is sent comes back from DescribeServices, with AWS's defaults beside it (API_Service)."""
    service = world.service()
    assert service["enableExecuteCommand"] is True
    assert service["healthCheckGracePeriodSeconds"] == 45
    assert service["propagateTags"] == "SERVICE"
    assert service["availabilityZoneRebalancing"] == "ENABLED"
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service["deploymentController"] == {"type": "ECS"}
    assert service["roleArn"].endswith("AWSServiceRoleForECS")
    primary = service["deployments"][0]
    assert primary["id"].startswith("ecs-svc/")
    assert (primary["status"], primary["rolloutState"], primary["runningCount"]) == ("PRIMARY", "COMPLETED", 2)
    assert "has reached a steady state." in service["events"][0]["message"]


def test_service_connect_is_shown_in_the_primary_deployment_only(aws, world):
    """botocore's model: serviceConnectConfiguration and volumeConfigurations are members of Deployment, not Service."""
    mesh = {"enabled": True, "namespace": "wonderland", "services": []}
    aws("ecs").update_service(cluster="wonderland", service="deployer-api", serviceConnectConfiguration=mesh)
    service = world.service()
    assert "serviceConnectConfiguration" not in service
    assert service["deployments"][0]["serviceConnectConfiguration"] == mesh


def test_a_service_that_is_scaled_up_is_not_deleted_without_force(aws, refused):
    """DeleteService: "You can't delete a service if the desired count is more than 0 unless you use force"."""
    with refused("InvalidParameterException", "scaled above 0"):
        aws("ecs").delete_service(cluster="wonderland", service="deployer-api")


def test_deletion_goes_by_draining_and_inactive_to_missing(aws, sandbox, world):
    """DeleteService: DRAINING and out of ListServices, INACTIVE once its tasks have stopped, in the end MISSING."""
    ecs, before = aws("ecs"), world.service()
    assert (
        ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)["service"]["status"] == "DRAINING"
    )
    assert before["serviceArn"] not in ecs.list_services(cluster="wonderland", maxResults=100)["serviceArns"]
    draining = world.service()
    assert (draining["status"], draining["desiredCount"]) == ("DRAINING", 0)
    assert draining["deployments"][0]["desiredCount"] == 0
    assert {item["TargetHealth"]["State"] for item in world.health()} == {"draining"}
    assert ecs.delete_service(cluster="wonderland", service="deployer-api")["service"]["status"] == "DRAINING"

    sandbox.control.advance(20)
    assert world.service()["status"] == "DRAINING", "the deregistration delay of 30 s holds it up"
    sandbox.control.advance(20)
    tombstone = world.service()
    assert (tombstone["status"], tombstone["desiredCount"], tombstone["runningCount"]) == ("INACTIVE", 0, 0)
    for kept in ("loadBalancers", "taskDefinition", "networkConfiguration", "enableExecuteCommand"):
        assert tombstone[kept] == before[kept]
    assert world.health() == []
    ecs.delete_service(cluster="wonderland", service="deployer-api")

    sandbox.control.advance(90_000)
    answer = ecs.describe_services(cluster="wonderland", services=["deployer-api"])
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


def test_a_name_is_free_again_only_when_its_service_is_inactive(aws, sandbox, world, refused):
    """CreateService: still draining, not idempotent, then the same long ARN again."""
    ecs, before = aws("ecs"), world.service()
    with refused("InvalidParameterException", "Creation of service was not idempotent."):
        ecs.create_service(**recreate(before))
    ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)
    with refused("InvalidParameterException", "Unable to Start a service that is still Draining."):
        ecs.create_service(**recreate(before))
    with refused("ServiceNotActiveException"):
        ecs.update_service(cluster="wonderland", service="deployer-api", desiredCount=1)
    sandbox.control.advance(60)
    created = ecs.create_service(**recreate(before))["service"]
    assert created["serviceArn"] == before["serviceArn"]
    assert created["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert created["deployments"][0]["id"] != before["deployments"][0]["id"]
    sandbox.control.advance(7)
    assert {item["TargetHealth"]["Reason"] for item in world.health()} == {"Elb.RegistrationInProgress"}
    sandbox.control.advance(12)
    assert [item["TargetHealth"]["State"] for item in world.health()] == ["healthy"] * 2
    assert world.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_client_token_makes_creation_idempotent(aws, sandbox, world):
    """CreateService, clientToken: "An identifier that you provide to ensure the idempotency of the request"."""
    ecs, before = aws("ecs"), world.service()
    ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(60)
    once = ecs.create_service(**recreate(before, clientToken="run-1"))["service"]
    again = ecs.create_service(**recreate(before, clientToken="run-1"))["service"]
    assert once["deployments"][0]["id"] == again["deployments"][0]["id"]


def test_a_target_group_needs_a_listener_or_rule(aws, sandbox, world, refused):
    """ "does not have an associated load balancer" comes from a missing rule (troubleshoot-service-load-balancers)."""
    ecs, before = aws("ecs"), world.service()
    ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(60)
    aws("elbv2").delete_rule(RuleArn=world.rule()["RuleArn"])
    with refused("InvalidParameterException", "does not have an associated load balancer"):
        ecs.create_service(**recreate(before))
    aws("elbv2").delete_target_group(TargetGroupArn=world.group()["TargetGroupArn"])
    with refused("InvalidParameterException"):
        ecs.create_service(**recreate(before))


@pytest.mark.parametrize("definition", ["nobody:1", "deployer-api:99"])
def test_an_unknown_task_definition_is_refused(aws, world, refused, definition):
    """CreateService: ClientException where the task definition does not exist."""
    with refused("ClientException", "not found"):
        aws("ecs").create_service(**recreate(world.service(), serviceName="new", taskDefinition=definition))


def test_a_deregistered_revision_can_be_described_and_not_used(aws, world, refused):
    """DeregisterTaskDefinition: INACTIVE, still describable, refused for new services."""
    ecs = aws("ecs")
    ecs.deregister_task_definition(taskDefinition="deployer-api:41")
    assert ecs.describe_task_definition(taskDefinition="deployer-api:41")["taskDefinition"]["status"] == "INACTIVE"
    assert ecs.describe_task_definition(taskDefinition="deployer-api")["taskDefinition"]["revision"] == 40
    with refused("ClientException", "TaskDefinition is inactive"):
        ecs.create_service(**recreate(world.service(), serviceName="new"))


def test_a_task_definition_keeps_every_field(aws):
    """RegisterTaskDefinition returns what it was sent; the tags stand beside it (API_DescribeTaskDefinition)."""
    answer = aws("ecs").describe_task_definition(taskDefinition="deployer-api", include=["TAGS"])
    definition = answer["taskDefinition"]
    assert definition["containerDefinitions"][0]["secrets"][0]["name"] == "DATABASE_URL"
    assert definition["containerDefinitions"][0]["stopTimeout"] == 30
    assert definition["runtimePlatform"] == {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}
    assert definition["revision"] == 41
    assert answer["tags"]


def test_running_tasks_have_addresses_that_are_registered(aws, world):
    """awsvpc tasks have an interface of their own, and its address is the target (task-networking-awsvpc)."""
    ecs = aws("ecs")
    arns = ecs.list_tasks(cluster="wonderland", serviceName="deployer-api")["taskArns"]
    tasks = ecs.describe_tasks(cluster="wonderland", tasks=arns)["tasks"]
    details = [{d["name"]: d["value"] for d in task["attachments"][0]["details"]} for task in tasks]
    assert len({item["privateIPv4Address"] for item in details}) == 2
    assert {item["privateIPv4Address"] for item in details} == {item["Target"]["Id"] for item in world.health()}
    assert {task["group"] for task in tasks} == {"service:deployer-api"}
    assert {task["startedBy"] for task in tasks} == {world.service()["deployments"][0]["id"]}


def test_a_stopped_task_is_replaced_and_says_why_it_stopped(aws, sandbox):
    """StopTask: stoppedReason and stopCode UserInitiated; the scheduler starts another one (stopped-task-errors)."""
    ecs = aws("ecs")
    victim = ecs.list_tasks(cluster="wonderland", serviceName="deployer-api")["taskArns"][0]
    ecs.stop_task(cluster="wonderland", task=victim, reason="just so")
    sandbox.control.advance(60)
    running = ecs.list_tasks(cluster="wonderland", serviceName="deployer-api")["taskArns"]
    assert len(running) == 2
    assert victim not in running
    assert victim in ecs.list_tasks(cluster="wonderland", desiredStatus="STOPPED")["taskArns"]
    stopped = ecs.describe_tasks(cluster="wonderland", tasks=[victim])["tasks"][0]
    assert (stopped["lastStatus"], stopped["stopCode"], stopped["stoppedReason"]) == (
        "STOPPED",
        "UserInitiated",
        "just so",
    )
    assert stopped["containers"][0]["exitCode"] == 143


def test_a_deployment_replaces_tasks_once_the_new_ones_are_healthy(aws, sandbox, world):
    """A rolling update: the new deployment is PRIMARY and IN_PROGRESS, the old one ACTIVE until it is replaced."""
    aws("ecs").update_service(cluster="wonderland", service="deployer-api", taskDefinition="deployer-api:40")
    new, old = world.service()["deployments"]
    assert (new["status"], new["rolloutState"], old["status"]) == ("PRIMARY", "IN_PROGRESS", "ACTIVE")
    sandbox.control.advance(120)
    deployments = world.service()["deployments"]
    assert [item["rolloutState"] for item in deployments] == ["COMPLETED"]
    assert deployments[0]["id"] == new["id"]
    assert world.service()["runningCount"] == 2


def test_the_circuit_breaker_rolls_back_and_ends_stable(aws, sandbox, world):
    """ "Stable" is not "deployed": after a rollback the old revision runs again (deployment-circuit-breaker)."""
    sandbox.control.chaos("fail-tasks", service="deployer-api")
    aws("ecs").update_service(cluster="wonderland", service="deployer-api", taskDefinition="deployer-api:40")
    sandbox.control.advance(900)
    service = world.service()
    assert service["taskDefinition"].endswith(":41")
    assert [item["rolloutState"] for item in service["deployments"]] == ["COMPLETED"]
    assert any("rolling back" in event["message"] for event in service["events"])


def test_tasks_that_cannot_pull_their_image_say_so(aws, sandbox, world):
    """CannotPullContainerError is the stoppedReason of a task that never ran (stopped-task-error-codes)."""
    sandbox.control.chaos("fail-tasks", service="image-api", kill=True)
    sandbox.control.advance(30)
    ecs = aws("ecs")
    arns = ecs.list_tasks(cluster="wonderland", serviceName="image-api", desiredStatus="STOPPED")["taskArns"]
    stopped = ecs.describe_tasks(cluster="wonderland", tasks=arns)["tasks"][0]
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert "CannotPullContainerError" in stopped["stoppedReason"]
    assert "exitCode" not in stopped["containers"][0]
    assert world.service("image-api")["runningCount"] == 0
    sandbox.control.chaos("heal-tasks", service="image-api")
    sandbox.control.advance(700)
    assert world.service("image-api")["runningCount"] == 2


def test_a_service_whose_role_has_vanished_sticks_in_draining(aws, sandbox, world):
    """It stays DRAINING, its events say why; stopping its tasks lets it go on (service-event-messages)."""
    ecs = aws("ecs")
    sandbox.control.chaos("stuck-draining", service="deployer-api")
    ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(7200)
    stuck = world.service()
    assert (stuck["status"], stuck["runningCount"]) == ("DRAINING", 2)
    assert "failed to deregister targets" in stuck["events"][0]["message"]
    for arn in ecs.list_tasks(cluster="wonderland", serviceName="deployer-api")["taskArns"]:
        ecs.stop_task(cluster="wonderland", task=arn)
    sandbox.control.advance(60)
    assert world.service()["status"] == "INACTIVE"


def test_revisions_vanish_with_their_service(aws, sandbox, world):
    """DescribeServiceRevisions shows what runs; after the service's deletion it is MISSING."""
    ecs = aws("ecs")
    arn = world.service()["currentServiceRevisions"][0]["arn"]
    found = ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"]
    assert found[0]["taskDefinition"].endswith("deployer-api:41")
    ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(60)
    assert ecs.describe_service_revisions(serviceRevisionArns=[arn])["failures"][0]["reason"] == "MISSING"


def test_the_waiters_of_botocore_are_content(aws, sandbox):
    """services_stable and services_inactive (botocore's waiters) see what they wait for."""
    ecs = aws("ecs")
    ecs.get_waiter("services_stable").wait(cluster="wonderland", services=["deployer-api"])
    ecs.delete_service(cluster="wonderland", service="deployer-api", force=True)
    sandbox.control.advance(60)
    ecs.get_waiter("services_inactive").wait(cluster="wonderland", services=["deployer-api"])
