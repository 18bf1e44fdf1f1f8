"""Taking away what the record need not keep any more: whole sealed segments, by the tables' owner, told in the record.

The seal of a segment stays without its events, so that the chain still verifies and says what was taken away when.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from portal.actor import Actor
from portal.audit import draft, keep
from portal.errors import OperationError
from portal.identifiers import uuid7
from portal.models import Action, AuditSeal, Organisation
from portal.seals.sealing import holding_the_chain
from portal.seals.verifying import differing

SEGMENTS_AT_ONCE = 200  # a transaction: so many segments, and one event for each organisation they tell of

_OF = "(SELECT unnest(events) FROM portal_auditseal WHERE number = ANY(%s))"


class NotTheOwner(OperationError):
    """Only the role that owns the audit events may take some away."""

    default_code = "not_the_owner"


class Changed(OperationError):
    """What was changed since it was sealed is evidence, and stays."""

    default_code = "record_changed"


@dataclass(frozen=True, slots=True)
class Old:
    """What is older than `until`."""

    until: datetime
    segments: int
    events: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What one transaction took away."""

    segments: int
    events: int
    organisations: int


def years_before(now: datetime, years: int) -> datetime:
    """The same day so many years ago; of 29 February, the 28th."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def must_be_owner() -> None:
    """Raises NotTheOwner, with the role that would have to do it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'USAGE'), current_user, relowner::regrole::text"
            " FROM pg_class WHERE oid = 'portal_auditevent'::regclass"
        )
        is_owner, role, owner = cursor.fetchone()
    if not is_owner:
        raise NotTheOwner(
            f"{role} may not remove anything of the record; {owner}, who owns it, may: "
            "give that role's address as MIGRATION_DATABASE_URL."
        )


def old(until: datetime) -> Old:
    """The sealed segments whose newest event is older than `until`, and that are still here."""
    counts = AuditSeal.objects.filter(removed_at=None, newest__lt=until).values_list("count", flat=True)
    return Old(until, len(counts), sum(counts))


def remove_some(until: datetime, *, run: str, now: datetime) -> Removed | None:
    """Take away the oldest of what is older than `until`; None when nothing is. Again until it is.

    Each transaction leaves one event in the record of every organisation it took something from, with `run` as its
    request id. Raises NotTheOwner, and Changed where a segment is not what was sealed.
    """
    must_be_owner()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        holding_the_chain(wait=True)
        kept = AuditSeal.objects.filter(removed_at=None, newest__lt=until).order_by("number")
        numbers = list(kept.values_list("number", flat=True)[:SEGMENTS_AT_ONCE])
        if not numbers:
            return None
        if different := differing(numbers):
            raise Changed(
                f"Segment {different[0]} is not what was sealed, so it stays; verify_audit says what was changed."
            )
        counts = _removed(cursor, numbers)
        cursor.execute(
            "UPDATE portal_auditseal SET events = '{}', digests = '{}', removed_at = %s, removed_by = %s"
            " WHERE number = ANY(%s)",
            [now, run, numbers],
        )
        _tell(counts, until=until, run=run, now=now)
        return Removed(len(numbers), sum(counts.values()), len(counts))


def new_run() -> str:
    """What the events of one run have in common."""
    return str(uuid7())


def _removed(cursor: Any, numbers: list[int]) -> dict[uuid.UUID, int]:
    """Delete the events of these segments; how many of each organisation."""
    cursor.execute(
        f"SELECT organisation_id, count(*) FROM portal_auditevent WHERE id IN {_OF} GROUP BY 1",  # noqa: S608
        [numbers],
    )
    counts = dict(cursor.fetchall())
    # The trigger lets this pass for the owner alone, and to the end of this transaction.
    cursor.execute("SET LOCAL portal.retention = 'on'")
    cursor.execute(f"DELETE FROM portal_auditnote WHERE event_id IN {_OF}", [numbers])  # noqa: S608
    cursor.execute(f"DELETE FROM portal_auditevent WHERE id IN {_OF}", [numbers])  # noqa: S608
    return counts


def _tell(counts: dict[uuid.UUID, int], *, until: datetime, run: str, now: datetime) -> None:
    """One event for each organisation, in its own record: how many of its events are gone, and from before when."""
    organisations = Organisation.objects.in_bulk(counts)
    keep(
        (
            draft(
                Action.AUDIT_RETENTION_APPLIED,
                acting=Actor.operator(organisations[pk], request_id=run),
                organisation=organisations[pk],
                at=now,
                after={"until": until.isoformat(), "events": count},
            ),
            "",
        )
        for pk, count in sorted(counts.items())
    )
