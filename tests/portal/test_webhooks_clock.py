"""What nobody does: a grant runs out, a designation stops holding, and it is told once, within a minute."""

import json
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.api.wire import instant
from portal.models import (
    PartnerSuspension,
    ResellerRelationship,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookLook,
)
from portal.operations import webhooks as operations
from portal.tasks import look_for_webhooks
from portal.webhooks import clock
from portal.webhooks.payloads import body_of
from support_contacts.models import Designation
from support_contacts.operations import choose_support_contact
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    ProviderFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)
from tests.portal.webhook_world import endpoint, person, told
from tests.support_contacts.conftest import make_world

pytestmark = pytest.mark.django_db

ATTENTION = ("support-contact-attention", "SupportContact")
EXPIRED = ("delegated-admin-expired", "DelegatedAdmin")


@pytest.fixture
def world():
    made = make_world()
    made.designation = DesignationFactory(subscription=made.subscription, partner=made.trey)
    made.grant = DelegatedAdmin.objects.get(relationship__partner=made.trey)
    return made


def wants(organisation, *events, since=timedelta(hours=1)):
    row = endpoint(
        organisation, events=list(events or ("support-contact-attention", "delegated-admin-expired"))
    )
    wanted_for(row, since)
    return row


def wanted_for(row, since):
    """As if it had been made so long ago."""
    row.refresh_from_db()
    row.created_at = timezone.now() - since
    row.want_from(row.created_at)
    row.save()


def expires(world, ago=timedelta(seconds=30)):
    world.grant.ends_at = timezone.now() - ago
    world.grant.save()


def look():
    look_for_webhooks(timestamp=0)


def test_a_grant_that_runs_out_is_told_to_whom_it_concerns_once(world):
    wants(world.provider.organisation)
    wants(world.trey.organisation)
    look()
    assert not WebhookDelivery.objects.exists()
    expires(world)
    for _ in range(3):
        look()
    assert sorted(told(world.provider.organisation)) == [EXPIRED, ATTENTION]
    assert told(world.trey.organisation) == [EXPIRED], "what it supports is in its duties"


def test_what_is_told_of_it(world):
    wants(world.provider.organisation)
    expires(world)
    look()
    rows = WebhookDelivery.objects.select_related("endpoint__organisation__partner")
    attention = rows.get(event="support-contact-attention")
    address = f"/customers/{world.customer.pk}/subscriptions/{world.subscription.microsoft_id}/supportcontact"
    assert json.loads(body_of(attention)) == {
        "eventId": str(attention.event_id),
        "eventName": "support-contact-attention",
        "resourceUri": address,
        "resourceName": "SupportContact",
        "resourceChangeUtcDate": instant(world.grant.ends_at),
        "customerId": str(world.customer.pk),
        "subscriptionId": world.subscription.microsoft_id,
        "version": 0,
        "reason": "delegated_admin_expired",
    }
    expired = rows.get(event="delegated-admin-expired")
    assert json.loads(body_of(expired)) == {
        "eventId": str(expired.event_id),
        "eventName": "delegated-admin-expired",
        "resourceUri": f"/customers/{world.customer.pk}/relationships",
        "resourceName": "DelegatedAdmin",
        "resourceChangeUtcDate": instant(world.grant.ends_at),
        "customerId": str(world.customer.pk),
        "partnerId": str(world.trey.pk),
    }


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("relationship", "relationship_ended"),
        ("grant", "delegated_admin_ended"),
        ("suspension", "reseller_suspended"),
        ("hand back", "handed_back"),
    ],
)
def test_every_cause_is_told_under_its_code(world, cause, reason):
    wants(world.provider.organisation)
    now = timezone.now()
    if cause == "relationship":
        ResellerRelationship.objects.update(ended_at=now, ended_as="ended")
    if cause == "grant":
        DelegatedAdmin.objects.update(ended_at=now, ended_as="ended")
    if cause == "suspension":
        PartnerSuspension.objects.create(partner=world.trey, started_at=now)
    if cause == "hand back":
        Designation.objects.update(hands_back_at=now)
    look()
    (row,) = WebhookDelivery.objects.filter(event="support-contact-attention")
    assert row.facts["reason"] == reason


def test_another_cause_is_told_as_well_and_so_is_the_same_one_again(world):
    wants(world.provider.organisation, "support-contact-attention")
    expires(world)
    look()
    ResellerRelationship.objects.update(ended_at=timezone.now(), ended_as="ended")
    look()
    reasons = list(WebhookDelivery.objects.order_by("created_at").values_list("facts__reason", flat=True))
    assert reasons == ["delegated_admin_expired", "relationship_ended"]
    # It holds again, and stops again.
    ResellerRelationshipFactory(
        provider=world.provider, reseller=world.trey, established_at=timezone.now() - timedelta(seconds=20)
    )
    DelegatedAdminFactory(
        relationship=world.grant.relationship,
        established_at=timezone.now() - timedelta(seconds=20),
        ends_at=timezone.now() - timedelta(seconds=5),
    )
    look()
    look()
    assert WebhookDelivery.objects.count() == 3


def test_what_holds_by_another_grant_is_not_told(world):
    wants(world.provider.organisation, "support-contact-attention")
    DelegatedAdminFactory(relationship=world.grant.relationship)
    expires(world)
    look()
    assert told(world.provider.organisation) == []


def test_nobody_else_is_told(world):
    rival = ProviderFactory()
    ResellerRelationshipFactory(provider=rival, reseller=world.trey)
    CustomerRelationshipFactory(partner=rival, customer=world.customer)
    wants(rival.organisation)
    expires(world)
    look()
    assert told(rival.organisation) == []


def test_a_provider_that_lost_the_customer_is_not_told(world):
    wants(world.provider.organisation, "support-contact-attention")
    CustomerRelationship.objects.filter(partner=world.provider).update(
        ended_at=timezone.now(), ended_as="ended"
    )
    expires(world)
    look()
    assert told(world.provider.organisation) == []


def test_what_happened_before_there_was_an_endpoint_is_not_told(world):
    expires(world, ago=timedelta(minutes=5))
    wants(world.provider.organisation, since=timedelta(minutes=1))
    look()
    assert told(world.provider.organisation) == []


class TestFromWhen:
    """Each event from when it was chosen, or from when the endpoint was resumed after a stop."""

    def test_an_event_that_is_chosen_later_tells_nothing_of_the_past(self, world):
        row = wants(world.provider.organisation, "relationship-ended", since=timedelta(days=9))
        expires(world, ago=timedelta(minutes=5))
        agent = person(world.provider.organisation)
        operations.change_webhook(
            row.pk, acting=agent, url=row.url, events=["relationship-ended", "support-contact-attention"]
        )
        look()
        assert told(world.provider.organisation) == []

    def test_and_what_happens_from_then_on(self, world):
        row = wants(world.provider.organisation, "relationship-ended", since=timedelta(days=9))
        agent = person(world.provider.organisation)
        operations.change_webhook(row.pk, acting=agent, url=row.url, events=["support-contact-attention"])
        expires(world, ago=timedelta(0))
        look()
        assert told(world.provider.organisation) == [ATTENTION]

    def test_an_event_that_was_wanted_before_loses_nothing_by_it(self, world):
        """It ran out five minutes ago and nobody has looked since: another event is chosen in between."""
        row = wants(world.provider.organisation, "support-contact-attention", since=timedelta(days=9))
        expires(world, ago=timedelta(minutes=5))
        agent = person(world.provider.organisation)
        both = ["support-contact-attention", "delegated-admin-expired"]
        operations.change_webhook(row.pk, acting=agent, url=row.url, events=both)
        look()
        assert told(world.provider.organisation) == [ATTENTION]

    def test_an_event_that_was_left_out_meanwhile_is_told_from_when_it_was_chosen_again(self, world):
        row = wants(world.provider.organisation, since=timedelta(days=9))
        agent = person(world.provider.organisation)
        operations.change_webhook(row.pk, acting=agent, url=row.url, events=["delegated-admin-expired"])
        expires(world, ago=timedelta(minutes=5))
        both = ["support-contact-attention", "delegated-admin-expired"]
        operations.change_webhook(row.pk, acting=agent, url=row.url, events=both)
        look()
        assert told(world.provider.organisation) == [EXPIRED]

    def test_resumed_after_a_stop_nothing_is_told_of_the_time_it_was_stopped(self, world):
        row = wants(world.provider.organisation, since=timedelta(days=9))
        WebhookEndpoint.objects.update(stopped_at=timezone.now() - timedelta(hours=1))
        expires(world, ago=timedelta(minutes=5))
        operations.resume_webhook(row.pk, acting=person(world.provider.organisation))
        look()
        assert told(world.provider.organisation) == []

    def test_resumed_after_a_pause_everything_is(self, world):
        row = wants(world.provider.organisation, since=timedelta(days=9))
        WebhookEndpoint.objects.update(paused_at=timezone.now() - timedelta(hours=1))
        expires(world, ago=timedelta(minutes=5))
        operations.resume_webhook(row.pk, acting=person(world.provider.organisation))
        look()
        assert sorted(told(world.provider.organisation)) == [EXPIRED, ATTENTION]

    def test_two_endpoints_of_one_organisation_each_from_its_own(self, world):
        old = wants(world.provider.organisation, "support-contact-attention")
        new = endpoint(world.provider.organisation, "https://new.example/", ["support-contact-attention"])
        expires(world, ago=timedelta(minutes=5))
        look()
        assert list(WebhookDelivery.objects.values_list("endpoint", flat=True)) == [old.pk]
        assert new.wants_since.keys() == {"support-contact-attention"}

    def test_of_those_made_before_it_was_written_down_it_is_since_they_were_made(self, world):
        row = wants(world.provider.organisation, since=timedelta(days=9))
        WebhookEndpoint.objects.update(wants_since={})
        (migration,) = Path("portal/migrations").glob("*_webhook_wants_since.py")
        with connection.cursor() as cursor:
            cursor.execute(import_module(f"portal.migrations.{migration.stem}").SINCE_MADE)
        row.refresh_from_db()
        assert row.wants_since.keys() == set(row.events)
        assert {row.since(event) for event in clock._FINDERS} == {row.created_at}


class TestHoldsAgain:
    """It was told that it stopped; that it holds again is told as well, each time once."""

    RESTORED = ("support-contact-restored", "SupportContact")

    @pytest.fixture(autouse=True)
    def wanted(self, world):
        wants(
            world.provider.organisation,
            "support-contact-attention",
            "support-contact-restored",
            "support-contact-updated",
        )
        Designation.objects.update(started_at=timezone.now() - timedelta(minutes=50))

    def lose(self, world, cause):
        """Half an hour ago."""
        past = timezone.now() - timedelta(minutes=30)
        if cause == "relationship":
            ResellerRelationship.objects.update(ended_at=past, ended_as="ended")
        if cause == "grant":
            DelegatedAdmin.objects.filter(pk=world.grant.pk).update(ends_at=past)
        if cause == "suspension":
            PartnerSuspension.objects.create(partner=world.trey, started_at=past)

    def regain(self, world, cause, ago=timedelta(seconds=20)):
        at = timezone.now() - ago
        if cause == "relationship":
            ResellerRelationshipFactory(provider=world.provider, reseller=world.trey, established_at=at)
        if cause == "grant":
            DelegatedAdminFactory(relationship=world.grant.relationship, established_at=at)
        if cause == "suspension":
            PartnerSuspension.objects.update(ended_at=at)
        return at

    @pytest.mark.parametrize("cause", ["relationship", "grant", "suspension"])
    def test_is_told_once(self, world, cause):
        self.lose(world, cause)
        look()
        assert told(world.provider.organisation) == [ATTENTION]
        at = self.regain(world, cause)
        for _ in range(3):
            look()
        assert told(world.provider.organisation) == [ATTENTION, self.RESTORED]
        row = WebhookDelivery.objects.select_related("endpoint__organisation__partner").get(
            event="support-contact-restored"
        )
        address = (
            f"/customers/{world.customer.pk}/subscriptions/{world.subscription.microsoft_id}/supportcontact"
        )
        assert json.loads(body_of(row)) == {
            "eventId": str(row.event_id),
            "eventName": "support-contact-restored",
            "resourceUri": address,
            "resourceName": "SupportContact",
            "resourceChangeUtcDate": instant(at),
            "customerId": str(world.customer.pk),
            "subscriptionId": world.subscription.microsoft_id,
            "version": 0,
        }

    def test_not_while_something_else_is_missing(self, world):
        self.lose(world, "relationship")
        self.lose(world, "grant")
        look()
        self.regain(world, "grant")
        look()
        assert told(world.provider.organisation) == [ATTENTION]
        self.regain(world, "relationship", ago=timedelta(0))
        look()
        assert told(world.provider.organisation) == [ATTENTION, self.RESTORED]

    def test_not_where_it_held_all_along(self, world):
        """A second grant, and the first one runs out: nothing stopped, nothing came back."""
        self.regain(world, "grant")
        expires(world, ago=timedelta(seconds=10))
        look()
        assert told(world.provider.organisation) == []

    def test_each_time_it_comes_back(self, world):
        self.lose(world, "suspension")
        self.regain(world, "suspension", ago=timedelta(minutes=5))
        look()
        now = timezone.now()
        PartnerSuspension.objects.create(
            partner=world.trey, started_at=now - timedelta(minutes=2), ended_at=now - timedelta(minutes=1)
        )
        look()
        look()
        assert told(world.provider.organisation) == [self.RESTORED] * 2

    def test_not_what_is_chosen_anew(self, world):
        """That is a change, and told as one."""
        self.lose(world, "relationship")
        look()
        agent = person(world.provider.organisation)
        choose_support_contact(world.subscription, partner_id=world.provider.pk, version=None, acting=agent)
        self.regain(world, "relationship")
        choose_support_contact(world.subscription, partner_id=world.trey.pk, version=None, acting=agent)
        look()
        changed = ("support-contact-updated", "SupportContact")
        assert told(world.provider.organisation) == [ATTENTION, changed, changed]

    def test_nobody_else_is_told(self, world):
        rival = ProviderFactory()
        ResellerRelationshipFactory(provider=rival, reseller=world.trey)
        CustomerRelationshipFactory(partner=rival, customer=world.customer)
        wants(rival.organisation, "support-contact-restored")
        wants(world.trey.organisation, "support-contact-restored")
        self.lose(world, "suspension")
        self.regain(world, "suspension")
        look()
        assert told(world.provider.organisation) == [self.RESTORED]
        assert told(rival.organisation) == told(world.trey.organisation) == []

    def test_many_that_come_back_are_found_by_as_many_questions_as_one(self, world):
        self.lose(world, "suspension")
        self.regain(world, "suspension")
        counts = []
        for number in (0, 2, 30):
            for _ in range(number):
                row = SubscriptionFactory(provider=world.provider, customer=world.customer)
                DesignationFactory(
                    subscription=row, partner=world.trey, started_at=timezone.now() - timedelta(minutes=50)
                )
            with CaptureQueriesContext(connection) as asked:
                look()
            counts.append(len(asked))
        assert WebhookDelivery.objects.count() == 33
        assert counts[1] == counts[2]


def test_what_happened_while_no_worker_ran_is_told_later(world):
    wants(world.provider.organisation, since=timedelta(days=9))
    for event in clock._FINDERS:
        WebhookLook.objects.create(event=event, looked_until=timezone.now() - timedelta(days=3))
    expires(world, ago=timedelta(days=2))
    look()
    assert sorted(told(world.provider.organisation)) == [EXPIRED, ATTENTION]


def test_a_grant_that_was_ended_before_it_ran_out_did_not_run_out(world):
    wants(world.provider.organisation, "delegated-admin-expired")
    expires(world)
    world.grant.ended_at, world.grant.ended_as = world.grant.ends_at - timedelta(hours=1), "ended"
    world.grant.save()
    look()
    assert told(world.provider.organisation) == []


def test_where_nobody_wants_it_nothing_is_looked_for(world):
    endpoint(world.provider.organisation, events=["relationship-ended"])
    expires(world)
    with CaptureQueriesContext(connection) as asked:
        look()
    assert len(asked) == len(clock._FINDERS)
    assert not WebhookLook.objects.exists()


def test_many_that_stop_at_once_are_found_by_as_many_questions_as_two(world):
    wants(world.provider.organisation, "support-contact-attention")
    counts = []
    for number in (2, 30):
        for _ in range(number):
            row = SubscriptionFactory(provider=world.provider, customer=world.customer)
            DesignationFactory(subscription=row, partner=world.trey)
        if number == 2:
            ResellerRelationship.objects.update(ended_at=timezone.now(), ended_as="ended")
        with CaptureQueriesContext(connection) as asked:
            look()
        counts.append(len(asked))
    assert WebhookDelivery.objects.count() == 33
    assert counts[0] == counts[1]
