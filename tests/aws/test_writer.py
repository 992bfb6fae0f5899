"""The Writers: sent once or not at all, and never in doubt about which."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakglass import __version__
from breakglass.aws.clients import changing
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import Connection
from breakglass.aws.shapes import Shapes
from breakglass.aws.writer import AwsWriter, DryWriter
from breakglass.errors import CredentialsError
from breakglass.model.plan import Call, filled
from breakglass.model.reading import AwsError, Denied, NotFound, NotOffered, Refused, Throttled, Unreachable
from breakglass.model.writing import Sent, Unclear, Writer
from tests.aws.calls import BINARY, CALLS, TARGET_GROUP, value
from tests.aws.conftest import Connect, Reply, Wire, json_error, query_error

DELETE = ("ecs", "DeleteService", {"cluster": "wonderland", "service": "deployer-api", "force": True})


@pytest.fixture
def writer(connection: Connection) -> AwsWriter:
    return AwsWriter(connection, "20261123T031209Z-7f3a")


def send(writer: Writer, call: tuple[str, str, dict[str, Any]] = DELETE) -> Sent:
    service, operation, params = call
    return writer.send(service, operation, params)


def test_a_call_is_sent_once_marked_counted_and_answered(wire: Wire, connection: Connection, writer: AwsWriter) -> None:
    wire.answer = lambda _: Reply('{"service": {"status": "DRAINING"}}', headers={"x-amzn-RequestId": "r-7"})
    assert send(writer) == Sent("r-7", {"service": {"status": "DRAINING"}})
    (asked,) = wire.asked
    assert f"breakglass/{__version__} run/20261123T031209Z-7f3a" in asked.headers["user-agent"]
    assert connection.sent == 1


def test_reads_and_changes_are_told_apart_in_the_log_and_counted_together(
    wire: Wire, connection: Connection, reader: AwsReader, writer: AwsWriter
) -> None:
    wire.answer = lambda _: Reply('{"services": []}')
    reader.call("ecs", "DescribeServices", {"services": ["a"]})
    wire.answer = lambda _: Reply()
    send(writer)
    assert ["run/" in asked.headers["user-agent"] for asked in wire.asked] == [False, True]
    assert reader.api_calls == connection.sent == 2


def test_a_region_of_its_own(wire: Wire, writer: AwsWriter) -> None:
    writer.send(*DELETE, region="us-east-1")
    assert "/us-east-1/ecs/" in wire.asked[0].headers["authorization"]


def test_an_answer_without_a_request_id(wire: Wire, writer: AwsWriter) -> None:
    assert send(writer).request_id is None
    assert len(wire.asked) == 1


CLEAR = [
    (json_error("AccessDeniedException"), Denied),
    (json_error("ServiceNotFoundException"), NotFound),
    (json_error("InvalidParameterException", "Unable to Start a service that is still Draining."), Refused),
    (json_error("ThrottlingException"), Throttled),
    (json_error("ThrottlingException", status=503), Throttled),
    (json_error("NotImplemented", status=501), NotOffered),
    (json_error("ExpiredTokenException"), CredentialsError),
]


@pytest.mark.parametrize(("reply", "error"), CLEAR)
def test_a_clear_answer_is_no_doubt(wire: Wire, writer: AwsWriter, reply: Reply, error: type[Exception]) -> None:
    wire.answer = lambda _: reply
    with pytest.raises(error) as raised:
        send(writer)
    assert type(raised.value) is error
    assert len(wire.asked) == 1


UNCLEAR = [
    json_error("ServerException", status=500),
    json_error("ServiceUnavailable", status=503),
    Reply("<html>Bad Gateway</html>", 502),
    Reply("<html>Sign in to the guest network</html>", 200),
    Reply('{"service": {"stat', 200),
    Reply('{"service": {}}', 200, announced=9999),
]


@pytest.mark.parametrize("reply", UNCLEAR, ids=lambda reply: f"{reply.status}-{reply.body[:14]}")
def test_anything_else_is_unclear_and_not_sent_again(wire: Wire, writer: AwsWriter, reply: Reply) -> None:
    wire.answer = lambda _: reply
    with pytest.raises(Unclear) as raised:
        send(writer)
    assert raised.value.operation == "ecs:DeleteService"
    assert len(wire.asked) == 1


def test_query_and_rest_xml_answers_too(wire: Wire, writer: AwsWriter) -> None:
    wire.server.RequestHandlerClass.do_DELETE = wire.server.RequestHandlerClass.do_POST  # type: ignore[attr-defined]
    wire.answer = lambda _: query_error("ResourceInUse")
    with pytest.raises(Refused, match="ResourceInUse"):
        writer.send("elbv2", "DeleteTargetGroup", {"TargetGroupArn": "arn"})
    wire.answer = lambda _: Reply("<html>proxy</html>", 200)
    for call in (
        ("elbv2", "DeleteTargetGroup", {"TargetGroupArn": "arn"}),
        ("route53", "DeleteHealthCheck", {"HealthCheckId": "3f2b"}),
    ):
        with pytest.raises(Unclear):
            send(writer, call)
    assert len(wire.asked) == 3


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where `talk` is had with everyone who connects; it ends with a reset."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                with line:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    talk(line)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture
def writing_to(
    request: pytest.FixtureRequest, connecting: Connect, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], AwsWriter]:
    request.getfixturevalue("keys")

    def make(url: str) -> AwsWriter:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        return AwsWriter(connecting(), "r1")

    return make


def test_a_connection_that_breaks_after_the_request_is_unclear(writing_to: Callable[[str], AwsWriter]) -> None:
    connections = []

    def hang_up(line: socket.socket) -> None:
        connections.append(line.recv(65536))

    with listening(hang_up) as port, pytest.raises(Unclear):
        send(writing_to(f"http://127.0.0.1:{port}"))
    assert len(connections) == 1


def test_silence_is_unclear_after_the_time_that_a_change_is_given(
    connection: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert changing("r1").read_timeout == 60
    writer = AwsWriter(connection, "r1")
    monkeypatch.setattr(writer, "_manner", replace(changing("r1"), read_timeout=0.2))
    wire.answer = lambda _: Reply(delay=1)
    with pytest.raises(Unclear, match="ReadTimeoutError"):
        send(writer)
    assert len(wire.asked) == 1


def test_nobody_there_is_clear(writing_to: Callable[[str], AwsWriter]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        free = door.getsockname()[1]
    for url in (f"http://127.0.0.1:{free}", "http://nowhere.invalid"):
        with pytest.raises(Unreachable, match="EndpointConnectionError") as raised:
            send(writing_to(url))
        assert not isinstance(raised.value, Unclear)


def test_a_proxy_that_is_not_there_is_clear(
    wire: Wire, writing_to: Callable[[str], AwsWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        free = door.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free}")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(Unreachable, match="ProxyConnectionError"):
        send(writing_to(wire.url.replace("127.0.0.1", "ecs.example")))
    assert wire.asked == []


def test_no_handshake_is_clear(wire: Wire, writing_to: Callable[[str], AwsWriter]) -> None:
    with pytest.raises(Unreachable, match="SSLError"):
        send(writing_to(wire.url.replace("http:", "https:")))
    assert wire.asked == []


def test_a_handshake_that_breaks_off_is_clear(writing_to: Callable[[str], AwsWriter]) -> None:
    with listening(lambda line: line.recv(1)[:0]) as port, pytest.raises(Unreachable) as raised:
        send(writing_to(f"https://127.0.0.1:{port}"))
    assert raised.value.code == "ConnectionClosedError"


def test_a_handshake_that_is_never_answered_is_clear(
    silent: str, writing_to: Callable[[str], AwsWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = writing_to(silent.replace("http:", "https:"))
    monkeypatch.setattr(writer, "_manner", replace(changing("r1"), connect_timeout=0.2))
    with pytest.raises(Unreachable):
        send(writer)


def test_an_untrusted_certificate_is_clear(tls: ssl.SSLContext, writing_to: Callable[[str], AwsWriter]) -> None:
    read: list[bytes] = []
    with listening(over_tls(tls, read)) as port, pytest.raises(Unreachable, match="SSLError"):
        send(writing_to(f"https://127.0.0.1:{port}"))
    assert read == []


def test_a_tls_connection_that_breaks_after_the_request_is_unclear(
    tls: ssl.SSLContext, tmp_path: Path, writing_to: Callable[[str], AwsWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """urllib3 gives the same error as for a failed handshake."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "tls.pem"))
    read: list[bytes] = []
    with listening(over_tls(tls, read)) as port, pytest.raises(Unclear) as raised:
        send(writing_to(f"https://127.0.0.1:{port}"))
    assert raised.value.code == "SSLError"
    assert b"DeleteService" in read[0]
    assert len(read) == 1


def over_tls(context: ssl.SSLContext, read: list[bytes]) -> Callable[[socket.socket], None]:
    """Take the request, then say something beneath TLS that is no TLS."""

    def talk(line: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        try:
            answered(line, tls.do_handshake, incoming, outgoing)
            read.append(answered(line, lambda: tls.read(65536), incoming, outgoing))
            line.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            line.recv(1)
        except (ssl.SSLError, OSError):
            return

    return talk


def answered(line: socket.socket, do: Callable[[], Any], incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> Any:
    while True:
        try:
            result = do()
        except ssl.SSLWantReadError:
            line.sendall(outgoing.read())
            incoming.write(line.recv(65536))
        else:
            line.sendall(outgoing.read())
            return result


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A server's context for 127.0.0.1; its certificate is in tls.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "tls.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + own)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")
    return context


def both(connection: Connection) -> tuple[Writer, Writer]:
    return AwsWriter(connection, "r1"), DryWriter(Shapes())


@pytest.mark.parametrize("operation", ["DescribeServices", "ListTasks", "GetTaskProtection"])
def test_looking_is_not_a_writers(wire: Wire, connection: Connection, operation: str) -> None:
    for writer in both(connection):
        with pytest.raises(ValueError, match=f"ecs:{operation} only looks"):
            writer.send("ecs", operation, {})
    assert wire.asked == []


@pytest.mark.parametrize(("service", "operation"), [("ecs", "DeleteEverything"), ("ecz", "DeleteService")])
def test_what_there_is_not_is_a_mistake(wire: Wire, connection: Connection, service: str, operation: str) -> None:
    for writer in both(connection):
        with pytest.raises(ValueError, match=r"has no operation|no service"):
            writer.send(service, operation, {})
    assert wire.asked == []


def test_parameters_that_do_not_fit_are_refused_before_they_are_sent(wire: Wire, connection: Connection) -> None:
    for writer in both(connection):
        with pytest.raises(Refused) as raised:
            writer.send("ecs", "DeleteService", {"cluster": "wonderland", "serviceName": "deployer-api"})
        assert raised.value.code == "ParamValidationError"
        assert raised.value.operation == "ecs:DeleteService"
    assert wire.asked == []


def test_a_value_that_is_not_known_yet_is_a_mistake(wire: Wire, connection: Connection) -> None:
    for writer in both(connection):
        with pytest.raises(ValueError, match="TargetGroupArn of target-group deployer-api is not known yet"):
            writer.send("elbv2", "DeleteTargetGroup", {"TargetGroupArn": TARGET_GROUP})
    assert wire.asked == []


SHAPES = Shapes()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*CALLS, BINARY]), st.sampled_from(["", "nextYear"]), st.integers(0, 30))
def test_the_dry_writer_takes_what_the_sdk_takes(connection: Connection, call: Call, extra: str, dropped: int) -> None:
    """Whatever is added or left out, the dry one objects to just what a client would."""
    params = dict(filled(call.params, value))
    names = list(params)
    if dropped < len(names):
        del params[names[dropped]]
    if extra:
        params[extra] = 1
    dry, real = DryWriter(SHAPES), AwsWriter(connection, "r1")
    assert objects(dry, call, params) == objects(real, call, params)


def objects(writer: Writer, call: Call, params: dict[str, Any]) -> bool:
    try:
        writer.send(call.service, call.operation, params)
    except AwsError as error:
        return error.code == "ParamValidationError"
    return False


def test_the_dry_writer_keeps_what_it_was_given_and_makes_up_answers() -> None:
    writer = DryWriter(Shapes())
    sent = writer.send("elbv2", "CreateTargetGroup", {"Name": "a", "Tags": ({"Key": "k"},)}, region="us-east-1")
    assert sent.request_id is None
    assert isinstance(sent.answer["TargetGroups"][0]["TargetGroupArn"], str)
    send(writer)
    assert writer.calls == (
        Call("elbv2", "CreateTargetGroup", {"Name": "a", "Tags": [{"Key": "k"}]}, region="us-east-1"),
        Call(*DELETE),
    )
