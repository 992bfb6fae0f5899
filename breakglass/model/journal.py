"""Journal entries: what a run did and is about to do. The same objects are what the operator watches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Event(StrEnum):
    """What happened."""

    PLANNED = "planned"
    CONFIRMED = "confirmed"
    INTENT = "intent"
    RESULT = "result"
    WAITING = "waiting"
    SETTLED = "settled"
    SKIPPED = "skipped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    RESUMED = "resumed"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal.

    `at` is UTC; `step` the step's id, None for what concerns the whole run; `call` the position of the action
    in its step; `detail` whatever else belongs to the event: `operation` and `request_id` of a result,
    `code` and `message` of a failure, `words` and `deadline` of a wait, `outcome` of what is finished.
    """

    at: datetime
    event: Event
    step: int | None = None
    call: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
