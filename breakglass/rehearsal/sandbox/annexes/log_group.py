"""Log groups: those of the seed's tasks, and what becomes of a task whose group is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from moto.logs.models import logs_backends

from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.seed.ground import Ground
from breakglass.rehearsal.sandbox.state import AwsShape, Call

from . import Annex

CLASS, STANDARD = "logGroupClass", "STANDARD"
_MISSING = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to "
    "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"
)


class LogGroups(Annex):
    """CloudWatch Logs, as far as ECS needs it."""

    def __init__(self) -> None:
        self._classes: dict[tuple[str, str, str], str] = {}

    def handlers(self, moto: MotoBridge) -> Mapping[tuple[str, str], Callable[[Call], AwsShape]]:
        """What moto would answer otherwise."""

        def create(call: Call) -> AwsShape:
            """A class is taken for good; moto forgets it.

            https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
            """
            answer = moto.call(call.replaced(logGroupClass=None))
            self._classes[call.account, call.region, call.params["logGroupName"]] = call.params.get(CLASS) or STANDARD
            return answer

        def describe(call: Call) -> AwsShape:
            answer = moto.call(call)
            for one in answer["logGroups"]:
                one[CLASS] = self._class_of(call.account, call.region, one["logGroupName"])
            return answer

        return {("logs", "CreateLogGroup"): create, ("logs", "DescribeLogGroups"): describe}

    def _class_of(self, account: str, region: str, name: str) -> str:
        return self._classes.get((account, region, name), STANDARD)

    def plant(self, ground: Ground, named: AwsShape) -> None:
        """Every group that is named, kept for a month."""
        call = ground.call
        connected = (named.get("serviceConnectConfiguration") or {}).get("logConfiguration")
        for name, _ in (*_groups(named), *_options(connected)):
            if name not in logs_backends[call.account][call.region].groups:
                call("logs", "CreateLogGroup", logGroupName=name, tags={"team": "plattform"})
                call("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=30)

    def witness(self, account: str, region: str) -> AwsShape:
        """All there are."""
        backend = logs_backends[account][region]
        return {
            "log-group": {
                name: {
                    "retention": group.retention_in_days,
                    "key": group.kms_key_id,
                    "class": self._class_of(account, region, name),
                    "tags": backend.list_tags_for_resource(group.arn),
                }
                for name, group in backend.groups.items()
            }
        }

    def keeps_from_starting(self, account: str, region: str, definition: AwsShape) -> str | None:
        """A group that is not there, and that ECS has not been told to make.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
        """
        there = logs_backends[account][region].groups
        names = (name for name, options in _groups(definition) if options.get("awslogs-create-group") != "true")
        return _MISSING if any(name not in there for name in names) else None


def _groups(definition: AwsShape) -> Iterator[tuple[str, AwsShape]]:
    for container in definition.get("containerDefinitions", []):
        yield from _options(container.get("logConfiguration"))


def _options(configuration: AwsShape | None) -> Iterator[tuple[str, AwsShape]]:
    """The log group of a log configuration with all that is said of it, where the driver is CloudWatch's."""
    options = (configuration or {}).get("options") or {}
    if configuration and configuration.get("logDriver") == "awslogs" and options.get("awslogs-group"):
        yield options["awslogs-group"], options


ANNEX = LogGroups()
