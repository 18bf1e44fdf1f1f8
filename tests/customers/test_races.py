"""Real transactions at the same time: of two acts on one relationship there are two orders, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations import (
    AlreadyThere,
    Requested,
    accept_request,
    decline_request,
    end_admin_rights,
    invite_first_admin,
    request_customer,
    withdraw_request,
)
from portal.errors import OperationError
from portal.models import Action, AuditEvent, PasswordLink, State
from portal.permissions import Role
from tests.customers.conftest import acting, make_parties, member
from tests.factories import CustomerFactory, CustomerRelationshipFactory

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


@pytest.fixture
def parties(transactional_db):
    return make_parties()


@pytest.fixture
def made(parties):
    return request_customer(parties.customer, partner=parties.reseller, days=365, acting=parties.agent)


def state_of(row):
    row.refresh_from_db()
    return row.state(timezone.now())


def count(action):
    return AuditEvent.objects.filter(action=action).count()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_accepting_twice_at_once_grants_once(parties, made, number):
    admins = [acting(member(parties.customer.organisation, Role.GLOBAL_ADMIN)) for _ in range(4)]

    outcomes = at_once(*(lambda a=a: accept_request(made.relationship, acting=a) for a in admins))

    assert all(isinstance(outcome, CustomerRelationship) for outcome in outcomes)
    assert count(Action.CUSTOMER_RELATIONSHIP_ESTABLISHED) == count(Action.DELEGATED_ADMIN_ESTABLISHED) == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_yes_and_no_at_once_is_one_of_them(parties, made, number):
    other = acting(member(parties.customer.organisation, Role.GLOBAL_ADMIN))
    named = [made.grant.pk]

    yes, no = at_once(
        lambda: accept_request(made.relationship, acting=parties.admin, grants=named),
        lambda: decline_request(made.relationship, acting=other, grants=named),
    )

    assert isinstance(yes, OperationError) != isinstance(no, OperationError)
    expected = State.DECLINED if isinstance(yes, OperationError) else State.ESTABLISHED
    assert state_of(made.relationship) == state_of(made.grant) == expected


@pytest.mark.parametrize("number", range(ROUNDS))
def test_accept_while_it_is_withdrawn_is_one_of_them(parties, made, number):
    yes, back = at_once(
        lambda: accept_request(made.relationship, acting=parties.admin),
        lambda: withdraw_request(made.relationship, acting=parties.agent),
    )

    assert isinstance(yes, OperationError) != isinstance(back, OperationError)
    expected = State.WITHDRAWN if isinstance(yes, OperationError) else State.ESTABLISHED
    assert state_of(made.relationship) == state_of(made.grant) == expected


@pytest.mark.parametrize("number", range(ROUNDS))
def test_asking_twice_at_once_asks_once(parties, number):
    agents = [acting(member(parties.provider.organisation, Role.ADMIN_AGENT)) for _ in range(4)]

    outcomes = at_once(
        *(
            lambda a=a: request_customer(parties.customer, partner=parties.reseller, days=30, acting=a)
            for a in agents
        )
    )

    assert [type(o).__name__ for o in outcomes].count("Requested") == 1, outcomes
    assert all(isinstance(outcome, Requested | AlreadyThere) for outcome in outcomes), outcomes
    assert DelegatedAdmin.objects.count() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_ending_twice_at_once_ends_once(parties, made, number):
    accept_request(made.relationship, acting=parties.admin)
    other = acting(member(parties.customer.organisation, Role.GLOBAL_ADMIN))

    outcomes = at_once(
        *(lambda a=a: end_admin_rights(made.relationship, acting=a) for a in (parties.admin, other))
    )

    assert sorted(outcomes) == [0, 1]
    assert count(Action.DELEGATED_ADMIN_ENDED) == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_partners_inviting_the_first_admin_at_once(parties, number):
    empty = CustomerFactory()
    CustomerRelationshipFactory(partner=parties.provider, customer=empty)
    other = make_parties()
    CustomerRelationshipFactory(partner=other.provider, customer=empty)
    address = f"admin@{empty.organisation.domain}"

    outcomes = at_once(
        *(
            lambda a=a: invite_first_admin(empty, email=address, acting=a)
            for a in (parties.agent, other.agent)
        )
    )

    assert sum(isinstance(outcome, OperationError) for outcome in outcomes) == 1, outcomes
    assert PasswordLink.objects.filter(withdrawn_at=None).count() == 1
