"""Ids of runs and snapshots, as people give them."""

from collections.abc import Iterable

from breakglass.errors import UsageError

SHOWN = 10


def the_one(text: str, ids: Iterable[str], what: str, listing: str) -> str:
    """The one id that `text` means: the whole, how it begins, or what follows its time (`7f3a`).

    Raises `UsageError` where none or several do.
    """
    known = sorted(ids, reverse=True)
    if text in known:
        return text
    meant = [one for one in known if text and (one.startswith(text) or one.partition("-")[2] == text)]
    match meant:
        case [one]:
            return one
        case []:
            newest = f" The newest is {known[0]}." if known else " There is none at all."
            raise UsageError(f"There is no {what} {text!r} here.{newest}", hint=f"See them all: {listing}")
        case _:
            shown = ", ".join(meant[:SHOWN]) + (f" and {len(meant) - SHOWN} more" if len(meant) > SHOWN else "")
            raise UsageError(f"{text!r} can mean several: {shown}.", hint="Give more of its digits.")
