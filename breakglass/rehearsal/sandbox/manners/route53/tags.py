"""Tags of hosted zones and health checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

from .state import Dns, bare_id
from .zones import zone_named

_LISTED_AT_ONCE = 10


class Tags:
    """ChangeTagsForResource, ListTagsForResource and ListTagsForResources (at most ten at once)."""

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "ChangeTagsForResource": self._change,
            "ListTagsForResource": self._list_one,
            "ListTagsForResources": self._list_several,
        }

    def _change(self, call: Call) -> AwsShape:
        tags = self._tags(call, call.params["ResourceId"])
        tags.update({tag["Key"]: tag.get("Value", "") for tag in call.params.get("AddTags") or []})
        for key in call.params.get("RemoveTagKeys") or []:
            tags.pop(key, None)
        return {}

    def _list_one(self, call: Call) -> AwsShape:
        return {"ResourceTagSet": self._tag_set(call, call.params["ResourceId"])}

    def _list_several(self, call: Call) -> AwsShape:
        ids = call.params["ResourceIds"]
        if len(ids) > _LISTED_AT_ONCE:
            raise Refused("InvalidInput", f"At most {_LISTED_AT_ONCE} resources can be listed at once.")
        return {"ResourceTagSets": [self._tag_set(call, resource) for resource in ids]}

    def _tag_set(self, call: Call, resource: str) -> AwsShape:
        tags = self._tags(call, resource)
        return {
            "ResourceType": call.params["ResourceType"],
            "ResourceId": resource,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }

    def _tags(self, call: Call, resource: str) -> dict[str, str]:
        dns = self._world.state(Dns, call.account, GLOBAL)
        kind = call.params["ResourceType"]
        if kind == "healthcheck":
            dns.health_check(resource)
        else:
            zone_named(self._moto, call, resource)
        return dns.tags.setdefault((kind, bare_id(resource)), {})
