"""Killed before every call, killed after every call, every answer lost: the same end, nothing sent twice blindly."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from breakglass.model.reading import Throttled
from breakglass.model.writing import Unclear
from breakglass.planning.removal import Choice
from breakglass.running.progress import Outcome
from breakglass.running.recovery import carry_out, open_run, prepare_rebuild, prepare_removal
from breakglass.running.tools import Operator
from tests.recovery.worlds import differences, of_others

MODES = {
    "killed": ("killed before", "killed after"),
    "unanswered": ("lost before", "throttled", "answer lost"),
}
"""What happens to every call, one after the other: in the one each is a process of its own, in the other it is one."""
ONCE = ("Create", "Delete", "Register", "Deregister")


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@dataclass
class Unlucky:
    """A writer to which everything of a mode happens, each the next time that a call is sent."""

    writer: object
    mode: str
    seen: dict = field(default_factory=Counter)
    had_effect: list = field(default_factory=list)

    def send(self, service, operation, params, *, region=None):
        call = operation, repr(params)
        mishaps = (*MODES[self.mode], "nothing")
        mishap = mishaps[min(self.seen[call], len(mishaps) - 1)]
        self.seen[call] += 1
        name = f"{service}:{operation}"
        match mishap:
            case "killed before":
                raise Killed
            case "lost before":
                raise Unclear(name, "ConnectionClosedError", "no answer")
            case "throttled":
                raise Throttled(name, "ThrottlingException", "Rate exceeded")
        answer = self.writer.send(service, operation, params, region=region)
        self.had_effect.append(operation)
        match mishap:
            case "killed after":
                raise Killed
            case "answer lost":
                raise Unclear(name, "ReadTimeoutError", "no answer")
        return answer


def carried_out(bench, plan, permit_for, writer):
    """Start, and resume as often as it is killed; the entries of the last go, and how often it was killed."""
    folder = open_run(bench, plan)
    for killed in range(1000):
        try:
            return list(carry_out(bench, folder, permit_for(bench), writer, Operator())), killed
        except Killed:
            continue
    raise AssertionError("it never ends")


@pytest.mark.parametrize("service", ["deployer-api", "image-api"])
@pytest.mark.parametrize("mode", MODES)
def test_it_converges(sandbox, bench_of, permit_for, writer_for, service, mode):
    before = sandbox.control.world()["settled"]
    bench = bench_of(service)
    removal = prepare_removal(bench, Choice())
    for journey in ("remove", "rebuild"):
        plan = removal if journey == "remove" else prepare_rebuild(bench, Choice(), named=removal.plan.run)
        planned = [call.operation for call in plan.plan.calls]
        writer = Unlucky(writer_for(plan.plan.run), mode)
        entries, killed = carried_out(bench, plan, permit_for, writer)
        assert entries[-1].detail["outcome"] == (Outcome.RECOVERED if journey == "rebuild" else Outcome.FINISHED)
        assert len(writer.seen) == len(planned) > 8
        assert killed == (2 * len(planned) if mode == "killed" else 0)
        once = sorted(name for name in writer.had_effect if name.startswith(ONCE))
        assert once == sorted(name for name in planned if name.startswith(ONCE)), "something took effect twice"
        after = sandbox.control.world()["settled"]
        assert of_others(differences(before, after), service) == []
    assert differences(before, after) == []
