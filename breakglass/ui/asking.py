"""Asking on the terminal itself, so that neither a pipe nor what was typed too early can answer.

Questions are opened on the terminal that standard input is, whatever standard output and standard error have become.
Before each one, what has been typed or pasted so far is thrown away, from the kernel's queue and from
prompt_toolkit's own; either alone is not enough.
"""

import os
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from breakglass.errors import CannotPrompt

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindingsBase
    from questionary import Question

T = TypeVar("T")


def has_terminal() -> bool:
    """Whether somebody can be asked: standard input is a terminal."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def insist_on_terminal(what: str, hint: str) -> None:
    """Raises `CannotPrompt` where there is nobody to ask."""
    if not has_terminal():
        raise CannotPrompt(f"{what}, and standard input is no terminal.", hint=hint)


@contextmanager
def terminal_stream() -> Iterator[TextIO]:
    """The terminal, to write on; standard error where it has no name that could be opened."""
    try:
        stream = open(_terminal_name(), "w", encoding=sys.stderr.encoding, errors="replace")  # noqa: SIM115, PTH123
    except OSError:
        yield sys.stderr
        return
    try:
        yield stream
    finally:
        with suppress(OSError):  # its window was closed: nobody reads what is still to be written
            stream.close()


def _terminal_name() -> str:
    try:
        return os.ttyname(sys.stdin.fileno())
    except OSError:
        return "/dev/tty"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose: what it `means`, in `words`."""

    means: Any
    words: str


@dataclass(frozen=True, slots=True)
class Terminal:
    """Asks. Every question raises `KeyboardInterrupt` on Ctrl-C and `EOFError` on Ctrl-D or where the terminal ends."""

    no_color: bool = False

    def text(self, message: str) -> str:
        """One line of text, without white space around it.

        The question is not drawn once more when it is answered: whoever waits for its words, a person with a
        finger on the keys or a program, would take that for the next question and answer too early.
        """
        import questionary  # noqa: PLC0415 - only what asks needs it

        def make(**where: Any) -> "Question":
            return questionary.text(message, validate_while_typing=False, erase_when_done=True, **where)

        return str(self._answer(make)).strip()

    def one_of(self, message: str, options: Sequence[Option]) -> Any:
        """What the chosen option means. For questions after which nothing changes by itself."""
        import questionary  # noqa: PLC0415

        choices = [questionary.Choice(option.words, value=at) for at, option in enumerate(options)]

        def make(**where: Any) -> "Question":
            return questionary.select(message, choices=choices, use_jk_keys=False, **where)

        return options[self._answer(make)].means

    def some_of(self, message: str, options: Sequence[Option]) -> list[Any]:
        """What the checked options mean; all are checked at first. Without options nothing is asked."""
        import questionary  # noqa: PLC0415

        if not options:
            return []
        choices = [questionary.Choice(option.words, value=at, checked=True) for at, option in enumerate(options)]

        def make(**where: Any) -> "Question":
            return questionary.checkbox(message, choices=choices, use_jk_keys=False, **where)

        return [options[at].means for at in self._answer(make)]

    def _answer(self, make: "Callable[..., Question]") -> Any:
        from prompt_toolkit.application import create_app_session  # noqa: PLC0415
        from prompt_toolkit.data_structures import Size  # noqa: PLC0415
        from prompt_toolkit.input.typeahead import clear_typeahead  # noqa: PLC0415
        from prompt_toolkit.input.vt100 import Vt100Input  # noqa: PLC0415
        from prompt_toolkit.output import ColorDepth  # noqa: PLC0415
        from prompt_toolkit.output.vt100 import Vt100_Output  # noqa: PLC0415

        keyboard = Vt100Input(sys.stdin)

        def size() -> Size:
            try:
                columns, rows = os.get_terminal_size(sys.stdin.fileno())
            except OSError:
                columns, rows = 0, 0
            return Size(rows=rows or 24, columns=columns or 80)

        with terminal_stream() as stream:
            depth = ColorDepth.DEPTH_1_BIT if self.no_color or os.environ.get("NO_COLOR") else None
            # No cursor position requests: a terminal that does not answer them would be warned about for seconds.
            screen = Vt100_Output(
                stream, size, term=os.environ.get("TERM"), default_color_depth=depth, enable_cpr=False
            )
            with create_app_session(keyboard, screen):
                question = make(input=keyboard, output=screen)

                def forget(_: object = None) -> None:
                    clear_typeahead(keyboard)
                    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)

                application = question.application
                application.before_render += _Once(forget)
                application.key_bindings = _without_mouse(application.key_bindings)
                forget()
                return question.unsafe_ask()


def _without_mouse(bindings: "KeyBindingsBase | None") -> "KeyBindingsBase":
    """Pasted colour (`ESC[31m`) looks like a mouse event to prompt_toolkit 3.0.53, whose handler then raises."""
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings  # noqa: PLC0415
    from prompt_toolkit.keys import Keys  # noqa: PLC0415

    ignoring = KeyBindings()
    ignoring.add(Keys.Vt100MouseEvent, eager=True)(lambda _: None)
    return merge_key_bindings([*([bindings] if bindings else []), ignoring])


@dataclass(slots=True)
class _Once:
    """Forgets what was typed once more, when the terminal is in raw mode and the question is about to appear."""

    forget: Callable[[], None]
    done: bool = False

    def __call__(self, _: object) -> None:
        if not self.done:
            self.done = True
            self.forget()
