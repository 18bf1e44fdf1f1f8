"""`manage.py serve` and `stop`, as a person uses them: real processes on a cluster of their own, and killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import psutil
import psycopg
import pytest

from portal.patience import MANY, WORKING

CHECKOUT = Path(__file__).resolve().parents[2]


class Portal:
    def __init__(self, var: Path) -> None:
        self.var = var
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
        self.environ = {**keep, "DEMO": "1", "VAR_DIR": str(var), "PORT": str(self.port), "WEB_WORKERS": "1"}
        self.served: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT, env=self.environ, capture_output=True, text=True,
        )  # fmt: skip

    def serve(self) -> "subprocess.Popen[bytes]":
        log = open(self.var / "serve.log", "ab")  # noqa: SIM115  the process keeps it
        self.served = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=CHECKOUT,
            env=self.environ,
            stdout=log,
            stderr=log,
            start_new_session=True,  # without a terminal, as a service
        )
        log.close()
        self.until(lambda: "The portal is at" in self.log())
        return self.served

    def log(self) -> str:
        return (self.var / "serve.log").read_text(errors="replace")

    def page(self) -> int:
        with urlopen(f"http://127.0.0.1:{self.port}/", timeout=20) as answer:
            return int(answer.status)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(
            host=str(self.var / "database"), dbname="portal", user="portal_app"
        ) as connection:
            return connection.execute(sql).fetchall() if sql.startswith("SELECT") else []

    def processes(self) -> list[psutil.Process]:
        """Everything that serves from this directory, found by its environment or its arguments."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("VAR_DIR") == str(self.var)
                if ours or str(self.var / "database" / "data") in process.cmdline():
                    found.append(process)
            except psutil.Error:
                continue
        return [process for process in found if process.pid != os.getpid()]

    def named(self, *words: str) -> list[psutil.Process]:
        return [each for each in self.processes() if set(words) <= set(each.cmdline())]

    def until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)


@pytest.fixture
def portal() -> Iterator[Portal]:
    with TemporaryDirectory(prefix="portal-test-") as directory:
        portal = Portal(Path(directory))
        (portal.var / "serve.log").touch()
        prepared = portal.manage("prepare")
        assert prepared.returncode == 0, prepared.stderr
        yield portal
        for process in portal.processes():
            process.kill()
        if portal.served:
            portal.served.wait()


def test_serve_until_told_to_stop(portal: Portal) -> None:
    served = portal.serve()
    assert portal.page() == 200
    assert "demo-portal-2026" in portal.log()

    again = portal.manage("serve")
    assert again.returncode == 1
    assert f"The portal already runs at http://127.0.0.1:{portal.port}/" in again.stderr

    # The worker works: it takes up a job as soon as that is committed.
    with psycopg.connect(host=str(portal.var / "database"), dbname="portal", user="portal_app") as connection:
        job = (
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'portal.clear_expired', 0, NULL, NULL,"
            """ '{"timestamp": 0}'::jsonb, NULL)::procrastinate_job_to_defer_v1])"""
        )
        connection.execute(job)
    portal.until(
        lambda: not portal.query("SELECT FROM procrastinate_jobs WHERE task_name = 'portal.clear_expired'")
    )

    served.send_signal(signal.SIGINT)
    assert served.wait(timeout=30) == 0
    portal.until(lambda: not portal.processes())


def test_whatever_is_killed_the_next_request_works(portal: Portal) -> None:
    served = portal.serve()
    assert portal.page() == 200

    for name, words in {
        "postmaster": ("-k", str(portal.var / "database")),
        "web server": ("portal.web",),
        "job worker": ("work",),
    }.items():
        victims = portal.named(*words)
        assert victims, name
        first = min(victims, key=lambda process: process.create_time())
        # Its children go with it, and only then is the next request a new one's.
        victims = [*victims, *first.children(recursive=True)]
        first.kill()
        portal.until(lambda victims=victims: not any(_lives(victim) for victim in victims))
        if name != "postmaster":  # nobody starts that one but the next who needs it
            portal.until(lambda words=words: portal.named(*words))
        portal.until(lambda: _answers(portal))
        assert portal.page() == 200, name

    served.kill()
    served.wait()
    assert portal.page() == 200, "what a killed supervisor leaves goes on serving"
    assert "Stopped." in portal.manage("stop").stdout
    portal.until(lambda: not portal.processes())
    assert "Nothing was running." in portal.manage("stop").stdout


def test_stop_stops_it_from_elsewhere(portal: Portal) -> None:
    served = portal.serve()
    assert "Stopped." in portal.manage("stop").stdout
    assert served.wait(timeout=30) == 0
    portal.until(lambda: not portal.processes())


def test_only_where_there_is_a_terminal_can_it_hang_up() -> None:
    say = "from portal.serving import has_terminal; print(has_terminal())"
    take = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    ours, theirs = os.openpty()
    try:
        said = [
            subprocess.run(
                [sys.executable, "-c", code],
                cwd=CHECKOUT, stdin=theirs, capture_output=True, text=True, start_new_session=True,
            ).stdout.strip()
            for code in (say, take + say)
        ]  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert said == ["False", "True"]


def test_port_of_another_program_is_named(portal: Portal) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", portal.port))
        other.listen()
        refused = portal.manage("serve")
    assert refused.returncode == 1
    assert f"Port {portal.port} is in use by another program" in refused.stderr


def test_database_without_tables_is_named() -> None:
    with TemporaryDirectory(prefix="portal-test-") as directory:
        refused = Portal(Path(directory)).manage("serve")
        assert refused.returncode == 1
        assert "run `manage.py prepare` first" in refused.stderr


def _lives(process: psutil.Process) -> bool:
    try:  # a dead leader still holds the listening socket while one of its threads is dying
        dead = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        return process.is_running() and not dead
    except psutil.NoSuchProcess:
        return False


def _answers(portal: Portal) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", portal.port)) == 0


def test_who_waits_behind_many_connects_anew_and_nobody_else_does(portal: Portal) -> None:
    """All of them held up at once by a lock: behind many, an answer says that its connection ends, and it does."""
    portal.environ["WEB_WORKERS"] = "2"
    portal.serve()
    database = {"host": str(portal.var / "database"), "dbname": "portal", "user": "portal_app"}
    head = f"Host: 127.0.0.1\r\nCookie: session={'n' * 32}\r\n\r\n"
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'django_session'::regclass"
    with contextlib.ExitStack() as open_ones:
        held = open_ones.enter_context(psycopg.connect(**database))
        held.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        clients = []
        for number in range(4 * MANY):
            client = open_ones.enter_context(socket.create_connection(("127.0.0.1", portal.port), timeout=20))
            client.sendall(f"{('GET', 'HEAD')[number % 2]} / HTTP/1.1\r\n{head}".encode())
            clients.append(client)
        portal.until(lambda: len(portal.query(waiting)) >= WORKING)
        held.rollback()

        closed = 0
        for number, client in enumerate(clients):
            answer = HTTPResponse(client, method=("GET", "HEAD")[number % 2])
            answer.begin()
            answer.read()
            assert answer.status == 200
            if answer.will_close:
                closed += 1
                assert client.recv(1) == b""
            else:
                client.sendall(f"GET /healthz HTTP/1.1\r\n{head}".encode())
                again = HTTPResponse(client)
                again.begin()
                assert (again.status, again.will_close) == (200, False)
        assert closed >= 2 * MANY
    assert portal.page() == 200
