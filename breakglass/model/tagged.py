"""Tags as leads: which component does a tagged thing's ARN name?

The formats of ARNs are those of the Service Authorization Reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterable, Sequence

from breakglass.model.arn import Arn, parse_arn
from breakglass.model.lead import Lead, Source

HOME_TYPES = (
    "ecs:service",
    "ecs:task-definition",
    "elasticloadbalancing",
    "cloudwatch:alarm",
    "servicediscovery:service",
    "ec2:security-group",
)
"""Types of resources that are asked for where the service is. Tasks bear their service's tags, and are none."""
GLOBAL_TYPES = ("route53:healthcheck", "cloudwatch:alarm")
"""Types that are asked for in us-east-1: Route 53 is there, and so are the alarms on its metrics."""
GLOBAL_REGION = "us-east-1"


def tagged_leads(arns: Iterable[str], detail: str) -> Sequence[Lead]:
    """A lead for each ARN of a kind that there is.

    Revisions of a task definition are all tagged alike: the newest of each family stands for them, and none where
    a service is tagged, which says itself what it runs.
    """
    found = [lead for arn in dict.fromkeys(arns) if (lead := _lead(arn, detail))]
    definitions = [lead for lead in found if lead.kind == "task-definition"]
    newest: dict[str, Lead] = {}
    if not any(lead.kind == "ecs-service" for lead in found):
        for lead in sorted(definitions, key=lambda lead: _revision(lead.ref)):
            newest[lead.ref.rpartition(":")[0]] = lead
    return [lead for lead in found if lead.kind != "task-definition" or lead in newest.values()]


def _lead(text: str, detail: str) -> Lead | None:
    arn = parse_arn(text)
    kind = _kind(arn) if arn else ""
    if not arn or not kind:
        return None
    ref = arn.resource.partition("/")[2] if kind == "security-group" else text
    ref = ref.rpartition("/")[2] if kind in {"classic-load-balancer", "discovery-service"} else ref
    return Lead(kind, ref, Source.TAG, detail)


def _kind(arn: Arn) -> str:
    sort, _, rest = arn.resource.partition("/")
    match arn.service, sort:
        case "ecs", "service":
            return "ecs-service"
        case "ecs", "task-definition":
            return "task-definition"
        case "elasticloadbalancing", "loadbalancer":
            return "load-balancer" if rest.startswith(("app/", "net/", "gwy/")) else "classic-load-balancer"
        case "elasticloadbalancing", "listener" | "listener-rule":
            return sort if rest.startswith(("app/", "net/", "gwy/")) else ""
        case "elasticloadbalancing", "targetgroup":
            return "target-group"
        case "cloudwatch", _ if sort.startswith("alarm:"):
            return "alarm"
        case "servicediscovery", "service":
            return "discovery-service"
        case "ec2", "security-group":
            return "security-group"
        case "route53", "healthcheck":
            return "health-check"
        case _:
            return ""


def _revision(arn: str) -> int:
    number = arn.rpartition(":")[2]
    return int(number) if number.isdigit() else 0
