"""Many rows at once: indexes and foreign keys are made anew afterwards, which takes a third of the time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

_OWNED = "SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class WHERE oid = ANY(%s::regclass[])"
_CONSTRAINTS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'u')
ORDER BY contype = 'f', conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%s::regclass[])
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
ORDER BY 1
"""

# Would look at the tables once for every row, without an index. What they would write, the rows say themselves.
_FOLLOWERS = {
    "support_contacts_designation": "support_contacts_designation_holds_until",
    "customers_delegatedadmin": "support_contacts_grant_changed",
}


@contextmanager
def many_rows(tables: Sequence[str], *, bare: bool) -> Iterator[None]:
    """Within a transaction: these tables take many rows. Everything a row must satisfy is checked when this ends.

    `bare` takes indexes, unique constraints and foreign keys away meanwhile, and holds the tables for itself; only
    their owner can. Checks of a single row stay in any case.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        if not bare:
            yield
            return
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute(_CONSTRAINTS, [list(tables)])
        constraints = cursor.fetchall()
        cursor.execute(_INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        # Foreign keys last in, first out: they may rest on a unique constraint.
        for table, name, _definition in reversed(constraints):
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        followers = [(table, trigger) for table, trigger in _FOLLOWERS.items() if table in tables]
        for table, trigger in followers:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield
        for table, trigger in followers:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def are_ours(tables: Sequence[str]) -> bool:
    """May this role change the tables themselves?"""
    with connection.cursor() as cursor:
        cursor.execute(_OWNED, [list(tables)])
        return bool(cursor.fetchone()[0])


def gather_statistics(tables: Sequence[str]) -> None:
    """What the planner decides by; outside a transaction also what lets it read indexes alone. The owner's to do."""
    how = "ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)"
    with connection.cursor() as cursor:
        cursor.execute(f"{how} {', '.join(tables)}")
