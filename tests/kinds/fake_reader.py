"""A Reader whose AWS is a handful of functions: the one fake of the tests over kinds."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from breakglass.model.component import Found
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Lead, Source
from breakglass.model.reading import AwsError
from breakglass.model.settings import Pointer, Settings

ACCOUNT = "111122223333"
REGION = "eu-west-1"
IAM_PREFIXES = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing"}

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Sent:
    service: str
    operation: str
    params: Params
    region: str

    @property
    def iam_action(self) -> str:
        return f"{IAM_PREFIXES.get(self.service, self.service)}:{self.operation}"


Answer = Callable[[Sent], Mapping[str, Any]]
"""Answers one operation, or raises an `AwsError`."""
World = Mapping[tuple[str, str], Answer]
"""The answers by service and operation."""


@dataclass
class FakeReader:
    """`model.reading.Reader` over a world. Keeps what was `sent`: the same question once, with parameters AWS knows.

    `failing` makes every call of an operation, spelt as in an IAM policy, end in an error.
    """

    world: World
    region: str = REGION
    account: str = ACCOUNT
    failing: Mapping[str, type[AwsError]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    answers: dict[str, Mapping[str, Any] | AwsError] = field(default_factory=dict)

    def call(
        self, service: str, operation: str, params: Params | None = None, *, region: str | None = None
    ) -> Mapping[str, Any]:
        ask = Sent(service, operation, params or {}, region or self.region)
        question = repr((service, operation, ask.region, sorted(ask.params.items())))
        if question not in self.answers:
            self.sent.append(ask)
            self.answers[question] = self._answer(ask)
        answer = self.answers[question]
        if isinstance(answer, AwsError):
            raise answer
        return answer

    def pages(
        self, service: str, operation: str, items: str, params: Params | None = None, *, region: str | None = None
    ) -> Sequence[Any]:
        assert items in _model(service, operation).output_shape.members
        return self.call(service, operation, params, region=region)[items]

    def gather(self, asks: Sequence[Callable[[], Any]]) -> Sequence[Any]:
        return [_or_error(ask) for ask in asks]

    def counted(self) -> Counter[str]:
        """How many requests of each operation were sent."""
        return Counter(ask.iam_action for ask in self.sent)

    def _answer(self, ask: Sent) -> Mapping[str, Any] | AwsError:
        wrong = ParamValidator().validate(ask.params, _model(ask.service, ask.operation).input_shape)
        assert not wrong.has_errors(), wrong.generate_report()
        assert all(value not in ("", [], None) for value in ask.params.values()), ask
        if failure := self.failing.get(ask.iam_action):
            return failure(ask.iam_action, failure.__name__, "not now")
        return _or_error(lambda: self.world[ask.service, ask.operation](ask))


def _or_error(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except AwsError as error:
        return error


@cache
def _model(service: str, operation: str) -> Any:
    return _service(service).operation_model(operation)


@cache
def _service(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def lead(kind: Kind, ref: str, within: str = "", *, expects: bool = True) -> Lead:
    return Lead(kind.name, ref, Source.CONFIGURATION, "breakglass.toml", within=within, expects=expects)


def settings(*leads: Lead, service: str = "deployer-api", **pointers: str) -> Settings:
    return Settings(service, leads, tuple(Pointer(name, expression) for name, expression in pointers.items()))


def find(
    kind: Kind,
    reader: FakeReader,
    *leads: Lead,
    detail: Detail = Detail.LOOK,
    configured: Settings | None = None,
) -> Mapping[str, Found]:
    """What the kind finds, by id; each component once."""
    found = kind.find(leads, Look(reader, configured or settings(*leads), detail))
    by_id = {one.key.id: one for one in found}
    assert len(by_id) == len(found)
    assert {one.key.kind for one in found} <= {kind.name}
    assert all(one.leads and set(one.leads) <= set(leads) for one in found)
    return by_id
