"""The embedded server, killed and hurt in every way we know; each test on a cluster it throws away."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest

from portal import embedded
from portal.embedded import APP, Embedded
from portal.pg import DatabaseUnavailable

CHECKOUT = Path(__file__).resolve().parents[2]
# Starts the server, says so, and leaves when its input ends.
HOLDER = """
import sys
from pathlib import Path
from portal.embedded import Embedded
Embedded(Path(sys.argv[1])).ensure()
print("up", flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.filterwarnings("error")


class Holder:
    """Another process that uses the server."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, "-c", HOLDER, str(home)]
        self.process = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def up(self) -> "Holder":
        assert self.process.stdout
        assert self.process.stdout.readline() == "up\n"
        return self

    def leave(self) -> None:
        self.process.communicate("", timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="portal-test-") as directory:  # short: a socket's path has an end
        yield Path(directory) / "database"
        _stop(Path(directory) / "database")


@pytest.fixture
def holder(home: Path) -> Iterator[Callable[[], Holder]]:
    made: list[Holder] = []

    def start() -> Holder:
        made.append(Holder(home))
        return made[-1]

    yield start
    for each in made:
        if each.process.poll() is None:
            each.kill()


def _stop(home: Path) -> None:
    server = Embedded(home)
    with suppress(DatabaseUnavailable):
        server.stop()
    for process in psutil.process_iter(["cmdline"]):
        if str(server.data) in (process.info["cmdline"] or []):
            process.kill()


def _user(server: Embedded) -> str:
    with psycopg.connect(host=str(server.socket_dir), dbname="portal", user=APP) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row
    return str(row[0])


def _postmaster(server: Embedded) -> int:
    return int((server.data / "postmaster.pid").read_text().split("\n")[0])


def test_six_processes_at_once_on_nothing(home: Path, holder: Callable[[], Holder]) -> None:
    holders = [holder() for _ in range(6)]
    for each in holders:
        each.up()
    server = Embedded(home)
    assert _user(server) == APP
    assert not list(home.glob("data.new-*"))
    for each in holders[:-1]:
        each.leave()
    assert server.accepts(), "somebody still uses it"
    holders[-1].leave()
    assert not server.accepts(), "the last one out stops it"


def test_killed_holder_does_not_keep_it_running(home: Path, holder: Callable[[], Holder]) -> None:
    holder().up().kill()
    server = Embedded(home)
    assert server.accepts()
    holder().up().leave()
    assert not server.accepts()


def test_killed_postmaster_comes_back_with_what_was_committed(
    home: Path, holder: Callable[[], Holder]
) -> None:
    holder().up()
    server = Embedded(home)
    with psycopg.connect(host=str(server.socket_dir), dbname="portal", user=embedded.OWNER) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    busy = psycopg.connect(host=str(server.socket_dir), dbname="portal", user=APP)
    os.kill(_postmaster(server), signal.SIGKILL)
    _until(lambda: not server.accepts())
    holder().up()
    with psycopg.connect(host=str(server.socket_dir), dbname="portal", user=APP) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    busy.close()


@pytest.mark.parametrize("number", [1, os.getpid(), 99999999], ids=["init", "a test", "nobody"])
def test_stale_lock_file_of_another_program(home: Path, holder: Callable[[], Holder], number: int) -> None:
    holder().up()
    server = Embedded(home)
    text = (server.data / "postmaster.pid").read_text()
    lock = (server.socket_dir / ".s.PGSQL.5432.lock").read_text()
    os.kill(_postmaster(server), signal.SIGKILL)
    _until(lambda: not server.accepts())
    (server.data / "postmaster.pid").write_text(f"{number}\n{text.partition(chr(10))[2]}")
    (server.socket_dir / ".s.PGSQL.5432.lock").write_text(f"{number}\n{lock.partition(chr(10))[2]}")
    holder().up()
    assert _user(server) == APP


@pytest.mark.parametrize("after", [0.0, 0.2, 0.4, 0.6])
def test_interrupted_while_it_was_made(home: Path, holder: Callable[[], Holder], after: float) -> None:
    first = holder()
    _until(home.exists)
    time.sleep(
        after
    )  # somewhere in the second it takes: not waiting for anything, but choosing where to hurt
    for child in psutil.Process(first.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()
    first.kill()
    holder().up()
    assert _user(Embedded(home)) == APP
    assert not list(home.glob("data.new-*"))


@pytest.mark.parametrize("name", ["x" * 120, "with space", 'it\'s, "quoted"', "déjà-vu"])
def test_awkward_paths(name: str) -> None:
    with TemporaryDirectory(prefix="portal-test-") as directory:
        home = Path(directory) / name
        server = Embedded(home)
        try:
            server.ensure()
            assert _user(server) == APP
            assert server.socket_dir.stat().st_mode & 0o077 == 0
        finally:
            server.release()
            if server.socket_dir != server.home:
                for left in server.socket_dir.iterdir():
                    left.unlink()
                server.socket_dir.rmdir()


def test_two_checkouts_side_by_side(home: Path) -> None:
    one, two = Embedded(home / "one"), Embedded(home / "two")
    one.ensure()
    two.ensure()
    one.release()
    assert not one.accepts()
    assert _user(two) == APP
    two.release()
    assert not two.accepts()


def test_stop_stops_it_under_others_and_they_start_it_again(home: Path, holder: Callable[[], Holder]) -> None:
    holder().up()
    server = Embedded(home)
    assert server.stop() is True
    assert not server.accepts()
    assert server.stop() is False
    server.ensure()
    assert _user(server) == APP
    server.release()


def test_data_of_another_major_version_is_refused_and_untouched(home: Path) -> None:
    data = home / "data"
    data.mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(
        DatabaseUnavailable, match="made by PostgreSQL 17 and this portal brings 18; nothing was touched"
    ):
        Embedded(home).ensure()
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_no_wheel_names_database_url(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DatabaseUnavailable, match="set DATABASE_URL"):
        Embedded(home).ensure()


def test_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable, match=r"cannot use .*file.* or set DATABASE_URL"):
        Embedded(tmp_path / "file" / "database").ensure()


def test_socket_directory_of_somebody_else_is_refused(home: Path) -> None:
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    with pytest.raises(DatabaseUnavailable, match="open to others"):
        Embedded(home).ensure()


@pytest.mark.skipif(os.geteuid() != 0, reason="says what happens to root's folders")
def test_root_opens_nobodys_folders() -> None:
    with TemporaryDirectory(prefix="portal-test-") as directory:
        closed = Path(directory) / "closed"
        closed.mkdir(mode=0o700)
        server = Embedded(closed / "database")
        server.ensure()
        assert _user(server) == APP
        server.release()
        assert [oct(path.stat().st_mode & 0o777) for path in (closed, closed / "database")] == [
            "0o700",
            "0o700",
        ]
        assert {path.stat().st_uid for path in (closed, closed / "database", server.data)} == {0}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another name")
def test_root_without_user_namespaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with TemporaryDirectory(prefix="portal-test-") as directory:
        closed = Path(directory) / "closed"
        closed.mkdir(mode=0o700)
        with pytest.raises(DatabaseUnavailable, match="does not run as root, and nobody else may enter"):
            Embedded(closed / "database").ensure()
        if not _nobody_reaches(Embedded(closed).bin):
            pytest.skip("the virtual environment lies where nobody but root may enter")
        Path(directory).chmod(0o755)
        server = Embedded(Path(directory) / "open")
        server.ensure()
        assert _user(server) == APP
        server.release()
        assert server.data.stat().st_uid == 65534


def _nobody_reaches(bin: Path) -> bool:
    try:
        subprocess.run([bin / "postgres", "--version"], check=True, capture_output=True, cwd="/", user=65534)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _until(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_accepts_is_false_when_a_dead_socket_is_left(home: Path) -> None:
    home.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(home / ".s.PGSQL.5432"))
    assert Embedded(home).accepts() is False
