"""Whether the portal can serve: its database answers and has every migration; and whether a worker lives."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.utils import DatabaseError, InterfaceError

# One that was killed stays in the table until the next begins.
_WORKERS = """
SELECT count(*) FILTER (WHERE last_heartbeat > now() - make_interval(secs => %s)),
       extract(epoch FROM now() - max(last_heartbeat))::float8
FROM procrastinate_workers
"""


@dataclass(frozen=True, slots=True)
class Readiness:
    """`pending`: how many migrations are missing; None where that cannot be asked. `workers`: that live."""

    database: bool
    pending: int | None = None
    workers: int | None = None
    heartbeat_age: float | None = None

    @property
    def is_ready(self) -> bool:
        """A portal without a worker serves: it tells, mails and delivers later."""
        return self.database and self.pending == 0

    def described(self) -> dict[str, Any]:
        migrations = "unknown" if self.pending is None else "pending" if self.pending else "ok"
        return {
            "status": "ready" if self.is_ready else "not ready",
            "database": "ok" if self.database else "away",
            "migrations": migrations,
            "worker": {"count": self.workers, "heartbeat_age_seconds": self.heartbeat_age},
        }


@cache
def known() -> frozenset[tuple[str, str]]:
    """Every migration of this code; read once a process, since it imports them all."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def pending() -> int:
    """How many of this code's migrations the database lacks. It may have later ones: it is migrated first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations')")
        if cursor.fetchone() == (None,):
            return len(known())
        cursor.execute("SELECT app, name FROM django_migrations")
        return len(known() - set(cursor.fetchall()))


def ask() -> Readiness:
    """Ask the database; it being away is an answer, not an error."""
    try:
        with transaction.atomic():
            missing = pending()
            return Readiness(True, missing) if missing else Readiness(True, 0, *_workers())
    except (DatabaseError, InterfaceError):
        return Readiness(False)


def _workers() -> tuple[int, float | None]:
    with connection.cursor() as cursor:
        cursor.execute(_WORKERS, [settings.ENVIRONMENT.worker_stalled_seconds])
        count, age = cursor.fetchone()
    return count, None if age is None else round(max(age, 0.0), 1)
