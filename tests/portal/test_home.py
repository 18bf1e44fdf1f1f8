"""The first page of each kind of person."""

import pytest

from portal.permissions import Role
from tests.factories import CustomerFactory, MembershipFactory, ProviderFactory, ResellerFactory, UserFactory

pytestmark = pytest.mark.django_db


def home_of(client, organisation, *roles):
    member = MembershipFactory(organisation=organisation, roles=list(roles))
    client.force_login(member.user)
    return client.get("/")


def test_agent_finds_customers(client):
    page = home_of(client, ProviderFactory(name="Fabrikam").organisation, Role.SALES_AGENT).content.decode()
    assert "Find a customer" in page
    assert 'href="/customers/"' in page
    assert "What we support" not in page
    assert "Members" not in page


def test_reseller_finds_what_it_supports(client):
    page = home_of(client, ResellerFactory().organisation, Role.HELPDESK_AGENT).content.decode()
    assert 'href="/duties/"' in page
    assert "Find a customer" not in page


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.SERVICE_SUPPORT_ADMIN])
def test_customer_goes_to_whom_to_call(client, role):
    response = home_of(client, CustomerFactory().organisation, role)
    assert (response.status_code, response["Location"]) == (302, "/support/")


@pytest.mark.parametrize(("role", "manages"), [(Role.BILLING_ADMIN, False), (Role.USER_ADMIN, True)])
def test_other_roles_read_what_they_may_and_whom_to_ask(client, role, manages):
    organisation = ProviderFactory().organisation
    admin = MembershipFactory(organisation=organisation, user__name="Ada Admin")
    MembershipFactory(organisation=ProviderFactory().organisation, user__name="Canary Elsewhere")
    page = home_of(client, organisation, role).content.decode()
    assert "Whom to ask" in page
    assert "Ada Admin" in page
    assert admin.user.email in page
    assert "Canary" not in page
    assert ('href="/organisation/members/"' in page) is manages
    assert 'href="/customers/"' not in page


def test_person_without_organisation_is_told_so(client):
    client.force_login(UserFactory(email="lost@nowhere.example"))
    page = client.get("/").content.decode()
    assert "You belong to no organisation here" in page
    assert "lost@nowhere.example" in page
    assert client.get("/organisation/").status_code == 404
    assert client.get("/password/").status_code == 200


def test_tenant_that_is_partner_and_customer_has_both_ways(client):
    organisation = ProviderFactory().organisation
    CustomerFactory(organisation=organisation)
    page = home_of(client, organisation, Role.GLOBAL_ADMIN).content.decode()
    assert 'href="/customers/"' in page
    assert 'href="/support/"' in page
