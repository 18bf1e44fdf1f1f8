"""Every act on the same few rows at once: rows are taken in one order, so nobody waits in a ring (`portal.locks`)."""

import random
from threading import Lock

import pytest
from django.db import connection
from django.http import Http404
from django.utils import timezone

from customers import operations as customers
from customers.models import CustomerRelationship, DelegatedAdmin
from portal.actor import Actor
from portal.errors import Busy, OperationError
from portal.models import Batch, PartnerSuspension, ResellerRelationship
from portal.operations import resellers, suspensions
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import Designation, Repair
from support_contacts.operations import choose_support_contact, duties, notices, policy
from support_contacts.operations.repair import repair, select_for_repair
from tests.factories import ResellerFactory, SubscriptionFactory, make_eligible
from tests.support_contacts.conftest import acting, make_world, member
from tests.support_contacts.test_races import at_once

THREADS = 6


class Play:
    """Random acts of the people of one small world, each of which may succeed or be refused."""

    def __init__(self, seed: int) -> None:
        self.world = world = make_world()
        self.seed, self.done, self.lock = seed, {}, Lock()
        self.resellers = [world.trey, ResellerFactory()]
        make_eligible(self.resellers[1], provider=world.provider, customer=world.customer)
        self.agents = [acting(world.admin_agent), *(self._person(world.provider) for _ in range(2))]
        self.admins = [self._person(world.customer) for _ in range(2)]
        self.desks = {reseller.pk: self._person(reseller) for reseller in self.resellers}
        for _number in range(5):
            SubscriptionFactory(provider=world.provider, customer=world.customer)
        world.provider.ends_stale_after_days = 1
        world.provider.save()

    def _person(self, side):
        return acting(member(side.organisation, Role.GLOBAL_ADMIN))

    def thread(self, number: int, acts: int):
        def run():
            chance = random.Random(self.seed * 100 + number)  # each thread its own
            for _act in range(acts):
                name = chance.choice(ACTS)
                try:
                    getattr(self, name)(chance)
                    outcome = "done"
                except Busy as busy:
                    raise AssertionError(f"{name} waited in a ring, or too long") from busy
                except (OperationError, Http404):
                    outcome = "refused"
                with self.lock:
                    self.done[name, outcome] = self.done.get((name, outcome), 0) + 1
            return "through"

        return run

    # -- the acts

    def choose(self, chance):
        rows = list(Subscription.objects.order_by("pk"))
        main, addon = chance.sample(rows, 2)
        partner = chance.choice([*self.resellers, self.world.provider])
        versions = {addon.pk: addon.contact_version} if chance.random() < 0.5 else None
        choose_support_contact(
            main, partner_id=partner.pk, version=None, addons=versions, acting=chance.choice(self.agents)
        )

    def repair(self, chance):
        rows = list(Subscription.objects.order_by("?"))
        agent = chance.choice(self.agents)
        selected = select_for_repair([row.pk for row in rows], acting=agent)
        partner = chance.choice([*self.resellers, self.world.provider])
        made = repair(
            selected, partner=partner, versions={row.pk: row.contact_version for row in rows}, acting=agent
        )
        assert not any(code == Repair.Outcome.BUSY for code, *_more in made.outcomes.values())

    def policy(self, chance):
        policy.end_stale(self.world.provider)

    def change_policy(self, chance):
        days = chance.choice([1, 2])
        policy.change_policy(self.world.provider, days=days, acting=chance.choice(self.agents))

    def duty(self, chance):
        rows = Designation.objects.stored().select_related("partner__organisation", "provider")
        row = self._one_of(chance, rows)
        desk = self.desks[row.partner_id]
        act = chance.choice(["acknowledge", "decline", "hand_back", "keep"])
        if act == "acknowledge":
            duties.acknowledge_duty(row, acting=desk)
        elif act == "keep":
            duties.keep_duty(row, acting=desk)
        elif act == "decline":
            duties.decline_duty(row, acting=desk, reason="No.")
        else:
            duties.hand_back_duty(row, at=timezone.now(), acting=desk, reason="Now.")

    def see(self, chance):
        row = self._one_of(chance, Designation.objects.unseen())
        notices.see_end(row, acting=chance.choice(self.agents))

    def ask_customer(self, chance):
        customers.request_customer(
            self.world.customer,
            partner=chance.choice(self.resellers),
            days=chance.choice([None, 30]),
            acting=chance.choice(self.agents),
        )

    def answer_customer(self, chance):
        row = self._at_customer(chance)
        act = chance.choice([customers.accept_request, customers.accept_request, customers.decline_request])
        act(row, acting=chance.choice(self.admins))

    def withdraw_customer(self, chance):
        customers.withdraw_request(self._at_customer(chance), acting=chance.choice(self.agents))

    def end_rights(self, chance):
        customers.end_admin_rights(self._at_customer(chance), acting=chance.choice(self.admins))

    def end_grant(self, chance):
        row = chance.choice(list(DelegatedAdmin.objects.all()))
        customers.end_delegated_admin(row, acting=chance.choice(self.admins))

    def end_customer(self, chance):
        customers.end_customer_relationship(
            self._at_customer(chance), acting=chance.choice(self.admins), live_subscriptions=lambda row: []
        )

    def ask_reseller(self, chance):
        resellers.request_reseller_relationship(
            chance.choice(self.resellers), acting=chance.choice(self.agents)
        )

    def answer_reseller(self, chance):
        row = self._related(chance)
        act = chance.choice([resellers.accept_request, resellers.accept_request, resellers.decline_request])
        act(row, acting=self.desks[row.reseller_id])

    def withdraw_reseller(self, chance):
        resellers.withdraw_request(self._related(chance), acting=chance.choice(self.agents))

    def end_reseller(self, chance):
        row = self._related(chance)
        who = chance.choice([self.desks[row.reseller_id], self.agents[-1]])
        resellers.end_reseller_relationship(row, acting=who)

    def suspend(self, chance):
        reseller = chance.choice(self.resellers)
        acting_as = Actor.operator(reseller.organisation)
        suspensions.suspend_partner(reseller, acting=acting_as, reason="Unpaid.")
        suspensions.lift_suspension(reseller, acting=acting_as)

    def _one_of(self, chance, rows):
        found = list(rows)
        if not found:
            raise Http404
        return chance.choice(found)

    def _at_customer(self, chance):
        rows = CustomerRelationship.objects.filter(partner__in=self.resellers).order_by("-pk")
        return chance.choice(list(rows[:4]))

    def _related(self, chance):
        return chance.choice(list(ResellerRelationship.objects.order_by("-pk")[:4]))


#: Asking and granting are more frequent than ending, so that there is something to choose.
ACTS = [
    *("choose", "choose", "choose", "repair", "repair", "policy", "change_policy", "duty", "duty", "see"),
    *("ask_customer", "ask_customer", "answer_customer", "answer_customer", "answer_customer"),
    *("withdraw_customer", "end_rights", "end_grant", "end_customer"),
    *("ask_reseller", "ask_reseller", "answer_reseller", "answer_reseller", "answer_reseller"),
    *("withdraw_reseller", "end_reseller", "suspend"),
]


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def play(seed: int, acts: int) -> Play:
    made, before = Play(seed), deadlocks()
    outcomes = at_once(*(made.thread(number, acts) for number in range(THREADS)))
    assert outcomes == ["through"] * THREADS, outcomes
    assert deadlocks() == before
    now = timezone.now()
    # Whatever order they came in: nobody is in force without a relationship, a grant and a good name.
    for row in Designation.objects.in_force(now):
        assert ResellerRelationship.objects.established(now).filter(reseller=row.partner).exists()
        assert DelegatedAdmin.objects.active(now).filter(relationship__partner=row.partner).exists()
        assert not PartnerSuspension.objects.filter(partner=row.partner, ended_at=None).exists()
    assert not Batch.objects.filter(closed_at=None).exists()
    return made


@pytest.mark.django_db(transaction=True)
def test_no_two_acts_ever_wait_for_each_other() -> None:
    made = play(seed=1, acts=25)
    assert {name for name, _outcome in made.done} == set(ACTS)


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(2, 8))
def test_no_two_acts_ever_wait_for_each_other_for_long(seed) -> None:
    made = play(seed, acts=300)
    assert all((name, "done") in made.done for name in set(ACTS)), made.done
