"""R6 through the web stack: ten browsers press Submit at once."""

from collections import Counter

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import AuditEvent
from support_contacts.models import Designation
from tests.factories import ResellerFactory, make_eligible
from tests.support_contacts.conftest import make_world
from tests.support_contacts.test_races import at_once


@pytest.fixture
def world(transactional_db):
    return make_world()


def submit(world, partner, version):
    """One browser of its own, signed in, with the form loaded at this version."""
    browser = Client()
    browser.force_login(world.admin_agent.user)
    address = reverse("customers:choose", args=[world.customer.pk, world.subscription.microsoft_id])
    form = {
        "partner": str(partner.pk),
        "version": version,
        "organisation": str(world.provider.pk),
        "note": "Mine.",
    }
    return lambda: browser.post(address, form)


def one_round(world, resellers, version):
    """Ten submits of ten resellers from one version: who was shown what."""
    replies = at_once(*(submit(world, reseller, version) for reseller in resellers))
    shown = Counter(reply.status_code for reply in replies)
    conflicts = [reply.content.decode() for reply in replies if reply.status_code == 409]
    assert shown == {303: 1, 409: 9}
    assert all("Your choice, not saved" in page and "Mine." in page for page in conflicts)


def play(world, rounds):
    resellers = [ResellerFactory() for _ in range(10)]
    for reseller in resellers:
        make_eligible(reseller, provider=world.provider, customer=world.customer)
    for number in range(rounds):
        # Nobody chooses whom the last round chose: that would be "already so", the rule of the other test.
        standing = Designation.objects.filter(ended_at=None).values_list("partner_id", flat=True).first()
        wanted = [world.trey if reseller.pk == standing else reseller for reseller in resellers]
        one_round(world, wanted, version=number)
        assert AuditEvent.objects.count() == number + 1
    world.subscription.refresh_from_db()
    assert world.subscription.contact_version == rounds
    assert Designation.objects.filter(ended_at=None).count() == 1


def test_r6_ten_browsers_one_wins_nine_see_the_conflict(world):
    play(world, 3)


@pytest.mark.soak
def test_r6_fifty_rounds_of_ten_browsers(world):
    play(world, 50)


def same_choice(world, rounds):
    for number in range(rounds):
        partner = world.trey if number % 2 == 0 else world.provider
        replies = at_once(*(submit(world, partner, number) for _ in range(10)))
        targets = Counter("verify" if "/verify/" in reply["Location"] else "already" for reply in replies)
        assert {reply.status_code for reply in replies} == {303}
        assert targets == {"verify": 1, "already": 9}
        assert AuditEvent.objects.count() == number + 1


def test_r6_ten_browsers_of_one_mind_are_one_event_and_nine_already_so(world):
    same_choice(world, 3)


@pytest.mark.soak
def test_r6_fifty_rounds_of_one_mind(world):
    same_choice(world, 50)
