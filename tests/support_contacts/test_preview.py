"""What a partner sees of its customer's page: its own subscriptions and nothing of other partners (R12)."""

import pytest
from django.test import RequestFactory

from portal.actor import Actor
from portal.middleware import memberships_of
from portal.permissions import Role
from support_contacts.switching import organisations_that_see
from tests.factories import (
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
    SupportProfileFactory,
    make_eligible,
)
from tests.pages import text

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def other(world):
    """Another partner of the same customer, with everything it has named after a canary."""
    provider = ProviderFactory(organisation=OrganisationFactory(name="Canary Provider"), partner_id="9999001")
    SupportProfileFactory(partner=provider, telephone="+44 20 7946 0999", email="canary@canary.example")
    CustomerRelationshipFactory(
        partner=provider, customer=world.customer, company_name="Canary Name", alias="Canary Alias"
    )
    reseller = ResellerFactory(organisation=OrganisationFactory(name="Canary Reseller"))
    make_eligible(reseller, provider=provider, customer=world.customer)
    row = SubscriptionFactory(provider=provider, customer=world.customer, offer_name="Canary Offer")
    DesignationFactory(subscription=row, partner=reseller)
    SubscriptionFactory(provider=provider, customer=world.customer, offer_name="Canary Default")
    return row


def address(world, tenant=None):
    return f"/customers/{tenant or world.customer.pk}/as-customer/"


def test_preview_shows_nothing_of_another_partner(signed_in, world, other):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    response = signed_in.get(address(world))
    html = text(response)
    assert response.status_code == 200
    assert "Microsoft 365 E3" in html
    assert "Trey Research" in html
    assert "Contoso may have others, not shown here." in html
    assert "canary" not in html.lower()
    assert other.microsoft_id not in html
    assert "7946 0999" not in html
    asked = text(signed_in.get(address(world), {"subscription": other.microsoft_id}))
    nobody = text(signed_in.get(address(world), {"subscription": NOWHERE}))
    assert "canary" not in asked.lower()
    assert ("No subscription of yours has this ID." in asked) == (
        "No subscription of yours has this ID." in nobody
    )


def test_preview_names_the_customer_as_it_knows_itself_never_by_alias(signed_in, world):
    world.relationship.alias = "The difficult ones"
    world.relationship.save()
    html = text(signed_in.get(address(world)))
    assert "What Contoso sees" in html
    assert "Customer: Contoso" in html
    assert "Customer: The difficult ones" not in html


@pytest.mark.parametrize("tenant", ["foreign", NOWHERE])
def test_preview_of_a_customer_that_is_not_ours_is_404_alike(signed_in, world, tenant):
    if tenant == "foreign":
        tenant = CustomerRelationshipFactory().customer_id
    assert signed_in.get(address(world, tenant)).status_code == 404


def test_preview_after_the_relationship_ended_is_404(signed_in, world):
    world.relationship.ended_at = world.relationship.established_at
    world.relationship.ended_as = "ended"
    world.relationship.save()
    assert signed_in.get(address(world)).status_code == 404


def test_preview_by_role_finds_the_row_first(client, world):
    client.force_login(
        MembershipFactory(organisation=world.provider.organisation, roles=[Role.BILLING_ADMIN]).user
    )
    assert client.get(address(world)).status_code == 403
    assert client.get(address(world, NOWHERE)).status_code == 404


def test_preview_is_not_a_page_of_the_customer_or_the_reseller(client, world):
    for organisation in (world.customer.organisation, world.trey.organisation):
        client.force_login(MembershipFactory(organisation=organisation).user)
        assert client.get(address(world)).status_code == 404


def test_preview_without_live_subscriptions_says_so(signed_in, world):
    world.subscription.delete()
    assert "Contoso has no live subscription from you" in text(signed_in.get(address(world)))


def _request(path, user, organisation):
    request = RequestFactory().get(path)
    request.memberships = list(memberships_of(user))
    mine = next(row for row in request.memberships if row.organisation_id == organisation.pk)
    request.actor = Actor.of(mine)
    return request


def test_switching_offers_the_organisation_that_sees_the_address(world, other):
    user = MembershipFactory(organisation=other.provider.organisation, roles=[Role.ADMIN_AGENT]).user
    MembershipFactory(organisation=world.provider.organisation, user=user, roles=[Role.ADMIN_AGENT])
    here = world.provider.organisation
    base = f"/customers/{world.customer.pk}/"
    theirs = _request(f"{base}subscriptions/{other.microsoft_id}/", user, here)
    assert organisations_that_see(theirs) == [other.provider.organisation]
    foreign = CustomerRelationshipFactory(partner=other.provider)
    assert organisations_that_see(_request(f"/customers/{foreign.customer_id}/", user, here)) == [
        other.provider.organisation
    ]
    for nowhere in (
        f"{base}subscriptions/{NOWHERE}/",
        f"/customers/{NOWHERE}/",
        "/customers/x/",
        "/support/",
    ):
        assert organisations_that_see(_request(nowhere, user, here)) == []


def test_switching_does_not_offer_where_the_role_could_not_look(world, other):
    user = MembershipFactory(organisation=other.provider.organisation, roles=[Role.BILLING_ADMIN]).user
    MembershipFactory(organisation=world.provider.organisation, user=user, roles=[Role.ADMIN_AGENT])
    path = f"/customers/{world.customer.pk}/subscriptions/{other.microsoft_id}/"
    assert organisations_that_see(_request(path, user, world.provider.organisation)) == []


def test_switching_asks_the_same_questions_whether_or_not_the_row_exists(
    world, other, django_assert_num_queries
):
    user = MembershipFactory(organisation=other.provider.organisation, roles=[Role.ADMIN_AGENT]).user
    MembershipFactory(organisation=world.provider.organisation, user=user, roles=[Role.ADMIN_AGENT])
    base = f"/customers/{world.customer.pk}/subscriptions"
    for identity in (other.microsoft_id, world.subscription.microsoft_id, NOWHERE):
        request = _request(f"{base}/{identity}/", user, world.provider.organisation)
        with django_assert_num_queries(1):
            organisations_that_see(request)
