"""The one module that touches botocore's insides.

Each trick has its reason and its measure in docs, and falls back to botocore's own way where the inside
turns out to be another one; `tests/aws/test_fast.py` is the canary that tells which botocore changed it.
"""

import gc
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from json import loads
from pathlib import Path
from typing import Any

from botocore.exceptions import CredentialRetrievalError
from botocore.httpsession import create_urllib3_context, get_cert_path
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session
from urllib3.exceptions import HTTPError
from urllib3.util.wait import wait_for_read

_INSIDES_DIFFER = (AttributeError, KeyError, TypeError)


class _DirectFiles:
    """Reads model files into plain dicts: dicts keep their order, and OrderedDict costs a fifth of the start."""

    def __init__(self) -> None:
        self._plain = JSONFileLoader()

    def exists(self, file_path: str) -> bool:
        return bool(self._plain.exists(file_path))

    def load_file(self, file_path: str) -> Any:
        path = Path(f"{file_path}.json")
        return loads(path.read_bytes()) if path.is_file() else self._gzipped(file_path)

    def _gzipped(self, file_path: str) -> Any:
        import gzip  # noqa: PLC0415 - not needed where models are installed unpacked

        path = Path(f"{file_path}.json.gz")
        return loads(gzip.decompress(path.read_bytes())) if path.is_file() else self._plain.load_file(file_path)


class _KnownServices:
    """Answers "is there a service of that name?" by looking for it, not by reading 440 directories."""

    def __init__(self, loader: "LeanLoader", type_name: str) -> None:
        self._loader = loader
        self._type = type_name

    def __contains__(self, service: str) -> bool:
        return any(Path(path, service).is_dir() for path in self._loader.search_paths)

    def __iter__(self) -> Iterator[str]:
        return iter(Loader.list_available_services(self._loader, self._type))


class LeanLoader(Loader):  # type: ignore[misc]
    """botocore's model loader without the scan of all services and without OrderedDict."""

    def list_available_services(self, type_name: str) -> Any:
        """The services there are, as something that answers `in` at once and is read only when iterated."""
        return _KnownServices(self, type_name)


def load_lean(session: Session) -> None:
    """Let `session` load its models the fast way, from wherever it would have loaded them."""
    extra = session.get_config_variable("data_path")
    paths = [os.path.expanduser(os.path.expandvars(path)) for path in extra.split(os.pathsep)] if extra else None  # noqa: PTH111
    session.register_component("data_loader", LeanLoader(extra_search_paths=paths, file_loader=_DirectFiles()))


def spare_the_collector() -> None:
    """Let the garbage collector look less often: nearly all that a client is made of lives to the end.

    Creating ten clients takes half the time. Memory is still collected. Done once: what is frozen stays, and a
    second time would freeze the garbage of the first, with its open connections.
    """
    if gc.get_freeze_count():
        return
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


class SharedTls:
    """One verifying TLS context for each file of trusted authorities, instead of one for each connection.

    botocore has urllib3 read the authorities anew for every connection, 20 ms of CPU each. Nothing is
    verified less: certificate and host name are checked as before, against the same file.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def lend_to(self, client: Any) -> bool:
        """Give `client` the shared context; False where it keeps its own (no verification, or new insides)."""
        try:
            http = client._endpoint.http_session  # noqa: SLF001
            authorities = get_cert_path(True if http._verify is None else http._verify)  # noqa: SLF001
            pool = http._manager.connection_pool_kw  # noqa: SLF001
            if not isinstance(authorities, str) or not Path(authorities).is_file() or "ssl_context" not in pool:
                return False
            pool["ssl_context"] = self._context(authorities)
        except _INSIDES_DIFFER:
            return False
        return True

    def _context(self, authorities: str) -> ssl.SSLContext:
        with self._lock:
            if authorities not in self._contexts:
                self._contexts[authorities] = _reads_once(create_urllib3_context(), authorities)
            return self._contexts[authorities]


def _reads_once(context: ssl.SSLContext, authorities: str) -> ssl.SSLContext:
    read, lock, done = context.load_verify_locations, threading.Lock(), threading.Event()

    def load_verify_locations(cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        if (cafile, capath, cadata) != (authorities, None, None):
            read(cafile, capath, cadata)
            return
        with lock:
            if not done.is_set():
                read(cafile)
                done.set()

    context.load_verify_locations = load_verify_locations  # type: ignore[method-assign]
    return context


def open_ahead(client: Any) -> bool:
    """Open one TLS connection for `client` before its first call; False where that was not possible.

    Nothing is asked over it. Plain HTTP is left alone: an emulator that serves one connection at a time would
    wait for ours. Takes two round trips, or the time-out of the client: meant for a thread of its own.
    """
    url = client.meta.endpoint_url
    if not url.startswith("https:"):
        return False
    try:
        http = client._endpoint.http_session  # noqa: SLF001
        if http._proxy_config.proxy_url_for(url):  # noqa: SLF001
            return False
        pool = http._manager.connection_from_url(url)  # noqa: SLF001
        http._setup_ssl_cert(pool, url, http._verify)  # noqa: SLF001
        connection = pool._get_conn()  # noqa: SLF001
        began = time.monotonic()
        connection.connect()
        _take_tickets(connection.sock, patience=min(0.5, max(0.1, time.monotonic() - began)))
        pool._put_conn(connection)  # noqa: SLF001
    except (*_INSIDES_DIFFER, OSError, HTTPError):
        return False
    return True


def _take_tickets(sock: ssl.SSLSocket, patience: float) -> None:
    """Read what TLS 1.3 servers send after the handshake: urllib3 throws away a connection with unread bytes."""
    if sock.version() != "TLSv1.3":
        return
    usual = sock.gettimeout()
    while wait_for_read(sock, timeout=patience):
        sock.settimeout(0)
        try:
            if not sock.recv(1):
                break
        except ssl.SSLWantReadError:
            patience = 0.005
    sock.settimeout(usual)


def expiry(credentials: Any) -> datetime | None:
    """When these credentials end (UTC), None where the SDK does not know or has not fetched them yet."""
    moment = getattr(credentials, "_expiry_time", None)
    return moment.astimezone(UTC) if isinstance(moment, datetime) else None


def prompt_only_on_terminal(session: Session, has_terminal: Callable[[], bool]) -> None:
    """Refuse to ask for an MFA code where nobody can type one.

    botocore's getpass falls back to reading standard input, and would swallow what was piped there.
    """
    try:
        provider = session.get_component("credential_provider").get_provider("assume-role")
        ask = provider._prompter  # noqa: SLF001
    except (*_INSIDES_DIFFER, ValueError):
        return

    def prompter(prompt: str) -> str:
        if not has_terminal():
            raise CredentialRetrievalError(
                provider="assume-role", error_msg="it needs an MFA code, and there is no terminal to ask for it"
            )
        return str(ask(prompt))

    provider._prompter = prompter  # noqa: SLF001


def lean_loader() -> LeanLoader:
    """A loader for who needs botocore's models and no session: no credentials, no configuration, nothing sent."""
    return LeanLoader(file_loader=_DirectFiles())
