"""How endpoints and deliveries stand, as an organisation's pages tell it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from portal.models.webhooks import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookOutcome,
    WebhookTry,
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """One endpoint at an instant. Nothing here asks the database."""

    row: WebhookEndpoint
    state: str  # of portal.templatetags.statuses
    events: list[str]
    waiting: int
    last_at: datetime | None

    @property
    def wants_all(self) -> bool:
        return len(self.events) == len(WebhookEvent) - 1


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery with what came of its last try."""

    row: WebhookDelivery
    state: str
    event: str
    last: WebhookTry | None

    @property
    def is_over(self) -> bool:
        return self.row.outcome != ""


def described(rows: Sequence[WebhookEndpoint], now: datetime) -> list[Webhook]:
    """These endpoints with everything told of them: one query more for all of them."""
    waiting: dict[uuid.UUID, int] = dict(
        WebhookDelivery.objects.filter(endpoint__in=rows, outcome="")
        .order_by()
        .values_list("endpoint")
        .annotate(Count("pk"))
    )
    return [
        Webhook(
            row,
            state_of(row),
            [str(WebhookEvent(event).label) for event in row.events],
            waiting.get(row.pk, 0),
            row.succeeded_at,
        )
        for row in rows
    ]


def state_of(row: WebhookEndpoint) -> str:
    if row.stopped_at is not None:
        return "webhook.stopped"
    if row.paused_at is not None:
        return "webhook.paused"
    return "webhook.failing" if row.failing_since is not None else "webhook.active"


def deliveries_described(rows: Sequence[WebhookDelivery], endpoint: WebhookEndpoint) -> list[Sent]:
    """These deliveries, each with its last try: one query more for all of them."""
    last = {
        attempt.delivery_id: attempt
        for attempt in WebhookTry.objects.filter(delivery__in=rows)
        .filter(Q(delivery__endpoint=endpoint))
        .order_by("delivery", "-at", "-pk")
        .distinct("delivery")
    }
    return [_described(row, last.get(row.pk)) for row in rows]


def delivery_described(row: WebhookDelivery, attempts: Sequence[WebhookTry]) -> Sent:
    """One delivery, whose tries are at hand, the last one first."""
    return _described(row, attempts[0] if attempts else None)


def _described(row: WebhookDelivery, last: WebhookTry | None) -> Sent:
    return Sent(row, _state(row, last), str(WebhookEvent(row.event).label), last)


def _state(row: WebhookDelivery, last: WebhookTry | None) -> str:
    if row.outcome:
        return f"delivery.{WebhookOutcome(row.outcome).value}"
    return "delivery.waiting" if last is None else "delivery.again"
