"""A whole portal, a change over its API, a receiver: the event arrives, also where its worker was killed."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

import pytest

from portal.webhooks import signing
from tests.portal.test_serve import Portal
from tests.portal.webhook_receiver import Receiver

#: What a person does on the pages, done in the portal's own process: a webhook, its second secret, an API credential.
MAKE = """
from datetime import timedelta
import json, sys
from django.utils import timezone
from portal.actor import Actor
from portal.models import Membership
from portal.operations.credentials import create_credential
from portal.operations import webhooks
members = Membership.objects.select_related("organisation__partner", "user")
acting = Actor.of(members.get(user__email="global-admin@fabrikam.example"))
day = timezone.now() + timedelta(days=1)
first = webhooks.create_webhook(acting=acting, url="{url}", events=["support-contact-updated"])
second = webhooks.rotate_webhook(first.endpoint.pk, acting=acting, former_until=day)
key = create_credential(acting=acting, name="Test", role="helpdesk_agent", expires_at=day)
print(json.dumps([first.secret, second.secret, key.secret]))
"""
CHOICE = """
SELECT s.customer_id, s.microsoft_id, d.provider_id FROM support_contacts_designation d
JOIN subscriptions_subscription s ON s.id = d.subscription_id
JOIN portal_organisation o ON o.id = d.provider_id
JOIN customers_customerrelationship r ON r.partner_id = d.provider_id AND r.customer_id = s.customer_id
WHERE d.ended_at IS NULL AND o.domain = 'fabrikam.example' AND s.status = 'active' AND NOT s.is_new_commerce
AND r.established_at IS NOT NULL AND r.ended_at IS NULL ORDER BY s.microsoft_id LIMIT 2
"""


@pytest.fixture
def portal() -> Iterator[Portal]:
    with TemporaryDirectory(prefix="portal-test-") as directory:
        portal = Portal(Path(directory))
        portal.environ["WEBHOOKS_TO_LOOPBACK"] = "1"
        (portal.var / "serve.log").touch()
        for command in ("prepare", "demo_data"):
            done = portal.manage(command)
            assert done.returncode == 0, done.stderr
        yield portal
        for process in portal.processes():
            process.kill()
        if portal.served:
            portal.served.wait()


def back_to_provider(
    portal: Portal, key: str, customer: object, subscription: object, provider: object
) -> None:
    request = Request(
        f"http://127.0.0.1:{portal.port}/v1/customers/{customer}/subscriptions/{subscription}/supportcontact",
        json.dumps({"supportTenantId": str(provider)}).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        method="PUT",
    )
    with urlopen(request, timeout=20) as answer:  # noqa: S310
        assert answer.status == 200


def made(portal: Portal, url: str) -> list[str]:
    """The former and the newer secret of a webhook to this address, and the key of an integration."""
    done = portal.manage("shell", "-v", "0", "-c", MAKE.format(url=url))
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_change_arrives_within_seconds_signed_with_both_secrets(portal: Portal) -> None:
    with Receiver(500, 200) as receiver:
        portal.serve()
        former, newer, key = made(portal, receiver.url)
        one, two = portal.query(CHOICE.strip())
        begun = time.monotonic()
        back_to_provider(portal, key, *one)
        assert receiver.arrived.acquire(timeout=20), portal.log()
        assert time.monotonic() - begun < 10
        request = receiver.requests[0]
        said = json.loads(request.body)
        assert said["eventName"] == "support-contact-updated"
        assert (said["customerId"], said["subscriptionId"]) == (str(one[0]), one[1])
        header = request.headers["X-Portal-Signature"]
        for secret in (former, newer):
            assert signing.verifies(header, request.body, secret, now=int(time.time()))
        # It was refused, which holds up nobody.
        back_to_provider(portal, key, *two)
        portal.until(
            lambda: portal.query("SELECT FROM portal_webhookdelivery WHERE outcome = 'delivered'"), seconds=20
        )
        assert portal.query("SELECT count(*) FROM portal_webhookdelivery WHERE outcome = ''") == [(1,)]


@pytest.mark.soak
def test_what_failed_and_what_a_killed_worker_held_arrives_within_minutes(portal: Portal) -> None:
    def slow(handler):
        time.sleep(3)
        handler.send_response(200)
        handler.end_headers()

    with Receiver(500, slow, 200) as receiver:
        portal.serve()
        _former, _newer, key = made(portal, receiver.url)
        one, two = portal.query(CHOICE.strip())
        for choice in (one, two):
            back_to_provider(portal, key, *choice)
            assert receiver.arrived.acquire(timeout=20), portal.log()
        (worker, *_more) = portal.named("work")
        worker.send_signal(signal.SIGKILL)
        portal.until(lambda: len(receiver.requests) >= 4, seconds=240)
        bodies = [request.body for request in receiver.requests]
        assert set(bodies[2:]) == {bodies[0], bodies[1]}
        portal.until(
            lambda: not portal.query("SELECT FROM portal_webhookdelivery WHERE outcome <> 'delivered'")
        )
        assert portal.query("SELECT count(*) FROM portal_webhookdelivery") == [(2,)]
