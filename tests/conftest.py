"""Every test runs as `portal_app`, the role that serves people: what it may not do fails here first."""

import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import psycopg
import pytest
from django.conf import settings
from django.core.management.commands import flush
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What measures, and what is long on purpose, may take as long as it takes."""
    for item in items:
        if item.get_closest_marker("soak") or item.get_closest_marker("bench"):
            item.add_marker(pytest.mark.timeout(0))


#: So many rows of a table go one by one.
FEW = 500
#: What Django writes after a migration, and after every emptying anew: left, since it is always the same.
SAME = {"django_content_type", "auth_permission"}
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
    empty, written_anew = DatabaseOperations.execute_sql_flush, flush.emit_post_migrate_signal
    DatabaseOperations.execute_sql_flush = _flush_as(owner)  # type: ignore[method-assign]
    flush.emit_post_migrate_signal = lambda *args, **options: None
    yield
    DatabaseOperations.execute_sql_flush = empty  # type: ignore[method-assign]
    flush.emit_post_migrate_signal = written_anew
    connections.close_all()
    connection.settings_dict.update(owner)


def _flush_as(owner: dict[str, Any]) -> Any:
    """Emptying tables between tests is what neither the app's role nor the record's triggers allow.

    Only of those that hold something, and row by row where they are few: a TRUNCATE makes new files for every index of
    every table it names or that points to it. References are checked at the end, when all of it is gone.
    """

    def execute_sql_flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        params = self.connection.get_connection_params()
        where = {key: params[key] for key in ("host", "port", "dbname") if key in params}
        password = {"password": owner["PASSWORD"]} if owner["PASSWORD"] else {}
        # What Django names, and the jobs, which are not its to manage.
        named = sorted({*re.findall(r'"(\w+)"', " ".join(sql_list)), "procrastinate_jobs"} - SAME)
        with psycopg.connect(**where, user=owner["USER"], **password) as own:
            each = sql.SQL(" UNION ALL ").join(
                sql.SQL(
                    "SELECT {0}, (SELECT count(*) FROM (SELECT FROM {1} LIMIT {2}) AS found)"
                    " WHERE EXISTS (SELECT FROM {1})"
                ).format(sql.Literal(name), sql.Identifier(name), FEW + 1)
                for name in named
            )
            full = dict(own.execute(each).fetchall())
            at_once = any(rows > FEW for rows in full.values())
            guarded = own.execute(
                "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
                " WHERE NOT tgisinternal AND tgenabled <> 'D' AND relname = ANY(%s)",
                [named if at_once else list(full)],  # what cascades also empties tables that are empty
            ).fetchall()
            for (table,) in guarded:
                own.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
            if at_once:
                tables = sql.SQL(", ").join(map(sql.Identifier, full))
                own.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
            else:
                for table in full:
                    own.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                own.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for (table,) in guarded:
                own.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))

    return execute_sql_flush
