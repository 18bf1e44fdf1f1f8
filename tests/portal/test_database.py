"""Roles, refusals and sentences of the database; the embedded server has a file of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.utils import ProgrammingError

from portal.database import databases, refusal
from portal.embedded import Embedded
from portal.models import AuditEvent, Organisation
from portal.pg import DatabaseUnavailable

CHECKOUT = Path(__file__).resolve().parents[2]


def _run(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


# -- the role that serves people


@pytest.mark.database
@pytest.mark.django_db
def test_portal_serves_as_the_role_that_owns_nothing() -> None:
    assert _run("SELECT current_user") == [("portal_app",)]
    assert _run("SELECT count(*) FROM pg_tables WHERE tableowner = 'portal_app'") == [(0,)]


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portal_auditevent SET at = at",
        "DELETE FROM portal_auditevent",
        "TRUNCATE portal_auditevent",
        "DROP TRIGGER portal_auditevent_append_only ON portal_auditevent",
        "ALTER TABLE portal_auditevent DISABLE TRIGGER USER",
        "CREATE TABLE mine (id int)",
    ],
)
def test_portal_may_not(statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        _run(statement)


@pytest.mark.database
@pytest.mark.django_db
def test_connections_are_limited_in_time() -> None:
    assert _run("SHOW statement_timeout") == [("5s",)]
    assert _run("SHOW lock_timeout") == [("3s",)]
    assert _run("SHOW idle_in_transaction_session_timeout") == [("30s",)]


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_tables_are_emptied_between_tests_although_the_role_may_not() -> None:
    for many in (1, 501):  # row by row, and at once
        made = Organisation.objects.bulk_create(Organisation(name="x", sort_name="x") for _ in range(many))
        _run(
            "INSERT INTO portal_auditevent (id, organisation_id, at, action, channel, actor_kind, actor_role,"
            " actor_organisation_name, partner_ids, before, after, note_hash, request_id) VALUES"
            f" (gen_random_uuid(), '{made[0].pk}', now(), 'policy.changed', 'job', 'job', '', '',"
            " '{}', '{}', '{}', '', '')"
        )
        call_command("flush", interactive=False, verbosity=0)
        assert not Organisation.objects.exists()
        assert not AuditEvent.objects.exists()


@pytest.mark.database
@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


# -- which database

HOME = Path("/nowhere/database")


def test_url_wins_over_the_embedded_server() -> None:
    found = databases(
        "postgresql://u:p%40@db:6432/x?sslmode=require", "", HOME, as_owner=False, prepared=True
    )
    default = found["default"]
    assert "EMBEDDED" not in default
    assert [default[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "x",
        "u",
        "p@",
        "db",
        "6432",
    ]
    assert default["OPTIONS"]["sslmode"] == "require"
    assert default["OPTIONS"]["prepare_threshold"] == 0
    assert "statement_timeout=5s" in default["OPTIONS"]["options"]


def test_owner_has_an_address_of_its_own() -> None:
    found = databases("postgresql://app@db/x", "postgresql://owner@db/x", HOME, as_owner=True, prepared=True)
    assert found["default"]["USER"] == "owner"
    assert found["default"]["OPTIONS"]["prepare_threshold"] is None
    found = databases("postgresql://app@db/x", "", HOME, as_owner=True, prepared=True)
    assert found["default"]["USER"] == "app"


def test_transaction_pooler_gets_nothing_it_cannot_keep() -> None:
    default = databases("postgresql://app@db/x", "", HOME, as_owner=False, prepared=False)["default"]
    assert "options" not in default["OPTIONS"]
    assert default["OPTIONS"]["prepare_threshold"] is None
    assert default["OPTIONS"]["server_side_binding"] is False
    assert default["DISABLE_SERVER_SIDE_CURSORS"] is True


@pytest.mark.parametrize(
    "url", ["mysql://u@h/x", "postgresql://u@h", "postgresql://h:port/x", "dbname=x", "x"]
)
def test_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL is not like postgresql://"):
        databases(url, "", HOME, as_owner=False, prepared=True)


# -- what is said when it cannot be had


@pytest.fixture(scope="module")
def server_with_password() -> Iterator[Embedded]:
    with TemporaryDirectory(prefix="portal-test-") as directory:
        server = Embedded(Path(directory))
        server.ensure()
        with psycopg.connect(host=str(server.socket_dir), dbname="portal", user="postgres") as own:
            own.execute("ALTER ROLE portal_app PASSWORD 'the right one'")
            (server.data / "pg_hba.conf").write_text(
                "local all postgres trust\nlocal all all scram-sha-256\n"
            )
            own.execute("SELECT pg_reload_conf()")
        yield server
        server.release()


def _said(url: str) -> str:
    """What a person reads who runs a command with that address."""
    environ = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "DATABASE_URL": url,
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "portal.example",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check", "--skip-checks"],
        cwd=CHECKOUT, env=environ, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().split("\n")) == 1
    return done.stderr.strip()


def test_server_that_does_not_answer() -> None:
    assert _said("postgresql://u:secret@127.0.0.1:9/x") == (
        "Database: The PostgreSQL server at 127.0.0.1:9 does not answer; start it, or correct DATABASE_URL."
    )
    assert "does not answer" in _said("postgresql://u@no-such-host.invalid/x")


def test_server_that_refuses_the_password(server_with_password: Embedded) -> None:
    host = server_with_password.socket_dir
    for user in ("portal_app:wrong", "portal_app"):
        assert _said(f"postgresql://{user}@/portal?host={host}") == (
            f'Database: The PostgreSQL server at {host}:5432 refuses the user "portal_app" or the password; '
            "check DATABASE_URL."
        )


def test_server_without_that_database(server_with_password: Embedded) -> None:
    said = _said(f"postgresql://postgres@/absent?host={server_with_password.socket_dir}")
    assert 'has no database "absent"; create it, or correct DATABASE_URL.' in said


def test_unknown_refusal_is_quoted() -> None:
    error = psycopg.OperationalError("\nÇa ne va pas\nplus")
    assert str(refusal(error, {"host": "db"})) == (
        "The PostgreSQL server at db:5432 refuses the connection: Ça ne va pas"
    )


@pytest.mark.django_db
def test_server_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.pg.base.OLDEST_POSTGRESQL", 99)
    with pytest.raises(DatabaseUnavailable, match=r"is version \d+\.\d+; the portal needs 15 or newer"):
        connections["default"].check_database_version_supported()


def test_database_errors_of_ours_are_django_errors() -> None:
    assert issubclass(DatabaseUnavailable, DatabaseError)
