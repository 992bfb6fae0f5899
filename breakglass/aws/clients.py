"""Clients: how long they wait, how often they try, and what they accept as an answer.

botocore's standard retries stay underneath. In front of them stands `Patience`, because no configuration of
theirs gives many attempts to a throttled call and few to an endpoint that does not answer.
"""

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.session import Session

from breakglass import __version__
from breakglass.aws.answers import NO_WAY, THROTTLED, Garbled, plain_code
from breakglass.aws.tracing import trace

_HTML = re.compile(rb"<(?:!doctype\s+)?html", re.IGNORECASE)
_EMPTY_CBOR = frozenset({b"\xa0", b"\xbf\xff"})
_NAMED_IN_THE_PATH = frozenset({"route53"})
"""Services where an empty id asks another question: `GET /healthcheck/` lists. Their parameters are checked."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How calls are made: attempts, time-outs in seconds, and what the user agent says.

    `attempts` are for throttling and server errors, within `deadline`; `tries` are for an endpoint that
    gives no answer, within `silence`. One attempt means that the SDK never sends a call twice.
    """

    attempts: int
    tries: int
    connect_timeout: float
    read_timeout: float
    deadline: float
    silence: float
    validates: bool
    label: str = ""

    @property
    def user_agent(self) -> str:
        """What our calls can be told by in CloudTrail: `breakglass/VERSION`, and the run where there is one."""
        return f"breakglass/{__version__} {self.label}".rstrip()

    def config(self, service: str) -> Config:
        """The same for botocore."""
        return Config(
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            parameter_validation=self.validates or service in _NAMED_IN_THE_PATH,
            max_pool_connections=48,
            user_agent_extra=self.user_agent,
            defaults_mode="legacy",  # "auto" asks the instance metadata where it is
        )


READING = Manner(
    attempts=9,
    tries=2,
    connect_timeout=2,
    read_timeout=5,
    deadline=30,
    silence=9.5,
    validates=False,
)
"""Reads: patient with rate limits, and at most ten seconds for an endpoint that is dead."""

SIGNING_IN = Manner(
    attempts=2,
    tries=2,
    connect_timeout=2,
    read_timeout=5,
    deadline=10,
    silence=9.5,
    validates=True,
)
"""What the SDK's own credential chain asks (AssumeRole, GetRoleCredentials)."""


def changing(run: str) -> Manner:
    """Changing calls: sent once, waited for, and marked with the run's id."""
    return Manner(
        attempts=1,
        tries=1,
        connect_timeout=5,
        read_timeout=60,
        deadline=60,
        silence=60,
        validates=True,
        label=f"run/{run}",
    )


def create(session: Session, service: str, region: str, manner: Manner) -> Any:
    """A client of boto3's name `service` that has our manner. Raises what botocore raises."""
    client = session.create_client(service, region_name=region, config=manner.config(service))
    name = client.meta.service_model.service_id.hyphenize()
    patience = Patience(manner)
    client.meta.events.register(f"before-call.{name}", patience.begin)
    client.meta.events.register_first(f"needs-retry.{name}", patience.judge)
    client.meta.events.register(f"before-parse.{name}", refuse_other_documents)
    client.meta.events.register(f"after-call.{name}", refuse_garbled)
    trace(client)
    return client


class Patience:
    """Decides whether a call is sent again, and when: botocore takes the first opinion it is given.

    Pauses have full jitter, so that many callers who were throttled together do not come back together.
    """

    def __init__(
        self,
        manner: Manner,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._manner = manner
        self._clock = clock
        self._chance = chance

    def begin(self, context: dict[str, Any], **_: Any) -> None:
        """Note when the call began (botocore's `before-call`)."""
        context["breakglass_began"] = self._clock()

    def judge(
        self,
        *,
        response: tuple[Any, Mapping[str, Any]] | None,
        attempts: int,
        caught_exception: Exception | None,
        operation: Any,
        request_dict: Mapping[str, Any],
        **_: Any,
    ) -> float | bool | None:
        """Seconds to wait before sending again, False for never, None where botocore may decide.

        Called by botocore after each attempt (`needs-retry`).
        """
        context = request_dict["context"]
        elapsed = self._clock() - context.get("breakglass_began", self._clock())
        if response is None:
            return self._after_silence(caught_exception, attempts, elapsed, context)
        http, parsed = response
        if is_throttle(http.status_code, parsed):
            return self._again(
                attempts, elapsed, pause=min(4.0, 0.25 * 2 ** (attempts - 1)), until=self._manner.deadline
            )
        if http.status_code >= 500 and http.status_code != 501:  # noqa: PLR2004
            return self._again(
                attempts, elapsed, pause=min(2.0, 0.05 * 2 ** (attempts - 1)), until=self._manner.silence
            )
        if is_garbled(http, parsed, operation):
            return self._after_silence(None, attempts, elapsed, context)
        return None if elapsed < self._manner.silence else False

    def _after_silence(
        self, error: Exception | None, attempts: int, elapsed: float, context: dict[str, Any]
    ) -> float | bool | None:
        if error is not None and not isinstance(error, NO_WAY):
            return None
        left = self._manner.silence - elapsed
        if attempts >= self._manner.tries or left < self._manner.connect_timeout:
            return False
        pause = self._chance() * 0.1
        # botocore takes this over the client's time-out, so that both attempts fit into the silence.
        context["read_timeout"] = min(self._manner.read_timeout, left - pause)
        return pause

    def _again(self, attempts: int, elapsed: float, *, pause: float, until: float) -> float | bool:
        wait = self._chance() * pause
        return wait if attempts < self._manner.attempts and elapsed + wait < until else False


def is_throttle(status: int, parsed: Mapping[str, Any]) -> bool:
    """Whether an answer is a rate limit, by its code or by its HTTP status."""
    error = parsed.get("Error")
    code = plain_code(str(error.get("Code", ""))) if isinstance(error, Mapping) else ""
    return status >= 300 and (code in THROTTLED or status == 429)  # noqa: PLR2004


def refuse_other_documents(response_dict: Mapping[str, Any], operation_model: Any, **_: Any) -> None:
    """Raise `Garbled` for a success that is no document of the protocol (botocore's `before-parse`).

    botocore takes a page of HTML for an empty JSON answer: everything would look as if it were gone.
    """
    body = response_dict["body"]
    if response_dict["status_code"] >= 300 or not isinstance(body, bytes):  # noqa: PLR2004
        return
    protocol = operation_model.service_model.resolved_protocol
    start = body.lstrip()[:200]
    if protocol.endswith("json") and not start.startswith(b"{") and start:
        raise Garbled(reason=f"{operation_model.name} was answered by something that is not a JSON object")
    if protocol in {"query", "ec2", "rest-xml"} and _HTML.search(start):
        raise Garbled(reason=f"{operation_model.name} was answered by an HTML page")


def refuse_garbled(http_response: Any, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
    """Raise `Garbled` for a success that was cut off or says nothing (botocore's `after-call`)."""
    if is_garbled(http_response, parsed, model):
        raise Garbled(reason=f"the answer to {model.name} is cut off, or empty where it cannot be")


def is_garbled(http: Any, parsed: Mapping[str, Any], operation: Any) -> bool:
    """Whether a success is shorter than announced, or says nothing for another reason than having nothing to say."""
    if http.status_code >= 300 or operation.output_shape is None or not operation.output_shape.members:  # noqa: PLR2004
        return False
    body = http.content
    announced = http.headers.get("content-length")
    if announced is not None and announced.isdigit() and int(announced) != len(body):
        return True
    if any(value for key, value in parsed.items() if key != "ResponseMetadata"):
        return False
    return not _says_nothing(body, operation)


def _says_nothing(body: bytes, operation: Any) -> bool:
    members = operation.output_shape.members
    match operation.service_model.resolved_protocol:
        case "json" | "rest-json":
            return _is_empty_object(body, members)
        case "smithy-rpc-v2-cbor":
            return body in _EMPTY_CBOR or any(name.encode() in body for name in members)
        case _:
            return b"Response" in body or b"Result" in body


def _is_empty_object(body: bytes, members: Mapping[str, Any]) -> bool:
    try:
        document = json.loads(body)
    except ValueError:
        return False
    return isinstance(document, dict) and (not document or any(name in document for name in members))
