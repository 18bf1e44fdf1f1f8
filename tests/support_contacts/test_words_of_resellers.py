"""What a reseller calls a customer is its own: a provider that asks for it there reads its own words (DESIGN §6)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.models import CustomerRelationship
from customers.operations import request_customer
from portal.models import ResellerRelationship
from portal.permissions import Role
from tests.factories import ProviderFactory
from tests.support_contacts.conftest import acting, member

THEIRS, OURS = "Their pet name", "Contoso of ours"


@pytest.fixture
def named(world):
    """Both have the customer, each under its own name."""
    theirs = CustomerRelationship.objects.get(partner=world.trey)
    theirs.alias = THEIRS
    theirs.save()
    world.relationship.alias = OURS
    world.relationship.save()
    return theirs


def test_a_request_for_a_reseller_is_told_in_our_words(signed_in, world, named):
    new = reverse("customers:request-rights", args=[world.customer.pk])
    asked = {
        "what": "delegated_admin",
        "days": "365",
        "reseller": world.trey.pk,
        "organisation": world.provider.pk,
    }
    page = signed_in.post(new, asked, follow=True).content.decode()
    assert f"A global admin of {OURS} has until" in page
    assert THEIRS not in page
    assert THEIRS not in signed_in.post(new, asked, follow=True).content.decode(), "asked already"


@pytest.mark.parametrize("name", ["customers:detail", "customers:request-withdraw"])
def test_its_pages_name_the_customer_as_we_do(signed_in, world, agent, named, name):
    made = request_customer(world.customer, partner=world.trey, days=30, acting=agent)
    args = [world.customer.pk, *([made.relationship.pk] if name.endswith("withdraw") else [])]
    page = signed_in.get(reverse(name, args=args)).content.decode()
    assert OURS in page
    assert THEIRS not in page


def test_a_request_for_a_reseller_that_is_ours_no_more_can_be_taken_back(signed_in, world, agent, named):
    made = request_customer(world.customer, partner=world.trey, days=30, acting=agent)
    ResellerRelationship.objects.update(ended_at=timezone.now(), ended_as="ended")
    withdraw = reverse("customers:request-withdraw", args=[world.customer.pk, made.relationship.pk])
    assert withdraw in signed_in.get(reverse("customers:detail", args=[world.customer.pk])).content.decode()

    page = signed_in.get(withdraw)
    assert (page.status_code, THEIRS in page.content.decode()) == (200, False)
    assert signed_in.post(withdraw, {"organisation": world.provider.pk}).status_code == 303

    made.grant.refresh_from_db()
    assert made.grant.ended_as == "withdrawn"
    other = acting(member(ProviderFactory().organisation, Role.GLOBAL_ADMIN))
    signed_in.force_login(other.user)
    assert signed_in.get(withdraw).status_code == 404
