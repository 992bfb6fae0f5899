"""Runs told afterwards: as a list, as a timeline for people and programs, as the beginning of a postmortem.

Everything comes from the state directory; no request is sent, for whoever writes this up may have no credentials.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tabulate import tabulate

from breakglass.errors import UsageError
from breakglass.model.account import hyphenated
from breakglass.model.journal import Event
from breakglass.model.plan import Plan, Settle
from breakglass.running.progress import Outcome, Progress, Told
from breakglass.running.runs import RunFolder, RunRecord, Runs
from breakglass.running.state_dir import StateDir
from breakglass.ui.common import Common
from breakglass.ui.masking import mask
from breakglass.ui.plan_report import duration, mark_of, name
from breakglass.ui.reports.document import SCHEMA_VERSION, account_document, timestamp
from breakglass.ui.reports.markdown import code, prose
from breakglass.ui.reports.words import account_words, shown
from breakglass.ui.terminal import BOLD, DIM, Style, harmless, wrapped
from breakglass.ui.watch import told


def runs_table(records: Sequence[RunRecord], style: Style, common: Common) -> str:
    """One line for each run, newest first, and how to go on with what is unfinished."""
    if not records:
        return "There are no runs.\n"
    head = ["RUN", "WHAT", "ACCOUNT", "BEGAN", "HOW IT ENDED"]
    table = tabulate(
        [_row(record) for record in records],
        headers=head,
        tablefmt="plain",
        disable_numparse=True,
        preserve_whitespace=True,
    )
    first, *others = table.splitlines()
    lines = [style.paint(first, BOLD), *others]
    if unfinished := next((record for record in records if record.outcome.resumable), None):
        lines += ["", f"Go on: {common.repeated(f'breakglass resume {unfinished.id}')}"]
    return "\n".join(lines) + "\n"


def _row(record: RunRecord) -> list[str]:
    what = f"{record.purpose} {harmless(record.service)}" if record.purpose else "?"
    account = f"{hyphenated(record.account)} {harmless(record.account_name or '')}".strip() if record.account else "?"
    began = f"{record.began_at:%Y-%m-%d %H:%MZ}" if record.began_at else "?"
    return [record.id, what, account, began, f"{record.outcome}{': ' if record.trouble else ''}{shown(record.trouble)}"]


def runs_document(records: Sequence[RunRecord]) -> dict[str, Any]:
    """The same in plain JSON types."""
    return {
        "schema_version": SCHEMA_VERSION,
        "runs": [
            {
                "id": record.id,
                "action": str(record.purpose) if record.purpose else None,
                "service": record.service,
                "account": {"id": record.account, "name": record.account_name},
                "region": record.region,
                "caller": record.caller,
                "began_at": _moment(record.began_at),
                "last_at": _moment(record.last_at),
                "outcome": str(record.outcome),
                "resumable": record.outcome.resumable,
                "trouble": record.trouble or None,
            }
            for record in records
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return timestamp(at) if at else None


@dataclass(frozen=True, slots=True)
class Story:
    """One run with everything that its folder says."""

    plan: Plan
    told: tuple[Told, ...]
    progress: Progress

    @property
    def callers(self) -> tuple[str, ...]:
        """Everybody who confirmed or resumed it, in order."""
        said = (str(one.entry.detail["caller"]) for one in self.told if "caller" in one.entry.detail)
        return tuple(dict.fromkeys(said))


def read(state: StateDir, text: str | None) -> Story:
    """The run named, or the newest that was confirmed. Raises `UsageError` where there is none."""
    folder = Runs(state).open(text) if text else _newest(state)
    return Story(folder.plan(), folder.story(), folder.progress())


def _newest(state: StateDir) -> RunFolder:
    records = Runs(state).list()
    whole = [record for record in records if record.outcome is not Outcome.DAMAGED]
    newest = next((one for one in whole if one.outcome is not Outcome.UNCONFIRMED), next(iter(whole), None))
    if newest is None:
        raise UsageError("There are no runs to tell of.", hint="See them all: breakglass runs")
    return Runs(state).open(newest.id)


def timeline_table(story: Story, style: Style) -> str:
    """One line for each event with its time, below each step's heading."""
    plan = story.plan
    lines = [
        style.paint(f"{plan.purpose} {harmless(plan.service)}", BOLD)
        + f" in {account_words(plan.account)} {plan.region}",
        f"run {plan.run}: {story.progress.outcome}",
        "",
    ]
    for at, heading, text in _events(story):
        if heading:
            lines.append(style.paint(f"{at:%H:%M:%SZ}  {heading}", BOLD))
        first, *others = wrapped(text.replace(plan.account.id, hyphenated(plan.account.id)), style.width - 13)
        lines.append(f"{style.paint(f'{at:%H:%M:%SZ}', DIM)}    {first}")
        lines += [" " * 13 + other for other in others]
    return "\n".join(lines) + "\n"


def timeline_document(story: Story) -> dict[str, Any]:
    """The same in plain JSON types, with the journal's own fields."""
    plan = story.plan
    return {
        "schema_version": SCHEMA_VERSION,
        "run": plan.run,
        "action": str(plan.purpose),
        "service": plan.service,
        "region": plan.region,
        "account": account_document(plan.account),
        "outcome": str(story.progress.outcome),
        "callers": list(story.callers),
        "events": [
            {
                "at": one.entry.at.isoformat().replace("+00:00", "Z"),
                "event": str(one.entry.event),
                "step": one.entry.step,
                "call": one.entry.call,
                "component": str(one.step.component) if one.step else None,
                "words": told(one.entry, one.action if isinstance(one.action, Settle) else None),
                "detail": _masked(one),
            }
            for one in story.told
        ],
    }


def _masked(one: Told) -> dict[str, Any]:
    ids = {key: one.entry.detail[key] for key in ("request_id", "receipt") if key in one.entry.detail}
    return dict(mask(dict(one.entry.detail))) | ids


def timeline_markdown(story: Story) -> str:
    """GitHub's Markdown: a heading and a table."""
    plan = story.plan
    lines = [
        (
            f"**{plan.purpose} {prose(harmless(plan.service))}** in {code(account_words(plan.account))} "
            f"{code(plan.region)}, run {code(plan.run)}: {story.progress.outcome}"
        ),
        "",
        *_markdown_table(story),
    ]
    return "\n".join(lines) + "\n"


def _markdown_table(story: Story) -> Iterator[str]:
    yield "| Time (UTC) | What |"
    yield "| --- | --- |"
    for at, heading, text in _events(story):
        if heading:
            yield f"| {at:%H:%M:%S} | **{prose(heading)}** |"
        yield f"| {at:%H:%M:%S} | {prose(text)} |"


def timeline_slack(story: Story) -> str:
    """Slack's own markup: what was reached first, then one line for each step rather than for each event."""
    plan = story.plan
    lines = [
        (
            f"*{plan.purpose} {_slack(plan.service)}* in {_slack(account_words(plan.account))} {plan.region}: "
            f"*{story.progress.outcome}*"
        ),
        f"run `{plan.run}` by {_slack(', '.join(story.callers))}",
    ]
    for step in plan.steps:
        mine = [one.entry for one in story.told if one.entry.step == step.id]
        ended = mine[-1] if mine else None
        state = _slack(told(ended)) if ended else "not begun"
        at = f"{ended.at:%H:%M:%SZ}" if ended else "-"
        lines.append(f"• {at} {mark_of(step, plan.purpose)} {_slack(name(step.component))}: {state}")
    return "\n".join(lines) + "\n"


def _slack(text: str) -> str:
    """https://docs.slack.dev/messaging/formatting-message-text: three characters are escaped, no markup is let in."""
    text = harmless(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"{character}\u200b" if character in "*_~`@#" else character for character in text)


def postmortem(story: Story) -> str:
    """A postmortem to be written, with what the journal knows filled in and what only people know left open."""
    plan = story.plan
    began, ended = story.told[0].entry.at, story.told[-1].entry.at
    done = sum(story.progress.is_done(step) for step in plan.steps)
    sections = [
        f"# {prose(harmless(plan.service))} outage postmortem",
        f"## Date\n\n{began:%Y-%m-%d}",
        "## Authors\n\n" + "\n".join(f"- {prose(caller)}" for caller in story.callers),
        "## Status\n\nDraft, made from the journal of a run. What stands in angle brackets is for you to write.",
        (
            f"## Summary\n\nbreakglass was used to {plan.purpose} {code(plan.service)} in "
            f"{code(account_words(plan.account))} {code(plan.region)}. {done} of {len(plan.steps)} steps were done in "
            f"{duration((ended - began).total_seconds())}; the run: {story.progress.outcome}.\n\n"
            "&lt;what happened, in a sentence&gt;"
        ),
        "## Impact\n\n&lt;who could not do what, from when to when&gt;",
        "## Root causes\n\n&lt;why it could happen&gt;",
        "## Trigger\n\n&lt;what set it off&gt;",
        "## Resolution\n\n" + "\n".join(_resolution(story)),
        "## Detection\n\n&lt;how it was noticed, and how long that took&gt;",
        (
            "## Action items\n\n| Action item | Type | Owner | Bug |\n| --- | --- | --- | --- |\n"
            "| &lt;...&gt; | prevent | | |"
        ),
        "## Lessons learned\n\n### What went well\n\n### What went wrong\n\n### Where we got lucky",
        f"## Timeline\n\n{began:%Y-%m-%d}, all times UTC. Run {code(plan.run)}.\n\n"
        + "\n".join(_markdown_table(story)),
    ]
    return "\n\n".join(sections) + "\n"


def _resolution(story: Story) -> Iterator[str]:
    for step in story.plan.steps:
        done = "done" if story.progress.is_done(step) else "not done"
        yield f"- {prose(shown(step.title))} ({done}): {prose(shown(step.why))}"
    if not story.plan.steps:
        yield "Nothing was done."


def _events(story: Story) -> Iterator[tuple[datetime, str, str]]:
    """Time, the heading of a step where it begins, and the event in words. Of a wait only its beginning is told."""
    begun: set[int] = set()
    waiting: tuple[int | None, int | None] | None = None
    for one in story.told:
        place = (one.entry.step, one.entry.call)
        if one.entry.event is Event.WAITING and waiting == place:
            continue
        waiting = place if one.entry.event is Event.WAITING else None
        heading = ""
        if one.step is not None and one.step.id not in begun:
            begun.add(one.step.id)
            total = len(story.plan.steps)
            heading = f"{one.step.id}/{total} {mark_of(one.step, story.plan.purpose)} {name(one.step.component)}"
        yield one.entry.at, heading, told(one.entry, one.action if isinstance(one.action, Settle) else None)
