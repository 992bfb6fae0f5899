"""From HTTP to an API call and back, for every protocol AWS speaks.

The operation and its parameters are read with botocore's service models, so names and shapes are AWS's own:
`x-amz-target` (JSON), `Action` (Query, EC2), method and path (REST), `/service/X/operation/Y` (RPC v2 CBOR).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from . import cbor
from .refusal import Refused
from .state import AwsShape

CBOR = "smithy-rpc-v2-cbor"
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_CBOR_PATH = re.compile(r"^/service/([^/]+)/operation/([^/]+)$")
_READ_AHEAD = (
    "ecs",
    "elbv2",
    "elb",
    "route53",
    "sts",
    "iam",
    "application-autoscaling",
    "servicediscovery",
    "cloudwatch",
    "ec2",
    "resourcegroupstaggingapi",
)
_ELB_V1 = "2012-06-01"

_BY_SIGNING_NAME = {
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "servicequotas": "service-quotas",
    "elasticloadbalancing": "elbv2",
}


@dataclass(frozen=True)
class Envelope:
    """What can be said of a request before its parameters are read."""

    service: str
    operation: str
    protocol: str
    region: str
    access_key: str | None
    uri_params: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def read_models() -> None:
    """Read the models of the services that are called most, so that processes forked later need not."""
    for service in _READ_AHEAD:
        get_service_model(service)
    get_service_router("route53")


def open_envelope(request: Request, body: bytes) -> Envelope:
    """Say which service and operation a request is for; unknown ones are empty strings."""
    signed = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    access_key, region, signing_name = signed.groups() if signed else (None, "us-east-1", "")
    service = _BY_SIGNING_NAME.get(signing_name, signing_name)
    uri_params: dict[str, Any] = {}
    if path := _CBOR_PATH.match(request.path):
        operation, protocol = path.group(2), CBOR
    elif target := request.headers.get("X-Amz-Target"):
        operation, protocol = target.rpartition(".")[2], "json"
    elif (request.content_type or "").startswith("application/x-www-form-urlencoded"):
        form = parse_qs(body.decode(errors="replace"))
        operation, protocol = form.get("Action", [""])[0], "ec2" if service == "ec2" else "query"
        if service == "elbv2" and form.get("Version", [""])[0] == _ELB_V1:
            service = "elb"
    else:
        protocol = "rest-xml" if service in ("route53", "s3") else "rest-json"
        operation, uri_params = _match_uri(service, request)
    return Envelope(service, operation, protocol, region, access_key, uri_params)


def _match_uri(service: str, request: Request) -> tuple[str, dict[str, Any]]:
    try:
        operation, uri_params = get_service_router(service).match(request)
    except (NotFound, NotImplementedError, ValueError):
        return "", {}
    except Exception as unknown:  # botocore has one exception for each way in which a model can be missing
        if type(unknown).__module__.startswith("botocore"):
            return "", {}
        raise
    return str(operation.name), uri_params


def read_params(envelope: Envelope, request: Request, body: bytes) -> AwsShape:
    """The call's parameters as a structure of AWS's own names."""
    model = get_service_model(envelope.service).operation_model(envelope.operation)
    if envelope.protocol == CBOR:
        return cbor.decode(body)
    parser = PROTOCOL_PARSERS[envelope.protocol](model)
    params: AwsShape = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": envelope.uri_params,
        }
    )
    return params


def write_result(envelope: Envelope, result: AwsShape, request_id: str) -> Answer:
    """A result in the protocol in which it was asked for."""
    if envelope.protocol == CBOR:
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Answer(200, {**headers, "x-amzn-RequestId": request_id}, cbor.encode(result))
    model = get_service_model(envelope.service).operation_model(envelope.operation)
    serializer = get_serializer_class(envelope.service, envelope.protocol)(model, SerializationContext(request_id))
    written = serializer.serialize(result)
    content = written["body"]
    raw = content if isinstance(content, bytes) else content.encode()
    return Answer(written["status_code"], {**written["headers"], "x-amzn-RequestId": request_id}, raw)


def write_refusal(envelope: Envelope, refused: Refused, request_id: str) -> Answer:
    """A refusal in the protocol in which the call came, such that botocore raises ClientError with its code."""
    headers = {"x-amzn-RequestId": request_id}
    code, message = _spelling(envelope.protocol, refused.code), refused.message
    if envelope.protocol == CBOR:
        headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        if _is_query_compatible(envelope.service):
            headers["x-amzn-query-error"] = f"{code};{_fault(refused)}"
        return Answer(refused.status, headers, cbor.encode({"__type": code, "message": message}))
    if envelope.protocol in ("json", "rest-json"):
        headers |= {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}
        return Answer(refused.status, headers, json.dumps({"__type": code, "message": message}).encode())
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if envelope.protocol == "ec2":
        text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        text = (
            f"<ErrorResponse><Error><Type>{_fault(refused)}</Type>{error}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return Answer(refused.status, headers | {"Content-Type": "text/xml"}, text.encode())


def _fault(refused: Refused) -> str:
    return "Sender" if refused.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"


def _spelling(protocol: str, code: str) -> str:
    """JSON and CBOR services have their own names for what is wrong with credentials."""
    if protocol not in ("json", "rest-json", CBOR):
        return code
    return {
        "InvalidClientTokenId": "UnrecognizedClientException",
        "ExpiredToken": "ExpiredTokenException",
        "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    }.get(code, code)


@cache
def _is_query_compatible(service: str) -> bool:
    return bool(get_service_model(service).is_query_compatible)
