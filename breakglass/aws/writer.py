"""Writers: the one that changes AWS, and the one that only checks what would be sent.

A changing call leaves once. What became of it is known where AWS answered, and where the way to AWS failed
before anything of the request could leave; everything between is `Unclear`, and whoever sent it has to look.
"""

import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

from botocore import exceptions as sdk

from breakglass.aws.answers import iam_action
from breakglass.aws.clients import changing
from breakglass.aws.reader import only_looks
from breakglass.aws.session import Connection
from breakglass.aws.shapes import Shapes
from breakglass.model.plan import Call, Output, filled
from breakglass.model.reading import Refused, Unreachable
from breakglass.model.writing import Sent, Unclear

_NOT_CONNECTED = (sdk.ConnectTimeoutError, sdk.EndpointConnectionError, sdk.ProxyConnectionError)


class AwsWriter:
    """`model.writing.Writer` over a connection: one attempt a call, marked with the run's id in the user agent.

    Its clients are its own, its requests are counted with the Reader's (`Connection.sent`).
    """

    def __init__(self, connection: Connection, run: str) -> None:
        self._connection = connection
        self._manner = changing(run)

    def send(self, service: str, operation: str, params: Mapping[str, Any], *, region: str | None = None) -> Sent:
        """One request, once.

        Raises:
            Unclear: the connection broke or timed out after the request may have left, AWS answered 5xx, or what
                came back is no answer of AWS.
            Unreachable: nothing could leave: no such host, connection refused, no TLS handshake.
            AwsError: AWS said no (`Denied`, `Throttled`, `NotFound`, `Refused`), or the SDK did before sending:
                Refused with the code ParamValidationError.
            CredentialsError: the credentials are missing, expired or refused.
            ValueError: an operation that only looks or that there is not, or a value that is not known yet.
        """
        _insist_on_changing(service, operation)
        try:
            answer = self._connection.ask(
                service, operation, filled(params, _unknown), region=region, manner=self._manner
            )
        except Unreachable as error:
            if nothing_left(error.__cause__):
                raise
            raise Unclear(error.operation, error.code, error.message, error.request_id) from error
        return _sent(answer)


class DryWriter:
    """`model.writing.Writer` that sends nothing: it holds each call against botocore's model and keeps it.

    The answers are made up from the operation's output shape. `calls` are those that would have been sent.
    """

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._calls: list[Call] = []

    @property
    def calls(self) -> tuple[Call, ...]:
        """What would have been sent, in order."""
        return tuple(self._calls)

    def send(self, service: str, operation: str, params: Mapping[str, Any], *, region: str | None = None) -> Sent:
        """Check one call; an answer without a request id.

        Raises:
            Refused: what `AwsWriter` would be refused by the SDK (ParamValidationError).
            ValueError: as `AwsWriter`.
        """
        _insist_on_changing(service, operation)
        values = filled(params, _unknown)
        problems = self._shapes.problems(service, operation, values)
        if problems:
            raise Refused(iam_action(service, operation), sdk.ParamValidationError.__name__, "; ".join(problems))
        self._calls.append(Call(service, operation, values, region=region or ""))
        return Sent(None, self._shapes.example(service, operation))


def nothing_left(error: BaseException | None) -> bool:
    """Whether the SDK's error shows that no part of the request can have reached anybody.

    urllib3 gives one and the same error for a handshake that failed and for a connection that broke while its
    answer was awaited; only the stack tells which. Whatever is not understood here counts as having left.
    """
    if isinstance(error, _NOT_CONNECTED):
        return True
    broken = error.kwargs.get("error") if isinstance(error, sdk.BotoCoreError) else None
    if not isinstance(broken, BaseException):
        return False
    return any(_in_handshake(cause) for cause in (*broken.args, broken.__cause__))


def _in_handshake(error: object) -> bool:
    if not isinstance(error, BaseException):
        return False
    return any(frame.f_code.co_name == "do_handshake" for frame, _ in traceback.walk_tb(error.__traceback__))


def _insist_on_changing(service: str, operation: str) -> None:
    if only_looks(operation):
        raise ValueError(f"{iam_action(service, operation)} only looks: it is a Reader's to ask")


def _unknown(output: Output) -> NoReturn:
    raise ValueError(f"{output.field} of {output.component} is not known yet")


def _sent(answer: Mapping[str, Any]) -> Sent:
    metadata = answer.get("ResponseMetadata", {})
    headers = metadata.get("HTTPHeaders", {})
    request_id = metadata.get("RequestId") or headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    return Sent(
        str(request_id) if request_id else None,
        {name: value for name, value in answer.items() if name != "ResponseMetadata"},
    )
