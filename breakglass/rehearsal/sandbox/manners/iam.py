"""IAM's policy simulator, to which moto answers with a server error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from breakglass.rehearsal.sandbox.state import GLOBAL, AwsShape, Call, World


@dataclass
class Simulation:
    """The actions, with wildcards, that the simulator of an account is told to deny."""

    denied: set[str] = field(default_factory=set)


class AccessManagement:
    """SimulatePrincipalPolicy; the rest of IAM is moto's."""

    service = "iam"

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"SimulatePrincipalPolicy": self._simulate}

    def _simulate(self, call: Call) -> AwsShape:
        """One result for each action and resource: allowed, or implicitDeny for what was denied.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
        """
        denied = self._world.state(Simulation, call.account, GLOBAL).denied
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalResourceName": resource,
                    "EvalDecision": "implicitDeny" if _is_denied(action, denied) else "allowed",
                    "MatchedStatements": [],
                    "MissingContextValues": [],
                }
                for action in call.params["ActionNames"]
                for resource in call.params.get("ResourceArns") or ["*"]
            ],
            "IsTruncated": False,
        }


def _is_denied(action: str, denied: set[str]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in denied)
