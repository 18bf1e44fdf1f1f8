"""R1–R10 for any order of events: what is offered, shown, stored and recorded is what a few lines of bookkeeping say.

The bookkeeping below knows nothing of the models: a set of established relationships, the ends of grants, who is
suspended, who was chosen. After every step the portal must agree with it.
"""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations.answers import accept_request as accept_grant
from customers.operations.answers import decline_request as decline_grant
from customers.operations.ends import end_admin_rights
from customers.operations.requests import AlreadyThere, request_customer
from portal.actor import Actor
from portal.errors import NewCommerce, NotEligible, NotPermitted, OperationError
from portal.models import AuditEvent, PartnerSuspension, ResellerRelationship
from portal.operations import resellers
from portal.operations.suspensions import lift_suspension, suspend_partner
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.contacts import shown
from support_contacts.models import Designation, candidates
from support_contacts.operations import AlreadySo, choose_support_contact
from support_contacts.operations.commerce import apply_move
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
)
from tests.support_contacts.conftest import acting, member

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LAPSE = timedelta(days=90)
some_reseller, some_customer, some_subscription = st.integers(0, 2), st.integers(0, 1), st.integers(0, 2)


class Portal(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        # Undone at the end; marked as a test's own, since operations insist on being the outermost transaction.
        self.block = transaction.atomic()
        self.block._from_testcase = True
        self.block.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()

    def teardown(self):
        self.clock.stop()
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @property
    def now(self):
        return datetime.now(UTC)

    @initialize()
    def world(self):
        self.provider = ProviderFactory()
        self.customers = [CustomerFactory() for _ in range(2)]
        self.resellers = [ResellerFactory() for _ in range(3)]
        for customer in self.customers:
            CustomerRelationshipFactory(partner=self.provider, customer=customer, established_at=START)
        self.subscriptions = [
            SubscriptionFactory(
                provider=self.provider,
                customer=self.customers[n % 2],
                recorded_at=START,
                effective_start=START,
            )
            for n in range(3)
        ]
        self.agent_membership = member(self.provider.organisation, Role.GLOBAL_ADMIN)
        self.admins = [acting(member(c.organisation, Role.GLOBAL_ADMIN)) for c in self.customers]
        self.partners = [acting(member(r.organisation, Role.ADMIN_AGENT)) for r in self.resellers]
        self.may_assign = True
        # The bookkeeping.
        self.asked: dict[int, datetime] = {}
        self.related: set[int] = set()
        self.grants: list[SimpleNamespace] = []
        self.suspended: set[int] = set()
        self.chosen: dict[int, int] = {}
        self.moved: set[int] = set()
        self.changes = [0, 0, 0]

    @property
    def agent(self):
        return acting(self.agent_membership)

    def eligible(self, customer):
        return {
            r
            for r in self.related - self.suspended
            if any(
                g.reseller == r and g.customer == customer and g.until and self.now < g.until
                for g in self.grants
            )
        }

    def step(self, forward=timedelta(seconds=1)):
        self.time.shift(forward)

    # -- what people and the clock do

    @rule(days=st.integers(1, 50))
    def time_passes(self, days):
        self.step(timedelta(days=days))

    @rule(r=some_reseller)
    def ask_a_reseller(self, r):
        self.step()
        outcome = resellers.request_reseller_relationship(self.resellers[r], acting=self.agent)
        waits = r in self.asked and self.now < self.asked[r] + LAPSE
        assert isinstance(outcome, resellers.AlreadyThere) == (r in self.related or waits)
        if isinstance(outcome, resellers.Requested):
            self.asked[r] = self.now

    @rule(r=some_reseller, yes=st.booleans())
    def the_reseller_answers(self, r, yes):
        row = ResellerRelationship.objects.filter(reseller=self.resellers[r], ended_at=None).first()
        if row is None or r in self.related:
            return
        self.step()
        answer = resellers.accept_request if yes else resellers.decline_request
        if self.now >= self.asked[r] + LAPSE:
            with pytest.raises(OperationError):
                answer(row, acting=self.partners[r])
            return
        answer(row, acting=self.partners[r])
        self.asked.pop(r)
        if yes:
            self.related.add(r)

    @rule(r=some_reseller)
    def the_relationship_ends(self, r):
        if r not in self.related:
            return
        self.step()
        row = ResellerRelationship.objects.get(reseller=self.resellers[r], ended_at=None)
        resellers.end_reseller_relationship(row, acting=self.agent_as_admin())
        self.related.discard(r)

    @rule(r=some_reseller, c=some_customer, days=st.integers(1, 120))
    def ask_a_customer_for_delegated_admin(self, r, c, days):
        self.step()
        call = {"partner": self.resellers[r], "acting": self.agent_as_admin(), "days": days}
        if r not in self.related:
            with pytest.raises(OperationError):
                request_customer(self.customers[c], **call)
            return
        outcome = request_customer(self.customers[c], **call)
        waiting = [
            g for g in self.grants if (g.reseller, g.customer) == (r, c) and g.asked and self.now < g.lapses
        ]
        assert isinstance(outcome, AlreadyThere) == bool(waiting)
        if not isinstance(outcome, AlreadyThere):
            lapses = DelegatedAdmin.objects.get(pk=outcome.grant.pk).lapses_at
            self.grants.append(
                SimpleNamespace(
                    pk=outcome.grant.pk,
                    reseller=r,
                    customer=c,
                    asked=True,
                    lapses=lapses,
                    days=days,
                    until=None,
                )
            )

    @rule(r=some_reseller, c=some_customer, yes=st.booleans())
    def the_customer_answers(self, r, c, yes):
        open_ones = [g for g in self.grants if (g.reseller, g.customer) == (r, c) and g.asked]
        if not any(self.now + timedelta(seconds=1) < g.lapses for g in open_ones):
            return
        self.step()
        row = CustomerRelationship.objects.get(
            partner=self.resellers[r], customer=self.customers[c], ended_at=None
        )
        (accept_grant if yes else decline_grant)(row, acting=self.admins[c])
        for grant in open_ones:
            if self.now < grant.lapses:
                grant.asked = False
                grant.until = self.now + timedelta(days=grant.days) if yes else None

    @rule(r=some_reseller, c=some_customer)
    def the_customer_takes_admin_rights_back(self, r, c):
        row = CustomerRelationship.objects.filter(
            partner=self.resellers[r], customer=self.customers[c], ended_at=None
        ).first()
        if row is None:
            return
        self.step()
        end_admin_rights(row, acting=self.admins[c])
        for grant in self.grants:
            if (grant.reseller, grant.customer) == (r, c) and grant.until and self.now < grant.until:
                grant.until = self.now

    @rule(r=some_reseller)
    def suspend_or_lift(self, r):
        self.step()
        operator = Actor.operator(self.resellers[r].organisation)
        if r in self.suspended:
            lift_suspension(self.resellers[r], acting=operator)
            self.suspended.discard(r)
        else:
            suspend_partner(self.resellers[r], acting=operator, reason="Test.")
            self.suspended.add(r)

    @rule()
    def the_role_changes(self):
        self.may_assign = not self.may_assign
        self.agent_membership.roles = [Role.GLOBAL_ADMIN if self.may_assign else Role.SALES_AGENT]
        self.agent_membership.save()

    def agent_as_admin(self):
        """Steps that need more than a sales agent are taken by somebody who may."""
        return (
            self.agent if self.may_assign else acting(member(self.provider.organisation, Role.GLOBAL_ADMIN))
        )

    @rule(s=some_subscription, partner=st.none() | some_reseller, stale=st.booleans())
    def choose(self, s, partner, stale):
        self.step()
        subscription = Subscription.objects.get(pk=self.subscriptions[s].pk)
        wanted = self.provider if partner is None else self.resellers[partner]
        version = max(0, subscription.contact_version - 1) if stale else subscription.contact_version
        call = {"partner_id": wanted.pk, "version": version, "acting": self.agent}
        eligible = self.eligible(s % 2)
        so = (
            (s not in self.chosen)
            if partner is None
            else (self.chosen.get(s) == partner and partner in eligible)
        )
        if not self.may_assign:
            with pytest.raises(NotPermitted):
                choose_support_contact(subscription, **call)
        elif s in self.moved:
            with pytest.raises(NewCommerce):
                choose_support_contact(subscription, **call)
        elif so:
            assert isinstance(choose_support_contact(subscription, **call), AlreadySo)
        elif version != subscription.contact_version:
            with pytest.raises(OperationError) as refused:
                choose_support_contact(subscription, **call)
            assert refused.value.code == "conflict"
        elif partner is not None and partner not in eligible:
            with pytest.raises(NotEligible):
                choose_support_contact(subscription, **call)
        else:
            choose_support_contact(subscription, **call)
            self.changes[s] += 1
            self.chosen.pop(s, None)
            if partner is not None:
                self.chosen[s] = partner

    @rule(s=some_subscription)
    def move_to_new_commerce(self, s):
        if s in self.moved or s == 0:
            return
        self.step()
        subscription = Subscription.objects.get(pk=self.subscriptions[s].pk)
        stored = Designation.objects.stored().filter(subscription=subscription).first()
        operator = Actor.operator(self.provider.organisation, channel="import")
        apply_move(subscription, stored, at=self.now, acting=operator)
        self.moved.add(s)
        self.chosen.pop(s, None)
        self.changes[s] += 1

    # -- what must be so after every step

    @invariant()
    def the_choices_offered_are_the_rules_set(self):
        for number, customer in enumerate(getattr(self, "customers", [])):
            offered = candidates(self.provider, customer.pk, at=self.now).eligible
            assert {c.partner.pk for c in offered} == {self.resellers[r].pk for r in self.eligible(number)}

    @invariant()
    def the_customer_is_shown_the_partner_the_rules_name(self):
        if not hasattr(self, "subscriptions"):
            return
        rows = list(
            Subscription.objects.filter(provider=self.provider)
            .select_related("provider__organisation", "provider__support_profile", "customer__organisation")
            .order_by("pk")
        )
        by_pk = {found.subscription.pk: found.partner.pk for found in shown(rows, at=self.now)}
        for number, subscription in enumerate(self.subscriptions):
            chosen = self.chosen.get(number)
            named = self.resellers[chosen] if chosen in self.eligible(number % 2) else self.provider
            assert by_pk[subscription.pk] == named.pk

    @invariant()
    def the_log_replays_to_what_is_stored(self):
        for number, subscription in enumerate(getattr(self, "subscriptions", [])):
            events = list(AuditEvent.objects.filter(subscription_id=subscription.pk).order_by("at", "pk"))
            stored = Designation.objects.stored().filter(subscription=subscription).first()
            replayed = events[-1].after.get("designated") if events else None
            assert (replayed and replayed["id"]) == (stored and str(stored.partner_id))
            assert [event.after["version"] for event in events] == list(range(1, self.changes[number] + 1))

    @invariant()
    def suspensions_are_closed_intervals(self):
        if hasattr(self, "suspended"):
            assert PartnerSuspension.objects.filter(ended_at=None).count() == len(self.suspended)


def play(examples, steps):
    run_state_machine_as_test(
        Portal,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_two_thousand_steps(db):
    play(examples=40, steps=50)


@pytest.mark.soak
def test_ten_thousand_steps(db):
    play(examples=200, steps=60)
