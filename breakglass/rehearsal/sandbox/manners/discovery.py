"""Cloud Map: names are taken, listings filter, a service with instances stays, and ECS takes its own away late.

And a network has as many namespaces as one likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call


class Discovery:
    """Services and what is in them; the rest of Cloud Map is moto's."""

    service = "servicediscovery"

    def __init__(self, moto: MotoBridge, settle_tasks: Callable[[str, str], None]) -> None:
        self._moto = moto
        self._settle_tasks = settle_tasks

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreatePrivateDnsNamespace": self._create_namespace,
            "CreateService": self._create,
            "DeleteService": self._delete,
            "GetService": self._get,
            "ListInstances": self._list_instances,
            "ListNamespaces": self._list_namespaces,
            "ListServices": self._list_services,
        }

    def _create_namespace(self, call: Call) -> AwsShape:
        """A network has as many namespaces as one likes, each of another name: else NamespaceAlreadyExists.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_CreatePrivateDnsNamespace.html
        """
        name, vpc = call.params["Name"], call.params["Vpc"]
        if any(one["Name"] == name for one in self._ask(call, "ListNamespaces")["Namespaces"]):
            raise Refused("NamespaceAlreadyExists", f"Namespace {name} already exists")
        return self._moto.call(call.replaced(Vpc=f"{vpc} {name}"))  # by which moto tells whether there is one

    def _create(self, call: Call) -> AwsShape:
        """NamespaceNotFound; ServiceAlreadyExists for a name that is taken, but not for the same request again.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateService.html
        """
        namespace = call.params.get("NamespaceId") or call.params.get("DnsConfig", {}).get("NamespaceId")
        self._ask(call, "GetNamespace", Id=namespace)
        for service in self._ask(call, "ListServices")["Services"]:
            known = self._ask(call, "GetService", Id=service["Id"])["Service"]
            if (known["NamespaceId"], known["Name"]) == (namespace, call.params["Name"]):
                if known.get("CreatorRequestId") == call.params.get("CreatorRequestId", ""):
                    return {"Service": self._shown(call, known)}
                raise Refused("ServiceAlreadyExists", f"Service already exists. Id: {known['Id']}")
        made = self._moto.call(call.replaced(NamespaceId=namespace))["Service"]
        return {"Service": self._shown(call, made)}

    def _get(self, call: Call) -> AwsShape:
        """With the number of its instances, and how these can be discovered.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_Service.html
        """
        self._settle_tasks(call.account, call.region)
        return {"Service": self._shown(call, self._moto.call(call)["Service"])}

    def _shown(self, call: Call, service: AwsShape) -> AwsShape:
        instances = self._ask(call, "ListInstances", ServiceId=service["Id"])["Instances"]
        kind = service.get("Type") or ("DNS_HTTP" if service.get("DnsConfig") else "HTTP")
        return {**service, "Type": kind, "InstanceCount": len(instances), "ResourceOwner": "SELF"}

    def _list_namespaces(self, call: Call) -> AwsShape:
        """Filters by NAME.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_NamespaceFilter.html
        """
        wanted = _filter(call, "NAME")
        found = self._moto.call(call)["Namespaces"]
        return {"Namespaces": [one for one in found if wanted is None or one["Name"] in wanted]}

    def _list_services(self, call: Call) -> AwsShape:
        """Filters by NAMESPACE_ID; a summary does not say the namespace.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_ServiceFilter.html
        """
        wanted = _filter(call, "NAMESPACE_ID")
        found = [self._ask(call, "GetService", Id=one["Id"])["Service"] for one in self._moto.call(call)["Services"]]
        return {
            "Services": [
                {name: value for name, value in one.items() if name not in {"NamespaceId", "CreatorRequestId"}}
                for one in found
                if wanted is None or one["NamespaceId"] in wanted
            ]
        }

    def _list_instances(self, call: Call) -> AwsShape:
        """ECS registers and deregisters its tasks' instances on its own: what it has done by now comes first."""
        self._settle_tasks(call.account, call.region)
        return self._moto.call(call)

    def _delete(self, call: Call) -> AwsShape:
        """Refused with ServiceNotFound, and with ResourceInUse while instances are registered.

        https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteService.html
        """
        self._settle_tasks(call.account, call.region)
        if self._ask(call, "ListInstances", ServiceId=call.params["Id"])["Instances"]:
            raise Refused(
                "ResourceInUse",
                "Service contains registered instances; delete the instances before deleting the service",
            )
        return self._moto.call(call)

    def _ask(self, call: Call, operation: str, **params: object) -> AwsShape:
        return self._moto.call(Call("servicediscovery", operation, call.account, call.region, params))


def _filter(call: Call, name: str) -> list[str] | None:
    values = [one["Values"] for one in call.params.get("Filters", []) if one["Name"] == name]
    return values[0] if values else None
