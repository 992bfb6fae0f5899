"""What AWS's errors become. A wrong row here is a deleted load balancer or a record taken for gone."""

import pytest
from botocore import exceptions as sdk
from botocore.exceptions import ClientError
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from breakglass.aws.answers import CREDENTIALS, NOT_FOUND, THROTTLED, translate
from breakglass.aws.fast import LeanLoader
from breakglass.errors import CredentialsError
from breakglass.model.reading import AwsError, Denied, NotFound, Refused, Throttled, Unreachable

RENEWAL = "aws sso login --profile acme-prod"
KNOWN = sorted({code for codes in NOT_FOUND.values() for code in codes})
SERVICES = sorted(NOT_FOUND)
STATUSES = st.sampled_from([400, 403, 404, 409, 413, 429, 500, 501, 503])
SPELLINGS = [
    "AccessDenied",
    "AccessDeniedException",
    "accessDenied",
    "AccessDeniedForDependencyException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "Client.UnauthorizedOperation",
    "Forbidden",
    "ForbiddenException",
    "KmsAccessDeniedException",
    "NotAuthorized",
    "NotAuthorizedException",
    "OpsItemAccessDeniedException",
    "UnauthorizedAccess",
    "UnauthorizedException",
    "UnauthorizedOperation",
    "com.amazonaws.ecs#AccessDeniedException",
]


def said(
    code: str, *, status: int = 400, service: str = "ecs", operation: str = "DescribeServices", message: str = "m"
):
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"},
    }
    return translate(ClientError(response, operation), service=service, operation=operation, renewal=RENEWAL)


@given(code=st.text(max_size=30) | st.sampled_from(KNOWN), service=st.sampled_from([*SERVICES, "sts"]), status=STATUSES)
def test_only_the_table_of_its_service_says_not_found(code: str, service: str, status: int) -> None:
    plain = code.rpartition("#")[2].partition(":")[0].removeprefix("Client.").removeprefix("Server.")
    answer = said(code, service=service, status=status)
    assert isinstance(answer, NotFound) == (plain in NOT_FOUND.get(service, ()))


@given(
    code=st.sampled_from(SPELLINGS),
    service=st.sampled_from(SERVICES),
    status=STATUSES,
    message=st.text() | st.just("Unable to describe task definition"),
)
def test_denied_is_denied_however_it_is_spelt(code: str, service: str, status: int, message: str) -> None:
    answer = said(code, service=service, operation="DescribeTaskDefinition", status=status, message=message)
    assert isinstance(answer, Denied)


def test_a_403_of_unknown_spelling_is_denied() -> None:
    assert isinstance(said("SomethingNew", status=403), Denied)


@given(code=st.sampled_from(sorted(THROTTLED)), service=st.sampled_from(SERVICES), status=STATUSES)
def test_throttling_is_throttling_whatever_its_status(code: str, service: str, status: int) -> None:
    assert isinstance(said(code, service=service, status=status), Throttled)


@given(code=st.sampled_from(sorted(CREDENTIALS)), service=st.sampled_from(SERVICES), status=STATUSES)
def test_refused_credentials_are_one_error_with_the_line_to_paste(code: str, service: str, status: int) -> None:
    answer = said(code, service=service, status=status)
    assert isinstance(answer, CredentialsError)
    assert (answer.exit_code, answer.hint) == (4, RENEWAL)
    assert code in answer.what


@pytest.mark.parametrize(
    ("code", "status", "kind", "spelt"),
    [
        ("InternalFailure", 500, Unreachable, "InternalFailure"),
        ("503", 503, Unreachable, "503"),
        ("", 502, Unreachable, "502"),
        ("501", 501, Refused, "NotImplemented"),
        ("UnknownOperationException", 400, Refused, "UnknownOperationException"),
        ("InvalidAction", 403, Refused, "InvalidAction"),
        ("404", 404, Refused, "404"),
        ("429", 429, Throttled, "429"),
        ("ValidationException", 400, Refused, "ValidationException"),
        ("LimitExceededException", 400, Refused, "LimitExceededException"),
    ],
)
def test_the_rest(code: str, status: int, kind: type[AwsError], spelt: str) -> None:
    answer = said(code, status=status)
    assert isinstance(answer, kind)
    assert (answer.code, answer.request_id, answer.operation) == (spelt, "r-1", "ecs:DescribeServices")


def test_a_missing_task_definition_is_known_by_its_message_alone() -> None:
    text = "Unable to describe task definition."
    assert isinstance(said("ClientException", operation="DescribeTaskDefinition", message=text), NotFound)
    assert isinstance(said("ClientException", operation="DescribeTaskDefinition", message="Too long."), Refused)
    assert isinstance(said("ClientException", operation="DescribeServices", message=text), Refused)


@pytest.mark.parametrize(
    ("service", "operation", "spelt"),
    [
        ("elbv2", "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups"),
        ("elb", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"),
        ("application-autoscaling", "DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets"),
        ("cloudwatch", "DescribeAlarms", "cloudwatch:DescribeAlarms"),
        ("servicediscovery", "GetService", "servicediscovery:GetService"),
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources"),
    ],
)
def test_operations_are_spelt_as_in_a_policy(service: str, operation: str, spelt: str) -> None:
    answer = said("AccessDenied", service=service, operation=operation)
    assert isinstance(answer, AwsError)
    assert answer.operation == spelt


@pytest.mark.parametrize("service", SERVICES)
def test_the_tables_are_of_codes_that_the_service_models_have(service: str) -> None:
    session = Session()
    session.register_component("data_loader", LeanLoader())
    model = session.get_service_model(service)
    shapes = [model.shape_for(name) for name in model.shape_names]
    errors = [shape for shape in shapes if getattr(shape, "metadata", {}).get("exception")]
    codes = {shape.metadata.get("error", {}).get("code") or shape.name for shape in errors}
    if service != "ec2":  # EC2's model has no errors
        assert NOT_FOUND[service] <= codes


@pytest.mark.parametrize(
    "error",
    [
        sdk.NoCredentialsError(),
        sdk.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        sdk.TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed"),
        sdk.UnauthorizedSSOTokenError(),
        sdk.SSOTokenLoadError(error_msg="no token"),
        sdk.CredentialRetrievalError(provider="custom-process", error_msg="exit 1"),
        sdk.RefreshWithMFAUnsupportedError(),
        sdk.MetadataRetrievalError(error_msg="gone"),
        sdk.ConfigParseError(path="config"),
        sdk.ProfileNotFound(profile="x"),
        RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_the_credential_chain_raises_is_one_error(error: Exception) -> None:
    answer = translate(error, service="ecs", operation="DescribeServices", renewal=RENEWAL)
    assert isinstance(answer, CredentialsError)
    assert answer.hint == RENEWAL


def test_an_answer_to_another_operation_comes_from_the_credential_chain() -> None:
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "AssumeRole")
    answer = translate(denied, service="ecs", operation="DescribeServices", renewal=RENEWAL)
    assert isinstance(answer, CredentialsError)
    assert "AssumeRole" in answer.what


def test_a_bad_signature_does_not_print_the_session_token() -> None:
    text = (
        "The request signature we calculated does not match.\n\nThe Canonical String for this request should have "
        "been\n'POST\n/\n\nx-amz-security-token:FQoDYXdzEPP-secret"
    )
    answer = said("SignatureDoesNotMatch", status=403, message=text)
    assert isinstance(answer, CredentialsError)
    assert "secret" not in answer.what
    assert "does not match" in answer.what
