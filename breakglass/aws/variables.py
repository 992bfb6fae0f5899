"""Shell variables for what only exists once earlier steps are done, and the lines that set them."""

import re
import shlex
from hashlib import sha256

from botocore import xform_name

from breakglass.model.lead import Key
from breakglass.model.plan import Form, Output

_SPELT_ALIKE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""Ids that no other id is like once letters are capitals and all else is an underscore."""

_SHORTENED = {Form.DIMENSION: " | sed 's/.*://; s/^loadbalancer.//'", Form.REVISION: " | sed 's/.*task-definition.//'"}
"""How the shell takes out of an ARN what these forms are."""


def variable(output: Output) -> str:
    """The name of an output's variable: `TARGET_GROUP_DEPLOYER_API_ARN`, another one for each component and field."""
    kind, known_as = output.component.kind, output.component.id
    field = xform_name(output.field, "-").removeprefix(f"{kind}-")
    if not _SPELT_ALIKE.fullmatch(known_as):
        known_as += f"-{sha256(known_as.encode()).hexdigest()[:6]}"
    form = f"-{output.form}" if output.form in _SHORTENED else ""
    return re.sub(r"[^A-Z0-9]+", "_", f"{kind}-{known_as}-{field}{form}".upper())


def expansion(output: Output) -> str:
    """The variable where it is used; the shell refuses the line while it is empty."""
    prefix = Form.DUALSTACK.of("") if output.form is Form.DUALSTACK else ""
    return f'{prefix}"${{{variable(output)}:?}}"'


def lookup_line(output: Output, *, region: str, profile: str | None = None, reference: str = "") -> str:
    """The line of bash that sets an output's variable, once the component is there.

    `region` is where the component lives, `reference` the caller reference that a health check was made with.
    What no single command can find is left for the operator to set, and the line says what.
    """
    where = f"--region {shlex.quote(region)}" + (f" --profile {shlex.quote(profile)}" if profile else "")
    found = _lookup(output.component, output.field, where, reference)
    name = variable(output)
    if found is None:
        return f': "${{{name}:?set it first}}"  # {" ".join(f"{output.field} of {output.component}".split())}'
    return f"{name}=$({found}{_SHORTENED.get(output.form, '')})"


def _lookup(component: Key, field: str, where: str, reference: str) -> str | None:
    """The command that prints `field`, and nothing where the component is not there."""
    known_as = shlex.quote(component.id)
    match component.kind:
        case "target-group":
            asking, query = f"elbv2 describe-target-groups --names {known_as}", f"TargetGroups[].{field}"
        case "load-balancer":
            asking, query = f"elbv2 describe-load-balancers --names {known_as}", f"LoadBalancers[].{field}"
        case "classic-load-balancer":
            asking = f"elb describe-load-balancers --load-balancer-names {known_as}"
            query = f"LoadBalancerDescriptions[].{field}"
        case "listener":
            balancer, _, port = component.id.rpartition(":")
            arn = _lookup(Key("load-balancer", balancer), "LoadBalancerArn", where, reference)
            asking = f'elbv2 describe-listeners --load-balancer-arn "$({arn})"'
            query = f"Listeners[?to_string(Port)=='{port}'].{field}"
        case "listener-rule":
            listener, _, priority = component.id.rpartition("/")
            arn = _lookup(Key("listener", listener), "ListenerArn", where, reference)
            asking, query = f'elbv2 describe-rules --listener-arn "$({arn})"', f"Rules[?Priority=='{priority}'].{field}"
        case "ecs-service":
            cluster, _, name = component.id.rpartition("/")
            asking = f"ecs describe-services --cluster {shlex.quote(cluster)} --services {shlex.quote(name)}"
            query = f"services[].{field}"
        case "task-definition":
            family = shlex.quote(component.id.partition(":")[0])
            asking, query = f"ecs describe-task-definition --task-definition {family}", f"taskDefinition.{field}"
        case "alarm":
            asking, query = f"cloudwatch describe-alarms --alarm-names {known_as}", f"MetricAlarms[].{field}"
        case _ if listing := _listing(component, field, where, reference):
            asking, query = listing
        case _:
            return None
    return f"aws {asking} {where} --query {shlex.quote(query)} --output text"


def _listing(component: Key, field: str, where: str, reference: str) -> tuple[str, str] | None:
    """The command and the query for what can only be found among all of its sort; None where it cannot."""
    match component.kind:
        case "health-check" if reference:
            return "route53 list-health-checks", f"HealthChecks[?CallerReference=='{reference}'].{field}"
        case "discovery-service" if "/" in component.id:
            namespace, _, name = component.id.rpartition("/")
            named = shlex.quote(f"Namespaces[?Name=='{namespace}'].Id")
            space = f"aws servicediscovery list-namespaces {where} --query {named} --output text"
            asking = f'servicediscovery list-services --filters Name=NAMESPACE_ID,Values="$({space})",Condition=EQ'
            return asking, f"Services[?Name=='{name}'].{field}"
        case _:
            return None
