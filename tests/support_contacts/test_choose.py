"""R2, R3, R5, R6, R9: choosing a support contact."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.errors import Conflict, NewCommerce, NotEligible, NotPermitted, NotVisible, SubscriptionEnded
from portal.models import AuditEvent
from portal.permissions import Role
from support_contacts.models import Designation, Reason
from support_contacts.operations import AlreadySo, Changed, choose_support_contact
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.conftest import acting, member


def choose(world, agent, partner=None, version="as loaded", **extra):
    subscription = world.subscription
    subscription.refresh_from_db()
    return choose_support_contact(
        subscription,
        partner_id=(partner or world.trey).pk,
        version=subscription.contact_version if version == "as loaded" else version,
        acting=agent,
        **extra,
    )


def test_r6_an_eligible_reseller_becomes_the_contact(world, agent):
    outcome = choose(world, agent, note="Agreed by telephone.")

    designation = Designation.objects.get()
    world.subscription.refresh_from_db()
    assert isinstance(outcome, Changed)
    assert (designation.partner, designation.ended_at) == (world.trey, None)
    assert Designation.objects.in_force(timezone.now()).get() == designation
    assert world.subscription.contact_version == 1


def test_r9_a_change_leaves_exactly_one_event(world, agent):
    event = choose(world, agent, note="Agreed by telephone.").event

    assert AuditEvent.objects.get() == event
    assert event.action == "designation.made"
    assert (event.actor_id, event.actor_role, event.channel) == (
        world.admin_agent.user_id,
        "admin_agent",
        "portal",
    )
    assert event.organisation == world.provider.organisation
    assert event.before["contact"]["name"] == "Fabrikam Distribution"
    assert event.after["contact"]["name"] == "Trey Research"
    assert event.note.text == "Agreed by telephone."
    assert "Agreed" not in str(event.before) + str(event.after)
    assert event.subscription_id == world.subscription.pk


def test_r6_the_provider_ends_the_designation(world, agent):
    choose(world, agent)

    event = choose(world, agent, world.provider).event

    designation = Designation.objects.get()
    assert (designation.ended_as, designation.ended_at) == ("back_to_provider", event.at)
    assert event.action == "designation.ended"
    assert event.before["contact"]["name"] == "Trey Research"


def test_r6_replacing_closes_one_interval_where_the_next_begins(world, agent):
    alpine = ResellerFactory()
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    choose(world, agent)

    choose(world, agent, alpine)

    first, second = Designation.objects.order_by("started_at", "pk")
    assert (first.ended_as, first.ended_at) == ("replaced", second.started_at)
    assert second.partner == alpine


@pytest.mark.parametrize("version", [0, 99], ids=["fresh form", "stale form"])
def test_r6_already_so_writes_nothing_even_from_a_stale_form(world, agent, version):
    first = choose(world, agent)

    outcome = choose(world, agent, version=version)

    assert isinstance(outcome, AlreadySo)
    assert outcome.event == first.event
    assert AuditEvent.objects.count() == 1


def test_r6_the_provider_without_a_designation_is_already_so(world, agent):
    outcome = choose(world, agent, world.provider, version=7)

    assert outcome == AlreadySo(None)
    assert AuditEvent.objects.count() == 0


def test_r6_another_version_is_a_conflict_that_names_the_change(world, agent):
    alpine = ResellerFactory()
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    first = choose(world, agent, alpine)

    with pytest.raises(Conflict) as raised:
        choose(world, agent, version=0)

    assert raised.value.details["event"] == first.event
    assert Designation.objects.get(ended_at=None).partner == alpine


def test_r6_a_b_a_between_load_and_submit_is_still_a_conflict(world, agent):
    """Two changes that end where they began are changes all the same: the version counts them."""
    alpine = ResellerFactory()
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    choose(world, agent, alpine)
    choose(world, agent, world.provider)

    with pytest.raises(Conflict):
        choose(world, agent, version=0)


def test_r6_without_a_version_the_last_write_wins(world, agent):
    alpine = ResellerFactory()
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    choose(world, agent, alpine)

    assert isinstance(choose(world, agent, version=None), Changed)


def test_r6_a_stored_partner_out_of_force_is_refused_with_its_reason(world, agent):
    choose(world, agent)
    PartnerSuspensionFactory(partner=world.trey)

    with pytest.raises(NotEligible) as raised:
        choose(world, agent)

    assert raised.value.reason == Reason.RESELLER_SUSPENDED


def test_r6_the_provider_ends_a_stale_designation_with_one_event(world, agent):
    choose(world, agent)
    PartnerSuspensionFactory(partner=world.trey)

    event = choose(world, agent, world.provider).event

    assert event.before == {
        "contact": event.before["contact"],
        "designated": event.before["designated"],
        "reason": "reseller_suspended",
    }
    assert event.before["contact"]["name"] == "Fabrikam Distribution"
    assert event.before["designated"]["name"] == "Trey Research"
    assert AuditEvent.objects.count() == 2


@pytest.mark.parametrize("role", list(Role))
def test_r2_only_three_roles_choose(world, role):
    person = acting(member(world.provider.organisation, role))

    if role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT):
        assert isinstance(choose(world, person), Changed)
    else:
        with pytest.raises(NotPermitted) as raised:
            choose(world, person)
        assert [str(name) for name in raised.value.roles] == ["Global admin", "Admin agent", "Helpdesk agent"]
        assert Designation.objects.count() == 0


def test_r2_the_event_names_the_least_role_that_allowed_the_act(world):
    person = acting(member(world.provider.organisation, Role.GLOBAL_ADMIN, Role.HELPDESK_AGENT))

    assert choose(world, person).event.actor_role == "helpdesk_agent"


def test_r2_a_role_taken_away_after_the_page_was_loaded_counts(world, agent):
    world.admin_agent.roles = [Role.SALES_AGENT]
    world.admin_agent.save()

    with pytest.raises(NotPermitted):
        choose(world, agent)


def test_r2_a_membership_removed_after_the_page_was_loaded_counts(world, agent):
    world.admin_agent.delete()

    with pytest.raises(NotPermitted):
        choose(world, agent)


def test_r11_another_providers_agent_sees_nothing(world):
    proseware = ProviderFactory()
    CustomerRelationshipFactory(partner=proseware, customer=world.customer)
    outsider = acting(member(proseware.organisation, Role.GLOBAL_ADMIN))

    with pytest.raises(NotVisible):
        choose(world, outsider)


def test_r11_a_customer_whose_relationship_ended_is_no_longer_visible(world, agent):
    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()

    with pytest.raises(NotVisible):
        choose(world, agent)


def test_r5_new_commerce_is_refused(world, agent):
    world.subscription.is_new_commerce = True
    world.subscription.save()

    with pytest.raises(NewCommerce):
        choose(world, agent)

    assert Designation.objects.count() == 0


@pytest.mark.parametrize("status", ["expired", "disabled", "deleted"])
def test_an_ended_subscription_takes_no_designation(world, agent, status):
    world.subscription.status, world.subscription.ended_at = status, timezone.now()
    world.subscription.save()

    with pytest.raises(SubscriptionEnded):
        choose(world, agent)


@pytest.mark.parametrize("status", ["none", "active", "pending", "suspended"])
def test_a_live_subscription_takes_one(world, agent, status):
    world.subscription.status = status
    world.subscription.save()

    assert isinstance(choose(world, agent), Changed)


def test_legacy_usage_based_azure_takes_one(world, agent):
    world.subscription.offer_id, world.subscription.billing_type = "MS-AZR-0145P", "usage"
    world.subscription.save()

    assert isinstance(choose(world, agent), Changed)


def test_r3_nobody_else_can_be_stored(world, agent):
    """The twin of the success above: the same call, one condition of R3 taken away at a time."""
    now = timezone.now()
    stranger = ResellerFactory()
    unknown = uuid.uuid4()
    no_grant = ResellerFactory()
    ResellerRelationshipFactory(provider=world.provider, reseller=no_grant)
    no_relationship = ResellerFactory()
    DelegatedAdminFactory(
        relationship=CustomerRelationshipFactory(partner=no_relationship, customer=world.customer)
    )
    expired = ResellerFactory()
    _, grant = make_eligible(expired, provider=world.provider, customer=world.customer)
    grant.ends_at = now - timedelta(seconds=1)
    grant.save()
    not_a_reseller = ProviderFactory()
    make_eligible(not_a_reseller, provider=world.provider, customer=world.customer)

    for partner_id, reason in [
        (stranger.pk, Reason.RELATIONSHIP_MISSING),
        (unknown, Reason.RELATIONSHIP_MISSING),
        (no_relationship.pk, Reason.RELATIONSHIP_MISSING),
        (not_a_reseller.pk, Reason.RELATIONSHIP_MISSING),
        (no_grant.pk, Reason.DELEGATED_ADMIN_MISSING),
        (expired.pk, Reason.DELEGATED_ADMIN_EXPIRED),
    ]:
        with pytest.raises(NotEligible) as raised:
            choose_support_contact(world.subscription, partner_id=partner_id, version=0, acting=agent)
        assert raised.value.reason == reason
    assert Designation.objects.count() == AuditEvent.objects.count() == 0


def test_addons_go_along_all_or_nothing(world, agent):
    addon = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    outcome = choose(world, agent, addons={addon.pk: 0})

    assert [event.subscription_id for event in outcome.addon_events] == [addon.pk]
    assert Designation.objects.filter(partner=world.trey, ended_at=None).count() == 2


def test_addons_with_a_stale_version_change_nothing_at_all(world, agent):
    addon = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)

    with pytest.raises(Conflict) as raised:
        choose(world, agent, addons={addon.pk: 3})

    assert raised.value.details["subscription"] == addon
    assert Designation.objects.count() == 0


def test_addons_of_another_customer_are_not_visible_here(world, agent):
    elsewhere = SubscriptionFactory(provider=world.provider)

    with pytest.raises(NotVisible):
        choose(world, agent, addons={elsewhere.pk: 0})


@pytest.mark.parametrize("resellers", [1, 3])
def test_the_number_of_queries_does_not_grow_with_the_resellers(
    world, agent, resellers, django_assert_num_queries
):
    for _ in range(resellers):
        make_eligible(ResellerFactory(), provider=world.provider, customer=world.customer)
    world.subscription.refresh_from_db()

    with django_assert_num_queries(26):
        choose_support_contact(
            world.subscription, partner_id=world.trey.pk, version=0, acting=agent, note="One."
        )
