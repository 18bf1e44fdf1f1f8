"""A row that somebody else holds for too long: an answer that says to try again, on every page, never a fault."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, connections, transaction

from portal.models import AuditEvent, Membership, Partner
from tests.support_contacts.conftest import make_world


@pytest.fixture
def world(transactional_db):
    return make_world()


@pytest.fixture
def impatient(world):
    """Partner and membership are held by another connection; this one waits for a tenth of a second."""
    held, done = Event(), Event()

    def hold():
        try:
            with transaction.atomic():
                Partner.objects.select_for_update().get(pk=world.provider.pk)
                Membership.objects.select_for_update().get(pk=world.admin_agent.pk)
                held.set()
                done.wait(timeout=20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(timeout=10)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', '100ms', false)")
            yield
        finally:
            done.set()
            connection.close()
        holding.result(timeout=10)


def test_a_page_without_a_place_to_say_so_answers_503_and_writes_nothing(world, client, impatient):
    client.force_login(world.admin_agent.user)
    response = client.post("/support-contacts/policy/", {"mode": "days", "days": "30"})

    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert not AuditEvent.objects.exists()
