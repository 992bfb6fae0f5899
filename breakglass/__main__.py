"""The program's entry: quick answers first, then the command line, and a word about every way it can end."""

import gc

gc.disable()  # importing and reading make no garbage worth looking for; a command that stays turns it on again

import os  # noqa: E402 - nothing is imported before the collector is off
import sys  # noqa: E402

from breakglass import __version__  # noqa: E402


def main() -> None:
    """Run the command line of this process, and end the process with its exit code."""
    leave(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; no exception gets out but the interpreter's own exit."""
    if arguments == ["--version"]:
        sys.stdout.write(f"breakglass {__version__}\n")
        return 0
    try:
        from breakglass.ui.app import run_command  # noqa: PLC0415 - --version does not need it

        return run_command(arguments)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that may
        from breakglass.ui.ending import tell  # noqa: PLC0415 - most commands end well

        return tell(error, arguments)


def leave(code: int) -> None:
    """End at once, output flushed. Interpreter teardown would take longer than a small command itself.

    By now every command has closed what it opened; idle worker threads are all that can be left.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # whoever read it has gone
            continue
    os._exit(code)


if __name__ == "__main__":
    main()
