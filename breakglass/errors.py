"""Errors that end a command.

Each says three things, because a tired reader needs exactly these: what happened, whether anything was
changed, and what to do now. Each class carries the exit code of the public contract.
"""

NOTHING_CHANGED = "Nothing was changed."


class BreakglassError(Exception):
    """A command cannot go on.

    `what` happened is one sentence; `changed` says whether anything in AWS is different now; `hint` is what
    to do next, a line to paste wherever there is one.
    """

    exit_code = 1

    def __init__(self, what: str, *, hint: str, changed: str = NOTHING_CHANGED) -> None:
        super().__init__(what)
        self.what = what
        self.changed = changed
        self.hint = hint


class UsageError(BreakglassError):
    """The command line or the configuration cannot be understood."""

    exit_code = 2


class CannotPrompt(BreakglassError):
    """A question has to be asked, and there is no terminal to ask it on."""

    exit_code = 3


class CredentialsError(BreakglassError):
    """AWS credentials are missing, incomplete, expired or refused."""

    exit_code = 4


class WrongAccount(BreakglassError):
    """The credentials belong to another account than was meant, or the account was not confirmed."""

    exit_code = 5


class WorldChanged(BreakglassError):
    """Something is no longer what the plan was made of."""

    exit_code = 6


class StoppedPartWay(BreakglassError):
    """A run ended before its plan did; `breakglass resume` goes on with it."""

    exit_code = 7


class ReadingIncomplete(BreakglassError):
    """Something could not be read, so the answer is not the whole truth."""

    exit_code = 8


class Blocked(BreakglassError):
    """The plan has blockers; nothing was done."""

    exit_code = 9


class Interrupted(BreakglassError):
    """The operator stopped the command."""

    exit_code = 130
