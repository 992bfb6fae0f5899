"""The accounts: what is protected, and how an account is meant."""

import pytest

from breakglass.config import AccountSettings
from breakglass.errors import UsageError
from breakglass.model.account import Environment


def test_the_contracts_example(written, contract):
    production, staging = written(contract).accounts
    assert production == AccountSettings(
        "production", "111122223333", Environment.PRODUCTION, "acme-prod", ("eu-west-1",)
    )
    assert staging == AccountSettings("staging", "444455556666", Environment.REHEARSAL, None, ())


def test_an_account_is_protected_unless_it_says_otherwise(written):
    assert written('[accounts.a]\nid = "111122223333"').accounts[0].environment is Environment.PRODUCTION


def test_accounts_are_found_by_name_and_by_id(written, contract):
    config = written(contract)
    assert config.account_named("staging") is config.account_with_id("444455556666")
    assert config.account_with_id("123456789012") is None
    assert config.account_with_id("4444-5555-6666") is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("prodction", "Did you mean production? Configured accounts: production, staging."),
        ("Staging", "Did you mean staging? Configured accounts: production, staging."),
        ("prod", "Did you mean production? Configured accounts: production, staging."),
        ("zzz", "Configured accounts: production, staging."),
        ("", "Configured accounts: production, staging."),
    ],
)
def test_an_unknown_account_is_never_guessed(written, contract, name, hint):
    with pytest.raises(UsageError) as error:
        written(contract).account_named(name)
    assert error.value.what.startswith(f'No account "{name}" in /')
    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("111122223333", "an integer"),
        ('"11112222333"', "11 digits"),
        ('"1111222233334"', "13 digits"),
        ('""', "an empty string"),
        ('"1111-2222-3333"', "one with hyphens"),
        ('" 111122223333"', "a string of 13 characters, not all of them digits 0 to 9"),
        ('"111122223333\\n"', "a string of 13 characters, not all of them digits 0 to 9"),
        ('"١١١١٢٢٢٢٣٣٣٣"', "a string of 12 characters, not all of them digits 0 to 9"),
        ('"¹¹¹¹²²²²³³³³"', "a string of 12 characters, not all of them digits 0 to 9"),
        ("true", "a boolean"),
        ('["111122223333"]', "a list"),
    ],
)
def test_an_id_is_twelve_ascii_digits(written, value, found):
    with pytest.raises(UsageError) as error:
        written(f"[accounts.production]\nid = {value}")
    assert error.value.what.endswith(
        "breakglass.toml: accounts.production.id: expected an account ID of 12 digits in quotes, "
        f'such as "111122223333", found {found}.'
    )


def test_two_names_for_one_account_are_refused_without_its_plain_digits(written):
    with pytest.raises(UsageError) as error:
        written('[accounts.a]\nid = "444455556666"\n[accounts."b c"]\nid = "444455556666"')
    assert error.value.what.endswith(
        'accounts."b c".id: expected an account ID of its own, accounts.a has this one, found 4444-5555-6666 again.'
    )


@pytest.mark.parametrize(
    "region",
    ["eu-west-1", "us-gov-west-1", "us-isob-east-1", "ap-southeast-7", "cn-north-1", "eusc-de-east-1", "mx-central-1"],
)
def test_regions_of_every_partition(written, region):
    assert written(f'[accounts.a]\nid = "111122223333"\nregions = ["{region}"]').accounts[0].regions == (region,)


@pytest.mark.parametrize("region", ["eu-west", "eu-west-1a", "EU-WEST-1", "global", "eu_west_1", "eu-west-1 ", ""])
def test_what_is_no_region_is_named_with_its_place(written, region):
    with pytest.raises(UsageError, match=r"accounts\.a\.regions\[1\]: expected a region"):
        written(f'[accounts.a]\nid = "111122223333"\nregions = ["eu-west-1", "{region}"]')


def test_an_empty_list_of_regions_allows_nothing_and_is_not_taken_for_all(written):
    with pytest.raises(UsageError, match=r"accounts\.a\.regions: expected .* found an empty list"):
        written('[accounts.a]\nid = "111122223333"\nregions = []')
