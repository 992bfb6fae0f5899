"""Listeners of application and network load balancers, known by load balancer and port.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from breakglass.model import elbv2, elbv2_making
from breakglass.model.arn import Arn, parse_arn
from breakglass.model.component import Absent, Component, Condition, Found, Present, Unread, Unreadable, Users
from breakglass.model.kind import Detail, Kind, Look
from breakglass.model.lead import Key, Lead, Reference
from breakglass.model.plan import Action, Blocker, Call, Form, Output, Settle, Until
from breakglass.model.reading import AwsError, NotFound
from breakglass.model.world import Making, Recipe, World


class Listener(Kind):
    """A listener.

    Leads name a load balancer's ARN (all its listeners), a target group's ARN within a load balancer's (those
    that forward to it by default), a listener's own ARN, or its natural key `NAME:PORT`.
    """

    name = "listener"
    turn = 40
    title = "listener"
    read_at = 50
    routes = True
    tag_types = (elbv2.TAG_TYPE,)
    names = frozenset({"target-group"})
    stands_on = "load-balancer"
    uses = False  # a load balancer that has nothing but listeners serves nobody

    def identify(self, ref: str, within: str = "") -> str | None:
        """`NAME:PORT` says it itself; of an ARN only AWS can tell the port."""
        return ref if NATURAL.fullmatch(ref) else None

    def find(self, leads: Sequence[Lead], look: Look) -> Sequence[Found]:
        """One DescribeListeners for each load balancer."""
        balancers = list(dict.fromkeys(_balancer(lead) for lead in leads))
        answers = look.reader.gather([partial(elbv2.listeners, look.reader, balancer) for balancer in balancers])
        found: list[Found] = []
        for balancer, answer in zip(balancers, answers, strict=True):
            its_leads = [lead for lead in leads if _balancer(lead) == balancer]
            found += self._of_one(balancer, its_leads, answer, look)
        return self.merged(found)

    def _of_one(
        self, balancer: str, leads: Sequence[Lead], answer: Sequence[Mapping[str, Any]] | AwsError, look: Look
    ) -> Iterator[Found]:
        name = elbv2.balancer_name(balancer)
        if isinstance(answer, AwsError) and not isinstance(answer, NotFound):
            for lead in leads:
                known_as = lead.ref if NATURAL.fullmatch(lead.ref) else f"{name}:*"
                yield Found(Key(self.name, known_as), Unreadable((answer.unread,)), (lead,))
            return
        listeners = () if isinstance(answer, NotFound) else answer
        for listener in listeners:
            known_as = f"{name}:{listener.get('Port', '')}"
            if to_it := tuple(lead for lead in leads if lead.ref == known_as or _means(lead, listener)):
                yield self._found(known_as, listener, to_it, look)
        arns = {listener["ListenerArn"] for listener in listeners}
        ports = {f"{name}:{listener.get('Port', '')}" for listener in listeners}
        for lead in leads:
            if NATURAL.fullmatch(lead.ref):
                if lead.ref not in ports:
                    yield Found(Key(self.name, lead.ref), Absent(f"AWS knows no listener {lead.ref}"), (lead,))
            elif lead.expects and ":listener/" in lead.ref and lead.ref not in arns:
                known_as = f"{name}:{lead.ref.rpartition('/')[2]}"
                yield Found(Key(self.name, known_as), Absent(f"AWS knows no listener {lead.ref}"), (lead,))

    def _found(self, known_as: str, listener: Mapping[str, Any], leads: tuple[Lead, ...], look: Look) -> Found:
        facts, unread = _more(listener, look)
        sighting = Present(facts, tuple(_references(listener)), Condition(reason=_does(listener)), unread)
        arn = listener["ListenerArn"]
        return Found(
            Key(self.name, known_as), sighting, leads, arn, frozenset({arn, known_as}), tags=elbv2.tags_of(facts)
        )

    def tagged_as(self, arn: Arn) -> str | None:
        """By its ARN."""
        return str(arn) if elbv2.is_a(arn, "listener") else None

    def users(self, found: Found, look: Look) -> Users:
        """Whoever is served by its default action or by any rule on it."""
        if not isinstance(found.sighting, Present):
            return Users()
        listener = found.sighting.facts
        by = list(elbv2.users_of(f"the default action of {found.key.id}", listener.get("DefaultActions", [])))
        try:
            for rule in elbv2.rules(look.reader, listener):
                by += elbv2.users_of(f"the rule {found.key.id}/{rule['Priority']}", rule.get("Actions", []))
        except AwsError as error:
            return Users(tuple(by), (error.unread,))
        return Users(tuple(dict.fromkeys(by)))

    def describe(self, key: Key, sighting: Present) -> str:
        """Protocol, and what it does with what no rule takes."""
        return f"{key.id}  {sighting.facts.get('Protocol', '')}".rstrip()

    def field_of(self, ref: str) -> tuple[str, Form] | None:
        """An ARN is of this very one."""
        return ("ListenerArn", Form.WHOLE) if parse_arn(ref) else None

    def remove(self, component: Component, world: World) -> Sequence[Action]:
        """DeleteListener."""
        call = Call("elbv2", "DeleteListener", {"ListenerArn": component.arn}, "no rule stands on it any more")
        return call, Settle(component.key, Until.ABSENT, "the listener is gone", deadline=120)

    def rebuild(self, recipe: Recipe, world: World) -> Making:
        """CreateListener with its first certificate, then the others and the attributes."""
        facts = recipe.facts
        if not facts:
            return Making((), blockers=(Blocker(recipe.key, "no source says what it was", elbv2.NO_SOURCE),))
        params = {name: value for name, value in facts.items() if name not in READ_ONLY}
        params |= {
            "DefaultActions": elbv2.sendable(facts.get("DefaultActions", [])),
            "Tags": elbv2.new_tags(facts, world.run),
        }
        if mutual := elbv2_making.mutual(params.pop("MutualAuthentication", {})):
            params["MutualAuthentication"] = mutual
        first = [{"CertificateArn": one["CertificateArn"]} for one in facts.get("Certificates", [])[:1]]
        if first:
            params["Certificates"] = first
        arn = Output(recipe.key, "ListenerArn")
        actions: list[Action] = [
            Call("elbv2", "CreateListener", world.renewed(params), "it is missing"),
            Settle(recipe.key, Until.THERE, "the listener is there", deadline=120),
        ]
        others = [one["CertificateArn"] for one in facts.get("AllCertificates", []) if not one.get("IsDefault")]
        for certificate in others:
            change = {"ListenerArn": arn, "Certificates": [{"CertificateArn": certificate}]}
            actions.append(Call("elbv2", "AddListenerCertificates", change, "further certificates come one by one"))
        if attributes := elbv2_making.changed(facts.get("Attributes", [])):
            change = {"ListenerArn": arn, "Attributes": attributes}
            actions.append(Call("elbv2", "ModifyListenerAttributes", change, "attributes are a call of their own"))
        lost, blockers = elbv2_making.secrets_untold(recipe.key, facts.get("DefaultActions", []))
        unfit = elbv2_making.unfit(recipe.key, facts.get("DefaultActions", []), facts.get("Protocol", ""), world)
        return Making(tuple(actions), lost=lost, blockers=(*blockers, *unfit))

    def repoint(self, component: Component, references: Sequence[Reference], world: World) -> Making:
        """ModifyListener of its default actions alone."""
        actions = world.renewed(elbv2_making.actions_kept(component.facts.get("DefaultActions", [])))
        params = {"ListenerArn": component.arn, "DefaultActions": actions}
        return Making((Call("elbv2", "ModifyListener", params, "its default action names something gone"),))


NATURAL = re.compile(r"[^/:]+:\d+")
READ_ONLY = frozenset({"ListenerArn", "Attributes", "AllCertificates", "Tags", "Certificates"})
"""What AWS tells of a listener and CreateListener does not take, or takes in another form."""


def _balancer(lead: Lead) -> str:
    """The load balancer's ARN, or its name where nothing says more."""
    if lead.within:
        return lead.within
    if NATURAL.fullmatch(lead.ref):
        return lead.ref.rpartition(":")[0]
    return elbv2.balancer_arn(lead.ref) if ":listener/" in lead.ref else lead.ref


def _means(lead: Lead, listener: Mapping[str, Any]) -> bool:
    if lead.within:
        return lead.ref in elbv2.forwards(listener.get("DefaultActions", []))
    return lead.ref in (listener["ListenerArn"], listener.get("LoadBalancerArn"))


def _does(listener: Mapping[str, Any]) -> str:
    kinds = ", ".join(action.get("Type", "") for action in listener.get("DefaultActions", []))
    return f"{kinds} by default" if kinds else ""


def _more(listener: Mapping[str, Any], look: Look) -> tuple[Mapping[str, Any], tuple[Unread, ...]]:
    """Certificates beyond the first, attributes and tags come from calls of their own."""
    if look.detail is not Detail.COPY:
        return listener, ()
    ask = {"ListenerArn": listener["ListenerArn"]}
    asks: dict[str, tuple[str, Mapping[str, Any]]] = {
        "Attributes": ("DescribeListenerAttributes", ask),
        "TagDescriptions": ("DescribeTags", {"ResourceArns": [listener["ListenerArn"]]}),
    }
    parts, unread = elbv2.parts(look.reader, asks)
    facts = {**listener, **parts}
    if listener.get("Certificates"):
        try:
            facts["AllCertificates"] = look.reader.pages("elbv2", "DescribeListenerCertificates", "Certificates", ask)
        except AwsError as error:
            unread = (*unread, error.unread)
    return facts, unread


def _references(listener: Mapping[str, Any]) -> Iterator[Reference]:
    yield Reference("LoadBalancerArn", "load-balancer", listener["LoadBalancerArn"])
    for arn in elbv2.forwards(listener.get("DefaultActions", [])):
        # On a shared load balancer this is somebody else's: it gives order, and no lead.
        yield Reference("DefaultActions", "target-group", arn, follow=False)


KIND = Listener()
