"""One small world: a provider, its customer, one subscription, and people who may or may not choose."""

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
    SubscriptionFactory,
    make_eligible,
)


def member(organisation, *roles, name="Agent"):
    return MembershipFactory(organisation=organisation, roles=list(roles), user__name=name)


def acting(membership):
    """The person of this membership as a request would see them."""
    row = Membership.objects.select_related("organisation__partner", "organisation__customer", "user").get(
        pk=membership.pk
    )
    return Actor.of(row, request_id="test")


def make_world(partner_id="4391507"):
    provider = ProviderFactory(
        organisation=OrganisationFactory(name="Fabrikam Distribution"), partner_id=partner_id
    )
    customer = CustomerFactory(organisation=OrganisationFactory(name="Contoso"))
    relationship = CustomerRelationshipFactory(partner=provider, customer=customer)
    trey = ResellerFactory(organisation=OrganisationFactory(name="Trey Research"))
    make_eligible(trey, provider=provider, customer=customer)
    admin_agent = member(provider.organisation, Role.ADMIN_AGENT, name="Admin agent")
    return SimpleNamespace(
        provider=provider,
        customer=customer,
        relationship=relationship,
        trey=trey,
        admin_agent=admin_agent,
        subscription=SubscriptionFactory(provider=provider, customer=customer, offer_name="Microsoft 365 E3"),
    )


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def agent(world):
    return acting(world.admin_agent)


@pytest.fixture
def signed_in(client, world):
    client.force_login(world.admin_agent.user)
    return client


@pytest.fixture
def first_up(world):
    row = ResellerFactory(organisation=OrganisationFactory(name="First Up Consultants"))
    ResellerRelationshipFactory(provider=world.provider, reseller=row)
    return row


@pytest.fixture
def northwind(db):
    return CustomerFactory(
        organisation=OrganisationFactory(name="Northwind Traders", domain="northwind.example")
    )
