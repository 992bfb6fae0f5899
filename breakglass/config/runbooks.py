"""`[runbooks]`: where an organisation keeps its own runbooks."""

from pathlib import Path

from breakglass.config.place import Place
from breakglass.config.spelling import quoted

_KEYS = ("folder",)


def read_runbooks(place: Place) -> Path | None:
    """The folder, taken from the file's own place where it is relative; None where none is named.

    Whether it is there is not looked at: a folder that is missing tonight must not stop a recovery.
    """
    expected = 'a folder in quotes, such as "runbooks"'
    fields = place.fields(_KEYS)
    if "folder" not in fields:
        if isinstance(place.value, dict) and not place.value:
            place.lacks("folder", expected)
        return None
    text = fields["folder"].text(expected)
    try:
        return place.mistakes.file.parent / Path(text).expanduser() if text else None
    except RuntimeError:  # ~somebody, or no home at all
        fields["folder"].wrong("a folder below a home that this machine knows", quoted(text))
        return None
