import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.utils import InterfaceError, OperationalError

from portal.database import OLDEST_POSTGRESQL, refusal, too_old
from portal.embedded import at
from portal.pg.kept import Kept, KeptForAll

PATIENCE = 20  # seconds
PASSING = ("the database system is", "Connection refused", "No such file or directory")


# Until the transaction ends, an own one or, outside of any, the one a pipeline is.
PLAN_ONCE, PLAN_AS_EVER = (
    Kept(f"SELECT set_config('plan_cache_mode', '{mode}', true)") for mode in ("force_generic_plan", "auto")
)


class Cursor(base.ServerBindingCursor):
    """Prepares what says that its plan may be kept, and nothing else: see `Kept`."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        options["prepare"] = isinstance(query, Kept)
        if not isinstance(query, KeptForAll):
            return super().execute(query, params, **options)  # type: ignore[misc]  # psycopg's
        connection: psycopg.Connection = self.connection  # type: ignore[attr-defined]
        with connection.pipeline():  # all at once: nothing waits for what is only said
            connection.execute(PLAN_ONCE)
            super().execute(query, params, **options)  # type: ignore[misc]
            connection.execute(PLAN_AS_EVER)
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    health_check_done: bool

    def get_connection_params(self) -> dict[str, Any]:
        # Here, not in get_new_connection: the job worker asks for these and then connects by itself.
        home: Path | None = self.settings_dict.get("EMBEDDED")
        if home is not None:
            at(home).ensure()
        params = super().get_connection_params()
        if params["cursor_factory"] is base.ServerBindingCursor:
            params["cursor_factory"] = Cursor
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection:
        home = self.settings_dict.get("EMBEDDED")
        until = time.monotonic() + (PATIENCE if home else 0)
        while True:
            try:
                return super().get_new_connection(conn_params)
            except psycopg.OperationalError as error:
                if time.monotonic() >= until or not any(sign in str(error) for sign in PASSING):
                    raise refusal(error, conn_params) from error
            # Killed or stopped this very moment: it recovers, or we start it again.
            time.sleep(0.05)
            at(home).ensure()

    def check_database_version_supported(self) -> None:
        if self.get_database_version() < (OLDEST_POSTGRESQL,):
            raise too_old(self.get_database_version(), self.get_connection_params())

    def rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        """What a question answers that changes nothing, and may therefore be asked again.

        The first one of a request is itself the test whether the connection still lives: what it finds dead is made
        anew, and asked again there. A question only for that would be a tenth of a small call.
        """
        is_test = self.connection is not None and not self.health_check_done and not self.in_atomic_block
        self.health_check_done |= is_test
        try:
            return self._rows(sql, params)
        except (OperationalError, InterfaceError):
            if not is_test or self.is_usable():
                raise
        self.close()
        return self._rows(sql, params)

    def _rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self.cursor() as cursor:
            cursor.execute(sql, params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
