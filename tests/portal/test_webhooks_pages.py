"""The pages of webhooks: shown once, refused at the field, the log, what each state says."""

import json
import re

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from portal.models import (
    AuditEvent,
    Notice,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookProblem,
    WebhookTry,
)
from portal.operations import webhook_deliveries as deliveries
from portal.operations import webhooks as operations
from portal.permissions import Role
from portal.ratelimit import Rule
from portal.views import webhooks as views
from tests.factories import MembershipFactory, ProviderFactory
from tests.portal.webhook_world import ALL, endpoint, person

pytestmark = pytest.mark.django_db

LIST, NEW = "/organisation/webhooks/", "/organisation/webhooks/new/"
URL = "https://hooks.company.example/portal"


@pytest.fixture
def organisation():
    return ProviderFactory(name="Fabrikam Distribution").organisation


@pytest.fixture
def agent(organisation):
    return person(organisation)


@pytest.fixture
def signed_in(client, organisation):
    client.force_login(MembershipFactory(organisation=organisation, roles=[Role.ADMIN_AGENT]).user)
    return client


def url(name, *rows):
    return reverse(f"organisation:{name}", args=[row.pk for row in rows])


def text(response):
    return response.content.decode()


def tried(delivery, number=1, **values):
    values = {"at": timezone.now(), "milliseconds": 42, "status": 200} | values
    return WebhookTry.objects.create(delivery=delivery, number=number, **values)


class TestMaking:
    def test_shows_the_secret_on_the_page_that_follows_and_never_again(self, signed_in):
        response = signed_in.post(NEW, {"url": URL, "events": ALL})
        assert response.status_code == 303
        page = signed_in.get(response["Location"])
        (secret,) = set(re.findall(r"portal_whs_[0-9a-f]{64}", text(page)))
        assert "no-store" in page["Cache-Control"]
        assert secret not in text(signed_in.get(response["Location"]))

    def test_all_events_are_suggested_and_no_test(self, signed_in):
        page = text(signed_in.get(NEW))
        assert re.findall(r'name="events" value="([\w-]+)"[^>]*checked', page) == ALL
        assert "test-created" not in page

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"url": ""}, "Enter the address."),
            ({"url": "https://" + "x" * 500}, "This is too long"),
            ({"url": "http://hooks.company.example/"}, "An address begins with https://."),
            ({"url": "https://127.0.0.1/"}, "The portal does not send into private or local networks."),
            ({"url": "https://a:b@hooks.company.example/"}, "Leave out user name and password"),
            ({"url": "https://hooks.company.example:25/"}, "Use port 443, or one from 1024 on."),
            ({"url": "https://intranet/"}, "Give the full name of the host"),
            ({"url": "https://hooks.company.example/ a"}, "This is no address the portal can send to."),
            ({"url": URL}, "There is a webhook to this address already."),
            ({"events": []}, "Choose at least one event."),
            ({"events": ["test-created"]}, "Choose at least one event."),
        ],
    )
    def test_says_at_the_field_what_is_wrong_and_keeps_what_was_typed(
        self, signed_in, organisation, change, words
    ):
        endpoint(organisation, URL)
        fields = {"url": "https://new.example/", "events": ALL} | change
        response = signed_in.post(NEW, fields)
        assert response.status_code == 422
        assert words in text(response)
        assert 'class="field-error"' in text(response)
        assert WebhookEndpoint.objects.count() == 1
        if change.get("url"):
            assert f'value="{change["url"]}"' in text(response)

    def test_the_eleventh_is_refused_in_a_sentence(self, signed_in, organisation):
        for number in range(10):
            endpoint(organisation, f"https://hooks{number}.example/")
        response = signed_in.post(NEW, {"url": URL, "events": ALL})
        assert response.status_code == 422
        assert "An organisation has at most 10 webhooks. Delete one first." in text(response)


class TestStates:
    def test_none_yet(self, signed_in):
        page = text(signed_in.get(LIST))
        assert "No webhook yet" in page
        assert f'href="{NEW}"' in page

    @pytest.mark.parametrize(
        ("values", "word", "sentence"),
        [
            ({}, "Active", "Send a test event"),
            ({"failing_since": timezone.now()}, "Failing", "It does not get through."),
            ({"paused_at": timezone.now()}, "Paused", "nothing is sent. Events are kept"),
            ({"stopped_at": timezone.now()}, "Stopped", "The portal stopped sending here."),
        ],
    )
    def test_are_said_on_the_list_and_on_the_page(self, signed_in, organisation, values, word, sentence):
        row = endpoint(organisation)
        WebhookEndpoint.objects.filter(pk=row.pk).update(**values)
        assert word in text(signed_in.get(LIST))
        page = text(signed_in.get(url("webhook", row)))
        assert word in page
        assert sentence in page
        assert ("Resume" in page) == (word in ("Paused", "Stopped"))

    def test_questions_do_not_grow_with_webhooks_and_deliveries(self, signed_in, organisation, agent):
        row = endpoint(organisation)
        tried(deliveries.send_test(row.pk, acting=agent))
        signed_in.get(LIST)
        counts = []
        for _ in range(2):
            asked = []
            for address in (LIST, url("webhook", row)):
                with CaptureQueriesContext(connection) as captured:
                    signed_in.get(address)
                asked.append(len(captured))
            counts.append(asked)
            for number in range(0 if counts[1:] else 3):
                endpoint(organisation, f"https://hooks{number}.example/")
                tried(deliveries.send_test(row.pk, acting=agent))
        assert counts[0] == counts[1]

    def test_both_secrets_are_told_by_their_endings(self, signed_in, organisation, agent):
        row = endpoint(organisation)
        signed_in.post(url("rotate-webhook", row), {"former": "24"})
        page = text(signed_in.get(url("webhook", row)))
        for secret in row.secrets.all():
            assert f"…{secret.ending}" in page
        assert "End the former one now" in page
        signed_in.post(url("end-former-webhook-secret", row))
        assert "End the former one now" not in text(signed_in.get(url("webhook", row)))


class TestLog:
    def test_says_what_came_of_each(self, signed_in, organisation, agent):
        row = endpoint(organisation)
        sent = [deliveries.send_test(row.pk, acting=agent) for _ in range(4)]
        tried(sent[1], status=503, milliseconds=77)
        tried(sent[2], status=None, problem=WebhookProblem.TIME)
        WebhookDelivery.objects.filter(pk=sent[2].pk).update(
            outcome="failed", due_at=None, finished_at=timezone.now()
        )
        tried(sent[3])
        WebhookDelivery.objects.filter(pk=sent[3].pk).update(
            outcome="delivered", due_at=None, finished_at=timezone.now()
        )
        page = text(signed_in.get(url("webhook", row)))
        for words in ("Waiting", "Tried again", "Failed", "Delivered", "HTTP 503", "77 ms", "HTTP 200"):
            assert words in page
        assert "No answer within 10 seconds." in page

    def test_is_paged(self, signed_in, organisation, agent):
        row = endpoint(organisation)
        for _ in range(30):
            deliveries.send_test(row.pk, acting=agent)
        page = text(signed_in.get(url("webhook", row)))
        assert page.count('class="cell-main"') == 25
        (after,) = set(re.findall(r'href="[^"]*(\?after=[^"#]+)', page))
        assert text(signed_in.get(url("webhook", row) + after)).count('class="cell-main"') == 5
        assert signed_in.get(url("webhook", row) + "?after=nonsense&before=\x00").status_code == 200

    def test_a_delivery_shows_what_was_sent_and_every_answer_as_text(self, signed_in, organisation, agent):
        row = endpoint(organisation)
        sent = deliveries.send_test(row.pk, acting=agent)
        page = text(signed_in.get(url("webhook-delivery", row, sent)))
        assert "None yet." in page
        assert 'hx-trigger="every 2s, click"' in page
        WebhookDelivery.objects.update(body=json.dumps({"eventName": "test-created"}))
        tried(sent, 1, status=500, answer="<script>alert(1)</script>")
        tried(sent, 2, status=None, problem=WebhookProblem.TLS)
        page = text(signed_in.get(url("webhook-delivery", row, sent)))
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page
        assert "&quot;eventName&quot;: &quot;test-created&quot;" in page
        assert "The certificate is not valid" in page
        assert "every 2s" not in page

    def test_a_test_event_leads_to_what_came_of_it(self, signed_in, organisation):
        row = endpoint(organisation)
        response = signed_in.post(url("test-webhook", row))
        sent = WebhookDelivery.objects.get()
        assert response["Location"] == url("webhook-delivery", row, sent)

    def test_what_is_sent_again_says_so(self, signed_in, organisation, agent):
        row = endpoint(organisation)
        sent = deliveries.send_test(row.pk, acting=agent)
        WebhookDelivery.objects.update(outcome="failed", due_at=None, finished_at=timezone.now())
        page = signed_in.post(url("resend-webhook", row, sent), follow=True)
        assert "It is sent again, with the same ID." in text(page)
        assert WebhookDelivery.objects.get().outcome == ""

    def test_too_many_are_refused_on_the_page_and_not_sent(self, signed_in, organisation, agent, monkeypatch):
        """Test events and resends of one organisation count together, whichever endpoint they go to."""
        monkeypatch.setattr(views, "SENDING", Rule("webhook-send", limit=2, seconds=600))
        row, other = endpoint(organisation), endpoint(organisation, "https://other.example/")
        sent = deliveries.send_test(row.pk, acting=agent)
        WebhookDelivery.objects.update(outcome="failed", due_at=None, finished_at=timezone.now())
        assert signed_in.post(url("resend-webhook", row, sent)).status_code == 302
        assert signed_in.post(url("test-webhook", other)).status_code == 302
        WebhookDelivery.objects.update(outcome="failed", due_at=None, finished_at=timezone.now())
        before = list(WebhookDelivery.objects.order_by("pk").values())
        for address, shows in (
            (url("resend-webhook", row, sent), str(sent.event_id)),
            (url("test-webhook", row), "hooks.company.example"),
        ):
            refused = signed_in.post(address)
            assert refused.status_code == 429
            assert 0 < int(refused["Retry-After"]) <= 600
            said = text(refused)
            assert "Too many in a short time: nothing was sent." in said
            assert "Try again in 10 minutes." in said
            assert shows in said
        assert list(WebhookDelivery.objects.order_by("pk").values()) == before

    def test_another_organisation_may_go_on(self, signed_in, organisation, monkeypatch):
        monkeypatch.setattr(views, "SENDING", Rule("webhook-send", limit=1, seconds=600))
        row = endpoint(organisation)
        assert [signed_in.post(url("test-webhook", row)).status_code for _ in range(2)] == [302, 429]
        stranger = ProviderFactory().organisation
        client = Client()
        client.force_login(MembershipFactory(organisation=stranger, roles=[Role.ADMIN_AGENT]).user)
        assert client.post(url("test-webhook", endpoint(stranger))).status_code == 302

    @pytest.mark.parametrize("name", ["test-webhook", "resend-webhook"])
    def test_paused_it_is_refused_in_a_sentence(self, signed_in, organisation, agent, name):
        row = endpoint(organisation)
        sent = deliveries.send_test(row.pk, acting=agent)
        operations.pause_webhook(row.pk, acting=agent)
        rows = (row, sent) if name == "resend-webhook" else (row,)
        page = signed_in.post(url(name, *rows), follow=True)
        assert "Nothing is sent to this webhook now. Resume it first." in text(page)


class TestActing:
    def test_pause_resume_change_delete(self, signed_in, organisation):
        row = endpoint(organisation)
        page = text(signed_in.post(url("pause-webhook", row), follow=True))
        assert "Paused. Events are kept" in page
        page = text(signed_in.post(url("resume-webhook", row), follow=True))
        assert "Resumed." in page
        fields = {"url": "https://new.example/", "events": ["relationship-ended"]}
        page = text(signed_in.post(url("change-webhook", row), fields, follow=True))
        assert "Saved. It counts from the next event on." in page
        assert "https://new.example/" in page
        assert "cannot" not in text(signed_in.get(url("delete-webhook", row)))
        page = text(signed_in.post(url("delete-webhook", row), follow=True))
        assert "The webhook is deleted." in page
        assert signed_in.get(url("webhook", row)).status_code == 404

    def test_a_form_of_another_organisation_is_a_conflict(self, signed_in, organisation):
        row = endpoint(organisation)
        other = ProviderFactory().organisation
        for name in ("pause-webhook", "delete-webhook", "test-webhook", "rotate-webhook"):
            response = signed_in.post(url(name, row), {"organisation": other.pk, "former": "0"})
            assert response.status_code == 409
        assert AuditEvent.objects.count() == 1

    def test_a_change_that_is_refused_keeps_what_was_typed(self, signed_in, organisation):
        row = endpoint(organisation)
        response = signed_in.post(url("change-webhook", row), {"url": "https://10.0.0.1/", "events": ALL})
        assert response.status_code == 422
        assert 'value="https://10.0.0.1/"' in text(response)


def test_a_notice_leads_to_the_webhook_that_was_stopped(client, organisation):
    member = MembershipFactory(organisation=organisation, roles=[Role.ADMIN_AGENT])
    row = endpoint(organisation)
    Notice.objects.create(
        organisation=organisation,
        user=member.user,
        kind=Notice.Kind.WEBHOOK_STOPPED,
        path=url("webhook", row),
        data={"webhook": str(row.pk), "address": "https://hooks.company.example"},
    )
    client.force_login(member.user)
    page = text(client.get("/"))
    assert "Nothing got through to the webhook at https://hooks.company.example for 24 hours." in page
    notice = Notice.objects.get()
    response = client.post(reverse("support_contacts:notice", args=[notice.pk]))
    assert response["Location"] == url("webhook", row)


@pytest.mark.parametrize("language", [code for code, _name in django_settings.LANGUAGES])
def test_every_page_is_made_in_every_language(signed_in, organisation, agent, language):
    signed_in.cookies[django_settings.LANGUAGE_COOKIE_NAME] = language
    row = endpoint(organisation)
    sent = deliveries.send_test(row.pk, acting=agent)
    with translation.override(language):
        for address in (
            LIST,
            NEW,
            url("webhook", row),
            url("change-webhook", row),
            url("rotate-webhook", row),
            url("delete-webhook", row),
            url("webhook-delivery", row, sent),
        ):
            assert signed_in.get(address).status_code == 200
