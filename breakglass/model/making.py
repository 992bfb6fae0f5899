"""What all kinds say alike when they make something again: the mark of the run, and that no source is known."""

from collections.abc import Iterable, Mapping

from breakglass.model.lead import Key
from breakglass.model.plan import Blocker
from breakglass.model.world import Making

RUN_TAG = "breakglass:run"
"""The tag on what a run made, with the run's id."""
MARK = "breakglass:token"
"""The tag with the token that something was made with, where AWS gives it an id that nobody can foresee."""
OURS = "breakglass:"
AWS_OWN = "aws:"
NO_SOURCE = "Name a snapshot that has it with --snapshot, or leave its kind out with --keep."


def without_source(key: Key, hint: str = NO_SOURCE) -> Making:
    """Nothing can be made of nothing."""
    return Making((), blockers=(Blocker(key, "no source says what it was", hint),))


def tags_again(
    tags: Iterable[Mapping[str, str]], new: Mapping[str, str], key: str = "Key", value: str = "Value"
) -> list[dict[str, str]]:
    """Tags for making it again: the old ones but AWS's own, which cannot be sent back, and an earlier run's.

    `key` and `value` are how the API at hand spells these two.
    """
    old = [dict(tag) for tag in tags if not tag[key].startswith((AWS_OWN, OURS))]
    return [*old, *({key: name, value: text} for name, text in new.items())]
