"""Hosted zones: moto's, with the record sets that are kept here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

from .records import key_of, labels_of, written
from .state import Dns, bare_id

_PAGE = 100
_SOA = "{server}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"


class Zones:
    """Creation, description and deletion of hosted zones."""

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateHostedZone": self._create,
            "GetHostedZone": self._get,
            "ListHostedZones": self._list,
            "ListHostedZonesByName": self._list_by_name,
            "DeleteHostedZone": self._delete,
        }

    def _create(self, call: Call) -> AwsShape:
        answer = self._moto.call(call)
        zone = answer["HostedZone"]
        servers = answer.get("DelegationSet", {}).get("NameServers") or ["ns-2048.awsdns-64.com"]
        values = {"NS": [f"{server}." for server in servers], "SOA": [_SOA.format(server=servers[0])]}
        own = [
            {"Name": zone["Name"], "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": v} for v in values[kind]]}
            for kind, ttl in (("NS", 172800), ("SOA", 900))
        ]
        self._dns(call).record_sets[bare_id(zone["Id"])] = {key_of(record): written(record) for record in own}
        answer["HostedZone"] = self._counted(call, zone)
        return answer

    def _get(self, call: Call) -> AwsShape:
        answer = self._moto.call(call)
        answer["HostedZone"] = self._counted(call, answer["HostedZone"])
        return answer

    def _list(self, call: Call) -> AwsShape:
        answer = self._moto.call(call)
        answer["HostedZones"] = [self._counted(call, zone) for zone in answer["HostedZones"]]
        return answer

    def _list_by_name(self, call: Call) -> AwsShape:
        """Zones by name with its labels reversed, from DNSName on: again a starting point, not a filter.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
        """
        zones = self._moto.call(Call("route53", "ListHostedZones", call.account, call.region, {}))["HostedZones"]
        ordered = sorted(zones, key=lambda zone: (labels_of(zone["Name"]), zone["Id"]))
        name, start_id = call.params.get("DNSName"), call.params.get("HostedZoneId", "")
        if name:
            start = (labels_of(name), f"/hostedzone/{bare_id(start_id)}" if start_id else "")
            ordered = [zone for zone in ordered if (labels_of(zone["Name"]), zone["Id"]) >= start]
        size = int(call.params.get("MaxItems") or _PAGE)
        answer: AwsShape = {
            "HostedZones": [self._counted(call, zone) for zone in ordered[:size]],
            "IsTruncated": len(ordered) > size,
            "MaxItems": str(size),
        }
        if name:
            answer["DNSName"] = name
        if len(ordered) > size:
            answer |= {"NextDNSName": ordered[size]["Name"], "NextHostedZoneId": bare_id(ordered[size]["Id"])}
        return answer

    def _delete(self, call: Call) -> AwsShape:
        """A zone with more than its own SOA and NS records is refused: HostedZoneNotEmpty.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html
        """
        zone_id, _ = zone_named(self._moto, call, call.params["Id"])
        records = self._dns(call).record_sets.get(zone_id, {})
        if any(record["Type"] not in ("SOA", "NS") for record in records.values()):
            raise Refused(
                "HostedZoneNotEmpty",
                "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
            )
        self._dns(call).record_sets.pop(zone_id, None)
        return self._moto.call(call)

    def _counted(self, call: Call, zone: AwsShape) -> AwsShape:
        records = self._dns(call).record_sets.get(bare_id(zone["Id"]), {})
        return {**zone, "ResourceRecordSetCount": len(records)}

    def _dns(self, call: Call) -> Dns:
        return self._world.state(Dns, call.account, GLOBAL)


def zone_named(moto: MotoBridge, call: Call, zone_id: str) -> tuple[str, str]:
    """The bare id and the name of a zone, else NoSuchHostedZone."""
    bare = bare_id(zone_id)
    try:
        answer = moto.call(Call("route53", "GetHostedZone", call.account, call.region, {"Id": bare}))
    except Refused:
        raise Refused("NoSuchHostedZone", f"No hosted zone found with ID: {bare}", 404) from None
    return bare, str(answer["HostedZone"]["Name"])
