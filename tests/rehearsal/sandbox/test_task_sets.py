"""Task sets behave as AWS documents them; moto's start no tasks and refuse nothing."""

import pytest

from tests.rehearsal.sandbox.test_ecs import recreate

CLUSTER, NAME = "wonderland", "outside"
EXTERNAL = {"type": "EXTERNAL"}


@pytest.fixture
def outside(aws, world, sandbox):
    """A service with an external controller; `make(scale=…)` makes a task set of it."""
    like = recreate(world.service("billing-api"))
    sandbox.control.advance(5)
    aws("ecs").create_service(cluster=CLUSTER, serviceName=NAME, desiredCount=3, deploymentController=EXTERNAL)
    decided = ("taskDefinition", "loadBalancers", "launchType", "networkConfiguration")

    def make(scale=100.0, **more):
        chosen = {name: like[name] for name in decided} | more
        percent = {"value": scale, "unit": "PERCENT"}
        return aws("ecs").create_task_set(cluster=CLUSTER, service=NAME, scale=percent, **chosen)["taskSet"]

    return make


def place(task_set):
    return {"cluster": CLUSTER, "service": NAME, "taskSet": task_set["id"]}


def sets(world):
    return {one["id"]: one for one in world.service(NAME)["taskSets"]}


@pytest.mark.parametrize(
    "decided", [{"taskDefinition": "billing-api:7"}, {"launchType": "FARGATE"}, {"loadBalancers": []}]
)
def test_an_external_controllers_service_takes_nothing_that_a_task_set_decides(aws, refused, decided):
    """CreateService: "you can specify only parameters that aren't controlled at the task set level"."""
    with refused("InvalidParameterException", "external deployment controller"):
        aws("ecs").create_service(cluster=CLUSTER, serviceName=NAME, deploymentController=EXTERNAL, **decided)


@pytest.mark.parametrize("controller", ["EXTERNAL", "CODE_DEPLOY"])
def test_only_ecs_itself_runs_daemons(aws, world, refused, controller):
    """API_CreateService, schedulingStrategy: neither of the two supports DAEMON."""
    with refused("InvalidParameterException", "DAEMON"):
        aws("ecs").create_service(
            cluster=CLUSTER, serviceName=NAME, schedulingStrategy="DAEMON", deploymentController={"type": controller}
        )


def test_a_service_without_task_sets_runs_nothing(outside, sandbox, world):
    """aws ecs create-service, example 3: no deployments, no task sets, no tasks."""
    sandbox.control.advance(60)
    service = world.service(NAME)
    assert (service["taskSets"], service["deployments"], service["runningCount"]) == ([], [], 0)


def test_a_task_set_has_its_part_of_the_desired_count_rounded_up(outside, sandbox, world, aws):
    """API_TaskSet, computedDesiredCount: "The result is always rounded up."."""
    made = outside(scale=34.0)
    assert made["status"] == "ACTIVE"
    assert made["stabilityStatus"] == "STABILIZING"
    sandbox.control.advance(60)
    (one,) = sets(world).values()
    assert (one["computedDesiredCount"], one["runningCount"], one["stabilityStatus"]) == (2, 2, "STEADY_STATE")
    aws("ecs").update_service(cluster=CLUSTER, service=NAME, desiredCount=6)
    sandbox.control.advance(60)
    assert sets(world)[made["id"]]["runningCount"] == 3
    aws("ecs").update_task_set(**place(made), scale={"value": 0, "unit": "PERCENT"})
    sandbox.control.advance(120)
    assert sets(world)[made["id"]]["runningCount"] == 0


def test_what_the_primary_one_decides_the_service_shows(outside, world, aws):
    """UpdateServicePrimaryTaskSet: its parameters "will transition to the service", and the former one is ACTIVE."""
    first, second = outside(externalId="one"), outside(externalId="two", loadBalancers=[])
    assert "taskDefinition" not in world.service(NAME)
    for one in (first, second):
        aws("ecs").update_service_primary_task_set(cluster=CLUSTER, service=NAME, primaryTaskSet=one["taskSetArn"])
        service = world.service(NAME)
        assert service["taskDefinition"] == one["taskDefinition"]
        assert service["loadBalancers"] == one["loadBalancers"]
        assert service["launchType"] == "FARGATE"
    assert [sets(world)[one["id"]]["status"] for one in (first, second)] == ["ACTIVE", "PRIMARY"]


def test_the_primary_one_cannot_be_deleted_and_one_with_tasks_only_by_force(outside, world, aws, sandbox, refused):
    """API_DeleteTaskSet, force; "Primary TaskSet cannot be deleted" is what AWS answers."""
    primary, other = outside(), outside(externalId="two")
    aws("ecs").update_service_primary_task_set(cluster=CLUSTER, service=NAME, primaryTaskSet=primary["id"])
    with refused("InvalidParameterException", "Primary TaskSet cannot be deleted"):
        aws("ecs").delete_task_set(**place(primary), force=True)
    with refused("InvalidParameterException", "scaled above 0"):
        aws("ecs").delete_task_set(**place(other))
    assert aws("ecs").delete_task_set(**place(other), force=True)["taskSet"]["status"] == "DRAINING"
    sandbox.control.advance(120)
    assert list(sets(world)) == [primary["id"]]


def test_deleting_the_service_takes_its_task_sets_along(outside, world, aws, sandbox):
    """DeleteService with force: DRAINING until the tasks of all of them have stopped."""
    outside()
    sandbox.control.advance(60)
    aws("ecs").delete_service(cluster=CLUSTER, service=NAME, force=True)
    assert world.service(NAME)["status"] == "DRAINING"
    sandbox.control.advance(300)
    assert (world.service(NAME)["status"], world.service(NAME)["taskSets"]) == ("INACTIVE", [])


def test_the_same_request_makes_one_task_set(outside, world, refused):
    """API_CreateTaskSet, clientToken; and no more than five deployments of a service at once."""
    assert outside(clientToken="x")["id"] == outside(clientToken="x")["id"]
    for number in range(4):
        outside(externalId=str(number))
    with refused("InvalidParameterException", "exceeds the maximum limit"):
        outside()
    assert len(sets(world)) == 5


def test_codedeploys_task_sets_are_nobody_elses(aws, world, refused, sandbox):
    """CreateService makes the first; UpdateService changes nothing that a task set decides, nor does CreateTaskSet.

    API_UpdateService; "Amazon ECS only supports task set management on services configured to use external deployment
    controllers" is what AWS answers.
    """
    like = recreate(world.service("billing-api"), serviceName=NAME, deploymentController={"type": "CODE_DEPLOY"})
    with refused("InvalidParameterException", "deploymentCircuitBreaker"):
        aws("ecs").create_service(**like)
    like["deploymentConfiguration"] = {"maximumPercent": 200, "minimumHealthyPercent": 100}
    aws("ecs").create_service(**like)
    sandbox.control.advance(60)
    (one,) = sets(world).values()
    assert (one["status"], one["runningCount"], one["loadBalancers"]) == ("PRIMARY", 2, like["loadBalancers"])
    with refused("InvalidParameterException", "Use AWS CodeDeploy"):
        aws("ecs").update_service(cluster=CLUSTER, service=NAME, taskDefinition="billing-api")
    with refused("InvalidParameterException", "only supports task set management"):
        aws("ecs").create_task_set(cluster=CLUSTER, service=NAME, taskDefinition="billing-api")
    assert aws("ecs").update_service(cluster=CLUSTER, service=NAME, desiredCount=1)["service"]["desiredCount"] == 1
