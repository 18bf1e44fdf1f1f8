"""Recomputing the seals: is the record what was sealed? If not, which segment, and which event of it."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from portal.models import Action, AuditSeal
from portal.seals import form

SEGMENTS_AT_ONCE = 50
NAMED_AT_MOST = 20

# Every event of these segments whose row is gone or hashes to something else, in its segment's order.
_DIFFERENT = f"""
SELECT s.number, sealed.id, e.id IS NOT NULL, e.action, e.at
FROM portal_auditseal AS s
CROSS JOIN LATERAL unnest(s.events, s.digests) WITH ORDINALITY AS sealed (id, digest, place)
LEFT JOIN portal_auditevent AS e ON e.id = sealed.id
LEFT JOIN portal_auditnote AS n ON n.event_id = e.id
WHERE s.number BETWEEN %s AND %s AND s.removed_at IS NULL
  AND (e.id IS NULL OR {form.digest_of("s.form")} IS DISTINCT FROM sealed.digest)
ORDER BY s.number, sealed.place
"""  # noqa: S608 - columns of our own tables
# Python need not see a million ids to know whether they are the ones that were sealed.
_CHAIN = """
SELECT number, form, sealed_at, count, oldest, newest, rows_hash, previous, hash, removed_at, cardinality(events),
       (SELECT sha256(string_agg(uuid_send(id) || digest, ''::bytea ORDER BY place))
        FROM unnest(events, digests) WITH ORDINALITY AS sealed (id, digest, place))
FROM portal_auditseal WHERE number >= %s ORDER BY number LIMIT %s
"""
_STRANGERS = """
SELECT e.id, e.action, e.at FROM portal_auditevent AS e
LEFT JOIN (SELECT unnest(events) AS id FROM portal_auditseal) AS sealed ON sealed.id = e.id
LEFT JOIN portal_auditunsealed AS waiting ON waiting.event_id = e.id
WHERE sealed.id IS NULL AND waiting.event_id IS NULL
ORDER BY e.at, e.id LIMIT %s
"""
_REMOVED_UNTIL = """
SELECT max((after ->> 'until')::timestamptz) FROM portal_auditevent WHERE action = %s
"""


@dataclass(frozen=True, slots=True)
class Published:
    """A seal as it stands outside the database."""

    number: int
    hash: bytes


@dataclass(slots=True)
class Verified:
    """What was looked at. `faults` are sentences; none means that nothing was changed."""

    segments: int = 0
    events: int = 0
    removed: int = 0
    waiting: int = 0
    first: int = 0
    last: int = 0
    last_sealed_at: datetime | None = None


Fault = str


def verify(
    found: Verified, *, start: int = 1, expected: Mapping[int, Published] | None = None
) -> Iterator[Fault]:
    """Every fault from segment `start` on, in order, as a sentence that names segment and event.

    One picture of the database, however long it takes: sealing and writing go on meanwhile. `expected` are seals as
    they were published; without them, who rewrote events *and* all seals after them is not found out.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        expected = {n: seal for n, seal in (expected or {}).items() if n >= start}
        yield from _segments(cursor, found, start, expected)
        for first, last in _ranges(number for number in expected if number > found.last):
            yield f"{_segments_named(first, last)} gone: published, and so was every hash."
        cursor.execute(_STRANGERS, [NAMED_AT_MOST])
        for pk, action, at in cursor.fetchall():
            yield f"{_event(pk, action, at)} is in no segment: it was put in beside the portal, or its seal is gone."
        cursor.execute("SELECT count(*) FROM portal_auditunsealed")
        (found.waiting,) = cursor.fetchone()


def differing(numbers: list[int]) -> list[int]:
    """Of these segments, those that are not what was sealed, events or seal. Inside the caller's transaction."""
    if not numbers:
        return []
    first, last = min(numbers), max(numbers)
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT, [first, last])
        found = {row[0] for row in cursor.fetchall()}
        cursor.execute(_CHAIN, [first, last - first + 1])
        found |= {row[0] for row in cursor.fetchall() if any(_seal(row, None, None, None))}
    return sorted(found & set(numbers))


def _segments(cursor: Any, found: Verified, start: int, expected: Mapping[int, Published]) -> Iterator[Fault]:
    previous = _hash_before(start)
    if previous is None:
        yield f"Segment {start - 1} is gone, so what follows hangs on nothing."
    cursor.execute(_REMOVED_UNTIL, [Action.AUDIT_RETENTION_APPLIED])
    (removed_until,) = cursor.fetchone()
    number, found.first, found.last = start, start, start - 1
    while True:
        cursor.execute(_CHAIN, [number, SEGMENTS_AT_ONCE])
        seals = cursor.fetchall()
        if not seals:
            return
        cursor.execute(_DIFFERENT, [seals[0][0], seals[-1][0]])
        different: dict[int, list[str]] = {}
        for segment, pk, is_there, action, at in cursor.fetchall():
            said = f"{_event(pk, action, at)} is not what was sealed" if is_there else f"event {pk} is gone"
            different.setdefault(segment, []).append(said)
        for seal in seals:
            number, is_removed = seal[0], seal[9] is not None
            if found.last + 1 < number:
                yield f"{_segments_named(found.last + 1, number - 1)} gone."
                previous = None
            yield from _seal(seal, previous, expected.get(number), removed_until)
            if number in different:
                yield f"Segment {number}, sealed {seal[2]:%Y-%m-%d %H:%M:%S} UTC: {_listed(different[number])}."
            previous, found.last, found.last_sealed_at = seal[8], number, seal[2]
            found.segments += 1
            found.removed += is_removed
            found.events += 0 if is_removed else seal[10]
        number += 1


def _seal(
    row: tuple[Any, ...], previous: bytes | None, published: Published | None, removed_until: datetime | None
) -> Iterator[Fault]:
    """What is wrong with one seal itself."""
    number, kind, sealed_at, count, oldest, newest, rows_hash, before, hashed, removed_at, held, of_rows = row
    if previous is not None and before != previous:
        yield f"Segment {number} does not follow segment {number - 1}: one of the two seals was changed."
    said = form.seal_hash(
        form=kind,
        number=number,
        sealed_at=sealed_at,
        count=count,
        oldest=oldest,
        newest=newest,
        rows_hash=rows_hash,
        previous=before,
    )
    if said != hashed:
        yield f"Segment {number}: its seal was changed."
    elif removed_at is None and (held != count or of_rows != rows_hash):
        yield f"Segment {number}: the list of its events was changed."
    if removed_at is not None and (removed_until is None or newest >= removed_until):
        yield f"Segment {number} is marked as removed by retention, and no event tells of such a removal."
    if published is not None and published.hash != hashed:
        yield f"Segment {number} is not the one that was published: it was sealed again after a change."


def _hash_before(start: int) -> bytes | None:
    if start == 1:
        return b""
    before = AuditSeal.objects.filter(number=start - 1).values_list("hash", flat=True).first()
    return None if before is None else bytes(before)


def _ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers that follow one another, as the first and the last of them."""
    for _offset, run in groupby(enumerate(sorted(numbers)), lambda placed: placed[1] - placed[0]):
        found = [number for _place, number in run]
        yield found[0], found[-1]


def _segments_named(first: int, last: int) -> str:
    return f"Segment {first} is" if first == last else f"Segments {first} to {last} are"


def _event(pk: uuid.UUID, action: str, at: datetime) -> str:
    return f"event {pk} ({action}, {at:%Y-%m-%d %H:%M:%S} UTC)"


def _listed(said: list[str]) -> str:
    named = "; ".join(said[:NAMED_AT_MOST])
    return named if len(said) <= NAMED_AT_MOST else f"{named}; and {len(said) - NAMED_AT_MOST} more"
