"""R4: a partner one has nothing to do with is found by exact PartnerID or domain, and not at will."""

import pytest

from support_contacts.lookup import BY_NETWORK, BY_PERSON, stranger
from tests.factories import ResellerFactory
from tests.support_contacts.conftest import acting, member

HOME, OFFICE = "203.0.113.7", "198.51.100.20"


@pytest.fixture
def reseller(db):
    return ResellerFactory(name="Graphic Design Institute", partner_id="7654321")


def asked(actor, times, address):
    return [stranger(actor, "7654321", known=(), address=address) for _time in range(times)]


def test_exact_partner_id_and_domain_are_answered(agent, reseller):
    for text in ("7654321", f" {reseller.organisation.domain.upper()} "):
        assert stranger(agent, text, known=()).name == "Graphic Design Institute"
    for text in ("765432", "Graphic Design Institute", "٧٦٥٤٣٢١"):
        assert stranger(agent, text, known=()) is None
    assert stranger(agent, "7654321", known={reseller.pk}) is None


@pytest.mark.parametrize("address", ["", HOME])
def test_a_person_is_limited(agent, reseller, address):
    answers = asked(agent, BY_PERSON.limit + 1, address)

    assert all(answer.name for answer in answers[:-1])
    assert (answers[-1].name, answers[-1].retry_after > 0) == ("", True)


def test_a_network_is_limited_whoever_asks(world, reseller):
    colleagues = [acting(member(world.provider.organisation, "admin_agent")) for _person in range(4)]
    for person in colleagues[:3]:
        assert all(answer.name for answer in asked(person, BY_NETWORK.limit // 3, HOME))

    assert stranger(colleagues[3], "7654321", known=(), address=HOME).retry_after
    assert stranger(colleagues[3], "7654321", known=(), address=OFFICE).name


def test_without_an_address_nobody_is_limited_by_others(world, reseller):
    for _person in range(4):
        person = acting(member(world.provider.organisation, "admin_agent"))
        assert all(answer.name for answer in asked(person, BY_PERSON.limit, ""))
