"""The Reader: looks at AWS, remembers what it saw, and cannot do anything else."""

import re
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from breakglass.aws.answers import SILENCE, iam_action
from breakglass.aws.asking import Crew, Memory
from breakglass.aws.paging import Pager, pager, pages
from breakglass.aws.session import Connection
from breakglass.model.reading import AwsError, Refused, Unreachable

T = TypeVar("T")

CREW = 32
"""Calls in flight at once."""

_LOOKS = re.compile(r"(?:Describe|List|Get|BatchGet|Simulate|Test|Lookup)(?=[A-Z])|(?:Query|Scan)\Z")


class AwsReader:
    """A picture of one moment: `model.reading.Reader` over a connection.

    The same question is sent once, also while it is still being answered, and an answer belongs to everyone
    who asked: nobody may change it. An endpoint that gave no answer at all is not asked again, so that a dead
    one costs its component ten seconds, and nobody else anything. `fresh` opens the eyes again.
    """

    def __init__(self, connection: Connection, account: str, crew: Crew | None = None) -> None:
        self._connection = connection
        self._account = account
        self._crew = crew or Crew(CREW)
        self._memory = Memory()
        self._silence = _Silence()
        self._counted_from = 0

    @property
    def account(self) -> str:
        """The account id, 12 digits."""
        return self._account

    @property
    def region(self) -> str:
        """The region that calls go to unless they name another."""
        return self._connection.region.name

    @property
    def api_calls(self) -> int:
        """Requests sent over the connection, retries and STS included; of a fresh Reader since it was made."""
        return self._connection.sent - self._counted_from

    def fresh(self) -> "AwsReader":
        """A Reader over the same connection that remembers nothing."""
        reader = AwsReader(self._connection, self._account, self._crew)
        reader._counted_from = self._connection.sent
        return reader

    def call(
        self, service: str, operation: str, params: Mapping[str, Any] | None = None, *, region: str | None = None
    ) -> Mapping[str, Any]:
        """One answer, for all to share.

        Raises:
            AwsError: an answer that is an error, or none; Refused with the code EmptyParameter where a parameter
                has nothing in it: AWS would take that for a question about everything.
            CredentialsError: the credentials are missing, expired or refused.
            ValueError: the operation is none that only looks.
        """
        _insist_on_looking(service, operation)
        _insist_on_naming(service, operation, params or {})
        where = region or self.region
        question = (service, operation, where, frozen(params or {}))
        return self._memory.recall(question, lambda: self._ask(service, operation, params or {}, where))

    def pages(
        self,
        service: str,
        operation: str,
        items: str,
        params: Mapping[str, Any] | None = None,
        *,
        region: str | None = None,
    ) -> Sequence[Any]:
        """Everything under `items` in all pages of a listing, in order. Raises what `call` raises.

        A listing that does not advance is `Refused` with the code PaginationDidNotAdvance.
        """
        _insist_on_looking(service, operation)
        how = self._pager(service, operation, items, region or self.region)

        def ask(page: Mapping[str, Any]) -> Mapping[str, Any]:
            return self.call(service, operation, page, region=region)

        every = pages(service, operation, params or {}, how, ask)
        return [item for answer in every for item in answer.get(items) or ()]

    def gather(self, asks: Sequence[Callable[[], T]]) -> Sequence[T | AwsError]:
        """Ask several things at once; each answer, or the `AwsError` it ended in, at its place."""
        return self._crew.gather(asks)

    def _ask(self, service: str, operation: str, params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        self._silence.insist(service, region, operation)
        began = self._silence.answers(service, region)
        try:
            answer = self._connection.ask(service, operation, params, region=region)
        except Unreachable as error:
            if error.code in SILENCE:
                self._silence.note(service, region, error, began)
            raise
        except AwsError:
            self._silence.answered(service, region)
            raise
        self._silence.answered(service, region)
        return answer

    def _pager(self, service: str, operation: str, items: str, region: str) -> Pager:
        model = self._connection.operation(service, operation, region)
        if model.output_shape is None or items not in model.output_shape.members:
            raise ValueError(f"{iam_action(service, operation)} lists no {items}")
        return pager(self._connection.paginator(service, operation), model)


class _Silence:
    """Endpoints that did not answer while nobody else got an answer from them either."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dead: dict[tuple[str, str], Unreachable] = {}
        self._answers: dict[tuple[str, str], int] = {}

    def insist(self, service: str, region: str, operation: str) -> None:
        """Raise where the endpoint is known to be dead."""
        dead = self._dead.get((service, region))
        if dead is not None:
            raise Unreachable(iam_action(service, operation), dead.code, f"not asked again: {dead.message}")

    def answers(self, service: str, region: str) -> int:
        """How many answers there were so far."""
        return self._answers.get((service, region), 0)

    def answered(self, service: str, region: str) -> None:
        """Count one."""
        with self._lock:
            self._answers[service, region] = self.answers(service, region) + 1

    def note(self, service: str, region: str, error: Unreachable, began: int) -> None:
        """The endpoint is dead, unless it answered somebody since `began`."""
        with self._lock:
            if self.answers(service, region) == began:
                self._dead[service, region] = error


def frozen(value: Any) -> Hashable:
    """`value` as a key: equal only for equal questions, whatever the order of their parameters."""
    match value:
        case Mapping():
            return ("map", frozenset((name, frozen(item)) for name, item in value.items()))
        case list() | tuple():
            return ("list", tuple(frozen(item) for item in value))
        case _:
            return (type(value).__name__, value)


def _insist_on_looking(service: str, operation: str) -> None:
    if not _LOOKS.match(operation):
        raise ValueError(f"{iam_action(service, operation)} is no operation that only looks")


def _insist_on_naming(service: str, operation: str, params: Mapping[str, Any]) -> None:
    empty = [name for name, value in params.items() if value is None or value in ("", [], ())]
    if empty:
        raise Refused(iam_action(service, operation), "EmptyParameter", f"{', '.join(empty)} must not be empty")


def only_looks(operation: str) -> bool:
    """Whether an operation changes nothing, told by its name: what a Reader does and a Writer does not."""
    return _LOOKS.match(operation) is not None
