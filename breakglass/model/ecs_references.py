"""What an ECS service refers to: by its own fields, and by those of its task sets.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from breakglass.model.lead import Reference


def references(cluster: str, name: str, service: Mapping[str, Any]) -> Iterator[Reference]:
    """What the service with that name refers to, in the order of its fields; its scaling refers to it."""
    own = list(_named(service))
    yield from own
    known = {reference.ref for reference in own}
    for at, one in enumerate(service.get("taskSets", [])):
        if one.get("status") != "DRAINING":
            named = (reference for reference in _named(one) if reference.ref not in known)
            yield from (replace(reference, path=f"taskSets[{at}].{reference.path}") for reference in named)
    yield Reference("", "scalable-target", f"service/{cluster}/{name}", hint=True, expects=False)


def _named(service: Mapping[str, Any]) -> Iterator[Reference]:
    """What a service, or one of its task sets, refers to."""
    if definition := service.get("taskDefinition"):
        yield Reference("taskDefinition", "task-definition", definition)
    for at, balancer in enumerate(service.get("loadBalancers", [])):
        if arn := balancer.get("targetGroupArn"):
            yield Reference(f"loadBalancers[{at}].targetGroupArn", "target-group", arn)
        if classic := balancer.get("loadBalancerName"):
            yield Reference(f"loadBalancers[{at}].loadBalancerName", "classic-load-balancer", classic)
        yield from _shifting(f"loadBalancers[{at}].advancedConfiguration", balancer.get("advancedConfiguration", {}))
    for at, registry in enumerate(service.get("serviceRegistries", [])):
        if arn := registry.get("registryArn"):
            yield Reference(f"serviceRegistries[{at}].registryArn", "discovery-service", arn)
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    for at, group in enumerate(network.get("securityGroups", [])):
        path = f"networkConfiguration.awsvpcConfiguration.securityGroups[{at}]"
        yield Reference(path, "security-group", group, within=",".join(network.get("subnets", [])))


def _shifting(path: str, advanced: Mapping[str, Any]) -> Iterator[Reference]:
    """What a blue/green deployment shifts traffic between: another target group, and rules (of an NLB, listeners).

    Once a rule is gone its ARN no longer tells which one it was: then only a snapshot knows, and the ARN is no
    component of its own.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html
    """
    if group := advanced.get("alternateTargetGroupArn"):
        yield Reference(f"{path}.alternateTargetGroupArn", "target-group", group)
    for field in ("productionListenerRule", "testListenerRule"):
        if arn := advanced.get(field):
            kind = "listener-rule" if ":listener-rule/" in arn else "listener"
            yield Reference(f"{path}.{field}", kind, arn, expects=False)
