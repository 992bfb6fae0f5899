"""VPC endpoint services (PrivateLink) before network load balancers. moto knows no load balancer of this area."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .addresses import service_id
from .state import Balancing

_PAGE = 1000


class EndpointServices:
    """Their creation, description and deletion, which are EC2's."""

    service = "ec2"

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "CreateVpcEndpointServiceConfiguration": self._create,
            "DescribeVpcEndpointServiceConfigurations": self._describe,
            "DeleteVpcEndpointServiceConfigurations": self._delete,
        }

    def _create(self, call: Call) -> AwsShape:
        """One before network load balancers that there are.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpointServiceConfiguration.html
        """
        state = self._world.state(Balancing, call.account, call.region)
        arns = call.params.get("NetworkLoadBalancerArns") or []
        for arn in arns:
            if state.load_balancer(arn).shape["Type"] != "network":
                raise Refused("InvalidParameter", f"{arn} is no network load balancer")
        known_as = service_id()
        state.endpoint_services[known_as] = {
            "ServiceId": known_as,
            "ServiceName": f"com.amazonaws.vpce.{call.region}.{known_as}",
            "ServiceState": "Available",
            "AcceptanceRequired": bool(call.params.get("AcceptanceRequired", True)),
            "NetworkLoadBalancerArns": list(arns),
        }
        return {"ServiceConfiguration": state.endpoint_services[known_as]}

    def _describe(self, call: Call) -> AwsShape:
        state = self._world.state(Balancing, call.account, call.region)
        wanted = call.params.get("ServiceIds") or list(state.endpoint_services)
        if unknown := [one for one in wanted if one not in state.endpoint_services]:
            raise Refused("InvalidVpcEndpointServiceId.NotFound", f"{unknown[0]} does not exist")
        chosen = [state.endpoint_services[one] for one in wanted]
        shown, token = page(chosen, call.params.get("NextToken"), int(call.params.get("MaxResults") or _PAGE))
        return {"ServiceConfigurations": shown, "NextToken": token}

    def _delete(self, call: Call) -> AwsShape:
        state = self._world.state(Balancing, call.account, call.region)
        for known_as in call.params["ServiceIds"]:
            state.endpoint_services.pop(known_as, None)
        return {"Unsuccessful": []}
