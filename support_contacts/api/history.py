"""Who was the contact: the whole history, or one day or instant of it (R9)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.api.faults import NOT_FOUND, NOT_SUPPORTED, Fault, bad_input
from portal.api.pages import PARAMETERS
from portal.api.wire import collection, instant, paging_of
from portal.keyset import Cursor
from portal.models import AuditEvent
from subscriptions.models import Subscription
from support_contacts.api import shapes
from support_contacts.api.reading import start_of
from support_contacts.api.rows import actor_of, life_of, no_contact, stood
from support_contacts.forms import PARTS
from support_contacts.models import Contact, ContactKind, Interval, on_day, part_of
from support_contacts.operations.choose import DECIDING

#: A history is turned one way, towards its beginning.
TURNED = [
    {**said, "schema": {"type": "string", "enum": ["Next", "First", ""]}}
    if said["name"] == "seekOperation"
    else said
    for said in PARAMETERS
]


def history_of(request: HttpRequest, row: Subscription, now: datetime) -> dict[str, Any]:
    """A page of the intervals since the subscription began, newest first, each with the change that began it.

    The token of a page is the start of its last interval.
    """
    _check_has_one(row)
    paging = paging_of(request)
    if paging.is_last or paging.before:
        text = _("Pages of a history are turned by Next and First.")
        raise Fault(HTTPStatus.BAD_REQUEST, NOT_SUPPORTED, text, "seek")
    before = _start_in(paging.after) if paging.after else None
    found = _page_before(request, row, before, paging.size + 1, now)
    page, more = found[: paging.size], len(found) > paging.size
    events = AuditEvent.objects.visible_to(actor_of(request)).filter(
        subscription_id=row.pk, action__in=DECIDING, at__in=[interval.start for interval in page]
    )
    by_instant = {event.at: event for event in events.order_by("at", "pk")}
    items = []
    for interval in page:
        said = shapes.interval(row, interval, now)
        if event := by_instant.get(interval.start):
            said["change"] = shapes.change(event)
        items.append(said)
    query = {name: str(value) for name, value in request.GET.items()}
    if not more:
        return collection(items, self_uri=_uri(row, query))
    token = str(Cursor(page[-1].start.isoformat(), row.pk, 1))
    further = {**query, "seekOperation": "Next", "continuationToken": token}
    return collection(items, self_uri=_uri(row, query), next_uri=_uri(row, further), token=token)


def _page_before(
    request: HttpRequest, row: Subscription, before: datetime | None, most: int, now: datetime
) -> list[Interval]:
    """At most so many intervals that began before an instant at which one begins, newest first.

    Every designation that stood begins one: so many of them are enough, and what was before the first is not told.
    """
    rows = stood(request, row)
    designations = list((rows if before is None else rows.filter(started_at__lt=before))[:most])
    since = designations[-1].started_at if len(designations) == most else None
    return part_of(life_of(row, designations, now), since=since, before=before)[:most]


def _start_in(cursor: Cursor) -> datetime:
    try:
        start: datetime = PARTS.read(cursor.key)
    except ValueError:
        raise bad_input(
            _("The continuation token is not one of ours. Start from the first page."), "continuation_token"
        ) from None
    return start


def contact_at(request: HttpRequest, row: Subscription, at: datetime | date, now: datetime) -> dict[str, Any]:
    """The contact at one instant, in Microsoft's shape; of a date every interval of that day in UTC.

    Before our first record an instant is 404 `not_recorded_here`, and a day has an interval that says so.
    """
    _check_has_one(row)
    designations = stood(request, row)
    if isinstance(at, datetime):
        # The last that had begun: it stood then, or with its end began what was then.
        return _at_instant(row, life_of(row, designations.filter(started_at__lte=at)[:1], now), at)
    start = start_of(at)
    end = min(start + timedelta(days=1), now)
    touching_it = designations.filter(Q(ended_at=None) | Q(ended_at__gt=start), started_at__lt=end)
    found = life_of(row, touching_it, now)
    began = found[0].start
    touching = on_day(found, start, end)
    if start < began:
        unknown = Interval(start, min(began, end), Contact(ContactKind.NOT_RECORDED, None))
        if touching and touching[0].contact.kind == ContactKind.NOT_RECORDED:
            touching[0] = Interval(start, touching[0].end, touching[0].contact)
        else:
            touching.insert(0, unknown)
    items = [shapes.interval(row, interval, now) for interval in touching]
    return collection(items, self_uri=f"{_path(row)}?at={at.isoformat()}")


def _at_instant(row: Subscription, found: Sequence[Interval], at: datetime) -> dict[str, Any]:
    interval = next((one for one in reversed(found) if one.start <= at), None)
    kind = interval.contact.kind if interval else ContactKind.NOT_RECORDED
    if kind == ContactKind.NEW_COMMERCE:
        raise no_contact()
    if interval is None or interval.contact.partner is None:
        text = _("Who was the contact then is not recorded here.")
        raise Fault(HTTPStatus.NOT_FOUND, NOT_FOUND, text, "not_recorded_here")
    said = shapes.support_contact(
        shapes.partner(interval.contact.partner), customer_id=row.customer_id, public_id=row.public_id
    )
    return said | {"at": instant(at), "kind": kind.value, "start": instant(interval.start)}


def _check_has_one(row: Subscription) -> None:
    """What moved to new commerce has a history; what was never anything else has none (R5)."""
    if row.is_new_commerce and row.moved_to_new_commerce_at is None:
        raise no_contact()


def _uri(row: Subscription, query: Mapping[str, str]) -> str:
    said = f"?{urlencode(query, quote_via=quote)}" if query else ""
    return f"{_path(row)}/history{said}"


def _path(row: Subscription) -> str:
    return shapes.contact_path(row.customer_id, row.public_id)
