"""Every test runs as `portal_app`, the role that serves people: what it may not do fails here first."""

import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import timezone, translation
from psycopg import sql
from pytest_django import DjangoDbBlocker

from portal import messages
from portal.database import databases
from tests.browser.tally import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]  # the browser tests' count, wherever they ran
pytest_plugins = ["tests.architecture.tally", "tests.api.tally"]  # and the matrix's, and what was fuzzed


def pytest_sessionstart(session: pytest.Session) -> None:
    """The pages are tested in every language: what Django reads is built from the committed catalogues."""
    messages.build()


#: Where the factories' organisations are.
HOME = ZoneInfo("Europe/Paris")


@pytest.fixture(autouse=True)
def language_and_day_of_a_test() -> Iterator[None]:
    """A request leaves its language and zone behind; the next test begins in English.

    "Today" is what it is for the people of the test, also in the hours when it is another day in UTC.
    """
    with translation.override(settings.LANGUAGE_CODE), timezone.override(HOME):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Drop the databases of test runs that were killed."""
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ '^test_portal_[0-9]+'")
        for (name,) in cursor.fetchall():
            if not psutil.pid_exists(int(name.split("_")[2])):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The owner makes the test database and migrates it; from then on connections are the portal's own."""
    said = settings.ENVIRONMENT
    urls = said.database_url, said.migration_database_url
    own = databases(*urls, settings.VAR_DIR / "database", as_owner=False, prepared=said.db_prepared)
    keys = "USER", "PASSWORD", "OPTIONS"
    owner = {key: connection.settings_dict[key] for key in keys}
    app = {key: own["default"].get(key, "") for key in keys}
    connections.close_all()
    connection.settings_dict.update(app)
    flush = DatabaseOperations.execute_sql_flush
    DatabaseOperations.execute_sql_flush = _flush_as(owner)  # type: ignore[method-assign]
    yield
    DatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
    connections.close_all()
    connection.settings_dict.update(owner)


def _flush_as(owner: dict[str, Any]) -> Any:
    """Emptying tables between tests is TRUNCATE, which neither the role nor the audit trigger allows.

    Only of those that hold something: a TRUNCATE makes new files for every table it names, however empty.
    """

    def execute_sql_flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        params = self.connection.get_connection_params()
        where = {key: params[key] for key in ("host", "port", "dbname") if key in params}
        password = {"password": owner["PASSWORD"]} if owner["PASSWORD"] else {}
        with psycopg.connect(**where, user=owner["USER"], **password) as own:
            guarded = own.execute(
                "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
                " WHERE NOT tgisinternal AND tgenabled <> 'D'"
            ).fetchall()
            for (table,) in guarded:
                own.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            # What Django names, and the jobs, which are not its to manage.
            named = sorted({*re.findall(r'"(\w+)"', " ".join(sql_list)), "procrastinate_jobs"})
            each = sql.SQL(" UNION ALL ").join(
                sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(
                    sql.Literal(name), sql.Identifier(name)
                )
                for name in named
            )
            if full := [name for (name,) in own.execute(each).fetchall()]:
                tables = sql.SQL(", ").join(map(sql.Identifier, full))
                own.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
            for (table,) in guarded:
                own.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    return execute_sql_flush
