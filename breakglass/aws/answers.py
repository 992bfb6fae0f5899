"""What the SDK raises, said in the model's words.

The SDK gives every answer that is an error as `ClientError`, and everything that went wrong on the way as
`BotoCoreError`. Neither leaves this layer. A code means "not there" only where it stands in the table of its
service: an answer that nobody foresaw never looks like an absence.

Codes are those of botocore's service models (the code on the wire, not the class name: both ELB APIs say
`LoadBalancerNotFound`) and of the services' documented common errors.
"""

import re
from collections.abc import Mapping
from typing import Any

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from breakglass.errors import CredentialsError
from breakglass.model.reading import AwsError, Denied, NotFound, NotOffered, Refused, Throttled, Unreachable

NOT_FOUND: Mapping[str, frozenset[str]] = {
    "acm": frozenset({"ResourceNotFoundException"}),
    "application-autoscaling": frozenset({"ObjectNotFoundException", "ResourceNotFoundException"}),
    "cloudformation": frozenset({"StackNotFoundException", "StackSetNotFoundException"}),
    "cloudwatch": frozenset({"ResourceNotFound", "ResourceNotFoundException"}),
    "dynamodb": frozenset({"ResourceNotFoundException", "TableNotFoundException"}),
    "ec2": frozenset(
        {
            "InvalidGroup.NotFound",
            "InvalidGroupId.NotFound",
            "InvalidNetworkInterfaceID.NotFound",
            "InvalidSecurityGroupID.NotFound",
            "InvalidSubnetID.NotFound",
            "InvalidVpcID.NotFound",
        }
    ),
    "ecr": frozenset({"ImageNotFoundException", "RepositoryNotFoundException"}),
    "ecs": frozenset(
        {
            "ClusterNotFoundException",
            "NamespaceNotFoundException",
            "ResourceNotFoundException",
            "ServiceDeploymentNotFoundException",
            "ServiceNotFoundException",
            "TargetNotFoundException",
            "TaskSetNotFoundException",
        }
    ),
    "elb": frozenset({"ListenerNotFound", "LoadBalancerAttributeNotFound", "LoadBalancerNotFound", "PolicyNotFound"}),
    "elbv2": frozenset(
        {"ListenerNotFound", "LoadBalancerNotFound", "ResourceNotFound", "RuleNotFound", "TargetGroupNotFound"}
    ),
    "iam": frozenset({"NoSuchEntity"}),
    "logs": frozenset({"ResourceNotFoundException"}),
    "route53": frozenset(
        {"HostedZoneNotFound", "NoSuchChange", "NoSuchHealthCheck", "NoSuchHostedZone", "NoSuchTrafficPolicyInstance"}
    ),
    "secretsmanager": frozenset({"ResourceNotFoundException"}),
    "service-quotas": frozenset({"NoSuchResourceException"}),
    "servicediscovery": frozenset(
        {"InstanceNotFound", "NamespaceNotFound", "OperationNotFound", "ResourceNotFoundException", "ServiceNotFound"}
    ),
    "ssm": frozenset({"ParameterNotFound"}),
}
"""For each boto3 service the codes that say, in so many words, that the thing asked for is not there."""

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "DependencyThrottle",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsException",
    }
)
"""Codes of a rate limit, whatever the HTTP status."""

CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
"""Codes that mean the credentials themselves, not what they permit."""

UNIMPLEMENTED = frozenset(
    {"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException", "UnsupportedOperation"}
)

_DENIED = re.compile(
    r"access.?denied|unauthori[sz]ed|not.?authori[sz]ed|authori[sz]ationerror|forbidden", re.IGNORECASE
)

_NO_CREDENTIALS = (
    sdk.ConfigNotFound,
    sdk.ConfigParseError,
    sdk.CredentialRetrievalError,
    sdk.InvalidConfigError,
    sdk.InvalidIMDSEndpointError,
    sdk.MetadataRetrievalError,
    sdk.MissingDependencyException,
    sdk.NoAuthTokenError,
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.ProfileNotFound,
    sdk.RefreshWithMFAUnsupportedError,
    sdk.SSOError,
    sdk.TokenRetrievalError,
    sdk.UnknownCredentialError,
    *(cls for name in ("LoginError",) if (cls := getattr(sdk, name, None))),
)
"""Exceptions of the SDK's credential chain; `LoginError` came with botocore 1.41."""

NO_WAY = (sdk.ConnectionError, sdk.HTTPClientError, sdk.ResponseStreamingError)
"""Exceptions that mean: no answer."""

SILENCE = frozenset(sort.__name__ for cls in NO_WAY for sort in (cls, *cls.__subclasses__()))
"""Codes of `Unreachable` that say that nothing answered at all: the names of these exceptions."""

_IAM_PREFIX = {
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
_STILL_EXPIRED = "refreshed credentials are still expired"
_LONGEST_MESSAGE = 300


class Garbled(sdk.BotoCoreError):  # type: ignore[misc]
    """An answer with a success status that is not what the service says: cut off, or a proxy's own page."""

    fmt = "The answer is not one of AWS: {reason}"


def iam_action(service: str, operation: str) -> str:
    """The operation as an IAM policy spells it: `elasticloadbalancing:DescribeTargetGroups`."""
    return f"{_IAM_PREFIX.get(service, service)}:{operation}"


def is_expired_environment(error: RuntimeError) -> bool:
    """Whether this is botocore's plain RuntimeError for exported credentials past AWS_CREDENTIAL_EXPIRATION."""
    return _STILL_EXPIRED in str(error)


def translate(error: Exception, *, service: str, operation: str, renewal: str) -> AwsError | CredentialsError:
    """What to raise instead of the SDK's `error` in answer to `operation`.

    `renewal` is the line to paste for new credentials. An answer to another operation than the one asked
    comes from the credential chain on its way (`AssumeRole`, `GetRoleCredentials`).
    """
    action = iam_action(service, operation)
    match error:
        case sdk.ClientError(operation_name=answered) if answered != operation:
            return credentials_error(f"{answered} failed: {_code(error)}: {_message(error)}", renewal)
        case sdk.ClientError():
            return _answered(error, service, action, renewal)
        case RuntimeError() if is_expired_environment(error):
            return credentials_error("The exported credentials have expired.", renewal)
        case _ if isinstance(error, _NO_CREDENTIALS):
            return credentials_error(in_one_line(str(error)), renewal)
        case ResponseParserError() | Garbled():
            return Unreachable(action, "UnparsableAnswer", in_one_line(str(error)))
        case _ if isinstance(error, NO_WAY):
            return Unreachable(action, type(error).__name__, in_one_line(str(error)))
        case _:
            return Refused(action, type(error).__name__, in_one_line(str(error)))


def credentials_error(what: str, renewal: str) -> CredentialsError:
    """The one error for credentials that are missing, incomplete, expired or refused (exit 4)."""
    return CredentialsError(what, hint=renewal)


def in_one_line(text: str) -> str:
    """`text` without its line breaks, and not longer than a reader bears."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_MESSAGE else f"{flat[: _LONGEST_MESSAGE - 1]}…"


def plain_code(code: str) -> str:
    """The code without namespace (`com.amazonaws.ecs#…`), `Client.` prefix or trailing address."""
    return code.rsplit("#", 1)[-1].split(":", 1)[0].removeprefix("Client.").removeprefix("Server.")


def _answered(error: sdk.ClientError, service: str, action: str, renewal: str) -> AwsError | CredentialsError:
    code, message, status = _code(error), _message(error), _status(error)
    if code in CREDENTIALS:
        return credentials_error(f"AWS refuses the credentials on {action}: {code}: {_unsigned(message)}", renewal)
    return _sort(code, status, service, action, message)(action, code, message, _request_id(error))


def _sort(code: str, status: int, service: str, action: str, message: str) -> type[AwsError]:
    table: list[tuple[bool, type[AwsError]]] = [
        (code in THROTTLED, Throttled),
        (_DENIED.search(code) is not None, Denied),
        (_says_not_found(code, service, action, message), NotFound),
        (code in UNIMPLEMENTED or status == 501, NotOffered),  # noqa: PLR2004
        (status >= 500, Unreachable),  # noqa: PLR2004
        (status == 429, Throttled),  # noqa: PLR2004
        (status == 403, Denied),  # noqa: PLR2004
    ]
    return next((cls for applies, cls in table if applies), Refused)


def _says_not_found(code: str, service: str, action: str, message: str) -> bool:
    if action == "ecs:DescribeTaskDefinition" and code == "ClientException":
        # ECS has no code of its own for a task definition that is not there.
        return "unable to describe task definition" in message.lower()
    return code in NOT_FOUND.get(service, frozenset())


def _detail(error: sdk.ClientError) -> Mapping[str, Any]:
    detail = error.response.get("Error")
    return detail if isinstance(detail, Mapping) else {}


def _code(error: sdk.ClientError) -> str:
    code = plain_code(str(_detail(error).get("Code") or ""))
    if code in {"", "501"}:
        return "NotImplemented" if _status(error) == 501 else str(_status(error) or "Unknown")  # noqa: PLR2004
    return code


def _message(error: sdk.ClientError) -> str:
    detail = _detail(error)
    return in_one_line(str(detail.get("Message") or detail.get("message") or "no reason given"))


def _unsigned(message: str) -> str:
    # SignatureDoesNotMatch quotes the canonical request, session token included.
    return message.partition(" The Canonical String")[0].partition(" Canonical")[0]


def _status(error: sdk.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def _request_id(error: sdk.ClientError) -> str | None:
    metadata = error.response.get("ResponseMetadata", {})
    headers = metadata.get("HTTPHeaders", {})
    request_id = metadata.get("RequestId") or headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    return str(request_id) if request_id else None
