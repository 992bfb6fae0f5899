"""`breakglass rehearse SERVICE`: a drill in the embedded sandbox, a dry run in a real account, or a live one there."""

import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from breakglass.errors import UsageError
from breakglass.ui.common import Common, with_common_options
from breakglass.ui.options import ConfirmAccount, Report
from breakglass.ui.terminal import say


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="rehearse", no_args_is_help=True)(with_common_options(rehearse))


def rehearse(
    common: Common,
    service: Annotated[
        str | None, typer.Argument(metavar="SERVICE", help="A service of the sandbox, or of --account.")
    ] = None,
    *,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="What happens; `random` draws one. See --list.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Draws the same one again.")] = None,
    missing: Annotated[
        str | None, typer.Option("--missing", metavar="KIND[,KIND]", help="Instead: these pieces are gone.")
    ] = None,
    from_snapshot: Annotated[
        str | None, typer.Option("--from-snapshot", metavar="ID", help="On a twin of your own service, made of this.")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Run the clock: the guide or your shell, then a score.")
    ] = False,
    shell: Annotated[bool, typer.Option("--shell", help="The same, at once in your shell in that world.")] = False,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="MIN", min=0.01, help="End it after so many minutes.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option("--speed", metavar="N", min=0.1, help="How much faster AWS's own waits pass (sandbox: 10)."),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="With --account of a rehearsal account: really break it, recover, or restore."),
    ] = False,
    confirm_account: ConfirmAccount = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 10 where something would have failed (dry run).")
    ] = False,
    output: Annotated[Report, typer.Option("--output", "-o", help="How to print the report.")] = Report.TABLE,
) -> int:
    """Rehearse an outage of SERVICE: in the embedded sandbox, or with --account in a real account.

    In the sandbox it shows the alert and what the inventory says; with --drill, or any option that says what is
    drilled, the clock runs on a terminal: you recover it, and get a score. That needs no AWS credentials and no
    network, and cannot reach a real account even where some are configured.

    With --account NAME it is a dry run there, which changes nothing: it plans removal and rebuild, and reports what
    would have failed tonight. With --live as well it really breaks the service and recovers or restores it, only in
    accounts whose environment is rehearsal.
    """
    if list_them:
        from breakglass.ui.drill_sandbox import listing  # noqa: PLC0415 - loads the AWS SDK

        say(listing(), sys.stdout)
        return 0
    if service is None:
        raise UsageError("rehearse needs a service.", hint="For example: breakglass rehearse deployer-api")
    drawn = {"--scenario": scenario, "--seed": seed, "--from-snapshot": from_snapshot, "--speed": speed}
    played = {"--missing": missing, "--shell": shell, "--time-limit": time_limit}
    if common.account is None:
        _insist_on_sandbox(common, {"--live": live, "--confirm-account": confirm_account,
                                    "--detailed-exitcode": detailed_exitcode})  # fmt: skip
        _insist_on_one(scenario, missing, seed)

        from breakglass.ui.drill_sandbox import SPEED, Wish, rehearse_in_sandbox  # noqa: PLC0415 - loads the AWS SDK

        wish = Wish(scenario, seed, missing, from_snapshot, drill, shell, time_limit, speed or SPEED, output,
                    common.config, common.state_dir, common.no_color)  # fmt: skip
        return rehearse_in_sandbox(service, wish)
    if live:
        _insist_on_none({**drawn, "--drill": drill, "--detailed-exitcode": detailed_exitcode}, "--live")

        from breakglass.ui.live import Terms as LiveTerms  # noqa: PLC0415 - loads the AWS SDK
        from breakglass.ui.live import rehearse_live  # noqa: PLC0415

        return rehearse_live(common, service, LiveTerms(missing, shell, time_limit, confirm_account, output))
    _insist_on_none({**drawn, **played, "--drill": drill}, "--account")

    from breakglass.ui.dry_run import Terms, rehearse_dry  # noqa: PLC0415 - loads the AWS SDK
    from breakglass.ui.journeys import desk  # noqa: PLC0415

    with desk(common, service) as at:
        return rehearse_dry(at, Terms(output, detailed_exitcode, confirm_account))


def _insist_on_one(scenario: str | None, missing: str | None, seed: int | None) -> None:
    if scenario and missing:
        raise UsageError("--scenario and --missing are two ways to say what happens.", hint="Give one of them.")
    if seed is not None and scenario != "random":
        raise UsageError("--seed draws a scenario, and none is drawn.", hint="Add --scenario random.")


def _insist_on_sandbox(common: Common, real: Mapping[str, object]) -> None:
    """Raises `UsageError` for what only a real account has a use for, where none is named."""
    for name in _given({**real, "--profile": common.profile, "--region": common.region}):
        raise UsageError(
            f"{name} is for a real account, and without --account a rehearsal stays in the embedded sandbox.",
            hint=f"Name the account with --account NAME, or leave {name} out.",
        )


def _insist_on_none(options: Mapping[str, object], beside: str) -> None:
    """Raises `UsageError` for what only a drill in the sandbox, or a live one, knows."""
    for name in _given(options):
        alive = name in {"--missing", "--shell", "--time-limit"}
        raise UsageError(
            f"{name} is for drills in the embedded sandbox, and {beside} leaves it.",
            hint=f"Leave it out, or {'add --live to really break something' if alive else f'leave out {beside}'}.",
        )


def _given(options: Mapping[str, object]) -> list[str]:
    return [name for name, value in options.items() if value is not None and value is not False]
