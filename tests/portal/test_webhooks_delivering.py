"""From a change to an answer: the real job, a real receiver on this machine, every way it can go."""

import json
import random
import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.api.wire import instant
from portal.models import (
    AuditEvent,
    Mail,
    Membership,
    Notice,
    ResellerRelationship,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookTry,
)
from portal.operations import resellers
from portal.operations import webhook_deliveries as deliveries
from portal.operations import webhooks as operations
from portal.operations.webhook_stops import stop_endpoint
from portal.permissions import Role
from portal.tasks import send_webhooks, tell
from portal.webhooks import delivering, payloads, signing
from support_contacts.operations import choose_support_contact
from tests.factories import CustomerRelationshipFactory, MembershipFactory, ResellerFactory
from tests.portal.test_reseller_races import at_once
from tests.portal.webhook_receiver import Receiver
from tests.portal.webhook_world import endpoint, made, person
from tests.support_contacts.conftest import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def to_loopback(settings):
    settings.WEBHOOKS_TO_LOOPBACK = True


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def agent(world):
    return person(world.provider.organisation)


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


def choose(world, agent, partner=None):
    partner = partner or world.trey
    return choose_support_contact(world.subscription, partner_id=partner.pk, version=None, acting=agent).event


def work():
    """What a worker would do now: hand out, then each endpoint's job."""
    send_webhooks(timestamp=0)
    for job in ProcrastinateJob.objects.filter(task_name="portal.send_webhooks_to").order_by("pk"):
        delivering.send_due(job.args["endpoint_id"])


def later(**by):
    """As if so much time had passed since everything that was written."""
    for row in WebhookDelivery.objects.all():
        row.created_at -= timedelta(**by)
        row.started_at -= timedelta(**by)
        row.due_at = row.due_at and row.due_at - timedelta(**by)
        row.save()
    for row in WebhookEndpoint.objects.all():
        row.succeeded_at = row.succeeded_at and row.succeeded_at - timedelta(**by)
        row.failing_since = row.failing_since and row.failing_since - timedelta(**by)
        row.save()


def due_now():
    WebhookDelivery.objects.filter(outcome="").update(due_at=timezone.now())


def statuses():
    return list(WebhookTry.objects.order_by("number").values_list("number", "status", "problem"))


class TestArrives:
    def test_as_json_with_a_signature_that_verifies(self, world, agent, receiver):
        secret = made(world.provider.organisation, receiver.url).secret
        event = choose(world, agent)
        work()
        (request,) = receiver.requests
        address = (
            f"/customers/{world.customer.pk}/subscriptions/{world.subscription.microsoft_id}/supportcontact"
        )
        assert json.loads(request.body) == {
            "eventId": str(event.pk),
            "eventName": "support-contact-updated",
            "resourceUri": address,
            "resourceName": "SupportContact",
            "resourceChangeUtcDate": instant(event.at),
            "auditUri": f"{address}/history",
            "customerId": str(world.customer.pk),
            "subscriptionId": world.subscription.microsoft_id,
            "version": 1,
        }
        (delivery,) = WebhookDelivery.objects.all()
        headers = request.headers
        assert headers["X-Portal-Event"] == "support-contact-updated"
        assert headers["X-Portal-Delivery"] == str(delivery.pk)
        assert headers["User-Agent"] == "PartnerPortal-Webhooks/1"
        assert headers["Content-Type"] == "application/json; charset=utf-8"
        now = int(time.time())
        assert signing.verifies(headers["X-Portal-Signature"], request.body, secret, now=now)
        assert (delivery.outcome, delivery.tries, delivery.due_at) == ("delivered", 1, None)
        assert delivery.body.encode() == request.body
        assert WebhookEndpoint.objects.get().succeeded_at

    def test_without_a_name_of_anybody(self, world, agent, receiver):
        endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)
        work()
        said = receiver.requests[0].body.decode()
        for name in (
            "Contoso",
            "Trey Research",
            "Fabrikam",
            "Microsoft 365",
            agent.user.name,
            agent.user.email,
        ):
            assert name not in said

    def test_signed_with_both_secrets_while_it_is_rotated_and_then_with_one(self, world, agent, receiver):
        first = made(world.provider.organisation, receiver.url)
        second = operations.rotate_webhook(
            first.endpoint.pk, acting=agent, former_until=timezone.now() + timedelta(hours=1)
        )
        choose(world, agent)
        work()
        now = int(time.time())
        header, body = receiver.requests[0].headers["X-Portal-Signature"], receiver.requests[0].body
        assert signing.verifies(header, body, first.secret, now=now)
        assert signing.verifies(header, body, second.secret, now=now)
        operations.end_former_webhook_secret(first.endpoint.pk, acting=agent)
        choose(world, agent, world.provider)
        work()
        header, body = receiver.requests[1].headers["X-Portal-Signature"], receiver.requests[1].body
        assert signing.verifies(header, body, second.secret, now=now)
        assert not signing.verifies(header, body, first.secret, now=now)

    def test_test_events_go_to_the_endpoint_alone_whatever_it_wants(self, world, agent, receiver):
        row = endpoint(world.provider.organisation, receiver.url, ["relationship-ended"])
        endpoint(world.provider.organisation, "https://two.example/")
        sent = deliveries.send_test(row.pk, acting=agent)
        work()
        (request,) = receiver.requests
        assert json.loads(request.body)["eventName"] == "test-created"
        assert json.loads(request.body)["eventId"] == str(sent.event_id)

    def test_nothing_is_sent_twice_by_a_second_run(self, world, agent, receiver):
        endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)
        work()
        work()
        assert len(receiver.requests) == 1


class TestAgain:
    def test_a_failure_is_tried_again_until_it_succeeds_with_the_same_words(self, world, agent):
        with Receiver(500, 503, 200) as receiver:
            row = endpoint(world.provider.organisation, receiver.url)
            choose(world, agent)
            work()
            (delivery,) = WebhookDelivery.objects.all()
            assert (delivery.outcome, delivery.tries) == ("", 1)
            wait = (delivery.due_at - timezone.now()).total_seconds()
            assert 40 < wait < 80
            row.refresh_from_db()
            assert row.failing_since
            work()
            assert len(receiver.requests) == 1, "not before it is due"
            due_now()
            work()
            due_now()
            work()
        delivery.refresh_from_db()
        assert (delivery.outcome, delivery.tries) == ("delivered", 3)
        assert statuses() == [(1, 500, ""), (2, 503, ""), (3, 200, "")]
        assert len({request.body for request in receiver.requests}) == 1
        assert len({request.headers["X-Portal-Delivery"] for request in receiver.requests}) == 1
        row.refresh_from_db()
        assert row.failing_since is None

    def test_about_thirteen_tries_in_a_day(self):
        for seed in range(50):
            random.seed(seed)
            started = now = timezone.now()
            tries = 1
            while (again := delivering.next_try(started, now)) is not None:
                assert again > now
                now, tries = again, tries + 1
            assert 11 <= tries <= 15
            assert now == started + timedelta(hours=24), "the last one at its end"

    def test_a_worker_killed_while_sending_leaves_it_due_again(self, world, agent, receiver, monkeypatch):
        endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)

        def killed(*_args):
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr(delivering, "post", killed)
            with pytest.raises(SystemExit):
                work()
        (delivery,) = WebhookDelivery.objects.all()
        assert (delivery.outcome, delivery.tries) == ("", 1)
        work()
        assert not receiver.requests, "it is still the other's"
        later(minutes=1, seconds=1)
        work()
        assert len(receiver.requests) == 1
        delivery.refresh_from_db()
        assert (delivery.outcome, delivery.tries) == ("delivered", 2)

    def test_another_event_is_not_held_up_by_one_that_fails(self, world, agent):
        with Receiver(500, 200) as receiver:
            endpoint(world.provider.organisation, receiver.url)
            choose(world, agent)
            choose(world, agent, world.provider)
            work()
        assert [row.outcome for row in WebhookDelivery.objects.order_by("created_at")] == ["", "delivered"]

    def test_where_nobody_answers_three_are_tried_and_the_others_wait(self, world, agent, receiver):
        row = endpoint(world.provider.organisation, receiver.url.replace("http:", "https:"))
        for _ in range(6):
            deliveries.send_test(row.pk, acting=agent)
        work()
        assert WebhookTry.objects.count() == 3
        assert not WebhookDelivery.objects.due(timezone.now()).exists()
        assert WebhookDelivery.objects.filter(outcome="", tries=0).count() == 3

    def test_it_is_resent_with_the_same_id_and_a_new_day(self, world, agent):
        with Receiver(200) as receiver:
            row = endpoint(world.provider.organisation, receiver.url)
            choose(world, agent)
            work()
            later(days=3)
            (delivery,) = WebhookDelivery.objects.all()
            deliveries.resend(delivery.pk, endpoint_id=row.pk, acting=agent)
            work()
        assert [request.body for request in receiver.requests] == [delivery.body.encode()] * 2
        delivery.refresh_from_db()
        assert (delivery.outcome, delivery.tries) == ("delivered", 2)
        assert timezone.now() - delivery.started_at < timedelta(minutes=1)

    def test_a_secret_of_another_key_is_not_signed_with(self, world, agent, receiver, settings):
        endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)
        settings.SECRET_KEY = "another" * 10
        work()
        assert not receiver.requests
        assert statuses() == [(1, None, "secret")]

    def test_a_secret_of_a_former_key_signs_while_that_key_is_kept(self, world, agent, receiver, settings):
        secret = made(world.provider.organisation, receiver.url).secret
        choose(world, agent)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, [settings.SECRET_KEY]
        work()
        (request,) = receiver.requests
        assert signing.verifies(
            request.headers[signing.SIGNATURE], request.body, secret, now=int(time.time())
        )

    def test_what_cannot_be_composed_is_over_and_holds_up_nobody(self, world, agent, receiver):
        endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)
        WebhookDelivery.objects.update(facts={})
        choose(world, agent, world.provider)
        work()
        assert len(receiver.requests) == 1
        assert [row.outcome for row in WebhookDelivery.objects.order_by("created_at")] == [
            "failed",
            "delivered",
        ]


class TestStops:
    def test_after_a_day_of_nothing_but_failures_and_tells_who_may_see_to_it(self, world, agent):
        organisation = world.provider.organisation
        helpdesk = MembershipFactory(organisation=organisation, roles=[Role.HELPDESK_AGENT])
        with Receiver(500) as receiver:
            row = endpoint(organisation, receiver.url)
            choose(world, agent)
            deliveries.send_test(row.pk, acting=agent)
            work()
            later(hours=24)
            due_now()
            work()
            tried = len(receiver.requests)
            row.refresh_from_db()
            assert row.stopped_at
            assert set(WebhookDelivery.objects.values_list("outcome", flat=True)) == {"failed"}
            choose(world, agent, world.provider)
            work()
            assert len(receiver.requests) == tried, "nothing is sent or kept any more"
        event = AuditEvent.objects.get(action="webhook.stopped")
        assert (event.actor_kind, event.organisation) == ("system", organisation)
        assert event.after["address"] == receiver.url.removesuffix("/hook")
        managers = Membership.objects.filter(organisation=organisation).exclude(pk=helpdesk.pk)
        told = set(Notice.objects.filter(kind="webhook_stopped").values_list("user_id", flat=True))
        assert told == set(managers.values_list("user_id", flat=True))
        tell(str(event.pk))
        assert set(Mail.objects.values_list("user_id", flat=True)) == told
        assert receiver.url not in Mail.objects.first().text
        assert f"/organisation/webhooks/{row.pk}/" in Mail.objects.first().text

    def test_not_where_something_got_through_meanwhile(self, world, agent):
        with Receiver(500, 200, 500) as receiver:
            row = endpoint(world.provider.organisation, receiver.url)
            choose(world, agent)
            work()
            later(hours=23)
            WebhookDelivery.objects.update(due_at=timezone.now() + timedelta(hours=1))
            deliveries.send_test(row.pk, acting=agent)
            work()
            WebhookDelivery.objects.filter(outcome="").update(due_at=timezone.now())
            later(hours=1)
            work()
        row.refresh_from_db()
        assert row.stopped_at is None
        assert WebhookDelivery.objects.get(event="support-contact-updated").outcome == "failed"

    @pytest.mark.parametrize(("last", "outcome"), [(500, ""), (200, "delivered")])
    def test_not_where_somebody_had_it_sent_again_while_the_last_try_ran(self, world, agent, last, outcome):
        """The resend began a day of its own: the try that ended the day before takes nothing from it."""
        organisation = world.provider.organisation
        with Receiver(500, last) as receiver:
            row = endpoint(organisation, receiver.url)
            choose(world, agent)
            work()
            later(hours=24)
            due_now()
            taken = delivering._take(row.pk)
            answer = delivering._send(taken)
            deliveries.resend(taken.pk, endpoint_id=row.pk, acting=agent)
            delivering._record(taken, answer)
        row.refresh_from_db()
        taken.refresh_from_db()
        assert row.stopped_at is None
        assert taken.outcome == outcome
        assert taken.outcome or taken.due_at <= timezone.now(), "it goes out again at once"
        assert WebhookTry.objects.count() == 2
        assert not Notice.objects.exists()

    def test_resumed_it_sends_again_and_the_notices_are_gone(self, world, agent, receiver):
        row = endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)
        WebhookEndpoint.objects.update(failing_since=timezone.now())
        with transaction.atomic():
            assert stop_endpoint(row.pk, since=timezone.now(), at=timezone.now())
            assert not stop_endpoint(row.pk, since=timezone.now(), at=timezone.now())
        assert Notice.objects.exists()
        operations.resume_webhook(row.pk, acting=agent)
        assert not Notice.objects.exists()
        (failed,) = WebhookDelivery.objects.all()
        deliveries.resend(failed.pk, endpoint_id=row.pk, acting=agent)
        work()
        assert len(receiver.requests) == 1


class TestHeld:
    def test_paused_nothing_goes_and_resumed_everything_with_a_new_day(self, world, agent, receiver):
        row = endpoint(world.provider.organisation, receiver.url)
        operations.pause_webhook(row.pk, acting=agent)
        choose(world, agent)
        work()
        assert not receiver.requests
        later(days=2)
        operations.resume_webhook(row.pk, acting=agent)
        work()
        assert len(receiver.requests) == 1
        assert WebhookDelivery.objects.get().outcome == "delivered"

    def test_deleted_nothing_goes(self, world, agent, receiver):
        row = endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)
        operations.delete_webhook(row.pk, acting=agent)
        work()
        assert not receiver.requests

    def test_deleted_between_hand_out_and_sending_nothing_goes(self, world, agent, receiver):
        row = endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)
        send_webhooks(timestamp=0)
        operations.delete_webhook(row.pk, acting=agent)
        delivering.send_due(row.pk)
        assert not receiver.requests

    def test_one_job_an_endpoint_waits_however_often_it_is_handed_out(self, world, agent, receiver):
        endpoint(world.provider.organisation, receiver.url)
        choose(world, agent)
        for _ in range(3):
            send_webhooks(timestamp=0)
        (job,) = ProcrastinateJob.objects.filter(task_name="portal.send_webhooks_to")
        assert job.lock == f"webhook:{WebhookEndpoint.objects.get().pk}"
        assert job.queueing_lock is None
        assert app.tasks["portal.send_webhooks_to"].retry_strategy is None


class TestWhatMayNotBeToldAnyMore:
    def test_after_the_relationship_with_the_customer_ended_nothing_but_that(self, world, agent):
        """A change that fails, the end, and the change is not tried again: the last thing told is the end (R12)."""
        with Receiver(500, 200) as receiver:
            endpoint(world.provider.organisation, receiver.url)
            choose(world, agent)
            work()
            world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
            world.relationship.save()
            due_now()
            work()
        assert len(receiver.requests) == 1
        (delivery,) = WebhookDelivery.objects.all()
        assert delivery.outcome == "withheld"
        assert delivery.due_at is None
        assert statuses() == [(1, 500, "")]

    def test_a_relationship_that_ended_is_told_as_ended_to_both(self, world):
        newcomer = ResellerFactory()
        asking = person(world.provider.organisation, Role.GLOBAL_ADMIN)
        with Receiver() as one, Receiver() as other:
            endpoint(world.provider.organisation, one.url)
            endpoint(newcomer.organisation, other.url)
            asked = resellers.request_reseller_relationship(newcomer, acting=asking).relationship
            resellers.accept_request(asked, acting=person(newcomer.organisation))
            resellers.end_reseller_relationship(asked, acting=asking)
            work()
        for receiver, kind in ((one, "IsIndirectCloudSolutionProviderOf"), (other, "IsIndirectResellerOf")):
            (request,) = receiver.requests
            said = json.loads(request.body)
            assert said["eventName"] == "relationship-ended"
            assert said["resourceName"] == "ResellerRelationship"
            assert said["resourceUri"] == f"/relationships?relationship_type={kind}"
            assert (said["providerId"], said["resellerId"]) == (str(world.provider.pk), str(newcomer.pk))
        assert WebhookDelivery.objects.filter(outcome="withheld").count() == 4

    @pytest.mark.parametrize("gone", ["reseller", "customer", "nothing"])
    def test_of_its_resellers_grants_a_provider_hears_while_both_are_its_own(self, world, gone):
        endpoint(world.provider.organisation)
        row = WebhookEndpoint.objects.select_related("organisation__partner").get()
        delivery = WebhookDelivery(
            endpoint=row,
            event="delegated-admin-ended",
            resource="DelegatedAdmin",
            facts={"customer": str(world.customer.pk), "partner": str(world.trey.pk)},
            changed_at=timezone.now(),
        )
        if gone == "reseller":
            ResellerRelationship.objects.update(ended_at=timezone.now(), ended_as="ended")
        if gone == "customer":
            world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
            world.relationship.save()
        assert (payloads.body_of(delivery) is None) == (gone != "nothing")

    def test_of_ones_own_grants_a_reseller_hears_also_their_end(self, world):
        endpoint(world.trey.organisation)
        row = WebhookEndpoint.objects.select_related("organisation__partner").get()
        own = CustomerRelationshipFactory(partner=world.trey)
        facts = {"customer": str(own.customer_id), "partner": str(world.trey.pk)}
        own.ended_at, own.ended_as = timezone.now(), "ended"
        own.save()
        for event, is_told in (("delegated-admin-ended", True), ("delegated-admin-established", False)):
            delivery = WebhookDelivery(
                endpoint=row, event=event, resource="DelegatedAdmin", facts=facts, changed_at=timezone.now()
            )
            assert (payloads.body_of(delivery) is not None) == is_told


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_it_once(world, agent, receiver):
    row = endpoint(world.provider.organisation, receiver.url)
    choose(world, agent)
    assert at_once(*[lambda: delivering.send_due(row.pk)] * 4) == [None] * 4
    assert len(receiver.requests) == 1
