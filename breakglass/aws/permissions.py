"""What IAM has to allow for a planned call: actions, the resources that policies name, and what conditions ask.

Resources matter: a policy that allows an action on one service only is a denial for `*`. Each action is paired with
the ARN of the resource type that it is authorised on, by the Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
What only exists later has zeros for AWS's own part, which a policy can only have matched with a wildcard.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from breakglass.aws.answers import iam_action
from breakglass.aws.shapes import stand_in
from breakglass.model.plan import Call, Output, Plan, filled

ANY = "*"
GLOBAL = "us-east-1"
"""What `aws:RequestedRegion` is for services that have no region of their own.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
"""
_NO_REGION = frozenset({"route53"})
_PASSED_TO = {
    "taskRoleArn": "ecs-tasks.amazonaws.com",
    "executionRoleArn": "ecs-tasks.amazonaws.com",
    "role": "ecs.amazonaws.com",
    "RoleARN": "application-autoscaling.amazonaws.com",
}
_KNOWN = frozenset(
    {"application-autoscaling", "cloudwatch", "dynamodb", "ecs", "elb", "elbv2", "logs", "route53", "servicediscovery"}
)
"""Services whose resources are told below."""
_ZEROS = "0000000000000000"
_ELB_ARNS = ("RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn")

Context = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Permission:
    """Leave for one action on one resource in one region. `context` are condition keys with their values.

    `exact` is false where nobody has said here what the action is authorised on: a policy may allow it all the same.
    """

    action: str
    resource: str = ANY
    region: str = ""
    context: Context = ()
    exact: bool = True

    @property
    def words(self) -> str:
        """`ecs:CreateService on service/wonderland/deployer-api`."""
        return self.action if self.resource == ANY else f"{self.action} on {self.resource.split(':', 5)[-1]}"


def permissions(call: Call, plan: Plan) -> tuple[Permission, ...]:
    """Everything that has to be allowed for one call of a plan: itself, tagging what it makes, and the roles it passes.

    Also what is looked up only once it has been sent.
    """
    region, partition = call.region or plan.region, _partition(plan)

    def later(output: Output) -> str:
        return stand_in(output, plan.account.id, region).replace("arn:aws:", f"arn:{partition}:", 1)

    params = filled(call.params, later)
    needs = _Needs(call, params, partition, region, plan.account.id)
    return tuple(dict.fromkeys((*needs.every(), *passing(params, plan))))


def passing(facts: Mapping[str, Any], plan: Plan) -> Iterator[Permission]:
    """Leave to hand over the roles that are named in parameters, or in a task definition that a service is to run.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    for name, service in _PASSED_TO.items():
        if role := facts.get(name):
            arn = role if role.startswith("arn:") else f"arn:{_partition(plan)}:iam::{plan.account.id}:role/{role}"
            yield Permission("iam:PassRole", arn, GLOBAL, (("iam:PassedToService", service),))


@dataclass(frozen=True, slots=True)
class _Needs:
    call: Call
    params: Mapping[str, Any]
    partition: str
    region: str
    account: str

    def every(self) -> Iterator[Permission]:
        made = self._resources()
        action = iam_action(self.call.service, self.call.operation)
        context = self._context()
        exact = self.call.service in _KNOWN
        yield from (replace(self._permission(action, one, context), exact=exact) for one in made)
        if self.params.get("tags") or self.params.get("Tags"):
            yield from self._tagging()
        if self.call.operation == "ChangeResourceRecordSets":
            yield self._permission("route53:GetChange", f"arn:{self.partition}:route53:::change/C{_ZEROS}")

    def _permission(self, action: str, resource: str, context: Context = ()) -> Permission:
        region = GLOBAL if self.call.service in _NO_REGION else self.region
        return Permission(action, resource, region, context)

    def _arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def _resources(self) -> Sequence[str]:
        """The ARNs that the call itself is authorised on."""
        params = self.params
        match self.call.service:
            case "ecs":
                return [self._ecs()]
            case "elbv2":
                return [self._elbv2()]
            case "elb":
                return [self._arn("elasticloadbalancing", f"loadbalancer/{params.get('LoadBalancerName', ANY)}")]
            case "route53":
                return [self._route53()]
            case "dynamodb":
                return [self._arn("dynamodb", f"table/{params['TableName'].rpartition('/')[2]}")]
            case "application-autoscaling":
                return [self._arn("application-autoscaling", f"scalable-target/{_ZEROS * 2}")]
            case "cloudwatch":
                names = params.get("AlarmNames") or [params.get("AlarmName", ANY)]
                return [self._arn("cloudwatch", f"alarm:{name}") for name in names]
            case "servicediscovery":
                return self._cloud_map()
            case "logs":
                # As AWS itself names it when it denies: the ARN of a group is matched with what comes below it.
                return [self._arn("logs", f"log-group:{params.get('logGroupName', ANY)}:log-stream:")]
            case _:
                return [ANY]

    def _ecs(self) -> str:
        params = self.params
        if self.call.operation == "RegisterTaskDefinition":
            return self._arn("ecs", f"task-definition/{params['family']}:1")
        name = str(params.get("serviceName") or params.get("service") or ANY)
        return self._arn("ecs", f"service/{self._cluster}/{name.rpartition('/')[2]}")

    @property
    def _cluster(self) -> str:
        return str(self.params.get("cluster", "default")).rpartition("/")[2]

    def _elbv2(self) -> str:
        params = self.params
        match self.call.operation:
            case "CreateLoadBalancer":
                sort = "net" if params.get("Type") == "network" else "app"
                return self._arn("elasticloadbalancing", f"loadbalancer/{sort}/{params['Name']}/{_ZEROS}")
            case "CreateTargetGroup":
                return self._arn("elasticloadbalancing", f"targetgroup/{params['Name']}/{_ZEROS}")
            case _:
                return next((str(params[name]) for name in _ELB_ARNS if name in params), ANY)

    def _route53(self) -> str:
        """Creating a health check is authorised on no resource."""
        params, before = self.params, f"arn:{self.partition}:route53:::"
        if zone := params.get("HostedZoneId"):
            return f"{before}hostedzone/{zone.rpartition('/')[2]}"
        check = params.get("HealthCheckId") or params.get("ResourceId")
        return f"{before}healthcheck/{check}" if check else ANY

    def _cloud_map(self) -> Sequence[str]:
        params = self.params
        service = params.get("ServiceId") or params.get("Id") or f"srv-{_ZEROS}"
        arns = [self._arn("servicediscovery", f"service/{service}")]
        if self.call.operation == "CreateService":
            namespace = params.get("NamespaceId") or params.get("DnsConfig", {}).get("NamespaceId", ANY)
            arns.append(self._arn("servicediscovery", f"namespace/{str(namespace).rpartition('/')[2]}"))
        return arns

    def _context(self) -> Context:
        """Condition keys of the services' own that policies are commonly written with."""
        match self.call.service:
            case "ecs" if "cluster" in self.params:
                return (("ecs:cluster", self._arn("ecs", f"cluster/{self._cluster}")),)
            case "application-autoscaling":
                namespace, dimension = self.params.get("ServiceNamespace"), self.params.get("ScalableDimension")
                before = "application-autoscaling"
                return (
                    (f"{before}:scalable-dimension", str(dimension)),
                    (f"{before}:service-namespace", str(namespace)),
                )
            case _:
                return ()

    def _tagging(self) -> Iterator[Permission]:
        """Tags sent with a creation are authorised by an action of their own.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/tagging-resources-during-creation.html
        """
        match self.call.service:
            case "ecs":
                yield self._permission("ecs:TagResource", self._ecs(), (("ecs:CreateAction", self.call.operation),))
            case "elbv2" | "elb":
                action = "elasticloadbalancing"
                created = ((f"{action}:CreateAction", self.call.operation),)
                yield self._permission(f"{action}:AddTags", self._made_by_elb(), created)
            case "servicediscovery":
                yield self._permission("servicediscovery:TagResource", ANY)
            case "application-autoscaling" | "cloudwatch" | "logs" as service:
                yield from (self._permission(f"{service}:TagResource", one) for one in self._resources())
            case _:
                return

    def _made_by_elb(self) -> str:
        """A listener is authorised on its load balancer, and tagged as itself; so is a rule."""
        over = self._resources()[0]
        match self.call.operation:
            case "CreateListener":
                return f"{over.replace(':loadbalancer/', ':listener/')}/{_ZEROS}"
            case "CreateRule":
                return f"{over.replace(':listener/', ':listener-rule/')}/{_ZEROS}"
            case _:
                return over


def _partition(plan: Plan) -> str:
    return plan.account.caller.partition(":")[2].partition(":")[0] or "aws"
