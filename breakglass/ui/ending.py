"""How a command that did not end well says so: what happened, whether anything was changed, what to do now."""

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from breakglass.errors import BreakglassError, Interrupted
from breakglass.model.reading import AwsError
from breakglass.ui.app import NothingAskedError, may_change
from breakglass.ui.masking import mask_text
from breakglass.ui.terminal import BOLD, RED, Style, harmless, say, style_of, wrapped

_UNKNOWN = "Something may have been changed: what was sent is in the journal of the run."


def tell(error: BaseException, arguments: Sequence[str]) -> int:
    """Write the three lines to standard error and return the exit code that the error stands for."""
    if isinstance(error, NothingAskedError):
        say(f"{error.what}\n", sys.stderr)
        return error.exit_code
    known = as_known(error, arguments, os.environ)
    style = style_of(sys.stderr, os.environ, no_color="--no-color" in arguments)
    if "--debug" in arguments and not isinstance(error, BreakglassError | KeyboardInterrupt):
        say(_traceback(error), sys.stderr)
    say(three_lines(known, style), sys.stderr)
    return known.exit_code


def three_lines(error: BreakglassError, style: Style) -> str:
    """The error as it is shown. The hint is never broken into lines: it holds what is going to be pasted."""
    head = f"{style.paint('ERROR', BOLD, RED)}    "
    what = _indented(error.what, style.width)
    changed = _indented(error.changed, style.width)
    hint = "\n         ".join(harmless(mask_text(line)) for line in error.hint.splitlines())
    return f"{head}{what}\n{style.paint('CHANGED', BOLD)}  {changed}\n{style.paint('DO NOW', BOLD)}   {hint}\n"


def as_known(error: BaseException, arguments: Sequence[str], environ: Mapping[str, str]) -> BreakglassError:
    """The error in our own words: AWS's answers, the operator's Ctrl-C, and faults of this program."""
    changed = _UNKNOWN if may_change(arguments) else "Nothing was changed."
    match error:
        case BreakglassError():
            return error
        case KeyboardInterrupt():
            return Interrupted(
                "Stopped by Ctrl-C.", changed=changed, hint="Run the same command again when you want to."
            )
        case AwsError():
            return BreakglassError(
                f"{error.operation} failed: {error.code}: {error.message}",
                changed=changed,
                hint="Run it again with --debug to see every request, or check access and network.",
            )
        case _:
            return BreakglassError(
                f"This is a fault in breakglass itself: {type(error).__name__}: {error}",
                changed=changed,
                hint=_where_to_read(error, arguments, environ),
            )


def _where_to_read(error: BaseException, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    if "--debug" in arguments:
        return "Report it with the traceback above, and go on by hand with the aws commands of the runbook."
    from breakglass.running.state_dir import locate  # noqa: PLC0415 - most commands end well

    try:
        report = write_report(error, locate(_state_dir_flag(arguments), environ), datetime.now(UTC))
    except (OSError, BreakglassError):
        return "Run it again with --debug to see the traceback, and report it."
    return f"Report it with {report}, which holds the traceback."


def write_report(error: BaseException, directory: Path, now: datetime) -> Path:
    """Write the traceback, without secrets, for the owner's eyes alone.

    Raises `OSError` or `BreakglassError` where that is impossible.
    """
    from breakglass.running.state_dir import FOLDER_MODE, private_folder, write_file  # noqa: PLC0415

    directory.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder = directory / "faults"
    private_folder(folder)
    report = folder / f"{now:%Y%m%dT%H%M%S%f}Z.txt"
    write_file(report, _traceback(error).encode("utf-8", "backslashreplace"))
    return report


def _traceback(error: BaseException) -> str:
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "".join(f"{line[: len(line) - len(line.lstrip())]}{harmless(mask_text(line.strip()))}\n" for line in lines)


def _state_dir_flag(arguments: Sequence[str]) -> Path | None:
    for at, argument in enumerate(arguments):
        if argument == "--state-dir" and at + 1 < len(arguments):
            return Path(arguments[at + 1])
        if argument.startswith("--state-dir="):
            return Path(argument.partition("=")[2])
    return None


def _indented(text: str, width: int) -> str:
    lines = [
        f"{line[: len(line) - len(line.lstrip())]}{part}"
        for line in text.splitlines()
        for part in wrapped(harmless(mask_text(line)), width - 12)
    ]
    return "\n         ".join(lines)
