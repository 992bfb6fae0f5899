"""How many health checks and records there may be, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.manners.limits import ROUTE53, value
from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

from .state import Dns
from .zones import zone_named


class DnsLimits:
    """GetAccountLimit for health checks and GetHostedZoneLimit for records.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetAccountLimit.html
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZoneLimit.html
    """

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"GetAccountLimit": self._account, "GetHostedZoneLimit": self._zone}

    def _account(self, call: Call) -> AwsShape:
        if call.params["Type"] != "MAX_HEALTH_CHECKS_BY_OWNER":
            raise Refused("InvalidInput", f"The sandbox does not know the limit {call.params['Type']}.")
        return self._told(call, len(self._world.state(Dns, call.account, GLOBAL).health_checks))

    def _zone(self, call: Call) -> AwsShape:
        zone, _ = zone_named(self._moto, call, call.params["HostedZoneId"])
        if call.params["Type"] != "MAX_RRSETS_BY_ZONE":
            raise Refused("InvalidInput", f"The sandbox does not know the limit {call.params['Type']}.")
        return self._told(call, len(self._world.state(Dns, call.account, GLOBAL).record_sets.get(zone, {})))

    def _told(self, call: Call, used: int) -> AwsShape:
        name = call.params["Type"]
        most = value(self._world, call.account, name, ROUTE53[name], used)
        return {"Limit": {"Type": name, "Value": most}, "Count": used}
