"""Seals outside the database: a line each, to keep where whoever may write the database may not."""

from collections.abc import Iterable, Iterator

from portal.models import AuditSeal
from portal.seals.sealing import line
from portal.seals.verifying import Published


class NotPublished(ValueError):
    """A line that is none of a publication."""


def lines(start: int = 1) -> Iterator[str]:
    """One line a seal: number, time, how many events, hash."""
    columns = "number", "sealed_at", "count", "hash"
    rows = AuditSeal.objects.filter(number__gte=start).order_by("number").values_list(*columns)
    for number, sealed_at, count, hashed in rows.iterator():
        yield line(number, sealed_at, count, hashed)


def read(text: Iterable[str]) -> dict[int, Published]:
    """What was published; empty lines do not count. Raises NotPublished."""
    found: dict[int, Published] = {}
    for place, written in enumerate(text, 1):
        words = written.split()
        if not words:
            continue
        try:
            number, _sealed_at, _count, hashed = words
            seal = Published(int(number), bytes.fromhex(hashed))
        except ValueError as error:
            raise NotPublished(f"Line {place} is no seal: {written.strip()[:80]}") from error
        if found.setdefault(seal.number, seal) != seal:
            raise NotPublished(
                f"Line {place} tells of segment {seal.number} otherwise than a line before it."
            )
    return found
