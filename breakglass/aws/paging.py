"""Listings: how each goes on, and when it does not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jmespath

from breakglass.aws.answers import iam_action
from breakglass.model.reading import Refused

DID_NOT_ADVANCE = "PaginationDidNotAdvance"
_USUAL_TOKENS = (("nextToken", "nextToken"), ("NextToken", "NextToken"), ("Marker", "NextMarker"))


@dataclass(frozen=True, slots=True)
class Pager:
    """How a listing is paged: the parameter each token goes into, where it stands in an answer, and what says "more".

    A listing without tokens has one page.
    """

    tokens: tuple[tuple[str, str], ...]
    more: str | None = None

    def following(self, answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The parameters that ask for the next page; None after the last one, empty where AWS does not say them."""
        if self.more is not None and not answer.get(self.more):
            return None
        found = {name: jmespath.search(path, answer) for name, path in self.tokens}
        tokens = {name: value for name, value in found.items() if value}
        return tokens or (None if self.more is None else {})


def pager(described: Mapping[str, Any] | None, operation_model: Any) -> Pager:
    """The pager of an operation: as botocore describes it, else by the tokens that AWS uses everywhere."""
    if described is not None:
        names, paths = _several(described["input_token"]), _several(described["output_token"])
        return Pager(tuple(zip(names, paths, strict=True)), described.get("more_results"))
    asks, answers = operation_model.input_shape, operation_model.output_shape
    if asks is None or answers is None:
        return Pager(())
    usual = ((name, path) for name, path in _USUAL_TOKENS if name in asks.members and path in answers.members)
    return Pager(tuple(usual)[:1])


def pages(
    service: str,
    operation: str,
    params: Mapping[str, Any],
    how: Pager,
    ask: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Iterator[Mapping[str, Any]]:
    """All pages of a listing, in order.

    Raises:
        Refused: PaginationDidNotAdvance, where a page leads back to one that was read, or promises more
            without saying where; what was read would be taken for everything otherwise.
    """
    start = {name: value for name, value in params.items() if name not in dict(how.tokens)}
    seen: list[Mapping[str, Any]] = []
    token: Mapping[str, Any] | None = {}
    while token is not None:
        answer = ask(params if not token else {**start, **token})
        yield answer
        token = how.following(answer)
        if token is not None and (not token or token in seen):
            raise Refused(iam_action(service, operation), DID_NOT_ADVANCE, f"page {len(seen) + 1} leads nowhere new")
        if token is not None:
            seen.append(token)


def _several(one_or_more: str | Sequence[str]) -> Sequence[str]:
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more
