"""Planned calls as lines of the AWS CLI, to be pasted into bash.

A parameter becomes an option of its own wherever the CLI says the same by it; the rest goes into
`--cli-input-json`, which both versions of the CLI merge with the options. A line that holds a secret names a
file for it instead. What only exists later is a shell variable, set by `lookup_line`; a line whose variable is
not set fails in the shell, before anything is sent.

The lines are right for AWS CLI version 1 and version 2. Only binary values are version 2's alone: version 1
cannot take them inside JSON, and refuses the option that says how they are written.
https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters.html
https://docs.aws.amazon.com/cli/latest/userguide/cliv2-migration-changes.html
"""

import base64
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore import xform_name

from breakglass.aws.variables import expansion, variable
from breakglass.model.plan import Call, Joined, Output

_LOADED_BY_THE_CLI = ("file://", "fileb://", "http://", "https://")
"""Version 1 replaces a value that begins like this by what it finds there."""

_OPTIONS_OF_EVERY_COMMAND = frozenset(
    {"ca-bundle", "color", "debug", "endpoint-url", "output", "profile", "query", "region", "version"}
)
_RENAMED = {("ecs", "--no-enable-execute-command"): "--disable-execute-command"}
"""Of the CLI's `customizations/argrename.py`, what our calls could meet."""


@dataclass(frozen=True, slots=True)
class CliLine:
    """A line to paste. Where it names a `file`, that has to hold `content` (mode 0600) when the line is run."""

    line: str
    file: Path | None = None
    content: str | None = None


def cli(call: Call, *, region: str, mask: Callable[[Any], Any], secrets: Path, profile: str | None = None) -> CliLine:
    """`call` as a line of the AWS CLI.

    `region` is the one at hand, `profile` the one that was chosen by name, `mask` what hides the secrets in
    parameters, `secrets` the absolute path of the file to name if there are any. Raises `TypeError` for a value
    that no call takes.
    """
    hidden = {name: value for name, value in call.params.items() if _hides(mask, {name: value})}
    options = {
        name: option
        for name, value in call.params.items()
        if name not in hidden and (option := _option(call.service, name, value))
    }
    rest = {name: value for name, value in call.params.items() if name not in options}
    words = ["aws", call.service, xform_name(call.operation, "-"), *_where(call.region or region, profile)]
    words += options.values()
    if _has_binary(call.params):
        words.append("--cli-binary-format base64")
    if not rest:
        return CliLine(" ".join(words))
    if not hidden:
        return CliLine(" ".join([*words, "--cli-input-json", _word(_json(rest))]))
    content, source = _document(list(_json(rest)), secrets)
    return CliLine(" ".join([*words, "--cli-input-json", source]), secrets, content)


def _where(region: str, profile: str | None) -> Iterator[str]:
    yield f"--region {shlex.quote(region)}"
    if profile:
        yield f"--profile {shlex.quote(profile)}"


def _option(service: str, name: str, value: Any) -> str | None:
    """One parameter as an option; None where only JSON is sure to say it."""
    option = f"--{xform_name(name, '-')}"
    if option[2:] in _OPTIONS_OF_EVERY_COMMAND:
        return None
    match value:
        case bool():
            negative = f"--no-{option[2:]}"
            return option if value else _RENAMED.get((service, negative), negative)
        case str() | Output() | Joined():
            return _scalar(option, list(_text(value)))
        case int() | float():
            return _scalar(option, [json.dumps(value)])
        case datetime():
            return _scalar(option, [value.isoformat()])
        case bytes() | bytearray() | None:
            return None
        case _:
            return f"{option} {_word(_json(value))}"


def _scalar(option: str, pieces: Sequence[str | Output]) -> str | None:
    start = pieces[0] if pieces and isinstance(pieces[0], str) else ""
    if start.startswith(_LOADED_BY_THE_CLI) or not all(map(_survives_pasting, pieces)):
        return None
    return f"{option}{'=' if start.startswith('-') else ' '}{_word(pieces)}"


def _survives_pasting(piece: str | Output) -> bool:
    # A tab completes, a line break ends the line, and no argument can hold a NUL; in JSON they are escaped.
    return isinstance(piece, Output) or piece.isprintable()


def _text(value: str | Output | Joined) -> tuple[str | Output, ...]:
    """A scalar's literals and outputs, neighbouring literals as one."""
    if not isinstance(value, Joined):
        return (value,)
    pieces: list[str | Output] = []
    for part in value.parts:
        if isinstance(part, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += part
        else:
            pieces.append(part)
    return tuple(pieces)


def _json(value: Any) -> Iterator[str | Output]:
    """JSON in pieces, the outputs still to be filled in. Their values (ARNs, names, ids) need no escaping."""
    match value:
        case Output() | Joined():
            yield '"'
            yield from (json.dumps(part)[1:-1] if isinstance(part, str) else part for part in _text(value))
            yield '"'
        case Mapping():
            yield from _between("{", "}", ([f"{json.dumps(name)}: ", *_json(item)] for name, item in value.items()))
        case bytes() | bytearray():
            yield json.dumps(base64.b64encode(value).decode())
        case datetime():
            yield json.dumps(value.isoformat())
        case list() | tuple() | set() | frozenset():
            yield from _between("[", "]", (_json(item) for item in value))
        case _:
            yield json.dumps(value)


def _between(opening: str, closing: str, items: Iterable[Iterable[str | Output]]) -> Iterator[str | Output]:
    yield opening
    for at, item in enumerate(items):
        if at:
            yield ", "
        yield from item
    yield closing


def _word(pieces: Iterable[str | Output]) -> str:
    """One word of bash: literals quoted, variables expanded in between."""
    word, literal = "", ""
    for piece in pieces:
        if isinstance(piece, str):
            literal += piece
        else:
            word += (shlex.quote(literal) if literal else "") + expansion(piece)
            literal = ""
    return word + (shlex.quote(literal) if literal or not word else "")


def _document(pieces: Sequence[str | Output], path: Path) -> tuple[str, str]:
    """What goes into the secrets' file, and the word that has the CLI read it with the variables filled in."""
    outputs = dict.fromkeys(piece for piece in pieces if isinstance(piece, Output))
    if not outputs:
        return "".join(map(str, pieces)), shlex.quote(f"file://{path}")
    mark = "@"
    while any(mark in piece for piece in pieces if isinstance(piece, str)):
        mark += "@"
    marked = {output: f"{mark}{variable(output)}_{output.form.name}{mark}" for output in outputs}
    content = "".join(piece if isinstance(piece, str) else marked[piece] for piece in pieces)
    edits = " ".join(f"-e 's|{marked[output]}|'{expansion(output)}'|g'" for output in outputs)
    filled = shlex.quote(f"{path}.filled")
    # No pipe will do: the CLI opens the file twice.
    return content, f'"file://$(umask 077; sed {edits} {shlex.quote(str(path))} >{filled} && echo {filled})"'


def _hides(mask: Callable[[Any], Any], params: Mapping[str, Any]) -> bool:
    plain = _plain(params)
    return bool(mask(plain) != plain)


def _plain(value: Any) -> Any:
    """What there is to hide in a parameter: variables and times are no secrets, binary values may be."""
    match value:
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case Output() | Joined():
            return "".join(piece if isinstance(piece, str) else f"${variable(piece)}" for piece in _text(value))
        case datetime():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case _:
            return value


def _has_binary(value: Any) -> bool:
    match value:
        case Mapping():
            return any(_has_binary(item) for item in value.values())
        case list() | tuple() | set() | frozenset():
            return any(_has_binary(item) for item in value)
        case _:
            return isinstance(value, bytes | bytearray)
