"""What components stand on and this tool never makes: roles, subnets, security groups, certificates, images.

Read off a component's facts, or off the parameters of the calls that are to make it, and looked up where that can be
done. Only what AWS says is not there is missing: a look-up that failed proves nothing, and is told as such.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from breakglass.model.cloud_map import namespace_there
from breakglass.model.component import Facts, Unread
from breakglass.model.inventory import Inventory
from breakglass.model.lead import Key
from breakglass.model.plan import Loss, Plan
from breakglass.model.reading import AwsError, NotFound, Reader

Ask = Callable[[], object]
TASK_DEFINITION = "task-definition"


@dataclass(frozen=True, slots=True)
class Ground:
    """What of it is `missing`, and which look-ups failed for another reason."""

    missing: tuple[Loss, ...] = ()
    unread: tuple[Unread, ...] = ()


def ground_of_removal(plan: Plan, before: Inventory, reader: Reader) -> Ground:
    """Of what a removal takes away, and of the task definitions that its services run on."""
    going = {step.component for step in plan.steps}
    standing = [one for one in before.components if one.key in going or one.key.kind == TASK_DEFINITION]
    return _looked_up(((one.key, one.facts) for one in standing), reader)


def ground_of_rebuild(plan: Plan, before: Inventory, reader: Reader) -> Ground:
    """Of what a rebuild's calls make, and of the task definitions that are there, where it makes a service."""
    making = [(step.component, call.params) for step in plan.steps for _, call in step.calls]
    runs = any(call.operation == "CreateService" for call in plan.calls)
    there = [(one.key, one.facts) for one in before.of_kind(TASK_DEFINITION) if one.there] if runs else []
    return _looked_up([*making, *there], reader)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One thing that a component stands on, in words, and the question whether it is there."""

    component: Key
    words: str
    ask: Ask


def _looked_up(standing: Iterable[tuple[Key, Facts]], reader: Reader) -> Ground:
    pieces = [piece for key, facts in standing for piece in _pieces(key, facts, reader)]
    missing: dict[Loss, None] = {}
    unread: dict[Unread, None] = {}
    for piece, answer in zip(pieces, reader.gather([piece.ask for piece in pieces]), strict=True):
        match answer:
            case NotFound():
                what = f"cannot be made again as it was: {piece.words} is not there any more"
                missing[Loss(piece.component, what)] = None
            case AwsError():
                unread[answer.unread] = None
            case _:
                continue
    return Ground(tuple(missing), tuple(unread))


def _pieces(key: Key, facts: Facts, reader: Reader) -> Iterator[_Piece]:
    for subnet in _subnets(facts):
        ask = partial(reader.call, "ec2", "DescribeSubnets", {"SubnetIds": [subnet]})
        yield _Piece(key, f"the subnet {subnet}", ask)
    for group in _security_groups(facts):
        ask = partial(reader.call, "ec2", "DescribeSecurityGroups", {"GroupIds": [group]})
        yield _Piece(key, f"the security group {group}", ask)
    for arn in _certificates(facts):
        ask = partial(reader.call, "acm", "DescribeCertificate", {"CertificateArn": arn})
        yield _Piece(key, f"the certificate {arn}", ask)
    for name in _connected(facts):
        yield _Piece(key, f"the Service Connect namespace {name}", partial(namespace_there, reader, name))
    for arn in _roles(facts):
        ask = partial(reader.call, "iam", "GetRole", {"RoleName": arn.rpartition("/")[2]})
        yield _Piece(key, f"the role {arn}", ask)
    for repository, image in _images(facts, reader.account, reader.region):
        ask = partial(reader.call, "ecr", "DescribeImages", {"repositoryName": repository, "imageIds": [image]})
        yield _Piece(key, f"the image {repository}:{'@'.join(image.values())}", ask)


def _subnets(facts: Facts) -> Sequence[str]:
    network = facts.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    zones = [*facts.get("AvailabilityZones", []), *facts.get("SubnetMappings", [])]
    placed = [zone.get("SubnetId") for zone in zones if isinstance(zone, Mapping)]
    return list(filter(None, [*network.get("subnets", []), *placed, *facts.get("Subnets", [])]))


def _security_groups(facts: Facts) -> Sequence[str]:
    network = facts.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return [*network.get("securityGroups", []), *facts.get("SecurityGroups", [])]


def _certificates(facts: Facts) -> Iterable[str]:
    arns = [
        one.get("CertificateArn", "") for one in (*facts.get("Certificates", []), *facts.get("AllCertificates", []))
    ]
    classic = [one.get("Listener", {}) for one in facts.get("ListenerDescriptions", [])]
    arns += [one.get("SSLCertificateId", "") for one in (*classic, *facts.get("Listeners", []))]
    return dict.fromkeys(arn for arn in arns if ":acm:" in arn)


def _connected(facts: Facts) -> Iterable[str]:
    """Namespaces of Service Connect, by name or ARN: a service's deployments tell of them, and its creation."""
    told = (*facts.get("deployments", []), facts)
    connections = [one.get("serviceConnectConfiguration", {}) for one in told]
    names = (one.get("namespace", "") for one in connections if one.get("enabled"))
    return dict.fromkeys(name for name in names if name)


def _roles(facts: Facts) -> Iterable[str]:
    arns = [facts.get(name, "") for name in ("taskRoleArn", "executionRoleArn", "roleArn", "role")]
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
