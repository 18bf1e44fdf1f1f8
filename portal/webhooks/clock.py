"""What happens by the clock alone: nobody acts, no event is written, and it is told all the same (R7, R8).

Every minute it is looked for what stopped, or holds again, since the last look; a little further back, since a change
that was under way then is seen only after its commit. What was told already is not told again: its id is made of what
it is.

Nothing is told from before an endpoint wanted to know of it. What stopped and came back between two looks is found as
what it is now: holding again.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.module_loading import import_string

from portal.models.webhooks import WebhookEndpoint, WebhookEvent, WebhookLook
from portal.webhooks import outbox
from portal.webhooks.events import Told

#: What is looked for, and who finds it, from one instant to another, for these organisations.
_FINDERS = {
    WebhookEvent.SUPPORT_CONTACT_ATTENTION: "support_contacts.webhooks.stopped_holding",
    WebhookEvent.SUPPORT_CONTACT_RESTORED: "support_contacts.webhooks.holding_again",
    WebhookEvent.DELEGATED_ADMIN_EXPIRED: "customers.webhooks.expired",
}
Finder = Callable[[Sequence[uuid.UUID], datetime, datetime], Iterable[Told]]
OVERLAP = timedelta(minutes=10)
_NAMES = uuid.UUID("4a3c4d0e-5f0b-5c0b-9d8e-8f5f3c1f7a21")


def event_id(*what: object) -> uuid.UUID:
    """The id of an event nobody wrote: the same for the same thing."""
    return uuid.uuid5(_NAMES, ":".join(str(part) for part in what))


def look(now: datetime) -> int:
    """Keep what happened since the last look, for whoever wants to be told; how many deliveries that made."""
    return sum(_look_for(event, import_string(name), now) for event, name in _FINDERS.items())


def _look_for(event: WebhookEvent, find: Finder, now: datetime) -> int:
    wanted: dict[uuid.UUID, datetime] = {}
    for row in WebhookEndpoint.objects.collecting().filter(events__contains=[event.value]):
        since = row.since(event)
        wanted[row.organisation_id] = min(wanted.get(row.organisation_id, since), since)
    if not wanted:
        return 0
    # Nothing from before the first of them wanted it is told to any of them; `keep` asks each.
    last = WebhookLook.objects.filter(event=event).values_list("looked_until", flat=True).first()
    after = max(filter(None, (last, min(wanted.values())))) - OVERLAP
    with transaction.atomic():
        made = outbox.keep(list(find(sorted(wanted), after, now)), since_wanted=True)
        looked = WebhookLook(event=event, looked_until=now)
        WebhookLook.objects.bulk_create(
            [looked], update_conflicts=True, unique_fields=["event"], update_fields=["looked_until"]
        )
    return made
