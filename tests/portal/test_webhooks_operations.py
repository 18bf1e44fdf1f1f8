"""What may be done with a webhook and by whom; what the record keeps; what happens at the same time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.actor import Actor
from portal.errors import NotPermitted, NotVisible, OperationError
from portal.models import (
    AuditEvent,
    Credential,
    Membership,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from portal.operations import webhook_deliveries as deliveries
from portal.operations import webhooks as operations
from portal.permissions import Role
from portal.webhooks import signing
from tests.api.caller import Caller, bearer
from tests.factories import CustomerFactory, ProviderFactory, ResellerFactory
from tests.portal.test_reseller_races import at_once
from tests.portal.webhook_world import ALL, endpoint, made, person
from tests.support_contacts.conftest import make_world

pytestmark = pytest.mark.django_db

URL = "https://hooks.company.example/portal?token=a-secret-of-theirs"


@pytest.fixture
def organisation():
    return ProviderFactory(name="Fabrikam Distribution").organisation


@pytest.fixture
def agent(organisation):
    return person(organisation)


def actions():
    return list(AuditEvent.objects.order_by("at", "pk").values_list("action", flat=True))


def everything(acting, row, delivery):
    """Every operation, to be refused alike."""
    soon = timezone.now() + timedelta(hours=1)
    return [
        lambda: operations.change_webhook(row.pk, acting=acting, url=URL, events=ALL),
        lambda: operations.rotate_webhook(row.pk, acting=acting, former_until=soon),
        lambda: operations.end_former_webhook_secret(row.pk, acting=acting),
        lambda: operations.pause_webhook(row.pk, acting=acting),
        lambda: operations.resume_webhook(row.pk, acting=acting),
        lambda: operations.delete_webhook(row.pk, acting=acting),
        lambda: deliveries.send_test(row.pk, acting=acting),
        lambda: deliveries.resend(delivery.pk, endpoint_id=row.pk, acting=acting),
    ]


class TestWho:
    @pytest.mark.parametrize(
        "role", [Role.HELPDESK_AGENT, Role.SALES_AGENT, Role.BILLING_ADMIN, Role.USER_ADMIN]
    )
    def test_not_without_the_role(self, organisation, agent, role):
        row = endpoint(organisation)
        delivery = deliveries.send_test(row.pk, acting=agent)
        acting = person(organisation, role)
        calls = everything(acting, row, delivery)
        calls.append(lambda: operations.create_webhook(acting=acting, url=URL, events=ALL))
        for call in calls:
            with pytest.raises(NotPermitted):
                call()

    def test_not_another_organisations(self, organisation, agent):
        row = endpoint(organisation)
        delivery = deliveries.send_test(row.pk, acting=agent)
        for call in everything(person(ResellerFactory().organisation), row, delivery):
            with pytest.raises(NotVisible):
                call()

    def test_not_a_delivery_of_another_endpoint(self, organisation, agent):
        one, two = endpoint(organisation), endpoint(organisation, "https://two.example/")
        delivery = deliveries.send_test(two.pk, acting=agent)
        with pytest.raises(NotVisible):
            deliveries.resend(delivery.pk, endpoint_id=one.pk, acting=agent)

    def test_no_customer(self):
        acting = person(CustomerFactory().organisation, Role.GLOBAL_ADMIN)
        with pytest.raises(NotVisible):
            operations.create_webhook(acting=acting, url=URL, events=ALL)

    def test_no_integration(self, organisation):
        bearer(organisation, Role.GLOBAL_ADMIN)
        credential = Credential.objects.select_related("organisation__partner").get()
        with pytest.raises(NotPermitted):
            operations.create_webhook(acting=Actor.integration(credential), url=URL, events=ALL)

    def test_nobody_who_lost_the_role_meanwhile(self, agent):
        Membership.objects.filter(pk=agent.membership_id).update(roles=[Role.SALES_AGENT])
        with pytest.raises(NotPermitted):
            operations.create_webhook(acting=agent, url=URL, events=ALL)


class TestMaking:
    def test_keeps_no_secret_and_no_path_in_the_log(self, organisation, agent):
        new = operations.create_webhook(acting=agent, url=URL, events=ALL)
        stored = WebhookSecret.objects.get()
        assert new.secret not in str(vars(stored))
        assert bytes(stored.seed).hex() not in new.secret
        assert signing.secret_of(stored) == new.secret
        event = AuditEvent.objects.get()
        assert (event.action, event.actor_role) == ("webhook.created", "admin_agent")
        assert event.after == {
            "webhook": str(new.endpoint.pk),
            "address": "https://hooks.company.example",
            "events": ALL,
        }

    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("http://hooks.company.example/", "url_scheme"),
            ("https://127.0.0.1/", "url_private"),
            ("https://x:y@hooks.company.example/", "url_credentials"),
            ("https://hooks.company.example:25/", "url_port"),
            ("https://intranet/", "url_host"),
            ("nonsense", "url_scheme"),
            ("https://hooks.company.example/" + "x" * 500, "url_too_long"),
        ],
    )
    def test_not_to_where_the_portal_does_not_send(self, agent, url, code):
        with pytest.raises(OperationError) as refused:
            operations.create_webhook(acting=agent, url=url, events=ALL)
        assert refused.value.code == code
        assert not WebhookEndpoint.objects.exists()

    @pytest.mark.parametrize("events", [[], ["test-created"], ["everything"], ["relationship-ended", "x"]])
    def test_only_events_there_are(self, agent, events):
        with pytest.raises(OperationError) as refused:
            operations.create_webhook(acting=agent, url=URL, events=events)
        assert refused.value.code == "events"

    def test_events_are_kept_once_in_our_order(self, agent):
        wanted = ["relationship-ended", "support-contact-updated", "relationship-ended"]
        row = operations.create_webhook(acting=agent, url=URL, events=wanted).endpoint
        assert row.events == ["support-contact-updated", "relationship-ended"]

    def test_one_an_address_and_ten_an_organisation(self, organisation, agent):
        operations.create_webhook(acting=agent, url=URL, events=ALL)
        with pytest.raises(OperationError) as refused:
            operations.create_webhook(acting=agent, url=f" {URL} ", events=ALL)
        assert refused.value.code == "url_taken"
        for number in range(9):
            endpoint(organisation, f"https://hooks{number}.example/")
        with pytest.raises(OperationError) as refused:
            endpoint(organisation, "https://eleventh.example/")
        assert refused.value.code == "too_many"
        operations.delete_webhook(WebhookEndpoint.objects.first().pk, acting=agent)
        endpoint(organisation, "https://eleventh.example/")

    def test_another_organisation_may_have_the_same_address(self, organisation):
        endpoint(organisation, URL)
        endpoint(ResellerFactory().organisation, URL)
        assert WebhookEndpoint.objects.count() == 2


class TestChanging:
    def test_what_is_the_same_is_not_written(self, organisation, agent):
        row = endpoint(organisation, URL)
        operations.change_webhook(row.pk, acting=agent, url=URL, events=list(reversed(ALL)))
        assert actions() == ["webhook.created"]
        operations.change_webhook(row.pk, acting=agent, url=URL, events=["relationship-ended"])
        assert actions() == ["webhook.created", "webhook.changed"]
        event = AuditEvent.objects.get(action="webhook.changed")
        assert (event.before["events"], event.after["events"]) == (ALL, ["relationship-ended"])
        assert "token" not in str([event.before, event.after])

    def test_not_to_an_address_that_is_taken(self, organisation, agent):
        endpoint(organisation, URL)
        other = endpoint(organisation, "https://two.example/")
        with pytest.raises(OperationError) as refused:
            operations.change_webhook(other.pk, acting=agent, url=URL, events=ALL)
        assert refused.value.code == "url_taken"

    def test_never_more_than_two_secrets(self, organisation, agent):
        first = made(organisation)
        soon = timezone.now() + timedelta(days=7)
        second = operations.rotate_webhook(first.endpoint.pk, acting=agent, former_until=soon)
        third = operations.rotate_webhook(first.endpoint.pk, acting=agent, former_until=soon)
        row = WebhookEndpoint.objects.prefetch_related("secrets").get()
        live = [signing.secret_of(secret) for secret in row.live_secrets(timezone.now())]
        assert live == [third.secret, second.secret]
        assert [signing.secret_of(s) for s in row.live_secrets(soon)] == [third.secret]

    def test_a_former_secret_ends_at_once_where_somebody_says_so(self, organisation, agent):
        row = endpoint(organisation)
        operations.rotate_webhook(row.pk, acting=agent, former_until=timezone.now())
        assert len(WebhookEndpoint.objects.get().live_secrets(timezone.now())) == 1
        late = timezone.now() + timedelta(days=8)
        with pytest.raises(OperationError) as refused:
            operations.rotate_webhook(row.pk, acting=agent, former_until=late)
        assert refused.value.code == "too_long"

    def test_twice_changes_nothing(self, organisation, agent):
        row = endpoint(organisation)
        for operation in (operations.pause_webhook, operations.resume_webhook):
            operation(row.pk, acting=agent)
            operation(row.pk, acting=agent)
        operations.end_former_webhook_secret(row.pk, acting=agent)
        assert actions() == ["webhook.created", "webhook.paused", "webhook.resumed"]

    def test_what_is_deleted_is_not_there(self, organisation, agent):
        row = endpoint(organisation)
        delivery = deliveries.send_test(row.pk, acting=agent)
        operations.delete_webhook(row.pk, acting=agent)
        for call in everything(agent, row, delivery):
            with pytest.raises(NotVisible):
                call()
        assert not WebhookDelivery.objects.visible_to(agent).exists()

    def test_nothing_is_sent_on_demand_to_what_is_paused(self, organisation, agent):
        row = endpoint(organisation)
        delivery = deliveries.send_test(row.pk, acting=agent)
        operations.pause_webhook(row.pk, acting=agent)
        calls = [
            lambda: deliveries.send_test(row.pk, acting=agent),
            lambda: deliveries.resend(delivery.pk, endpoint_id=row.pk, acting=agent),
        ]
        for call in calls:
            with pytest.raises(OperationError) as refused:
                call()
            assert refused.value.code == "not_sending"


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_are_never_eleven():
    organisation = ProviderFactory().organisation
    agents = [person(organisation) for _ in range(4)]
    for number in range(8):
        endpoint(organisation, f"https://hooks{number}.example/")

    def one(agent, number):
        return lambda: operations.create_webhook(
            acting=agent, url=f"https://new{number}.example/", events=ALL
        )

    at_once(*[one(agent, number) for number, agent in enumerate(agents)])
    assert WebhookEndpoint.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_twenty_equal_calls_of_the_api_are_one_delivery():
    world = make_world()
    endpoint(world.provider.organisation)
    secret = bearer(world.provider.organisation, Role.HELPDESK_AGENT)
    path = f"/v1/customers/{world.customer.pk}/subscriptions/{world.subscription.microsoft_id}/supportcontact"
    body = {"supportTenantId": str(world.trey.pk)}
    headers = {"MS-RequestId": "5a4b8a0d-6a8c-4f7e-9d4c-5a9f0c1d2e3f"}

    def put():
        return Caller(secret).put(path, body, headers=headers).content

    answers = at_once(*[put] * 20)
    assert len(set(answers)) == 1
    assert isinstance(answers[0], bytes)
    assert WebhookDelivery.objects.count() == 1
    assert AuditEvent.objects.filter(action="designation.made").count() == 1
