"""The desk: one service in one account, with everything at hand that a journey over it needs.

What is wired here once: credentials to a Bench, the real clock, where screens are shown, and how an operator who
stops is told what that means.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TextIO

from breakglass.aws.identity import whoami
from breakglass.aws.reader import AwsReader
from breakglass.config import AccountSettings
from breakglass.errors import NOTHING_CHANGED, BreakglassError, Interrupted
from breakglass.kinds import all_kinds
from breakglass.model.account import Identity
from breakglass.model.inventory import Inventory
from breakglass.planning.clusters import CHOSEN
from breakglass.running.recovery import Bench
from breakglass.running.state_dir import StateDir, locate
from breakglass.running.tools import Caller
from breakglass.ui.access import Access, access
from breakglass.ui.asking import Terminal, has_terminal, terminal_stream
from breakglass.ui.banner import banner
from breakglass.ui.common import Common
from breakglass.ui.confirm import Confirmation
from breakglass.ui.drill_seen import rehearsed_words, with_rehearsal
from breakglass.ui.reports.table import table
from breakglass.ui.terminal import Style, say, style_of
from breakglass.ui.watch_signals import Hand, ended_by_signals, keyboard

_COMMAND = re.compile(
    r"breakglass (?:resume|rebuild|remove|recover|timeline) [\w.%-]+(?: --snapshot [\w.-]+)?(?! --)"
    r"|breakglass (?:runs|snapshot list [\w.%-]+)"
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A Bench with the people's side of it. `screen` is where everything but the result is shown."""

    common: Common
    reached: Access
    identity: Identity
    bench: Bench
    hand: Hand
    screen: TextIO
    style: Style

    @property
    def configured(self) -> AccountSettings | None:
        """What the configuration says of the account at hand."""
        return self.reached.config.account_with_id(self.identity.account.id)

    @property
    def terminal(self) -> Terminal:
        """Whom to ask."""
        return Terminal(no_color=self.common.no_color)

    @property
    def chosen_profile(self) -> str | None:
        """The profile that was chosen by name on the command line, by itself or by its account."""
        configured = self.configured if self.common.account else None
        return self.common.profile or (configured.profile if configured else None)

    def tell(self, text: str) -> None:
        """Show some lines."""
        say(text, self.screen)

    def rehearsed(self, taken: Inventory) -> str:
        """When and how the service was last rehearsed, in words."""
        return rehearsed_words(with_rehearsal(taken, self.bench.state, self.bench.kinds))

    def show_inventory(self, taken: Inventory, began: float) -> None:
        """Inventory and diagnosis; `began` by `monotonic`."""
        taken = with_rehearsal(taken, self.bench.state, self.bench.kinds)
        self.tell(
            table(replace(taken, diagnosis=replace(taken.diagnosis, next=())), self.style, seconds=monotonic() - began)
        )

    def confirmation(self, given: str | None, unchanged: str = NOTHING_CHANGED) -> Confirmation:
        """The question for the account ID; `given` is `--confirm-account`, `unchanged` what is true without it."""
        bench = self.bench
        return Confirmation(
            bench.account, bench.identify, bench.clock.now, self.terminal, self.screen, given, unchanged
        )

    def pasted(self, text: str) -> str:
        """`text` with its commands completed by the options that lead to this very place."""
        return pasted(self.common, text)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An account that was reached, of which nothing has been read and nothing shown yet."""

    common: Common
    reached: Access
    screen: TextIO

    def tell(self, text: str) -> None:
        """Show some lines."""
        say(text, self.screen)

    def desk(self, service: str) -> Desk:
        """Everything for one service; shows the banner. Raises `UsageError` where there is no service of that name."""
        reached, screen = self.reached, self.screen
        settings = reached.config.service(service)
        if self.common.cluster:
            settings = settings.in_cluster(self.common.cluster, CHOSEN)
        style = style_of(screen, os.environ, no_color=self.common.no_color)
        identity = reached.with_alias()
        say(banner(identity, reached.config.file, datetime.now(UTC), style), screen)
        hand = Hand(keyboard())
        reader = AwsReader(reached.connection, identity.account.id)
        bench = Bench(
            account=identity.account,
            settings=settings,
            kinds=all_kinds(),
            region=reader.region,
            reader=reader.fresh,
            identify=lambda: _caller(reached),
            api_calls=lambda: reached.connection.sent,
            state=state_of(self.common),
            clock=hand,
        )
        return Desk(self.common, reached, identity, bench, hand, screen, style)


@contextmanager
def arrival(common: Common) -> Iterator[Arrival]:
    """Reach the account. Raises what `access` raises.

    Until a run begins, Ctrl-C, SIGTERM and SIGHUP end it with nothing changed.
    """
    try:
        with nothing_changed(), _screen() as screen, access(common, os.environ, Path.cwd()) as reached:
            yield Arrival(common, reached, screen)
    except BreakglassError as error:
        error.hint = pasted(common, error.hint)
        raise


@contextmanager
def desk(common: Common, service: str) -> Iterator[Desk]:
    """Everything for one service. The banner is shown before anything of it is read."""
    with arrival(common) as arrived:
        yield arrived.desk(service)


def pasted(common: Common, text: str) -> str:
    """`text` with its commands completed by the options that lead to this very place."""
    return _COMMAND.sub(lambda found: common.repeated(found[0]), text.replace("    Back: ", "\nBack:  "))


def state_of(common: Common) -> StateDir:
    """The state directory that the command line means."""
    return StateDir(locate(common.state_dir, os.environ))


def _caller(reached: Access) -> Caller:
    caller = whoami(reached.connection)
    return Caller(caller.account, caller.arn)


@contextmanager
def _screen() -> Iterator[TextIO]:
    """Standard error; where that is redirected and somebody will be asked, the terminal: nobody confirms unseen."""
    if has_terminal() and not sys.stderr.isatty():
        with terminal_stream() as stream:
            yield stream
    else:
        yield sys.stderr


@contextmanager
def nothing_changed() -> Iterator[None]:
    """Ctrl-C here means that nothing was changed; whoever changes something says otherwise by itself."""
    try:
        with ended_by_signals():
            yield
    except KeyboardInterrupt:
        raise Interrupted(
            "Stopped before anything began.", changed=NOTHING_CHANGED, hint="Give the same command again."
        ) from None
