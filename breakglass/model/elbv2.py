"""What several kinds need to know of Elastic Load Balancing v2: actions, and the way from load balancer to rule."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from breakglass.model.arn import Arn, parse_arn
from breakglass.model.component import Facts, Unread, User
from breakglass.model.reading import AwsError, NotOffered, Reader

HTTPS_PORT = "443"
NO_SOURCE = "Name a snapshot that has it with --snapshot, or leave its kind out with --keep."
RUN_TAG = "breakglass:run"
TAG_TYPE = "elasticloadbalancing"
"""The type of all of its resources, classic ones included, in the Resource Groups Tagging API."""


def balancer_name(ref: str) -> str | None:
    """The load balancer's name in the ARN of one, of a listener or of a rule, or in `app/NAME/SUFFIX`."""
    arn = parse_arn(ref)
    parts = (arn.resource if arn else ref).split("/")
    if parts[0] in {"loadbalancer", "listener", "listener-rule"}:
        parts = parts[1:]
    if parts[0] in {"app", "net", "gwy"} and len(parts) > 1:
        return parts[1]
    return parts[0] if len(parts) == 1 else None


def balancer_arn(arn: str) -> str:
    """The ARN of the load balancer that a listener or rule ARN belongs to.

    `…:listener/app/NAME/SUFFIX/ID` and `…:listener-rule/app/NAME/SUFFIX/ID/ID` become `…:loadbalancer/app/NAME/SUFFIX`.
    """
    head, _, resource = arn.rpartition(":")
    return f"{head}:loadbalancer/" + "/".join(resource.split("/")[1:4])


def listener_arn(rule_arn: str) -> str:
    """The ARN of the listener that a rule belongs to."""
    head, _, resource = rule_arn.rpartition(":")
    return f"{head}:listener/" + "/".join(resource.split("/")[1:5])


def listeners(reader: Reader, balancer: str) -> Sequence[Mapping[str, Any]]:
    """All listeners of a load balancer, given its ARN or its name. Raises `AwsError`."""
    if parse_arn(balancer) is None:
        named = reader.call("elbv2", "DescribeLoadBalancers", {"Names": [balancer]})["LoadBalancers"]
        return [listener for one in named for listener in listeners(reader, one["LoadBalancerArn"])]
    return reader.pages("elbv2", "DescribeListeners", "Listeners", {"LoadBalancerArn": balancer})


def rules(reader: Reader, listener: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The rules of a listener, without the default one that comes with it. Raises `AwsError`.

    Listeners of network load balancers (TCP, UDP, TLS) have a default action only.
    """
    if listener.get("Protocol") not in {"HTTP", "HTTPS"}:
        return ()
    found = reader.pages("elbv2", "DescribeRules", "Rules", {"ListenerArn": listener["ListenerArn"]})
    return [rule for rule in found if not rule.get("IsDefault") and rule.get("Priority") != "default"]


def forwards(actions: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """ARNs of the target groups that some actions forward to; single and weighted forms say the same twice."""
    targets = []
    for action in actions:
        if arn := action.get("TargetGroupArn"):
            targets.append(arn)
        weighted = action.get("ForwardConfig", {}).get("TargetGroups", [])
        targets += [group["TargetGroupArn"] for group in weighted]
    return list(dict.fromkeys(targets))


def is_a(arn: Arn, sort: str) -> bool:
    """Whether an ARN is of that sort of thing, and of a load balancer of today, where it says of which."""
    kind, _, rest = arn.resource.partition("/")
    of_today = sort == "targetgroup" or rest.startswith(("app/", "net/", "gwy/"))
    return arn.service == TAG_TYPE and kind == sort and of_today


def plain_https_redirect(actions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all that happens is that the same URL is asked for again by HTTPS.

    Host, path and query are kept where they are `#{host}`, `/#{path}` and `#{query}`, which is also the default.
    """
    kept = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
    redirects = [action.get("RedirectConfig", {}) for action in actions if action.get("Type") == "redirect"]
    return len(redirects) == len(actions) == 1 and all(
        redirect.get("Protocol", "#{protocol}") == "HTTPS"
        and redirect.get("Port", "#{port}") in {HTTPS_PORT, "#{port}"}
        and all(redirect.get(field, same) == same for field, same in kept.items())
        for redirect in redirects
    )


def target_group_name(ref: str) -> str:
    """The name in a target group's ARN or dimension, or the name itself."""
    resource = ref.rpartition(":")[2]
    return resource.split("/")[1] if resource.startswith("targetgroup/") else resource


def users_of(place: str, actions: Sequence[Mapping[str, Any]]) -> Iterator[User]:
    """Who is served by some actions: the target groups forwarded to, or nobody we know.

    `place` is how the listener or rule is called. A plain redirect to HTTPS serves nobody by itself.
    """
    if targets := forwards(actions):
        for arn in targets:
            yield User("target-group", arn, f"target-group {target_group_name(arn)}")
    elif not plain_https_redirect(actions):
        kinds = ", ".join(action.get("Type", "unknown") for action in actions)
        yield User("", "", f"{place} ({kinds})")


def parts(
    reader: Reader, asks: Mapping[str, tuple[str, Mapping[str, Any]]], service: str = "elbv2"
) -> tuple[Mapping[str, Any], tuple[Unread, ...]]:
    """Further facts of one thing, asked at once: for each part the operation and its parameters.

    The part is the answer's field of that name; `TagDescriptions` becomes `Tags`. Second, what failed. Classic
    load balancers (`elb`) are asked about in the same way.
    """
    answers = reader.gather([partial(reader.call, service, *ask) for ask in asks.values()])
    facts: dict[str, Any] = {}
    unread: list[Unread] = []
    for part, answer in zip(asks, answers, strict=True):
        if isinstance(answer, NotOffered):
            continue
        if isinstance(answer, AwsError):
            unread.append(answer.unread)
        elif part == "TagDescriptions":
            facts["Tags"] = next((entry.get("Tags", []) for entry in answer.get(part, [])), [])
        else:
            facts[part] = answer.get(part, [])
    return facts, tuple(unread)


def tags_of(facts: Facts) -> Mapping[str, str]:
    """Tags as a mapping."""
    return {tag["Key"]: tag.get("Value", "") for tag in facts.get("Tags", [])}


def new_tags(facts: Facts, run: str) -> list[dict[str, str]]:
    """Tags for making it again: AWS's own cannot be sent back, and the run's id tells where it comes from."""
    own = [dict(tag) for tag in facts.get("Tags", []) if not tag["Key"].startswith("aws:") and tag["Key"] != RUN_TAG]
    return [*own, {"Key": RUN_TAG, "Value": run}]


def sendable(actions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions as they can be sent: a forward that is read in both forms goes out in one."""
    sent = []
    for action in actions:
        one = dict(action)
        groups = one.get("ForwardConfig", {}).get("TargetGroups", [])
        if "TargetGroupArn" in one and "ForwardConfig" in one:
            one.pop("TargetGroupArn" if len(groups) > 1 or _sticky(one) else "ForwardConfig")
        sent.append(one)
    return sent


def _sticky(action: Mapping[str, Any]) -> bool:
    return bool(action["ForwardConfig"].get("TargetGroupStickinessConfig", {}).get("Enabled"))
