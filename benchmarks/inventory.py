"""What an inventory costs: its calls, and the longest chain of them.

    python benchmarks/inventory.py [SERVICE ...]

Runs the real program against the sandbox. The chain is measured, not counted: every answer is delayed by a short and
by a long time, and what the whole command takes longer, divided by what one answer takes longer, is how many answers
had to be waited for one after the other. That is proof against noise and against the machine's speed. Nothing here
gates anything.
"""

import os
import statistics
import subprocess
import sys
import time
from collections import Counter

from breakglass.rehearsal.sandbox import Sandbox

SHORT, LONG = 0.05, 0.25
ROUNDS = 5


def main(services: list[str]) -> None:
    """Print calls and chain for each service."""
    with Sandbox.start() as sandbox:
        for service in services:
            calls = Counter(f"{call['service']}:{call['operation']}" for call in _calls(sandbox, service))
            print(f"\n{service}: {calls.total()} calls, {_chain(sandbox, service):.1f} of them one after the other")
            for name, count in sorted(calls.items()):
                print(f"  {count:3}  {name}")


def _calls(sandbox: Sandbox, service: str) -> list[dict[str, object]]:
    sandbox.control.clear_calls()
    _run(sandbox, service)
    return sandbox.control.calls()


def _chain(sandbox: Sandbox, service: str) -> float:
    took: dict[float, list[float]] = {SHORT: [], LONG: []}
    for _ in range(ROUNDS):
        for seconds, times in took.items():
            number = sandbox.control.add_fault("*", "*", kind="delay", seconds=seconds)
            times.append(_run(sandbox, service))
            sandbox.control.remove_fault(number)
    return (statistics.median(took[LONG]) - statistics.median(took[SHORT])) / (LONG - SHORT)


def _run(sandbox: Sandbox, service: str) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "breakglass", "inventory", service, "-o", "json"]
    subprocess.run(command, env=sandbox.applied(os.environ), check=True, capture_output=True)  # noqa: S603 - ourselves
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1:] or ["deployer-api", "image-api", "looking-glass-api"])
