"""Mishaps of more than one call: what people leave behind who meant well, and what AWS adds to it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from breakglass.model.component import Component
from breakglass.rehearsal.mishaps import (
    DELETIONS,
    UNTIL_IT_SHOWS,
    delete_kinds,
    delete_service,
)
from breakglass.rehearsal.sandbox.accounts import PRODUCTION
from breakglass.rehearsal.stage import Scene

_SUFFIX = re.compile(r"/[0-9a-f]{16}$")
_EARLIER = "/00000000deadbeef"
_TRANSIENT = 12
"""Calls that are throttled before AWS has recovered."""


def replace_balancer(scene: Scene) -> None:
    """Delete the load balancer, and make it again by hand under its name: all on it is as it was, but for its ARN."""
    elbv2 = scene.aws("elbv2")
    old = scene.one("load-balancer")
    copied = list(_copied(elbv2, str(old.arn)))
    DELETIONS["load-balancer"](scene, old)
    made = elbv2.create_load_balancer(
        Name=old.key.id,
        Subnets=[zone["SubnetId"] for zone in old.facts["AvailabilityZones"]],
        Scheme=old.facts["Scheme"],
        Type=old.facts["Type"],
        **({"SecurityGroups": groups} if (groups := old.facts.get("SecurityGroups")) else {}),
    )
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    for listener, rules in copied:
        again = elbv2.create_listener(LoadBalancerArn=arn, **listener)["Listeners"][0]["ListenerArn"]
        for rule in rules:
            elbv2.create_rule(ListenerArn=again, **rule)
    scene.after(UNTIL_IT_SHOWS)


def _copied(elbv2: Any, balancer: str) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Listeners, each with its rules, as they are created again."""
    kept = ("Port", "Protocol", "SslPolicy", "DefaultActions", "AlpnPolicy")
    for listener in elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]:
        shape = {name: listener[name] for name in kept if listener.get(name)}
        if certificates := listener.get("Certificates"):
            shape["Certificates"] = [{"CertificateArn": one["CertificateArn"]} for one in certificates]
        rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        yield shape, [_rule(rule) for rule in rules if not rule["IsDefault"]]


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    conditions = [
        {name: value for name, value in one.items() if name != "Values" or len(one) == len(("Field", "Values"))}
        for one in rule["Conditions"]
    ]
    return {"Priority": int(rule["Priority"]), "Conditions": conditions, "Actions": rule["Actions"]}


def make_entry_lie(scene: Scene) -> None:
    """Every ARN of an ELB component in the state entry gets the suffix of an earlier life."""
    entry = scene.one("state-entry")
    item = _lying(entry.facts["Item"])
    scene.aws("dynamodb").put_item(TableName=entry.facts["TableName"], Item=item)


def _lying(value: Any) -> Any:
    match value:
        case str() if ":elasticloadbalancing:" in value:
            return _SUFFIX.sub(_EARLIER, value)
        case Mapping():
            return {name: _lying(item) for name, item in value.items()}
        case list():
            return [_lying(item) for item in value]
        case _:
            return value


def unroute(scene: Scene) -> None:
    """Whatever sends traffic to the target group is deleted: its rules, or the listener whose default it is."""
    for kind in ("listener-rule", "listener"):
        if routing := [one for one in scene.every(kind) if _routes(one)]:
            for one in routing:
                DELETIONS[kind](scene, one)
            break
    scene.after(UNTIL_IT_SHOWS)


def _routes(one: Component) -> bool:
    return any(key.kind == "target-group" for key in one.depends_on)


def stick_draining(scene: Scene) -> None:
    """The role goes first, then the service: it stays DRAINING, its tasks run on."""
    cluster, name = scene.ecs
    scene.control.chaos("stuck-draining", service=name, cluster=cluster)
    scene.aws("ecs").delete_service(cluster=cluster, service=name, force=True)
    scene.after(UNTIL_IT_SHOWS)


def half_remove(scene: Scene) -> None:
    """Scaling, service and record are gone, as a removal in good order begins; the rest is left."""
    first = frozenset({"scalable-target", "ecs-service", "dns-record"})
    delete_kinds(frozenset(kind for kind in first if scene.every(kind)), scene)


def stick_deployer(scene: Scene) -> None:
    """The state entry says `updating`, the service is gone, and so is its tombstone."""
    delete_service(scene)
    cluster, name = scene.ecs
    scene.control.chaos("forget-tombstone", service=name, cluster=cluster)
    entry = scene.one("state-entry")
    scene.aws("dynamodb").update_item(
        TableName=entry.facts["TableName"],
        Key=entry.facts["Key"],
        UpdateExpression="SET #status = :updating",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":updating": {"S": "updating"}},
    )


def take_permission(scene: Scene) -> None:
    """The service is deleted, and CreateService is denied until somebody grants it."""
    delete_service(scene)
    message = (
        f"User: arn:aws:sts::{PRODUCTION.id}:assumed-role/BreakGlass/ana is not authorized to perform: "
        "ecs:CreateService because no identity-based policy allows the ecs:CreateService action"
    )
    scene.control.add_fault(
        "ecs", "CreateService", code="AccessDeniedException", message=message, account=PRODUCTION.id
    )


def throttle(scene: Scene) -> None:
    """The service is deleted, and the next calls are answered with ThrottlingException."""
    delete_service(scene)
    for service in ("ecs", "elbv2"):
        scene.control.add_fault(
            service, code="ThrottlingException", message="Rate exceeded", account=PRODUCTION.id, times=_TRANSIENT
        )
