"""What a kind is, as far as that can be said without looking at any component of it.

Everything else that tells kinds apart in this program reads these, so that a list of kinds need stand nowhere.
"""

from typing import ClassVar

LAST_READ = 900
"""The place of kinds that do not say where they are read."""


class Traits:
    """The attributes of a kind.

    `name` is the public name (`ecs-service`), `title` what a person calls it (`ECS service`). `names` are
    the kinds that a component of this kind may name in its fields: while one of these could not be read,
    nobody can say that a conventional name of theirs is wrong. `drawn_from` are kinds whose fields name components
    of this kind without knowing it (`Kind.draws`). `single` kinds exist once for a service, so
    two leads that name different ones disagree. `used` kinds are of no use by themselves: one that is there
    and that nothing uses is an orphan. For a component that `uses` what it refers to, referring is using.

    One that nobody uses by itself is as much ours as the component that it `stands_on`: a redirect listener of
    a load balancer.

    Leads to a `patient` kind wait while components that may name more of it are looked up: one call for them all.

    `turn` is the place in a rebuild where no reference says more, smaller first; a removal goes the other way
    round. `read_at` is the place in which people read it, smaller first: what runs, how traffic reaches it, what
    watches it. `namesakes` are kinds that share its names: a name of which AWS knows no component of this kind may
    mean one of theirs. `volatile` are the fields that change by themselves, counts, events, health and times: they are
    not configuration, and no sign that somebody else was here. `unreliable` are those that do not say, once
    it is being deleted, what they said before. `deployed` are those that each deployment changes, and
    `deployed_whole` says that all of it is: what such a component says is no part of a service's shape.

    `alias_zone` is set for the entrances that clients come in by, whose DNS names records lead to: the field that
    names the hosted zone of such a DNS name. A kind that stands `behind` them is where they send clients: an entrance
    that it names serves the service. One that `routes` stands between, as rules do. What a kind that `decides` names
    is what is in use, where two could be: a state entry only remembers. Without one that only `watches`, a service
    serves all the same.

    `tag_types` are the types of resources by which the Resource Groups Tagging API knows it, where the service is;
    `global_tag_types` those that it is asked for in us-east-1.
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
    """

    name: ClassVar[str]
    title: ClassVar[str]
    names: ClassVar[frozenset[str]] = frozenset()
    drawn_from: ClassVar[frozenset[str]] = frozenset()
    single: ClassVar[bool] = False
    used: ClassVar[bool] = False
    uses: ClassVar[bool] = True
    stands_on: ClassVar[str | None] = None
    removable: ClassVar[bool] = True
    makeable: ClassVar[bool] = True
    patient: ClassVar[bool] = False
    turn: ClassVar[int]
    read_at: ClassVar[int] = LAST_READ
    namesakes: ClassVar[frozenset[str]] = frozenset()
    volatile: ClassVar[frozenset[str]] = frozenset()
    unreliable: ClassVar[frozenset[str]] = frozenset()
    deployed: ClassVar[frozenset[str]] = frozenset()
    deployed_whole: ClassVar[bool] = False
    alias_zone: ClassVar[str] = ""
    behind: ClassVar[bool] = False
    routes: ClassVar[bool] = False
    decides: ClassVar[bool] = False
    watches: ClassVar[bool] = False
    tag_types: ClassVar[tuple[str, ...]] = ()
    global_tag_types: ClassVar[tuple[str, ...]] = ()
