"""The scenario library: bad nights as small declarations.

Each says its name, what happened, the alert as a pager shows it with the runbook that it names, how it is played, and
how it can be recovered. How things are broken is in `mishaps` and `reworks`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from random import Random

from breakglass.errors import UsageError
from breakglass.rehearsal import mishaps, reworks
from breakglass.rehearsal.alerts import Alert
from breakglass.rehearsal.sandbox.accounts import PRODUCTION, STAGING
from breakglass.rehearsal.stage import Mishap, Scene

RANDOM = "random"


def _anyone(_: Scene) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Scenario:
    """One bad night.

    `signed_in` is the account that the operator's shell is in at first, `fits` says whether a service has what it
    takes, `recovery` in words how it is ended. `grant` marks one in which somebody else has to give a permission.
    """

    name: str
    happened: str
    alert: Alert
    play: Mishap
    recovery: str
    signed_in: str = PRODUCTION.name
    fits: Callable[[Scene], bool] = _anyone
    grant: bool = False


_DOWN = "https://{host}/health: 503 from 3 of 3 locations, for 2 min"
_LOST = "https://{host}/health: no connection from 3 of 3 locations, for 2 min"

LIBRARY = (
    Scenario(
        "service-deleted",
        "somebody deleted the ECS service in the wrong account",
        Alert(
            "DOWN  {service} is not answering",
            (
                _DOWN,
                "Deployments, status and `wl delete` fail: all of them go through the deployer's API.",
                "Last seen in #ops: 'cleaned up the broken {service} in staging'.",
            ),
            "RB-01",
        ),
        mishaps.delete_service,
        "rebuild: the ECS service is made again, everything else is there.",
    ),
    Scenario(
        "load-balancer-deleted",
        "somebody deleted the load balancer by hand",
        Alert("DOWN  {host} does not resolve to anything that answers", (_LOST, "ECS: steady, 0 restarts."), "RB-04"),
        mishaps.missing("load-balancer"),
        "rebuild: load balancer, listeners and rule are made again, record and alarms repointed.",
    ),
    Scenario(
        "record-dangling",
        "the load balancer was replaced by hand, and the record still points at the deleted one",
        Alert(
            "DOWN  {host} points at a load balancer that is gone",
            (_LOST, "Last seen in #ops: 'recreated the load balancer, console showed it stuck'."),
            "RB-03",
        ),
        reworks.replace_balancer,
        "rebuild: record, state entry and alarms are repointed to the new load balancer.",
    ),
    Scenario(
        "health-check-deleted",
        "the health check was deleted while its record still uses it",
        Alert("FLAPPING  {host} is left out of DNS at times", ("Route 53: health check not found.",), "RB-03"),
        mishaps.missing("health-check"),
        "rebuild: the health check is made again, and record, alarm and state entry learn its new id.",
        fits=lambda scene: any("HealthCheckId" in one.facts for one in scene.every("dns-record")),
    ),
    Scenario(
        "state-entry-gone",
        "the service's state entry was deleted",
        Alert("FAILED  deploy of {service}: no such service", ("The service itself answers.",), "RB-06"),
        mishaps.missing("state-entry"),
        "rebuild: the state entry is written again from the snapshot.",
        fits=lambda scene: bool(scene.every("state-entry")),
    ),
    Scenario(
        "state-entry-lying",
        "the state entry names a load balancer and a target group of an earlier life",
        Alert(
            "FAILED  deploy of {service}: target group not found",
            ("The service itself answers.", "Third deployment in a row; each fails at the same step."),
            "RB-06",
        ),
        reworks.make_entry_lie,
        "rebuild: the fields that point at nothing are repointed, that alone.",
        fits=lambda scene: bool(scene.every("state-entry")) and bool(scene.every("target-group")),
    ),
    Scenario(
        "target-group-unrouted",
        "the target group has no listener any more: its rule or listener was deleted",
        Alert("DOWN  {host} answers 404", ("https://{host}/health: 404 from 3 of 3 locations, for 2 min",), "RB-04"),
        reworks.unroute,
        "rebuild: rule or listener is made again.",
        fits=lambda scene: bool(scene.every("target-group")),
    ),
    Scenario(
        "stuck-draining",
        "the service was deleted after its role, and stays DRAINING",
        Alert(
            "DOWN  {service} is being deleted, and does not end",
            (_DOWN, "ECS: DRAINING for 40 min; 'unable to assume the role'."),
            "RB-05",
        ),
        reworks.stick_draining,
        "stop its remaining tasks (aws ecs stop-task); once it is INACTIVE, rebuild.",
    ),
    Scenario(
        "half-removed",
        "somebody began to remove the service by hand, and was called away",
        Alert(
            "DOWN  {service} is half gone",
            (_LOST, "Last seen in #ops: 'removing {service}, back in a minute', 3 h ago."),
            "RB-02",
        ),
        reworks.half_remove,
        "rebuild: what was removed is made again from the snapshot.",
    ),
    Scenario(
        "deployer-stuck",
        "the deployer keeps updating a service that does not exist any more",
        Alert(
            "STUCK  deploy of {service}: updating for 40 min",
            (_DOWN, "Deployer: ServiceNotActiveException, retry 173.", "ECS: no service {service}."),
            "RB-02",
        ),
        reworks.stick_deployer,
        "rebuild from the snapshot: not even a tombstone is left of the service.",
        fits=lambda scene: bool(scene.every("state-entry")),
    ),
    Scenario(
        "permission-missing",
        "the service was deleted, and the role may not create ECS services",
        Alert(
            "DOWN  {service} is not answering",
            (_DOWN, "Security tightened the role BreakGlass this afternoon."),
            "RB-07",
        ),
        reworks.take_permission,
        "rebuild stops and names the permission; have it granted (in the drill: grant), then resume.",
        grant=True,
    ),
    Scenario(
        "throttled",
        "the service was deleted, and AWS throttles the account",
        Alert(
            "DOWN  {service} is not answering, the region is slow",
            (_DOWN, "AWS Health: increased API error rates in this region."),
            "RB-09",
        ),
        reworks.throttle,
        "wait and look again; rebuild retries by itself, and resume goes on where it gave up.",
    ),
    Scenario(
        "wrong-account",
        "the service was deleted in the wrong account, and your shell is still signed in to the other one",
        Alert(
            "DOWN  {service} is not answering in production",
            (_DOWN, "Last seen in #ops: 'cleaned up the broken {service} in staging'. That was you."),
            "RB-08",
        ),
        mishaps.delete_service,
        "see in the banner that this is staging; rebuild with --account production.",
        signed_in=STAGING.name,
    ),
)
DEFAULT = LIBRARY[0]


def named(name: str) -> Scenario:
    """The scenario by its name. Raises `UsageError`, with the nearest, where there is none."""
    names = [one.name for one in LIBRARY]
    if name in names:
        return LIBRARY[names.index(name)]
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise UsageError(f"There is no scenario {name!r}.{meant}", hint="See them all: breakglass rehearse --list")


def drawn(seed: int, scene: Scene) -> Scenario:
    """One of those that fit, the same again for the same seed."""
    return Random(seed).choice(fitting(scene))  # noqa: S311 - a drill, no secret


def fitting(scene: Scene) -> Sequence[Scenario]:
    """The scenarios that this service has what it takes for."""
    return [one for one in LIBRARY if one.fits(scene)]


def without(kinds: str) -> Scenario:
    """The scenario of `--missing`. Raises `UsageError` for kinds that cannot be taken away."""
    names = ", ".join(name.strip() for name in kinds.split(",") if name.strip())
    return Scenario(
        f"missing:{names.replace(', ', '+')}",
        f"pieces of the service are gone: {names}",
        Alert("DOWN  {service} is not well", (_DOWN, "Nobody knows yet what happened."), "RB-02"),
        mishaps.missing(kinds),
        "rebuild: what is missing is made again.",
    )
