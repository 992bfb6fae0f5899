"""The score: how fast, and how safe. Two answers that are never made into one. Pure.

Fast is worth nothing where the wrong thing was deleted, and a careful night is not made bad by the minutes it took.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from breakglass.rehearsal.evidence import Evidence, Ran, Sent, Typed

WRONG_ACCOUNT = 5
LOOKS = frozenset({"inventory", "recover", "rebuild", "remove", "snapshot", "audit"})
"""Commands that show the service."""
PLANS = frozenset({"rebuild", "remove"})
IDENTITY = frozenset({"sts", "iam"})
"""Services that tell who one is, and nothing of the service."""
_UNSEEN = "not seen from here: CloudTrail has every call"


@dataclass(frozen=True, slots=True)
class Targets:
    """Seconds from the alert."""

    detect: float = 120.0
    diagnose: float = 300.0
    recover: float = 900.0


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the alert to the first look, the first plan, and the steady state that held; None: never."""

    detect: float | None = None
    diagnose: float | None = None
    recover: float | None = None

    def items(self) -> Iterator[tuple[str, float | None]]:
        """By name, in order."""
        yield "detect", self.detect
        yield "diagnose", self.diagnose
        yield "recover", self.recover


@dataclass(frozen=True, slots=True)
class Check:
    """One question about safety: `good` is None where there was nothing to ask it of."""

    name: str
    good: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to do about it, with a place for who and until when: those are for people to fill in."""

    text: str
    owner: str = ""
    due: str = ""


def times_of(evidence: Evidence) -> Times:
    """How fast. An earlier stage counts as reached with the next one."""
    recover = evidence.steady_since
    diagnose = _earliest(
        *(run.planned for run in evidence.runs if run.account == evidence.account),
        *(_planned(one) for one in evidence.typed),
    )
    looks = [one.at for one in evidence.sent if not one.mutating and _is_about(one, evidence.account)]
    if not evidence.watched:
        looks = [one.at for one in evidence.typed if LOOKS.intersection(one.arguments[:1])]
    detect = _earliest(*looks, diagnose)
    return Times(*(_seconds(evidence.began, at) for at in (detect, diagnose, recover)))


def _is_about(one: Sent, account: str) -> bool:
    return one.account == account and one.service not in IDENTITY


def _planned(one: Typed) -> datetime | None:
    """When a dry run showed its plan, at the latest."""
    return (one.ended or one.at) if is_dry_run(one) and one.code != WRONG_ACCOUNT else None


def is_dry_run(one: Typed) -> bool:
    """Whether it plans and changes nothing."""
    return bool(one.arguments) and one.arguments[0] in PLANS and "--dry-run" in one.arguments


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at is not None), default=None)


def _seconds(began: datetime, at: datetime | None) -> float | None:
    return None if at is None else max(0.0, round((at - began).total_seconds(), 1))


def safety_of(evidence: Evidence) -> tuple[Check, ...]:
    """How safe. No time but the order of things plays a part."""
    return (
        _wrong_account(evidence),
        _unplanned(evidence),
        _dry_run_first(evidence),
        _snapshot(evidence),
        _others(evidence),
    )


def _wrong_account(evidence: Evidence) -> Check:
    refused = sum(one.code == WRONG_ACCOUNT for one in evidence.typed)
    sent = sum(one.mutating and one.account not in {evidence.account, ""} for one in evidence.sent)
    words = "every change was meant for this account"
    if refused or sent:
        words = f"{_count(refused, 'command')} refused for the account, {_count(sent, 'changing call')} sent to another"
    return Check("wrong account", good=not (refused or sent), words=words)


def _unplanned(evidence: Evidence) -> Check:
    if not evidence.watched:
        return Check("unplanned deletions", good=None, words=_UNSEEN)
    deleted = unplanned(evidence, deletes=True)
    names = ", ".join(dict.fromkeys(f"{one.service}:{one.operation}" for one in deleted))
    words = f"outside any plan: {names}" if deleted else "nothing was deleted outside a plan"
    return Check("unplanned deletions", good=not deleted, words=words)


def unplanned(evidence: Evidence, *, deletes: bool) -> tuple[Sent, ...]:
    """Changing calls that AWS carried out and that no run has in its journal."""
    planned = frozenset[str]().union(*(run.requests for run in evidence.runs))
    return tuple(
        one
        for one in evidence.sent
        if one.mutating and one.succeeded and one.request_id not in planned and (one.deletes or not deletes)
    )


def _dry_run_first(evidence: Evidence) -> Check:
    changed = first_change(evidence)
    if changed is None:
        return Check("dry run first", good=None, words="nothing was changed")
    if any(is_dry_run(one) and one.at <= changed for one in evidence.typed):
        return Check("dry run first", good=True, words="the plan was read in a dry run before anything was changed")
    return Check("dry run first", good=False, words="no dry run came before the first change")


def _snapshot(evidence: Evidence) -> Check:
    changed = first_change(evidence)
    if changed is None:
        return Check("snapshot kept", good=None, words="nothing was changed")
    kept = any(at <= changed for at in evidence.saved)
    words = "one was on disk before the first change" if kept else "none was made before the first change"
    return Check("snapshot kept", good=kept, words=words)


def _others(evidence: Evidence) -> Check:
    if not evidence.watched:
        return Check("neighbours untouched", good=None, words=_UNSEEN)
    if not evidence.touched:
        return Check("neighbours untouched", good=True, words="nothing of anybody else's was changed")
    return Check("neighbours untouched", good=False, words="changed: " + ", ".join(evidence.touched))


def first_change(evidence: Evidence) -> datetime | None:
    """When the operator first changed anything: a run's confirmation comes before its calls."""
    return _earliest(
        *(one.at for one in evidence.sent if one.mutating and one.succeeded), *map(_confirmed, evidence.runs)
    )


def _confirmed(run: Ran) -> datetime | None:
    return run.confirmed


def findings_of(times: Times, targets: Targets, checks: tuple[Check, ...], *, recovered: bool) -> tuple[Finding, ...]:
    """What to do something about: a target missed, a rule not kept."""
    late = [
        Finding(f"{name}: {_minutes(took)} where {_minutes(target)} is the target")
        for name, took in times.items()
        if (target := float(getattr(targets, name))) and took is not None and took > target
    ]
    never = [Finding("it was not recovered")] if not recovered else []
    return (*never, *late, *(Finding(f"{check.name}: {check.words}") for check in checks if check.good is False))


def differences(times: Times, last: Mapping[str, float | None]) -> dict[str, float | None]:
    """Seconds more (or less) than the last time, for what is known of both."""
    return {
        name: round(took - before, 1) if took is not None and (before := last.get(name)) is not None else None
        for name, took in times.items()
    }


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
