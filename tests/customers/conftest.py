"""A provider, its reseller, a customer, and the people of all three who ask and answer."""

from types import SimpleNamespace

import pytest

from portal.actor import Actor
from portal.models import Membership
from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
)


def member(organisation, *roles, name="Somebody"):
    return MembershipFactory(organisation=organisation, roles=list(roles), user__name=name)


def acting(membership):
    """The person of this membership as a request would see them."""
    row = Membership.objects.select_related("organisation__partner", "organisation__customer", "user").get(
        pk=membership.pk
    )
    return Actor.of(row, request_id="test")


def make_parties():
    provider = ProviderFactory(organisation=OrganisationFactory(name="Fabrikam Distribution"))
    reseller = ResellerFactory(organisation=OrganisationFactory(name="First Up Consultants"))
    customer = CustomerFactory(organisation=OrganisationFactory(name="Contoso", domain="contoso.example"))
    agent = member(provider.organisation, Role.ADMIN_AGENT, name="Agent")
    admin = member(customer.organisation, Role.GLOBAL_ADMIN, name="Customer's admin")
    return SimpleNamespace(
        provider=provider,
        reseller=reseller,
        customer=customer,
        own=CustomerRelationshipFactory(partner=provider, customer=customer, company_name="Contoso Ltd"),
        related=ResellerRelationshipFactory(provider=provider, reseller=reseller),
        agent_member=agent,
        admin_member=admin,
        agent=acting(agent),
        admin=acting(admin),
        boss=acting(member(provider.organisation, Role.GLOBAL_ADMIN, name="Provider's global admin")),
    )


@pytest.fixture
def parties(db):
    return make_parties()
