"""What programs of providers are told of support contacts. Named by `portal.webhooks`."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from portal.actor import Actor
from portal.models import Organisation, WebhookEvent, WebhookResource
from portal.webhooks.clock import event_id
from portal.webhooks.events import Told
from subscriptions.models import Subscription
from support_contacts.api.shapes import contact_path
from support_contacts.contacts import standings_of
from support_contacts.models import Designation, Standing, force, so_since
from support_contacts.models.designation import DesignationQuerySet

#: Designations whose records are looked at together.
CHUNK = 500


def support_contact(
    organisation: Organisation, event: WebhookEvent, facts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The contact of a subscription that is the provider's to see, by the address and the id the API has for it."""
    visible = Subscription.objects.visible_to(Actor.system(organisation)).sold_by(organisation.pk)
    row = visible.filter(pk=facts["subscription"]).first()
    if row is None:
        return None
    address = contact_path(row.customer_id, row.public_id)
    return {
        "resourceUri": address,
        "auditUri": f"{address}/history" if event == WebhookEvent.SUPPORT_CONTACT_UPDATED else None,
        "customerId": str(row.customer_id),
        "subscriptionId": row.public_id,
        "version": facts.get("version"),
        "reason": facts.get("reason"),
    }


def stopped_holding(organisations: Sequence[uuid.UUID], after: datetime, until: datetime) -> Iterator[Told]:
    """Designations that lost in this time what they rest on and do not hold any more: each once for each cause (R8)."""
    for provider_id in organisations:
        touched = Designation.objects.touched(provider_id, after, until).filter(provider_id=provider_id)
        for row, standing in _with_standings(touched.needs_attention(until), provider_id, until):
            judged = force(row, standing, at=until)
            if judged.reason is not None:  # else it holds again
                reason = judged.reason.value
                yield _told(
                    row,
                    WebhookEvent.SUPPORT_CONTACT_ATTENTION,
                    event_id(row.pk, reason, judged.since),
                    judged.since or until,
                    reason=reason,
                )


def holding_again(organisations: Sequence[uuid.UUID], after: datetime, until: datetime) -> Iterator[Told]:
    """Designations that got back in this time what they rest on, hold, and did not before: each once for each time.

    A new choice is no return: it is told as a change. What was lost and came back at one and the same instant, or
    while something else still held it, never stopped holding.
    """
    for provider_id in organisations:
        regained = Designation.objects.regained(provider_id, after, until).filter(provider_id=provider_id)
        for row, standing in _with_standings(regained.held(until), provider_id, until):
            since = so_since(row, standing, at=until)
            # `since` is the day it was chosen where it has held all along.
            if since is not None and since > max(after, row.started_at):
                yield _told(
                    row,
                    WebhookEvent.SUPPORT_CONTACT_RESTORED,
                    event_id(row.pk, "restored", since),
                    since,
                )


def _with_standings(
    rows: DesignationQuerySet, provider_id: uuid.UUID, at: datetime
) -> Iterator[tuple[Designation, Standing]]:
    """Those the provider may be told of, each with the records it rests on."""
    found = list(
        rows.at_customers_of(provider_id, at)
        .select_related("partner__organisation", "subscription")
        .order_by("pk")
    )
    for start in range(0, len(found), CHUNK):
        some = found[start : start + CHUNK]
        standings = standings_of(some)
        for row in some:
            standing = standings.get((row.provider_id, row.partner_id, row.subscription.customer_id))
            yield row, standing or Standing(row.partner)


def _told(row: Designation, event: WebhookEvent, told_as: uuid.UUID, at: datetime, **facts: str) -> Told:
    about = {
        "customer": str(row.subscription.customer_id),
        "subscription": str(row.subscription_id),
        "version": row.subscription.contact_version,
    }
    return Told(row.provider_id, told_as, event, WebhookResource.SUPPORT_CONTACT, {**about, **facts}, at)
