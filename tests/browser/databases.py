"""Two copies of the test database: one seeded and left alone, one that the web server writes into, with its mails.

After a test that wrote, the second is made anew from the first: a fraction of what seeding takes.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, connections
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from portal.database import databases
from tests.factories.portal import ZONE

Result = TypeVar("Result")

_ROLE = "USER", "PASSWORD", "OPTIONS"
_PUT_OUT = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s AND usename = current_user
"""


class Databases:
    """Everything that asks or changes them runs in one thread, whose connection is theirs.

    The test's own thread cannot: Playwright keeps an event loop there, in which Django refuses to wait for a database.
    """

    def __init__(self, blocker: DjangoDbBlocker) -> None:
        tests = connection.settings_dict["NAME"]
        self.seed, self.served = f"{tests}_seed", f"{tests}_served"
        self.app = {key: connection.settings_dict[key] for key in _ROLE}
        #: Where the server keeps the mails that are not in the database.
        self.mail: Path | None = None
        self._owner = _owner()
        self._blocker = blocker
        # Its day is the one of those whose browsers are looked into.
        self._thread = ThreadPoolExecutor(
            1,
            thread_name_prefix="browser-database",
            initializer=timezone.activate,
            initargs=(ZoneInfo(ZONE),),
        )
        connections.close_all()  # a database that somebody uses cannot be copied
        self._in_thread(
            lambda: self._on_server(self._owner, f'CREATE DATABASE "{self.seed}" TEMPLATE "{tests}"')
        )

    def fill(self, seeding: Callable[[], Result]) -> Result:
        """Seed once; what is served then begins as a copy."""
        result = self._in_thread(lambda: self._on(self.seed, seeding))
        self.renew()
        return result

    def run(self, act: Callable[[], Result]) -> Result:
        """Do this to the database the server uses."""
        return self._in_thread(lambda: self._on(self.served, act))

    def renew(self) -> None:
        """Everything is as it was seeded."""

        def act() -> None:
            self._drop(self.served)
            self._on_server(self._owner, f'CREATE DATABASE "{self.served}" TEMPLATE "{self.seed}"')

        self._in_thread(act)
        for letter in self.mail.iterdir() if self.mail else ():
            letter.unlink()

    def close(self) -> None:
        self._in_thread(lambda: self._drop(self.served, self.seed))
        self._thread.shutdown()

    # -- in the thread

    def _in_thread(self, act: Callable[[], Result]) -> Result:
        def unblocked() -> Result:
            with self._blocker.unblock():
                return act()

        return self._thread.submit(unblocked).result()

    @staticmethod
    def _on(name: str, act: Callable[[], Result]) -> Result:
        own = connections["default"]  # this thread's
        if own.settings_dict["NAME"] != name:
            own.close()
            own.settings_dict = {**own.settings_dict, "NAME": name}
        return act()

    def _drop(self, *names: str) -> None:
        connections["default"].close()
        for name in names:
            # Only the role that keeps a connection open may end it.
            self._on_server(self.app, _PUT_OUT, [name])
            self._on_server(self._owner, f'DROP DATABASE IF EXISTS "{name}"')

    @staticmethod
    def _on_server(role: dict[str, Any], statement: str, params: list[str] | None = None) -> None:
        own = connections["default"].copy()
        own.settings_dict = {**own.settings_dict, **role}
        with own._nodb_cursor() as cursor:
            cursor.execute(statement, params)


def _owner() -> dict[str, Any]:
    """The role that owns the tables; tests run as the other one."""
    said = settings.ENVIRONMENT
    urls = said.database_url, said.migration_database_url
    role = databases(*urls, settings.VAR_DIR / "database", as_owner=True, prepared=False)["default"]
    return {key: role.get(key, "") for key in _ROLE}
