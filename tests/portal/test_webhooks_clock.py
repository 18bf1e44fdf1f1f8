"""What nobody does: a grant runs out, a designation stops holding, and it is told once, within a minute."""

import json
from datetime import timedelta

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
    WebhookLook,
)
from portal.tasks import look_for_webhooks
from portal.webhooks import clock
from portal.webhooks.payloads import body_of
from support_contacts.models import Designation
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    ProviderFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)
from tests.portal.webhook_world import endpoint, told
from tests.support_contacts.conftest import make_world

pytestmark = pytest.mark.django_db

ATTENTION = ("support-contact-attention", "SupportContact")
EXPIRED = ("delegated-admin-expired", "DelegatedAdmin")


def a_world():
    made = make_world()
    made.designation = DesignationFactory(subscription=made.subscription, partner=made.trey)
    made.grant = DelegatedAdmin.objects.get(relationship__partner=made.trey)
    return made


@pytest.fixture
def world():
    return a_world()


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
