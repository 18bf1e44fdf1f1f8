"""R8: a provider may have what has stopped holding end by itself after some days; the portal does it, as itself."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from portal.errors import NotPermitted
from portal.models import AuditEvent, ResellerRelationship
from portal.permissions import Role
from support_contacts.models import Designation
from support_contacts.operations.policy import change_policy, end_stale
from support_contacts.tasks import end_stale_designations
from tests.factories import (
    DelegatedAdminFactory,
    DesignationFactory,
    PartnerSuspensionFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.portal.record import owners_connection
from tests.support_contacts.conftest import acting, make_world, member

DAY = timedelta(days=1)


@pytest.fixture
def stale(world):
    return gone_stale(world)


def gone_stale(world):
    """Trey's grant ended twenty days ago."""
    designation = DesignationFactory(
        subscription=world.subscription, partner=world.trey, started_at=timezone.now() - 60 * DAY
    )
    grant = world.trey.customer_relationships.get().delegated_admins.get()
    grant.ends_at = timezone.now() - 20 * DAY
    grant.save()
    return designation


def with_policy(world, days):
    world.provider.ends_stale_after_days = days
    world.provider.save()
    return world.provider


def test_off_by_default(world, stale):
    end_stale_designations(0)

    stale.refresh_from_db()
    assert stale.ended_at is None


@pytest.mark.parametrize(("days", "ends"), [(19, True), (20, True), (21, False), (90, False)])
def test_it_ends_after_exactly_so_many_days(world, stale, days, ends):
    with_policy(world, days)

    end_stale_designations(0)

    stale.refresh_from_db()
    assert (stale.ended_as == "policy") == ends


def test_the_event_is_the_systems_own(world, stale):
    assert end_stale(with_policy(world, 10)) == 1

    event = AuditEvent.objects.get()
    assert (event.action, event.actor_kind, event.channel) == ("designation.ended", "system", "rule")
    assert (event.actor_id, event.actor_organisation_id) == (None, world.provider.pk)
    assert event.before["reason"] == "delegated_admin_expired"
    assert (event.after["contact"]["name"], event.after["ended_as"]) == ("Fabrikam Distribution", "policy")
    world.subscription.refresh_from_db()
    assert world.subscription.contact_version == 1


def test_a_second_run_finds_nothing_to_do(world, stale):
    with_policy(world, 10)
    end_stale_designations(0)
    end_stale_designations(0)

    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_provider_whose_records_are_refused_holds_up_no_other(caplog):
    """The database refuses what the first provider's policy does: the second's is done, and the job has failed."""
    worlds = sorted((make_world(), make_world("4391508")), key=lambda world: world.provider.pk)
    for world in worlds:
        with_policy(world, 10)
    designations = [gone_stale(world) for world in worlds]
    with owners_connection() as own:
        own.execute(
            "ALTER TABLE support_contacts_designation ADD CONSTRAINT refused"
            f" CHECK (provider_id <> '{worlds[0].provider.pk}' OR ended_at IS NULL)"
        )
    try:
        with pytest.raises(ExceptionGroup) as failed:
            end_stale_designations(0)
    finally:
        with owners_connection() as own:
            own.execute("ALTER TABLE support_contacts_designation DROP CONSTRAINT refused")

    assert [type(error) for error in failed.value.exceptions] == [IntegrityError]
    assert [record.part for record in caplog.records] == [f"portal.Partner {worlds[0].provider.pk}"]
    assert [Designation.objects.get(pk=row.pk).ended_as for row in designations] == ["", "policy"]
    end_stale_designations(0)
    assert Designation.objects.get(pk=designations[0].pk).ended_as == "policy"


def test_only_time_without_interruption_counts(world, stale):
    """It held again for a day, a week ago: the twenty days begin anew."""
    at_customer = world.trey.customer_relationships.get()
    DelegatedAdminFactory(
        relationship=at_customer,
        established_at=timezone.now() - 8 * DAY,
        ends_at=timezone.now() - 7 * DAY,
    )
    assert end_stale(with_policy(world, 10)) == 0
    assert end_stale(with_policy(world, 7)) == 1


def test_several_causes_in_a_row_are_one_time(world, stale):
    """The grant expired, then the reseller was suspended and the relationship ended: it never held in between."""
    PartnerSuspensionFactory(
        partner=world.trey, started_at=timezone.now() - 12 * DAY, ended_at=timezone.now() - 2 * DAY
    )
    ResellerRelationship.objects.update(ended_at=timezone.now() - DAY, ended_as="ended")

    assert end_stale(with_policy(world, 15)) == 1


def test_what_was_handed_back_and_what_was_never_eligible_end_too(world):
    handed = DesignationFactory(
        subscription=world.subscription,
        partner=world.trey,
        started_at=timezone.now() - 60 * DAY,
        hands_back_at=timezone.now() - 12 * DAY,
    )
    never = DesignationFactory(
        subscription=SubscriptionFactory(provider=world.provider, customer=world.customer),
        partner=ResellerFactory(),
        started_at=timezone.now() - 12 * DAY,
    )
    assert end_stale(with_policy(world, 10)) == 2
    assert set(Designation.objects.filter(ended_as="policy")) == {handed, never}


def test_what_holds_what_ended_and_other_providers_are_left_alone(world, stale):
    holding = ResellerFactory()
    make_eligible(holding, provider=world.provider, customer=world.customer)
    kept = DesignationFactory(
        subscription=SubscriptionFactory(provider=world.provider, customer=world.customer), partner=holding
    )
    over = SubscriptionFactory(
        provider=world.provider, customer=world.customer, status="expired", ended_at=timezone.now()
    )
    history = DesignationFactory(subscription=over, partner=world.trey)
    elsewhere = DesignationFactory(started_at=timezone.now() - 60 * DAY)

    assert end_stale(with_policy(world, 1)) == 1
    for row in (kept, history, elsewhere):
        row.refresh_from_db()
        assert row.ended_at is None


def test_the_policy_is_changed_by_those_who_edit_the_profile_and_recorded(world, agent):
    change_policy(world.provider, days=30, acting=agent)
    change_policy(world.provider, days=30, acting=agent)

    event = AuditEvent.objects.get()
    assert (event.action, event.before, event.after) == (
        "policy.changed",
        {"ends_stale_after_days": None},
        {"ends_stale_after_days": 30},
    )
    helpdesk = acting(member(world.provider.organisation, Role.HELPDESK_AGENT))
    with pytest.raises(NotPermitted):
        change_policy(world.provider, days=None, acting=helpdesk)


def test_the_page_shows_saves_and_switches_off(signed_in, world):
    assert b"It ends by itself" in signed_in.get("/support-contacts/policy/").content

    made = signed_in.post("/support-contacts/policy/", {"mode": "days", "days": "30"})
    assert (made.status_code, made["Location"]) == (303, "/support-contacts/policy/?saved=1")
    world.provider.refresh_from_db()
    assert world.provider.ends_stale_after_days == 30

    assert signed_in.post("/support-contacts/policy/", {"mode": "days", "days": "0"}).status_code == 422
    assert signed_in.post("/support-contacts/policy/", {"mode": "days", "days": ""}).status_code == 422

    signed_in.post("/support-contacts/policy/", {"mode": "off", "days": ""})
    world.provider.refresh_from_db()
    assert world.provider.ends_stale_after_days is None


def test_the_page_is_for_those_who_edit_the_profile(client, world):
    client.force_login(member(world.provider.organisation, Role.HELPDESK_AGENT).user)
    assert client.get("/support-contacts/policy/").status_code == 403
    client.force_login(member(world.trey.organisation, Role.GLOBAL_ADMIN).user)
    assert client.get("/support-contacts/policy/").status_code == 404
