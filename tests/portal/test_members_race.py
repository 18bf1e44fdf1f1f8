"""Two at once, with real connections: one of two global admins stays, one of two uses of a link wins."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from portal.actor import Actor
from portal.errors import OperationError
from portal.models import AuditEvent, Membership, PasswordLink, User
from portal.operations import accounts
from portal.operations import members as operations
from portal.permissions import Role
from tests.factories import MembershipFactory, ProviderFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works):
    """Run these side by side, begun together; what each returned or raised."""
    barrier, outcomes = Barrier(len(works)), [None] * len(works)

    def run(index, work):
        try:
            barrier.wait(timeout=10)
            outcomes[index] = work()
        except Exception as error:
            outcomes[index] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return outcomes


def acting(membership):
    return Actor.of(Membership.objects.select_related("organisation__partner", "user").get(pk=membership.pk))


@pytest.fixture
def pair():
    organisation = ProviderFactory().organisation
    return [MembershipFactory(organisation=organisation, roles=[Role.GLOBAL_ADMIN]) for _each in range(2)]


@pytest.mark.parametrize("_round", range(5))
def test_two_global_admins_who_remove_each_other_leave_one(pair, _round):
    first, second = (acting(each) for each in pair)
    outcomes = at_once(
        lambda: operations.remove_member(pair[1].pk, acting=first),
        lambda: operations.remove_member(pair[0].pk, acting=second),
    )
    assert Membership.objects.count() == 1
    assert sum(outcome is None for outcome in outcomes) == 1
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize("_round", range(5))
def test_two_global_admins_who_step_down_leave_one(pair, _round):
    first, second = (acting(each) for each in pair)
    outcomes = at_once(
        lambda: operations.change_roles(pair[0].pk, acting=first, roles=[Role.ADMIN_AGENT]),
        lambda: operations.change_roles(pair[1].pk, acting=second, roles=[Role.ADMIN_AGENT]),
    )
    assert Membership.objects.with_role(Role.GLOBAL_ADMIN).count() == 1
    (refused,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert isinstance(refused, OperationError)
    assert refused.code == "last_global_admin"


@pytest.mark.parametrize("_round", range(5))
def test_of_two_uses_of_a_link_one_wins(pair, _round):
    invited = operations.invite(acting=acting(pair[0]), email="new@person.example", roles=[Role.ADMIN_AGENT])
    outcomes = at_once(
        *[
            lambda: accounts.join_with_new_account(invited.token, name="New", password="x" * 20)
            for _use in range(2)
        ]
    )
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert isinstance(lost, accounts.LinkDead)
    assert User.objects.filter(email="new@person.example").count() == 1
    assert Membership.objects.filter(user__email="new@person.example").count() == 1
    assert PasswordLink.objects.get().used_at is not None


def test_two_links_of_one_new_address_make_one_account(pair):
    other = MembershipFactory(organisation=ProviderFactory().organisation)
    tokens = [
        operations.invite(acting=acting(each), email="new@person.example", roles=[Role.ADMIN_AGENT]).token
        for each in (pair[0], other)
    ]
    outcomes = at_once(
        *[
            lambda token=token: accounts.join_with_new_account(token, name="New", password="x" * 20)
            for token in tokens
        ]
    )
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert isinstance(lost, accounts.SignInFirst)
    assert User.objects.filter(email="new@person.example").count() == 1
