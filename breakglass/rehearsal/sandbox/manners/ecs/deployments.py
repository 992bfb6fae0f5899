"""Service revisions and service deployments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from breakglass.rehearsal.sandbox.clock import instant
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .creation import ONLY_IN_REVISIONS
from .scheduler import Scheduler
from .state import Deployment, Ecs, Service, short_name
from .views import service_deployment_arn

_STATUS = {"IN_PROGRESS": "IN_PROGRESS", "COMPLETED": "SUCCESSFUL", "FAILED": "STOPPED"}
_REVISION_FIELDS = (
    "capacityProviderStrategy", "launchType", "platformVersion", "platformFamily", "loadBalancers",
    "serviceRegistries", "networkConfiguration", "serviceConnectConfiguration", "volumeConfigurations",
    "vpcLatticeConfigurations", "taskDefinition", *ONLY_IN_REVISIONS,
)  # fmt: skip


class Deployments:
    """DescribeServiceRevisions, ListServiceDeployments and DescribeServiceDeployments.

    All three go with their service: once it is INACTIVE they are MISSING.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
    """

    def __init__(self, world: World, scheduler: Scheduler) -> None:
        self._world = world
        self._scheduler = scheduler

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "DescribeServiceRevisions": self._revisions,
            "ListServiceDeployments": self._list,
            "DescribeServiceDeployments": self._describe,
        }

    def _revisions(self, call: Call) -> AwsShape:
        known = {deployment.revision: (service, deployment) for service, deployment in self._living(call)}
        wanted = call.params["serviceRevisionArns"]
        shown = []
        for arn in filter(known.__contains__, wanted):
            service, deployment = known[arn]
            kept = {key: deployment.settings[key] for key in _REVISION_FIELDS if key in deployment.settings}
            shown.append(
                {
                    **kept,
                    "serviceRevisionArn": arn,
                    "serviceArn": service.arn,
                    "clusterArn": service.arn.replace(":service/", ":cluster/").rpartition("/")[0],
                    "createdAt": instant(deployment.created_at),
                }
            )
        return {"serviceRevisions": shown, "failures": _missing(wanted, known)}

    def _list(self, call: Call) -> AwsShape:
        name = short_name(call.params["service"])
        chosen = [(service, item) for service, item in self._living(call) if service.name == name]
        if not chosen:
            raise Refused("ServiceNotFoundException", "Service not found.")
        return {"serviceDeployments": [_brief(service, item) for service, item in chosen]}

    def _describe(self, call: Call) -> AwsShape:
        known = {service_deployment_arn(service, item): (service, item) for service, item in self._living(call)}
        wanted = call.params["serviceDeploymentArns"]
        shown = []
        for arn in filter(known.__contains__, wanted):
            service, deployment = known[arn]
            brief = _brief(service, deployment)
            brief["targetServiceRevision"] = {
                "arn": brief.pop("targetServiceRevisionArn"),
                "requestedTaskCount": deployment.desired,
            }
            configuration = deployment.settings["deploymentConfiguration"]
            shown.append({**brief, "deploymentConfiguration": configuration})
        return {"serviceDeployments": shown, "failures": _missing(wanted, known)}

    def _living(self, call: Call) -> Iterator[tuple[Service, Deployment]]:
        self._scheduler.settle(call.account, call.region)
        for service in self._world.state(Ecs, call.account, call.region).services.values():
            if service.status != "INACTIVE":
                for deployment in service.deployments:
                    yield service, deployment


def _brief(service: Service, deployment: Deployment) -> AwsShape:
    shape: AwsShape = {
        "serviceDeploymentArn": service_deployment_arn(service, deployment),
        "serviceArn": service.arn,
        "clusterArn": service.arn.replace(":service/", ":cluster/").rpartition("/")[0],
        "status": _STATUS[deployment.rollout],
        "statusReason": deployment.reason,
        "targetServiceRevisionArn": deployment.revision,
        "createdAt": instant(deployment.created_at),
        "startedAt": instant(deployment.created_at),
    }
    if deployment.finished_at is not None:
        shape["finishedAt"] = instant(deployment.finished_at)
    return shape


def _missing(wanted: list[str], known: Mapping[str, object]) -> list[AwsShape]:
    return [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known]
