"""Suspending a partner's account: it takes eligibility away (R3), nothing else."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.audit import record
from portal.errors import OperationError
from portal.models import Action, Partner, PartnerSuspension


@transaction.atomic(durable=True)
def suspend_partner(partner: Partner, *, acting: Actor, reason: str) -> PartnerSuspension:
    """Suspend from now on. The partner's row is held, so a choice comes wholly before or wholly after."""
    now = _lock(partner)
    if PartnerSuspension.objects.filter(partner=partner, ended_at=None).exists():
        raise OperationError(_("This partner is suspended already."), code="suspended_already")
    suspension = PartnerSuspension.objects.create(partner=partner, started_at=now, reason=reason)
    record(
        Action.PARTNER_SUSPENDED,
        acting=acting,
        organisation=partner.organisation,
        at=now,
        after={"partner": str(partner.pk), "name": partner.name},
        note=reason,
        partner_ids=[partner.pk],
    )
    return suspension


@transaction.atomic(durable=True)
def lift_suspension(partner: Partner, *, acting: Actor, reason: str = "") -> PartnerSuspension:
    """End the suspension now: a closed interval stays."""
    now = _lock(partner)
    suspension = PartnerSuspension.objects.select_for_update().filter(partner=partner, ended_at=None).first()
    if suspension is None:
        raise OperationError(_("This partner is not suspended."), code="not_suspended")
    suspension.ended_at = now
    suspension.save(update_fields=["ended_at"])
    record(
        Action.PARTNER_SUSPENSION_LIFTED,
        acting=acting,
        organisation=partner.organisation,
        at=now,
        before={"partner": str(partner.pk), "name": partner.name, "since": suspension.started_at.isoformat()},
        note=reason,
        partner_ids=[partner.pk],
    )
    return suspension


def _lock(partner: Partner) -> datetime:
    """Hold the partner; now, but never before its last suspension's boundary (hosts' clocks differ)."""
    Partner.objects.select_for_update().get(pk=partner.pk)
    last = PartnerSuspension.objects.filter(partner=partner).order_by("-started_at").first()
    boundaries = [last.started_at, last.ended_at] if last else []
    return max([timezone.now(), *filter(None, boundaries)])
