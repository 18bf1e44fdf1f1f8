"""A distributor has thousands of resellers: pages show those that matter here, and find the others."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.models import EndedAs, Partner
from subscriptions.models import Subscription
from support_contacts.counting import DistinctValues
from support_contacts.nearby import LISTED_AT_MOST, nearby
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    OrganisationFactory,
    ProviderFactory,
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

    def known(**more):
        return nearby(many.provider, many.customer.pk, at=timezone.now(), **more)

    assert {chosen.pk, recorded.pk} <= known(of_record=recorded.partner_id).standings.keys()
    assert known(of_record=recorded.partner_id).is_part
    assert recorded.pk in known(also=recorded.pk).standings
    assert recorded.pk not in known().standings


def test_what_another_provider_had_there_puts_nobody_on_the_page(many):
    """Resellers of two providers at one customer: each provider's page tells what that provider may know, no more."""
    other = ProviderFactory(organisation=OrganisationFactory(name="Proseware Distribution"))
    CustomerRelationshipFactory(partner=other, customer=many.customer)
    now = timezone.now()
    over = {"ended_at": now - timedelta(days=9), "ended_as": EndedAs.ENDED}

    def reseller(name, **related):
        found = ResellerFactory(organisation=OrganisationFactory(name=f"Zz {name}"))
        ResellerRelationshipFactory(provider=many.provider, reseller=found, **related)
        ResellerRelationshipFactory(provider=other, reseller=found)
        return found

    def granted(found, *, by, relationship=None, asked_by=None, **grant):
        own = CustomerRelationshipFactory(
            partner=found, customer=many.customer, requested_for=asked_by, **(relationship or {})
        )
        DelegatedAdminFactory(relationship=own, requested_for=by, **grant)

    eligible, asked_for, theirs_over, theirs_chosen, theirs_related, ours_over, asked_at = map(
        reseller,
        ("eligible", "asked", "theirs over", "theirs chosen", "theirs related", "ours", "at customer"),
    )
    granted(eligible, by=other)
    granted(asked_for, by=many.provider, requested_at=now, established_at=None)
    granted(theirs_over, by=other, relationship=over, **over)
    DesignationFactory(
        subscription=SubscriptionFactory(provider=other, customer=many.customer), partner=theirs_chosen
    )
    CustomerRelationshipFactory(partner=theirs_related, customer=many.customer)
    granted(ours_over, by=many.provider, relationship=over, **over)
    CustomerRelationshipFactory(partner=asked_at, customer=many.customer, requested_for=many.provider)
    no_longer_ours = reseller("was ours", **over)
    granted(no_longer_ours, by=other)

    def listed(provider):
        known = nearby(provider, many.customer.pk, at=now).standings.values()
        return {row.reseller for row in known} & {
            *(eligible, asked_for, theirs_over, theirs_chosen, theirs_related),
            *(ours_over, asked_at, no_longer_ours),
        }

    assert listed(many.provider) == {eligible, asked_for, ours_over, asked_at}
    for _number in range(MANY):
        ResellerRelationshipFactory(provider=other)
    assert listed(other) == {eligible, theirs_over, theirs_chosen, no_longer_ours}


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
