"""Resource Groups Tagging API: finds by tag what is kept here, beside what moto keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

from .ecs.state import Ecs
from .elbv2.state import Balancing
from .route53.state import Dns

_PAGE = 50
_GLOBAL_REGION = "us-east-1"
"""Resources of services without regions are found in us-east-1 only."""


class Tagging:
    """GetResources; the rest of the API is moto's."""

    service = "resourcegroupstaggingapi"

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"GetResources": self._get_resources}

    def _get_resources(self, call: Call) -> AwsShape:
        """Tagged resources of the account and region that match every filter; untagged ones are never listed.

        https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
        """
        unpaged = call.replaced(PaginationToken=None, ResourcesPerPage=None)
        found = {item["ResourceARN"]: item for item in self._moto.call(unpaged)["ResourceTagMappingList"]}
        for arn, tags in self._kept_here(call):
            if tags and _matches(call.params, arn, tags):
                shown = [{"Key": key, "Value": value} for key, value in tags.items()]
                found[arn] = {"ResourceARN": arn, "Tags": shown}
        size = int(call.params.get("ResourcesPerPage") or _PAGE)
        listed, token = page(list(found.values()), call.params.get("PaginationToken") or None, size)
        return {"ResourceTagMappingList": listed, "PaginationToken": token or ""}

    def _kept_here(self, call: Call) -> Iterator[tuple[str, dict[str, str]]]:
        yield from self._world.state(Balancing, call.account, call.region).tags.items()
        ecs = self._world.state(Ecs, call.account, call.region)
        yield from ((service.arn, service.tags) for service in ecs.services.values() if service.status != "INACTIVE")
        yield from ecs.definition_tags.items()
        if call.region == _GLOBAL_REGION:
            for (kind, resource), tags in self._world.state(Dns, call.account, GLOBAL).tags.items():
                yield f"arn:aws:route53:::{kind}/{resource}", tags


def _matches(params: AwsShape, arn: str, tags: dict[str, str]) -> bool:
    if arns := params.get("ResourceARNList"):
        return arn in arns
    _, _, service, _, _, resource = arn.split(":", 5)
    kind = f"{service}:{resource.partition('/')[0]}"
    wanted = params.get("ResourceTypeFilters") or [service]
    if service not in wanted and kind not in wanted:
        return False
    return all(
        condition["Key"] in tags and (not condition.get("Values") or tags[condition["Key"]] in condition["Values"])
        for condition in params.get("TagFilters") or []
    )
