"""A read replica for what is long and decides nothing: exports, and lists that say so.

Nothing is read there unless a question is put through `ask`. A replica answers only once it has everything that was
committed before it was asked, whoever wrote it: so nobody misses their own change, and no list shows yesterday's
contact. A replica that is behind, away or no replica leaves the answer to the primary, as if there were none.

Rules, decisions and pages of one row never come here, nor does anything inside a transaction.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

from portal.database import REPLICA

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

PATIENCE = 0.25  # seconds a replica may take to catch up, before the primary is asked
AGAIN = 10.0  # seconds after which one that was away is tried again: a page never waits for it twice
_reading: ContextVar[bool] = ContextVar("reading_from_the_replica", default=False)
_away_until = 0.0


class Router:
    """Reads inside `ask` go to the replica; every write, and every other read, to the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return REPLICA if _reading.get() else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS  # also a row that was read at the replica

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True  # the same rows, whichever server showed them

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def ask(question: Callable[[], Answer]) -> Answer:
    """The answer to a question that only reads, and reads everything it needs before it returns (no open QuerySet)."""
    global _away_until
    if REPLICA not in connections.settings or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return question()
    if time.monotonic() >= _away_until:
        try:
            if _has_everything():
                with _at_the_replica():
                    return question()
        except (OperationalError, InterfaceError) as error:
            if isinstance(
                error.__cause__, psycopg.errors.QueryCanceled
            ):  # it is there: this question was too long
                logger.warning("replica_too_slow")
            else:
                _away_until = time.monotonic() + AGAIN
                logger.warning("replica_away", extra={"error": str(error).splitlines()[:1]})
            connections[REPLICA].close()
    return question()


@contextmanager
def _at_the_replica() -> Iterator[None]:
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def _has_everything() -> bool:
    """Whether the replica has, or soon gets, what the primary has promised to keep up to this instant."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_flush_lsn()")
        (promised,) = cursor.fetchone()
    until = time.monotonic() + PATIENCE
    with connections[REPLICA].cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn", [promised]
            )
            (has,) = cursor.fetchone()
            if has or time.monotonic() > until:
                return bool(has)
            time.sleep(0.01)
