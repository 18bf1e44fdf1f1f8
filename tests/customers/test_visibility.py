"""Which relationships and grants each organisation sees (DESIGN §6, R4)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.actor import Actor
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
)

NOW = timezone.now()
DAY = timedelta(days=1)
OVER = {"ended_at": NOW - DAY, "ended_as": "ended"}
ASKED = {"established_at": None, "requested_at": NOW - DAY, "lapses_at": NOW + 89 * DAY}
DECLINED = {**ASKED, "ended_at": NOW - DAY, "ended_as": "declined"}


@pytest.fixture
def ours(db):
    """A provider's relationship with a customer."""
    return CustomerRelationshipFactory(partner=ProviderFactory())


def seen(model, partner):
    return set(model.objects.visible_to(Actor.operator(partner.organisation)).values_list("pk", flat=True))


def reseller_at(ours, **relationship):
    """A reseller of ours with a relationship of its own to the customer."""
    reseller = ResellerFactory()
    ResellerRelationshipFactory(provider=ours.partner, reseller=reseller, **relationship)
    return CustomerRelationshipFactory(partner=reseller, customer=ours.customer)


def test_provider_sees_its_resellers_relationships_at_its_customers(ours):
    theirs = reseller_at(ours)
    CustomerRelationshipFactory(partner=theirs.partner)
    CustomerRelationshipFactory(customer=ours.customer)

    assert seen(CustomerRelationship, ours.partner) == {ours.pk, theirs.pk}


@pytest.mark.parametrize("relationship", [OVER, ASKED, DECLINED])
def test_provider_sees_nothing_of_a_partner_that_is_not_its_reseller_now(ours, relationship):
    theirs = reseller_at(ours, **relationship)
    DelegatedAdminFactory(relationship=theirs)

    assert seen(CustomerRelationship, ours.partner) == {ours.pk}
    assert seen(DelegatedAdmin, ours.partner) == set()


def test_r4_grant_somebody_else_asked_for_is_told_while_it_is_active(ours):
    theirs = reseller_at(ours)
    active = DelegatedAdminFactory(relationship=theirs, requested_for=ProviderFactory())

    assert seen(DelegatedAdmin, ours.partner) == {active.pk}


@pytest.mark.parametrize("grant", [OVER, {"ends_at": NOW - DAY}, ASKED, DECLINED])
def test_r4_negative_history_is_told_only_of_what_was_asked_for_us(ours, grant):
    theirs = reseller_at(ours)
    DelegatedAdminFactory(relationship=theirs, requested_for=ProviderFactory(), **grant)
    DelegatedAdminFactory(relationship=theirs, **grant)
    for_us = DelegatedAdminFactory(relationship=theirs, requested_for=ours.partner, **grant)

    assert seen(DelegatedAdmin, ours.partner) == {for_us.pk}


def test_reseller_and_customer_see_every_grant_of_their_own(ours):
    theirs = reseller_at(ours)
    grants = {
        DelegatedAdminFactory(relationship=theirs, requested_for=ours.partner, **state).pk
        for state in (OVER, ASKED, DECLINED, {})
    }

    assert seen(DelegatedAdmin, theirs.partner) == grants
    assert seen(DelegatedAdmin, ours.customer) == grants
