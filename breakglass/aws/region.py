"""Which region is meant, and who said so."""

import re
from collections.abc import Mapping

from breakglass.errors import UsageError
from breakglass.model.account import Region

_HOST_LABEL = re.compile(r"(?![0-9]+\Z)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)\Z")


def choose_region(flag: str | None, environ: Mapping[str, str], profile_region: Region | None) -> Region:
    """The region to work in: `--region`, AWS_REGION, AWS_DEFAULT_REGION, then the profile's.

    boto3 ignores AWS_REGION and the AWS CLI prefers it, so where the two variables are set and differ,
    nobody can say which one is meant. Empty variables are unset.

    Raises:
        UsageError: no region, two different ones, or a name that cannot be a region.
    """
    if flag:
        return _valid(Region(flag, "--region"))
    named = [Region(environ[name], name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if environ.get(name)]
    if len({region.name for region in named}) > 1:
        both = " and ".join(f"{region.source} is {region.name}" for region in named)
        raise UsageError(f"{both}.", hint=f"Say which one is meant: --region {named[0].name}")
    if named:
        return _valid(named[0])
    if profile_region:
        return _valid(profile_region)
    raise UsageError("No AWS region is given.", hint="export AWS_REGION=eu-west-1   (or pass --region eu-west-1)")


def _valid(region: Region) -> Region:
    if not _HOST_LABEL.match(region.name):
        raise UsageError(
            f"{region.name!r} from {region.source} is not the name of a region.",
            hint="Pass a region such as --region eu-west-1",
        )
    return region
