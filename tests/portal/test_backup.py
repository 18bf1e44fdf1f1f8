"""Backup and restore on a real server: what comes back, what is refused, and that a refusal changes nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

from portal import backup
from portal.database import databases
from portal.embedded import APP
from portal.pg import DatabaseUnavailable
from portal.pg.tools import Tools, fit, place_of, told
from portal.restore import Backup, Target
from tests.factories.portal import OrganisationFactory

CHECKOUT = Path(__file__).resolve().parents[2]


def on_a_server(test: Any) -> Any:
    return pytest.mark.database(pytest.mark.django_db(transaction=True)(test))


@pytest.fixture
def place() -> dict[str, Any]:
    """Where the tests' own database is, as its owner."""
    said = settings.ENVIRONMENT
    urls = said.database_url, said.migration_database_url
    own = databases(*urls, settings.VAR_DIR / "database", as_owner=True, prepared=True)["default"]
    where = place_of(connection.get_connection_params())
    return where | {
        "user": own["USER"],
        "password": own.get("PASSWORD", ""),
        "options": own["OPTIONS"]["options"],
    }


@pytest.fixture
def tools() -> Tools:
    return fit(connection.get_database_version()[0])


@pytest.fixture
def empty(place: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Another database on that server, made as the page for operators says: its rights by default are there."""
    name = f"{place['dbname']}_restored"
    with psycopg.connect(**place, autocommit=True) as own:
        own.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        own.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        )
        with psycopg.connect(**place | {"dbname": name}) as fresh:
            for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
                fresh.execute(f"ALTER DEFAULT PRIVILEGES GRANT {what} TO {APP}")
        yield place | {"dbname": name}
        own.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _ask(place: dict[str, Any], query: str) -> list[Any]:
    with psycopg.connect(**place) as asking:
        return asking.execute(query).fetchall()


def _restore(place: dict[str, Any], file: Path, tools: Tools) -> None:
    with Target(place) as target:
        target.replace(Backup(file, tools), serving=APP)
        target.commit()


RIGHTS = """
SELECT relname, grantee::regrole::text, array_agg(privilege_type ORDER BY privilege_type)
FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'public'::regnamespace GROUP BY 1, 2 ORDER BY 1, 2
"""
TRIGGERS = "SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
DEFAULTS = "SELECT defaclrole::regrole::text, defaclobjtype::text, defaclacl::text FROM pg_default_acl ORDER BY 1, 2, 3"


@on_a_server
def test_everything_comes_back(
    place: dict[str, Any], empty: dict[str, Any], tools: Tools, tmp_path: Path
) -> None:
    OrganisationFactory(name="Société Générale d’Essais \\ \t 한국")
    connection.cursor().execute("INSERT INTO django_session VALUES ('key', 'data', now())")
    file = tmp_path / "portal.dump"
    assert backup.write(place, tools, file) == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]

    _restore(empty, file, tools)
    names = "SELECT name FROM portal_organisation ORDER BY 1"
    assert _ask(empty, names) == _ask(place, names) != []
    assert _ask(empty, "SELECT count(*) FROM django_session") == [(0,)]
    for each in (RIGHTS, TRIGGERS, DEFAULTS):
        assert _ask(empty, each) == _ask(place, each) != []
    assert {row[:2]: row[2] for row in _ask(empty, RIGHTS)}["portal_auditevent", APP] == ["INSERT", "SELECT"]
    serving = empty | {"user": APP, "password": _password_of_app()}
    assert _ask(serving, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]
    for statement in ("UPDATE portal_auditevent SET at = at", "DELETE FROM portal_auditevent"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            _ask(serving, statement)

    # A second time, instead of what is there: also what the backup knows nothing of, as of a later version.
    with psycopg.connect(**empty) as own:
        own.execute("INSERT INTO django_session VALUES ('theirs', '', now())")
        own.execute("CREATE TABLE later (id uuid REFERENCES portal_organisation)")
        own.execute("CREATE TYPE later_kind AS ENUM ('one'); CREATE VIEW later_view AS SELECT 1")
    _restore(empty, file, tools)
    assert _ask(
        empty, "SELECT to_regclass('later'), to_regtype('later_kind'), to_regclass('later_view')"
    ) == [(None, None, None)]
    assert _ask(empty, "SELECT count(*) FROM django_session") == [(0,)]
    assert _ask(empty, RIGHTS) == _ask(place, RIGHTS)


def _password_of_app() -> str:
    return str(connection.get_connection_params().get("password", ""))


@on_a_server
def test_broken_file_changes_nothing(
    place: dict[str, Any], empty: dict[str, Any], tools: Tools, tmp_path: Path
) -> None:
    for number in range(100):
        OrganisationFactory(name=f"Number {number}")
    file = tmp_path / "portal.dump"
    backup.write(place, tools, file)
    whole = file.read_bytes()
    with psycopg.connect(**empty) as own:
        own.execute("CREATE TABLE kept AS SELECT 1 AS one")
    for keep in (0.97, 0.7, 0.3, 0.001):
        file.write_bytes(whole[: int(len(whole) * keep)])
        with pytest.raises(backup.BackupFailed, match="is broken, and nothing was changed"):
            _restore(empty, file, tools)
        assert _ask(empty, "SELECT one FROM kept") == [(1,)]
        assert _ask(empty, "SELECT to_regclass('portal_organisation')") == [(None,)]
        assert _ask(empty, DEFAULTS) == _ask(place, DEFAULTS)
    file.write_bytes(whole[:6] + b"\x63" + whole[7:])  # after "PGDMP" the version of the format: 1.99
    with pytest.raises(backup.BackupFailed, match=r"was written by a newer pg_dump .* say in PG_BIN"):
        _restore(empty, file, tools)
    file.write_text("SELECT 1;\n")
    with pytest.raises(backup.BackupFailed, match="is broken, and nothing was changed"):
        _restore(empty, file, tools)
    with pytest.raises(backup.BackupFailed, match="is not a file"):
        _restore(empty, tmp_path / "absent", tools)


@on_a_server
def test_archive_of_something_else_is_refused(place: dict[str, Any], tools: Tools, tmp_path: Path) -> None:
    file = tmp_path / "other.dump"
    database, environ = told(place)
    subprocess.run(
        [tools["pg_dump"], "-Fc", "-t", "django_session", f"--file={file}", f"--dbname={database}"],
        env=environ, check=True,
    )  # fmt: skip
    with pytest.raises(backup.BackupFailed, match="is not a backup of the portal"):
        Backup(file, tools)


@on_a_server
def test_backup_that_would_let_the_portal_rewrite_its_history_is_refused(
    place: dict[str, Any], empty: dict[str, Any], tools: Tools, tmp_path: Path
) -> None:
    backup.write(place, tools, tmp_path / "good.dump")
    _restore(empty, tmp_path / "good.dump", tools)
    with psycopg.connect(**empty) as own:
        own.execute(f"GRANT UPDATE ON portal_auditevent TO {APP}")
    backup.write(empty, tools, tmp_path / "weak.dump")
    with pytest.raises(backup.BackupFailed, match="could change audit events"):
        _restore(empty, tmp_path / "weak.dump", tools)
    with psycopg.connect(**empty) as own:
        own.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP}")
    backup.write(empty, tools, tmp_path / "other.dump")
    with pytest.raises(backup.BackupFailed, match="has no right to the tables"):
        _restore(empty, tmp_path / "other.dump", tools)


# -- the file


@on_a_server
def test_backup_replaces_nothing(place: dict[str, Any], tools: Tools, tmp_path: Path) -> None:
    file = tmp_path / "portal.dump"
    file.write_text("the only good one")
    with pytest.raises(backup.BackupFailed, match="exists already"):
        backup.write(place, tools, file)
    assert file.read_text() == "the only good one"
    with pytest.raises(backup.BackupFailed, match="cannot be written to"):
        backup.write(place, tools, tmp_path / "absent" / "portal.dump")


@on_a_server
def test_failed_backup_leaves_no_file(place: dict[str, Any], tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(backup.BackupFailed, match=r"pg_dump failed, and no file was kept: .*no_such"):
        backup.write(place | {"dbname": "no_such"}, tools, tmp_path / "portal.dump")
    assert list(tmp_path.iterdir()) == []


# -- the tools


def _fake(directory: Path, version: str) -> Path:
    directory.mkdir()
    for program in ("pg_dump", "pg_restore"):
        (directory / program).write_text(f"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")
        (directory / program).chmod(0o755)
    return directory


def test_tools_are_never_older_than_the_server(tmp_path: Path) -> None:
    old = _fake(tmp_path / "old", "15.9 (Debian 15.9-1)")
    assert fit(15, said=str(old)) == Tools(old, 15)
    with pytest.raises(
        DatabaseUnavailable, match=r"16 or newer, and .*/old has 15; install postgresql-client-16"
    ):
        fit(16, said=str(old))
    with pytest.raises(
        DatabaseUnavailable, match=r"there is none in .*/absent; install postgresql-client-18"
    ):
        fit(18, said=str(tmp_path / "absent"))


def test_nearest_tools_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("15.1", "16.2", "17.3"):
        (tmp_path / version).mkdir()
        _fake(tmp_path / version / "bin", version)
    monkeypatch.setattr("portal.pg.tools.DEBIANS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "17.3" / "bin"))
    assert fit(16).major == 16
    assert fit(17).major == 17


def test_password_is_on_no_command_line() -> None:
    database, environ = told({"host": "db", "user": "portal_owner", "dbname": "portal", "password": "secret"})
    assert "secret" not in database
    assert environ["PGPASSWORD"] == "secret"


# -- the commands


def _manage(
    place: dict[str, Any], *arguments: str, var: Path, said: str = ""
) -> "subprocess.CompletedProcess[str]":
    def url(user: str, password: str) -> str:
        where = urlencode({key: place[key] for key in ("host", "port") if place.get(key)})
        secret = f":{quote(password)}" if password else ""
        return f"postgresql://{user}{secret}@/{place['dbname']}?{where}"

    environ = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "DATABASE_URL": url(APP, _password_of_app()),
        "MIGRATION_DATABASE_URL": url(place["user"], place["password"]),
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "portal.example",
        "VAR_DIR": str(var),
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT, env=environ, capture_output=True, text=True, input=said,
    )  # fmt: skip


@on_a_server
def test_commands(place: dict[str, Any], empty: dict[str, Any], tmp_path: Path) -> None:
    OrganisationFactory(name="Kept")
    var = tmp_path / "var"
    done = _manage(place, "backup", str(tmp_path), var=var)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("portal-*.dump")
    assert done.stdout.startswith(f"{file}: ")

    done = _manage(empty, "restore", str(file), var=var)
    assert (done.returncode, done.stderr) == (0, "")
    assert "everybody signs in again" in done.stdout
    done = _manage(empty, "restore", str(file), var=var)
    assert done.stderr == "CommandError: The database is not empty; --replace gives up what it holds.\n"
    done = _manage(empty, "restore", "--replace", str(file), var=var, said="another\n")
    assert done.stderr == "CommandError: Nothing was changed.\n"
    with psycopg.connect(**empty) as somebody:
        somebody.execute("SELECT 1")
        done = _manage(empty, "restore", "--replace", "--noinput", str(file), var=var)
        assert f"Somebody uses the database ({empty['user']}); stop web server" in done.stderr
    with psycopg.connect(**empty) as own:
        own.execute("UPDATE portal_organisation SET name = 'Changed'")
    done = _manage(empty, "restore", "--replace", str(file), var=var, said=f"{empty['dbname']}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert _ask(empty, "SELECT name FROM portal_organisation") == [("Kept",)]

    with psycopg.connect(**empty) as own:
        own.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('portal', '9999_later', now())"
        )
    newer = tmp_path / "newer.dump"
    assert _manage(empty, "backup", str(newer), var=var).returncode == 0
    done = _manage(empty, "restore", "--replace", "--noinput", str(newer), var=var)
    assert "was made by a newer portal: this one does not know portal.9999_later." in done.stderr
