"""The read replica: a real one that streams, is held back, stopped and started; and the portal without one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from portal import replica
from portal.database import databases
from portal.embedded import APP, OWNER, Embedded

CHECKOUT = Path(__file__).resolve().parents[2]
HOME = Path("/nowhere/database")
# Each line of a story about one process of the portal; what it saw comes back as JSON.
STORY = """
import json, sys, time
from pathlib import Path
import django
django.setup()
import psycopg
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction
from portal import replica
from portal.embedded import Embedded

second = Embedded(Path(sys.argv[1]), binaries=Path(sys.argv[2]))
seen, rows = {}, ContentType.objects

def count():
    return [rows.all().db, rows.filter(app_label="story").count()]

def write():
    rows.create(app_label="story", model=f"row {time.monotonic_ns()}")
    return rows.filter(app_label="story").count()

def steer(sql):
    with psycopg.connect(host=str(second.socket_dir), user="postgres", dbname="portal", autocommit=True) as own:
        own.execute(sql)

write()
patience, replica.PATIENCE = replica.PATIENCE, 30  # a loaded machine: what is measured here is not haste
seen["own writes"] = [[write(), *replica.ask(count)] for _ in range(10)]
seen["unasked"] = count()
with transaction.atomic():
    seen["inside a transaction"] = [write(), *replica.ask(count)]

def write_while_reading():
    row = rows.filter(app_label="story").first()
    read_at = row._state.db
    row.model = "changed"
    row.save()
    return [read_at, row._state.db, rows.create(app_label="story", model="new")._state.db]

seen["writes go to"] = replica.ask(write_while_reading)
try:
    with connections["replica"].cursor() as cursor:
        cursor.execute("DELETE FROM django_content_type")
except Exception as error:
    seen["refused"] = type(error.__cause__).__name__

replica.PATIENCE = patience
steer("SELECT pg_wal_replay_pause()")
seen["held back"] = [write(), *replica.ask(count)]
replica.PATIENCE = 30
steer("SELECT pg_wal_replay_resume()")
seen["caught up"] = [write(), *replica.ask(count)]

second.stop()
seen["stopped"] = [write(), *replica.ask(count)]
tried = replica._away_until
seen["not tried again at once"] = [write(), *replica.ask(count), replica._away_until == tried]
second.ensure()
replica._away_until = 0
seen["back"] = [write(), *replica.ask(count)]

connections["replica"].close()
connections["replica"].settings_dict["HOST"] = connections["default"].settings_dict["HOST"]
replica.PATIENCE = patience
seen["the primary's own address"] = [write(), *replica.ask(count)]
print(json.dumps(seen))
"""


@pytest.fixture
def two() -> Iterator[tuple[Embedded, Embedded]]:
    """A server and its streaming replica, of the version the tests run on."""
    oldest = Path("/usr/lib/postgresql/15/bin")
    binaries = oldest if connection.get_database_version() < (16,) else Embedded(HOME).bin
    with TemporaryDirectory(prefix="portal-test-") as directory:
        first = Embedded(Path(directory) / "first", binaries=binaries)
        second = Embedded(Path(directory) / "second", binaries=binaries)
        first.ensure()
        second.home.mkdir(mode=0o700)
        copy = [binaries / "pg_basebackup", "-R", "-c", "fast", "-U", "postgres"]
        subprocess.run([*copy, "-h", first.socket_dir, "-D", second.data], check=True, capture_output=True)
        second.ensure()
        yield first, second
        second.stop()
        first.release()


def _url(server: Embedded, user: str = APP) -> str:
    return f"postgresql://{user}@/portal?host={server.socket_dir}"


@pytest.mark.database
@pytest.mark.django_db
def test_replica_answers_only_what_is_whole_there(two: tuple[Embedded, Embedded], tmp_path: Path) -> None:
    first, second = two
    environ = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "DATABASE_URL": _url(first),
        "MIGRATION_DATABASE_URL": _url(first, OWNER),
        "REPLICA_URL": _url(second),
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "portal.example",
        "VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    run: dict[str, Any] = {"cwd": CHECKOUT, "env": environ, "capture_output": True, "text": True}
    made = subprocess.run([sys.executable, "manage.py", "migrate", "contenttypes", "-v0"], **run)
    assert made.returncode == 0, made.stderr
    told = subprocess.run([sys.executable, "-c", STORY, str(second.home), str(second.bin)], **run)
    assert told.returncode == 0, told.stderr
    seen = json.loads(told.stdout)
    assert {tuple(each[1:2]) for each in seen["own writes"]} == {("replica",)}
    assert all(written == read for written, _, read in seen["own writes"])
    assert seen["unasked"][0] == "default"
    assert seen["writes go to"] == ["replica", "default", "default"], (
        "read there, and written where rows are written"
    )
    assert seen["refused"] == "ReadOnlySqlTransaction"
    for when, where in (
        ("inside a transaction", "default"),
        ("held back", "default"),
        ("caught up", "replica"),
        ("stopped", "default"),
        ("not tried again at once", "default"),
        ("back", "replica"),
        ("the primary's own address", "default"),
    ):
        written, at, read, *_ = seen[when]
        assert (when, at, read) == (when, where, written)
    assert seen["not tried again at once"][-1] is True


def test_without_one_nothing_changes() -> None:
    assert list(databases("postgresql://u@h/x", "", HOME, as_owner=False, prepared=True)) == ["default"]
    assert "replica" not in settings.DATABASES
    assert replica.ask(lambda: "answered by the primary alone") == "answered by the primary alone"


def test_replica_is_a_database_of_its_own() -> None:
    def found(url: str, *, as_owner: bool) -> dict[str, Any]:
        return databases("postgresql://u@h/x", "", HOME, as_owner=as_owner, prepared=True, replica_url=url)

    made = found("postgresql://u@second/x", as_owner=False)
    assert (made["default"]["HOST"], made["replica"]["HOST"]) == ("h", "second")
    assert "statement_timeout=5s" in made["replica"]["OPTIONS"]["options"]
    assert list(found("postgresql://u@second/x", as_owner=True)) == ["default"], "who migrates has none"
    with pytest.raises(ImproperlyConfigured, match="REPLICA_URL is not like postgresql://"):
        found("second:5432", as_owner=False)
