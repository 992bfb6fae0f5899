"""Where the operator works in a live rehearsal: the real account, with the commands of a drill first on the path."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from breakglass.aws.credentials import EXPORTED_KEYS
from breakglass.ui.common import Common
from breakglass.ui.sandboxed import PROGRAM, StartUp

_EXPORTED = (EXPORTED_KEYS, "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True, slots=True)
class RealWorld:
    """The account at hand. `profile` is the one that was chosen by name, None where the environment's own counts."""

    common: Common
    region: str
    profile: str | None
    tools: Path

    def start(self, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        """This very program, led to the same place."""
        places = [part for option in self.common.places.items() for part in option]
        return subprocess.Popen([*PROGRAM, *arguments, *places], env=self._environment())  # noqa: S603 - ourselves

    def start_shell(self) -> "subprocess.Popen[bytes]":
        """The operator's own shell, in which this program, aws and boto3 lead to the same account.

        A profile that its start-up files export must not lead to another one.
        """
        shell, world = os.environ.get("SHELL", "/bin/sh"), self._environment()
        start_up = StartUp(self.tools.parent, self._exports(), self._unset(), "(live)")
        return subprocess.Popen(start_up.of(shell, world), env=world)  # noqa: S603 - their own

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in self._unset()}
        return inherited | self._exports()

    def _unset(self) -> Sequence[str]:
        """Keys would be stronger than the profile that was chosen, and two regions that differ are refused."""
        return [*(_EXPORTED if self.profile else ()), "AWS_DEFAULT_REGION"]

    def _exports(self) -> dict[str, str]:
        path = f"{self.tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        exports = {"AWS_REGION": self.region, "PATH": path}
        if self.profile:
            exports["AWS_PROFILE"] = self.profile
        if self.common.config:
            exports["BREAKGLASS_CONFIG"] = str(self.common.config.absolute())
        if self.common.state_dir:
            exports["BREAKGLASS_STATE_DIR"] = str(self.common.state_dir.absolute())
        return exports
