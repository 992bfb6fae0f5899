"""What a dry run on a terminal ends with: each step as what would be sent, and what would be waited for."""

from collections.abc import Iterator

from breakglass.model.plan import Call, Pause, Plan, Settle, Step
from breakglass.ui.plan_report import mark_of, name, wait_words
from breakglass.ui.plan_report_document import Lines
from breakglass.ui.reports.words import shown
from breakglass.ui.terminal import BOLD, Style, harmless


def dry_run_report(plan: Plan, lines: Lines, style: Style) -> str:
    """A script to read or to paste, line by line: words are comments, calls are lines of the AWS CLI.

    Lines are never broken. Every call has been held against AWS's model by now; none was sent.
    """
    head = f"# Dry run of: breakglass {plan.purpose} {harmless(plan.service)}. Nothing was sent that changes AWS."
    text = [style.paint(head, BOLD), *(line for step in plan.steps for line in _step(plan, step, lines, style))]
    return "\n".join(text) + "\n"


def _step(plan: Plan, step: Step, lines: Lines, style: Style) -> Iterator[str]:
    yield ""
    title = f"# {step.id}/{len(plan.steps)} {mark_of(step, plan.purpose)} {name(step.component)}: {shown(step.why)}"
    yield style.paint(title, BOLD)
    for at, action in enumerate(step.actions):
        match action:
            case Call():
                yield from lines.lookups(action).values()
                yield lines.of(step, at, action).line
            case Settle():
                yield f"#   then waits {wait_words(action)}"
            case Pause(text=text):
                yield f"#   asks you: {shown(text)}"
