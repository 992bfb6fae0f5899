"""One page of a longer answer."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from .refusal import Refused

T = TypeVar("T")


def page(items: Sequence[T], token: str | None, size: int) -> tuple[list[T], str | None]:
    """The items after `token`, at most `size` of them, and the token of the next page (None: this was the last)."""
    start = _position(token)
    following = start + size
    return list(items[start:following]), _token(following) if following < len(items) else None


def _token(position: int) -> str:
    return base64.b64encode(f"after:{position}".encode()).decode()


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token).decode().removeprefix("after:"))
    except ValueError:
        raise Refused("InvalidParameterException", "Invalid token.") from None
