"""Task definitions: looked at, copied, registered again; never removed.

A deregistered one stays describable only while something uses it.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from breakglass.model.arn import Arn, parse_arn
from breakglass.model.component import Absent, Condition, Found, Present, Sighting, State
from breakglass.model.kind import Kind, Look
from breakglass.model.lead import Key, Lead
from breakglass.model.making import MARK, RUN_TAG, tags_again, without_source
from breakglass.model.plan import Call, Form, Loss, Settle, Until
from breakglass.model.reading import NotFound, Reader
from breakglass.model.world import Making, Recipe, World

REVISION = re.compile(r"[^:/]+:\d+")
INCLUDE = ("TAGS",)
MARKED_WITH = "?token="
NEWEST = 10
"""Among so many of a family's newest revisions the one is looked for that a run has just registered."""
READ_ONLY = frozenset(
    {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "tags"}
    | {"registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt"}
)
"""What AWS tells of a revision and RegisterTaskDefinition does not take; tags come beside it."""


class TaskDefinition(Kind):
    """One revision of a task definition.

    A lead names a revision or a family, or is spelt `FAMILY?token=TOKEN`: the revision that was registered with
    this token.
    """

    name = "task-definition"
    title = "task definition"
    read_at = 20
    deployed_whole = True
    tag_types = ("ecs:task-definition",)
    single = True
    removable = False
    turn = 10
    volatile = frozenset({"registeredAt", "deregisteredAt", "deleteRequestedAt"})

    def identify(self, ref: str, within: str = "") -> str | None:
        """`FAMILY:REVISION`; which revision a family alone means, only AWS can tell."""
        return _spelling(ref) if REVISION.fullmatch(_spelling(ref)) else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """One DescribeTaskDefinition for each revision or family.

        An ARN of another account or region is looked up here: what is found then is not what it names, which
        its handles show.
        """
        wanted: dict[str, list[Lead]] = defaultdict(list)
        for lead in leads:
            wanted[_spelling(lead.ref)].append(lead)
        sightings = self.sight_each(wanted, partial(_sight, look.reader), look.reader)
        found = [self._found(spelling, sighting, wanted[spelling]) for spelling, sighting in sightings.items()]
        return self.tell(self.merged(found))

    def _found(self, spelling: str, sighting: Sighting, leads: Sequence[Lead]) -> Found:
        if not isinstance(sighting, Present):
            return Found(Key(self.name, spelling), sighting, tuple(leads), handles=frozenset({spelling}))
        facts = sighting.facts
        revision = f"{facts['family']}:{facts['revision']}"
        return Found(
            key=Key(self.name, revision),
            sighting=sighting,
            leads=tuple(leads),
            arn=facts["taskDefinitionArn"],
            handles=frozenset({revision, facts["family"], facts["taskDefinitionArn"]}),
            tags={tag["key"]: tag.get("value", "") for tag in facts["tags"]},
        )

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if arn.service == "ecs" and arn.resource.startswith("task-definition/") else None

    def describe(self, key: Key, sighting: Present) -> str:
        """Revision, number of containers, and what it can run on."""
        facts = sighting.facts
        containers = len(facts.get("containerDefinitions", []))
        words = [f"{containers} container{'' if containers == 1 else 's'}"]
        words += facts.get("requiresCompatibilities") or facts.get("compatibilities", [])
        return f"{key.id} ({', '.join(words)})"

    def successor(self, key: Key, token: str) -> tuple[str, str]:
        """The revision of its family that bears the token: AWS gives it a number of its own."""
        return f"{key.id.partition(':')[0]}{MARKED_WITH}{token}", ""

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """An ARN, or family and revision, is of this very one; a family outlives it."""
        if parse_arn(ref):
            return "taskDefinitionArn", Form.WHOLE
        return ("taskDefinitionArn", Form.REVISION) if REVISION.fullmatch(ref) else None

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """RegisterTaskDefinition from everything but AWS's own fields: a new revision, by which it is found."""
        facts = recipe.facts
        if not facts.get("containerDefinitions"):
            return without_source(recipe.key, "Name one with --task-definition FAMILY:REVISION, or a --snapshot.")
        params = {name: value for name, value in facts.items() if name not in READ_ONLY and value not in (None, [])}
        marks = {RUN_TAG: world.run, MARK: world.token(recipe.key)}
        params["tags"] = tags_again(facts.get("tags", []), marks, "key", "value")
        actions = (
            Call("ecs", "RegisterTaskDefinition", params, "no revision that is ACTIVE is named"),
            Settle(recipe.key, Until.THERE, "the new revision is ACTIVE", deadline=120),
        )
        return Making(actions, lost=(Loss(recipe.key, "it gets a new revision number"),))

    def awaited(self, until: Until, sighting: Sighting) -> str | None:
        """There: it can start tasks. One that is deregistered can be read, and no more."""
        match until, sighting:
            case Until.THERE, Present(condition=condition) if condition.state is not State.OK:
                return condition.reason
            case _:
                return super().awaited(until, sighting)

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether the revision that it registers can be seen."""
        return isinstance(sighting, Present) and sighting.condition.state is State.OK


def _spelling(ref: str) -> str:
    arn = parse_arn(ref)
    return arn.resource.removeprefix("task-definition/") if arn else ref


def _sight(reader: Reader, spelling: str) -> Sighting:
    family, marked_with, token = spelling.partition(MARKED_WITH)
    return _registered_with(reader, family, token) if marked_with else _look_up(reader, spelling)


def _registered_with(reader: Reader, family: str, token: str) -> Sighting:
    """The newest revision of exactly that family that bears the token. Raises `AwsError`."""
    listed = reader.pages(
        "ecs", "ListTaskDefinitions", "taskDefinitionArns", {"familyPrefix": family, "status": "ACTIVE", "sort": "DESC"}
    )
    revisions = [_spelling(arn) for arn in listed if _spelling(arn).rpartition(":")[0] == family]
    for revision in sorted(revisions, key=_number, reverse=True)[:NEWEST]:
        seen = _look_up(reader, revision)
        if isinstance(seen, Present) and {"key": MARK, "value": token} in seen.facts["tags"]:
            return seen
    return Absent(f"no revision of {family} was registered by this run")


def _number(revision: str) -> int:
    return int(revision.rpartition(":")[2])


def _look_up(reader: Reader, spelling: str) -> Sighting:
    try:
        answer = reader.call("ecs", "DescribeTaskDefinition", {"taskDefinition": spelling, "include": list(INCLUDE)})
    except NotFound:
        return Absent(f"AWS knows no task definition {spelling}")
    facts = {**answer["taskDefinition"], "tags": answer.get("tags", [])}
    return Present(facts, condition=_condition(facts.get("status", "ACTIVE")))


def _condition(status: str) -> Condition:
    if status == "ACTIVE":
        return Condition()
    reason = f"deregistered ({status}): it cannot start new tasks until it is registered again"
    return Condition(State.STALE, reason)


KIND = TaskDefinition()
