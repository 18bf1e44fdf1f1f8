"""Work about support contacts done by the clock, or after the answer."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from portal.jobs import for_each, job
from portal.models import Partner
from support_contacts import digest_tasks as digest_tasks  # the jobs of the daily digest
from support_contacts.operations.policy import end_stale
from support_contacts.operations.registration import end_registered, relationships_over
from support_contacts.operations.repair import forget_selections


@job("support_contacts.end_stale", cron="*/10 * * * *")
def end_stale_designations(timestamp: int) -> None:
    """Do what the policies of providers say about designations that have not held for too long (R8)."""
    partners = (
        Partner.objects.exclude(ends_stale_after_days=None).select_related("organisation").order_by("pk")
    )
    for_each(partners.filter(Q(is_indirect_provider=True) | Q(is_direct_partner=True)), end_stale)


@job("support_contacts.forget_selections", cron="17 * * * *")
def forget_selections_nobody_submitted(timestamp: int) -> None:
    """A selection put aside to plan a repair from is worth a day."""
    forget_selections(timezone.now() - timedelta(days=1))


@job("support_contacts.end_registered", cron="*/10 * * * *")
def end_registered_with_relationships(timestamp: int) -> None:
    """What a partner registered ends with its relationship to the customer (R13), whoever ended that: a person's act
    does it in the same transaction, this follows an import."""
    for_each(relationships_over(), end_registered)
