"""The newest events of one customer, for its page; and the way to all of them for those who may read the log."""

import uuid
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from portal.actor import Actor
from portal.keyset import page_of
from portal.permissions import Permission, can
from support_contacts.activity.chosen import Found, Wanted, events
from support_contacts.activity.entries import Entry, entries
from support_contacts.activity.listing import ORDER

#: Lines of the history on a customer's page.
SHOWN = 10


def recent(actor: Actor, customer_id: uuid.UUID, *, now: datetime) -> list[Entry]:
    """What happened last at this customer, in the actor's own record. Five queries at most."""
    rows = events(actor, Wanted(customer=Found(customer_id))).select_related("note")
    return entries(actor, page_of(rows, ORDER, size=SHOWN).rows, now=now)


def log_url(actor: Actor | None, **filters: uuid.UUID) -> str:
    """The log narrowed to this; empty for who may not read it."""
    if actor is None or not can(actor, Permission.ACTIVITY_VIEW):
        return ""
    return f"{reverse('activity:list')}?{urlencode(filters)}"
