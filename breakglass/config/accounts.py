"""`[accounts.NAME]`: the accounts that may be changed, and how much each is guarded."""

import re
from dataclasses import dataclass

from breakglass.config.place import Place
from breakglass.config.spelling import either, nearest, quoted
from breakglass.model.account import Environment, hyphenated

_KEYS = ("id", "environment", "profile", "regions")
_ID = re.compile(r"[0-9]{12}")
_A_TWELVE_DIGIT_ID = 'an account ID of 12 digits in quotes, such as "111122223333"'
# Every partition's regions: eu-west-1, us-gov-east-1, us-isob-east-1, eusc-de-east-1.
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One configured account. `id` is 12 ASCII digits; no `regions` means that every region may be changed."""

    name: str
    id: str
    environment: Environment = Environment.PRODUCTION
    profile: str | None = None
    regions: tuple[str, ...] = ()


def read_accounts(place: Place) -> tuple[AccountSettings, ...]:
    """The accounts in file order; mistakes are noted."""
    accounts = tuple(_account(name, entry) for name, entry in place.entries())
    _refuse_twins(place, accounts)
    return accounts


def _account(name: str, place: Place) -> AccountSettings:
    if not name or name != name.strip() or not name.isprintable():
        place.wrong("an account name without control characters or white space around it", quoted(name))
    fields = place.fields(_KEYS)
    if isinstance(place.value, dict) and "id" not in fields:
        place.lacks("id", _A_TWELVE_DIGIT_ID)
    return AccountSettings(
        name=name,
        id=_account_id(fields["id"]) if "id" in fields else "",
        environment=_environment(fields["environment"]) if "environment" in fields else Environment.PRODUCTION,
        profile=fields["profile"].text("a profile name") if "profile" in fields else None,
        regions=_regions(fields["regions"]) if "regions" in fields else (),
    )


def _account_id(place: Place) -> str:
    if not isinstance(place.value, str):
        place.wrong(_A_TWELVE_DIGIT_ID)
        return ""
    if not _ID.fullmatch(place.value):
        place.wrong(_A_TWELVE_DIGIT_ID, _what_is_in(place.value))
        return ""
    return place.value


def _what_is_in(text: str) -> str:
    """An id that is wrong is described rather than shown: it may be a right one with something around it."""
    if text.isascii() and text.isdigit():
        return f"{len(text)} digit{'s' if len(text) > 1 else ''}"
    if re.fullmatch(r"[0-9]{4}-[0-9]{4}-[0-9]{4}", text):
        return "one with hyphens"
    return f"a string of {len(text)} characters, not all of them digits 0 to 9" if text else "an empty string"


def _environment(place: Place) -> Environment:
    environments = [environment.value for environment in Environment]
    match place.value:
        case str() as text if text in environments:
            return Environment(text)
        case str() as text:
            guess = nearest(text, environments)[:1]
            place.wrong(either(environments), quoted(text) + "".join(f" (did you mean {name}?)" for name in guess))
        case _:
            place.wrong(either(environments))
    return Environment.PRODUCTION


def _regions(place: Place) -> tuple[str, ...]:
    expected = 'a list of regions, such as ["eu-west-1"]'
    items = place.items(expected)
    if place.value == []:
        place.wrong(f"{expected}, or no such key where changes are allowed in every region", "an empty list")
    return tuple(_region(item) for item in items)


def _region(place: Place) -> str:
    text = place.text("a region")
    if text and not _REGION.fullmatch(text):
        place.wrong("a region such as eu-west-1", quoted(text))
    return text


def _refuse_twins(place: Place, accounts: tuple[AccountSettings, ...]) -> None:
    """Two names for one id would let `--account staging` name production."""
    first: dict[str, str] = {}
    for account, (_, entry) in zip(accounts, place.entries() if accounts else (), strict=True):
        if account.id and account.id in first:
            expected = f"an account ID of its own, accounts.{first[account.id]} has this one"
            entry.mistakes.expected(f"{entry.key}.id", expected, f"{hyphenated(account.id)} again")
        first.setdefault(account.id, entry.key.removeprefix("accounts."))
