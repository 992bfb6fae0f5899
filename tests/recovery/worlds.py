"""Comparing worlds: the sandbox's witness, with what AWS names anew each time made comparable."""

import json
import re

GIVEN_ANEW = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids of health checks and policies
    r"|(?<=/)[0-9a-f]{16}\b"  # the suffix of an ELB ARN
    r"|(?<=-)[0-9]{6,}(?=\.)"  # the number in a load balancer's DNS name
    r"|(?<=-)[0-9a-f]{16}(?=\.elb\.)"  # the same in a network load balancer's
    r"|(?<=scalable-target/)[0-9a-f]{32}"
)
TIMES = re.compile(r"(created|creation|updated|configuration.*updated).*(at|time|timestamp)?$", re.IGNORECASE)
RUN_TAG = "breakglass:run"
MARKS = {RUN_TAG, "breakglass:token"}
CALLER = {"CallerReference", "clientToken"}


def differences(before, after):
    """What two worlds differ in, new ids apart: (place, then, now)."""
    return list(_compare(_plain(before), _plain(after), ()))


def ids(world):
    """Every id that AWS gave and would give anew."""
    return set(GIVEN_ANEW.findall(json.dumps(world, default=str)))


def of_others(differing, service):
    """The differences that are not about one service."""
    mine = re.compile(rf"{re.escape(service)}(?!-canary)")
    return [one for one in differing if not mine.search(str(one))]


def _plain(value):
    match value:
        case dict():
            return _together(
                (GIVEN_ANEW.sub("ID", str(name)), _plain(item))
                for name, item in value.items()
                if not TIMES.fullmatch(str(name)) and name not in CALLER | MARKS
            )
        case list():
            return _sorted(_plain(item) for item in value if not (isinstance(item, dict) and RUN_TAG in item.values()))
        case str():
            return GIVEN_ANEW.sub("ID", value)
        case _:
            return value


def _together(items):
    """What has the same name once ids are alike stands under it together."""
    together = {}
    for name, item in items:
        together.setdefault(name, []).append(item)
    return {name: _sorted(some) if len(some) > 1 else some[0] for name, some in together.items()}


def _sorted(items):
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))


def _compare(one, other, place):
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            yield from _compare(one.get(name), other.get(name), (*place, name))
    elif one != other:
        yield place, one, other
