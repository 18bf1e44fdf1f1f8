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
from support_contacts.models import Designation, Standing, force

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
        rows = list(
            touched.needs_attention(until)
            .at_customers_of(provider_id, until)
            .select_related("partner__organisation", "subscription")
            .order_by("pk")
        )
        for start in range(0, len(rows), CHUNK):
            yield from _told(rows[start : start + CHUNK], until)


def _told(rows: Sequence[Designation], at: datetime) -> Iterator[Told]:
    standings = standings_of(rows)
    for row in rows:
        found = standings.get((row.provider_id, row.partner_id, row.subscription.customer_id))
        judged = force(row, found or Standing(row.partner), at=at)
        if judged.reason is None:  # it holds again
            continue
        yield Told(
            row.provider_id,
            event_id(row.pk, judged.reason.value, judged.since),
            WebhookEvent.SUPPORT_CONTACT_ATTENTION,
            WebhookResource.SUPPORT_CONTACT,
            {
                "customer": str(row.subscription.customer_id),
                "subscription": str(row.subscription_id),
                "version": row.subscription.contact_version,
                "reason": judged.reason.value,
            },
            judged.since or at,
        )
