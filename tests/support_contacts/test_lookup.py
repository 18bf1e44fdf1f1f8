"""R4: a partner one has nothing to do with is found by exact PartnerID or domain, and not at will.

An organisation that asks too much is slowed down as a whole, wherever its people sit; nobody else is (T1, T17, T18).
"""

import pytest
from django.urls import reverse

from support_contacts.customer_lookup import find_customer
from support_contacts.lookup import BY_ORGANISATION, BY_PERSON, look_up, stranger
from tests.factories import CustomerFactory, OrganisationFactory, ProviderFactory, ResellerFactory
from tests.support_contacts.conftest import acting, member


@pytest.fixture
def reseller(db):
    return ResellerFactory(name="Graphic Design Institute", partner_id="7654321")


def colleague(world):
    return acting(member(world.provider.organisation, "admin_agent"))


def asked(actor, times=1):
    return [stranger(actor, "7654321", known=()) for _time in range(times)]


def test_exact_partner_id_and_domain_are_answered(agent, reseller):
    for text in ("7654321", f" {reseller.organisation.domain.upper()} "):
        assert stranger(agent, text, known=()).name == "Graphic Design Institute"
    for text in ("765432", "Graphic Design Institute", "٧٦٥٤٣٢١"):
        assert stranger(agent, text, known=()) is None
    assert stranger(agent, "7654321", known={reseller.pk}) is None


def test_a_person_is_limited(agent, reseller):
    answers = asked(agent, BY_PERSON.limit + 1)

    assert all(answer.name for answer in answers[:-1])
    assert (answers[-1].name, answers[-1].retry_after > 0) == ("", True)


def test_an_organisation_is_limited_however_many_accounts_it_has(world, reseller):
    for _person in range(BY_ORGANISATION.limit // BY_PERSON.limit):
        assert all(answer.name for answer in asked(colleague(world), BY_PERSON.limit))

    assert asked(colleague(world))[0].retry_after
    other = acting(member(ProviderFactory().organisation, "admin_agent"))
    assert asked(other)[0].name, "another organisation's tries are its own"


def test_what_a_person_is_refused_does_not_count_against_colleagues(world, reseller):
    asked(colleague(world), BY_ORGANISATION.limit + 1)
    assert asked(colleague(world))[0].name


def test_every_door_counts_the_same_tries(world, reseller):
    """Resellers from the picker, resellers to request, customers to request: one allowance."""
    customer, person = CustomerFactory(), colleague(world)
    asked(person, BY_PERSON.limit - 1)
    assert find_customer(person, str(customer.pk)).customer == customer
    assert look_up(person, "7654321").retry_after
    assert find_customer(person, str(customer.pk)).retry_after


@pytest.mark.parametrize("networks", [["203.0.113.7"], [f"198.51.{n}.20" for n in range(100, 130)]])
def test_another_network_is_no_other_allowance(signed_in, world, reseller, networks):
    address = reverse("customers:subscription", args=[world.customer.pk, world.subscription.microsoft_id])
    pages = [
        signed_in.get(address, {"find": "7654321"}, REMOTE_ADDR=networks[n % len(networks)]).content.decode()
        for n in range(BY_PERSON.limit + 1)
    ]
    assert all("Graphic Design Institute" in page for page in pages[:-1])
    assert "Too many requests" in pages[-1]


def test_a_shared_network_is_nobodys_limit(client, world, reseller):
    """Behind one address several organisations may sit: one that enumerates takes nothing from the others."""
    for _person in range(BY_ORGANISATION.limit // BY_PERSON.limit):
        asked(colleague(world), BY_PERSON.limit)
    other = ProviderFactory(organisation=OrganisationFactory(name="Next door"))
    client.force_login(member(other.organisation, "admin_agent").user)

    page = client.get(reverse("customers:request"), {"find": "nobody.example"}, REMOTE_ADDR="203.0.113.7")
    assert "Too many" not in page.content.decode()
