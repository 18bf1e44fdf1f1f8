"""The move of a subscription to new commerce. Called by operations, under the subscription's lock."""

from datetime import datetime

from portal import audit
from portal.actor import Actor
from portal.models import Action, AuditEvent
from subscriptions.models import Subscription
from support_contacts.models import Designation, EndedAs
from support_contacts.operations.core import named


def apply_move(
    subscription: Subscription, stored: Designation | None, *, at: datetime, acting: Actor
) -> AuditEvent:
    """New commerce has no designated support contact: what is stored ends, one version up, one event (R5).

    The subscription must be locked for update and not yet be in new commerce.
    """
    at = max([at, *([stored.started_at] if stored is not None else [])])
    before: dict[str, object] = {"new_commerce": False, "designated": None}
    if stored is not None:
        before["designated"] = named(stored.partner)
        stored.ended_at, stored.ended_as = at, EndedAs.NEW_COMMERCE
        stored.save(update_fields=["ended_at", "ended_as"])
    subscription.is_new_commerce = True
    subscription.moved_to_new_commerce_at = at
    subscription.contact_version += 1
    subscription.save(update_fields=["is_new_commerce", "moved_to_new_commerce_at", "contact_version"])
    return audit.record(
        Action.SUBSCRIPTION_MOVED,
        acting=acting,
        organisation=subscription.provider.organisation,
        at=at,
        before=before,
        after={"new_commerce": True, "version": subscription.contact_version},
        customer_id=subscription.customer_id,
        subscription_id=subscription.pk,
        partner_ids=[stored.partner_id] if stored is not None else [],
    )
