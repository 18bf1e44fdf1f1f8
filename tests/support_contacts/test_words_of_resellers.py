"""What a reseller calls a customer is its own: a provider that asks for it there reads its own words (DESIGN §6)."""

import pytest
from django.urls import reverse

from customers.models import CustomerRelationship
from customers.operations import request_customer

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
