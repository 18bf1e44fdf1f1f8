"""Work about support contacts done by the clock, or after the answer."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.jobs import job
from portal.models import Partner
from support_contacts import digest_tasks as digest_tasks  # the jobs of the daily digest
from support_contacts.operations.policy import end_stale
from support_contacts.operations.registration import end_registered
from support_contacts.operations.repair import forget_selections


@job("support_contacts.end_stale", cron="*/10 * * * *")
def end_stale_designations(timestamp: int) -> None:
    """Do what the policies of providers say about designations that have not held for too long (R8)."""
    partners = (
        Partner.objects.exclude(ends_stale_after_days=None).select_related("organisation").order_by("pk")
    )
    for partner in partners.filter(Q(is_indirect_provider=True) | Q(is_direct_partner=True)):
        end_stale(partner)


@job("support_contacts.forget_selections", cron="17 * * * *")
def forget_selections_nobody_submitted(timestamp: int) -> None:
    """A selection put aside to plan a repair from is worth a day."""
    forget_selections(timezone.now() - timedelta(days=1))


@job("support_contacts.end_registered")
def end_registered_with(relationship_id: str) -> None:
    """A customer relationship has ended: what the partner registered there ends with it (R13)."""
    row = (
        CustomerRelationship.objects.select_related("partner__organisation")
        .filter(pk=relationship_id)
        .first()
    )
    if row is not None:
        end_registered(row)
