"""STS: who these credentials are, and sessions of other roles."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from breakglass.rehearsal.sandbox.accounts import ACCOUNTS
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

_ROLE = re.compile(r"^arn:aws:iam::(\d{12}):role/(.+)$")
_AN_HOUR = 3600


class TokenService:
    """GetCallerIdentity and AssumeRole."""

    service = "sts"

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {"GetCallerIdentity": self._identity, "AssumeRole": self._assume}

    def _identity(self, call: Call) -> AwsShape:
        identity = self._world.credentials.resolve(call.access_key)
        return {"UserId": identity.user_id, "Account": identity.account, "Arn": identity.arn}

    def _assume(self, call: Call) -> AwsShape:
        """A session of a role of either account; a role of any other account is AccessDenied.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        arn, session = call.params["RoleArn"], call.params["RoleSessionName"]
        role = _ROLE.match(arn)
        if role is None or role.group(1) not in {account.id for account in ACCOUNTS}:
            caller = self._world.credentials.resolve(call.access_key).arn
            raise Refused(
                "AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}", 403
            )
        access_key, identity = self._world.credentials.issue(role.group(1), role.group(2), session)
        lifetime = timedelta(seconds=int(call.params.get("DurationSeconds") or _AN_HOUR))
        answer: AwsShape = {
            "Credentials": {
                "AccessKeyId": access_key,
                "SecretAccessKey": "sandbox/secret/that/opens/nothing/anywhere",
                "SessionToken": "sandbox-session-token",
                "Expiration": self._world.clock.moment() + lifetime,
            },
            "AssumedRoleUser": {"AssumedRoleId": identity.user_id, "Arn": identity.arn},
        }
        if source := call.params.get("SourceIdentity"):
            answer["SourceIdentity"] = source
        return answer
