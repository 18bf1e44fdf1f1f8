"""Making seals: whatever the record holds that no seal covers yet, in segments, each chained to the one before."""

import logging
import uuid
from datetime import datetime
from itertools import count
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from portal.models import AuditSeal
from portal.seals import form

logger = logging.getLogger(__name__)

SEGMENT = 1000  # events at most: what one changed byte makes suspect, and one short transaction
_LOCK = 0x5EA1  # one seal follows another, so one process makes them; the table's trigger takes it too

_TAKE = f"""
WITH taken AS (
    DELETE FROM portal_auditunsealed WHERE event_id IN (
        SELECT event_id FROM portal_auditunsealed WHERE event_id > %(after)s ORDER BY event_id LIMIT %(most)s
    )
    RETURNING event_id
), hashed AS (
    SELECT e.id, e.at, {form.digest(form.FORM)} AS digest
    FROM taken JOIN portal_auditevent AS e ON e.id = taken.event_id
    LEFT JOIN portal_auditnote AS n ON n.event_id = e.id
)
SELECT array_agg(id ORDER BY id), array_agg(digest ORDER BY id), min(at), max(at),
       sha256(string_agg(uuid_send(id) || digest, ''::bytea ORDER BY id))
FROM hashed
"""  # noqa: S608 - columns of our own tables
_BEFORE_ALL = uuid.UUID(int=0)


def seal(*, segments: int | None = None) -> int:
    """Seal what is committed and waits, so many segments of it; how many events that were. No sealer waits for another.

    Each segment is a transaction of its own. Which events are sealed is remembered by event, not by a boundary: what
    commits later than a seal, with an id or an instant from before it, waits for the next one.
    """
    sealed, after = 0, _BEFORE_ALL
    for _number in count() if segments is None else range(segments):
        made = _segment(after)
        if made is None:
            break
        sealed += made.count
        # What is greater than the last is there as before; the rows taken away in front are not searched again.
        after = made.events[-1]
    return sealed


def holding_the_chain(*, wait: bool) -> bool:
    """Inside a transaction: nobody else makes or changes seals until it ends."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        (held,) = cursor.fetchone()
    return bool(held)


@transaction.atomic(durable=True)
def _segment(after: uuid.UUID) -> AuditSeal | None:
    if not holding_the_chain(wait=False):
        return None
    last = AuditSeal.objects.order_by("-number").values_list("number", "hash", "sealed_at").first()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"after": after, "most": SEGMENT})
        events, digests, oldest, newest, rows_hash = cursor.fetchone()
    if not events:
        return None
    number, previous, former = last or (0, b"", timezone.now())
    said: dict[str, Any] = {
        "form": form.FORM,
        "number": number + 1,
        "sealed_at": _not_before(former),
        "count": len(events),
        "oldest": oldest,
        "newest": newest,
        "rows_hash": rows_hash,
        "previous": bytes(previous),
    }
    row = AuditSeal(**said, events=events, digests=digests, hash=form.seal_hash(**said))
    row.save(force_insert=True)
    # A log that is shipped away is a place outside: see `portal.seals.published`.
    logger.info("audit sealed: %s", line(row.number, row.sealed_at, row.count, row.hash))
    return row


def line(number: int, sealed_at: datetime, count: int, hashed: bytes | memoryview) -> str:
    """One seal as it is published: number, time, how many events, hash."""
    return f"{number} {form.instant(sealed_at)} {count} {bytes(hashed).hex()}"


def _not_before(former: datetime) -> datetime:
    """Now; hosts' clocks differ, the chain's order does not."""
    return max(timezone.now(), former)
