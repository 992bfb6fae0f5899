"""ChangeResourceRecordSets, ListResourceRecordSets and GetChange."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.clock import instant
from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

from .conflicts import conflict
from .records import Key, described, is_same, key_of, labels_of, written
from .state import Dns, bare_id
from .zones import zone_named

SECONDS_TO_INSYNC = 30.0
_PAGE = 300


class RecordSets:
    """Record sets, and the changes that bring them to the name servers."""

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "ChangeResourceRecordSets": self._change,
            "ListResourceRecordSets": self._list,
            "GetChange": self._get_change,
            "TestDNSAnswer": self._test_answer,
        }

    def _change(self, call: Call) -> AwsShape:
        """All changes of a batch are made, in their order, or none.

        CREATE refuses a record set that is there; DELETE wants every field and value as they are; both are
        InvalidChangeBatch. The change is PENDING until all name servers have it.
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
        """
        zone_id, zone_name = zone_named(self._moto, call, call.params["HostedZoneId"])
        dns = self._dns(call)
        draft = dict(dns.record_sets.setdefault(zone_id, {}))
        wrong: list[str] = []
        for change in call.params["ChangeBatch"]["Changes"]:
            record = written(change["ResourceRecordSet"])
            if change["Action"] != "DELETE" and (check_id := record.get("HealthCheckId")):
                dns.health_check(check_id)
            complaint = _protected(dns, zone_id, record) or _apply(draft, change["Action"], record, zone_id, zone_name)
            wrong += [complaint] if complaint else []
        if wrong:
            raise Refused("InvalidChangeBatch", f"[{', '.join(wrong)}]")
        dns.record_sets[zone_id] = draft
        comment = call.params["ChangeBatch"].get("Comment", "")
        return {"ChangeInfo": self._noted(dns, comment)}

    def _list(self, call: Call) -> AwsShape:
        """Record sets by name with its labels reversed, then type, then set identifier.

        StartRecordName is where the list begins, not a filter: where there is no such record set, the next one comes
        back. https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
        """
        zone_id, _ = zone_named(self._moto, call, call.params["HostedZoneId"])
        name, kind = call.params.get("StartRecordName"), call.params.get("StartRecordType")
        identifier = call.params.get("StartRecordIdentifier")
        if (kind and not name) or (identifier and not kind):
            raise Refused("InvalidInput", "The input is not valid: a record type needs a name, an identifier a type.")
        start: Key | None = (labels_of(name), kind or "", identifier or "") if name else None
        ordered = sorted(self._dns(call).record_sets.get(zone_id, {}).items())
        following = [record for key, record in ordered if start is None or key >= start]
        size = min(int(call.params.get("MaxItems") or _PAGE), _PAGE)
        answer: AwsShape = {
            "ResourceRecordSets": following[:size],
            "IsTruncated": len(following) > size,
            "MaxItems": str(size),
        }
        if len(following) > size:
            after = following[size]
            answer |= {"NextRecordName": after["Name"], "NextRecordType": after["Type"]}
            if after.get("SetIdentifier"):
                answer["NextRecordIdentifier"] = after["SetIdentifier"]
        return answer

    def _get_change(self, call: Call) -> AwsShape:
        """PENDING, then INSYNC.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html
        """
        change_id = bare_id(call.params["Id"])
        dns = self._dns(call)
        if change_id not in dns.changes:
            raise Refused("NoSuchChange", f"Could not find resource with ID: {change_id}", 404)
        return {"ChangeInfo": self._change_info(dns, change_id)}

    def _test_answer(self, call: Call) -> AwsShape:
        """What Route 53's own name servers would answer for a record of this zone."""
        zone_id, _ = zone_named(self._moto, call, call.params["HostedZoneId"])
        name, kind = call.params["RecordName"], call.params["RecordType"]
        labels = labels_of(name)
        sets = [record for key, record in self._dns(call).record_sets.get(zone_id, {}).items() if key[0] == labels]
        chosen = [record for record in sets if record["Type"] in (kind, "CNAME")]
        data = [item["Value"] for record in chosen for item in record.get("ResourceRecords", [])]
        data += [record["AliasTarget"]["DNSName"] for record in chosen if "AliasTarget" in record]
        return {
            "Nameserver": "ns-2048.awsdns-64.com",
            "RecordName": name,
            "RecordType": kind,
            "RecordData": data,
            "ResponseCode": "NOERROR" if sets else "NXDOMAIN",
            "Protocol": "UDP",
        }

    def _noted(self, dns: Dns, comment: str) -> AwsShape:
        alphabet = string.ascii_uppercase + string.digits
        change_id = "C" + "".join(secrets.choice(alphabet) for _ in range(20))
        dns.changes[change_id] = (self._world.clock.now(), comment)
        return self._change_info(dns, change_id)

    def _change_info(self, dns: Dns, change_id: str) -> AwsShape:
        submitted, comment = dns.changes[change_id]
        done = self._world.clock.now() >= submitted + SECONDS_TO_INSYNC
        info: AwsShape = {
            "Id": f"/change/{change_id}",
            "Status": "INSYNC" if done else "PENDING",
            "SubmittedAt": instant(submitted),
        }
        return {**info, "Comment": comment} if comment else info

    def _dns(self, call: Call) -> Dns:
        return self._world.state(Dns, call.account, GLOBAL)


def _protected(dns: Dns, zone_id: str, record: AwsShape) -> str | None:
    for labels, kind, _ in dns.protections.get(zone_id, {}):
        if (labels, kind) == (labels_of(record["Name"]), record["Type"]):
            return f"The resource record set {described(record)} is protected"
    return None


def _apply(draft: dict[Key, AwsShape], action: str, record: AwsShape, zone_id: str, zone: str) -> str | None:
    """Make one change in a draft of the zone, or say what Route 53 has against it."""
    key = key_of(record)
    existing = draft.get(key)
    if action == "DELETE":
        if existing is None:
            return f"Tried to delete resource record set {described(record)} but it was not found"
        if not is_same(existing, record):
            return (
                f"Tried to delete resource record set {described(record)} but the values provided do not match the "
                "current values"
            )
        if record["Type"] in ("SOA", "NS") and key[0] == labels_of(zone):
            return f"A HostedZone must contain at least one {record['Type']} record for the zone itself."
        del draft[key]
        return None
    if action == "CREATE" and existing is not None:
        return f"Tried to create resource record set {described(record)} but it already exists"
    if complaint := conflict(draft, record, key, zone_id, zone):
        return complaint
    draft[key] = record
    return None
