"""What README says to paste works when it is pasted: "use it from code", in a shell and in Python."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.clients.person import Person
from tests.portal.test_serve import CHECKOUT, Portal

README = (Path(CHECKOUT) / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8000"
#: Plays curl, as far as README needs it, on a machine that has none.
CURL = Path(__file__).with_name("curl.py")


def blocks() -> tuple[str, str, str]:
    """The lines to paste: for the shell, for Python, and for the shell once more with OAuth."""
    section = README.partition("\n## Use it from code\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert [kind for kind, _lines in found] == ["sh", "python", "sh", "python"]
    # The last one is a receiver of webhooks: tests/api/test_document_webhooks.py runs it.
    shell, python, oauth = (lines for _kind, lines in found[:3])
    return shell, python, oauth


def test_what_is_pasted_works(demonstration: Portal, tmp_path: Path) -> None:
    root = f"http://127.0.0.1:{demonstration.port}"
    made = Person(root).sign_in_with_one_click("Fabrikam Distribution", "Admin agent").make_integration()
    shell, python, oauth = blocks()
    shell = shell.replace(ADDRESS, root).replace("TOKEN=portal_…", f"TOKEN={made.secret}")
    oauth = oauth.replace("CLIENT_ID=01a2…", f"CLIENT_ID={made.client_id}")
    assert ADDRESS not in shell + python + oauth
    assert "…" not in shell + python + oauth
    script = tmp_path / "pasted.sh"
    # A person pastes Python into python3: it says what the last expression is.
    script.write_text(
        f"set -e\n{shell}\necho ==\npython3 -i - <<'PYTHON'\n{python}\nPYTHON\necho ==\n{oauth}\necho ==\n"
    )
    (tmp_path / "curl").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{CURL}" "$@"\n')
    (tmp_path / "curl").chmod(0o755)
    own = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    played = {**own, "PATH": f"{tmp_path}:{own['PATH']}"}
    for environ in [own, played] if shutil.which("curl") else [played]:
        done = subprocess.run(["sh", str(script)], env=environ, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Error" not in done.stdout + done.stderr, done.stdout + done.stderr
        _is_what_was_asked_for(*done.stdout.split("==\n")[:3])


def _is_what_was_asked_for(shell: str, python: str, oauth: str) -> None:
    page, found, contact, candidates, changed, history = map(json.loads, shell.strip().splitlines())
    assert page["totalCount"] == 2
    assert "next" in page["links"]
    assert "Contoso" in {item["companyProfile"]["companyName"] for item in found["items"]}
    assert contact["attributes"]["objectType"] == "SupportContact"
    assert candidates["items"][0]["isDefault"] is True
    assert changed["supportMpnId"] == "5127741"
    assert history["items"][0]["supportContact"]["supportMpnId"] == "5127741"
    may = [item["name"] for item in candidates["items"] if item["eligible"]]
    assert repr(may[1]) in python
    assert json.loads(oauth)["profileType"] == "support_profile"
