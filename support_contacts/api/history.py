"""Who was the contact: the whole history, or one day or instant of it (R9)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.api.faults import NOT_FOUND, Fault
from portal.api.wire import collection, instant
from portal.models import AuditEvent
from subscriptions.models import Subscription
from support_contacts.api import shapes
from support_contacts.api.reading import start_of
from support_contacts.api.rows import actor_of, life_of, no_contact
from support_contacts.models import Contact, ContactKind, Interval, on_day
from support_contacts.operations.choose import DECIDING


def history_of(request: HttpRequest, row: Subscription, now: datetime) -> dict[str, Any]:
    """Every interval from the day the subscription began, newest first, with the change that began it."""
    found = _life(request, row, now)
    events = AuditEvent.objects.visible_to(actor_of(request)).filter(
        subscription_id=row.pk, action__in=DECIDING
    )
    by_instant = {event.at: event for event in events.order_by("at", "pk")}
    items = []
    for interval in reversed(found):
        said = shapes.interval(row, interval, now)
        if event := by_instant.get(interval.start):
            said["change"] = shapes.change(event)
        items.append(said)
    return collection(items, self_uri=f"{_path(row)}/history")


def contact_at(request: HttpRequest, row: Subscription, at: datetime | date, now: datetime) -> dict[str, Any]:
    """The contact at one instant, in Microsoft's shape; of a date every interval of that day in UTC.

    Before our first record an instant is 404 `not_recorded_here`, and a day has an interval that says so.
    """
    found = _life(request, row, now)
    if isinstance(at, datetime):
        return _at_instant(row, found, at)
    start = start_of(at)
    end = min(start + timedelta(days=1), now)
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


def _life(request: HttpRequest, row: Subscription, now: datetime) -> list[Interval]:
    """What moved to new commerce has a history; what was never anything else has none (R5)."""
    if row.is_new_commerce and row.moved_to_new_commerce_at is None:
        raise no_contact()
    return life_of(request, row, now)


def _path(row: Subscription) -> str:
    return shapes.contact_path(row.customer_id, row.public_id)
