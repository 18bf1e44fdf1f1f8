"""Which choices something happened to in a time: found from the few records that begin or end in it."""

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q

from customers.models import DelegatedAdmin
from portal.among import among
from portal.models import PartnerSuspension, ResellerRelationship
from portal.tenancy import TenantQuerySet


class ChangingChoices(TenantQuerySet[Any]):
    """Designations, as the records they rest on begin and end."""

    def touched(self, provider_id: uuid.UUID, after: datetime, until: datetime):
        """Open choices of one provider that lost something in this time: a grant, the relationship, good standing, or
        were handed back. Found from the few records that end, not from the many choices.

        Only what was eligible is ever stored (R3), so whatever does not hold has lost something since; whatever stops
        holding loses something then. A way to few rows, never a rule: `holds` decides.
        """
        mine = self.model._default_manager.filter(provider_id=provider_id, ended_at=None)
        resellers = ResellerRelationship.objects.filter(provider_id=provider_id)
        suspended = PartnerSuspension.objects.filter(between("started_at", after, until))
        ended = resellers.filter(between("ended_at", after, until))
        ran_out = DelegatedAdmin.objects.filter(between("ends_at", after, until))
        taken = DelegatedAdmin.objects.filter(between("ended_at", after, until))
        may_have = (
            _resting_on(mine, ran_out)
            .values("pk")
            .union(
                _resting_on(mine, taken).values("pk"),
                mine.filter(between("hands_back_at", after, until)).values("pk"),
                mine.filter(among("partner", ended.values("reseller_id"))).values("pk"),
                mine.filter(among("partner", suspended.values("partner_id"))).values("pk"),
                mine.filter(partner__is_indirect_reseller=False).values("pk"),
            )
        )
        return self.filter(among("pk", may_have))

    def regained(self, provider_id: uuid.UUID, after: datetime, until: datetime):
        """Open choices of one provider that in this time got something they rest on: a grant, the relationship, good
        standing. As `touched` a way to few rows: most of them held before as well, or do not hold yet."""
        mine = self.model._default_manager.filter(provider_id=provider_id, ended_at=None)
        resellers = ResellerRelationship.objects.filter(provider_id=provider_id)
        related = resellers.filter(between("established_at", after, until))
        lifted = PartnerSuspension.objects.filter(between("ended_at", after, until))
        granted = DelegatedAdmin.objects.filter(between("established_at", after, until))
        may_have = (
            _resting_on(mine, granted)
            .values("pk")
            .union(
                mine.filter(among("partner", related.values("reseller_id"))).values("pk"),
                mine.filter(among("partner", lifted.values("partner_id"))).values("pk"),
            )
        )
        return self.filter(among("pk", may_have))

    def changed_since(self, provider_id: uuid.UUID, since: datetime, until: datetime):
        """Choices of one provider made or ended in this time, and open ones that lost or regained in it what they rest
        on. Also here few rows lead to many: some may hold again as they did before."""
        mine = self.model._default_manager.filter(provider_id=provider_id, ended_at=None)
        ended = self.model._default_manager.filter(provider_id=provider_id)
        changed = (
            self.model._default_manager.touched(provider_id, since, until)
            .values("pk")
            .union(
                mine.filter(between("started_at", since, until)).values("pk"),
                ended.filter(between("ended_at", since, until)).values("pk"),
                self.model._default_manager.regained(provider_id, since, until).values("pk"),
            )
        )
        return self.filter(among("pk", changed))


def _resting_on(rows: "ChangingChoices", grants: models.QuerySet[DelegatedAdmin]) -> "ChangingChoices":
    """Choices whose partner has one of these grants at the customer."""
    there = "subscription__customer__relationships"
    return rows.filter(
        Q(**{f"{there}__partner": F("partner")}) & Q(**{f"{there}__in": grants.values("relationship")})
    )


def between(field: str, after: datetime, until: datetime) -> Q:
    """Does this instant of a row lie in this time, its end included?"""
    return Q(**{f"{field}__gt": after, f"{field}__lte": until})
