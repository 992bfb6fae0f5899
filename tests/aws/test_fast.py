"""Canaries for botocore's insides, and proof that nothing is verified less for being faster."""

import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.session import Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from breakglass.aws import fast
from breakglass.aws.identity import whoami
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import Connection
from breakglass.errors import BreakglassError
from tests.aws.conftest import ACCOUNT, Connect, Wire

SERVICES = [
    "application-autoscaling",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ecs",
    "elb",
    "elbv2",
    "iam",
    "route53",
    "servicediscovery",
    "sts",
]


def lean() -> Session:
    session = Session()
    fast.load_lean(session)
    return session


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["service-2", "paginators-1", "endpoint-rule-set-1"])
def test_the_lean_loader_loads_what_botocore_loads(service: str, kind: str) -> None:
    ours = lean().get_component("data_loader").load_service_model(service, kind)
    plain = Loader().load_service_model(service, kind)
    assert ours == plain
    assert json.dumps(ours) == json.dumps(plain), "the order of members is the order on the wire"


def test_the_lean_loader_knows_the_same_services() -> None:
    assert list(lean().get_component("data_loader").list_available_services("service-2")) == (
        Loader().list_available_services("service-2")
    )


def test_the_lean_loader_reads_no_other_service(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    plain = os.listdir
    monkeypatch.setattr("os.listdir", lambda path: read.append(str(path)) or plain(path))
    lean().get_service_model("ecs")
    assert {Path(path).name for path in read} == {"ecs"}


def test_a_service_that_is_none_is_still_unknown() -> None:
    with pytest.raises(UnknownServiceError, match="nonsense"):
        lean().get_service_model("nonsense")


@pytest.mark.parametrize("name", ["AWS_DATA_PATH", "HOME"])
def test_models_of_ones_own_still_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    own = tmp_path / "models" / "own" / "2026-01-01"
    own.mkdir(parents=True)
    model = Loader().load_service_model("sts", "service-2")
    (own / "service-2.json").write_text(json.dumps(model))
    if name == "HOME":
        monkeypatch.setattr("botocore.loaders.Loader.CUSTOMER_DATA_PATH", str(tmp_path / "models"))
    else:
        monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "models"))
    assert "GetCallerIdentity" in lean().get_service_model("own").operation_names


def test_what_botocore_keeps_elsewhere_is_left_alone() -> None:
    assert fast.SharedTls().lend_to(SimpleNamespace()) is False
    assert fast.SharedTls().lend_to(SimpleNamespace(_endpoint=SimpleNamespace(http_session=None))) is False
    assert fast.expiry(SimpleNamespace()) is None
    assert fast.expiry(SimpleNamespace(_expiry_time="soon")) is None
    session = SimpleNamespace(get_component=lambda _: SimpleNamespace(get_provider=lambda _: SimpleNamespace()))
    fast.prompt_only_on_terminal(session, lambda: False)


def test_canary_of_the_prompt() -> None:
    session = Session()
    fast.prompt_only_on_terminal(session, lambda: False)
    prompter = session.get_component("credential_provider").get_provider("assume-role")._prompter
    assert prompter.__module__ == "breakglass.aws.fast"


def certificate(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    alternative = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


class Secured:
    """A wire over TLS, and the certificate that it shows."""

    def __init__(self, folder: Path, host: str) -> None:
        self.wire = Wire()
        self.certificate = certificate(folder, host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        server = self.wire.server
        self.accepted = 0
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.get_request = self.accept  # type: ignore[method-assign]
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"https://127.0.0.1:{server.server_port}"

    def accept(self) -> tuple[socket.socket, object]:
        self.accepted += 1
        return self.wire.server.socket.accept()


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Secured]:
    secured = Secured(tmp_path, getattr(request, "param", "127.0.0.1"))
    thread = threading.Thread(target=secured.wire.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    for service in ("STS", "ECS", "DYNAMODB"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", secured.url)
    yield secured
    secured.wire.server.shutdown()
    secured.wire.server.server_close()
    thread.join()


def context_of(connection: Connection, service: str) -> ssl.SSLContext:
    context: ssl.SSLContext = connection.client(service)._endpoint.http_session._manager.connection_pool_kw[
        "ssl_context"
    ]
    return context


@pytest.mark.usefixtures("keys")
def test_an_untrusted_certificate_is_refused(connecting: Connect, secured: Secured) -> None:
    with pytest.raises(BreakglassError, match="CERTIFICATE_VERIFY_FAILED"):
        whoami(connecting())
    assert secured.wire.asked == []


@pytest.mark.usefixtures("keys")
def test_a_trusted_certificate_is_read_once_for_all_connections(
    connecting: Connect, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secured.certificate))
    read: list[object] = []
    plain = ssl.SSLContext.load_verify_locations
    monkeypatch.setattr(
        "ssl.SSLContext.load_verify_locations", lambda self, *given: read.append(given) or plain(self, *given)
    )
    connection = connecting()
    assert whoami(connection).account == ACCOUNT
    reader = AwsReader(connection, ACCOUNT)
    reader.gather([lambda n=n: reader.call("ecs", "ListServices", {"cluster": f"c{n}"}) for n in range(6)])
    reader.call("dynamodb", "ListTables")
    assert context_of(connection, "ecs") is context_of(connection, "dynamodb") is context_of(connection, "sts")
    assert read == [(str(secured.certificate),)]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("secured", ["elsewhere.example.com"], indirect=True)
def test_a_trusted_certificate_of_another_host_is_refused(
    connecting: Connect, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secured.certificate))
    with pytest.raises(BreakglassError, match=r"doesn't match|mismatch"):
        whoami(connecting())
    assert secured.wire.asked == []


@pytest.mark.usefixtures("keys")
def test_a_context_lent_for_one_file_trusts_no_other(
    connecting: Connect, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One connection trusts the bundle; another, made without it in the same process, must not."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secured.certificate))
    whoami(connecting())
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(BreakglassError, match="CERTIFICATE_VERIFY_FAILED"):
        whoami(connecting())


@pytest.mark.usefixtures("keys")
def test_a_missing_bundle_is_an_error_and_not_trust(
    connecting: Connect, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem")
    with pytest.raises(BreakglassError):
        whoami(connecting())
    assert secured.wire.asked == []


@pytest.mark.usefixtures("keys")
def test_a_connection_opened_ahead_is_the_one_that_is_used(
    connecting: Connect, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS 1.3 tickets left unread would make urllib3 throw it away."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secured.certificate))
    connection = connecting()
    assert fast.open_ahead(connection.client("sts")) is True
    assert (secured.accepted, secured.wire.asked) == (1, [])
    whoami(connection)
    whoami(connection)
    assert (secured.accepted, len(secured.wire.asked)) == (1, 2)


@pytest.mark.usefixtures("keys")
def test_opening_ahead_trusts_nobody_more_and_says_nothing(connecting: Connect, secured: Secured) -> None:
    connection = connecting()
    assert fast.open_ahead(connection.client("sts")) is False
    assert fast.open_ahead(connection.client("iam")) is False, "plain HTTP is left alone"
    assert fast.open_ahead(SimpleNamespace(meta=SimpleNamespace(endpoint_url="https://x"))) is False
    assert (secured.wire.asked, connection.sent) == ([], 0)


@pytest.mark.usefixtures("keys")
def test_preparing_asks_nothing_and_fails_silently(
    connecting: Connect, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connecting()
    connection._prepare(("sts", "ecs", "route53"))
    assert (wire.asked, connection.sent) == ([], 0)
    assert {key.service for key in connection._clients} == {"sts", "ecs", "route53"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    connecting()._prepare(("sts", "nonsense"))


@pytest.mark.usefixtures("keys")
def test_closing_does_not_mind_what_is_still_being_prepared(
    connecting: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connecting()
    first = connection.client("sts")
    monkeypatch.setattr(first, "close", lambda: connection.client("ecs"))
    connection.close()
    connection._prepare(("route53",))
    assert {key.service for key in connection._clients} == {"sts", "ecs"}, "nothing is made for nobody"


def test_a_context_skips_only_the_file_it_was_made_for(tmp_path: Path) -> None:
    own, other = certificate(tmp_path, "127.0.0.1"), certificate(tmp_path, "elsewhere.example.com")
    context = fast._reads_once(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), str(own))
    for path in (own, own, other):
        context.load_verify_locations(str(path))
    assert len(context.get_ca_certs()) == 2
    with pytest.raises(FileNotFoundError):
        context.load_verify_locations("/nowhere/bundle.pem")
