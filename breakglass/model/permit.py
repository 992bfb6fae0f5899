"""The permit: without it nothing is carried out."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Permit:
    """What typing the account ID returns: leave to change one account, as one caller.

    `how` is `typed`, or `confirm-account` for a rehearsal account named on the command line.
    """

    account: str
    caller: str
    confirmed_at: datetime
    how: str
