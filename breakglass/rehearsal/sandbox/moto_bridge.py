"""Calling moto from inside the process: a call in AWS's own names goes in, AWS's answer comes out."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from .refusal import Refused
from .state import AwsShape, Call
from .wire import CBOR, Answer

ACCOUNT_HEADER = "HTTP_X_MOTO_ACCOUNT_ID"
"""moto's own way of being told the account, stronger than the access key."""


class MotoBridge:
    """moto's WSGI application, and the same as a function from parameters to a result."""

    def __init__(self) -> None:
        self._application = DomainDispatcherApplication(create_backend_app)

    def call(self, call: Call) -> AwsShape:
        """Let moto answer a call; its errors become Refused."""
        model = get_service_model(call.service)
        protocol = _protocol(model)
        operation = model.operation_model(call.operation)
        written = _serializer(protocol).serialize_to_request(call.params, operation)
        body = written["body"]
        builder = EnvironBuilder(
            method=written["method"],
            path=written["url_path"],
            query_string=_query(written["query_string"]),
            data=urlencode(body).encode() if isinstance(body, dict) else body,
            headers=dict(written["headers"]),
        )
        environ = builder.get_environ()
        signing_name = model.signing_name
        environ["HTTP_AUTHORIZATION"] = (
            f"AWS4-HMAC-SHA256 Credential=SANDBOXSANDBOX000000/20160905/{_signing_region(call)}/{signing_name}/"
            "aws4_request, SignedHeaders=host, Signature=0"
        )
        answer = self.respond(environ, call.account)
        parsed: AwsShape = _parser(protocol).parse(
            {"status_code": answer.status, "headers": HeadersDict(answer.headers), "body": answer.body},
            operation.output_shape,
        )
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            error = parsed["Error"]
            raise Refused(error.get("Code", "InternalFailure"), error.get("Message", ""), answer.status)
        parsed.pop("ResponseMetadata", None)
        return parsed

    def respond(self, environ: dict[str, Any], account: str) -> Answer:
        """Let moto answer a request as it came, in a given account."""
        environ[ACCOUNT_HEADER] = account
        chunks, status, headers = run_wsgi_app(self._application, environ, buffered=True)
        return Answer(int(status.split()[0]), dict(headers.items()), b"".join(chunks))


def _protocol(model: ServiceModel) -> str:
    protocol = str(model.metadata["protocol"])
    return "json" if protocol == CBOR else protocol


def _signing_region(call: Call) -> str:
    return "us-east-1" if call.service in ("route53", "iam", "sts") else call.region


def _query(query: Any) -> Any:
    if isinstance(query, dict):
        return {k: [str(i) for i in v] if isinstance(v, list) else str(v) for k, v in query.items()}
    return query


@cache
def _serializer(protocol: str) -> Any:
    return create_serializer(protocol, include_validation=False)


@cache
def _parser(protocol: str) -> Any:
    return create_parser(protocol)
