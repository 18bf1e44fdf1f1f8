"""Delegated admin, or a hand-back, whose instant passes while an agent submits: refused, or fallen back by itself.

Never a designation in force without a grant, whatever the instant (R3, R6, R7).
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event

import pytest
import time_machine
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations import accept_request, request_customer
from portal.errors import NotEligible, OperationError
from portal.models import AuditEvent
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import Designation, Reason, Repair
from support_contacts.operations import AlreadySo, Changed, choose_support_contact
from support_contacts.operations.repair import repair, select_for_repair
from tests.factories import DesignationFactory, SubscriptionFactory
from tests.support_contacts.conftest import acting, make_world, member
from tests.support_contacts.test_races import at_once, chooser, held_back

MICROSECOND = timedelta(microseconds=1)
SAYS = "Delegated admin at Contoso expired"


@pytest.fixture
def world(transactional_db):
    return make_world()


@pytest.fixture
def agent(world):
    return acting(world.admin_agent)


def ends(at: datetime) -> None:
    DelegatedAdmin.objects.update(ends_at=at)


def nothing_written(world):
    assert not Designation.objects.filter(channel="portal", started_at__gte=world.begun).exists()
    assert not AuditEvent.objects.exists()
    world.subscription.refresh_from_db()
    assert world.subscription.contact_version == 0


def form_of(world, page):
    return {
        "partner": str(world.trey.pk),
        "version": page.context["page"].subscription.contact_version,
        "organisation": str(world.provider.pk),
        "note": "They know Contoso.",
    }


# -- between the page and Submit


def test_a_grant_that_ends_between_the_page_and_submit_is_refused_with_its_reason(world):
    world.begun = timezone.now()
    ends(world.begun + timedelta(hours=1))
    browser = Client()
    browser.force_login(world.admin_agent.user)
    address = reverse("customers:subscription", args=[world.customer.pk, world.subscription.microsoft_id])
    page = browser.get(address)
    assert f'value="{world.trey.pk}"' in page.content.decode()

    DelegatedAdmin.objects.update(ends_at=timezone.now())
    refused = browser.post(
        reverse("customers:choose", args=[world.customer.pk, world.subscription.microsoft_id]),
        form_of(world, page),
    )

    text = " ".join(refused.content.decode().split())
    assert refused.status_code == 422
    assert SAYS in text
    assert "They know Contoso." in text, "what was typed is kept"
    nothing_written(world)


@pytest.mark.parametrize(
    ("before_the_end", "expected"),
    [(MICROSECOND, Changed), (timedelta(), NotEligible), (-MICROSECOND, NotEligible)],
)
def test_the_end_is_exact_to_the_microsecond(world, agent, before_the_end, expected):
    world.begun = now = timezone.now().replace(microsecond=500_000) + timedelta(minutes=1)
    ends(now + before_the_end)
    with time_machine.travel(now, tick=False):
        try:
            outcome = chooser(world.subscription, world.trey, agent)()
        except NotEligible as refusal:
            outcome = refusal
    assert isinstance(outcome, expected), outcome
    if expected is NotEligible:
        assert outcome.reason == Reason.DELEGATED_ADMIN_EXPIRED
        nothing_written(world)
    else:
        assert Designation.objects.in_force(now).exists()
        assert not Designation.objects.in_force(now + before_the_end).exists()


# -- inside the transaction, from another connection


def submitting_while_held(world, call, meanwhile):
    """The submit waits for the subscription, which another connection holds until `meanwhile` is done."""
    held, go = Event(), Event()

    def hold():
        try:
            with transaction.atomic():
                Subscription.objects.select_for_update().get(pk=world.subscription.pk)
                held.set()
                go.wait(timeout=20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        assert held.wait(timeout=10)
        submitted = pool.submit(at_once, call)
        held_back(submitted)
        assert not submitted.done()
        try:
            meanwhile()
        finally:
            go.set()
        holding.result(timeout=10)
        [outcome] = submitted.result(timeout=20)
    return outcome


def test_a_grant_that_ends_while_the_submit_waits_is_refused_and_nothing_is_written(world, agent):
    """Page and cheap look were in time; the instant that counts is taken under the locks."""
    world.begun = timezone.now()
    end = world.begun + timedelta(minutes=5)
    ends(end)
    with time_machine.travel(world.begun, tick=False) as clock:
        outcome = submitting_while_held(
            world, chooser(world.subscription, world.trey, agent), lambda: clock.move_to(end)
        )
    assert isinstance(outcome, NotEligible), outcome
    assert outcome.reason == Reason.DELEGATED_ADMIN_EXPIRED
    nothing_written(world)


def test_a_choice_that_was_so_already_is_none_any_more_when_its_grant_ends_meanwhile(world, agent):
    """ "Already so" means in force: under the lock it is not, so it is no success."""
    duty = DesignationFactory(subscription=world.subscription, partner=world.trey)
    world.begun = timezone.now()
    end = world.begun + timedelta(minutes=5)
    ends(end)
    with time_machine.travel(world.begun, tick=False) as clock:
        assert isinstance(chooser(world.subscription, world.trey, agent)(), AlreadySo)
        outcome = submitting_while_held(
            world, chooser(world.subscription, world.trey, agent), lambda: clock.move_to(end)
        )
        assert isinstance(outcome, NotEligible), outcome
        assert Designation.objects.needs_attention(end).get() == duty
    nothing_written(world)


def test_an_addon_goes_along_with_a_choice_that_came_too_late_nowhere(world, agent):
    addon = SubscriptionFactory(
        provider=world.provider, customer=world.customer, parent=world.subscription, offer_name="Add-on"
    )
    world.begun = timezone.now()
    end = world.begun + timedelta(minutes=5)
    ends(end)

    def both():
        return choose_support_contact(
            world.subscription, partner_id=world.trey.pk, version=0, addons={addon.pk: 0}, acting=agent
        )

    with time_machine.travel(world.begun, tick=False) as clock:
        outcome = submitting_while_held(world, both, lambda: clock.move_to(end))
    assert isinstance(outcome, NotEligible), outcome
    nothing_written(world)


def test_a_repair_whose_target_expires_while_it_waits_changes_nothing(world, agent):
    rows = [world.subscription, SubscriptionFactory(provider=world.provider, customer=world.customer)]
    world.begun = timezone.now()
    end = world.begun + timedelta(minutes=5)
    ends(end)
    selected = select_for_repair([row.pk for row in rows], acting=agent)
    with time_machine.travel(world.begun, tick=False) as clock:
        made = submitting_while_held(
            world,
            lambda: repair(selected, partner=world.trey, versions={row.pk: 0 for row in rows}, acting=agent),
            lambda: clock.move_to(end),
        )
    assert isinstance(made, Repair), made
    assert set(map(tuple, made.outcomes.values())) == {("not_eligible", "delegated_admin_expired")}
    nothing_written(world)


def test_an_extension_accepted_while_the_submit_waits_counts(world, agent):
    """The other order of the same race: what the customer grants meanwhile is found under the lock."""
    admin = acting(member(world.customer.organisation, Role.GLOBAL_ADMIN))
    asked = request_customer(world.customer, partner=world.trey, acting=agent, days=30)
    world.begun = timezone.now()
    DelegatedAdmin.objects.filter(established_at__isnull=False).update(
        ends_at=world.begun + timedelta(minutes=5)
    )
    end = world.begun + timedelta(minutes=5)
    with time_machine.travel(world.begun, tick=False) as clock:
        # The customer answers first; only then does the clock pass the end of the old grant.
        accept_request(asked.relationship, acting=admin)
        outcome = submitting_while_held(
            world, chooser(world.subscription, world.trey, agent), lambda: clock.move_to(end)
        )
        assert isinstance(outcome, Changed), outcome
        assert Designation.objects.in_force(timezone.now()).exists()


def test_a_request_that_lapses_while_its_answer_waits_is_not_accepted(world, agent):
    """The same instant for answers: taken once the relationship is held."""
    admin = acting(member(world.customer.organisation, Role.GLOBAL_ADMIN))
    DelegatedAdmin.objects.all().delete()
    asked = request_customer(world.customer, partner=world.trey, acting=agent, days=30)
    world.begun = timezone.now()
    lapses = asked.grant.lapses_at
    held, go = Event(), Event()

    def hold():
        try:
            with transaction.atomic():
                CustomerRelationship.objects.select_for_update().get(pk=asked.relationship.pk)
                held.set()
                go.wait(timeout=20)
        finally:
            connections.close_all()

    with time_machine.travel(world.begun, tick=False) as clock, ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        assert held.wait(timeout=10)
        named = [asked.grant.pk]
        answering = pool.submit(
            at_once, lambda: accept_request(asked.relationship, acting=admin, grants=named)
        )
        held_back(answering)
        assert not answering.done()
        clock.move_to(lapses)
        go.set()
        holding.result(timeout=10)
        [outcome] = answering.result(timeout=20)
        assert isinstance(outcome, OperationError), outcome
        assert not DelegatedAdmin.objects.active(timezone.now()).exists()
    asked.grant.refresh_from_db()
    assert asked.grant.established_at is None


@pytest.mark.parametrize("number", range(5))
def test_at_the_very_instant_of_the_end_there_are_two_orders(world, agent, number):
    """Real clocks: submits around the end. Each is refused, or was made while the grant held."""
    ends(end := timezone.now() + timedelta(milliseconds=60 + 40 * number))
    rows = [
        world.subscription,
        *(SubscriptionFactory(provider=world.provider, customer=world.customer) for _ in range(7)),
    ]
    outcomes = at_once(*(chooser(row, world.trey, agent) for row in rows))

    for row, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, Changed):
            assert outcome.event.at < end
            assert Designation.objects.in_force(outcome.event.at).filter(subscription=row).exists()
        else:
            assert isinstance(outcome, NotEligible), outcome
            assert not Designation.objects.filter(subscription=row).exists()
    assert not Designation.objects.in_force(end).exists()
