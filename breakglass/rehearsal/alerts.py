"""Alerts: what a pager shows, and nothing that it cannot know."""

from dataclasses import dataclass

from breakglass.running.runbooks import shelf


@dataclass(frozen=True, slots=True)
class Alert:
    """What a pager shows. `lines` may say `{service}` and `{host}`; `runbook` is the id of the one that it names."""

    title: str
    lines: tuple[str, ...]
    runbook: str = ""

    def about(self, service: str, host: str) -> "Alert":
        """The alert of one service, with the name that its clients use."""
        title, *lines = (text.format(service=service, host=host) for text in (self.title, *self.lines))
        named = [one.shown_by(service) for one in shelf().volumes if one.id == self.runbook] if self.runbook else []
        return Alert(title, (*lines, *(f"Runbook: {command}" for command in named)), self.runbook)
