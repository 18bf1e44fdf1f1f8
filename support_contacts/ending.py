"""What ending a customer relationship, or a partner's admin rights, touches: asked before, and under the lock."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from customers.models import CustomerRelationship
from portal.actor import Actor
from subscriptions.models import PurchasedThrough, Subscription
from support_contacts.contacts import Shown
from support_contacts.operations.registration import registered_ended_with


def live_sold(relationship: CustomerRelationship) -> Sequence[Subscription]:
    """Live subscriptions this partner sold to this customer: until they end, so cannot the relationship (R10)."""
    return list(
        Subscription.objects.sold_by(relationship.partner_id)
        .live()
        .filter(customer_id=relationship.customer_id, purchased_through=PurchasedThrough.PARTNER)
        .order_by("sort_name", "pk")
    )


def end_registered_along(relationship: CustomerRelationship, acting: Actor, at: datetime) -> None:
    """What the partner registered for support goes with its relationship (R13)."""
    registered_ended_with(relationship, acting=acting, at=at)


@dataclass(frozen=True, slots=True)
class GoesBack:
    """So many subscriptions whose contact is this seller again."""

    provider: str
    count: int


def goes_back(shown: Sequence[Shown], partner_id: object) -> list[GoesBack]:
    """Whom the customer calls instead, once this partner may support nothing any more."""
    counts = Counter(
        one.subscription.provider.name for one in shown if one.is_designated and one.partner.pk == partner_id
    )
    return [
        GoesBack(name, count) for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
