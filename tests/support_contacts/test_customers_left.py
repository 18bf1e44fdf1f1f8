"""A customer that ended its relationship with a provider: nothing of it stands on that provider's lists any more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.permissions import Role
from support_contacts.digest import digest_of
from support_contacts.models import Designation
from support_contacts.operations.reports import report_contact
from support_contacts.waiting import waiting_for
from tests.factories import CustomerRelationshipFactory, DesignationFactory
from tests.support_contacts.conftest import acting, member

LIST = "/support-contacts/"


@pytest.fixture
def left(world):
    """Two designations, one of them stale, and a report, at a customer that has left since."""
    DesignationFactory(subscription=world.subscription, partner=world.trey, hands_back_at=timezone.now())
    report_contact(
        world.trey,
        subscriptions=[world.subscription],
        day=timezone.localdate(),
        reason="other",
        detail="Rings for ever",
        acting=acting(member(world.customer.organisation, Role.GLOBAL_ADMIN)),
    )
    end(world)
    return world


def end(world):
    row = world.relationship
    row.ended_at, row.ended_as = timezone.now() - timedelta(hours=1), "ended"
    row.save()


@pytest.mark.parametrize("address", [LIST, f"{LIST}?attention=1", f"{LIST}?q=Contoso", f"{LIST}?ending=1"])
def test_the_lists_name_neither_customer_nor_subscription(signed_in, left, address):
    page = signed_in.get(address).content.decode().split('id="content"')[1]
    assert "<bdi>Contoso" not in page
    assert "Microsoft 365 E3" not in page
    assert "Rings for ever" not in page


def test_nothing_of_it_is_counted_or_told(agent, left):
    assert waiting_for(agent).attention == 0
    told = digest_of(left.provider, at=timezone.now(), day=timezone.localdate())
    assert (told.stale_count, told.ending_count) == (0, 0)


def test_the_page_of_the_reseller_leads_to_no_page_that_is_not_there(signed_in, left):
    page = signed_in.get(f"/resellers/{left.trey.pk}/")
    assert page.context["page"].designations == []
    assert page.context["page"].stands == 0


def test_the_reseller_keeps_what_it_supports_and_the_designation_stands(left):
    assert Designation.objects.stored().count() == 1


def test_a_customer_that_comes_back_stands_there_again(signed_in, agent, left):
    assert waiting_for(agent).attention == 0
    CustomerRelationshipFactory(partner=left.provider, customer=left.customer, company_name="Contoso again")
    assert waiting_for(agent).attention == 2
    assert "Contoso again" in signed_in.get(f"{LIST}?attention=1").content.decode()
