"""The portal's web server on a free port. Says which on its output; ends when its input does, however that ends.

Run as a program; `Server` below starts and stops it.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
#: As `manage.py serve` does, with an application of the tests' own.
SERVE = "import sys; from portal.web import main; main(*sys.argv[1:5], application=sys.argv[5])"


class Server:
    """The program, started by a test run."""

    def __init__(
        self,
        database: dict[str, Any],
        mail: Path,
        application: str = "portal.wsgi:application",
        *,
        settings: str = "tests.browser.server_settings",
        workers: int = 1,
    ) -> None:
        given = {"database": database, "mail": str(mail), "application": application, "workers": workers}
        environment = {
            **os.environ,
            "BROWSER_TESTS": json.dumps(given),
            "DJANGO_SETTINGS_MODULE": settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.server"],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        """Waits until it answers."""
        assert self.process.stdout
        port = self.process.stdout.readline().strip()
        assert port.isdigit(), "The web server of the browser tests did not start; its words are above."
        return f"http://{HOST}:{port}"

    def stop(self) -> None:
        self.process.communicate(timeout=60)


def main() -> int:
    given = json.loads(os.environ["BROWSER_TESTS"])
    with socket.socket() as held:
        # Held without listening, so that no other test run is given the port before the server has it.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((HOST, 0))
        port = held.getsockname()[1]
        web = subprocess.Popen(
            [
                *(sys.executable, "-c", SERVE, HOST, str(port), str(given["workers"]), str(CHECKOUT)),
                given["application"],
            ],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )
        try:
            while not _answers(port):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return web.wait(timeout=0.05)
            print(port, flush=True)
            sys.stdin.read()
        finally:
            web.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                web.wait(timeout=20)
            web.kill()
    return 0


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
