"""Who may be chosen, and who may not yet: R3 and R4 in the order of the picker."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from customers.models import CustomerRelationship
from portal.api.wire import instant
from portal.errors import SubscriptionEnded
from subscriptions.models import Subscription
from support_contacts.api import shapes
from support_contacts.api.rows import actor_of, no_contact
from support_contacts.models import Candidate, Designation, Reason, candidates
from support_contacts.reasons import words

#: What leads out of each reason, for programs. `words` says it to people.
NEXT_STEPS = {
    Reason.RESELLER_SUSPENDED: "ask_operator",
    Reason.RELATIONSHIP_MISSING: "request_relationship",
    Reason.RELATIONSHIP_REQUESTED: "await_reseller",
    Reason.RELATIONSHIP_DECLINED: "request_relationship",
    Reason.RELATIONSHIP_LAPSED: "request_relationship",
    Reason.RELATIONSHIP_ENDED: "request_relationship",
    Reason.DELEGATED_ADMIN_MISSING: "request_delegated_admin",
    Reason.DELEGATED_ADMIN_REQUESTED: "await_customer",
    Reason.DELEGATED_ADMIN_DECLINED: "request_delegated_admin",
    Reason.DELEGATED_ADMIN_LAPSED: "request_delegated_admin",
    Reason.DELEGATED_ADMIN_EXPIRED: "request_delegated_admin",
    Reason.DELEGATED_ADMIN_ENDED: "request_delegated_admin",
}


def items_of(request: HttpRequest, row: Subscription, now: datetime) -> list[dict[str, Any]]:
    """The provider, marked as the default; eligible resellers; the others, each with its reason and next step.

    Raises what choosing would raise for a subscription that takes no choice.
    """
    if row.is_new_commerce:
        raise no_contact()
    if not row.is_live:
        raise SubscriptionEnded(subscription=row)
    found = candidates(row.provider, row.customer_id, at=now, of_record=row.reseller_of_record)
    current = _current(request, row, now)
    customer = _customer_name(request, row, now)
    provider = {
        **shapes.partner(row.provider),
        "eligible": True,
        "isDefault": True,
        "isCurrent": current == row.provider_id,
    }
    eligible = [{**_eligible(one), "isCurrent": one.partner.pk == current} for one in found.eligible]
    return [provider, *eligible, *(_unavailable(one, customer) for one in found.unavailable)]


def _reseller(candidate: Candidate) -> dict[str, Any]:
    said = shapes.partner(candidate.partner)
    if candidate.partner.country:
        said["location"] = candidate.partner.country
    if candidate.is_reseller_of_record:
        said["isResellerOfRecord"] = True
    return said


def _eligible(candidate: Candidate) -> dict[str, Any]:
    said = {**_reseller(candidate), "eligible": True}
    if candidate.verdict.grant_ends_at:
        said["until"] = instant(candidate.verdict.grant_ends_at)
    return said


def _unavailable(candidate: Candidate, customer: str) -> dict[str, Any]:
    verdict = candidate.verdict
    reason = verdict.reason or Reason.RELATIONSHIP_MISSING
    why = words(verdict, customer=customer, reseller=candidate.partner.name)
    said = {
        **_reseller(candidate),
        "eligible": False,
        "reason": reason.value,
        "description": why.sentence,
        "nextStep": NEXT_STEPS[reason],
        "nextStepDescription": why.step,
    }
    if verdict.since:
        said["since"] = instant(verdict.since)
    if verdict.lapses_at:
        said["lapsesAt"] = instant(verdict.lapses_at)
    return said


def _current(request: HttpRequest, row: Subscription, now: datetime) -> uuid.UUID:
    """Whom the customer is shown now."""
    in_force = Designation.objects.visible_to(actor_of(request)).in_force(now).filter(subscription_id=row.pk)
    return in_force.values_list("partner_id", flat=True).first() or row.provider_id


def _customer_name(request: HttpRequest, row: Subscription, now: datetime) -> str:
    """What the caller calls the customer."""
    relationship = (
        CustomerRelationship.objects.visible_to(actor_of(request))
        .established(now)
        .filter(partner_id=row.provider_id, customer_id=row.customer_id)
        .first()
    )
    return relationship.name if relationship else str(row.customer_id)
