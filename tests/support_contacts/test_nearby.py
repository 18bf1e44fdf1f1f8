"""A distributor has thousands of resellers: pages show those that matter here, and find the others."""

import pytest
from django.urls import reverse

from portal.models import Partner
from subscriptions.models import Subscription
from support_contacts.counting import DistinctValues
from support_contacts.nearby import LISTED_AT_MOST, nearby
from tests.factories import (
    DesignationFactory,
    OrganisationFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)

pytestmark = pytest.mark.django_db
MANY = LISTED_AT_MOST + 12


@pytest.fixture
def many(world):
    """More resellers than a page has room for, none of them with anything at this customer."""
    for number in range(MANY):
        reseller = ResellerFactory(
            organisation=OrganisationFactory(name=f"Reseller {number:03}", domain=f"r{number:03}.example")
        )
        ResellerRelationshipFactory(provider=world.provider, reseller=reseller)
    return world


def subscription_page(world):
    return reverse("customers:subscription", args=[world.customer.pk, world.subscription.public_id])


def test_the_subscription_lists_some_and_says_so(signed_in, many):
    text = signed_in.get(subscription_page(many)).content.decode()

    assert text.count('class="reason"') == LISTED_AT_MOST
    assert f"{MANY} of your resellers" in text
    assert "Not all are listed" in text
    assert "Reseller 000" in text
    assert f"Reseller {MANY - 1:03}" not in text


@pytest.mark.parametrize("find", ["reseller 061", "r061.example"])
def test_the_others_are_found(signed_in, many, find):
    page = signed_in.get(subscription_page(many), {"find": find}).context["page"]

    known = [standing.reseller.name for standing in page.standings.values()]

    assert "Reseller 061" in known
    assert page.unavailable_count == MANY
    assert not page.lists_part


def test_whoever_may_be_chosen_is_listed_however_many_others_there_are(signed_in, many):
    last = ResellerFactory(organisation=OrganisationFactory(name="Zuletzt GmbH"))
    make_eligible(last, provider=many.provider, customer=many.customer)

    page = signed_in.get(subscription_page(many)).context["page"]

    assert [c.partner.name for c in page.candidates.eligible] == ["Trey Research", "Zuletzt GmbH"]


def test_whoever_was_chosen_and_the_reseller_of_record_are_known(many):
    chosen, recorded = (ResellerFactory(organisation=OrganisationFactory(name=f"Zz {n}")) for n in range(2))
    for reseller in (chosen, recorded):
        ResellerRelationshipFactory(provider=many.provider, reseller=reseller)
    DesignationFactory(subscription=many.subscription, partner=chosen)

    found = nearby(many.provider, many.customer.pk, of_record=recorded.partner_id)

    assert {chosen.pk, recorded.pk} <= found.standings.keys()
    assert found.is_part
    assert recorded.pk in nearby(many.provider, many.customer.pk, also=recorded.pk).standings
    assert recorded.pk not in nearby(many.provider, many.customer.pk).standings


def test_few_resellers_are_all_listed(signed_in, world):
    text = signed_in.get(subscription_page(world)).content.decode()

    assert "Not all are listed" not in text


def test_the_customers_page_counts_all_and_leads_to_their_list(signed_in, many):
    text = signed_in.get(reverse("customers:detail", args=[many.customer.pk])).content.decode()

    assert f"{MANY + 1 - 10} more of your resellers" in text
    assert "Not all are listed" in text
    assert f'href="{reverse("resellers:list")}"' in text


def test_distinct_values_in_order_up_to_a_cap(world):
    for record in ("3", "1", "", "2", "1"):
        SubscriptionFactory(provider=world.provider, customer=world.customer, reseller_of_record=record)
    SubscriptionFactory(reseller_of_record="9")
    own = Subscription.objects.filter(provider=world.provider, reseller_of_record__gt="")

    def values(rows, at_most):
        asked = DistinctValues(rows, "reseller_of_record", at_most=at_most)
        return Partner.objects.filter(pk=world.provider.pk).annotate(found=asked).get().found

    assert values(own, 10) == ["1", "2", "3"]
    assert values(own, 2) == ["1", "2"]
    assert values(own.filter(quantity=0), 10) == []
