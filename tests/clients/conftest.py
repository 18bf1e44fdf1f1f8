"""A portal as `make run` starts it, with the data of the demonstration."""

import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.portal.test_serve import Portal


@pytest.fixture
def demonstration() -> Iterator[Portal]:
    with TemporaryDirectory(prefix="portal-test-") as directory:
        portal = Portal(Path(directory))
        portal.environ["API_REQUESTS_PER_MINUTE"] = "100000"  # the clients wait when told to; a test need not
        (portal.var / "serve.log").touch()
        try:
            for command in ("prepare", "demo_data"):
                done = portal.manage(command)
                assert done.returncode == 0, done.stderr
            served = portal.serve()
            yield portal
            served.send_signal(signal.SIGINT)
            assert served.wait(timeout=30) == 0
        finally:
            for process in portal.processes():
                process.kill()
            if portal.served:
                portal.served.wait()
