"""A small wire to speak AWS's protocols on, and a machine on which nothing is configured."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from breakglass.aws.reader import AwsReader
from breakglass.aws.session import Connection, connect

ACCOUNT = "111122223333"
CALLER = f"arn:aws:iam::{ACCOUNT}:user/ana"
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult>"
    f"<Arn>{CALLER}</Arn><UserId>AIDA1</UserId><Account>{ACCOUNT}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)


@dataclass(frozen=True)
class Asked:
    """One request as it came in; `operation` is empty for REST, where method and path say it."""

    method: str
    path: str
    operation: str
    headers: dict[str, str]
    body: bytes

    @property
    def access_key(self) -> str:
        return self.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]


@dataclass(frozen=True)
class Reply:
    body: str | bytes = "{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    delay: float = 0


def json_error(code: str, message: str = "because", status: int = 400) -> Reply:
    return Reply(f'{{"__type": "{code}", "message": "{message}"}}', status, {"x-amzn-RequestId": "r-9"})


def query_error(code: str, message: str = "because", status: int = 400) -> Reply:
    return Reply(
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>r-9</RequestId></ErrorResponse>",
        status,
    )


class Wire:
    """A server on 127.0.0.1 whose answers the test writes: `answer` is asked for each request."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Reply] = lambda asked: (
            Reply(IDENTITY) if asked.operation == "GetCallerIdentity" else Reply()
        )
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, _operation(self.path, headers, body), headers, body)
                wire.asked.append(asked)
                reply = wire.answer(asked)
                if reply.delay:
                    time.sleep(reply.delay)
                text = reply.body.encode() if isinstance(reply.body, str) else reply.body
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text) if reply.announced is None else reply.announced))
                self.end_headers()
                self.wfile.write(text)
                self.close_connection = reply.announced is not None

            do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names that http.server calls

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def operations(self) -> list[str]:
        return [asked.operation for asked in self.asked]


def _operation(path: str, headers: dict[str, str], body: bytes) -> str:
    if "x-amz-target" in headers:
        return headers["x-amz-target"].rpartition(".")[2]
    if "/operation/" in path:
        return path.rpartition("/")[2]
    query = parse_qs(urlsplit(path).query) | parse_qs(body.decode("latin-1"))
    return query.get("Action", [""])[0]


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    thread = threading.Thread(target=wire.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield wire
    wire.server.shutdown()
    wire.server.server_close()
    thread.join()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of an endpoint that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable, no file and no instance metadata; returns the (missing) configuration file's path."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "aws-config"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return config


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")


Connect = Callable[..., Connection]


@pytest.fixture
def connecting(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """`connect` against the wire, with nothing chosen on the command line but what the test passes."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
    made: list[Connection] = []

    def connecting(**given: object) -> Connection:
        nothing = {"profile": None, "account_profile": None, "region": None, "named_account": False}
        made.append(connect(**{**nothing, "environ": os.environ, **given}))
        return made[-1]

    yield connecting
    for connection in made:
        connection.close()


@pytest.fixture
def connection(keys: None, connecting: Connect) -> Connection:
    return connecting()


@pytest.fixture
def reader(connection: Connection) -> AwsReader:
    return AwsReader(connection, ACCOUNT)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted, not made."""
    pauses: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", pauses.append)
    return pauses
