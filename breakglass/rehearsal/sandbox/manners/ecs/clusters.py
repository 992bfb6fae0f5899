"""Clusters: moto keeps them, and is told how many services and tasks they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .scheduler import Scheduler
from .state import Ecs, short_name


class Clusters:
    """DescribeClusters and DeleteCluster; the rest of clusters is moto's."""

    def __init__(self, world: World, moto: MotoBridge, scheduler: Scheduler) -> None:
        self._world = world
        self._moto = moto
        self._scheduler = scheduler

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"DescribeClusters": self._describe, "DeleteCluster": self._delete}

    def _describe(self, call: Call) -> AwsShape:
        self._scheduler.settle(call.account, call.region)
        now = self._world.clock.now()
        ecs = self._world.state(Ecs, call.account, call.region)
        answer = self._moto.call(call)
        for cluster in answer["clusters"]:
            tasks = [task for task in ecs.tasks() if task.cluster_arn == cluster["clusterArn"]]
            services = [item for (name, _), item in ecs.services.items() if name == cluster["clusterName"]]
            cluster["runningTasksCount"] = sum(task.is_running(now) for task in tasks)
            cluster["pendingTasksCount"] = sum(task.status(now) in ("PROVISIONING", "PENDING") for task in tasks)
            cluster["activeServicesCount"] = sum(service.status == "ACTIVE" for service in services)
        return answer

    def _delete(self, call: Call) -> AwsShape:
        """A cluster with services is refused: ClusterContainsServicesException.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html
        """
        ecs = self._world.state(Ecs, call.account, call.region)
        name = short_name(call.params["cluster"])
        if any(cluster == name and item.status != "INACTIVE" for (cluster, _), item in ecs.services.items()):
            raise Refused(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )
        return self._moto.call(call)


def cluster_named(moto: MotoBridge, call: Call) -> str:
    """The name of the cluster that a call is for (`default` where it names none), else ClusterNotFoundException."""
    name = short_name(call.params.get("cluster") or "default")
    asked = Call("ecs", "DescribeClusters", call.account, call.region, {"clusters": [name]})
    found = moto.call(asked)["clusters"]
    if not found or found[0].get("status") == "INACTIVE":
        raise Refused("ClusterNotFoundException", "Cluster not found.")
    return name
