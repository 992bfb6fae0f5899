"""Log groups of CloudWatch Logs: looked at, copied, made again; never removed.

What a service has said is in there, and after an outage it is what people need most. Several services often write to
one, and AWS does not tell which do. A missing one stops a service all the same: a task whose `awslogs` group is not
there does not start (ResourceInitializationError), unless its options have ECS make it.

Nothing but task definitions and ECS services names log groups, and their kinds need not know: `draws` reads it there.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from breakglass.model.arn import Arn, parse_arn
from breakglass.model.component import Absent, Facts, Found, Present, Sighting
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.model.making import AWS_OWN, OURS, RUN_TAG
from breakglass.model.plan import Action, Call, Loss, Settle, Until
from breakglass.model.reading import AwsError, NotFound, NotOffered, Reader
from breakglass.model.world import Making, Recipe, World

SERVICE = "logs"
DRIVER = "awslogs"
GROUP, REGION, CREATE = (f"{DRIVER}-{option}" for option in ("group", "region", "create-group"))
MADE_OF = ("kmsKeyId", "logGroupClass", "deletionProtectionEnabled")
"""What CreateLogGroup takes of what AWS tells of a log group; its retention is a call of its own."""
PASSING = (("OperationAbortedException", ""),)
"""Another change of the same log group is under way."""
BESIDE = "its streams and what is in them, its metric and subscription filters are not made again"
UNKNOWN = "no source says how long it kept what it had: it keeps all until somebody says otherwise"


class LogGroup(Kind):
    """A log group, known by its name, `NAME (REGION)` where that is not the region at hand.

    A lead names it by name or ARN; its `within` is its region.
    """

    name = "log-group"
    title = "log group"
    drawn_from = frozenset({"task-definition", "ecs-service"})
    removable = False
    turn = 12
    read_at = 25
    volatile = frozenset({"storedBytes", "metricFilterCount"})
    tag_types = ("logs:log-group",)

    def identify(self, ref: str, within: str = "") -> str | None:
        """Its name, where no region is named: which one is at hand only a look can tell."""
        region, name = _place(ref, within)
        return None if region else name

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if arn.service == SERVICE and arn.resource.startswith("log-group:") else None

    def draws(self, found: Found) -> Sequence[Reference]:
        """The groups that containers, or a service's Service Connect proxies, write to by the `awslogs` driver.

        One that ECS makes by itself when it is missing is only told of.
        """
        facts = found.sighting.facts if isinstance(found.sighting, Present) else {}
        references: dict[tuple[str, str, bool], Reference] = {}
        for path, options in _written(facts):
            name, region, makes_it = options[GROUP], options.get(REGION, ""), options.get(CREATE) == "true"
            field = f"{path}.options.{GROUP}"
            reference = Reference(field, self.name, name, within=region, hint=makes_it, expects=not makes_it)
            references.setdefault((name, region, makes_it), reference)
        return tuple(references.values())

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """One DescribeLogGroups for each: of all names that begin with one, that one comes first."""
        wanted: dict[tuple[str, str], list[Lead]] = {}
        for lead in leads:
            region, name = _place(lead.ref, lead.within)
            wanted.setdefault((region or look.reader.region, name), []).append(lead)
        known = {_known_as(place, look): place for place in wanted}
        sightings = self.sight_each(known, lambda one: _look_up(look, *known[one]), look.reader)
        found = [self._found(one, known[one], wanted[known[one]], sightings[one], look) for one in known]
        return self.tell(one for one in found if not _elsewhere(one, known[one.key.id], look.reader))

    def _found(
        self, known_as: str, place: tuple[str, str], leads: Sequence[Lead], sighting: Sighting, look: Look
    ) -> Found:
        region, _ = place
        facts = sighting.facts if isinstance(sighting, Present) else {}
        arn = facts.get("logGroupArn") or facts.get("arn", "").removesuffix(":*") or None
        return Found(
            key=Key(self.name, known_as),
            sighting=sighting,
            leads=tuple(leads),
            arn=arn,
            handles=frozenset(filter(None, (known_as, arn))),
            tags=facts.get("tags"),
            region=region if region != look.reader.region else "",
        )

    def describe(self, key: Key, sighting: Present) -> str:
        """Name, and for how long it keeps what is written to it."""
        days = sighting.facts.get("retentionInDays")
        return f"{key.id}  {f'kept for {days} days' if days else 'kept for ever'}"

    def retrace(self, key: Key, references: Sequence[Reference]) -> tuple[str, str]:
        """Its name, and its region where the id says it."""
        region, name = _place(key.id, "")
        return name, region

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateLogGroup, then its retention. Its name is enough for tasks to start, whatever else it was."""
        region, name = _place(recipe.key.id, "")
        facts = recipe.facts
        given = {field: facts[field] for field in MADE_OF if facts.get(field) not in (None, "", False)}
        tags = {tag: text for tag, text in facts.get("tags", {}).items() if not tag.startswith((AWS_OWN, OURS))}
        params = {"logGroupName": name, **given, "tags": {**tags, RUN_TAG: world.run}}
        actions: list[Action] = [
            Call(SERVICE, "CreateLogGroup", params, "tasks that write to it do not start without it", region, PASSING),
            Settle(recipe.key, Until.THERE, "the log group is there", deadline=120),
        ]
        if days := facts.get("retentionInDays"):
            keeping = {"logGroupName": name, "retentionInDays": days}
            actions.append(Call(SERVICE, "PutRetentionPolicy", keeping, "retention is a call of its own", region))
        lost = [Loss(recipe.key, BESIDE)] if facts else [Loss(recipe.key, BESIDE), Loss(recipe.key, UNKNOWN)]
        return Making(tuple(actions), lost=tuple(lost))

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether it keeps for as long as was put; the rest as always."""
        match call.operation, sighting:
            case "PutRetentionPolicy", Present(facts=facts):
                return bool(facts.get("retentionInDays") == call.params["retentionInDays"])
            case _:
                return super().done(call, sighting)

    def already(self, call: Call, code: str) -> bool:
        """A container that has ECS make it, or a colleague, may have been quicker."""
        return call.operation == "CreateLogGroup" and code == "ResourceAlreadyExistsException"


def _written(facts: Facts) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Where logs are written by the driver: the path of each configuration, and its options."""
    configurations: list[tuple[str, Any]] = [
        (f"containerDefinitions[{at}].logConfiguration", container.get("logConfiguration"))
        for at, container in enumerate(facts.get("containerDefinitions", []))
    ]
    configurations += [
        (f"deployments[{at}].serviceConnectConfiguration.logConfiguration", connected.get("logConfiguration"))
        for at, deployment in enumerate(facts.get("deployments", []))
        if (connected := deployment.get("serviceConnectConfiguration") or {})
    ]
    for path, configuration in configurations:
        options = (configuration or {}).get("options") or {}
        if (configuration or {}).get("logDriver") == DRIVER and options.get(GROUP):
            yield path, options


def _place(ref: str, within: str) -> tuple[str, str]:
    """Region (empty where none is named) and name."""
    if (arn := parse_arn(ref)) and arn.service == SERVICE:
        return arn.region, arn.resource.removeprefix("log-group:").removesuffix(":*")
    name, opening, region = ref.partition(" (")
    return region.removesuffix(")") if opening else within, name


def _known_as(place: tuple[str, str], look: Look) -> str:
    region, name = place
    return name if region == look.reader.region else f"{name} ({region})"


def _look_up(look: Look, region: str, name: str) -> Sighting:
    answer = look.reader.call(SERVICE, "DescribeLogGroups", {"logGroupNamePrefix": name}, region=region)
    group = next((one for one in answer.get("logGroups", []) if one["logGroupName"] == name), None)
    if group is None:
        return Absent(f"AWS knows no log group {name} in {region}")
    if look.detail is Detail.LOOK:
        return Present(group)
    arn = group.get("logGroupArn") or group["arn"].removesuffix(":*")
    try:
        tags = look.reader.call(SERVICE, "ListTagsForResource", {"resourceArn": arn}, region=region).get("tags", {})
    except (NotFound, NotOffered):
        tags = {}
    except AwsError as error:
        return Present(group, unread=(error.unread,))
    return Present({**group, "tags": tags})


def _elsewhere(found: Found, place: tuple[str, str], reader: Reader) -> bool:
    """Whether an endpoint that knows no log group at all is asked about one that only a task's options name.

    It is none that tasks have ever written to, and proves nothing about theirs.
    """
    drawn = all(lead.source in {Source.LIVE, Source.TOMBSTONE} for lead in found.leads)
    if not isinstance(found.sighting, Absent) or not drawn:
        return False
    try:
        return not reader.call(SERVICE, "DescribeLogGroups", {"limit": 1}, region=place[0]).get("logGroups")
    except AwsError:
        return False


KIND = LogGroup()
