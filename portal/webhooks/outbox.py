"""What waits to be told: kept in the transaction of the change, for whoever wants it, by one statement."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone
from psycopg.types.json import Jsonb

from portal.jobs import defer
from portal.models.audit import AuditEvent
from portal.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookTry
from portal.webhooks.events import Told, told_of

#: How long a delivery, and what was answered, can be looked up.
KEPT = timedelta(days=30)
CHUNK = 1000

# A delivery's id is made of the event's and the endpoint's, and keeps the time in front: one event comes once to an
# endpoint, whoever tells it how often.
_KEEP = """
INSERT INTO portal_webhookdelivery
    (id, endpoint_id, event_id, event, resource, facts, changed_at,
     created_at, started_at, due_at, tries, outcome, body)
SELECT overlay(md5(told.event_id::text || endpoint.id::text)
               PLACING left(replace(told.event_id::text, '-', ''), 17) FROM 1)::uuid,
       endpoint.id, told.event_id, told.event, told.resource, told.facts, told.changed_at,
       %(now)s, %(now)s, %(now)s, 0, '', ''
FROM unnest(%(organisations)s::uuid[], %(ids)s::uuid[], %(events)s::text[], %(resources)s::text[],
            %(facts)s::jsonb[], %(instants)s::timestamptz[])
     AS told (organisation_id, event_id, event, resource, facts, changed_at)
JOIN portal_webhookendpoint AS endpoint ON endpoint.organisation_id = told.organisation_id
WHERE told.event = ANY (endpoint.events) AND endpoint.stopped_at IS NULL AND endpoint.deleted_at IS NULL
      AND (NOT %(since_wanted)s
           OR coalesce((endpoint.wants_since ->> told.event)::timestamptz, endpoint.created_at) <= told.changed_at)
ON CONFLICT DO NOTHING
"""


def tell(events: Iterable[AuditEvent]) -> None:
    """Keep what these events of the log are told as: one statement for a thousand of them, none where none is told.

    It is asked once a call whether anybody wants them, also where nobody has an endpoint: what changes many things at
    once has all its events written by one `portal.audit.keep`. An import writes one event after the other.
    """
    keep([told for event in events for told in told_of(event)])


def keep(told: list[Told], *, since_wanted: bool = False) -> int:
    """Keep these, for every endpoint that wants them, and have them sent; how many deliveries that made.

    `since_wanted`: only to endpoints that wanted it at the time. Without anything to tell, no query.
    """
    made = 0
    for start in range(0, len(told), CHUNK):
        some = told[start : start + CHUNK]
        with connection.cursor() as cursor:
            cursor.execute(
                _KEEP,
                {
                    "now": timezone.now(),
                    "organisations": [one.organisation_id for one in some],
                    "ids": [one.event_id for one in some],
                    "events": [one.event.value for one in some],
                    "resources": [one.resource.value for one in some],
                    "facts": [Jsonb(dict(one.facts)) for one in some],
                    "instants": [one.at for one in some],
                    "since_wanted": since_wanted,
                },
            )
            made += cursor.rowcount
    if made:
        defer("portal.send_webhooks", timestamp=0)
    return made


def prune(before: datetime) -> None:
    """Forget deliveries older than this with their answers, and deleted endpoints nothing is left of."""
    while old := list(
        WebhookDelivery.objects.filter(created_at__lt=before)
        .order_by("created_at")
        .values_list("pk", flat=True)[:CHUNK]
    ):
        WebhookTry.objects.filter(delivery__in=old).delete()
        WebhookDelivery.objects.filter(pk__in=old).delete()
    left = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"))
    WebhookEndpoint.objects.filter(deleted_at__lt=before).exclude(Exists(left)).delete()
