import time
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from portal.database import OLDEST_POSTGRESQL, refusal, too_old
from portal.embedded import at

PATIENCE = 20  # seconds
PASSING = ("the database system is", "Connection refused", "No such file or directory")


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        # Here, not in get_new_connection: the job worker asks for these and then connects by itself.
        home: Path | None = self.settings_dict.get("EMBEDDED")
        if home is not None:
            at(home).ensure()
        return super().get_connection_params()

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
