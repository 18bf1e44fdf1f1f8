"""It was told that a support contact stopped holding; that it holds again is told as well."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.api.wire import instant
from portal.models import PartnerSuspension, ResellerRelationship, WebhookDelivery
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
from tests.portal.test_webhooks_clock import ATTENTION, a_world, expires, look, wants
from tests.portal.webhook_world import person, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return a_world()


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
