"""The API and a browser at the same subscription: two orders and nothing else (R6), and one request id sent at once."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction
from django.utils import timezone

from portal.models import AuditEvent, Credential, Partner
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import Designation
from support_contacts.operations import AlreadySo, Changed, choose_here, choose_support_contact
from tests.api.caller import Caller, bearer
from tests.factories import ResellerFactory, SubscriptionFactory, make_eligible
from tests.letterbox import waiting
from tests.support_contacts.api import contact_uri, etag_of
from tests.support_contacts.conftest import acting, make_world
from tests.support_contacts.test_races import ROUNDS, at_once, held_back

PARALLEL = 20


@pytest.fixture
def world(transactional_db):
    return make_world()


@pytest.fixture
def secret(world):
    return bearer(world.provider.organisation)


@pytest.fixture
def alpine(world):
    reseller = ResellerFactory(name="Alpine Ski House")
    make_eligible(reseller, provider=world.provider, customer=world.customer)
    return reseller


def putter(secret, subscription, partner, **headers):
    """Each thread a client of its own."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"supportTenantId": str(partner.pk)}
    return lambda: Caller(secret).put(contact_uri(subscription), body, headers=said)


def submitter(world, partner, version=0):
    agent = acting(world.admin_agent)
    return lambda: choose_support_contact(
        world.subscription, partner_id=partner.pk, version=version, acting=agent
    )


def events():
    return list(AuditEvent.objects.filter(subscription_id__isnull=False).order_by("pk"))


def stands():
    return Designation.objects.get(ended_at=None).partner


def test_r6_twenty_puts_with_one_request_id_are_one_change_and_twenty_equal_answers(world, secret):
    request_id = str(uuid.uuid4())
    call = putter(secret, world.subscription, world.trey, MS_RequestId=request_id)

    answers = at_once(*([call] * PARALLEL))

    assert {answer.status_code for answer in answers} == {200}
    assert len({(answer.content, answer["ETag"], answer["MS-RequestId"]) for answer in answers}) == 1
    (event,) = events()
    assert event.request_id == request_id
    assert Designation.objects.count() == 1
    assert Subscription.objects.get(pk=world.subscription.pk).contact_version == 1
    assert waiting("portal.tell") == [{"event_id": str(event.pk)}]


def test_r6_twenty_puts_of_one_partner_without_a_request_id_are_one_change(world, secret):
    answers = at_once(*([putter(secret, world.subscription, world.trey)] * PARALLEL))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(events()) == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r6_a_put_and_a_submit_have_two_orders(world, secret, alpine, number):
    """Without If-Match a PUT always wins in the end or comes first; the form sees whether it was first."""
    put, submit = at_once(putter(secret, world.subscription, world.trey), submitter(world, alpine))

    assert put.status_code == 200
    names = [event.after["contact"]["name"] for event in events()]
    if isinstance(submit, Changed):
        assert names == ["Alpine Ski House", "Trey Research"]
    else:
        assert type(submit).__name__ == "Conflict"
        assert names == ["Trey Research"]
    assert stands() == world.trey


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r6_a_put_with_if_match_and_a_submit_have_one_winner(world, secret, alpine, number):
    etag = etag_of(world.subscription, 0)

    put, submit = at_once(
        putter(secret, world.subscription, world.trey, If_Match=etag), submitter(world, alpine)
    )

    (event,) = events()
    if put.status_code == 200:
        assert type(submit).__name__ == "Conflict"
        assert (event.channel, stands()) == ("api", world.trey)
    else:
        assert (put.status_code, put.json()["code"]) == (400, 2055)
        assert isinstance(submit, Changed)
        assert (event.channel, stands()) == ("portal", alpine)


def test_r6_the_same_choice_from_both_is_one_event(world, secret):
    put, submit = at_once(putter(secret, world.subscription, world.trey), submitter(world, world.trey))

    assert put.status_code == 200
    assert isinstance(submit, Changed | AlreadySo)
    assert len(events()) == 1


def test_r6_a_submit_under_way_is_waited_for_by_a_put(world, secret, alpine):
    """The browser's change is written and not committed: the PUT with the old etag comes second, and is stale."""
    call = putter(secret, world.subscription, world.trey, If_Match=etag_of(world.subscription, 0))
    put = after(lambda: submit_here(world, alpine), call)

    assert (put.status_code, put.json()["code"]) == (400, 2055)
    assert stands() == alpine


def test_r6_a_put_under_way_is_waited_for_by_a_submit(world, secret, alpine):
    conflict = after(lambda: submit_here(world, world.trey), submitter(world, alpine))

    assert type(conflict).__name__ == "Conflict"
    assert stands() == world.trey


def test_a_limit_of_integrations_under_way_is_waited_for_by_a_put_and_counts(world, secret):
    """The lower limit is written and not committed: the PUT waits for it, and has the lesser role then."""
    partner = Partner.objects.filter(pk=world.provider.pk)
    put = after(
        lambda: partner.update(integrations_at_most=Role.SALES_AGENT),
        putter(secret, world.subscription, world.trey),
    )

    assert (put.status_code, put.json()["code"]) == (403, 900150)
    assert not events()


def test_a_secret_that_ends_at_once_under_way_is_waited_for_by_a_put_and_counts(world, secret):
    """The PUT was let in by the secret that ends while it waits."""

    def rotation():
        credential = Credential.objects.select_for_update().get()
        credential.secrets.update(ends_at=timezone.now())

    put = after(rotation, putter(secret, world.subscription, world.trey))

    assert (put.status_code, put.json()["code"]) == (403, 900150)
    assert not events()


def after(first, second):
    """`second`, in a connection of its own, while `first` is done and not committed."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            waiting_one = pool.submit(at_once, second)
            held_back(waiting_one)
        return waiting_one.result(timeout=10)[0]


def submit_here(world, partner):
    choose_here(world.subscription, partner_id=partner.pk, version=0, acting=acting(world.admin_agent))


@pytest.mark.parametrize("number", range(ROUNDS))
def test_batches_and_puts_over_the_same_rows_wait_and_never_deadlock(world, secret, alpine, number):
    """Items are named in opposite orders; rows are locked by id."""
    rows = [SubscriptionFactory(provider=world.provider, customer=world.customer) for _ in range(12)]

    def batch(ordered, partner):
        items = [
            {
                "customerId": str(row.customer_id),
                "subscriptionId": row.microsoft_id,
                "supportTenantId": str(partner.pk),
            }
            for row in ordered
        ]
        return lambda: Caller(secret).post("/v1/supportcontacts/batch", {"items": items})

    answers = at_once(
        batch(rows, world.trey),
        batch(rows[::-1], alpine),
        putter(secret, rows[0], world.trey),
        putter(secret, rows[-1], alpine),
    )

    assert {answer.status_code for answer in answers} == {200}
    assert Designation.objects.filter(ended_at=None).count() == 12
    contacts = set(Designation.objects.filter(ended_at=None).values_list("partner_id", flat=True))
    assert contacts <= {world.trey.pk, alpine.pk}
    versions = dict(Subscription.objects.values_list("pk", "contact_version"))
    for row in rows:
        assert versions[row.pk] == sum(event.subscription_id == row.pk for event in events())


def test_a_revocation_counts_before_or_after_never_between(world, secret):
    """The credential is read again under the lock (R2)."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            credential = Credential.objects.select_for_update().get()
            credential.revoked_at = timezone.now()
            credential.save()
            call = putter(secret, world.subscription, world.trey)
            under_way = pool.submit(at_once, call)
            held_back(under_way)
        (answer,) = under_way.result(timeout=10)

    assert answer.status_code in (401, 403)
    assert not events()
