"""Webhooks in the document: every event, as it is really sent, and how a receiver knows who sends."""

import json
import time
import uuid
from pathlib import Path

import jsonschema_rs
import pytest
from django.test import Client
from django.utils import timezone

from portal.api import webhooks
from portal.models import WebhookDelivery, WebhookEvent, WebhookResource
from portal.webhooks import signing
from portal.webhooks.payloads import body_of
from support_contacts.models import Reason
from tests.portal.webhook_world import endpoint
from tests.support_contacts.conftest import make_world

pytestmark = pytest.mark.django_db
HOUSE = Path(__file__).resolve().parents[2]
PAIRS = [
    (event, resource) for event, (_text, resources, _own) in webhooks.EVENTS.items() for resource in resources
]


@pytest.fixture
def document():
    return Client().get("/api/openapi.json").json()


def accepts(document, event, body):
    """Is it what the document says of this event?"""
    operation = document["webhooks"][event]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True).is_valid(body)


@pytest.fixture
def sent():
    """What is composed of an event, out of the facts that are kept of such."""
    world = make_world()
    row = endpoint(world.provider.organisation)
    facts = {
        WebhookResource.SUPPORT_CONTACT: {
            "customer": str(world.customer.pk),
            "subscription": str(world.subscription.pk),
            "version": 3,
        },
        WebhookResource.RESELLER_RELATIONSHIP: {
            "provider": str(world.provider.pk),
            "reseller": str(world.trey.pk),
        },
        WebhookResource.TEST: {},
    }
    of_customer = {"customer": str(world.customer.pk), "partner": str(world.provider.pk)}

    def compose(event, resource, **more):
        about = facts.get(resource, of_customer) | more
        delivery = WebhookDelivery(
            endpoint=row,
            event_id=uuid.uuid4(),
            event=event,
            resource=resource,
            facts=about,
            changed_at=timezone.now(),
        )
        return json.loads(body_of(delivery))

    return compose


def reason_of(event):
    is_told = event == WebhookEvent.SUPPORT_CONTACT_ATTENTION
    return {"reason": Reason.DELEGATED_ADMIN_EXPIRED.value} if is_told else {}


def test_every_event_there_is_is_described(document):
    assert set(document["webhooks"]) == set(WebhookEvent.values)
    for item in document["webhooks"].values():
        operation = item["post"]
        assert operation["summary"]
        assert operation["security"] == []
        assert {"2XX", "default"} == set(operation["responses"])
        assert len(operation["parameters"]) == 3


@pytest.mark.parametrize(("event", "resource"), PAIRS)
def test_what_is_sent_is_as_described(document, sent, event, resource):
    body = sent(event, resource, **reason_of(event))
    assert accepts(document, event.value, body)
    operation = document["webhooks"][event.value]["post"]
    schema = document["components"]["schemas"][webhooks._name(event, resource)]
    assert set(body) == set(schema["properties"]), "nothing else, and nothing left out"
    for name in schema["required"]:
        assert not accepts(document, event.value, {k: v for k, v in body.items() if k != name}), name
    assert not accepts(document, event.value, body | {"eventName": "another"})
    assert accepts(document, event.value, operation["requestBody"]["content"]["application/json"]["example"])


@pytest.mark.parametrize("reason", Reason.values)
def test_every_reason_may_be_told(document, sent, reason):
    event = WebhookEvent.SUPPORT_CONTACT_ATTENTION
    assert accepts(document, event.value, sent(event, WebhookResource.SUPPORT_CONTACT, reason=reason))


def test_the_page_shows_every_event_its_headers_and_how_to_check_them():
    page = Client().get("/api/docs").content.decode()
    for event in WebhookEvent.values:
        assert f'id="{event}"' in page
    for name in webhooks.HEADERS:
        assert f"<code>{name}</code>" in page
    assert "hmac.compare_digest" in page


class TestReceiver:
    """The lines people paste, run as they stand."""

    BODY = '{"eventName": "test-created", "é": 1}'.encode()

    @pytest.fixture
    def is_from_the_portal(self):
        names = {}
        exec(compile(webhooks.VERIFY, "receiver.py", "exec"), names)  # noqa: S102 - ours
        names["SECRET"] = "portal_whs_a"
        return names["is_from_the_portal"]

    def test_the_lines_of_the_readme_are_the_same(self):
        assert webhooks.VERIFY in (HOUSE / "README.md").read_text()

    def signed(self, *live, ago=0):
        return signing.signature(self.BODY, live or ("portal_whs_a",), int(time.time()) - ago)

    def test_takes_what_the_portal_signs_also_while_a_secret_is_rotated(self, is_from_the_portal):
        assert is_from_the_portal(self.signed(), self.BODY)
        assert is_from_the_portal(self.signed("portal_whs_new", "portal_whs_a"), self.BODY)
        assert is_from_the_portal(self.signed(ago=290), self.BODY)

    def test_and_nothing_else(self, is_from_the_portal):
        assert not is_from_the_portal(self.signed(), self.BODY + b" ")
        assert not is_from_the_portal(self.signed("portal_whs_b"), self.BODY)
        assert not is_from_the_portal(self.signed(ago=310), self.BODY)
        assert not is_from_the_portal(self.signed(ago=-310), self.BODY)
        said = self.signed()
        for header in (
            "",
            "t=",
            "v1=00",
            "t=²,v1=00",
            "t=" + "9" * 5000,
            said.replace("v1", "v0"),
            f"{said[:-1]}é",
        ):
            assert not is_from_the_portal(header, self.BODY), header
