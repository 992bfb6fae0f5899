"""What has to be so before an account may be changed, or even asked for: each with an error of its own."""

from collections.abc import Iterator

from breakglass.config import AccountSettings
from breakglass.errors import WrongAccount
from breakglass.model.account import Environment, Identity, hyphenated
from breakglass.model.inventory import Inventory
from breakglass.model.plan import Plan, Purpose


def refusals(identity: Identity, configured: AccountSettings | None, file: str) -> Iterator[WrongAccount]:
    """Why nothing may be changed in this account and region with these credentials. Nothing has been read by then."""
    account = identity.account
    if configured is None:
        yield WrongAccount(
            f"The account {hyphenated(account.id)} is not in the configuration ({file}): "
            "it can be read, and never changed.",
            hint="Add it as [accounts.NAME] with id and environment, or get the credentials of a configured one.",
        )
    if identity.ambiguous:
        yield WrongAccount(
            "Exported keys and AWS_PROFILE are both set, so it cannot be said which you mean.",
            hint="Say it with --profile NAME or --account NAME, or unset one of them.",
        )
    if configured is not None and configured.regions and identity.region.name not in configured.regions:
        yield WrongAccount(
            f"{identity.region.name} ({identity.region.source}) is not among the regions of {configured.name}: "
            f"{', '.join(configured.regions)}. Changes elsewhere are refused.",
            hint=f"Pass --region {configured.regions[0]}, or add the region to [accounts.{configured.name}].",
        )


def refusals_of(inventory: Inventory) -> Iterator[WrongAccount]:
    """Resources that name another account than STS does: then these are not the credentials that they seem."""
    for finding in inventory.findings:
        if finding.code == "other-account":
            yield WrongAccount(finding.message, hint=finding.hint)


def insist_on_name(plan: Plan, named: str | None, command: str) -> Iterator[WrongAccount]:
    """Removing what serves from a protected account needs the account's name on the command line."""
    protected = plan.account.environment is not Environment.REHEARSAL
    if plan.purpose is Purpose.REMOVE and plan.steps and plan.serving and protected and named is None:
        name = plan.account.name or "NAME"
        yield WrongAccount(
            f"{plan.service} is serving: it has targets registered, and {plan.account.label} is protected. "
            "Typing digits shows that they were read; naming the account shows that it was meant.",
            hint=f"If you mean it: {command} --account {name}",
        )
