"""Rules of application load balancers' listeners, known by listener and priority. Default rules are not among them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from breakglass.model import elbv2, elbv2_making
from breakglass.model.arn import Arn, parse_arn
from breakglass.model.component import Absent, Component, Condition, Found, Present, Unread, Unreadable, Users
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.plan import Action, Blocker, Call, Form, Settle, Until
from breakglass.model.reading import AwsError, NotFound
from breakglass.model.world import Making, Recipe, World


class ListenerRule(Kind):
    """A rule that is not a default one.

    Leads name a target group's ARN within a load balancer's (the rules there that forward to it), a rule's own
    ARN, or its natural key `NAME:PORT/PRIORITY` within the names of the target groups that it forwards to.
    """

    name = "listener-rule"
    turn = 50
    title = "listener rule"
    read_at = 40
    routes = True
    tag_types = (elbv2.TAG_TYPE,)
    names = frozenset({"listener", "target-group"})

    def identify(self, ref: str, within: str = "") -> str | None:
        """`NAME:PORT/PRIORITY` says it itself; of an ARN only AWS can tell them."""
        return ref if NATURAL.fullmatch(ref) else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """The rules of all listeners of each load balancer."""
        balancers = list(dict.fromkeys(_balancer(lead) for lead in leads))
        answers = look.reader.gather([partial(self._on, balancer, leads, look) for balancer in balancers])
        found: list[Found] = []
        for balancer, answer in zip(balancers, answers, strict=True):
            if isinstance(answer, AwsError):
                its_leads = [lead for lead in leads if _balancer(lead) == balancer]
                found += self._unreadable(f"{elbv2.balancer_name(balancer)}:*", its_leads, answer)
            else:
                found += answer
        return self.merged(found)

    def _unreadable(self, place: str, leads: Sequence[Lead], error: AwsError) -> Iterator[Found]:
        for lead in leads:
            known_as = lead.ref if NATURAL.fullmatch(lead.ref) else place
            yield Found(Key(self.name, known_as), Unreadable((error.unread,)), (lead,))

    def _on(self, balancer: str, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        try:
            listeners = elbv2.listeners(look.reader, balancer)
        except NotFound:
            listeners = ()
        answers = look.reader.gather([partial(elbv2.rules, look.reader, listener) for listener in listeners])
        its_leads = [lead for lead in leads if _balancer(lead) == balancer]
        found: list[Found] = []
        for listener, rules in zip(listeners, answers, strict=True):
            place = f"{elbv2.balancer_name(balancer)}:{listener.get('Port', '')}"
            if isinstance(rules, AwsError):
                found += self._unreadable(f"{place}/*", its_leads, rules)
                continue
            found += self._elsewhere(place, rules, its_leads)
            found += [
                self._found(f"{place}/{rule['Priority']}", listener, rule, to_it, look)
                for rule in rules
                if (to_it := tuple(lead for lead in its_leads if _means(lead, place, rule)))
            ]
        return [*found, *self._absent(its_leads, found)]

    def _absent(self, leads: Sequence[Lead], found: Sequence[Found]) -> Iterator[Found]:
        """Rules named by their own ARN that are not there; a partial listing proves no absence."""
        if any(isinstance(one.sighting, Unreadable) for one in found):
            return
        known = {name for one in found for name in (one.arn, one.key.id)}
        for lead in leads:
            if not lead.expects or lead.ref in known:
                continue
            if NATURAL.fullmatch(lead.ref):
                yield Found(Key(self.name, lead.ref), Absent(f"AWS knows no rule {lead.ref}"), (lead,))
            elif not lead.within:
                known_as = f"{elbv2.balancer_name(lead.ref)}:{lead.ref.rpartition('/')[2]}"
                yield Found(Key(self.name, known_as), Absent(f"AWS knows no rule {lead.ref}"), (lead,))

    def _elsewhere(self, place: str, rules: Sequence[Mapping[str, Any]], leads: Sequence[Lead]) -> Iterator[Found]:
        """Rules that stand where ours stood, and forward to somebody else."""
        for lead in leads:
            for rule in rules:
                if lead.ref == f"{place}/{rule['Priority']}" and not _means(lead, place, rule):
                    takers = [user.words for user in elbv2.users_of(f"the rule {lead.ref}", rule.get("Actions", []))]
                    reason = f"its priority {rule['Priority']} is taken by {', '.join(takers)}"
                    yield Found(Key(self.name, lead.ref), Absent(reason, taken_by=", ".join(takers)), (lead,))

    def _found(
        self,
        known_as: str,
        listener: Mapping[str, Any],
        rule: Mapping[str, Any],
        leads: tuple[Lead, ...],
        look: Look,
    ) -> Found:
        arn = rule["RuleArn"]
        facts: dict[str, Any] = {**rule, "ListenerArn": listener["ListenerArn"]}
        unread: tuple[Unread, ...] = ()
        if look.detail is Detail.COPY:
            parts, unread = elbv2.parts(look.reader, {"TagDescriptions": ("DescribeTags", {"ResourceArns": [arn]})})
            facts |= parts
        sighting = Present(facts, tuple(_references(facts)), Condition(reason=conditions(rule)), unread)
        return Found(
            Key(self.name, known_as), sighting, leads, arn, frozenset({arn, known_as}), tags=elbv2.tags_of(facts)
        )

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if elbv2.is_a(arn, "listener-rule") else None

    def users(self, found: Found, look: Look) -> Users:
        """Everyone it forwards to."""
        if not isinstance(found.sighting, Present):
            return Users()
        actions = found.sighting.facts.get("Actions", [])
        return Users(tuple(elbv2.users_of(f"the rule {found.key.id}", actions)))

    def describe(self, key: Key, sighting: Present) -> str:
        """Where it stands, and what it takes."""
        return f"{key.id}  {conditions(sighting.facts)}".rstrip()

    def retrace(self, key: Key, references: Sequence[Reference]) -> tuple[str, str]:
        """Listener and priority, and where it has to forward to in order to be ours."""
        groups = [elbv2.target_group_name(one.ref) for one in references if one.kind == "target-group"]
        return key.id, ",".join(groups)

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """An ARN is of this very one."""
        return ("RuleArn", Form.WHOLE) if parse_arn(ref) else None

    def needs(self, component: Component, others: Sequence[Component]) -> Iterable[Key]:
        """The listener that one which is gone stood on, as its id says: it may have been made again meanwhile."""
        listener = component.key.id.partition("/")[0]
        yield from (other.key for other in others if other.key == Key("listener", listener))

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteRule."""
        call = Call("elbv2", "DeleteRule", {"RuleArn": component.arn}, "it forwards to this service alone")
        return call, Settle(component.key, Until.ABSENT, "the rule is gone", deadline=120)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateRule at its priority, which is read as a string and sent as a number."""
        facts = recipe.facts
        if not facts:
            return Making((), blockers=(Blocker(recipe.key, "no source says what it was", elbv2.NO_SOURCE),))
        params = {name: value for name, value in facts.items() if name not in READ_ONLY}
        params |= {
            "Priority": int(facts["Priority"]),
            "Conditions": [_sendable(condition) for condition in facts.get("Conditions", [])],
            "Actions": elbv2.sendable(facts.get("Actions", [])),
            "Tags": elbv2.new_tags(facts, world.run),
        }
        create = Call("elbv2", "CreateRule", world.renewed(params), "it is missing")
        lost, blockers = elbv2_making.secrets_untold(recipe.key, facts.get("Actions", []))
        unfit = elbv2_making.unfit(recipe.key, facts.get("Actions", []), "HTTP", world)
        there = Settle(recipe.key, Until.THERE, "the rule is there", deadline=120)
        return Making((create, there), lost=lost, blockers=(*blockers, *unfit))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """ModifyRule of its actions alone."""
        actions = world.renewed(elbv2_making.actions_kept(component.facts.get("Actions", [])))
        params = {"RuleArn": component.arn, "Actions": actions}
        return Making((Call("elbv2", "ModifyRule", params, "it forwards to something gone"),))


BARE = ("Values", "RegexValues")
READ_ONLY = frozenset({"RuleArn", "IsDefault", "Tags"})
"""What AWS tells of a rule and CreateRule does not take."""


def _sendable(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    """A condition is read in two forms, bare values and a `*Config`, and sent in one."""
    config = any(name.endswith("Config") for name in condition)
    return {name: value for name, value in condition.items() if not (config and name in BARE)}


def conditions(rule: Mapping[str, Any]) -> str:
    """What a rule takes, in words: `host-header deployer-api.example.com`."""
    words = []
    for condition in rule.get("Conditions", []):
        values = [value for name in BARE for value in condition.get(name, [])]
        for name, config in condition.items():
            if name.endswith("Config") and isinstance(config, Mapping):
                values += [value for name in BARE for value in config.get(name, []) if isinstance(value, str)]
        words.append(" ".join([condition.get("Field", ""), ", ".join(dict.fromkeys(values))]).strip())
    return "; ".join(words)


NATURAL = re.compile(r"[^/:]+:\d+/\d+")


def _balancer(lead: Lead) -> str:
    """The load balancer's ARN, or its name where nothing says more."""
    if NATURAL.fullmatch(lead.ref):
        return lead.ref.rpartition(":")[0]
    return lead.within or elbv2.balancer_arn(lead.ref)


def _means(lead: Lead, place: str, rule: Mapping[str, Any]) -> bool:
    forwards = elbv2.forwards(rule.get("Actions", []))
    if NATURAL.fullmatch(lead.ref):
        names = {elbv2.target_group_name(arn) for arn in forwards}
        return lead.ref == f"{place}/{rule['Priority']}" and (
            not lead.within or bool(names & {*lead.within.split(",")})
        )
    return lead.ref in (forwards if lead.within else (rule["RuleArn"],))


def _references(facts: Mapping[str, Any]) -> Iterator[Reference]:
    yield Reference("ListenerArn", "listener", facts["ListenerArn"])
    for arn in elbv2.forwards(facts.get("Actions", [])):
        yield Reference("Actions", "target-group", arn, follow=False)


KIND = ListenerRule()
