"""The log as CSV: read page after page by key while it is sent, so that no list of everything is ever held."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.csv_files import CHUNK, Cells
from portal.keyset import every
from portal.models import AuditEvent
from support_contacts.activity.entries import Entry, entries
from support_contacts.activity.listing import ORDER


def exported(actor: Actor, rows: QuerySet[AuditEvent], *, now: datetime) -> Iterator[Cells]:
    """Newest first, so that what happens meanwhile does not push a line out of place."""
    return every(rows.select_related("note"), ORDER, size=CHUNK, told=partial(_part, actor, now))


def _part(actor: Actor, now: datetime, rows: Sequence[AuditEvent]) -> list[Cells]:
    return [_cells(entry) for entry in entries(actor, rows, now=now)]


def heads() -> Cells:
    return [
        _("Event ID"),
        _("When (UTC)"),
        _("Kind"),
        _("What happened"),
        _("Changes"),
        _("Who"),
        _("Who (ID)"),
        _("Acted as"),
        _("Role"),
        _("Organisation"),
        _("Organisation ID"),
        _("Channel"),
        _("Customer"),
        _("Microsoft ID"),
        _("Subscription"),
        _("Subscription ID"),
        _("Note"),
        _("Request ID"),
    ]


def _cells(entry: Entry) -> Cells:
    event = entry.event
    return [
        event.pk,
        event.at,
        event.action,
        entry.sentence,
        "; ".join(map(str, entry.changes)),
        entry.who,
        entry.who_id,  # of other organisations' people nobody is told which one it was
        event.actor_kind,
        event.actor_role,
        entry.organisation,
        event.actor_organisation_id,
        event.channel,
        entry.customer.name if entry.customer else "",
        event.customer_id,
        entry.subscription.name if entry.subscription else "",
        entry.subscription.public_id if entry.subscription else "",  # our own id is its seller's
        entry.note,
        event.request_id,
    ]
