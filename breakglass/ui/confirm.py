"""The confirmation: typing the account ID is what a permit costs.

One text prompt, and nothing that replaces it on a protected account. The 12 digits are never printed in one piece
here, so that they have to be looked up where the account is known rather than copied from the question.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from breakglass.errors import NOTHING_CHANGED, Interrupted, WrongAccount
from breakglass.model.account import Account, Environment, hyphenated
from breakglass.model.permit import Permit
from breakglass.running.tools import Caller
from breakglass.ui.asking import Terminal, insist_on_terminal
from breakglass.ui.terminal import harmless, say, shortened

TRIES = 3
_LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is asked, of whom, and how it is known that the credentials are still the same.

    `identify` asks STS anew, `given` is `--confirm-account`, `screen` is where a wrong answer is told of,
    `unchanged` what is true of AWS while nobody has confirmed.
    """

    account: Account
    identify: Callable[[], Caller]
    now: Callable[[], datetime]
    ask: Terminal
    screen: TextIO
    given: str | None = None
    unchanged: str = NOTHING_CHANGED

    def permit(self) -> Permit:
        """Leave to change the account.

        Raises `CannotPrompt` (no terminal), `WrongAccount` (three wrong answers, or another identity by now),
        `Interrupted` (Ctrl-C, Ctrl-D).
        """
        how = "confirm-account" if self._is_given() else self._typed()
        caller = self.identify()
        if caller != Caller(self.account.id, self.account.caller):
            raise WrongAccount(
                f"The credentials have changed: they now belong to {self._hidden(caller.arn)}.",
                changed=self.unchanged,
                hint="Get the credentials that you mean, and give the command again.",
            )
        return Permit(caller.account, caller.arn, self.now(), how)

    def _is_given(self) -> bool:
        if self.given is None:
            return False
        insist_on_rehearsal(self.account, self.given)
        return True

    def _typed(self) -> str:
        insist_on_terminal(
            "The account ID has to be typed",
            "Give the command on a terminal.\nTo see the plan without one: --dry-run -o json",
        )
        try:
            for left in reversed(range(TRIES)):
                if is_answer(self.ask.text(question(self.account)), self.account.id):
                    return "typed"
                say(f"{_wrong(left)}\n", self.screen)
        except (KeyboardInterrupt, EOFError):
            # Ctrl-D says no as clearly as Ctrl-C does: somebody was asked, and did not want to.
            raise Interrupted(
                "Stopped at the prompt: the account was not confirmed.",
                changed=self.unchanged,
                hint="Give the same command again.",
            ) from None
        raise WrongAccount(
            f"The account was not confirmed: none of {TRIES} answers was the ID of {hyphenated(self.account.id)}.",
            changed=self.unchanged,
            hint="Check in the banner which account this is, then give the command again.",
        )

    def _hidden(self, text: str) -> str:
        return text.replace(self.account.id, hyphenated(self.account.id))


def question(account: Account) -> str:
    """The prompt's words, on one line of 80 columns with the answer."""
    known_as = account.alias or account.name
    name = f" ({shortened(harmless(known_as), _LONGEST_NAME, '..')})" if known_as else ""
    return f"Type the account ID to change {environment_word(account)}{name}:"


def environment_word(account: Account) -> str:
    """PRODUCTION is shouted."""
    match account.environment:
        case Environment.PRODUCTION:
            return "PRODUCTION"
        case Environment.REHEARSAL:
            return "rehearsal"
        case None:
            return "UNKNOWN"


def is_answer(text: str, account_id: str) -> bool:
    """Whether these are exactly the 12 ASCII digits, white space around them apart."""
    bare = text.strip()
    return bare.isascii() and bare.isdigit() and bare == account_id


def insist_on_rehearsal(account: Account, given: str) -> None:
    """Raises `WrongAccount` where `--confirm-account` cannot stand for typing."""
    if account.environment is not Environment.REHEARSAL:
        raise WrongAccount(
            '--confirm-account is only accepted where the configuration says environment = "rehearsal"; '
            f"{account.label} is {environment_word(account)}.",
            hint="Leave it out, and type the account ID on a terminal.",
        )
    if given != account.id:
        raise WrongAccount(
            f"--confirm-account names another account than {account.label}, whose credentials these are.",
            hint="Check in the banner which account this is.",
        )


def _wrong(left: int) -> str:
    again = {0: "That was the last try.", 1: "One more try."}.get(left, f"{left} more tries.")
    return f"  That is not the ID of this account (12 digits, no hyphens). {again}"
