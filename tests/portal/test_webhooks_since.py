"""From when on each event is told: since it was chosen, or since the endpoint was resumed after a stop."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from portal.models import WebhookDelivery, WebhookEndpoint
from portal.operations import webhooks as operations
from portal.webhooks import clock
from tests.portal.test_webhooks_clock import ATTENTION, EXPIRED, a_world, expires, look, wants
from tests.portal.webhook_world import endpoint, person, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return a_world()


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
