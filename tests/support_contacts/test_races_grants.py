"""A choice against the end of what it rests on, with real transactions: two orders, and nothing else (R6, R7)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from customers.models import DelegatedAdmin
from customers.operations import end_admin_rights, end_customer_relationship
from portal.errors import NotEligible
from portal.models import AuditEvent
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import Designation, Reason
from support_contacts.operations import Changed
from tests.support_contacts.conftest import acting, make_world, member
from tests.support_contacts.test_races import at_once, chooser

ROUNDS = 5


@pytest.fixture
def world(transactional_db):
    return make_world()


@pytest.fixture
def admin(world):
    return acting(member(world.customer.organisation, Role.GLOBAL_ADMIN))


def in_order(world, chosen):
    """Either the choice came first and then lost its force, or the end came first and the choice was refused."""
    now = timezone.now()
    events = list(AuditEvent.objects.order_by("at", "pk").values_list("action", flat=True))
    assert not Designation.objects.in_force(now).exists()
    if isinstance(chosen, Changed):
        assert events.index("designation.made") < events.index("delegated_admin.ended")
        stale = Designation.objects.needs_attention(now).get()
        assert list(Designation.objects.loose(stale.provider_id, now)) == [stale]  # found from its index, too
        assert Designation.objects.in_force(chosen.event.at).count() == 1
    else:
        assert isinstance(chosen, NotEligible), chosen
        assert not Designation.objects.exists()
        assert "designation.made" not in events


@pytest.mark.parametrize("number", range(ROUNDS))
def test_admin_rights_end_while_an_agent_designates(world, admin, number):
    agent = acting(world.admin_agent)
    relationship = world.trey.customer_relationships.get()

    chosen, ended = at_once(
        chooser(world.subscription, world.trey, agent),
        lambda: end_admin_rights(relationship, acting=admin),
    )

    assert ended == 1
    in_order(world, chosen)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_relationship_ends_while_an_agent_designates(world, admin, number):
    agent = acting(world.admin_agent)
    relationship = world.trey.customer_relationships.get()

    chosen, ended = at_once(
        chooser(world.subscription, world.trey, agent),
        lambda: end_customer_relationship(relationship, acting=admin, live_subscriptions=lambda row: []),
    )

    assert not isinstance(ended, Exception), ended
    in_order(world, chosen)


def test_rights_that_expire_while_a_submit_waits_no_longer_count(world):
    """The instant that counts is taken under the lock: a submit that began before the end and came after it is late."""
    agent = acting(world.admin_agent)
    held, expired = Event(), Event()
    ends_at = timezone.now() + timedelta(milliseconds=1500)
    DelegatedAdmin.objects.update(ends_at=ends_at)

    def hold():
        try:
            with transaction.atomic():
                Subscription.objects.select_for_update().get(pk=world.subscription.pk)
                held.set()
                expired.wait(timeout=20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        assert held.wait(timeout=10)
        begun = timezone.now()
        [submitting] = [pool.submit(at_once, chooser(world.subscription, world.trey, agent))]
        _until(lambda: timezone.now() >= ends_at)
        expired.set()
        holding.result(timeout=10)
        [outcome] = submitting.result(timeout=20)
    connection.close()

    assert begun < ends_at
    assert isinstance(outcome, NotEligible), outcome
    assert outcome.reason == Reason.DELEGATED_ADMIN_EXPIRED
    assert not Designation.objects.exists()


def test_rights_that_expire_after_a_submit_fall_back_by_themselves(world):
    agent = acting(world.admin_agent)
    ends_at = timezone.now() + timedelta(seconds=20)
    DelegatedAdmin.objects.update(ends_at=ends_at)

    [outcome] = at_once(chooser(world.subscription, world.trey, agent))

    assert isinstance(outcome, Changed), outcome
    assert Designation.objects.in_force(ends_at - timedelta(microseconds=1)).exists()
    assert not Designation.objects.in_force(ends_at).exists()


def _until(condition):
    """Wait for the clock, and nothing else."""
    done = Event()

    def watch():
        while not condition():
            done.wait(0.01)
        done.set()

    watching = Thread(target=watch)
    watching.start()
    watching.join(timeout=20)
