"""Webhooks: make, change, rotate, pause, resume, delete an endpoint.

Rules: people who manage API credentials only, never an integration; at most ten endpoints an organisation; the secret
is returned once. An address is checked for what can be told of it by itself; where its name leads to is looked at with
every request (`portal.webhooks.addresses`).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.actor import Actor
from portal.audit import record
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.jobs import defer
from portal.locks import patience
from portal.models import (
    Action,
    Partner,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
)
from portal.operations.webhook_stops import see_to
from portal.permissions import Permission, require
from portal.webhooks import signing
from portal.webhooks.addresses import Refused, origin_of, target_of

MANAGE = Permission.CREDENTIAL_MANAGE
#: Endpoints of one organisation, and how long a former secret signs beside the new one.
MOST = 10
LONGEST_OVERLAP = timedelta(days=7)
#: What an endpoint may want; a test event goes to the endpoint it is asked for.
WANTED = tuple(event for event in WebhookEvent if event != WebhookEvent.TEST_CREATED)
_REFUSALS: dict[str, str | Promise] = {
    "address": _("This is no address the portal can send to."),
    "credentials": _("Leave out user name and password: the signature proves who sends."),
    "host": _("Give the full name of the host, as in https://hooks.company.example."),
    "port": _("Use port 443, or one from 1024 on."),
    "private": _("The portal does not send into private or local networks."),
    "scheme": _("An address begins with https://."),
    "too_long": _("At most 500 characters."),
}


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint and its new secret, which is shown once."""

    endpoint: WebhookEndpoint
    secret: str


@patience()
@transaction.atomic(durable=True)
def create_webhook(*, acting: Actor, url: str, events: Sequence[str]) -> Made:
    """A new endpoint of the actor's organisation. What happens from now on is told there."""
    acting = manager(acting)
    # Held to the end, so that the number of endpoints does not change meanwhile.
    Partner.objects.select_for_update(of=("self",), no_key=True).get(pk=acting.organisation.pk)
    url, events, now = _checked_url(url), _checked_events(events), timezone.now()
    if WebhookEndpoint.objects.visible_to(acting).count() >= MOST:
        raise OperationError(
            _now("An organisation has at most %(n)s webhooks. Delete one first.") % {"n": MOST},
            code="too_many",
        )
    endpoint = WebhookEndpoint(
        organisation=acting.organisation, url=url, created_by=acting.user, created_at=now
    )
    endpoint.want(events, now)
    made = _new_secret(_saved(endpoint), now)
    _tell(Action.WEBHOOK_CREATED, endpoint, acting, now, after={"events": events})
    return made


@patience()
@transaction.atomic(durable=True)
def change_webhook(
    endpoint_id: uuid.UUID, *, acting: Actor, url: str, events: Sequence[str]
) -> WebhookEndpoint:
    """Another address, or other events. What waits goes to the new address. Nothing different: nothing is written.

    An event that is chosen now is told from now on, however old the endpoint is; those chosen before lose nothing.
    """
    acting = manager(acting)
    endpoint = held(endpoint_id, acting)
    url, events = _checked_url(url), _checked_events(events)
    if (endpoint.url, sorted(endpoint.events)) == (url, sorted(events)):
        return endpoint
    before = {"address": origin_of(endpoint.url), "events": endpoint.events}
    moved, now = endpoint.url != url, timezone.now()
    endpoint.url = url
    endpoint.want(events, now)
    _saved(endpoint)
    after = {"events": events, "moved": moved}
    _tell(Action.WEBHOOK_CHANGED, endpoint, acting, now, before=before, after=after)
    return endpoint


@patience()
@transaction.atomic(durable=True)
def rotate_webhook(endpoint_id: uuid.UUID, *, acting: Actor, former_until: datetime) -> Made:
    """A new secret; requests are signed with the former one as well until `former_until`, at most seven days.

    Never more than two: where two sign already, the older gives way.
    """
    acting = manager(acting)
    endpoint, now = held(endpoint_id, acting), timezone.now()
    if former_until > now + LONGEST_OVERLAP:
        raise OperationError(_now("The former secret works for seven more days at most."), code="too_long")
    live = endpoint.live_secrets(now)
    for secret in live:
        secret.ends_at = max(former_until, now) if secret == live[0] else now
        secret.save(update_fields=["ends_at"])
    made = _new_secret(endpoint, now)
    _tell(
        Action.WEBHOOK_ROTATED,
        endpoint,
        acting,
        now,
        after={"former_until": live[0].ends_at.isoformat() if live and live[0].ends_at else None},
    )
    return made


@patience()
@transaction.atomic(durable=True)
def end_former_webhook_secret(endpoint_id: uuid.UUID, *, acting: Actor) -> None:
    """The receiver knows the new secret: the former one stops now. Where none signs any more, nothing is written."""
    acting = manager(acting)
    endpoint, now = held(endpoint_id, acting), timezone.now()
    former = endpoint.live_secrets(now)[1:]
    for secret in former:
        secret.ends_at = now
        secret.save(update_fields=["ends_at"])
    if former:
        _tell(Action.WEBHOOK_SECRET_ENDED, endpoint, acting, now, after={})


@patience()
@transaction.atomic(durable=True)
def pause_webhook(endpoint_id: uuid.UUID, *, acting: Actor) -> None:
    """Nothing is sent until it is resumed; events are kept. What is not sent to anyway stays as it is."""
    acting = manager(acting)
    endpoint, now = held(endpoint_id, acting), timezone.now()
    if not endpoint.sends:
        return
    endpoint.paused_at = now
    endpoint.save(update_fields=["paused_at"])
    _tell(Action.WEBHOOK_PAUSED, endpoint, acting, now, after={})


@patience()
@transaction.atomic(durable=True)
def resume_webhook(endpoint_id: uuid.UUID, *, acting: Actor) -> None:
    """Send again, also after the portal stopped it. What waited goes out now, with a whole day of tries.

    After a stop nothing was kept: what happened meanwhile is not told. After a pause everything was.
    """
    acting = manager(acting)
    endpoint, now = held(endpoint_id, acting), timezone.now()
    if endpoint.sends:
        return
    before = {"paused": endpoint.paused_at is not None, "stopped": endpoint.stopped_at is not None}
    if endpoint.stopped_at is not None:
        endpoint.want_from(now)
    endpoint.paused_at = endpoint.stopped_at = endpoint.failing_since = None
    endpoint.save(update_fields=["paused_at", "stopped_at", "failing_since", "wants_since"])
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, outcome="")
    if waiting.update(started_at=now, due_at=now):
        defer("portal.send_webhooks", timestamp=0)
    see_to(endpoint)
    _tell(Action.WEBHOOK_RESUMED, endpoint, acting, now, before=before, after={})


@patience()
@transaction.atomic(durable=True)
def delete_webhook(endpoint_id: uuid.UUID, *, acting: Actor) -> None:
    """Nothing is sent there any more, and nobody sees it. What it was told is forgotten in thirty days."""
    acting = manager(acting)
    endpoint, now = held(endpoint_id, acting), timezone.now()
    endpoint.deleted_at = now
    endpoint.save(update_fields=["deleted_at"])
    see_to(endpoint)
    _tell(Action.WEBHOOK_DELETED, endpoint, acting, now, before={"events": endpoint.events})


# -- parts, inside the caller's transaction


def manager(acting: Actor) -> Actor:
    """The person, with the roles of this instant. Integrations are refused by the table of rights itself."""
    require(acting, MANAGE)
    if not acting.organisation.is_partner:
        raise NotVisible
    return still(acting, MANAGE)


def held(endpoint_id: uuid.UUID, acting: Actor) -> WebhookEndpoint:
    """The row until the transaction ends. Changes that tell it something go on meanwhile."""
    row = (
        WebhookEndpoint.objects.visible_to(acting)
        .filter(pk=endpoint_id)
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if row is None:
        raise NotVisible
    return row


def _checked_url(url: str) -> str:
    url = url.strip()
    try:
        target_of(url)
    except Refused as refusal:
        raise OperationError(str(_REFUSALS[refusal.code]), code=f"url_{refusal.code}") from refusal
    return url


def _checked_events(events: Sequence[str]) -> list[str]:
    """In our order, each once."""
    if not events or not set(events) <= {event.value for event in WANTED}:
        raise OperationError(_now("Choose at least one event."), code="events")
    return [event.value for event in WANTED if event.value in events]


def _saved(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Written, unless another one has the address: that is the database's word, not a look before."""
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as error:
        if "webhook_address_once" in str(error):
            raise OperationError(
                _now("There is a webhook to this address already."), code="url_taken"
            ) from error
        raise
    return endpoint


def _new_secret(endpoint: WebhookEndpoint, now: datetime) -> Made:
    made = signing.fresh()
    WebhookSecret.objects.create(
        endpoint=endpoint,
        seed=made.seed,
        ending=made.ending,
        fingerprint=made.fingerprint,
        created_at=now,
    )
    return Made(endpoint, made.secret)


def _tell(
    action: Action,
    endpoint: WebhookEndpoint,
    acting: Actor,
    at: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """One event, with the host only: what follows it in the address may be somebody's secret."""
    about = {"webhook": str(endpoint.pk), "address": origin_of(endpoint.url)}
    record(
        action,
        acting=acting,
        organisation=acting.organisation,
        at=at,
        permission=MANAGE,
        before={**about, **before} if before is not None else None,
        after={**about, **after} if after is not None else None,
    )
