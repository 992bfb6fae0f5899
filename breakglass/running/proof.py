"""Before anything is taken away: could it be made again?

The removal is answered by the rebuild that would undo it, planned from the very snapshot that is saved. Every
call of that plan is checked against the SDK's own model, and what the calls stand on (roles, subnets, security
groups, certificates, images) is looked up where it can be read. Nothing here stops a removal: what cannot be made
again as it was is said before the account ID is typed. What could not be read proves nothing and is not told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from breakglass.aws.shapes import Shapes, stand_in
from breakglass.model.cloud_map import namespace_there
from breakglass.model.component import Absent, Component, Facts, State
from breakglass.model.inventory import Inventory
from breakglass.model.kind import Kind
from breakglass.model.lead import Key
from breakglass.model.plan import Loss, Plan
from breakglass.model.reading import NotFound, Reader
from breakglass.model.snapshot import Snapshot
from breakglass.planning.rebuild import rebuild
from breakglass.planning.recipes import Sources
from breakglass.planning.removal import Request

Ask = Callable[[], object]


def what_is_lost(
    plan: Plan, before: Inventory, snapshot: Snapshot, kinds: Mapping[str, Kind], reader: Reader
) -> tuple[Loss, ...]:
    """What a removal takes away for good, or what could not be made again tonight."""
    back = _the_way_back(plan, before, snapshot, kinds)
    losses = [
        *back.lost,
        *(Loss(blocker.component, f"cannot be made again: {blocker.message}") for blocker in back.blockers),
        *refused_by_the_model(back),
        *_missing_ground(plan, before, reader),
    ]
    return tuple(dict.fromkeys(losses))


def _the_way_back(plan: Plan, before: Inventory, snapshot: Snapshot, kinds: Mapping[str, Kind]) -> Plan:
    """The rebuild after this removal, planned in a world in which the removal is done."""
    going = {step.component for step in plan.steps}
    components = tuple(_gone(one) if one.key in going else one for one in before.components)
    afterwards = replace(before, components=components)
    return rebuild(afterwards, kinds, Request(plan.run), Sources(snapshot.taken_at, (snapshot,)))


def _gone(component: Component) -> Component:
    return replace(component, sighting=Absent("removed"), state=State.MISSING, outdated=())


def refused_by_the_model(plan: Plan) -> Iterator[Loss]:
    """Calls of a plan that the SDK itself would refuse to send."""
    shapes = Shapes()
    for step in plan.steps:
        for _, call in step.calls:
            for problem in shapes.check(call, lambda output: stand_in(output, plan.account.id, plan.region)):
                yield Loss(step.component, f"{call.operation} as planned is refused by the SDK: {problem}")


@dataclass(frozen=True, slots=True)
class _Ground:
    """Something that a component stands on, in words, and the question whether it is there."""

    component: Key
    words: str
    ask: Ask


def _missing_ground(plan: Plan, before: Inventory, reader: Reader) -> Iterator[Loss]:
    going = {step.component for step in plan.steps}
    standing = [one for one in before.components if one.key in going or one.key.kind == "task-definition"]
    ground = [piece for component in standing for piece in _ground(component, reader)]
    for piece, answer in zip(ground, reader.gather([piece.ask for piece in ground]), strict=True):
        if isinstance(answer, NotFound):
            yield Loss(piece.component, f"cannot be made again as it was: {piece.words} is not there any more")


def _ground(component: Component, reader: Reader) -> Iterator[_Ground]:
    facts = component.facts
    for subnet in _subnets(facts):
        ask = partial(reader.call, "ec2", "DescribeSubnets", {"SubnetIds": [subnet]})
        yield _Ground(component.key, f"the subnet {subnet}", ask)
    for group in _security_groups(facts):
        ask = partial(reader.call, "ec2", "DescribeSecurityGroups", {"GroupIds": [group]})
        yield _Ground(component.key, f"the security group {group}", ask)
    for arn in _certificates(facts):
        ask = partial(reader.call, "acm", "DescribeCertificate", {"CertificateArn": arn})
        yield _Ground(component.key, f"the certificate {arn}", ask)
    for name in _connected(facts):
        yield _Ground(component.key, f"the Service Connect namespace {name}", partial(namespace_there, reader, name))
    for arn in _roles(facts):
        ask = partial(reader.call, "iam", "GetRole", {"RoleName": arn.rpartition("/")[2]})
        yield _Ground(component.key, f"the role {arn}", ask)
    for repository, image in _images(facts, reader.account, reader.region):
        ask = partial(reader.call, "ecr", "DescribeImages", {"repositoryName": repository, "imageIds": [image]})
        yield _Ground(component.key, f"the image {repository}:{'@'.join(image.values())}", ask)


def _subnets(facts: Facts) -> Sequence[str]:
    network = facts.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    zones = [zone.get("SubnetId") for zone in facts.get("AvailabilityZones", []) if isinstance(zone, Mapping)]
    return list(filter(None, [*network.get("subnets", []), *zones, *facts.get("Subnets", [])]))


def _security_groups(facts: Facts) -> Sequence[str]:
    network = facts.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return [*network.get("securityGroups", []), *facts.get("SecurityGroups", [])]


def _certificates(facts: Facts) -> Iterable[str]:
    arns = [
        one.get("CertificateArn", "") for one in (*facts.get("Certificates", []), *facts.get("AllCertificates", []))
    ]
    arns += [one.get("Listener", {}).get("SSLCertificateId", "") for one in facts.get("ListenerDescriptions", [])]
    return dict.fromkeys(arn for arn in arns if ":acm:" in arn)


def _connected(facts: Facts) -> Iterable[str]:
    """Namespaces of Service Connect, by name or ARN, which a service's deployments tell of."""
    connections = [one.get("serviceConnectConfiguration", {}) for one in facts.get("deployments", [])]
    names = (one.get("namespace", "") for one in connections if one.get("enabled"))
    return dict.fromkeys(name for name in names if name)


def _roles(facts: Facts) -> Iterable[str]:
    arns = [facts.get(name, "") for name in ("taskRoleArn", "executionRoleArn", "roleArn")]
    return dict.fromkeys(arn for arn in arns if arn and ":role/" in arn and "/aws-service-role/" not in arn)


def _images(facts: Facts, account: str, region: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Images in this account's own registry of this region: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPO:TAG`."""
    ours = f"{account}.dkr.ecr.{region}."
    for container in facts.get("containerDefinitions", []):
        host, _, name = str(container.get("image", "")).partition("/")
        if not host.startswith(ours):
            continue
        repository, at, digest = name.partition("@")
        if at:
            yield repository, {"imageDigest": digest}
        else:
            repository, _, tag = name.partition(":")
            yield repository, {"imageTag": tag or "latest"}
