"""The shape of the house: which way imports run, and which rooms do not exist."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
APPS = ("portal", "customers", "subscriptions", "support_contacts")
NO_ROOMS = {"utils", "helpers", "services", "selectors", "signals", "managers", "mixins"}


def _lint_imports(checkout: Path) -> subprocess.CompletedProcess[str]:
    script = (
        "import sys; from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    )
    return subprocess.run([sys.executable, "-c", script], cwd=checkout, capture_output=True, text=True)


def test_imports_run_one_way() -> None:
    done = _lint_imports(CHECKOUT)
    assert done.returncode == 0, done.stdout


def test_an_import_the_wrong_way_is_found(tmp_path: Path) -> None:
    for app in APPS:
        (tmp_path / app).mkdir()
        (tmp_path / app / "__init__.py").touch()
        (tmp_path / app / "operations.py").touch()
    (tmp_path / "pyproject.toml").write_text((CHECKOUT / "pyproject.toml").read_text())
    assert _lint_imports(tmp_path).returncode == 0
    (tmp_path / "portal" / "operations.py").write_text("import support_contacts.operations\n")
    (tmp_path / "customers" / "models.py").write_text("import customers.operations\n")
    done = _lint_imports(tmp_path)
    assert done.returncode == 1
    assert "portal.operations -> support_contacts.operations" in done.stdout
    assert "customers.models -> customers.operations" in done.stdout


@pytest.mark.parametrize("app", APPS)
def test_no_room_is_named_after_nothing(app: str) -> None:
    found = [path for path in (CHECKOUT / app).rglob("*.py") if path.stem in NO_ROOMS]
    assert not found
