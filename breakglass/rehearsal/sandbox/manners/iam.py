"""IAM's policy simulator, to which moto answers with a server error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World

_PAGE = 100
_ENTITY = re.compile(r"arn:aws:iam::\d{12}:(user|group|role)/(?:.*/)?([\w+=,.@-]+)")
_LOOK = {"user": ("GetUser", "UserName", "User"), "group": ("GetGroup", "GroupName", "Group"),
         "role": ("GetRole", "RoleName", "Role")}  # fmt: skip


@dataclass(frozen=True)
class Ruling:
    """What the simulator is told to deny: an action and a resource, both with wildcards.

    `missing` are condition keys: a request that gives all of them is allowed, one that does not is denied for want of
    them. `scp` says that it is the organisation that does not allow it.
    """

    action: str
    resource: str = "*"
    missing: tuple[str, ...] = ()
    scp: bool = False

    def denies(self, action: str, resource: str) -> bool:
        """Whether it is about this."""
        return fnmatchcase(action.lower(), self.action.lower()) and fnmatchcase(resource, self.resource)


@dataclass
class Simulation:
    """The rulings for one account."""

    denied: set[Ruling] = field(default_factory=set)


class AccessManagement:
    """SimulatePrincipalPolicy; the rest of IAM is moto's."""

    service = "iam"

    def __init__(self, world: World, moto: MotoBridge) -> None:
        self._world = world
        self._moto = moto

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"SimulatePrincipalPolicy": self._simulate}

    def _simulate(self, call: Call) -> AwsShape:
        """One result for each action, with one of its own for each resource that was named.

        The result names the action's sort of resource, not one of those asked about; its decision is the worst of
        theirs. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
        """
        self._insist_on_entity(call)
        rulings = self._world.state(Simulation, call.account, GLOBAL).denied
        resources = call.params.get("ResourceArns") or []
        given = {entry["ContextKeyName"] for entry in call.params.get("ContextEntries") or []}
        in_force = [one for one in map(_with(given), rulings) if one is not None]
        results = [_result(action, resources, in_force) for action in call.params["ActionNames"]]
        shown, marker = page(results, call.params.get("Marker"), int(call.params.get("MaxItems") or _PAGE))
        answer: AwsShape = {"EvaluationResults": shown, "IsTruncated": marker is not None}
        return answer | ({"Marker": marker} if marker else {})

    def _insist_on_entity(self, call: Call) -> None:
        """A session is no entity, and a role's ARN has its path.

        "PolicySourceArn: the ARN of a user, group, or role"; NoSuchEntity, InvalidInput among its errors.
        """
        arn = call.params["PolicySourceArn"]
        named = _ENTITY.fullmatch(arn)
        if named is None:
            raise Refused("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
        operation, parameter, member = _LOOK[named[1]]
        look = Call("iam", operation, call.account, call.region, {parameter: named[2]})
        try:
            found = self._moto.call(look)[member]["Arn"]
        except Refused:
            found = None
        if found != arn:
            raise Refused("NoSuchEntity", f"Entity {arn} does not exist", 404)


def _with(given: set[str]) -> Callable[[Ruling], Ruling | None]:
    """A ruling for a request that gives these condition keys; None where it has nothing against it then."""

    def ruling(one: Ruling) -> Ruling | None:
        left = tuple(key for key in one.missing if key not in given)
        return replace(one, missing=left) if left or not one.missing else None

    return ruling


def _result(action: str, resources: list[str], rulings: list[Ruling]) -> AwsShape:
    each = [_ruled(action, resource, rulings) for resource in resources or ["*"]]
    denied = next((one for one in each if one), None)
    result: AwsShape = {
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": "implicitDeny" if denied else "allowed",
        "MatchedStatements": [],
        "MissingContextValues": sorted({key for one in each if one for key in one.missing}),
        "OrganizationsDecisionDetail": {"AllowedByOrganizations": not any(one and one.scp for one in each)},
    }
    if resources:
        result["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": "implicitDeny" if one else "allowed",
                "MatchedStatements": [],
                "MissingContextValues": list(one.missing) if one else [],
            }
            for resource, one in zip(resources, each, strict=True)
        ]
    return result


def _ruled(action: str, resource: str, rulings: list[Ruling]) -> Ruling | None:
    return next((one for one in rulings if one.denies(action, resource)), None)
