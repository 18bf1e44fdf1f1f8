"""When a choice holds, as SQL: R3 for one designation, what it rests on, and who nobody's choice can rest on."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from customers.models import DelegatedAdmin
from portal.among import among, each, there_is
from portal.models import Partner, PartnerSuspension, ResellerRelationship


class Lack(models.TextChoices):
    """What a designation that stands lacks where it does not hold: of several the first, as its cause is told."""

    HANDED_BACK = "handed_back", _("Handed back")
    SUSPENDED = "suspended", _("Reseller suspended")
    RELATIONSHIP = "relationship", _("No relationship any more")
    DELEGATED_ADMIN = "delegated_admin", _("No delegated admin any more")


def holds(at: datetime, has: Callable[[models.QuerySet], Any] = Exists):
    """The partner acts as reseller, is not suspended, has an established relationship with the provider and active
    delegated admin at the customer, and the subscription is outside new commerce: R3 for one designation, as SQL.

    `support_contacts.models.eligibility.verdict` is the same rule for rows in memory; a property test ties the two.
    """
    had = rests_on(at, has)
    return (
        Q(subscription__is_new_commerce=False)
        & had[Lack.HANDED_BACK]
        & had[Lack.SUSPENDED]
        & had[Lack.RELATIONSHIP]
        & had[Lack.DELEGATED_ADMIN]
    )


def holds_each(at: datetime) -> Case:
    """The same, asked of each row for itself in the order of whatever index is walked."""
    return each(holds(at, has=there_is))


def rests_on(at: datetime, has: Callable[[models.QuerySet], Any] = Exists) -> dict[str, Q]:
    """What a designation rests on, by what it would lack without it."""
    related = ResellerRelationship.objects.established(at).filter(
        provider=OuterRef("provider"), reseller=OuterRef("partner")
    )
    acts = Partner.objects.filter(pk=OuterRef("partner"), is_indirect_reseller=True)
    suspended = PartnerSuspension.objects.at(at).filter(partner=OuterRef("partner"))
    granted = DelegatedAdmin.objects.active(at).of(OuterRef("partner"), OuterRef("subscription__customer"))
    return {
        Lack.HANDED_BACK: Q(hands_back_at=None) | Q(hands_back_at__gt=at),
        Lack.SUSPENDED: ~Q(has(suspended)),
        Lack.RELATIONSHIP: Q(has(related)) & Q(has(acts)),
        Lack.DELEGATED_ADMIN: Q(has(granted)),
    }


def unfit_partners(provider_id: uuid.UUID, at: datetime) -> models.QuerySet:
    """Partners no choice of this provider can rest on: suspended, no resellers, or its resellers no longer."""
    mine = ResellerRelationship.objects.filter(provider_id=provider_id)
    still = mine.established(at).filter(reseller=OuterRef("reseller"))
    return (
        mine.filter(ended_at__lte=at)
        .exclude(there_is(still))
        .values("reseller_id")
        .union(
            PartnerSuspension.objects.at(at).values("partner_id"),
            Partner.objects.filter(is_indirect_reseller=False).values("pk"),
        )
    )


def may_be_loose(provider_id: uuid.UUID, at: datetime) -> Q:
    """Of one provider's open choices those that may not hold, as `DesignationQuerySet.loose` has it."""
    return Q(holds_until__lte=at) | among("partner", unfit_partners(provider_id, at))
