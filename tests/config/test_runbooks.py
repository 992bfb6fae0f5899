"""`[runbooks]`: the folder of an organisation's own, and what is said where it makes no sense."""

from pathlib import Path

import pytest

from breakglass.errors import UsageError


def test_the_folder_is_taken_from_where_the_file_is(written, tmp_path):
    assert written('[runbooks]\nfolder = "ours/runbooks"').runbooks == tmp_path / "ours/runbooks"
    assert written('[runbooks]\nfolder = "/srv/runbooks"').runbooks == Path("/srv/runbooks")
    assert written('[runbooks]\nfolder = "~/runbooks"').runbooks == Path.home() / "runbooks"
    assert written("").runbooks is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[runbooks]\nfoldr = "x"', "runbooks.foldr: unknown key (did you mean folder?), expected folder."),
        (
            "[runbooks]\nfolder = 1",
            'runbooks.folder: expected a folder in quotes, such as "runbooks", found an integer.',
        ),
        ('[runbooks]\nfolder = ""', "found an empty string"),
        ("[runbooks]", 'runbooks.folder: expected a folder in quotes, such as "runbooks", found nothing.'),
        ('runbooks = "x"', "runbooks: expected a table, found a string."),
        ('[runbook]\nfolder = "x"', "runbook: unknown key (did you mean runbooks?)"),
        ('[runbooks]\nfolder = "~nobody-of-that-name/x"', "runbooks.folder: expected a folder below a home"),
    ],
)
def test_what_makes_no_sense_is_named_by_file_and_key(written, text, words):
    with pytest.raises(UsageError) as error:
        written(text)
    told = error.value.what
    assert words in told or ("empty" in words and "not empty" in told)
    assert told.startswith("/")
