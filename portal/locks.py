"""Row locks in the one order the portal takes them.

Membership → Partner → ResellerRelationship → CustomerRelationship → DelegatedAdmin (share) → Subscriptions by id
(update). Whoever ends a relationship, a grant or an account takes that row for update first, so that a choice and an
end have only two possible orders.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, models
from psycopg import errors as postgresql

from portal.errors import Busy


def lock_share(model: type[models.Model], ids: Iterable[object]) -> None:
    """Hold these rows as they are until the transaction ends. Django knows no FOR SHARE.

    Rows are locked by id, in id order. Must run inside a transaction.
    """
    keys = sorted({str(key) for key in ids})
    if not keys:
        return
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {table} WHERE {column} = ANY(%s::uuid[]) ORDER BY {column} FOR SHARE",  # noqa: S608 - names of our own tables
            [keys],
        )


@contextmanager
def patience() -> Iterator[None]:
    """Around a whole operation: a lock not given in time (the connection's `lock_timeout`) is Busy, not a fault.

    Raises Busy; nothing was written, since the transaction inside was rolled back.
    """
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, postgresql.LockNotAvailable | postgresql.DeadlockDetected):
            raise Busy from error
        raise
