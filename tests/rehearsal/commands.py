"""`breakglass rehearse` in this very process, as a user off a terminal meets it."""

import json
from dataclasses import dataclass

from breakglass.errors import BreakglassError
from breakglass.ui.app import run_command


@dataclass
class Ended:
    code: int
    stdout: str
    stderr: str
    error: BreakglassError | None = None

    @property
    def report(self):
        return json.loads(self.stdout)

    def failures(self):
        return [(one["sort"], one["component"]) for one in self.report["failures"]]


def run(capsys, *arguments):
    """A command line, and how it ended."""
    capsys.readouterr()
    error = None
    try:
        code = run_command(arguments)
    except BreakglassError as raised:
        code, error = raised.exit_code, raised
    said = capsys.readouterr()
    return Ended(code, said.out, said.err, error)
