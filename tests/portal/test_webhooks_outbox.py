"""What is kept to be told, for whom: written with the change, by one statement, only where somebody wants it."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from customers.models import CustomerRelationship
from customers.operations import (
    accept_request,
    decline_request,
    end_customer_relationship,
    end_delegated_admin,
    request_customer,
    withdraw_request,
)
from portal import audit, tasks
from portal.models import Action, WebhookDelivery, WebhookEndpoint, WebhookTry
from portal.operations import resellers
from portal.operations import webhooks as operations
from portal.permissions import Role
from portal.webhooks import outbox
from portal.webhooks.payloads import body_of
from support_contacts.operations import choose_here, choose_support_contact
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)
from tests.portal.webhook_world import endpoint, person, told
from tests.support_contacts.conftest import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def agent(world):
    return person(world.provider.organisation)


def choose(world, agent, partner=None):
    return choose_support_contact(
        world.subscription, partner_id=(partner or world.trey).pk, version=None, acting=agent
    )


def nudges():
    return ProcrastinateJob.objects.filter(task_name="portal.send_webhooks").count()


class TestSupportContact:
    def test_a_change_is_kept_for_every_endpoint_of_the_provider_that_wants_it(self, world, agent):
        one = endpoint(world.provider.organisation)
        two = endpoint(world.provider.organisation, "https://two.example/", ["support-contact-updated"])
        endpoint(world.provider.organisation, "https://three.example/", ["relationship-ended"])
        endpoint(world.trey.organisation)
        endpoint(ProviderFactory().organisation)
        changed = choose(world, agent)
        rows = WebhookDelivery.objects.order_by("created_at")
        assert {row.endpoint_id for row in rows} == {one.pk, two.pk}
        assert {row.event_id for row in rows} == {changed.event.pk}
        row = rows[0]
        assert (row.event, row.resource) == ("support-contact-updated", "SupportContact")
        assert row.facts == {
            "customer": str(world.customer.pk),
            "subscription": str(world.subscription.pk),
            "version": 1,
        }
        assert row.changed_at == changed.event.at
        assert nudges() == 1

    def test_already_so_tells_nothing(self, world, agent):
        endpoint(world.provider.organisation)
        choose(world, agent)
        choose(world, agent)
        assert len(told(world.provider.organisation)) == 1

    def test_a_change_that_is_rolled_back_was_never_told(self, world, agent):
        endpoint(world.provider.organisation)
        with transaction.atomic():
            choose_here(world.subscription, partner_id=world.trey.pk, version=None, acting=agent)
            assert WebhookDelivery.objects.count() == 1
            transaction.set_rollback(True)
        assert not WebhookDelivery.objects.exists()
        assert not nudges()

    def test_nobody_who_wants_it_costs_one_query_and_no_job(self, world, agent):
        endpoint(world.provider.organisation, events=["relationship-ended"])
        with CaptureQueriesContext(connection) as asked:
            choose(world, agent)
        ours = [query["sql"] for query in asked if "portal_webhook" in query["sql"]]
        assert len(ours) == 1
        assert not WebhookDelivery.objects.exists()
        assert not nudges()

    def test_what_is_no_change_of_a_contact_costs_nothing(self, world, agent):
        with CaptureQueriesContext(connection) as asked, transaction.atomic():
            audit.record(
                Action.POLICY_CHANGED, acting=agent, organisation=agent.organisation, at=timezone.now()
            )
        assert not [query for query in asked if "portal_webhook" in query["sql"]]

    def test_a_thousand_changes_are_kept_by_one_statement(self, world, agent):
        endpoint(world.provider.organisation)
        now = timezone.now()
        drafted = [
            audit.draft(
                Action.DESIGNATION_MADE,
                acting=agent,
                organisation=agent.organisation,
                at=now,
                after={"version": number},
                customer_id=world.customer.pk,
                subscription_id=uuid.uuid4(),
            )
            for number in range(1000)
        ]
        with CaptureQueriesContext(connection) as asked, transaction.atomic():
            audit.keep([(event, "") for event in drafted])
        ours = [query["sql"] for query in asked if "INSERT INTO portal_webhookdelivery" in query["sql"]]
        assert len(ours) == 1
        assert WebhookDelivery.objects.count() == 1000
        assert nudges() == 1

    @pytest.mark.parametrize("state", ["stopped", "deleted"])
    def test_nothing_is_kept_for_what_is_stopped_or_deleted(self, world, agent, state):
        row = endpoint(world.provider.organisation)
        WebhookEndpoint.objects.filter(pk=row.pk).update(**{f"{state}_at": timezone.now()})
        choose(world, agent)
        assert not WebhookDelivery.objects.exists()

    def test_events_are_kept_while_it_is_paused(self, world, agent):
        row = endpoint(world.provider.organisation)
        operations.pause_webhook(row.pk, acting=agent)
        choose(world, agent)
        assert len(told(world.provider.organisation)) == 1

    def test_one_event_comes_once_to_an_endpoint_however_often_it_is_told(self, world, agent):
        endpoint(world.provider.organisation)
        changed = choose(world, agent)
        with transaction.atomic():
            outbox.tell([changed.event])
        (row,) = WebhookDelivery.objects.all()
        assert row.pk.version == 7
        assert str(row.pk)[:19] == str(changed.event.pk)[:19]


class TestRelationships:
    def test_of_a_reseller_both_partners_are_told(self, world):
        newcomer = ResellerFactory()
        for organisation in (world.provider.organisation, newcomer.organisation, world.trey.organisation):
            endpoint(organisation)
        asking, answering = person(world.provider.organisation), person(newcomer.organisation)
        asked = resellers.request_reseller_relationship(newcomer, acting=asking).relationship
        resellers.accept_request(asked, acting=answering)
        ending = person(newcomer.organisation, Role.GLOBAL_ADMIN)
        resellers.end_reseller_relationship(asked, acting=ending)
        said = [
            ("relationship-requested", "ResellerRelationship"),
            ("relationship-established", "ResellerRelationship"),
            ("relationship-ended", "ResellerRelationship"),
        ]
        assert told(world.provider.organisation) == said
        assert told(newcomer.organisation) == said
        assert told(world.trey.organisation) == []
        facts = {"provider": str(world.provider.pk), "reseller": str(newcomer.pk)}
        assert all(row.facts == facts for row in WebhookDelivery.objects.all())

    @pytest.mark.parametrize("how", ["declined", "withdrawn"])
    def test_a_request_that_comes_to_nothing(self, world, how):
        newcomer = ResellerFactory()
        endpoint(world.provider.organisation, events=[f"relationship-{how}"])
        asking, answering = person(world.provider.organisation), person(newcomer.organisation)
        asked = resellers.request_reseller_relationship(newcomer, acting=asking).relationship
        if how == "declined":
            resellers.decline_request(asked, acting=answering)
        else:
            resellers.withdraw_request(asked, acting=asking)
        assert told(world.provider.organisation) == [(f"relationship-{how}", "ResellerRelationship")]

    def test_of_a_customer_the_partner_is_told_and_no_other(self, world):
        customer = CustomerFactory()
        other = ProviderFactory()
        CustomerRelationshipFactory(partner=other, customer=customer)
        for organisation in (world.provider.organisation, other.organisation, world.trey.organisation):
            endpoint(organisation)
        asking = person(world.provider.organisation)
        asked = request_customer(customer, partner=world.provider, acting=asking, days=30)
        admin = person(customer.organisation, Role.GLOBAL_ADMIN)
        accept_request(asked.relationship, acting=admin)
        end_customer_relationship(asked.relationship, acting=admin, live_subscriptions=lambda row: [])
        assert told(world.provider.organisation) == [
            ("relationship-requested", "CustomerRelationship"),
            ("delegated-admin-requested", "DelegatedAdmin"),
            ("relationship-established", "CustomerRelationship"),
            ("delegated-admin-established", "DelegatedAdmin"),
            ("delegated-admin-ended", "DelegatedAdmin"),
            ("relationship-ended", "CustomerRelationship"),
        ]
        assert told(other.organisation) == []
        assert told(world.trey.organisation) == []
        facts = {"customer": str(customer.pk), "partner": str(world.provider.pk)}
        assert all(row.facts == facts for row in WebhookDelivery.objects.all())

    def test_what_a_provider_asks_for_its_reseller_both_are_told(self, world):
        """And not the reseller's other provider, who asked for nothing (R4)."""
        rival = ProviderFactory()
        ResellerRelationshipFactory(provider=rival, reseller=world.trey)
        CustomerRelationshipFactory(partner=rival, customer=world.customer)
        for organisation in (world.provider.organisation, world.trey.organisation, rival.organisation):
            endpoint(organisation)
        asking = person(world.provider.organisation)
        asked = request_customer(world.customer, partner=world.trey, acting=asking, days=30)
        decline_request(
            asked.relationship,
            acting=person(world.customer.organisation, Role.GLOBAL_ADMIN),
            grants=[asked.grant.pk],
        )
        again = request_customer(world.customer, partner=world.trey, acting=asking, days=30)
        withdraw_request(again.relationship, acting=asking)
        said = [
            (f"delegated-admin-{how}", "DelegatedAdmin")
            for how in ("requested", "declined", "requested", "withdrawn")
        ]
        assert told(world.provider.organisation) == said
        assert told(world.trey.organisation) == said
        assert told(rival.organisation) == []

    def test_a_grant_taken_back(self, world):
        endpoint(world.trey.organisation)
        relationship = CustomerRelationship.objects.get(partner=world.trey, customer=world.customer)
        grant = relationship.delegated_admins.get()
        end_delegated_admin(grant, acting=person(world.customer.organisation, Role.GLOBAL_ADMIN))
        assert told(world.trey.organisation) == [("delegated-admin-ended", "DelegatedAdmin")]


class TestImport:
    """An import has one action for every end and says in the event which it was."""

    def told(self, world, action, before, after):
        agent = person(world.provider.organisation)
        with transaction.atomic():
            audit.record(
                action, acting=agent, organisation=agent.organisation, at=timezone.now(), before=before,
                after=after, customer_id=world.customer.pk, partner_ids=[world.trey.pk],
            )  # fmt: skip
        return [event for event, _resource in told(world.provider.organisation)]

    @pytest.mark.parametrize(
        ("action", "state", "event"),
        [
            (Action.RESELLER_RELATIONSHIP_ENDED, "ended", "relationship-ended"),
            (Action.RESELLER_RELATIONSHIP_ENDED, "declined", "relationship-declined"),
            (Action.RESELLER_RELATIONSHIP_ENDED, "withdrawn", "relationship-withdrawn"),
            (Action.CUSTOMER_RELATIONSHIP_ENDED, "withdrawn", "relationship-withdrawn"),
            (Action.DELEGATED_ADMIN_ENDED, "ended", "delegated-admin-ended"),
            (Action.DELEGATED_ADMIN_ENDED, "expired", "delegated-admin-expired"),
        ],
    )
    def test_is_told_as_what_happened(self, world, action, state, event):
        endpoint(world.provider.organisation)
        assert self.told(world, action, {"state": "established"}, {"state": state}) == [event]

    @pytest.mark.parametrize("before", [None, "expired", "lapsed"])
    def test_of_what_had_closed_before_is_no_news(self, world, before):
        endpoint(world.provider.organisation)
        said = self.told(world, Action.DELEGATED_ADMIN_ENDED, {"state": before}, {"state": "expired"})
        assert said == []


def test_deliveries_are_forgotten_after_thirty_days_and_deleted_endpoints_with_them(world, agent):
    organisation = world.provider.organisation
    row = endpoint(organisation)
    choose(world, agent)
    (delivery,) = WebhookDelivery.objects.all()
    WebhookTry.objects.create(delivery=delivery, number=1, at=timezone.now(), milliseconds=5, status=200)
    operations.delete_webhook(row.pk, acting=agent)
    tasks.clear_expired(timestamp=0)
    assert WebhookDelivery.objects.exists()
    old = timezone.now() - timedelta(days=30, minutes=1)
    WebhookDelivery.objects.update(created_at=old)
    WebhookEndpoint.objects.update(deleted_at=old)
    tasks.clear_expired(timestamp=0)
    assert not WebhookTry.objects.exists()
    assert not WebhookDelivery.objects.exists()
    assert not WebhookEndpoint.objects.exists()


def test_subscriptions_bought_elsewhere_have_an_address_too(world, agent):
    """Without an id of Microsoft's, ours: composed when it is sent."""
    endpoint(world.provider.organisation)
    row = SubscriptionFactory(
        provider=world.provider, customer=world.customer, microsoft_id=None, purchased_through="open"
    )
    choose_support_contact(row, partner_id=world.trey.pk, version=None, acting=agent)
    (delivery,) = WebhookDelivery.objects.select_related("endpoint__organisation__partner")
    assert f'"subscriptionId": "{row.pk}"' in body_of(delivery)
