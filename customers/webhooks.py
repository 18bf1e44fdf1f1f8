"""What programs of partners are told of customer relationships and delegated admin. Named by `portal.webhooks`."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.models import Organisation, ResellerRelationship, WebhookEvent, WebhookResource
from portal.webhooks.clock import event_id
from portal.webhooks.events import ENDS, Told


def relationship(
    organisation: Organisation, event: WebhookEvent, facts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """A partner's relationship with a customer, as the API addresses the customer."""
    if not _may_be_told(organisation.pk, event, facts):
        return None
    return {
        "resourceUri": f"/customers/{facts['customer']}",
        "customerId": facts["customer"],
        "partnerId": facts["partner"],
    }


def delegated_admin(
    organisation: Organisation, event: WebhookEvent, facts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Admin rights of a partner at a customer."""
    said = relationship(organisation, event, facts)
    return said and {**said, "resourceUri": f"{said['resourceUri']}/relationships"}


def expired(organisations: Sequence[uuid.UUID], after: datetime, until: datetime) -> Iterator[Told]:
    """Grants whose agreed end came in this time, for who held one and for who had asked for it."""
    rows = DelegatedAdmin.objects.filter(
        Q(relationship__partner__in=organisations) | Q(requested_for__in=organisations),
        Q(ended_at=None) | Q(ended_at__gte=F("ends_at")),
        ends_at__gt=after,
        ends_at__lte=until,
        established_at__isnull=False,
    ).select_related("relationship")
    for grant in rows:
        if grant.ends_at is None:  # never, by the question asked
            continue
        facts = {
            "customer": str(grant.relationship.customer_id),
            "partner": str(grant.relationship.partner_id),
        }
        for organisation_id in {grant.relationship.partner_id, grant.requested_for_id} - {None}:
            yield Told(
                organisation_id,
                event_id(grant.pk, grant.ends_at),
                WebhookEvent.DELEGATED_ADMIN_EXPIRED,
                WebhookResource.DELEGATED_ADMIN,
                facts,
                grant.ends_at,
            )


def _may_be_told(me: uuid.UUID, event: WebhookEvent, facts: Mapping[str, Any]) -> bool:
    """One's own: while it is open, and its end. Of a reseller: while it is one's reseller, at one's customer (R12)."""
    now = timezone.now()
    own = CustomerRelationship.objects.filter(partner=me, customer=facts["customer"], ended_at=None)
    if facts["partner"] == str(me):
        return event in ENDS or own.exists()
    ours = ResellerRelationship.objects.established(now).filter(provider=me, reseller=facts["partner"])
    return own.established(now).exists() and ours.exists()
