"""Which region is meant (terminal.md, trap 10)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.aws.region import choose_region
from breakglass.errors import UsageError
from breakglass.model.account import Region

REGIONS = st.sampled_from(["eu-west-1", "eu-central-1", "us-east-1", ""])
MAYBE = st.none() | REGIONS


@given(flag=MAYBE, region=MAYBE, default=MAYBE, profile=MAYBE)
def test_flag_then_variables_then_profile_and_never_a_guess(
    flag: str | None, region: str | None, default: str | None, profile: str | None
) -> None:
    variables = {"AWS_REGION": region, "AWS_DEFAULT_REGION": default}
    environ = {name: value for name, value in variables.items() if value is not None}
    own = Region(profile, "profile x") if profile else None
    expected = [
        (flag, "--region"),
        (region, "AWS_REGION"),
        (default, "AWS_DEFAULT_REGION"),
        (profile, "profile x"),
    ]
    said = [(name, source) for name, source in expected if name]
    if not flag and region and default and region != default:
        with pytest.raises(UsageError) as both:
            choose_region(flag, environ, own)
        assert region in both.value.what
        assert default in both.value.what
        assert "--region" in both.value.hint
    elif not said:
        with pytest.raises(UsageError, match="No AWS region") as none:
            choose_region(flag, environ, own)
        assert "export AWS_REGION=" in none.value.hint
    else:
        assert choose_region(flag, environ, own) == Region(*said[0])


@pytest.mark.parametrize("name", ["eu west 1", "eu-west-1\n", "-eu", "123", "eu/west", "a" * 64])
def test_what_cannot_be_a_host_name_is_no_region(name: str) -> None:
    with pytest.raises(UsageError, match="not the name of a region"):
        choose_region(name, {}, None)
