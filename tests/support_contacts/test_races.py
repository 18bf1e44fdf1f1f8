"""R6 with real transactions at the same time: one winner, no lost event, and only two orders of anything."""

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier, Event

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.errors import Busy, Conflict, NotEligible, NotPermitted
from portal.models import AuditEvent, Partner, PartnerSuspension, ResellerRelationship
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import Designation
from support_contacts.operations import AlreadySo, Changed, choose_support_contact
from tests.factories import ResellerFactory, SubscriptionFactory, make_eligible
from tests.support_contacts.conftest import acting, make_world, member

ROUNDS = 5


def at_once(*calls):
    """Run these calls in threads that start together; what each returned or raised."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(timeout=10)
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def chooser(subscription, partner, agent, version=0):
    return lambda: choose_support_contact(subscription, partner_id=partner.pk, version=version, acting=agent)


@pytest.fixture
def world(transactional_db):
    return make_world()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r6_ten_submits_of_ten_resellers_one_wins_nine_conflict(world, number):
    agent = acting(world.admin_agent)
    resellers = [ResellerFactory() for _ in range(10)]
    for reseller in resellers:
        make_eligible(reseller, provider=world.provider, customer=world.customer)

    outcomes = at_once(*(chooser(world.subscription, reseller, agent) for reseller in resellers))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Changed"] + ["Conflict"] * 9
    won = next(outcome for outcome in outcomes if isinstance(outcome, Changed))
    assert AuditEvent.objects.get() == won.event
    assert {o.details["event"] for o in outcomes if isinstance(o, Conflict)} == {won.event}
    assert str(Designation.objects.get(ended_at=None).partner_id) == won.event.after["contact"]["id"]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r6_ten_submits_of_one_reseller_are_one_event_and_nine_already_so(world, number):
    agent = acting(world.admin_agent)

    outcomes = at_once(*(chooser(world.subscription, world.trey, agent) for _ in range(10)))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadySo"] * 9 + ["Changed"]
    won = next(outcome for outcome in outcomes if isinstance(outcome, Changed))
    assert AuditEvent.objects.get() == won.event
    assert {o.event for o in outcomes if isinstance(o, AlreadySo)} == {won.event}


def held_back(future):
    """Wait until a call waits for a row somebody else holds, or is done."""
    for _attempt in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            if cursor.fetchone()[0]:
                return
        if wait([future], timeout=0.02).done:
            return


def test_r3_a_suspension_under_way_is_waited_for_and_counts(world):
    """The suspension is written but not committed: the choice waits for it, and is refused."""
    agent = acting(world.admin_agent)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Partner.objects.select_for_update().get(pk=world.trey.pk)
            PartnerSuspension.objects.create(partner=world.trey, started_at=timezone.now())
            choosing = pool.submit(at_once, chooser(world.subscription, world.trey, agent))
            held_back(choosing)
        (chosen,) = choosing.result(timeout=10)

    assert isinstance(chosen, NotEligible)
    assert chosen.reason == "reseller_suspended"
    assert not Designation.objects.exists()


def test_r3_a_relationship_that_is_ending_is_waited_for_and_counts(world):
    agent = acting(world.admin_agent)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            related = ResellerRelationship.objects.select_for_update().get(reseller=world.trey)
            related.ended_at, related.ended_as = timezone.now(), "ended"
            related.save()
            choosing = pool.submit(at_once, chooser(world.subscription, world.trey, agent))
            held_back(choosing)
        (chosen,) = choosing.result(timeout=10)

    assert isinstance(chosen, NotEligible)
    assert chosen.reason == "relationship_ended"


def test_r3_delegated_admin_that_is_ending_is_waited_for_and_counts(world):
    agent = acting(world.admin_agent)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            grant = DelegatedAdmin.objects.select_for_update(of=("self",)).get(
                relationship__partner=world.trey
            )
            grant.ended_at, grant.ended_as = timezone.now(), "ended"
            grant.save()
            choosing = pool.submit(at_once, chooser(world.subscription, world.trey, agent))
            held_back(choosing)
        (chosen,) = choosing.result(timeout=10)

    assert isinstance(chosen, NotEligible)
    assert chosen.reason == "delegated_admin_ended"


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r2_a_role_taken_away_while_submitting_counts_before_or_after_never_between(world, number):
    agent = acting(world.admin_agent)

    def demote():
        world.admin_agent.roles = [Role.BILLING_ADMIN]
        world.admin_agent.save()

    chosen, _ = at_once(chooser(world.subscription, world.trey, agent), demote)

    assert isinstance(chosen, Changed | NotPermitted)
    assert Designation.objects.exists() == isinstance(chosen, Changed)


def test_changes_of_different_subscriptions_with_addons_do_not_deadlock(world):
    """Rows are locked in one order, whichever of them somebody started from."""
    first, second = world.subscription, SubscriptionFactory(provider=world.provider, customer=world.customer)
    agents = [acting(member(world.provider.organisation, Role.ADMIN_AGENT)) for _ in range(6)]

    def both(main, other, agent):
        return lambda: choose_support_contact(
            main, partner_id=world.trey.pk, version=None, addons={other.pk: 0}, acting=agent
        )

    outcomes = at_once(
        *(both(first, second, agent) for agent in agents[:3]),
        *(both(second, first, agent) for agent in agents[3:]),
    )

    assert {type(outcome).__name__ for outcome in outcomes} <= {"Changed", "AlreadySo"}
    assert Designation.objects.filter(ended_at=None).count() == 2
    assert AuditEvent.objects.count() == 2


def test_a_subscription_held_for_too_long_is_busy_and_nothing_is_written(world):
    """Another transaction keeps the row beyond the lock timeout: an answer, with the person's work kept."""
    agent = acting(world.admin_agent)
    held, done = Event(), Event()

    def hold():
        try:
            with transaction.atomic():
                Subscription.objects.select_for_update().get(pk=world.subscription.pk)
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
            with pytest.raises(Busy):
                chooser(world.subscription, world.trey, agent)()
        finally:
            done.set()
            connection.close()
        holding.result(timeout=10)
    assert not Designation.objects.exists()
    assert isinstance(chooser(world.subscription, world.trey, agent)(), Changed)
