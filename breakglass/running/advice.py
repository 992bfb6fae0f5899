"""IAM's own opinion, before the night: would each call be allowed?

SimulatePrincipalPolicy is advice, never proof. It sees the policies of the user or role, its permissions boundary and
the organisation's service control policies. It does not see session policies, nor the policies of resources, and what
a condition asks of the real request it knows only as far as it is told: where it says no for want of such a value, that
is no denial here, but something that nobody knows.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from breakglass.aws.permissions import ANY, Context, Permission
from breakglass.model.reading import AwsError, Denied, NotFound, Reader, batches

ACTIONS, RESOURCES = 50, 50
"""At most so many in one question; AWS names no limit of its own."""
ADVICE = (
    "IAM's simulator is advice: it does not see session policies and policies of resources, and not every condition, "
    "also of the organisation's policies."
)
ALLOWED = "allowed"
_SESSION = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+")
_LASTING = re.compile(r"arn:[\w-]+:iam::\d{12}:(?:user|role)/.+")

Asked = tuple[str, str]
"""Action, in small letters, and resource."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What IAM does not allow, and why it says so."""

    permission: Permission
    why: str


@dataclass(frozen=True, slots=True)
class Advice:
    """IAM's answers about `asked` permissions of one principal.

    `denied` would be refused; of those in `unsure` IAM cannot tell; `notes` say why it could not be asked.
    """

    principal: str
    asked: int = 0
    denied: tuple[Refusal, ...] = ()
    unsure: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    decision: str
    missing: tuple[str, ...]
    because: str


def ask_iam(needed: Iterable[Permission], caller: str, reader: Reader) -> Advice:
    """Ask IAM about every permission. `caller` is the ARN that STS told. A question that fails is a note."""
    wanted = tuple(dict.fromkeys(needed))
    try:
        principal = lasting(caller, reader)
    except AwsError as error:
        return Advice(caller, notes=(f"IAM was not asked: {error.operation}: {error.code}.",))
    if principal is None:
        return Advice(caller, notes=(f"IAM was not asked: it simulates users and roles, and this is {caller}.",))
    questions = list(_questions(wanted, principal))
    asks = [partial(_ask, params, reader) for params, _ in questions]
    known: dict[Permission, _Answer] = {}
    failed: dict[str, None] = {}
    for (_, about), answer in zip(questions, reader.gather(asks), strict=True):
        if isinstance(answer, AwsError):
            failed[_failure(answer, principal)] = None
        else:
            known |= {one: answer[_asked(one)] for one in about if _asked(one) in answer}
    denied = [one for one in wanted if one in known and known[one].decision != ALLOWED]
    silent = [one for one in wanted if one not in known and not failed]
    unsure = [Refusal(one, _depends(known[one].missing)) for one in denied if known[one].missing]
    unsure += [Refusal(one, "denied for all resources") for one in denied if not (known[one].missing or one.exact)]
    return Advice(
        principal,
        len(known),
        tuple(Refusal(one, known[one].because) for one in denied if one.exact and not known[one].missing),
        (*unsure, *(Refusal(one, "IAM said nothing about it") for one in silent)),
        tuple(failed),
    )


def lasting(caller: str, reader: Reader) -> str | None:
    """The user or role whose policies count for a caller; None where that is neither.

    An assumed role's ARN has lost the role's path, which only IAM knows; where that may not be read, it is taken for
    a role without one. Raises `AwsError`.
    """
    if _LASTING.fullmatch(caller):
        return caller
    session = _SESSION.fullmatch(caller)
    if session is None:
        return None
    try:
        return str(reader.call("iam", "GetRole", {"RoleName": session["role"]})["Role"]["Arn"])
    except (Denied, NotFound):
        return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"


def _questions(
    wanted: Sequence[Permission], principal: str
) -> Iterator[tuple[Mapping[str, Any], tuple[Permission, ...]]]:
    """Parameters, and what they ask about: one question for what has its region, context and service in common."""
    groups: dict[tuple[str, str, Context], list[Permission]] = {}
    for one in wanted:
        service = ANY if one.resource == ANY else one.action.partition(":")[0]
        groups.setdefault((service, one.region, one.context), []).append(one)
    for (service, region, context), several in groups.items():
        entries = [*context, ("aws:RequestedRegion", region)]
        for resources in batches(list(dict.fromkeys(one.resource for one in several)), RESOURCES):
            about = [one for one in several if one.resource in resources]
            for actions in batches(list(dict.fromkeys(one.action for one in about)), ACTIONS):
                params = {
                    "PolicySourceArn": principal,
                    "ActionNames": list(actions),
                    "ContextEntries": [
                        {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
                        for name, value in entries
                    ],
                }
                if service != ANY:
                    params["ResourceArns"] = list(resources)
                yield params, tuple(one for one in about if one.action in actions)


def _ask(params: Mapping[str, Any], reader: Reader) -> Mapping[Asked, _Answer]:
    """Every answer to one question. Those for each resource win over the one for all of them together."""
    found: dict[Asked, _Answer] = {}
    for result in reader.pages("iam", "SimulatePrincipalPolicy", "EvaluationResults", params):
        action = str(result["EvalActionName"]).lower()
        several = result.get("ResourceSpecificResults") or []
        for one in several:
            decision = one["EvalResourceDecision"]
            found[action, one["EvalResourceName"]] = _answer(decision, one, result)
        resources = params.get("ResourceArns", [ANY])
        if not several and (len(resources) == 1 or result.get("EvalResourceName") in resources):
            resource = resources[0] if len(resources) == 1 else result["EvalResourceName"]
            found[action, resource] = _answer(result["EvalDecision"], result, result)
    return found


def _answer(decision: str, of: Mapping[str, Any], whole: Mapping[str, Any]) -> _Answer:
    return _Answer(decision, tuple(of.get("MissingContextValues") or ()), _because(decision, of, whole))


def _because(decision: str, of: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """Which sort of policy it is that says no."""
    boundary = of.get("PermissionsBoundaryDecisionDetail") or whole.get("PermissionsBoundaryDecisionDetail") or {}
    if (whole.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations") is False:
        return "the organisation's service control policies do not allow it"
    if boundary.get("AllowedByPermissionsBoundary") is False:
        return "the permissions boundary does not allow it"
    return "a policy denies it" if decision == "explicitDeny" else "no policy allows it"


def _asked(permission: Permission) -> Asked:
    return permission.action.lower(), permission.resource


def _depends(missing: Sequence[str]) -> str:
    return f"that depends on {', '.join(missing)}, which only a real call has"


def _failure(error: AwsError, principal: str) -> str:
    match error:
        case Denied():
            return f"IAM was not asked: {error.operation} is denied. Allow it, and a denial is known before the night."
        case NotFound():
            return f"IAM was not asked: it does not know {principal} (the role's path may not be read: iam:GetRole)."
        case _:
            return f"IAM was not asked: {error.operation}: {error.code}: {error.message}"
