"""The first admin of a customer: invited by a partner, once, where nobody is."""

import pytest
from django.http import Http404

from customers.operations import (
    invite_first_admin,
)
from portal.errors import NotPermitted, OperationError
from portal.models import Action, AuditEvent, PasswordLink
from portal.permissions import Role
from tests.customers.conftest import acting, member
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    OrganisationFactory,
    ProviderFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty_customer(parties):
    customer = CustomerFactory(organisation=OrganisationFactory(name="Alpine", domain="alpine.example"))
    CustomerRelationshipFactory(partner=parties.provider, customer=customer)
    return customer


def test_a_partner_invites_the_first_global_admin(parties, empty_customer):
    made = invite_first_admin(empty_customer, email="Admin@alpine.example", acting=parties.agent)

    assert made.token
    link = PasswordLink.objects.get()
    assert (link.organisation_id, link.email, link.roles) == (
        empty_customer.pk,
        "admin@alpine.example",
        [Role.GLOBAL_ADMIN],
    )
    event = AuditEvent.objects.get()
    assert (event.action, event.organisation_id) == (Action.MEMBER_INVITED, empty_customer.pk)


def test_a_second_invitation_of_ours_ends_the_first(parties, empty_customer):
    for name in ("one", "two"):
        invite_first_admin(empty_customer, email=f"{name}@alpine.example", acting=parties.agent)

    assert PasswordLink.objects.get(withdrawn_at=None).email == "two@alpine.example"


@pytest.mark.parametrize("email", ["admin@elsewhere.example", "admin@notalpine.example", "admin"])
def test_the_first_admin_has_an_address_of_the_customer(parties, empty_customer, email):
    with pytest.raises(OperationError) as refusal:
        invite_first_admin(empty_customer, email=email, acting=parties.agent)

    assert refusal.value.code == "not_their_domain"


def test_no_first_admin_where_somebody_is(parties):
    with pytest.raises(OperationError) as refusal:
        invite_first_admin(parties.customer, email="me@contoso.example", acting=parties.agent)

    assert refusal.value.code == "has_members"


def test_two_partners_do_not_both_invite(parties, empty_customer):
    proseware = ProviderFactory()
    CustomerRelationshipFactory(partner=proseware, customer=empty_customer)
    theirs = acting(member(proseware.organisation, Role.ADMIN_AGENT))
    invite_first_admin(empty_customer, email="one@alpine.example", acting=theirs)

    with pytest.raises(OperationError) as refusal:
        invite_first_admin(empty_customer, email="two@alpine.example", acting=parties.agent)

    assert refusal.value.code == "invited_already"


def test_who_invites_has_a_relationship_and_the_role(parties, empty_customer):
    stranger = acting(member(ProviderFactory().organisation, Role.GLOBAL_ADMIN))
    helpdesk = acting(member(parties.provider.organisation, Role.HELPDESK_AGENT))

    with pytest.raises(Http404):
        invite_first_admin(empty_customer, email="a@alpine.example", acting=stranger)
    with pytest.raises(NotPermitted):
        invite_first_admin(empty_customer, email="a@alpine.example", acting=helpdesk)
