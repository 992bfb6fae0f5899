"""The configured accounts, and which of them is at hand."""

from typing import Any

from tabulate import tabulate

from breakglass.config import Config
from breakglass.model.account import Account, Environment, hyphenated
from breakglass.ui.reports.document import account_document
from breakglass.ui.terminal import BOLD, GREEN, RED, Style, harmless

SCHEMA_VERSION = 1


def accounts_table(config: Config, at_hand: Account | None, style: Style) -> str:
    """One line for each configured account, `*` before the one at hand; an unconfigured one has a line of its own."""
    rows = [
        [
            "*" if at_hand and account.id == at_hand.id else "",
            harmless(account.name),
            hyphenated(account.id),
            _environment(account.environment, style),
            harmless(account.profile or "-"),
            ", ".join(account.regions) or "all",
        ]
        for account in config.accounts
    ]
    if at_hand and config.account_with_id(at_hand.id) is None:
        rows.append(["*", "(not configured)", hyphenated(at_hand.id), "can be read, never changed", "-", "-"])
    if not rows:
        return "No accounts are configured.\n"
    return tabulate(
        rows,
        headers=["", "NAME", "ACCOUNT", "ENVIRONMENT", "PROFILE", "REGIONS FOR CHANGES"],
        tablefmt="plain",
        disable_numparse=True,
        preserve_whitespace=True,
    ) + ("\n\n* these credentials\n" if at_hand else "\n\nWhich of them these credentials are could not be asked.\n")


def accounts_document(config: Config, at_hand: Account | None) -> dict[str, Any]:
    """The same for programs: `accounts` as configured, `current` as the inventory's `account`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "config": str(config.file) if config.file else None,
        "current": account_document(at_hand) if at_hand else None,
        "accounts": [
            {
                "id": account.id,
                "name": account.name,
                "environment": str(account.environment),
                "profile": account.profile,
                "regions": list(account.regions),
                "current": at_hand is not None and account.id == at_hand.id,
            }
            for account in config.accounts
        ],
    }


def _environment(environment: Environment, style: Style) -> str:
    match environment:
        case Environment.PRODUCTION:
            return style.paint("PRODUCTION", BOLD, RED)
        case Environment.REHEARSAL:
            return style.paint("rehearsal", GREEN)
