"""Until when a choice holds by what concerns it alone: the database keeps it, through whichever door that changes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from customers.models import DelegatedAdmin
from support_contacts.models import Designation, EndedAs
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
def grant(world):
    """What the designation of this world's subscription rests on; it ends in thirty days."""
    found = DelegatedAdmin.objects.get(
        relationship__partner=world.trey, relationship__customer=world.customer
    )
    found.ends_at = NOW + 30 * DAY
    found.save()
    return found


@pytest.fixture
def chosen(world, grant):
    return DesignationFactory(subscription=world.subscription, partner=world.trey, started_at=NOW - DAY)


def kept(designation):
    return Designation.objects.values_list("holds_until", flat=True).get(pk=designation.pk)


def test_it_is_the_end_of_the_grant(chosen, grant):
    assert kept(chosen) == grant.ends_at


def test_it_follows_the_grant_whoever_changes_it(chosen, grant):
    DelegatedAdmin.objects.filter(pk=grant.pk).update(ends_at=NOW + 60 * DAY)
    assert kept(chosen) == NOW + 60 * DAY
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_delegatedadmin SET ended_at = %s, ended_as = 'ended' WHERE id = %s",
            [NOW, grant.pk],
        )
    assert kept(chosen) == NOW


def test_of_several_grants_it_is_the_last_end(chosen, grant):
    longer = DelegatedAdminFactory(relationship=grant.relationship, ends_at=NOW + 90 * DAY)
    assert kept(chosen) == longer.ends_at
    asked = DelegatedAdminFactory(
        relationship=grant.relationship, established_at=None, ends_at=None, requested_at=NOW, days=700
    )
    assert kept(chosen) == longer.ends_at
    asked.delete()
    longer.delete()
    assert kept(chosen) == grant.ends_at


def test_a_grant_without_an_end_is_for_ever(chosen, grant):
    DelegatedAdminFactory(relationship=grant.relationship, kind=DelegatedAdmin.Kind.DAP, ends_at=None)
    assert kept(chosen) is None


def test_a_hand_back_that_comes_first_counts(chosen, grant):
    for days, until in ((7, NOW + 7 * DAY), (50, grant.ends_at), (None, grant.ends_at)):
        chosen.hands_back_at = None if days is None else NOW + days * DAY
        chosen.save()
        assert kept(chosen) == until


def test_who_never_had_a_grant_there_has_not_held_since_it_began(world):
    elsewhere = SubscriptionFactory(provider=world.provider)
    designation = DesignationFactory(subscription=elsewhere, partner=world.trey, started_at=NOW - DAY)
    assert kept(designation) == NOW - DAY


def test_nothing_that_is_written_to_it_stays(chosen, grant):
    Designation.objects.filter(pk=chosen.pk).update(holds_until=NOW + 5000 * DAY)
    assert kept(chosen) == grant.ends_at


def test_what_has_ended_has_none(chosen, grant):
    Designation.objects.filter(pk=chosen.pk).update(ended_at=NOW, ended_as=EndedAs.REPLACED)
    assert kept(chosen) is None
    grant.ends_at = NOW + 3 * DAY
    grant.save()
    assert kept(chosen) is None


def test_another_partners_grant_and_another_customers_change_nothing(chosen, grant, world):
    make_eligible(ResellerFactory(), provider=world.provider, customer=world.customer)
    elsewhere = CustomerRelationshipFactory(partner=world.trey)
    DelegatedAdminFactory(relationship=elsewhere, ends_at=NOW + 90 * DAY)
    assert kept(chosen) == grant.ends_at
