"""How the layers above ask AWS, and what AWS can answer instead of data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from breakglass.model.component import Unread

T = TypeVar("T")


class AwsError(Exception):
    """AWS, or the way to it, refused a call. The SDK's own exceptions do not leave `breakglass.aws`.

    `operation` is spelt as in an IAM policy (`ecs:DescribeServices`); `code` is AWS's error code, which is
    not always the name of the SDK's exception class.
    """

    def __init__(self, operation: str, code: str, message: str, request_id: str | None = None) -> None:
        super().__init__(f"{code} on {operation}: {message}")
        self.operation = operation
        self.code = code
        self.message = message
        self.request_id = request_id

    @property
    def unread(self) -> Unread:
        """This failure as part of a sighting."""
        return Unread(self.operation, self.code, self.message)


class NotFound(AwsError):
    """AWS says, in so many words, that the thing is not there."""


class Denied(AwsError):
    """The identity may not make this call. Says nothing about what is there."""


class Throttled(AwsError):
    """AWS kept refusing for its rate limits until the retries or the deadline were used up."""


class Unreachable(AwsError):
    """No answer: connection, DNS, TLS, time-out, or server errors until the retries were used up."""


class Refused(AwsError):
    """Any other answer that is an error: validation, conflict, in use, and codes not known here."""


class NotOffered(Refused):
    """The endpoint does not know the operation at all: another partition, or something that stands in for AWS.

    What would be told of by such an operation cannot have been put there through this endpoint either.
    """


class Reader(Protocol):
    """Looks at AWS and cannot do anything else.

    The same question asked twice of one Reader is sent once: a survey is a picture of one moment. All
    methods raise `AwsError`, and `breakglass.errors.CredentialsError` once the credentials are refused.
    """

    @property
    def account(self) -> str:
        """The account id, 12 digits."""
        ...

    @property
    def region(self) -> str:
        """The region that calls go to unless they name another."""
        ...

    def call(
        self, service: str, operation: str, params: Mapping[str, Any] | None = None, *, region: str | None = None
    ) -> Mapping[str, Any]:
        """One answer. `service` is boto3's client name, `operation` the API's (`DescribeServices`)."""
        ...

    def pages(
        self,
        service: str,
        operation: str,
        items: str,
        params: Mapping[str, Any] | None = None,
        *,
        region: str | None = None,
    ) -> Sequence[Any]:
        """Everything under `items` in all pages of a listing, in order."""
        ...

    def gather(self, asks: Sequence[Callable[[], T]]) -> Sequence[T | AwsError]:
        """Ask several things at once; each answer, or the `AwsError` it ended in, at its place."""
        ...


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Consecutive slices of at most `size` items, for calls that take only so many."""
    return (items[start : start + size] for start in range(0, len(items), size))
