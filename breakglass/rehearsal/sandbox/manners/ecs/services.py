"""Services: created, described, changed and deleted as ECS does it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .checks import check, check_controller, check_request
from .clusters import cluster_named
from .creation import NOT_SETTINGS, SENT_FOR_A_SET, completed, new_deployment, new_set
from .hosts import HOSTS_A_CLUSTER
from .scheduler import Scheduler
from .state import Deployment, Ecs, Service, short_name
from .task_definitions import TaskDefinitions
from .views import service_shape

_DESCRIBED_AT_ONCE = 10
_PAGE = 10
_STARTS_A_DEPLOYMENT = {
    "taskDefinition", "networkConfiguration", "platformVersion", "capacityProviderStrategy", "loadBalancers",
    "serviceRegistries", "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations",
    "enableExecuteCommand", "propagateTags", "enableECSManagedTags", "healthCheckGracePeriodSeconds",
}  # fmt: skip
_UPDATED_IN_SETS = {
    "deploymentConfiguration", "healthCheckGracePeriodSeconds", "placementConstraints", "placementStrategy",
    "enableECSManagedTags", "propagateTags",
}  # fmt: skip


class Services:
    """CreateService, DescribeServices, ListServices, UpdateService and DeleteService."""

    def __init__(self, world: World, moto: MotoBridge, scheduler: Scheduler, definitions: TaskDefinitions) -> None:
        self._world = world
        self._moto = moto
        self._scheduler = scheduler
        self._definitions = definitions

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateService": self._create,
            "DescribeServices": self._describe,
            "ListServices": self._list,
            "UpdateService": self._update,
            "DeleteService": self._delete,
        }

    def _create(self, call: Call) -> AwsShape:
        """A name can be used again once the service that bore it is INACTIVE, and gives the same ARN again.

        While it is DRAINING: "Unable to Start a service that is still Draining."; while it is ACTIVE: "Creation of
        service was not idempotent.", but the same request with the same clientToken returns what it made.
        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
        """
        cluster, ecs = self._place(call)
        name = call.params["serviceName"]
        existing = ecs.services.get((cluster, name))
        request = copy.deepcopy(call.params)
        if existing is not None and existing.status == "DRAINING":
            raise Refused("InvalidParameterException", "Unable to Start a service that is still Draining.")
        if existing is not None and existing.status == "ACTIVE":
            if existing.request == request and "clientToken" in request:
                return {"service": self._shown(existing, with_tags=True)}
            raise Refused("InvalidParameterException", "Creation of service was not idempotent.")
        check_controller(call)
        definition = None
        external = call.params.get("deploymentController", {}).get("type") == "EXTERNAL"
        if not external:
            definition = self._definition(call, call.params.get("taskDefinition", ""))
        check_request(call, definition or {})
        settings = completed(call, definition)
        if definition:
            check(self._world, call, settings, definition)
        now = self._world.clock.now()
        service = Service(
            name=name,
            cluster=cluster,
            arn=f"arn:aws:ecs:{call.region}:{call.account}:service/{cluster}/{name}",
            settings=settings,
            desired=_desired(call, settings),
            created_at=now,
            created_by=f"arn:aws:iam::{call.account}:role/BreakGlass",
            request=request,
            tags={tag["key"]: tag.get("value", "") for tag in call.params.get("tags", [])},
            reviewed_at=now,
            failure=existing.failure if existing is not None else None,
        )
        if definition and service.in_sets:
            service.sets = [_first_set(service, definition, now)]
        elif definition:
            service.deployments = [new_deployment(service, definition, now)]
        ecs.services[cluster, name] = service
        self._scheduler.settle(call.account, call.region)
        return {"service": self._shown(service, with_tags=True)}

    def _describe(self, call: Call) -> AwsShape:
        """At most ten services; those that are not there come back as failures with the reason MISSING.

        A deleted service can be described for a while, as DRAINING and then as INACTIVE. Tags come only when asked
        for. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
        """
        wanted = call.params.get("services") or []
        if not wanted:
            raise Refused("InvalidParameterException", "Services cannot be empty.")
        if len(wanted) > _DESCRIBED_AT_ONCE:
            raise Refused("InvalidParameterException", "Services cannot be more than 10 elements.")
        cluster, ecs = self._place(call)
        with_tags = "TAGS" in call.params.get("include", [])
        found, failures = [], []
        for name in dict.fromkeys(map(short_name, wanted)):
            if service := ecs.services.get((cluster, name)):
                found.append(self._shown(service, with_tags=with_tags))
            else:
                arn = f"arn:aws:ecs:{call.region}:{call.account}:service/{cluster}/{name}"
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"services": found, "failures": failures}

    def _list(self, call: Call) -> AwsShape:
        """ACTIVE services only, ten a page unless more (at most 100) are asked for.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html
        """
        cluster, ecs = self._place(call)
        arns = [
            service.arn
            for (where, _), service in sorted(ecs.services.items())
            if where == cluster
            and service.status == "ACTIVE"
            and call.params.get("launchType") in (None, service.settings.get("launchType"))
            and call.params.get("schedulingStrategy") in (None, service.settings["schedulingStrategy"])
        ]
        shown, token = page(arns, call.params.get("nextToken"), int(call.params.get("maxResults") or _PAGE))
        return {"serviceArns": shown, "nextToken": token}

    def _update(self, call: Call) -> AwsShape:
        """A service that is not ACTIVE is refused with ServiceNotActiveException.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
        """
        cluster, ecs = self._place(call)
        service = ecs.service(cluster, short_name(call.params["service"]))
        if service.status != "ACTIVE":
            raise Refused("ServiceNotActiveException", "Service was not ACTIVE.")
        changed = {k: v for k, v in copy.deepcopy(call.params).items() if k not in NOT_SETTINGS}
        if service.in_sets:
            return self._update_in_sets(call, service, changed)
        definition = self._definition(call, changed.get("taskDefinition") or service.primary.task_definition)
        settings = {**service.settings, **changed, "taskDefinition": definition["taskDefinitionArn"]}
        if "deploymentConfiguration" in changed:
            settings["deploymentConfiguration"] = {
                **service.settings["deploymentConfiguration"],
                **changed["deploymentConfiguration"],
            }
        if "taskDefinition" in changed or "loadBalancers" in changed:
            check(self._world, call, settings, definition)
        now = self._world.clock.now()
        differing = {key for key in settings if settings[key] != service.settings.get(key)}
        service.settings = settings
        if call.params.get("desiredCount") is not None:
            service.desired = service.primary.desired = call.params["desiredCount"]
        service.steady = False
        if call.params.get("forceNewDeployment") or differing & _STARTS_A_DEPLOYMENT:
            for deployment in service.deployments:
                deployment.status = "ACTIVE"
            service.deployments.insert(0, new_deployment(service, definition, now))
        self._scheduler.settle(call.account, call.region)
        return {"service": self._shown(service, with_tags=True)}

    def _update_in_sets(self, call: Call, service: Service, changed: AwsShape) -> AwsShape:
        """What its task sets decide is not UpdateService's to change.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
        """
        if decided := sorted((changed.keys() - _UPDATED_IN_SETS) | ({"forceNewDeployment"} & call.params.keys())):
            how = "Use AWS CodeDeploy to trigger a new deployment." if service.controller == "CODE_DEPLOY" else (
                "Create a new task set.")  # fmt: skip
            raise Refused(
                "InvalidParameterException",
                f"Unable to update {', '.join(decided)} on services with a {service.controller} deployment "
                f"controller. {how}",
            )
        service.settings |= changed
        if call.params.get("desiredCount") is not None:
            service.desired = call.params["desiredCount"]
        self._scheduler.settle(call.account, call.region)
        return {"service": self._shown(service, with_tags=True)}

    def _delete(self, call: Call) -> AwsShape:
        """DRAINING until its tasks have stopped, then INACTIVE; desiredCount is 0 from then on.

        Without force, a service that is scaled above 0 is refused. Deleting one that is DRAINING or INACTIVE
        succeeds. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
        """
        cluster, ecs = self._place(call)
        service = ecs.service(cluster, short_name(call.params["service"]))
        if service.status == "ACTIVE":
            if service.is_replica and service.desired > 0 and not call.params.get("force"):
                raise Refused("InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
            service.status = "DRAINING"
            service.desired = 0
            for deployment in service.rollouts:
                deployment.desired = 0
            self._scheduler.settle(call.account, call.region)
        shown = self._shown(service, with_tags=True)
        return {"service": {**shown, "status": "DRAINING"} if service.inactive_at is not None else shown}

    def _definition(self, call: Call, name: str) -> AwsShape:
        try:
            return self._definitions.find(call, name)
        except Refused:
            raise Refused("ClientException", "TaskDefinition not found.") from None

    def _place(self, call: Call) -> tuple[str, Ecs]:
        self._scheduler.settle(call.account, call.region)
        return cluster_named(self._moto, call), self._world.state(Ecs, call.account, call.region)

    def _shown(self, service: Service, *, with_tags: bool) -> AwsShape:
        return service_shape(service, self._world.clock.now(), with_tags=with_tags)


def _first_set(service: Service, definition: AwsShape, now: float) -> Deployment:
    """What CodeDeploy begins with: a primary task set with all that the service was made with."""
    chosen = {name: service.settings[name] for name in SENT_FOR_A_SET if name in service.settings}
    one = new_set(service, definition, chosen, now)
    one.status = "PRIMARY"
    return one


def _desired(call: Call, settings: AwsShape) -> int:
    """As many as were asked for; of a daemon one on each container instance."""
    return HOSTS_A_CLUSTER if settings["schedulingStrategy"] == "DAEMON" else int(call.params.get("desiredCount", 1))
