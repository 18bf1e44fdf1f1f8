"""What agents work from is one list: taking something off it is recorded, once, with who did it (R8, R9)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.errors import NotPermitted, NotVisible
from portal.models import AuditEvent, Notice
from portal.permissions import Role
from support_contacts.models import Designation, EndedAs
from support_contacts.operations import choose_support_contact
from support_contacts.operations.duties import acknowledge_duty, decline_duty
from support_contacts.operations.notices import see_end
from tests.factories import DesignationFactory, ProviderFactory
from tests.letterbox import work
from tests.support_contacts.conftest import acting, make_world, member
from tests.support_contacts.test_races import ROUNDS, at_once


@pytest.fixture
def declined(world):
    duty = DesignationFactory(subscription=world.subscription, partner=world.trey)
    reseller = acting(member(world.trey.organisation, Role.ADMIN_AGENT))
    return decline_duty(duty, acting=reseller, reason="No engineers left.")


def events():
    return AuditEvent.objects.filter(action="designation.end_seen")


def test_seen_is_recorded_once_with_who_and_what(signed_in, world, declined):
    address = reverse("contacts:seen", args=[declined.pk])
    for _time in range(2):
        assert signed_in.post(address, {"attention": "1"}).status_code == 303

    event = events().get()
    assert event.actor_id == world.admin_agent.user_id
    assert (event.actor_role, event.channel) == ("admin_agent", "portal")
    assert (event.organisation_id, event.subscription_id) == (world.provider.pk, world.subscription.pk)
    assert event.customer_id == world.customer.pk
    assert event.after["designated"]["name"] == "Trey Research"
    assert event.after["ended_as"] == "declined"
    assert event.after["ended_at"] == declined.ended_at.isoformat()
    declined.refresh_from_db()
    assert declined.end_seen_at == event.at
    assert not Notice.objects.unseen().exists()
    work()  # nobody is mailed about it
    world.subscription.refresh_from_db()
    assert world.subscription.contact_version == 1, "the contact is what it was"


def test_seen_and_acknowledged_are_no_changes_of_the_contact(signed_in, world, agent):
    """The page that verifies a choice says "changed again" of choices and ends alone."""
    chosen = {"acting": agent, "version": None}
    ended = choose_support_contact(world.subscription, partner_id=world.trey.pk, **chosen)
    verify = reverse(
        "customers:verify", args=[world.customer.pk, world.subscription.public_id, ended.event.pk]
    )
    duty = Designation.objects.stored().get()
    reseller = acting(member(world.trey.organisation, Role.ADMIN_AGENT))
    acknowledge_duty(duty, acting=reseller)
    assert signed_in.get(verify).context["changed_since"] is None

    decline_duty(duty, acting=reseller, reason="No engineers left.")
    assert signed_in.get(verify).context["changed_since"].action == "designation.ended"
    see_end(duty, acting=agent)
    assert signed_in.get(verify).context["changed_since"].action == "designation.ended"


def test_an_end_that_a_choice_answers_is_told_by_that_choice_alone(world, declined, agent):
    choose_support_contact(world.subscription, partner_id=world.trey.pk, version=None, acting=agent)
    assert not Designation.objects.unseen().exists()
    assert not events().exists()


def test_who_may_not_assign_takes_nothing_off_the_list(world, declined):
    with pytest.raises(NotPermitted):
        see_end(declined, acting=acting(member(world.provider.organisation, Role.SALES_AGENT)))
    with pytest.raises(NotVisible):
        see_end(declined, acting=acting(member(ProviderFactory().organisation, Role.ADMIN_AGENT)))
    assert Designation.objects.unseen().exists()
    assert not events().exists()


def test_a_role_taken_away_meanwhile_counts(world, declined, agent):
    world.admin_agent.roles = [Role.BILLING_ADMIN]
    world.admin_agent.save()
    with pytest.raises(NotPermitted):
        see_end(declined, acting=agent)


def test_an_end_seen_before_another_comes_stays_seen(world, agent):
    first = DesignationFactory(
        subscription=world.subscription,
        partner=world.trey,
        ended_at=timezone.now(),
        ended_as=EndedAs.DECLINED,
    )
    assert len(see_end(first, acting=agent)) == 1
    assert see_end(first, acting=agent) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_agents_who_see_it_at_once_leave_one_event(number):
    world = make_world()
    duty = DesignationFactory(subscription=world.subscription, partner=world.trey)
    decline_duty(duty, acting=acting(member(world.trey.organisation, Role.ADMIN_AGENT)), reason="No.")
    agents = [acting(world.admin_agent), acting(member(world.provider.organisation, Role.HELPDESK_AGENT))]

    written = at_once(*(lambda one=one: see_end(duty, acting=one) for one in agents))

    assert sorted(len(found) for found in written) == [0, 1], written
    assert events().count() == 1
