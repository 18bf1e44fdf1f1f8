"""Row locks in the one order the portal takes them.

Membership → Partner → ResellerRelationship → CustomerRelationship → DelegatedAdmin (share) → Subscriptions by id
(update). Whoever ends a relationship, a grant or an account takes that row for update first, so that a choice and an
end have only two possible orders.
"""

from collections.abc import Iterable

from django.db import connection, models


def lock_share(model: type[models.Model], ids: Iterable[object]) -> None:
    """Hold these rows as they are until the transaction ends. Django knows no FOR SHARE.

    Rows are locked by id, in id order. Must run inside a transaction.
    """
    keys = sorted({str(key) for key in ids})
    if not keys:
        return
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {table} WHERE {column} = ANY(%s::uuid[]) ORDER BY {column} FOR SHARE",  # noqa: S608 - names of our own tables
            [keys],
        )
