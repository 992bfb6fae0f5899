"""Record-set protections: names and types that no change may touch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

from .records import labels_of, written_name
from .state import Dns, ProtectedName
from .zones import zone_named

_PAGE = 300


class Protections:
    """Creation, listing and deletion of protections, as botocore's model of Route 53 describes them.

    While one exists, a batch that creates, changes or deletes a record set of that name and type is refused with
    InvalidChangeBatch.
    """

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateResourceRecordSetProtections": self._create,
            "ListResourceRecordSetProtections": self._list,
            "DeleteResourceRecordSetProtections": self._delete,
        }

    def _create(self, call: Call) -> AwsShape:
        protected = self._of_zone(call)
        wanted = {_key(entry): entry for entry in call.params["Protections"]}
        if protected.keys() & wanted.keys():
            code = "ProtectionAlreadyExists" if wanted.keys() <= protected.keys() else _BAD_BATCH
            raise Refused(code, "A protection already exists for an entry of the request.", 409)
        protected.update({key: {**entry, "RecordName": key[2]} for key, entry in wanted.items()})
        return {}

    def _list(self, call: Call) -> AwsShape:
        entries = [entry for _, entry in sorted(self._of_zone(call).items())]
        if name := call.params.get("StartRecordName"):
            start = labels_of(name), call.params.get("StartRecordType") or ""
            entries = [entry for entry in entries if (labels_of(entry["RecordName"]), entry["RecordType"]) >= start]
        size = min(int(call.params.get("MaxResults") or _PAGE), _PAGE)
        shown, token = page(entries, call.params.get("NextToken"), size)
        return {"ResourceRecordSetProtections": shown, "NextToken": token}

    def _delete(self, call: Call) -> AwsShape:
        protected = self._of_zone(call)
        wanted = {_key(entry) for entry in call.params["Protections"]}
        if wanted - protected.keys():
            raise Refused(_BAD_BATCH, "No protection exists for an entry of the request.")
        for key in wanted:
            del protected[key]
        return {}

    def _of_zone(self, call: Call) -> dict[ProtectedName, AwsShape]:
        zone_id, _ = zone_named(self._moto, call, call.params["HostedZoneId"])
        return self._world.state(Dns, call.account, GLOBAL).protections.setdefault(zone_id, {})


_BAD_BATCH = "InvalidResourceRecordSetProtectionBatch"


def _key(entry: AwsShape) -> ProtectedName:
    return labels_of(entry["RecordName"]), entry["RecordType"], written_name(entry["RecordName"])
