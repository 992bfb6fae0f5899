"""The Reader: asks once, never changes anything, and never takes half an answer for a whole one."""

import contextlib
import threading
import time
from collections.abc import Callable

import pytest
from botocore.session import Session
from hypothesis import example, given, settings
from hypothesis import strategies as st

from breakglass.aws.asking import Crew
from breakglass.aws.fast import LeanLoader
from breakglass.aws.reader import AwsReader, frozen
from breakglass.errors import CredentialsError
from breakglass.model.reading import AwsError, Denied, Reader, Refused, Unreachable
from tests.aws.conftest import Asked, Connect, Reply, Wire, json_error

READS = ("Describe", "List", "Get", "BatchGet", "Simulate", "Test", "Lookup")
SERVICES = [
    "dynamodb",
    "ecs",
    "elb",
    "elbv2",
    "route53",
    "application-autoscaling",
    "cloudwatch",
    "servicediscovery",
    "ec2",
    "iam",
    "sts",
    "cloudformation",
]


def test_it_is_a_reader(reader: AwsReader) -> None:
    protocol: Reader = reader
    assert (protocol.account, protocol.region) == ("111122223333", "eu-west-1")


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_that_changes_anything_is_sent(wire: Wire, reader: AwsReader, service: str) -> None:
    session = Session()
    session.register_component("data_loader", LeanLoader())
    names = session.get_service_model(service).operation_names
    changing = [name for name in names if not name.startswith(READS) and name not in {"Query", "Scan"}]
    assert changing
    for name in changing:
        with pytest.raises(ValueError, match="only looks"):
            reader.call(service, name)
        with pytest.raises(ValueError, match="only looks"):
            reader.pages(service, name, "Items")
    assert wire.asked == []


@pytest.mark.parametrize(
    "name", ["describe_services", "Getaway", "Scanner", "QueryAndDelete", "Listen", "", "DeleteGet"]
)
def test_a_name_that_only_resembles_is_refused(reader: AwsReader, name: str) -> None:
    with pytest.raises(ValueError, match="only looks"):
        reader.call("ecs", name)


def test_what_does_not_exist_is_a_programming_error(reader: AwsReader) -> None:
    with pytest.raises(ValueError, match="no operation"):
        reader.call("ecs", "DescribeNonsense")
    with pytest.raises(ValueError, match="no service"):
        reader.call("nonsense", "DescribeThings")
    with pytest.raises(ValueError, match="lists no"):
        reader.pages("ecs", "ListClusters", "clusters")


@pytest.mark.parametrize("empty", [None, "", []])
def test_a_question_about_nothing_is_not_sent_as_one_about_everything(
    wire: Wire, reader: AwsReader, empty: object
) -> None:
    with pytest.raises(Refused, match="Names must not be empty"):
        reader.call("elbv2", "DescribeLoadBalancers", {"Names": empty})
    assert wire.asked == []


def test_the_same_question_is_sent_once(wire: Wire, reader: AwsReader) -> None:
    wire.answer = lambda _: Reply('{"services": [], "failures": []}', delay=0.05)
    asks = [
        lambda: reader.call("ecs", "DescribeServices", {"cluster": "c", "services": ["s"]}),
        lambda: reader.call("ecs", "DescribeServices", {"services": ["s"], "cluster": "c"}),
        lambda: reader.call("ecs", "DescribeServices", {"services": ["s"], "cluster": "c"}, region="eu-west-1"),
        lambda: reader.call("ecs", "DescribeServices", {"services": ["t"], "cluster": "c"}),
    ]
    answers = reader.gather(asks * 4)
    assert len(answers) == 16
    assert len(wire.asked) == reader.api_calls == 2
    assert answers[0] is answers[1] is answers[2]


def test_failures_are_shared_and_a_fresh_reader_asks_again(wire: Wire, reader: AwsReader) -> None:
    wire.answer = lambda _: json_error("AccessDeniedException")
    for _ in range(3):
        with pytest.raises(Denied):
            reader.call("ecs", "ListClusters")
    assert len(wire.asked) == 1
    fresh = reader.fresh()
    with pytest.raises(Denied):
        fresh.call("ecs", "ListClusters")
    assert (len(wire.asked), reader.api_calls, fresh.api_calls) == (2, 2, 1)


def test_answers_and_failures_come_back_at_their_places(wire: Wire, reader: AwsReader) -> None:
    def answer(asked: Asked) -> Reply:
        number = int(asked.body.partition(b'"cluster": "c')[2].partition(b'"')[0])
        return json_error("ClusterNotFoundException") if number % 3 == 0 else Reply(f'{{"serviceArns": ["{number}"]}}')

    wire.answer = answer
    ask: Callable[[int], Callable[[], object]] = lambda number: (  # noqa: E731
        lambda: reader.pages("ecs", "ListServices", "serviceArns", {"cluster": f"c{number}"})
    )
    answers = reader.gather([ask(number) for number in range(40)])
    for number, found in enumerate(answers):
        if number % 3 == 0:
            assert isinstance(found, AwsError)
        else:
            assert found == [str(number)]


@settings(deadline=None)
@given(depth=st.integers(1, 5), width=st.integers(1, 4), size=st.integers(1, 3))
def test_asking_from_within_an_ask_never_stands_still(depth: int, width: int, size: int) -> None:
    crew = Crew(size)

    def tree(level: int) -> int:
        if level == 0:
            return 1
        return sum(int(found) for found in crew.gather([lambda: tree(level - 1)] * width))  # type: ignore[arg-type]

    result: list[int] = []
    worker = threading.Thread(target=lambda: result.append(tree(depth)), daemon=True)
    worker.start()
    worker.join(20)
    assert result == [width**depth]


def test_questions_run_side_by_side() -> None:
    began = time.monotonic()
    assert Crew(8).gather([lambda: time.sleep(0.2)] * 8) == [None] * 8
    assert time.monotonic() - began < 0.8


def test_refused_credentials_end_a_gathering(wire: Wire, reader: AwsReader) -> None:
    wire.answer = lambda _: json_error("ExpiredTokenException", "The token is expired")
    with pytest.raises(CredentialsError, match="ExpiredTokenException"):
        reader.gather([lambda: reader.call("ecs", "ListClusters"), lambda: reader.call("ecs", "ListTasks")])


def test_programming_errors_are_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        Crew(2).gather([lambda: 1, lambda: 1 // 0, lambda: 1])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=2) | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@example(one=True, other=1)
@example(one=[0], other=[False])
@example(one={"a": b"x"}, other={"a": "x"})
@given(one=VALUES, other=VALUES)
def test_only_the_same_question_has_the_same_key(one: object, other: object) -> None:
    def exact(value: object) -> str:
        if isinstance(value, dict):
            return f"{{{sorted((name, exact(item)) for name, item in value.items())}}}"
        return f"[{[exact(item) for item in value]}]" if isinstance(value, list) else repr(value)

    assert (frozen(one) == frozen(other)) == (exact(one) == exact(other))


def listing(*pages: str) -> Callable[[Asked], Reply]:
    left = iter(pages)
    return lambda _: Reply(next(left))


def test_all_pages_in_order(wire: Wire, reader: AwsReader) -> None:
    wire.answer = listing('{"clusterArns": ["a"], "nextToken": "1"}', '{"clusterArns": ["b"], "nextToken": ""}')
    assert reader.pages("ecs", "ListClusters", "clusterArns") == ["a", "b"]
    assert [b"nextToken" in asked.body for asked in wire.asked] == [False, True]


@pytest.mark.parametrize("tokens", ["11", "1231", "1232"])
def test_a_listing_that_leads_back_is_no_listing(wire: Wire, reader: AwsReader, tokens: str) -> None:
    pages = [f'{{"clusterArns": ["{token}"], "nextToken": "{token}"}}' for token in tokens]
    wire.answer = listing(*pages)
    with pytest.raises(Refused) as refused:
        reader.pages("ecs", "ListClusters", "clusterArns")
    assert refused.value.code == "PaginationDidNotAdvance"
    assert refused.value.operation == "ecs:ListClusters"


def test_a_listing_that_botocore_does_not_know_as_one_is_paged_by_its_tokens(wire: Wire, reader: AwsReader) -> None:
    assert reader._connection.paginator("elbv2", "DescribeTrustStoreRevocations") is not None
    assert reader._connection.paginator("ecs", "ListServiceDeployments") is None
    wire.answer = listing(
        '{"serviceDeployments": [{"status": "a"}], "nextToken": "1"}', '{"serviceDeployments": [{"status": "b"}]}'
    )
    found = reader.pages("ecs", "ListServiceDeployments", "serviceDeployments", {"service": "s"})
    assert [item["status"] for item in found] == ["a", "b"]


def records(names: list[tuple[str, str]], following: str = "", *, truncated: bool = False) -> str:
    sets = "".join(
        f"<ResourceRecordSet><Name>{name}</Name><Type>A</Type><SetIdentifier>{identifier}</SetIdentifier>"
        "<Weight>1</Weight></ResourceRecordSet>"
        for name, identifier in names
    )
    return (
        f"<ListResourceRecordSetsResponse><ResourceRecordSets>{sets}</ResourceRecordSets>"
        f"<IsTruncated>{str(truncated).lower()}</IsTruncated>{following}<MaxItems>300</MaxItems>"
        "</ListResourceRecordSetsResponse>"
    )


def test_weighted_records_are_paged_by_name_type_and_identifier(wire: Wire, reader: AwsReader) -> None:
    after = (
        "<NextRecordName>a.</NextRecordName><NextRecordType>A</NextRecordType>"
        "<NextRecordIdentifier>two</NextRecordIdentifier>"
    )
    wire.answer = listing(records([("a.", "one")], after, truncated=True), records([("a.", "two")]))
    found = reader.pages("route53", "ListResourceRecordSets", "ResourceRecordSets", {"HostedZoneId": "Z1"})
    assert [item["SetIdentifier"] for item in found] == ["one", "two"]
    assert "name=a." in wire.asked[1].path
    assert "type=A" in wire.asked[1].path
    assert "identifier=two" in wire.asked[1].path


def test_a_start_given_by_the_caller_does_not_stay_for_later_pages(wire: Wire, reader: AwsReader) -> None:
    after = "<NextRecordName>b.</NextRecordName><NextRecordType>A</NextRecordType>"
    wire.answer = listing(records([("a.", "one")], after, truncated=True), records([("b.", "two")]))
    start = {"StartRecordName": "a.", "StartRecordType": "A", "StartRecordIdentifier": "one"}
    reader.pages("route53", "ListResourceRecordSets", "ResourceRecordSets", {"HostedZoneId": "Z1", **start})
    assert "identifier" not in wire.asked[1].path


@pytest.mark.parametrize("after", ["", "<NextRecordName>a.</NextRecordName><NextRecordType>A</NextRecordType>"])
def test_records_that_go_on_without_saying_where_are_refused(wire: Wire, reader: AwsReader, after: str) -> None:
    """moto gives no NextRecordIdentifier: a pager would read the first page of a weighted name for ever."""
    wire.answer = lambda _: Reply(records([("a.", "one")], after, truncated=True))
    with pytest.raises(Refused, match="PaginationDidNotAdvance"):
        reader.pages("route53", "ListResourceRecordSets", "ResourceRecordSets", {"HostedZoneId": "Z1"})
    assert len(wire.asked) <= 2


GARBAGE = {
    "a proxy's page": Reply("<html><body>Please sign in</body></html>"),
    "a proxy's well-made page": Reply('<?xml version="1.0"?><!DOCTYPE html><html xmlns="x"><body>no</body></html>'),
    "nothing": Reply(""),
    "cut off": Reply('{"services": [{"serviceName": "a"', announced=400),
    "cut off, and not announced": Reply('{"services": ['),
    "a list": Reply("[]"),
    "null": Reply("null"),
    "text": Reply('"ok"'),
    "something else": Reply('{"login": "https://example.com"}'),
    "noise": Reply(b"\x00\xff\xfe\x01" * 5),
}
QUESTIONS = [
    ("ecs", "DescribeServices", {"services": ["s"]}),
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {"name": {"S": "s"}}}),
    ("elbv2", "DescribeTargetGroups", {"Names": ["n"]}),
    ("elb", "DescribeLoadBalancers", {"LoadBalancerNames": ["n"]}),
    ("route53", "ListResourceRecordSets", {"HostedZoneId": "Z1"}),
    ("route53", "GetHealthCheck", {"HealthCheckId": "h"}),
    ("application-autoscaling", "DescribeScalableTargets", {"ServiceNamespace": "ecs"}),
    ("cloudwatch", "DescribeAlarms", {"AlarmNames": ["a"]}),
    ("servicediscovery", "GetService", {"Id": "srv-1"}),
    ("ec2", "DescribeSecurityGroups", {"GroupIds": ["sg-1"]}),
]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(("service", "operation", "params"), QUESTIONS, ids=lambda value: str(value)[:24])
@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE)
def test_a_success_that_is_none_never_looks_like_an_empty_answer(
    wire: Wire, reader: AwsReader, service: str, operation: str, params: dict[str, object], reply: Reply
) -> None:
    wire.answer = lambda _: reply
    with pytest.raises(Unreachable):
        reader.call(service, operation, params)


@pytest.mark.usefixtures("hurried")
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_noise_brings_a_traceback(data: st.DataObject) -> None:
    """The parsers of all protocols, fed with anything that starts like an answer."""
    service, operation, params = data.draw(st.sampled_from(QUESTIONS))
    start = data.draw(st.sampled_from([b"", b"{", b'{"services":', b"<", b"<a><b>", b"\xbf", b"\xa1", b"\xa1\x61a"]))
    body = start + data.draw(st.binary(max_size=12))
    NOISE.answer = lambda _: Reply(body, data.draw(st.sampled_from([200, 400, 404])))
    with contextlib.suppress(AwsError):
        NOISE.reader.fresh().call(service, operation, params)


class Noise:
    """What the property above speaks to: one wire for all its examples."""

    answer: Callable[[Asked], Reply]
    reader: AwsReader


NOISE = Noise()


@pytest.fixture(autouse=True)
def _noise(request: pytest.FixtureRequest) -> None:
    if request.node.name == "test_no_noise_brings_a_traceback":
        wire: Wire = request.getfixturevalue("wire")
        NOISE.reader = request.getfixturevalue("reader")
        wire.answer = lambda asked: NOISE.answer(asked)  # noqa: PLW0108 - each example has another


def test_an_item_that_is_not_there_is_an_answer(wire: Wire, reader: AwsReader) -> None:
    wire.answer = lambda _: Reply("{}")
    answer = reader.call("dynamodb", "GetItem", {"TableName": "t", "Key": {"name": {"S": "s"}}})
    assert "Item" not in answer


def test_a_cut_off_answer_is_asked_for_again(wire: Wire, reader: AwsReader) -> None:
    replies = iter([GARBAGE["cut off"], Reply('{"services": [{"serviceName": "a"}]}')])
    wire.answer = lambda _: next(replies)
    assert reader.call("ecs", "DescribeServices", {"services": ["a"]})["services"] == [{"serviceName": "a"}]
    assert len(wire.asked) == 2


@pytest.mark.usefixtures("keys")
def test_another_region_is_another_question(wire: Wire, connecting: Connect) -> None:
    reader = AwsReader(connecting(), "111122223333")
    for region in (None, "us-east-1"):
        reader.call("ecs", "ListClusters", region=region)
    signed = [asked.headers["authorization"] for asked in wire.asked]
    assert ["/eu-west-1/" in signed[0], "/us-east-1/" in signed[1]] == [True, True]
