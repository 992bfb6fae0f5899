"""Finding `breakglass.toml`, and reading it."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from breakglass.config.accounts import read_accounts
from breakglass.config.configuration import FILE_NAME, Config
from breakglass.config.consistency import check
from breakglass.config.place import Mistakes, Place
from breakglass.config.reading import read_sections
from breakglass.config.runbooks import read_runbooks
from breakglass.config.spelling import on_one_line
from breakglass.errors import UsageError

VARIABLE = "BREAKGLASS_CONFIG"
_TOP_KEYS = ("accounts", "services", "runbooks")
_POSITION = re.compile(r"\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")


def load(explicit: Path | None, environ: Mapping[str, str], cwd: Path, *, user_directory: Path | None = None) -> Config:
    """The configuration that counts: `explicit`, $BREAKGLASS_CONFIG, ./breakglass.toml, then the user's own.

    A file that was named has to be there; where none was named and none is found, the configuration is empty.
    `user_directory` is the platform's configuration directory unless given. Raises `UsageError` with everything
    that is wrong with the file.
    """
    if explicit is not None:
        return _named(cwd / explicit, "--config")
    if environ.get(VARIABLE):
        return _named(cwd / environ[VARIABLE], f"${VARIABLE}")
    here = cwd / FILE_NAME
    return _found(here) or _found((user_directory or _user_directory()) / FILE_NAME) or Config()


def _user_directory() -> Path:
    from platformdirs import user_config_path  # noqa: PLC0415 - not needed where a file is named or at hand

    return user_config_path("breakglass")


def _named(file: Path, by: str) -> Config:
    config = _found(file)
    if config is None:
        raise UsageError(
            f"The configuration file {file}, named by {by}, does not exist.",
            hint=f"Correct {by}, or leave it out to use ./{FILE_NAME} or your own configuration directory.",
        )
    return config


def _found(file: Path) -> Config | None:
    """What the file says; None where there is no such file."""
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(
            f"The configuration file {file} cannot be read: {error.strerror}.",
            hint=f"Look at it with: ls -ld {quote(str(file))}",
        ) from error
    return _parsed(file, content)


def _parsed(file: Path, content: bytes) -> Config:
    document = _document(file, content)
    mistakes = Mistakes(file)
    top = Place(document, "", mistakes).fields(_TOP_KEYS)
    accounts = read_accounts(top["accounts"]) if "accounts" in top else ()
    sections = read_sections(top["services"]) if "services" in top else ()
    runbooks = read_runbooks(top["runbooks"]) if "runbooks" in top else None
    check(sections, mistakes)
    mistakes.tell()
    return Config(file, accounts, sections, runbooks)


def _document(file: Path, content: bytes) -> dict[str, object]:
    """The file's TOML. A byte-order mark, as some editors write it, is skipped."""
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{file}: line {line}: expected UTF-8 text, found other bytes.", hint=_hint(file)) from error
    except RecursionError as error:
        raise UsageError(
            f"{file}: expected TOML, found lists or tables nested too deeply.", hint=_hint(file)
        ) from error
    except ValueError as error:  # tomllib's own, and Python's for a number of thousands of digits
        raise UsageError(_not_toml(file, str(error)), hint=_hint(file)) from error


def _not_toml(file: Path, message: str) -> str:
    position = _POSITION.search(message)
    if position is None:
        where = ""
    elif position["line"] is None:
        where = " at the end of the file:"
    else:
        where = f" line {position['line']}, column {position['column']}:"
    return f"{file}:{where} expected TOML, found an error: {on_one_line(_POSITION.sub('', message).strip())}."


def _hint(file: Path) -> str:
    return f'Correct {file}. In TOML, strings are quoted, and so are names such as [services."*"].'
