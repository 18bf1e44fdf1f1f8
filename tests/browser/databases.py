"""Two copies of the test database: one seeded and left alone, one that the web server writes into.

After a test that wrote, the second is made anew from the first: a fraction of what seeding takes.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db import connection, connections
from psycopg import sql
from pytest_django import DjangoDbBlocker

from portal.database import databases

Result = TypeVar("Result")


class Databases:
    """Everything that asks or changes them runs in one thread, whose connection is theirs.

    The test's own thread cannot: Playwright keeps an event loop there, in which Django refuses to wait for a database.
    """

    def __init__(self, blocker: DjangoDbBlocker) -> None:
        tests = connection.settings_dict["NAME"]
        self.seed, self.served = f"{tests}_seed", f"{tests}_served"
        self.app = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD", "OPTIONS")}
        connections.close_all()  # a database that somebody uses cannot be copied
        self._blocker = blocker
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="browser-database")
        self._as_owner(self._copy(tests, self.seed))

    def fill(self, seeding: Callable[[], Result]) -> Result:
        """Seed once; what is served then begins as a copy."""
        result = self._run(self.seed, seeding)
        self.renew()
        return result

    def renew(self) -> None:
        self._thread.submit(self._leave).result()
        self._put_out(self.served)
        self._as_owner(self._drop(self.served), self._copy(self.seed, self.served))

    def run(self, act: Callable[[], Result]) -> Result:
        """Do this to the database the server uses."""
        return self._run(self.served, act)

    def close(self) -> None:
        self._thread.submit(self._leave).result()
        self._thread.shutdown()
        self._put_out(self.served)
        self._as_owner(self._drop(self.served), self._drop(self.seed))

    def _run(self, name: str, act: Callable[[], Result]) -> Result:
        return self._thread.submit(self._in, name, act).result()

    def _in(self, name: str, act: Callable[[], Result]) -> Result:
        own = connections["default"]  # this thread's
        if own.settings_dict["NAME"] != name:
            own.close()
            own.settings_dict = {**own.settings_dict, "NAME": name}
        with self._blocker.unblock():
            return act()

    def _leave(self) -> None:
        connections["default"].close()

    def _as_owner(self, *statements: sql.Composed) -> None:
        with self._server(as_owner=True) as owner:
            for statement in statements:
                owner.execute(statement)

    def _put_out(self, name: str) -> None:
        """End what the server has open there: only the role that opened it may."""
        with self._server(as_owner=False) as app:
            app.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = %s AND usename = current_user",
                [name],
            )

    @staticmethod
    def _server(*, as_owner: bool) -> psycopg.Connection:
        said = settings.ENVIRONMENT
        urls = said.database_url, said.migration_database_url
        role: dict[str, Any] = databases(
            *urls, settings.VAR_DIR / "database", as_owner=as_owner, prepared=False
        )
        place = {key: role["default"].get(key.upper()) for key in ("host", "port", "user", "password")}
        given = {key: value for key, value in place.items() if value}
        return psycopg.connect(**given, dbname="postgres", autocommit=True)

    @staticmethod
    def _copy(source: str, name: str) -> sql.Composed:
        return sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source))

    @staticmethod
    def _drop(name: str) -> sql.Composed:
        return sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
