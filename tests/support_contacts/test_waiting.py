"""What the frame of every page asks: one question for the rail and the header, whoever asks first."""

import pytest
from django.test import RequestFactory

from customers.models import Ask
from portal.models import Notice
from portal.permissions import Role
from support_contacts.told import told
from support_contacts.waiting import Waiting, count, waiting_for
from tests.factories import ResellerFactory
from tests.support_contacts.conftest import acting, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world):
    return acting(member(world.provider.organisation, Role.ADMIN_AGENT))


def asked_by(actor):
    request = RequestFactory().get("/")
    request.actor = actor
    return request


def test_where_nothing_waits_rail_and_header_ask_one_question(admin, django_assert_num_queries):
    request = asked_by(admin)
    count(request)
    with django_assert_num_queries(0):
        assert told(request, admin) == []
    with django_assert_num_queries(1):
        assert waiting_for(admin) == Waiting()


def test_what_waits_is_asked_anew_by_every_request(admin, world):
    assert told(asked_by(admin), admin) == []
    Notice.objects.create(
        organisation=world.provider.organisation,
        kind=Notice.Kind.WEBHOOK_STOPPED,
        data={"address": "https://a"},
    )
    Ask.objects.create(provider=world.provider, reseller=ResellerFactory(), step=Ask.Step.RELATIONSHIP)
    found = waiting_for(admin)
    assert (found.asks, found.notices, found.wishes) == (True, True, False)
    assert len(told(asked_by(admin), admin)) == 2


def test_another_organisations_is_not_ours(admin, world):
    other = ResellerFactory()
    Notice.objects.create(organisation=other.organisation, kind=Notice.Kind.WEBHOOK_STOPPED)
    Ask.objects.create(provider=other, reseller=world.provider, step=Ask.Step.RELATIONSHIP)
    assert waiting_for(admin) == Waiting()


def test_who_may_do_nothing_about_it_is_told_nothing(world, django_assert_num_queries):
    clerk = acting(member(world.provider.organisation, Role.BILLING_ADMIN))
    with django_assert_num_queries(0):
        assert told(asked_by(clerk), clerk) == []
