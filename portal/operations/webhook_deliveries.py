"""Having something sent to an endpoint: a test event, or once more what was sent."""

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.errors import NotVisible, OperationError
from portal.identifiers import uuid7
from portal.jobs import defer
from portal.locks import patience
from portal.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookResource
from portal.operations.webhooks import held, manager


@patience()
@transaction.atomic(durable=True)
def send_test(endpoint_id: uuid.UUID, *, acting: Actor) -> WebhookDelivery:
    """Have a test event sent, whichever events are chosen. It changes nothing, so the log of changes says nothing."""
    acting = manager(acting)
    endpoint, now = held(endpoint_id, acting), timezone.now()
    _check_sends(endpoint)
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint,
        event_id=uuid7(),
        event=WebhookEvent.TEST_CREATED,
        resource=WebhookResource.TEST,
        changed_at=now,
        created_at=now,
        started_at=now,
        due_at=now,
    )
    defer("portal.send_webhooks", timestamp=0)
    return delivery


@patience()
@transaction.atomic(durable=True)
def resend(delivery_id: uuid.UUID, *, endpoint_id: uuid.UUID, acting: Actor) -> WebhookDelivery:
    """Send this one again, now, with a whole day of tries: the same id and the same words, so a receiver knows it."""
    acting = manager(acting)
    endpoint, now = held(endpoint_id, acting), timezone.now()
    rows = WebhookDelivery.objects.visible_to(acting).filter(endpoint=endpoint)
    delivery = rows.filter(pk=delivery_id).select_for_update(of=("self",), no_key=True).first()
    if delivery is None:
        raise NotVisible
    _check_sends(endpoint)
    delivery.outcome, delivery.finished_at = "", None
    delivery.started_at = delivery.due_at = now
    delivery.save(update_fields=["outcome", "finished_at", "started_at", "due_at"])
    defer("portal.send_webhooks", timestamp=0)
    return delivery


# -- parts


def _check_sends(endpoint: WebhookEndpoint) -> None:
    if not endpoint.sends:
        raise OperationError(_("Nothing is sent to this webhook now. Resume it first."), code="not_sending")
