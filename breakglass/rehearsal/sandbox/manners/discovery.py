"""Cloud Map: a service with instances cannot be deleted, and ECS takes its own away late."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call


class Discovery:
    """DeleteService; the rest of Cloud Map is moto's."""

    service = "servicediscovery"

    def __init__(self, moto: MotoBridge, settle_tasks: Callable[[str, str], None]) -> None:
        self._moto = moto
        self._settle_tasks = settle_tasks

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"DeleteService": self._delete, "ListInstances": self._list_instances}

    def _list_instances(self, call: Call) -> AwsShape:
        """ECS registers and deregisters its tasks' instances on its own: what it has done by now comes first."""
        self._settle_tasks(call.account, call.region)
        return self._moto.call(call)

    def _delete(self, call: Call) -> AwsShape:
        """Refused with ResourceInUse while instances are registered.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteService.html
        """
        self._settle_tasks(call.account, call.region)
        service_id = call.params["Id"]
        asked = Call("servicediscovery", "ListInstances", call.account, call.region, {"ServiceId": service_id})
        if self._moto.call(asked)["Instances"]:
            raise Refused(
                "ResourceInUse",
                "Service contains registered instances; delete the instances before deleting the service",
            )
        return self._moto.call(call)
