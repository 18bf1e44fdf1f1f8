import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.soak.stack import Stack


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A demonstration, made once and stopped; every test serves a copy."""
    var = tmp_path_factory.mktemp("prepared")
    stack = Stack(var)
    for command in ("prepare", "demo_data"):
        done = stack.manage(command)
        assert done.returncode == 0, done.stderr
    yield var
    shutil.rmtree(var)


@pytest.fixture
def var(prepared: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "var"
    shutil.copytree(prepared, copy)
    yield copy
    shutil.rmtree(copy)


@pytest.fixture
def stack(var: Path) -> Iterator[Stack]:
    stack = Stack(var)
    yield stack
    stack.close()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Say a count at once, with how busy the machine is: figures mean little without."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text} [load {os.getloadavg()[0]:.1f}]", flush=True)

    return say
