"""Tags of services, tasks and task definitions; those of clusters are moto's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .state import Ecs


class Tags:
    """TagResource, UntagResource and ListTagsForResource."""

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"TagResource": self._tag, "UntagResource": self._untag, "ListTagsForResource": self._list}

    def _tag(self, call: Call) -> AwsShape:
        """Keys that begin with aws: are AWS's own and cannot be sent."""
        sent = {tag["key"]: tag.get("value", "") for tag in call.params["tags"]}
        if any(key.lower().startswith("aws:") for key in sent):
            raise Refused("InvalidParameterException", "Tag keys beginning with aws: are reserved.")
        tags = self._tags(call)
        if tags is None:
            return self._moto.call(call)
        tags.update(sent)
        return {}

    def _untag(self, call: Call) -> AwsShape:
        tags = self._tags(call)
        if tags is None:
            return self._moto.call(call)
        for key in call.params["tagKeys"]:
            tags.pop(key, None)
        return {}

    def _list(self, call: Call) -> AwsShape:
        tags = self._tags(call)
        if tags is None:
            return self._moto.call(call)
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

    def _tags(self, call: Call) -> dict[str, str] | None:
        arn = call.params["resourceArn"]
        ecs = self._world.state(Ecs, call.account, call.region)
        if ":service/" in arn:
            cluster, _, name = arn.rpartition(":service/")[2].partition("/")
            return ecs.service(cluster, name).tags
        if arn in ecs.definition_tags:
            return ecs.definition_tags[arn]
        if ":task/" in arn:
            for task in ecs.tasks():
                if task.arn == arn:
                    return task.tags
            raise Refused("InvalidParameterException", "The specified task was not found.")
        return None
