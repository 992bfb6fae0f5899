"""A stage for what the documents describe."""

import shutil

import pytest

from breakglass.aws import fast
from breakglass.rehearsal.stage import Stage, within
from tests.documents.collecting import SERVICE
from tests.documents.operating import Operator


@pytest.fixture(autouse=True, scope="module")
def _models_read_once():
    """Each line within this process would read AWS's models anew, for a third of its time."""
    read, files = fast._DirectFiles.load_file, {}

    def once(self, path):
        if path not in files:
            files[path] = read(self, path)
        return files[path]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast._DirectFiles, "load_file", once)
        yield


@pytest.fixture(name="operator")
def _operator(sandbox, tmp_path):
    """The operator of a fresh world, in which nobody has done anything yet."""
    for name in ("state", "drill", "tools"):
        shutil.rmtree(sandbox.folder / name, ignore_errors=True)
    return Operator(sandbox, tmp_path)


@pytest.fixture(name="stage", scope="module")
def _stage(running):
    """The sandbox for those who break it and judge. One for all: its clients take longer to make than to use."""
    with within(running), Stage.of(running, SERVICE) as stage:
        yield stage
