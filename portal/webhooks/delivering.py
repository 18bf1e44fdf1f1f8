"""The job around a request: which delivery is next, what came of it, when it is tried again, when that is enough.

At least once: a delivery is taken for a minute, committed, and only then sent; a worker that is killed in between
leaves it due again. Nothing is promised about the order. One endpoint is served by one worker at a time and never for
long, so that a dead one takes nobody else's place.
"""

import logging
import random
import time
import uuid
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from portal.jobs import defer_once
from portal.models.webhooks import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookOutcome,
    WebhookProblem,
    WebhookTry,
)
from portal.operations.webhook_stops import stop_endpoint
from portal.webhooks import payloads, signing
from portal.webhooks.sending import Answer, post

logger = logging.getLogger(__name__)

#: How long a delivery is tried, and how soon again at first. Each time it waits as long again as it has waited.
WINDOW, FIRST = timedelta(hours=24), timedelta(minutes=1)
#: For how long a delivery is one worker's; longer than any request takes.
TAKEN = timedelta(minutes=1)
#: Seconds one run goes on to the next delivery, and requests in a row without any answer that end it.
RUN, SILENT = 15.0, 3
LONGEST_REST = timedelta(hours=1)
AGENT = "PartnerPortal-Webhooks/1"


def dispatch() -> None:
    """Have everything sent that is due: one job an endpoint, and not a second while one is waiting."""
    due = WebhookDelivery.objects.due(timezone.now()).order_by().values_list("endpoint_id", flat=True)
    for endpoint_id in due.distinct():
        defer_once("portal.send_webhooks_to", key=f"webhook:{endpoint_id}", endpoint_id=endpoint_id)


def send_due(endpoint_id: uuid.UUID | str) -> None:
    """Send what is due to one endpoint, until there is no more, the time of a run is over, or nobody answers there."""
    until, silent = time.monotonic() + RUN, 0
    while time.monotonic() < until:
        delivery = _take(endpoint_id)
        if delivery is None:
            return
        answer = _send(delivery)
        if answer is None:
            continue
        _record(delivery, answer)
        silent = 0 if answer.status is not None else silent + 1
        if silent == SILENT:
            _rest(endpoint_id)
            return
    dispatch()


def next_try(started_at: datetime, now: datetime) -> datetime | None:
    """When to try again after a failure now: about thirteen times in a day. None when the day is over."""
    end = started_at + WINDOW
    if now >= end:
        return None
    return min(now + max(now - started_at, FIRST) * random.uniform(0.75, 1.25), end)  # noqa: S311 - spreads load


def _take(endpoint_id: uuid.UUID | str) -> WebhookDelivery | None:
    """The delivery that has been due longest, ours for a minute: committed before anything is sent."""
    with transaction.atomic(durable=True):
        now = timezone.now()
        rows = WebhookDelivery.objects.due(now).filter(endpoint=endpoint_id)
        row = (
            rows.select_related("endpoint__organisation__partner")
            .order_by("due_at", "pk")
            .select_for_update(of=("self",), skip_locked=True, no_key=True)
            .first()
        )
        if row is None:
            return None
        row.due_at, row.tries = now + TAKEN, row.tries + 1
        row.save(update_fields=["due_at", "tries"])
        return row


def _send(delivery: WebhookDelivery) -> Answer | None:
    """What came back; None where it may not be told any more, and was not."""
    try:
        body = payloads.body_of(delivery)
    except DatabaseError:  # the job fails, and the next one finds it due again
        raise
    except Exception:  # a mistake of ours stands in nobody else's way
        logger.exception("webhook_not_composed", extra={"delivery": str(delivery.pk)})
        _drop(delivery, WebhookOutcome.FAILED)
        return None
    if body is None:
        _drop(delivery, WebhookOutcome.WITHHELD)
        return None
    if not delivery.body:
        delivery.body = body
        delivery.save(update_fields=["body"])
    now = timezone.now()
    try:
        live = [signing.secret_of(secret) for secret in delivery.endpoint.live_secrets(now)]
    except signing.KeyChanged:
        return Answer(0, problem=WebhookProblem.SECRET.value)
    content = body.encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": AGENT,
        "X-Portal-Event": delivery.event,
        "X-Portal-Delivery": str(delivery.pk),
        signing.SIGNATURE: signing.signature(content, live, int(now.timestamp())),
    }
    return post(delivery.endpoint.url, content, headers)


def _drop(delivery: WebhookDelivery, outcome: WebhookOutcome) -> None:
    """Over without a request."""
    WebhookDelivery.objects.filter(pk=delivery.pk, outcome="").update(
        outcome=outcome, finished_at=timezone.now(), due_at=None, tries=F("tries") - 1
    )


def _record(delivery: WebhookDelivery, answer: Answer) -> None:
    """Write down what came back, and what follows. The endpoint first: that is the order of locks.

    What arrived has arrived, whoever asked for it how often. A failure is one of its day of tries only: somebody who
    had it sent again meanwhile, or resumed the endpoint, began another, and nothing follows for that one.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
        list(endpoint.select_for_update(of=("self",), no_key=True).values_list("pk"))
        if answer.is_success:
            endpoint.update(succeeded_at=now, failing_since=None)
        else:
            endpoint.filter(failing_since=None).update(failing_since=now)
        WebhookTry.objects.create(
            delivery=delivery,
            number=delivery.tries,
            at=now,
            milliseconds=answer.milliseconds,
            status=answer.status,
            problem=answer.problem,
            answer=answer.text,
        )
        again = None if answer.is_success else next_try(delivery.started_at, now)
        row = WebhookDelivery.objects.filter(pk=delivery.pk, outcome="")
        same_day = row.filter(started_at=delivery.started_at)
        if answer.is_success:
            row.update(outcome=WebhookOutcome.DELIVERED, finished_at=now, due_at=None)
        elif again is not None:
            same_day.update(due_at=again)
        elif same_day.update(outcome=WebhookOutcome.FAILED, finished_at=now, due_at=None):
            stop_endpoint(delivery.endpoint_id, since=delivery.started_at, at=now)


def _rest(endpoint_id: uuid.UUID | str) -> None:
    """Nobody answers there: what else is due waits too, the longer the longer this goes on."""
    now = timezone.now()
    since = WebhookEndpoint.objects.filter(pk=endpoint_id).values_list("failing_since", flat=True).first()
    rest = min(max(now - (since or now), FIRST), LONGEST_REST)
    WebhookDelivery.objects.due(now).filter(endpoint=endpoint_id).update(due_at=now + rest)
