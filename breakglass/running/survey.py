"""The survey: leads are followed until nothing new turns up.

It starts from the leads that configuration and conventions give. Every kind looks up the leads of its own
kind, all kinds at the same time; what they find refers to more (state entry -> service -> target group -> load
balancer; record -> health check), and these references are the next leads. Who else uses a component is asked
as soon as the component is found. Nothing here waits for a round to end, so the time it takes is the longest
chain of leads. Nothing here concludes anything either: that is `breakglass.planning`'s, and pure.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from difflib import get_close_matches
from functools import partial

from breakglass.errors import BreakglassError, UsageError
from breakglass.model.account import Account
from breakglass.model.component import Absent, Found, Present, Sighting, Unread, Unreadable, Users
from breakglass.model.inventory import Claim, Finding, Inventory, Survey
from breakglass.model.kind import Kind, Look
from breakglass.model.lead import Key, Lead, Source
from breakglass.model.reading import AwsError
from breakglass.model.settings import Tags
from breakglass.planning.inventory import Moment, judge
from breakglass.planning.namesakes import handed_on, may_name, named_better
from breakglass.running.followed import leads_of, with_drawn
from breakglass.running.tagged import ask

WORKERS = 16


def take_inventory(account: Account, look: Look, kinds: Mapping[str, Kind], moment: Moment) -> Inventory:
    """Look at one service and say what that adds up to.

    Raises `BreakglassError` for a service that nobody knows, `CredentialsError` when AWS stops accepting us.
    """
    seen = survey(look, kinds)
    if _unknown(seen):
        raise _nobody_knows(look, kinds, seen)
    return judge(seen, look.settings, account, kinds, moment)


def survey(look: Look, kinds: Mapping[str, Kind]) -> Survey:
    """Follow all leads of one service to their end. Raises `UsageError` where there are none."""
    if not look.settings.leads and not look.settings.tags:
        raise UsageError(
            f"The configuration gives no lead to {look.settings.service}.",
            hint='Add the conventions of your deployer under [services."*"] in breakglass.toml.',
        )
    for lead in look.settings.leads:
        if lead.kind not in kinds:
            raise UsageError(f"{lead.detail}: there is no kind {lead.kind}.", hint=f"Kinds: {', '.join(kinds)}.")
    with ThreadPoolExecutor(WORKERS, "survey") as pool:
        return _Worklist(look, kinds, pool).run()


class _Worklist:
    def __init__(self, look: Look, kinds: Mapping[str, Kind], pool: ThreadPoolExecutor) -> None:
        self._look, self._kinds, self._pool = look, kinds, pool
        self._found: dict[Key, Found] = {}
        self._resolved: dict[Lead, tuple[Key, ...]] = {}
        self._asked: dict[tuple[str, str, str], list[Lead]] = {}
        self._pending: dict[str, list[Lead]] = {}
        self._handed_on: set[tuple[Lead, str]] = set()
        self._postponed: list[tuple[Lead, Key]] = []
        self._users: dict[Key, Users] = {}
        self._claims: dict[Claim, None] = {}
        self._claims_unread: dict[tuple[str, Unread], None] = {}
        self._tags_unread: tuple[Unread, ...] = ()
        self._remarks: dict[Finding, None] = {}
        self._running: dict[Future[Callable[[], None] | None], None] = {}
        self._looking: Counter[str] = Counter()

    def run(self) -> Survey:
        if tags := self._look.settings.tags:
            self._submit(partial(self._ask_tags, tags))
        for lead in self._look.settings.leads:
            self._take(lead)
        self._submit_pending()
        try:
            while self._running or self._take_up_postponed():
                done, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in done:
                    del self._running[future]
                    if take_in := future.result():
                        take_in()
                self._submit_pending()
        except BaseException:
            self._pool.shutdown(wait=False, cancel_futures=True)
            raise
        return Survey(
            tuple(self._found.values()),
            self._resolved,
            self._users,
            tuple(self._claims),
            tuple(self._claims_unread),
            self._tags_unread,
            tuple(self._remarks),
        )

    def _take(self, lead: Lead) -> None:
        """Put a lead on the list, unless what it asks has been asked, or what it names is known."""
        if lead.kind not in self._kinds or lead in self._resolved:
            return
        question = (lead.kind, lead.ref, lead.within)
        if question in self._asked:
            same = self._asked[question][0]
            self._asked[question].append(lead)
            self._record(lead, self._resolved.get(same, ()))
            for key in self._resolved[lead]:
                self._hand_on(lead, self._found[key])
            return
        self._asked[question] = [lead]
        known_as = self._kinds[lead.kind].identify(lead.ref, lead.within)
        if known_as is not None and Key(lead.kind, known_as) in self._found:
            self._record(lead, (Key(lead.kind, known_as),))
            self._hand_on(lead, self._found[Key(lead.kind, known_as)])
        else:
            self._resolved[lead] = ()
            self._pending.setdefault(lead.kind, []).append(lead)

    def _hand_on(self, lead: Lead, one: Found) -> None:
        """Where AWS knows none by a name, kinds that share names with it are asked too: the name does not say which."""
        for key in handed_on(lead, one, self._kinds):
            if (lead, key.kind) in self._handed_on:
                continue
            self._handed_on.add((lead, key.kind))
            if lead.source is Source.CONVENTION:
                self._postponed.append((lead, key))
            else:
                self._ask_namesake(lead, key)

    def _take_up_postponed(self) -> bool:
        """Ask about conventional names once all else is known: where a better source names one, they are only names."""
        postponed, self._postponed = self._postponed, []
        for lead, key in postponed:
            if key in self._found or not named_better(lead.kind, self._found.values(), self._kinds):
                self._ask_namesake(lead, key)
        self._submit_pending()
        return bool(self._running)

    def _ask_namesake(self, lead: Lead, key: Key) -> None:
        if key in self._found:
            self._record(lead, tuple(dict.fromkeys((*self._resolved[lead], key))))
        else:
            self._pending.setdefault(key.kind, []).append(lead)

    def _record(self, lead: Lead, keys: tuple[Key, ...]) -> None:
        self._resolved[lead] = keys
        for key in keys:
            one = self._found[key]
            self._found[key] = replace(one, leads=tuple(dict.fromkeys((*one.leads, lead))))

    def _submit_pending(self) -> None:
        pending = {name: leads for name, leads in self._pending.items() if not self._waits(name)}
        for name, leads in pending.items():
            del self._pending[name]
            self._looking[name] += 1
            self._submit(partial(self._find, self._kinds[name], leads))

    def _waits(self, name: str) -> bool:
        """Whether more leads to a patient kind may come from what is being looked up, or is about to be."""
        busy = (*+self._looking, *self._pending)
        return self._kinds[name].patient and any(name in may_name(other, self._kinds) for other in busy)

    def _submit(self, work: Callable[[], Callable[[], None] | None]) -> None:
        self._running[self._pool.submit(work)] = None

    def _ask_tags(self, tags: Tags) -> Callable[[], None]:
        return partial(self._take_tagged, *ask(self._look.reader, tags, tuple(self._kinds.values())))

    def _take_tagged(self, leads: Sequence[Lead], unread: tuple[Unread, ...]) -> None:
        self._tags_unread = unread
        for lead in leads:
            self._take(lead)

    def _find(self, kind: Kind, leads: Sequence[Lead]) -> Callable[[], None]:
        found = [with_drawn(one, self._kinds) for one in kind.find(leads, self._look)]
        return partial(self._take_in, kind, found)

    def _take_in(self, kind: Kind, found: Iterable[Found]) -> None:
        self._looking[kind.name] -= 1
        for one in found:
            for lead in one.leads:
                together = (*self._resolved.get(lead, ()), one.key)
                for same in self._asked.get((lead.kind, lead.ref, lead.within), [lead]):
                    self._resolved[same] = tuple(dict.fromkeys(together))
            late = [same for lead in one.leads for same in self._asked.get((lead.kind, lead.ref, lead.within), [])]
            one = replace(one, leads=tuple(dict.fromkeys((*one.leads, *late))))  # noqa: PLW2901 - the same, completed
            before = self._found.get(one.key)
            self._found[one.key] = _merged(before, one) if before else one
            if before is None or self._found[one.key].sighting is not before.sighting:
                self._follow(kind, self._found[one.key])
            for lead in one.leads:
                self._hand_on(lead, self._found[one.key])

    def _follow(self, kind: Kind, one: Found) -> None:
        for lead in leads_of(one):
            self._take(lead)
        if isinstance(one.sighting, Present):
            self._submit(partial(self._ask_users, kind, one))
        self._submit(partial(self._ask_claims, kind, one))
        self._submit(partial(self._ask_remarks, kind, one))

    def _ask_users(self, kind: Kind, one: Found) -> Callable[[], None]:
        users = kind.users(one, self._look)
        return partial(self._users.__setitem__, one.key, users)

    def _ask_remarks(self, kind: Kind, one: Found) -> Callable[[], None] | None:
        try:
            remarks = dict.fromkeys(kind.remarks(one, self._look))
        except AwsError:
            return None  # what cannot be asked keeps nobody from work
        return partial(self._remarks.update, remarks)

    def _ask_claims(self, kind: Kind, one: Found) -> Callable[[], None]:
        try:
            claims = kind.claims(one, self._look)
        except AwsError as error:
            return partial(self._claims_unread.__setitem__, (kind.name, error.unread), None)
        return partial(self._claims.update, dict.fromkeys(claims))


def _merged(before: Found, after: Found) -> Found:
    """Two views of one component: the one that saw it wins over the one that could not look."""

    def weight(sighting: Sighting) -> int:
        match sighting:
            case Present():
                return 2
            case Unreadable():
                return 1
            case Absent():
                return 0

    better = after if weight(after.sighting) > weight(before.sighting) else before
    alike = isinstance(before.sighting, Absent) and isinstance(after.sighting, Absent)
    return replace(
        better,
        leads=tuple(dict.fromkeys((*before.leads, *after.leads))),
        handles=before.handles | after.handles if alike else better.handles,
    )


def _unknown(seen: Survey) -> bool:
    """Whether nothing but naming conventions speaks for the service, and AWS knows none of the names."""
    return all(
        isinstance(found.sighting, Absent)
        and found.sighting.remains is None
        and all(lead.source is Source.CONVENTION for lead in found.leads)
        for found in seen.found
    )


def _nobody_knows(look: Look, kinds: Mapping[str, Kind], seen: Survey) -> BreakglassError:
    service = look.settings.service
    names: set[str] = set()
    for found in seen.found:
        try:
            names |= set(kinds[found.key.kind].neighbours(found, look))
        except AwsError:
            continue  # the names are a courtesy
    nearest = get_close_matches(service, sorted(names), n=5, cutoff=0.5)
    hint = f"Did you mean {', '.join(nearest)}?" if nearest else "Check the name, the account and the region."
    if names and not nearest:
        hint += f" The state table knows {len(names)} services, none of a similar name."
    return BreakglassError(
        f"Nobody knows a service {service} here: no state entry, and nothing in AWS has one of its names.", hint=hint
    )
