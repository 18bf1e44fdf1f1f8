from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.postgresql import base, features

from portal.database import OLDEST_POSTGRESQL, refusal, too_old
from portal.embedded import at


class DatabaseFeatures(features.DatabaseFeatures):
    minimum_database_version = (OLDEST_POSTGRESQL,)


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures

    def get_connection_params(self) -> dict[str, Any]:
        # Here, not in get_new_connection: the job worker asks for these and then connects by itself.
        home: Path | None = self.settings_dict.get("EMBEDDED")
        if home is not None:
            at(home).ensure()
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection:
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            raise refusal(error, conn_params) from error

    def check_database_version_supported(self) -> None:
        if self.get_database_version() < self.features.minimum_database_version:
            raise too_old(self.get_database_version(), self.get_connection_params())
