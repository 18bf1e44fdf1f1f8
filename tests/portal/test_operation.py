"""A whole portal as an operator runs it: its database dies, its worker dies, a new version comes."""

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psutil
import psycopg
import pytest

from portal.embedded import Embedded
from tests.portal.test_serve import Portal

TOKEN = "figures-for-prometheus-only"
#: Makes any page ask the database who this is.
SOMEBODY = {"Cookie": "__Host-session=0123456789abcdef0123456789abcdef"}
INTEGRATION = {"Authorization": "Bearer portal_" + "5" * 64}
CLEAR = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'portal.clear_expired', 0, NULL, NULL,"
    """ '{"timestamp": 0}'::jsonb, NULL)::procrastinate_job_to_defer_v1])"""
)
CLEARING = "SELECT status FROM procrastinate_jobs WHERE task_name = 'portal.clear_expired'"


class Operated(Portal):
    """The portal with DATABASE_URL set: it does not start that server, and cannot."""

    def __init__(self, var: Path) -> None:
        super().__init__(var)
        self.database = Embedded(var / "database")
        self.database.ensure()
        place = quote(str(self.database.socket_dir), safe="")
        self.environ |= {
            "DATABASE_URL": f"postgresql://portal_app@/portal?host={place}",
            "MIGRATION_DATABASE_URL": f"postgresql://portal_owner@/portal?host={place}",
            "DEMO": "0",
            "SECRET_KEY": "only-for-this-portal-" * 3,
            "ALLOWED_HOSTS": "127.0.0.1",
            "TRUSTED_PROXY_COUNT": "1",
            "WEB_WORKERS": "2",
            "WORKER_STALLED_SECONDS": "3",
            "METRICS_TOKEN": TOKEN,
        }

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(host=str(self.database.socket_dir), dbname="portal", user="portal_app")

    def defer(self, sql: str) -> None:
        with self.connect() as connection:
            connection.execute(sql)

    def get(self, path: str, hesitating: float = 0, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.connect()
            threading.Event().wait(hesitating)
            connection.request("GET", path, headers={"X-Forwarded-Proto": "https", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def web_processes(self) -> set[psutil.Process]:
        """Those that answer; the one that keeps them has no parent among them."""
        leader = min(self.named("portal.web"), key=lambda process: process.create_time())
        return {each for each in leader.children() if _serves(each)}


@pytest.fixture(scope="module")
def portal() -> Iterator[Operated]:
    with TemporaryDirectory(prefix="portal-test-") as directory:
        portal = Operated(Path(directory))
        (portal.var / "serve.log").touch()
        prepared = portal.manage("prepare")
        assert prepared.returncode == 0, prepared.stderr
        portal.serve()
        portal.until(lambda: len(portal.web_processes()) == 2)
        yield portal
        portal.database.release()
        for process in portal.processes():
            process.kill()
        if portal.served:
            portal.served.wait()


def test_figures_are_of_all_processes(portal: Operated) -> None:
    def pids() -> set[str]:
        return {path.name.rpartition("_")[2] for path in (portal.var / "metrics").glob("histogram_*.db")}

    answered = {f"{process.pid}.db" for process in portal.web_processes()}
    sent = 0
    until = time.monotonic() + 60
    while not answered <= pids():  # until each of both has answered
        assert time.monotonic() < until
        status, _body = portal.get("/no-such-page/camille/")
        sent += status == 404
    name = 'portal_request_seconds_count{method="GET",status="404",view="none"}'
    for _ in range(6):  # whichever is asked
        status, said = portal.get("/metrics", Authorization=f"Bearer {TOKEN}")
        assert status == 200
        counts = dict(line.rsplit(" ", 1) for line in said.splitlines() if not line.startswith("#"))
        assert float(counts[name]) == sent >= 2
        assert "camille" not in said
        assert counts["portal_database_up"] == "1.0"


def test_what_a_killed_worker_held_is_taken_up(portal: Operated) -> None:
    (worker,) = portal.named("work")
    with portal.connect() as holding:
        holding.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        portal.defer(CLEAR)
        portal.until(lambda: portal.query(CLEARING) == [("doing",)])
        worker.kill()
        worker.wait()
        assert portal.query(CLEARING) == [("doing",)]
        holding.rollback()
    portal.until(lambda: not portal.query(CLEARING), seconds=45)  # and 90 with the 30 seconds of production
    assert "job_taken_up" in portal.log()


def test_database_away_is_said_and_heals_by_itself(portal: Operated) -> None:
    assert portal.get("/sign-in/", **SOMEBODY)[0] == 200
    assert portal.get("/v1/customers", **INTEGRATION)[0] == 401
    assert portal.get("/readyz")[0] == 200
    postmaster = int((portal.database.data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    portal.until(lambda: not portal.database.accepts())

    status, page = portal.get("/sign-in/", **SOMEBODY)
    assert status == 503
    assert "The portal cannot reach its data" in page
    status, page = portal.get("/sign-in/", **SOMEBODY, **{"Accept-Language": "fr"})
    assert status == 503
    assert 'lang="fr"' in page
    status, body = portal.get("/v1/customers", **INTEGRATION)
    assert (status, json.loads(body)["data"]) == (503, ["unavailable"])
    status, body = portal.get("/readyz")
    assert (status, json.loads(body)["database"]) == (503, "away")
    assert portal.get("/healthz")[0] == 200
    portal.until(lambda: '"work"' in repr(portal.named("work")) or portal.log().count("database_away") > 1)

    portal.database.ensure()
    back = time.monotonic()
    portal.until(lambda: portal.get("/sign-in/", **SOMEBODY)[0] == 200, seconds=5)
    portal.until(lambda: portal.get("/v1/customers", **INTEGRATION)[0] == 401, seconds=5)
    portal.until(lambda: portal.get("/readyz")[0] == 200, seconds=5)
    assert time.monotonic() - back < 5
    portal.defer(CLEAR)
    portal.until(lambda: not portal.query(CLEARING), seconds=20)
    assert portal.served.poll() is None


def test_a_process_that_dies_takes_no_waiting_request_with_it(portal: Operated) -> None:
    """What it had not taken yet waits at the socket that all share, for the next."""
    before, answers = portal.web_processes(), []
    for process in before:
        process.suspend()
    portal.until(lambda: all(process.status() == psutil.STATUS_STOPPED for process in before))
    senders = [
        threading.Thread(target=lambda: answers.append(portal.get("/sign-in/", **SOMEBODY)[0]))
        for _ in range(12)
    ]
    for sender in senders:
        sender.start()
    portal.until(lambda: len(_connections(portal)) >= len(senders))
    for process in before:
        process.kill()
    for sender in senders:
        sender.join()
    assert answers == [200] * len(senders)
    portal.until(lambda: len(portal.web_processes()) == 2)


@pytest.mark.parametrize("way", ["restart", "HUP"])
def test_a_new_version_drops_no_request(portal: Operated, way: str) -> None:
    before, (worker,) = portal.web_processes(), portal.named("work")
    failed, done, over = [], [], threading.Event()

    def send(hesitating: float) -> None:
        while not over.is_set():
            try:
                status, _body = portal.get("/sign-in/", hesitating, **SOMEBODY)
            except OSError as error:
                failed.append(repr(error))
            else:
                (done if status == 200 else failed).append(status)

    # Some are there a while before they say what they want: a process that ends must not take them with it.
    senders = [threading.Thread(target=send, args=[hesitating]) for hesitating in (0, 0, 0.3, 0.3, 0.3, 0.3)]
    for sender in senders:
        sender.start()
    try:
        if way == "HUP":
            portal.served.send_signal(signal.SIGHUP)
        else:
            restarted = portal.manage("restart")
            assert restarted.returncode == 0, restarted.stderr
        portal.until(lambda: not any(_lives(process) for process in before), seconds=120)
        portal.until(lambda: len(portal.web_processes()) == 2)
        sofar = len(done)
        portal.until(lambda: len(done) > sofar + 20)  # and the new ones answer
    finally:
        over.set()
        for sender in senders:
            sender.join()
    assert failed == []
    assert len(done) > 40
    assert not before & portal.web_processes()
    portal.until(lambda: portal.named("work") and portal.named("work") != [worker])
    portal.defer(CLEAR)
    portal.until(lambda: not portal.query(CLEARING), seconds=20)


def test_what_is_under_way_is_ended_before_the_portal_stops(portal: Operated) -> None:
    answers: list[int] = []
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'portal_credentialsecret'::regclass"
    with portal.connect() as holding:
        holding.execute("LOCK TABLE portal_credentialsecret IN ACCESS EXCLUSIVE MODE")
        asking = threading.Thread(
            target=lambda: answers.append(portal.get("/v1/customers", **INTEGRATION)[0])
        )
        asking.start()
        portal.until(lambda: portal.query(waiting))
        portal.served.send_signal(signal.SIGTERM)
        portal.until(lambda: not _accepts(portal))
        assert answers == []
        holding.rollback()
    asking.join()
    assert answers in ([401], [503])  # 503: this machine was so slow that the wait for the row ended first
    assert portal.served.wait(timeout=60) == 0


def test_all_of_that_was_said_in_lines_a_machine_reads(portal: Operated) -> None:
    """The last of these tests: by now everything has been served, killed, replaced and stopped."""
    said = [json.loads(line) for line in portal.log().splitlines()]
    assert all({"event", "level", "timestamp"} <= set(each) for each in said)
    requests = [each for each in said if each["event"] == "request"]
    assert all({"request_id", "view", "method", "status", "ms"} <= set(each) for each in requests)
    assert {("account_login", 200), ("account_login", 503), ("none", 404)} <= {
        (each["view"], each["status"]) for each in requests
    }
    jobs = [each for each in said if each["event"] == "job"]
    assert {"job_id", "job", "attempt", "outcome", "ms"} <= set(jobs[0])
    events = [each["event"] for each in said]
    assert {"database_away", "database_back", "job_taken_up"} <= set(events)
    assert "_granian" in {each["logger"] for each in said}  # of the processes that were killed
    assert "Python threads" not in portal.log()  # so many wait on purpose
    assert "portal_5555" not in portal.log()
    assert "camille" not in portal.log()


def _serves(process: psutil.Process) -> bool:
    """Whether it is one of the web server's that has not ended: what is left of one has no command line."""
    try:
        return "portal.web" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _connections(portal: Operated) -> list[object]:
    """Ours to the web server, whoever answers them."""
    found = psutil.Process().net_connections("tcp")
    return [
        each
        for each in found
        if each.raddr and each.raddr.port == portal.port and each.status == "ESTABLISHED"
    ]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _accepts(portal: Operated) -> bool:
    try:
        return portal.get("/healthz")[0] == 200
    except OSError:
        return False
