"""The sandbox's process: seeded once, forked for each fresh start.

The first process binds the port, makes the seeded world and never changes it again; the child that it forks serves
requests. `reset` ends the child and forks another one from the untouched world, which takes milliseconds where seeding
takes a second. Both end when standard input is closed, which is what happens when the process that started them dies.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, NoReturn

from moto.core.request import Request
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from .clock import Clock
from .control import PREFIX, ControlRoom
from .gateway import Gateway
from .manners import Manners
from .moto_bridge import MotoBridge
from .seed import plant_world
from .state import World
from .wire import Answer, read_models

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = "127.0.0.1"
_A_DAY = 86_400.0
_RESET, _READY = b"r", b"k"
_RESET_DONE = (
    b"HTTP/1.1 200 CONTROL\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
)


class QuietHandler(MotoRequestHandler):
    """HTTP/1.1 with keep-alive, each answer sent in one piece, nothing written to standard error.

    werkzeug closes every connection, because an application might leave a part of a request unread; here each request
    is read to its end before it is answered.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connections: ClassVar[set[socket.socket]] = set()

    def setup(self) -> None:
        """Begin with a new connection."""
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        """Be done with a connection."""
        self.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request; a ConnectionError from the application ends the connection without an answer."""
        self.environ = self.make_environ()
        length = int(self.headers.get("Content-Length") or 0)
        self.environ["wsgi.input"] = io.BytesIO(self.rfile.read(length))
        head: list[str] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            head[:] = [f"HTTP/1.1 {status}", *(f"{key}: {value}" for key, value in headers), "", ""]
            return self.wfile.write

        try:
            body = b"".join(self.server.app(self.environ, start_response))
            self.wfile.write("\r\n".join(head).encode("latin-1") + body)
        except ConnectionError:
            self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's own name
        """Say nothing: the call log is the log."""


class Pristine:
    """The seeded world, and what speaks for it; never used by the process that made it."""

    def __init__(self) -> None:
        world = World(Clock(seconds_ago=_A_DAY))
        moto = MotoBridge()
        manners = Manners(world, moto)
        plant_world(world, manners)
        self.gateway = Gateway(world, moto, manners)
        self.control = ControlRoom(world, manners, self.gateway)


class Generation:
    """A process that serves its own copy of the seeded world, until it is reset or its parent ends."""

    def __init__(self, pristine: Pristine, listener: socket.socket, channel: socket.socket) -> None:
        self._gateway = pristine.gateway
        self._control = pristine.control
        self._listener = listener
        self._channel = channel
        self._successor_ready = threading.Event()
        port = listener.getsockname()[1]
        self._server = make_server(HOST, port, self, threaded=True, request_handler=QuietHandler, fd=listener.fileno())

    def serve(self) -> None:
        """Answer requests until the process ends; the channel leads to the process that forked this one."""
        threading.Thread(target=self._end_with_parent, daemon=True).start()
        self._channel.sendall(_READY)
        self._server.serve_forever(poll_interval=0.5)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application: control requests here, everything else to the gateway."""
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return self._gateway(environ, start_response)
        if path == f"{PREFIX}reset":
            return self._reset(environ["werkzeug.socket"])
        answer = self._control.answer(environ["REQUEST_METHOD"], path, Request(environ).get_data())
        start_response(f"{answer.status} CONTROL", _headers(answer))
        return [answer.body]

    def _reset(self, asking: socket.socket) -> NoReturn:
        """Hand the port over to a new generation, say so to who asked, and end.

        All other connections are ended first, so that no client takes one of them for open afterwards.
        """
        self._server.socket.close()
        self._listener.close()
        self._channel.sendall(_RESET)
        self._successor_ready.wait(10)
        for other in QuietHandler.connections - {asking}:
            with contextlib.suppress(OSError):
                other.shutdown(socket.SHUT_RDWR)
        asking.sendall(_RESET_DONE)
        asking.shutdown(socket.SHUT_WR)
        os._exit(0)

    def _end_with_parent(self) -> None:
        while self._channel.recv(1):
            self._successor_ready.set()
        os._exit(0)


def _headers(answer: Answer) -> list[tuple[str, str]]:
    return [*answer.headers.items(), ("Content-Length", str(len(answer.body)))]


def main() -> int:
    """Seed, fork, say where, and fork again for each reset, until standard input ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, 0))
    listener.listen(128)
    pristine = Pristine()
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = _fork(pristine, listener)
    port = listener.getsockname()[1]
    sys.stdout.write(json.dumps({"url": f"http://{HOST}:{port}", "port": port, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    read_models()
    while True:
        readable, _, _ = select.select([sys.stdin, channel], [], [])
        if sys.stdin in readable and not os.read(sys.stdin.fileno(), 4096):
            os._exit(0)
        if channel in readable:
            if channel.recv(1) != _RESET:
                return 1
            successor = _fork(pristine, listener)
            channel.sendall(_READY)
            channel = successor


def _fork(pristine: Pristine, listener: socket.socket) -> socket.socket:
    """A new generation, serving; returns this end of the channel to it."""
    here, there = socket.socketpair()
    if os.fork() == 0:
        here.close()
        Generation(pristine, listener, there).serve()
        os._exit(0)
    there.close()
    here.recv(1)
    return here
