"""How many there may be of each thing: what AWS tells of it, and what it refuses beyond.

moto knows the limits of application load balancers alone, always the same ones, and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

ELBV2 = {
    "application-load-balancers": 50,
    "certificates-per-application-load-balancer": 25,
    "condition-values-per-alb-rule": 5,
    "listeners-per-application-load-balancer": 50,
    "listeners-per-network-load-balancer": 50,
    "network-load-balancers": 50,
    "rules-per-application-load-balancer": 100,
    "target-groups": 3000,
    "target-groups-per-action-on-application-load-balancer": 5,
    "targets-per-application-load-balancer": 1000,
}
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"""
ELB = {"classic-listeners": 100, "classic-load-balancers": 20, "classic-registered-instances": 1000}
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-limits.html"""
ROUTE53 = {"MAX_HEALTH_CHECKS_BY_OWNER": 200, "MAX_HOSTED_ZONES_BY_OWNER": 500, "MAX_RRSETS_BY_ZONE": 10_000}
"""https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html"""
ECS = {"L-9EF96962": ("Services per cluster", 5000)}
"""https://docs.aws.amazon.com/general/latest/gr/ecs-service.html"""


@dataclass
class Limits:
    """The limits of an account that are not AWS's defaults, by AWS's names for them."""

    set: dict[str, int] = field(default_factory=dict)


def limits_of(world: World, account: str) -> Limits:
    """The limits of an account, which are one thing for all its regions here."""
    return world.state(Limits, account, GLOBAL)


def value(world: World, account: str, name: str, default: int, used: int = 0) -> int:
    """What AWS says: as it was set, else the default, which was raised in good time for an account that has more."""
    return limits_of(world, account).set.get(name, default if used < default else 2 * used)


def insist_on_room(world: World, call: Call, name: str, used: int, code: str) -> None:
    """Refuse one more where a limit that was set is reached."""
    limit = limits_of(world, call.account).set.get(name)
    if limit is not None and used >= limit:
        raise Refused(code, f"The maximum number of {name} has been reached: {limit}")


class AccountLimits:
    """DescribeAccountLimits of Elastic Load Balancing, in either version.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeAccountLimits.html
    """

    def __init__(self, world: World, defaults: Mapping[str, int]) -> None:
        self._world = world
        self._defaults = defaults

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"DescribeAccountLimits": self._describe}

    def _describe(self, call: Call) -> AwsShape:
        told = {name: value(self._world, call.account, name, most) for name, most in self._defaults.items()}
        return {"Limits": [{"Name": name, "Max": str(most)} for name, most in told.items()]}


class ServiceQuotas:
    """GetServiceQuota and GetAWSDefaultServiceQuota for services of an ECS cluster; moto knows only those of VPCs.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """

    service = "service-quotas"

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"GetServiceQuota": self._applied, "GetAWSDefaultServiceQuota": self._default}

    def _applied(self, call: Call) -> AwsShape:
        """An applied value there is only once it was raised; before that, the quota is not found."""
        code = call.params["QuotaCode"]
        if code not in limits_of(self._world, call.account).set:
            raise Refused("NoSuchResourceException", "The request failed because the specified quota does not exist.")
        return self._quota(call, limits_of(self._world, call.account).set[code])

    def _default(self, call: Call) -> AwsShape:
        return self._quota(call)

    def _quota(self, call: Call, applied: int | None = None) -> AwsShape:
        code = call.params["QuotaCode"]
        if call.params["ServiceCode"] != "ecs" or code not in ECS:
            raise Refused("NoSuchResourceException", "The request failed because the specified quota does not exist.")
        name, most = ECS[code]
        return {
            "Quota": {
                "ServiceCode": "ecs",
                "ServiceName": "Amazon Elastic Container Service (Amazon ECS)",
                "QuotaArn": f"arn:aws:servicequotas:{call.region}:{call.account}:ecs/{code}",
                "QuotaCode": code,
                "QuotaName": name,
                "Value": float(most if applied is None else applied),
                "Unit": "None",
                "Adjustable": True,
                "GlobalQuota": False,
            }
        }
