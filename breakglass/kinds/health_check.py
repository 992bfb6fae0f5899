"""Route 53 health checks.

AWS deletes one that records or parent checks still use, so whoever deletes has to look at these first.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheck.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from breakglass.model.arn import Arn, load_balancer_of, parse_arn, without_dualstack
from breakglass.model.component import Absent, Component, Condition, Facts, Found, Present, Sighting, Unread, Unreadable
from breakglass.model.inventory import Claim
from breakglass.model.kind import Kind, Look
from breakglass.model.lead import Key, Lead, Reference, Source
from breakglass.model.making import RUN_TAG, tags_again, without_source
from breakglass.model.plan import Action, Call, Form, Loss, Output, Settle, Until
from breakglass.model.reading import AwsError, NotFound, Reader, batches
from breakglass.model.world import Making, Recipe, World

IDS_A_CALL = 10
TAGS_A_CHECK = 10
CALLER_REFERENCE = "caller-reference:"
CONFIG = "HealthCheckConfig"
WANTED_SHOWN = 24
USUAL_PORTS = {"HTTP": 80, "HTTPS": 443}


class HealthCheck(Kind):
    """A health check, known by its id.

    A lead names the id, or is spelt `caller-reference:REFERENCE`: the check that was made with it.
    """

    name = "health-check"
    title = "health check"
    read_at = 90
    global_tag_types = ("route53:healthcheck",)
    names = frozenset({"health-check", "alarm"})
    used = True
    turn = 80

    def identify(self, ref: str, within: str = "") -> str | None:
        """Its id; the id that AWS gave to what a run made, only AWS can tell."""
        if ref.startswith(CALLER_REFERENCE):
            return None
        arn = parse_arn(ref)
        return arn.resource.removeprefix("healthcheck/") if arn else ref

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if arn.service == "route53" and arn.resource.startswith("healthcheck/") else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """GetHealthCheck for each, then the tags of all that are there, ten a call."""
        wanted = {known_as: list(some) for known_as, some in self.by_id(leads).items()}
        unnamed: list[Found] = []
        for lead in leads:
            if lead.ref.startswith(CALLER_REFERENCE):
                match _made_with(lead.ref.removeprefix(CALLER_REFERENCE), look.reader):
                    case str(known_as):
                        wanted.setdefault(known_as, []).append(lead)
                    case nothing:
                        unnamed.append(Found(Key(self.name, lead.ref), nothing, (lead,)))
        sightings = self.sight_each(wanted, partial(_look_up, look.reader), look.reader)
        there = [known_as for known_as, seen in sightings.items() if isinstance(seen, Present)]
        tags = _tags(there, look.reader)
        found = [
            self._found(known_as, _with_tags(sightings[known_as], tags.get(known_as)), some)
            for known_as, some in wanted.items()
        ]
        return self.tell([*found, *unnamed])

    def _found(self, known_as: str, sighting: Sighting, leads: Sequence[Lead]) -> Found:
        tags = sighting.facts.get("Tags") if isinstance(sighting, Present) else None
        return Found(
            key=Key(self.name, known_as),
            sighting=sighting,
            leads=tuple(leads),
            handles=frozenset({known_as}),
            tags=None if tags is None else {tag["Key"]: tag.get("Value", "") for tag in tags},
        )

    def claims(self, found: Found, look: Look) -> Sequence[Claim]:
        """Children and alarms of all other health checks of the account."""
        checks = look.reader.pages("route53", "ListHealthChecks", "HealthChecks")
        return [
            Claim(by, Lead(ref.kind, ref.ref, Source.LIVE, f"{by} {ref.path}", ref.within, giver=by))
            for check in checks
            if (by := Key(self.name, check["Id"])) != found.key
            for ref in _depends_on(check)
        ]

    def describe(self, key: Key, sighting: Present) -> str:
        """What it asks."""
        config = sighting.facts["HealthCheckConfig"]
        words = [_what_it_asks(config)]
        words += [f"containing {text[:WANTED_SHOWN]!r}"] if (text := config.get("SearchString")) else []
        words += [word for word, field in (("inverted", "Inverted"), ("disabled", "Disabled")) if config.get(field)]
        return ", ".join(words)

    def successor(self, key: Key, token: str) -> tuple[str, str]:
        """The check that bears the token as its caller reference: AWS gives it an id of its own."""
        return f"{CALLER_REFERENCE}{token}", ""

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """Nothing but its id refers to it."""
        return "Id", Form.WHOLE

    def untouchable(self, key: Key, facts: Facts) -> str | None:
        """One that another AWS service made for itself, or that a routing control decides."""
        return _whose(facts)

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteHealthCheck, which AWS never refuses: whatever uses it has to be gone before."""
        params = {"HealthCheckId": component.key.id}
        call = Call("route53", "DeleteHealthCheck", params, "no record, alarm or parent check uses it any more")
        return call, Settle(component.key, Until.ABSENT, "the health check is gone", deadline=120)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateHealthCheck with a caller reference of this run's own, then its tags."""
        if not recipe.facts.get(CONFIG):
            return without_source(recipe.key)
        token = world.token(recipe.key)
        params = {"CallerReference": token, CONFIG: world.renewed(recipe.facts[CONFIG])}
        tags = tags_again(recipe.facts.get("Tags", []), {RUN_TAG: world.run})[:TAGS_A_CHECK]
        tagging = {"ResourceType": "healthcheck", "ResourceId": Output(recipe.key, "Id"), "AddTags": tags}
        actions = (
            Call("route53", "CreateHealthCheck", params, "it is missing"),
            Settle(recipe.key, Until.THERE, "the health check is there", deadline=120),
            Call("route53", "ChangeTagsForResource", tagging, "tags are a call of their own"),
        )
        what = "it gets a new id; whatever outside this service names the old one has to be changed by hand"
        return Making(actions, lost=(Loss(recipe.key, what),))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """UpdateHealthCheck of the fields that name something gone, of the version that was read."""
        config = component.facts[CONFIG]
        paths = [reference.path.removeprefix(f"{CONFIG}.") for reference in references if CONFIG in reference.path]
        fields = dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in paths)
        change = {name: world.renewed(config[name]) for name in fields}
        if change == {name: config[name] for name in fields}:
            return Making(())
        expected = {"HealthCheckId": component.key.id, "HealthCheckVersion": component.facts["HealthCheckVersion"]}
        return Making((Call("route53", "UpdateHealthCheck", {**expected, **change}, "it names something gone"),))

    def done(self, call: Call, sighting: Sighting) -> bool:
        """Whether a change of its fields is to be seen; the rest as always. Tags are simply sent again."""
        match call.operation, sighting:
            case "UpdateHealthCheck", Present(facts=facts):
                sent = {name: value for name, value in call.params.items() if not name.startswith("HealthCheck")}
                return all(_plain(facts[CONFIG].get(name)) == _plain(value) for name, value in sent.items())
            case _:
                return super().done(call, sighting)


def _made_with(reference: str, reader: Reader) -> str | Sighting:
    """The id of the check that was made with this caller reference; no call but the listing asks by it."""
    try:
        checks = reader.pages("route53", "ListHealthChecks", "HealthChecks")
    except AwsError as error:
        return Unreadable((error.unread,))
    absent = Absent("no health check was made by this run")
    return next((str(check["Id"]) for check in checks if check["CallerReference"] == reference), absent)


def _look_up(reader: Reader, known_as: str) -> Sighting:
    try:
        check = reader.call("route53", "GetHealthCheck", {"HealthCheckId": known_as})["HealthCheck"]
    except NotFound:
        return Absent(f"AWS knows no health check {known_as}")
    return Present(check, tuple(_references(check)), _condition(check))


def _tags(there: Sequence[str], reader: Reader) -> Mapping[str, Sequence[Mapping[str, str]] | Unread]:
    """The tags of each health check, or why they could not be read."""
    some_at_once = list(batches(there, IDS_A_CALL))
    asks = [
        partial(
            reader.call, "route53", "ListTagsForResources", {"ResourceType": "healthcheck", "ResourceIds": list(some)}
        )
        for some in some_at_once
    ]
    tags: dict[str, Sequence[Mapping[str, str]] | Unread] = {}
    for some, answer in zip(some_at_once, reader.gather(asks), strict=True):
        if isinstance(answer, AwsError):
            tags |= dict.fromkeys(some, answer.unread)
        else:
            tags |= {entry["ResourceId"]: entry.get("Tags", []) for entry in answer["ResourceTagSets"]}
    return tags


def _with_tags(seen: Sighting, tags: Sequence[Mapping[str, str]] | Unread | None) -> Sighting:
    if not isinstance(seen, Present):
        return seen
    if isinstance(tags, Unread):
        return replace(seen, unread=(tags,))
    return replace(seen, facts={**seen.facts, "Tags": list(tags or [])})


def _references(check: Facts) -> Iterator[Reference]:
    yield from _depends_on(check)
    address = check["HealthCheckConfig"].get("FullyQualifiedDomainName", "")
    if load_balancer_of(address):
        path = "HealthCheckConfig.FullyQualifiedDomainName"
        yield Reference(path, "load-balancer", without_dualstack(address), follow=False)
    yield Reference("Id", "alarm", check["Id"], within="health-check", hint=True, expects=False)


def _depends_on(check: Facts) -> Iterator[Reference]:
    config = check["HealthCheckConfig"]
    for at, child in enumerate(config.get("ChildHealthChecks", [])):
        yield Reference(f"HealthCheckConfig.ChildHealthChecks[{at}]", "health-check", child)
    if alarm := config.get("AlarmIdentifier"):
        yield Reference("HealthCheckConfig.AlarmIdentifier.Name", "alarm", alarm["Name"], within=alarm["Region"])


def _condition(check: Facts) -> Condition:
    return Condition(reason=_whose(check) or "")


def _whose(check: Facts) -> str | None:
    """Whose it is, where it is not the service's own, in words.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_LinkedService.html
    https://docs.aws.amazon.com/r53recovery/latest/dg/routing-control.create-health-check.html
    """
    if linked := check.get("LinkedService"):
        owner = linked.get("ServicePrincipal", "another AWS service")
        return ": ".join(filter(None, (f"belongs to {owner}", linked.get("Description"))))
    config = check.get(CONFIG, {})
    if config.get("Type") == "RECOVERY_CONTROL":
        control = config.get("RoutingControlArn", "a routing control")
        return f"its state is that of {control}: it is made and removed with that, and never the same again"
    return None


def _plain(value: Any) -> Any:
    """A setting as it is compared: AWS keeps no order of children and regions."""
    return sorted(value) if isinstance(value, list) else value


def _what_it_asks(config: Mapping[str, Any]) -> str:
    kind = config.get("Type", "")
    match kind:
        case "CALCULATED":
            return f"{config.get('HealthThreshold', 0)} of {len(config.get('ChildHealthChecks', []))} health checks"
        case "CLOUDWATCH_METRIC":
            alarm = config.get("AlarmIdentifier", {})
            return f"alarm {alarm.get('Name')} in {alarm.get('Region')}"
        case "RECOVERY_CONTROL":
            return f"routing control {config.get('RoutingControlArn')}"
    protocol = kind.removesuffix("_STR_MATCH")
    host = config.get("FullyQualifiedDomainName") or config.get("IPAddress", "")
    port = config.get("Port")
    where = host if port in {None, USUAL_PORTS.get(protocol)} else f"{host}:{port}"
    path = config.get("ResourcePath", "")
    return f"{protocol} {where}{path if path.startswith('/') or not path else '/' + path}"


KIND = HealthCheck()
