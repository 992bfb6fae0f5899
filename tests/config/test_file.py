"""Which file counts, and what is said where it cannot be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from breakglass.config import Config, load
from breakglass.errors import NOTHING_CHANGED, UsageError


def one_account(file: Path, name: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[accounts.{name}]\nid = "111122223333"\n', encoding="utf-8")
    return file


@pytest.fixture
def everywhere(tmp_path: Path) -> dict[str, Path]:
    """A file in each place that is looked at, each with an account that names the place."""
    return {
        "flag": one_account(tmp_path / "flag.toml", "flag"),
        "variable": one_account(tmp_path / "variable.toml", "variable"),
        "here": one_account(tmp_path / "cwd" / "breakglass.toml", "here"),
        "user": one_account(tmp_path / "user" / "breakglass.toml", "user"),
    }


@pytest.mark.parametrize("gone", range(4))
def test_places_count_in_this_order(everywhere: dict[str, Path], tmp_path: Path, gone: int):
    names = list(everywhere)[gone:]
    for absent in list(everywhere)[:gone]:
        everywhere[absent].unlink()
    config = load(
        everywhere["flag"] if "flag" in names else None,
        {"BREAKGLASS_CONFIG": str(everywhere["variable"])} if "variable" in names else {},
        tmp_path / "cwd",
        user_directory=tmp_path / "user",
    )
    assert [account.name for account in config.accounts] == names[:1]
    assert config.file == everywhere[names[0]]


def test_no_file_at_all_is_an_empty_configuration(tmp_path: Path):
    config = load(None, {}, tmp_path, user_directory=tmp_path)
    assert config == Config(None, (), ())
    assert config.service("deployer-api").leads == ()
    assert config.state_tables() == config.service_names() == ()
    assert config.account_with_id("111122223333") is None
    assert 'breakglass.toml, [services."*"]' in (config.advice("deployer-api") or "")
    with pytest.raises(UsageError, match="configures none"):
        config.account_named("production")


def test_an_empty_variable_is_unset(everywhere: dict[str, Path], tmp_path: Path):
    config = load(None, {"BREAKGLASS_CONFIG": ""}, tmp_path / "cwd", user_directory=tmp_path)
    assert config.file == everywhere["here"]


def test_paths_are_relative_to_where_the_command_was_given(everywhere: dict[str, Path], tmp_path: Path):
    assert load(Path("flag.toml"), {}, tmp_path).file == everywhere["flag"]
    assert load(None, {"BREAKGLASS_CONFIG": "variable.toml"}, tmp_path).file == everywhere["variable"]


@pytest.mark.parametrize(
    ("explicit", "environ", "by"),
    [(Path("no.toml"), {}, "--config"), (None, {"BREAKGLASS_CONFIG": "no.toml"}, "$BREAKGLASS_CONFIG")],
)
@pytest.mark.usefixtures("everywhere")
def test_a_named_file_that_is_not_there_is_never_replaced_by_another(tmp_path, explicit, environ, by):
    with pytest.raises(UsageError) as error:
        load(explicit, environ, tmp_path / "cwd", user_directory=tmp_path / "user")
    assert error.value.what == f"The configuration file {tmp_path}/cwd/no.toml, named by {by}, does not exist."
    assert error.value.changed == NOTHING_CHANGED
    assert error.value.exit_code == 2


def test_a_directory_is_no_configuration(tmp_path: Path):
    (tmp_path / "breakglass.toml").mkdir()
    with pytest.raises(UsageError, match=r"breakglass\.toml cannot be read: Is a directory"):
        load(None, {}, tmp_path, user_directory=tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'[accounts.production]\nid = "1\n', "breakglass.toml: line 2, column 8: expected TOML, found an error: "),
        (b"[services.*]\n", "breakglass.toml: line 1, column 11: expected TOML"),
        (b"a = [1,", "breakglass.toml: at the end of the file: expected TOML"),
        (b"a = 1\nb = 2\na = 3\n", "breakglass.toml: line 3, column 6: expected TOML"),
        (b"a = 1\n\xff = 2", "breakglass.toml: line 2: expected UTF-8 text, found other bytes."),
        (b"a = " + b"[" * 100_000, "breakglass.toml: expected TOML, found lists or tables nested too deeply."),
        (b"a = " + b"9" * 5_000, "breakglass.toml: expected TOML, found an error: Exceeds the limit"),
        (b"a = 2026-02-30", "breakglass.toml: line 1, column 5: expected TOML, found an error: Invalid date"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, content: bytes, told: str):
    (tmp_path / "breakglass.toml").write_bytes(content)
    with pytest.raises(UsageError) as error:
        load(None, {}, tmp_path, user_directory=tmp_path)
    assert error.value.what.startswith(f"{tmp_path}/{told}")
    assert '[services."*"]' in error.value.hint


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"", b"# nothing\r\n"])
def test_editors_leave_traces_that_do_no_harm(tmp_path: Path, content: bytes):
    (tmp_path / "breakglass.toml").write_bytes(content + b'[accounts.a]\r\nid = "111122223333"\r\n')
    assert load(None, {}, tmp_path).account_named("a").id == "111122223333"


def test_the_users_own_directory_is_found_and_nothing_heavy_is_loaded_for_it(tmp_path: Path):
    """Without pointers, reading a configuration costs neither jmespath nor anything of AWS or the terminal."""
    one_account(tmp_path / "xdg" / "breakglass" / "breakglass.toml", "mine")
    program = (
        "import sys; from pathlib import Path; import breakglass.config as c;"
        "assert 'platformdirs' not in sys.modules;"
        "print(c.load(None, {}, Path.cwd()).accounts[0].name);"
        "print(sorted({'jmespath', 'boto3', 'botocore', 'rich', 'typer'} & set(sys.modules)))"
    )
    environ = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "xdg"), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("mine\n[]\n", "")
