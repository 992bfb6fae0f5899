"""What a CloudWatch alarm says of others in text: the alarms of a composite's rule, ELB names inside expressions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
"""

import re
from collections.abc import Iterator, Sequence

from breakglass.model.arn import parse_arn
from breakglass.model.plan import Joined, Output
from breakglass.model.world import World

_STATE = r"(?:ALARM|OK|INSUFFICIENT_DATA)"
_OPENING = re.compile(rf"\bAT_LEAST\s*\(\s*\d+%?\s*,\s*(?:NOT\s+)?{_STATE}\s*,(\s*)\(|\b{_STATE}\s*\(")
_QUOTED = r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|"""
_ONE = re.compile(_QUOTED + r"""([^"'()]+?))\s*(\))""")
_ONE_OF_SEVERAL = re.compile(_QUOTED + r"""([^"'(),]+?))\s*([,)])""")
_ESCAPED = re.compile(r"\\(.)")
_EMBEDDED = re.compile(
    r"\b(?:app|net)/[A-Za-z0-9-]+/[0-9a-f]{16}\b"
    r"|\btargetgroup/[A-Za-z0-9-]+/[0-9a-f]{16}\b"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
)


def alarms_in(rule: str) -> Sequence[str]:
    """The names of the alarms that a rule is made of, each once, in the order in which they stand there.

    Names stand bare or in quotes, alone or in the list of `AT_LEAST(2, ALARM, (a, b, c))`; an ARN is as good as a name.
    """
    return list(dict.fromkeys(_names(rule)))


def _names(rule: str) -> Iterator[str]:
    at = 0
    while opening := _OPENING.search(rule, at):
        at, form = opening.end(), _ONE if opening[1] is None else _ONE_OF_SEVERAL
        while item := form.match(rule, at):
            at = item.end()
            yield _name(item)
            if item[4] == ")":
                break


def alarm_name(ref: str) -> str:
    """The name in an alarm's ARN, or the name itself."""
    arn = parse_arn(ref)
    return arn.resource.removeprefix("alarm:") if arn else ref


def embedded(expression: str) -> Sequence[str]:
    """Load balancers, target groups and health checks that a metric expression names, as dimensions spell them."""
    return list(dict.fromkeys(match.group() for match in _EMBEDDED.finditer(expression)))


def renewed(expression: str, world: World) -> str | Joined:
    """An expression in which each of these is what it is now."""
    parts = list(_parts(expression, world))
    if any(isinstance(part, Output) for part in parts):
        return Joined(tuple(parts))
    return "".join(part for part in parts if isinstance(part, str))


def _parts(expression: str, world: World) -> Iterator[str | Output]:
    end = 0
    for match in _EMBEDDED.finditer(expression):
        yield expression[end : match.start()]
        yield world.refer(match.group())
        end = match.end()
    yield expression[end:]


def _name(item: re.Match[str]) -> str:
    double, single, bare, _ = item.groups()
    quoted = double if double is not None else single
    return alarm_name(bare if quoted is None else _ESCAPED.sub(r"\1", quoted))
