"""Paging by key: a page begins after, or ends before, a row somebody saw. Never OFFSET, however deep the page.

A cursor is the sort key of that row, its id, and its position for "26–50 of 60". It stands in the URL and is only ever
compared with, so it is not signed: what does not parse is refused in words, and it can open nothing.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from portal import replica
from portal.identifiers import canonical_guid

Row = TypeVar("Row", bound=Model)
Told = TypeVar("Told")

#: Longer than any cursor we write: a sort name of 200 characters of four bytes, twice encoded.
LONGEST = 2000
_FURTHEST = 10**9


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row a page begins after or ends before: its key as text, its id, its position counted from one."""

    key: str
    pk: uuid.UUID
    position: int

    def __str__(self) -> str:
        packed = json.dumps(
            [self.key, str(self.pk), self.position], ensure_ascii=False, separators=(",", ":")
        )
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """The cursor a text is; None for anything we would not have written."""
        try:
            key, pk, position = json.loads(
                base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            )
            key.encode()
        except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error):
            return None
        guid = canonical_guid(pk)
        if guid is None or "\0" in key or type(position) is not int or not 0 < position < _FURTHEST:
            return None
        return cls(key, guid, position)


class CursorField(forms.CharField):
    """A cursor out of the address; of an `order` that is given, one that it can be compared with."""

    def __init__(self, *, order: "Order | None" = None, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=LONGEST, widget=forms.HiddenInput, **kwargs)
        self._order = order

    def clean(self, value: Any) -> Cursor | None:
        text = super().clean(value)
        if not text:
            return None
        cursor = Cursor.read(text)
        if cursor is None or not (self._order is None or self._order.reads(cursor)):
            raise ValidationError(
                _("This page of the list does not exist. Start from the first one."), code="cursor"
            )
        return cursor


@dataclass(frozen=True, slots=True)
class Order:
    """A sort that has an index: one field, then the id, both in one direction."""

    field: str
    descending: bool = False
    write: Callable[[Any], str] = str
    read: Callable[[str], Any] = str

    def key(self, row: Model) -> str:
        return self.write(getattr(row, self.field))

    def reads(self, cursor: Cursor) -> bool:
        """Is it of a row in this order, or of another?"""
        try:
            self.read(cursor.key)
        except ValueError:
            return False
        return True


def newest(field: str) -> Order:
    """Latest instant first."""
    return Order(field, descending=True, write=datetime.isoformat, read=_instant)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("We never write an instant without its zone.")
    return instant


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page, and the cursors of its neighbours; None where there is none."""

    rows: Sequence[Row]
    start: int
    before: Cursor | None
    after: Cursor | None

    @property
    def end(self) -> int:
        return self.start + len(self.rows) - 1


def page_of(
    rows: QuerySet[Row], order: Order, *, size: int, after: Cursor | None = None, before: Cursor | None = None
) -> Page[Row]:
    """One page of these rows in one query."""
    backwards = before is not None and after is None
    anchor = before if backwards else after
    descending = order.descending != backwards
    if anchor is not None:
        rows = rows.filter(_beyond(order, anchor, descending=descending))
    sign = "-" if descending else ""
    found = list(rows.order_by(f"{sign}{order.field}", f"{sign}pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
        start = max(1, before.position - len(found)) if before and more else 1
    else:
        start = anchor.position + 1 if anchor else 1
    ends = [Cursor(order.key(row), row.pk, start + index) for index, row in enumerate(found)]
    has_previous = more if backwards else anchor is not None
    has_next = anchor is not None if backwards else more
    return Page(
        found,
        start,
        before=ends[0] if ends and has_previous else None,
        after=ends[-1] if ends and has_next else None,
    )


def every(
    rows: QuerySet[Row], order: Order, *, size: int, told: Callable[[Sequence[Row]], Iterable[Told]]
) -> Iterator[Told]:
    """What is told of all these rows, page after page: no cursor is held open, and no list of everything.

    A page, with all that `told` asks about its rows, is read at the replica where there is one.
    """

    def answer(after: Cursor | None) -> tuple[Cursor | None, list[Told]]:
        page = page_of(rows, order, size=size, after=after)
        return page.after, list(told(page.rows))

    after, lines = replica.ask(partial(answer, None))
    yield from lines
    while after is not None:
        after, lines = replica.ask(partial(answer, after))
        yield from lines


def _beyond(order: Order, anchor: Cursor, *, descending: bool) -> Q:
    """Rows after the anchor in this direction. The first condition alone bounds the index range."""
    try:
        key = order.read(anchor.key)
    except ValueError:
        return Q(pk__in=[])
    step = "lt" if descending else "gt"
    field = order.field
    return Q(**{f"{field}__{step}e": key}) & (
        Q(**{f"{field}__{step}": key}) | Q(**{f"pk__{step}": anchor.pk})
    )
