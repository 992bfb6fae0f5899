"""Container instances as their API shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.state import AwsShape, Call

from .clusters import cluster_named
from .hosts import Host, hosts_of
from .state import short_name


class ContainerInstances:
    """ListContainerInstances and DescribeContainerInstances.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html
    """

    def __init__(self, moto: MotoBridge) -> None:
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"ListContainerInstances": self._list, "DescribeContainerInstances": self._describe}

    def _list(self, call: Call) -> AwsShape:
        return {"containerInstanceArns": [host.arn for host in self._hosts(call)]}

    def _describe(self, call: Call) -> AwsShape:
        known = {short_name(host.arn): host for host in self._hosts(call)}
        wanted = [(name, short_name(name)) for name in call.params["containerInstances"]]
        return {
            "containerInstances": [_shown(known[short]) for _, short in wanted if short in known],
            "failures": [{"arn": name, "reason": "MISSING"} for name, short in wanted if short not in known],
        }

    def _hosts(self, call: Call) -> list[Host]:
        return hosts_of(call.account, call.region, cluster_named(self._moto, call))


def _shown(host: Host) -> AwsShape:
    return {
        "containerInstanceArn": host.arn,
        "ec2InstanceId": host.instance,
        "status": "ACTIVE",
        "agentConnected": True,
        "attributes": [{"name": "ecs.availability-zone", "value": host.zone}],
    }
