"""AWS's limits that a rebuild can run into: how many there may be, how many there are, how many it would make.

Limits are told by the services themselves where they can (Elastic Load Balancing, Route 53), by Service Quotas where
they cannot (ECS). Each is looked up only where a plan makes something that counts against it, and what cannot be told
is a note, never a failure.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from breakglass.model.lead import Key
from breakglass.model.plan import Call, Plan, Purpose, Step, Until
from breakglass.model.reading import AwsError, NotFound, Reader

SERVICES_A_CLUSTER = "L-9EF96962"
"""https://docs.aws.amazon.com/general/latest/gr/ecs-service.html: "Services per cluster"."""


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit: what it is of, in words, how many there may be and are, and how many more a plan would leave."""

    name: str
    limit: int
    used: int
    more: int
    component: Key

    @property
    def exceeded(self) -> bool:
        """Whether AWS would refuse to make them."""
        return self.used + self.more > self.limit


@dataclass(frozen=True, slots=True)
class Quotas:
    """All that could be told, and why others could not."""

    known: tuple[Quota, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    """What a limit is of, the component that it is about, how many more there will be, and how to find out."""

    name: str
    component: Key
    more: int
    ask: Callable[[], tuple[int, int]]


def quotas_of(plan: Plan, reader: Reader, freed: Plan | None = None) -> Quotas:
    """The limits that a rebuild counts against. `freed` is the removal that it comes after, which makes room first."""
    questions = list(_questions(plan, freed, reader))
    known: list[Quota] = []
    notes: dict[str, None] = {}
    for one, answer in zip(questions, reader.gather([one.ask for one in questions]), strict=True):
        match answer:
            case AwsError():
                notes[f"the limit of {one.name} is not known: {answer.operation}: {answer.code}"] = None
            case limit, used:
                known.append(Quota(one.name, limit, used, one.more, one.component))
    return Quotas(tuple(known), tuple(notes))


def _questions(plan: Plan, freed: Plan | None, reader: Reader) -> Iterator[_Question]:
    made = _counted(_making(plan))
    gone = _counted(_going(freed)) if freed else Counter()
    first = {place: step.component for step, place in reversed(list(_making(plan)))}
    for place, count in made.items():
        kind, where = place
        if kind in _LIMITS and where is not None:
            name, ask = _LIMITS[kind]
            yield _Question(name.format(_called(where)), first[place], count - gone[place], partial(ask, reader, where))


Place = tuple[str, str | None]
"""What counts against a limit, and where: a zone, a load balancer; None where that is still to be made."""


def _counted(places: Iterable[tuple[Step, Place]]) -> Counter[Place]:
    return Counter(place for _, place in places)


def _making(plan: Plan) -> Iterator[tuple[Step, Place]]:
    for step in plan.steps:
        if plan.purpose is Purpose.REBUILD and step.goal is Until.THERE:
            yield from ((step, place) for place in _places(step))


def _going(plan: Plan) -> Iterator[tuple[Step, Place]]:
    for step in plan.steps:
        if step.goal is Until.ABSENT:
            yield from ((step, place) for place in _places(step))


def _places(step: Step) -> Iterator[Place]:
    """What a step makes or takes away, as far as it counts."""
    for _, call in step.calls:
        match call.service:
            case "elbv2":
                yield from _elbv2_place(call)
            case "elb" if call.operation in {"CreateLoadBalancer", "DeleteLoadBalancer"}:
                yield "classic-load-balancer", ""
            case "route53" if call.operation in {"CreateHealthCheck", "DeleteHealthCheck"}:
                yield "health-check", ""
            case "route53" if call.operation == "ChangeResourceRecordSets":
                yield "dns-record", _text(call, "HostedZoneId").rpartition("/")[2] or None
            case "ecs" if call.operation in {"CreateService", "DeleteService"}:
                yield "ecs-service", _text(call, "cluster").rpartition("/")[2] or None
            case _:
                continue


def _elbv2_place(call: Call) -> Iterator[Place]:
    match call.operation:
        case "CreateLoadBalancer":
            yield ("network" if call.params.get("Type") == "network" else "application"), ""
        case "DeleteLoadBalancer":
            yield ("network" if "/net/" in _text(call, "LoadBalancerArn") else "application"), ""
        case "CreateTargetGroup" | "DeleteTargetGroup":
            yield "target-group", ""
        case "CreateRule" | "DeleteRule":
            yield "listener-rule", _balancer(_text(call, "ListenerArn") or _text(call, "RuleArn"))


def _text(call: Call, name: str) -> str:
    """A parameter that is known already; empty for one that only exists later."""
    value = call.params.get(name)
    return value if isinstance(value, str) else ""


def _balancer(arn: str) -> str | None:
    """The load balancer of a listener or rule: `…:listener/app/NAME/ID/…` is on `…:loadbalancer/app/NAME/ID`."""
    before, _, rest = arn.replace(":listener-rule/", ":listener/").partition(":listener/")
    return f"{before}:loadbalancer/{'/'.join(rest.split('/')[:3])}" if rest else None


def _called(where: str) -> str:
    """What people call it: a load balancer's name, not its ARN."""
    return where.split("/")[-2] if where.startswith("arn:") else where


def _balancers(reader: Reader, sort: str) -> tuple[int, int]:
    limit = _limit(reader, "elbv2", f"{sort}-load-balancers")
    every = reader.pages("elbv2", "DescribeLoadBalancers", "LoadBalancers")
    return limit, sum(one.get("Type") == sort for one in every)


def _target_groups(reader: Reader, _: str) -> tuple[int, int]:
    limit = _limit(reader, "elbv2", "target-groups")
    return limit, len(reader.pages("elbv2", "DescribeTargetGroups", "TargetGroups"))


def _rules(reader: Reader, balancer: str) -> tuple[int, int]:
    """Default rules do not count.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    """
    listeners = reader.pages("elbv2", "DescribeListeners", "Listeners", {"LoadBalancerArn": balancer})
    arns = [one["ListenerArn"] for one in listeners]
    rules = [one for arn in arns for one in reader.pages("elbv2", "DescribeRules", "Rules", {"ListenerArn": arn})]
    limit = _limit(reader, "elbv2", "rules-per-application-load-balancer")
    return limit, sum(not one.get("IsDefault") for one in rules)


def _classic(reader: Reader, _: str) -> tuple[int, int]:
    limit = _limit(reader, "elb", "classic-load-balancers")
    return limit, len(reader.pages("elb", "DescribeLoadBalancers", "LoadBalancerDescriptions"))


def _limit(reader: Reader, service: str, name: str) -> int:
    """One limit of Elastic Load Balancing. Raises `NotFound` where AWS does not list it."""
    for one in reader.pages(service, "DescribeAccountLimits", "Limits"):
        if one.get("Name") == name and "Max" in one:
            return int(one["Max"])
    raise NotFound("elasticloadbalancing:DescribeAccountLimits", "NotListed", f"there is no {name}")


def _health_checks(reader: Reader, _: str) -> tuple[int, int]:
    told = reader.call("route53", "GetAccountLimit", {"Type": "MAX_HEALTH_CHECKS_BY_OWNER"})
    return int(told["Limit"]["Value"]), int(told["Count"])


def _records(reader: Reader, zone: str) -> tuple[int, int]:
    told = reader.call("route53", "GetHostedZoneLimit", {"HostedZoneId": zone, "Type": "MAX_RRSETS_BY_ZONE"})
    return int(told["Limit"]["Value"]), int(told["Count"])


def _services(reader: Reader, cluster: str) -> tuple[int, int]:
    which = {"ServiceCode": "ecs", "QuotaCode": SERVICES_A_CLUSTER}
    try:
        told = reader.call("service-quotas", "GetServiceQuota", which)
    except NotFound:  # never raised for this account: then AWS's default is what counts
        told = reader.call("service-quotas", "GetAWSDefaultServiceQuota", which)
    clusters = reader.call("ecs", "DescribeClusters", {"clusters": [cluster]})["clusters"]
    return int(told["Quota"]["Value"]), sum(int(one.get("activeServicesCount", 0)) for one in clusters)


_LIMITS: Mapping[str, tuple[str, Callable[[Reader, str], tuple[int, int]]]] = {
    "application": ("application load balancers in this region", lambda reader, _: _balancers(reader, "application")),
    "network": ("network load balancers in this region", lambda reader, _: _balancers(reader, "network")),
    "classic-load-balancer": ("classic load balancers in this region", _classic),
    "target-group": ("target groups in this region", _target_groups),
    "listener-rule": ("rules on the load balancer {}", _rules),
    "health-check": ("health checks in this account", _health_checks),
    "dns-record": ("records in the zone {}", _records),
    "ecs-service": ("services in the cluster {}", _services),
}
