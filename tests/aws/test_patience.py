"""Time-outs and retries: patient with rate limits, short with the dead (trap: botocore allows three minutes)."""

import socket
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from breakglass.aws.clients import READING, Patience, changing
from breakglass.aws.reader import AwsReader
from breakglass.aws.session import Connection
from breakglass.model.reading import AwsError, Denied, Refused, Throttled, Unreachable
from tests.aws.conftest import ACCOUNT, Connect, Reply, Wire, json_error, query_error

THROTTLE = json_error("ThrottlingException", "Rate exceeded")
BROKEN = Reply("<html>oops</html>", 500)
SILENCES = st.sampled_from(
    [
        ConnectTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
        ReadTimeoutError(endpoint_url="x"),
    ]
)


def first(times: int, reply: Reply) -> Callable[[object], Reply]:
    left = iter([reply] * times)
    return lambda _: next(left, Reply())


@pytest.mark.parametrize("reply", [THROTTLE, json_error("SlowDown", status=503), Reply("", 429), BROKEN])
def test_eight_refusals_are_outlasted(wire: Wire, reader: AwsReader, hurried: list[float], reply: Reply) -> None:
    wire.answer = first(8, reply)
    assert "clusterArns" not in reader.call("ecs", "ListClusters")
    assert len(wire.asked) == reader.api_calls == 9
    assert len(hurried) == 8


@pytest.mark.parametrize(("reply", "kind"), [(THROTTLE, Throttled), (BROKEN, Unreachable)])
def test_nine_are_the_answer(
    wire: Wire, reader: AwsReader, hurried: list[float], reply: Reply, kind: type[AwsError]
) -> None:
    wire.answer = lambda _: reply
    with pytest.raises(kind):
        reader.call("ecs", "ListClusters")
    assert len(wire.asked) == reader.api_calls == 9
    assert sum(hurried) <= READING.deadline


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (json_error("AccessDeniedException"), Denied),
        (json_error("UnknownOperationException"), Refused),
        (Reply("not here", 501), Refused),
        (json_error("InvalidParameterException"), Refused),
    ],
)
def test_what_will_not_change_is_asked_once(wire: Wire, reader: AwsReader, reply: Reply, kind: type[AwsError]) -> None:
    wire.answer = lambda _: reply
    with pytest.raises(kind):
        reader.call("ecs", "ListClusters")
    assert len(wire.asked) == 1


def test_changing_calls_are_sent_once(wire: Wire, connection: Connection) -> None:
    wire.answer = lambda _: BROKEN
    with pytest.raises(Unreachable):
        connection.ask("ecs", "DeleteService", {"service": "x"}, manner=changing("7f3a"))
    wire.answer = lambda _: THROTTLE
    with pytest.raises(Throttled):
        connection.ask("ecs", "DeleteService", {"service": "x"}, manner=changing("7f3a"))
    assert wire.operations() == ["DeleteService", "DeleteService"]


@pytest.mark.usefixtures("keys", "wire")
def test_a_dead_endpoint_costs_ten_seconds_once_and_nobody_else_anything(
    silent: str, connecting: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", silent)
    reader = AwsReader(connecting(), ACCOUNT)
    began = time.monotonic()

    def timed(ask: Callable[[], object]) -> tuple[float, object]:
        answer = ask()
        return time.monotonic() - began, answer

    dead, alive = reader.gather(
        [
            lambda: timed(lambda: reader.call("route53", "GetHealthCheck", {"HealthCheckId": "a"})),
            lambda: timed(lambda: reader.call("ecs", "ListClusters")),
        ]
    )
    assert isinstance(dead, Unreachable)
    assert time.monotonic() - began < 10
    assert isinstance(alive, tuple)
    assert alive[0] < 4
    again = time.monotonic()
    with pytest.raises(Unreachable, match="not asked again"):
        reader.call("route53", "GetHostedZone", {"Id": "Z1"})
    assert time.monotonic() - again < 0.5
    assert reader.api_calls == 3


@pytest.mark.usefixtures("keys", "wire")
def test_a_closed_port_is_soon_known(connecting: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", f"http://127.0.0.1:{port}")
    reader = AwsReader(connecting(), ACCOUNT)
    began = time.monotonic()
    with pytest.raises(Unreachable) as unreachable:
        reader.call("ecs", "ListClusters")
    assert time.monotonic() - began < 2
    assert unreachable.value.code == "EndpointConnectionError"
    assert reader.api_calls == 2


@pytest.mark.usefixtures("keys")
def test_one_slow_answer_does_not_silence_an_endpoint_that_answers_others() -> None:

    class Uneven:
        """A connection on which one operation is lost while another is answered."""

        region = SimpleNamespace(name="eu-west-1")
        sent = 0

        def ask(self, _service: str, operation: str, _params: object, **_: object) -> dict[str, object]:
            if operation == "ListTasks":
                reader.call("ecs", "ListClusters")
                raise Unreachable("ecs:ListTasks", "ReadTimeoutError", "slow")
            return {"asked": operation}

    reader = AwsReader(Uneven(), ACCOUNT)  # type: ignore[arg-type]
    with pytest.raises(Unreachable):
        reader.call("ecs", "ListTasks")
    assert reader.call("ecs", "ListServices") == {"asked": "ListServices"}


@given(
    steps=st.lists(st.tuples(st.sampled_from([429, 500, 503, "silence"]), st.floats(0, 6)), min_size=12, max_size=12),
    chance=st.floats(0, 1, exclude_max=True),
    silence=SILENCES,
)
def test_no_mixture_of_troubles_outlasts_its_deadline(
    steps: list[tuple[int | str, float]], chance: float, silence: Exception
) -> None:
    """Each attempt takes as long as it likes, within the time-outs; the pauses never lead past the deadline."""
    now = [0.0]
    patience = Patience(READING, clock=lambda: now[0], chance=lambda: chance)
    context: dict[str, object] = {}
    patience.begin(context)
    asked = 0
    for attempts, (trouble, took) in enumerate(steps, start=1):
        silent = trouble == "silence"
        limit = context.pop("read_timeout", READING.read_timeout)
        now[0] += min(took, limit) if silent else took
        asked += 1
        wait = patience.judge(
            response=None if silent else (SimpleNamespace(status_code=trouble), {}),
            attempts=attempts,
            caught_exception=silence if silent else None,
            operation=None,
            request_dict={"context": context},
        )
        assert wait is not None
        if wait is False:
            break
        now[0] += wait
        assert now[0] <= READING.deadline
    assert asked <= READING.attempts


def test_two_silences_in_a_row_stay_within_ten_seconds() -> None:
    now = [0.0]
    patience = Patience(READING, clock=lambda: now[0], chance=lambda: 0.99)
    context: dict[str, object] = {}
    patience.begin(context)
    error = ReadTimeoutError(endpoint_url="x")
    for attempts in (1, 2):
        limit = context.get("read_timeout", READING.read_timeout)
        assert isinstance(limit, float | int)
        now[0] += limit
        wait = patience.judge(
            response=None,
            attempts=attempts,
            caught_exception=error,
            operation=None,
            request_dict={"context": context},
        )
        now[0] += float(wait or 0)
    assert wait is False
    assert now[0] < 10


@pytest.mark.usefixtures("hurried")
def test_query_protocol_throttles_are_seen_too(wire: Wire, reader: AwsReader) -> None:
    left = iter([query_error("Throttling")] * 3)
    full = Reply(
        "<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers/>"
        "</DescribeLoadBalancersResult></DescribeLoadBalancersResponse>"
    )
    wire.answer = lambda _: next(left, full)
    assert reader.pages("elbv2", "DescribeLoadBalancers", "LoadBalancers") == []
    assert len(wire.asked) == 4


def test_what_only_botocore_would_send_again_has_a_deadline_too() -> None:
    now = [0.0]
    patience = Patience(READING, clock=lambda: now[0])
    context: dict[str, object] = {}
    patience.begin(context)
    limit = (SimpleNamespace(status_code=400), {"Error": {"Code": "LimitExceededException"}})
    judged = {"attempts": 3, "caught_exception": None, "operation": None, "request_dict": {"context": context}}
    assert patience.judge(response=limit, **judged) is None
    now[0] = READING.silence
    assert patience.judge(response=limit, **judged) is False
