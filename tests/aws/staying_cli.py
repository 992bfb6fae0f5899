"""The AWS CLI, version 1, as a process that stays: starting it takes a second, running one more line does not.

It cannot run inside the tests: importing awscli puts its own botocore in the place of the installed one. Prints
the port it listens on. A request is strings, each ended by NUL: the endpoint, the number of arguments, the
arguments. The answer is the exit status and a line break, the errors and a NUL, and what was printed.
"""

import io
import os
import socket
from contextlib import redirect_stderr, redirect_stdout
from typing import BinaryIO

from awscli.clidriver import create_clidriver


def main() -> None:
    """Serve one line after the other until killed."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        print(door.getsockname()[1], flush=True)  # noqa: T201
        while True:
            talk, _ = door.accept()
            with talk, talk.makefile("rb") as asked:
                os.environ["AWS_ENDPOINT_URL"] = _string(asked)
                arguments = [_string(asked) for _ in range(int(_string(asked)))]
                talk.sendall(_run(arguments))


def _run(arguments: list[str]) -> bytes:
    printed = io.BytesIO()
    out = io.TextIOWrapper(printed, "utf-8", write_through=True)
    errors = io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = create_clidriver().main(arguments)
    return f"{status}\n{errors.getvalue()}\0".encode() + printed.getvalue()


def _string(stream: BinaryIO) -> str:
    read = bytearray()
    while (byte := stream.read(1)) not in (b"\0", b""):
        read += byte
    return read.decode()


if __name__ == "__main__":
    main()
