"""The door of the sandbox: every request comes in here.

A request is identified (service, operation, account), put through the faults that were ordered, answered by the
manners where AWS and moto differ and by moto where they do not, and written to the log. One lock is held while a call
is carried out: moto's backends are not made for threads, and AWS's own calls are atomic.
"""

from __future__ import annotations

import io
import logging
import select
import socket
import threading
import time
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from moto.core.request import Request

from .call_log import CallLog
from .faults import Fault, Faults
from .manners import Manners
from .moto_bridge import MotoBridge
from .refusal import Refused
from .state import Call, World
from .wire import CBOR, Answer, Envelope, open_envelope, read_params, write_refusal, write_result

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)


class Gateway:
    """The WSGI application that speaks AWS."""

    def __init__(self, world: World, moto: MotoBridge, manners: Manners) -> None:
        self.world = world
        self.manners = manners
        self.calls = CallLog()
        self.faults = Faults()
        self.lock = threading.RLock()
        self._moto = moto

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        body = request.get_data(cache=True)
        envelope = open_envelope(request, body)
        exchange = _Exchange(self, environ, request, body, envelope)
        answer = exchange.answer()
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in ("content-length", "status")}
        headers["Content-Length"] = str(len(answer.body))
        start_response(f"{answer.status} AWS", list(headers.items()))
        return [answer.body]

    def carry_out(self, envelope: Envelope, request: Request, body: bytes, account: str, request_id: str) -> Answer:
        """Let the manners, or moto, answer a call."""
        with self.lock:
            if self.manners.know(envelope.service, envelope.operation) or envelope.protocol == CBOR:
                params = read_params(envelope, request, body)
                call = Call(envelope.service, envelope.operation, account, envelope.region, params, envelope.access_key)
                return write_result(envelope, self.manners.answer(call), request_id)
            return self._moto.respond({**request.environ, "wsgi.input": io.BytesIO(body)}, account)


class _Exchange:
    """One request on its way through the gateway."""

    def __init__(
        self, gateway: Gateway, environ: WSGIEnvironment, request: Request, body: bytes, envelope: Envelope
    ) -> None:
        self._gateway = gateway
        self._environ = environ
        self._request = request
        self._body = body
        self._envelope = envelope
        self._request_id = str(uuid.uuid4())
        self._account: str | None = None

    def answer(self) -> Answer:
        """The answer, after every fault that strikes; raises ConnectionError where the connection is to be lost."""
        envelope = self._envelope
        try:
            account = self._gateway.world.credentials.resolve(envelope.access_key).account
        except Refused as refused:
            return self._logged(write_refusal(envelope, refused, self._request_id))
        self._account = account
        struck = self._gateway.faults.strike(
            envelope.service, envelope.operation, account, envelope.region, self._searchable()
        )
        if struck is not None:
            number, fault = struck
            match fault.kind:
                case "error":
                    ordered = Refused(fault.code, fault.message, fault.status)
                    return self._logged(write_refusal(envelope, ordered, self._request_id))
                case "delay":
                    time.sleep(fault.seconds)
                case "drop-before":
                    self._lose()
                case "drop-after":
                    self._carry_out(account)
                    self._lose()
                case "hang":
                    self._hang(number, fault)
        return self._logged(self._carry_out(account))

    def _carry_out(self, account: str) -> Answer:
        try:
            answer = self._gateway.carry_out(self._envelope, self._request, self._body, account, self._request_id)
        except Refused as refused:
            return write_refusal(self._envelope, refused, self._request_id)
        except Exception as unforeseen:  # noqa: BLE001 - what a server cannot answer is a 500, never a lost connection
            _log.exception("the sandbox failed on %s:%s", self._envelope.service, self._envelope.operation)
            code = "NotImplemented" if isinstance(unforeseen, NotImplementedError) else "InternalFailure"
            status = 501 if isinstance(unforeseen, NotImplementedError) else 500
            return write_refusal(self._envelope, Refused(code, repr(unforeseen), status), self._request_id)
        return answer

    def _searchable(self) -> str:
        return self._body.decode(errors="replace") or self._request.full_path

    def _lose(self) -> None:
        self._log(0)
        self._connection().shutdown(socket.SHUT_RDWR)
        raise ConnectionError("this connection was to be lost")

    def _hang(self, number: int, fault: Fault) -> None:
        began = time.monotonic()
        connection = self._connection()
        while self._gateway.faults.in_force(number) and (not fault.seconds or time.monotonic() - began < fault.seconds):
            readable, _, _ = select.select([connection], [], [], 0.05)
            if readable and not connection.recv(1, socket.MSG_PEEK):
                break
        self._lose()

    def _connection(self) -> socket.socket:
        connection: socket.socket = self._environ["werkzeug.socket"]
        return connection

    def _logged(self, answer: Answer) -> Answer:
        headers = {k.lower(): v for k, v in answer.headers.items()}
        self._request_id = headers.get("x-amzn-requestid", self._request_id)
        self._log(answer.status)
        if "x-amzn-requestid" in headers:
            return answer
        return Answer(answer.status, {**answer.headers, "x-amzn-RequestId": self._request_id}, answer.body)

    def _log(self, status: int) -> None:
        self._gateway.calls.add(
            at=round(self._gateway.world.clock.now(), 3),
            service=self._envelope.service,
            operation=self._envelope.operation,
            account=self._account,
            region=self._envelope.region,
            status=status,
            request_id=self._request_id,
            user_agent=self._request.headers.get("User-Agent", ""),
            params=self._params(),
        )

    def _params(self) -> dict[str, Any] | None:
        if self._envelope.service == "ec2" or not self._envelope.operation:
            return None
        try:
            return read_params(self._envelope, self._request, self._body)
        except Exception:  # noqa: BLE001 - an unreadable request is still one that arrived
            return None
